"""The offline profile's text embedder, for real."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from app.core.settings import Settings
from gpu_workers.language.minilm import MiniLMEmbedder

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def embedder():
    return MiniLMEmbedder.from_settings(Settings(), None)


def test_the_exported_model_gives_what_the_original_gives(embedder):
    import torch
    from transformers import AutoModel, AutoTokenizer

    from gpu_workers.weights import packaged

    folder = packaged.minilm_folder(Settings())
    texts = ["A red bicycle.", "", "She explains how tides move the sea. " * 60, "Números: 42!"]
    inputs = AutoTokenizer.from_pretrained(folder)(
        texts, padding=True, truncation=True, max_length=256, return_tensors="pt"
    )
    with torch.no_grad():
        states = AutoModel.from_pretrained(folder).eval()(**inputs).last_hidden_state
    weight = inputs["attention_mask"].unsqueeze(-1).float()
    expected = torch.nn.functional.normalize((states * weight).sum(1) / weight.sum(1), dim=-1).numpy()
    assert np.abs(embedder.embed(texts) - expected).max() < 1e-5


def test_meaning_is_near_without_shared_words(embedder):
    before = embedder.counters.items
    question, near, far = embedder.embed(
        ["How do I repair a flat tyre?", "Fixing a punctured bicycle wheel", "The stock market fell on Monday"]
    )
    assert question @ near > question @ far + 0.2
    assert embedder.counters.items == before + 3


def test_embedding_a_question_does_not_import_torch(embedder):
    embedder.embed(["prepared"])
    code = (
        "import sys; from app.core.settings import Settings; from gpu_workers.language.minilm import MiniLMEmbedder; "
        "MiniLMEmbedder.from_settings(Settings(), None).embed(['x']); "
        "sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    )
    root = Path(__file__).parents[4]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False, timeout=60).returncode == 0
