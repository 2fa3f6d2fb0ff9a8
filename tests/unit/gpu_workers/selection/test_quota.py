"""QuoTA shares tokens by how likely each picture matters."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gpu_workers.language.fakes import FakeVisionLanguageModel
from gpu_workers.selection.quota import TOKENS_A_FRAME, FrameShare, QuotaSelector, tokens_by_probability
from gpu_workers.selection.scoring import LikenessScorer, LookingScorer
from tests.unit.gpu_workers.selection.made_up import Axes, Fetch, axis, never, shown


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50), st.integers(1, 20_000))
def test_tokens_keep_the_budget_and_follow_the_probabilities(probabilities, total):
    tokens = tokens_by_probability(np.array(probabilities), total)
    assert tokens.min() >= 0 and total - len(tokens) <= tokens.sum() <= total
    assert (np.diff(tokens[np.argsort(probabilities, kind="stable")]) >= 0).all()


def test_twice_the_probability_is_four_times_the_tokens():
    assert tokens_by_probability(np.array([0.2, 0.4]), 1000).tolist() == [200, 800]
    assert tokens_by_probability(np.zeros(4), 1000).tolist() == [250] * 4


def test_likely_frames_get_the_budget_and_unlikely_ones_are_dropped():
    frames = shown([axis(0)] * 60, [(0.8 if 20 <= s < 24 else 0.001) * axis(1) for s in range(60)])
    shares = QuotaSelector(LikenessScorer(Axes())).allot("1", frames, 8, fetch=never)
    assert shares == [FrameShare(index, 2 * TOKENS_A_FRAME - 1) for index in range(20, 24)]


def test_a_model_that_sees_names_things_first_and_judges_every_frame_for_each():
    def answer(frames, question):
        if not frames:
            return "targets: a cup, a dog\ncues: table"
        grey = frames[0].image.mean()
        return f"{90 if 'cup' in question and grey == 30 else 5} percent"

    model = FakeVisionLanguageModel(answer)
    chosen = QuotaSelector(LookingScorer(model), model).allot("Who drinks?", shown([axis(0)] * 40), 4, fetch=Fetch())
    assert len(model.questions) == 1 + 40 * 2
    assert chosen == [FrameShare(0, 2), FrameShare(1, 2), FrameShare(2, 2), FrameShare(30, 776)]
