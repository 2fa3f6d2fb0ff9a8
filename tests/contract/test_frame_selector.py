"""Every FrameSelector and every QueryFrameSelector."""

from __future__ import annotations

import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.ports import FrameSelector, QueryFrameSelector
from app.core.settings import Ingest, Settings
from app.core.types import Frame, FrameFeatures
from gpu_workers.language.fakes import FakeVisionLanguageModel
from gpu_workers.registry import CLASSES, Workers
from gpu_workers.selection.detecting import DetectorScorer
from gpu_workers.selection.gens import GenSSelector
from gpu_workers.selection.keyframes import KeyframeSelector
from gpu_workers.selection.maxinfo import MaxInfoSelector
from gpu_workers.selection.quota import QuotaSelector
from gpu_workers.selection.tstar import TStarSelector
from gpu_workers.vision.fakes import FakeObjectDetector

QUESTION = "When is the red thing shown?"
SIDE = 4


class Colours:
    """An embedder's queries, in the space of the first five numbers of a made-up vector."""

    model = "made-up"

    def embed(self, frames):
        raise AssertionError("a selection never embeds frames")

    def embed_query(self, text):
        vector = np.random.default_rng(len(text)).normal(size=5)
        return (vector / np.linalg.norm(vector)).astype(np.float32)


class Asked:
    """Plays FrameSelector by a QueryFrameSelector, so that one suite holds for both ports."""

    def __init__(self, selector):
        self.selector = selector
        self.name = selector.name

    def select(self, candidates, budget):
        return self.selector.select(QUESTION, candidates, budget, fetch=pictures)


def pictures(times_s):
    return (Frame(t, np.full((SIDE, SIDE, 3), int(t) % 256, np.uint8)) for t in times_s)


def writes_scores(frames, question):
    """A model that finds a few pictures of each window relevant, or is sure by how bright one is."""
    if "relevance" in question:
        return '{"1": 5, "3-4": 2, "900": 5, "2'
    return "yes" if "yes or no" in question else "red thing, cup\ntable"


def looking():
    return FakeVisionLanguageModel(writes_scores)


def from_settings(name, **ingest):
    chosen = Settings(models={"frame_selector": name}, ingest=Ingest(**ingest))
    return Workers(chosen).get("frame_selector")


SELECTORS = {
    **{name: lambda name=name: from_settings(name) for name in CLASSES["frame_selector"]},
    "keyframes": lambda: KeyframeSelector(np.arange(0, 100_000, 2.3)),
    **{form: lambda form=form: from_settings("maxinfo", maxinfo_form=form) for form in ("fast", "slow", "scenes")},
}


class Parts:
    def __init__(self, model=None):
        detector = FakeObjectDetector()
        self.roles = {"frame_embedder": Colours(), "vision_language_model": model, "object_detector": detector}

    def get(self, role):
        return self.roles.get(role)


def asked(name):
    model = looking() if name in ("gens", "quota") else None
    module, _, attribute = CLASSES["query_frame_selector"][name].partition(":")
    kind = getattr(__import__(module, fromlist=[attribute]), attribute)
    return kind.from_settings(Settings(), Parts(model))


QUERY_SELECTORS = {
    **{name: lambda name=name: asked(name) for name in CLASSES["query_frame_selector"]},
    "quota, few judged": lambda: QuotaSelector(looking(), judged=3),
    "tstar, small grid": lambda: TStarSelector(DetectorScorer(FakeObjectDetector()), looking(), grid=2, most=100),
    "gens, small window": lambda: GenSSelector(looking(), window=3),
}
BOTH = {**SELECTORS, **{f"by question: {name}": make for name, make in QUERY_SELECTORS.items()}}


def made(name) -> FrameSelector:
    return Asked(QUERY_SELECTORS[name.removeprefix("by question: ")]()) if name not in SELECTORS else BOTH[name]()


def features(vectors, contrasts=None) -> list[FrameFeatures]:
    contrasts = [0.3] * len(vectors) if contrasts is None else contrasts
    return [
        FrameFeatures(float(second), vector, vector[:5], contrast=float(contrast))
        for second, (vector, contrast) in enumerate(zip(vectors, contrasts, strict=True))
    ]


def noise(count, size=16, seed=0):
    return np.random.default_rng(seed).normal(size=(count, size)).astype(np.float32)


@pytest.mark.parametrize("name", SELECTORS)
def test_it_plays_the_port(name):
    assert isinstance(made(name), FrameSelector) and made(name).name


@pytest.mark.parametrize("name", QUERY_SELECTORS)
def test_it_plays_the_port_for_questions(name):
    assert isinstance(QUERY_SELECTORS[name](), QueryFrameSelector) and QUERY_SELECTORS[name]().name


def test_names_in_settings_are_the_methods_own():
    assert {name: asked(name).name for name in CLASSES["query_frame_selector"]} == {
        name: name for name in CLASSES["query_frame_selector"]
    }
    assert MaxInfoSelector(form="slow").name == "maxinfo-slow"


@pytest.mark.parametrize("name", BOTH)
class TestEverySelector:
    @settings(max_examples=25, deadline=None)
    @given(count=st.integers(0, 150), budget=st.integers(0, 40), seed=st.integers(0, 9), blanks=st.floats(0, 1))
    def test_choices_ascend_fit_the_budget_and_are_never_blank(self, name, count, budget, seed, blanks):
        contrasts = np.where(np.random.default_rng(seed).random(count) < blanks, 0.0, 0.2)
        candidates = features(noise(count, seed=seed), contrasts)
        chosen = made(name).select(candidates, budget)
        assert chosen == sorted(set(chosen)) and len(chosen) <= budget
        assert all(isinstance(index, int) and 0 <= index < count for index in chosen)
        if contrasts.any():
            assert all(contrasts[index] > 0 for index in chosen)
        assert bool(chosen) == (count > 0 and budget > 0)
        assert made(name).select(candidates, budget) == chosen

    def test_equal_frames_and_zero_vectors_are_no_trouble(self, name):
        for vectors in (np.ones((40, 8), np.float32), np.zeros((40, 8), np.float32)):
            assert 1 <= len(made(name).select(features(vectors), 5)) <= 5

    def test_a_hundred_thousand_candidates_take_seconds(self, name):
        candidates = features(noise(100_000, size=64))
        started = time.process_time()
        assert 1 <= len(made(name).select(candidates, 64)) <= 64
        assert time.process_time() - started < 20

    def test_memory_does_not_hold_the_vectors_again(self, name):
        few = noise(500, size=1280)
        candidates = features([few[place % 500] for place in range(30_000)])
        tracemalloc.start()
        made(name).select(candidates, 32)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 30_000 * 1280 * 4 / 2
