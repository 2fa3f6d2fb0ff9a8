"""QuoTA shares tokens by how likely each picture matters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import MissingPart
from app.core.settings import Models, Settings
from gpu_workers.language.fakes import FakeVisionLanguageModel
from gpu_workers.registry import Workers
from gpu_workers.selection.quota import TOKENS_A_FRAME, FrameShare, QuotaSelector, tokens_by_probability
from tests.unit.gpu_workers.selection.made_up import Fetch, axis, shown


class Judge(FakeVisionLanguageModel):
    """Names a cup and a dog, and is as sure of a picture as a function of its second says."""

    def __init__(self, sure, things="a cup, the dog"):
        super().__init__(lambda frames, question: things if "List" in question else ("yes" if things else "No."))
        self.sure, self.judged = sure, []

    def first_token_probability(self, frames, question, token):
        assert token == "A"
        self.judged.append((len(frames), question))
        return np.array([self.sure(int(frame.image.mean())) for frame in frames])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50), st.integers(1, 20_000))
def test_tokens_keep_the_budget_and_follow_the_probabilities(probabilities, total):
    tokens = tokens_by_probability(np.array(probabilities), total)
    assert tokens.min() >= 0 and total - len(tokens) <= tokens.sum() <= total
    assert (np.diff(tokens[np.argsort(probabilities, kind="stable")]) >= 0).all()


def test_twice_the_probability_is_four_times_the_tokens():
    assert tokens_by_probability(np.array([0.2, 0.4]), 1000).tolist() == [200, 800]
    assert tokens_by_probability(np.zeros(4), 1000).tolist() == [250] * 4


def test_shares_are_those_of_the_published_formula():
    sure = np.random.default_rng(0).random(64)
    weights = [(100 * p) ** 2 for p in sure]
    expected = [int(64 * 196 * weight / sum(weights)) for weight in weights]
    assert tokens_by_probability(sure, 64 * 196).tolist() == expected
    judge = Judge(lambda second: sure[second])
    shares = QuotaSelector(judge).allot("?", shown([axis(0)] * 64), 64, fetch=Fetch())
    assert [(one.index, one.tokens) for one in shares] == [(at, n) for at, n in enumerate(expected) if n > 0]


def test_likely_frames_get_the_budget_and_unlikely_ones_are_dropped():
    judge = Judge(lambda second: 0.8 if 20 <= second < 24 else 0.001)
    shares = QuotaSelector(judge).allot("Who drinks?", shown([axis(0)] * 60), 8, fetch=Fetch())
    assert shares == [FrameShare(index, 2 * TOKENS_A_FRAME - 1) for index in range(20, 24)]


def test_things_are_named_in_two_requests_and_frames_judged_many_at_a_time():
    judge = Judge(lambda second: 0.5)
    QuotaSelector(judge).select("Who drinks?", shown([axis(0)] * 7200), 8, fetch=Fetch((1, 2)))
    assert len(judge.questions) == 2
    assert [count for count, _ in judge.judged] == [64, 64, 64, 31]  # 96, and 64 more for each hour
    questions = {question.splitlines()[0] for _, question in judge.judged}
    assert questions == {"Does the image contain any object of: a cup, the dog?"}


def test_without_things_to_look_for_the_question_itself_is_asked_of_each_frame():
    judge = Judge(lambda second: 0.5, things="")
    QuotaSelector(judge).select("How is the mood?", shown([axis(0)] * 20), 8, fetch=Fetch())
    assert "enough information to answer this question: How is the mood?" in judge.judged[0][1]


def test_it_needs_a_model_that_gives_probabilities():
    chosen = Settings(models=Models(query_frame_selector="quota", vision_language_model="none"))
    with pytest.raises(MissingPart, match="gives probabilities"):
        Workers(chosen).get("query_frame_selector")
