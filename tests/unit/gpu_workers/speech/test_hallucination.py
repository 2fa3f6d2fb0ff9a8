"""What is believed of a transcript."""

from __future__ import annotations

import pytest

from app.core.types import TimeSpan, Utterance
from gpu_workers.speech.hallucination import Decoded, believed, is_failed

VOICE = [TimeSpan(0, 100)]


def sentence(text, start=0.0, confidence=0.9):
    return Utterance(TimeSpan(start, start + 1), text, confidence=confidence)


@pytest.mark.parametrize(
    ("decoded", "failed"),
    [
        (Decoded("A clear sentence about a lighthouse on the cliff.", -0.2, 0.01), False),
        (Decoded("and then " * 40, -0.2, 0.01), True),
        (Decoded("Words that the model guessed.", -1.3, 0.01), True),
        (Decoded("Words for no speech.", -0.7, 0.9), True),
        (Decoded("Clear words in a noisy place.", -0.2, 0.9), False),
    ],
)
def test_loops_and_guesses_fail(decoded, failed):
    assert is_failed(decoded) is failed


@pytest.mark.parametrize("text", ["Thank you.", "Thanks for watching!", "You", "Please subscribe to my channel."])
def test_typical_inventions_are_dropped_only_when_the_model_is_unsure(text):
    assert believed([sentence(text, confidence=0.4)], VOICE) == []
    assert believed([sentence(text, confidence=0.9)], VOICE) != []


def test_a_quiet_real_sentence_is_kept():
    assert believed([sentence("The bridge was closed in April.", confidence=0.4)], VOICE) != []


def test_text_outside_of_voice_is_dropped():
    assert believed([sentence("The bridge was closed.", start=50)], [TimeSpan(0, 10)]) == []


def test_text_without_words_is_dropped():
    assert believed([sentence("...")], VOICE) == []


def test_an_unsure_loop_is_dropped_and_a_sure_chant_is_kept():
    loop = [sentence("Go away.", start, 0.5) for start in range(5)]
    chant = [sentence("Go home!", start, 0.95) for start in range(5)]
    assert believed([*loop, sentence("Next."), *chant], VOICE) == [sentence("Next."), *chant]
