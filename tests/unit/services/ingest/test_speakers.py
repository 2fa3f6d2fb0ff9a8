"""Sentences get the speaker of the turns that they lie in."""

from __future__ import annotations

import numpy as np

from app.core.types import Diarization, TimeSpan, Utterance, VoiceTurn
from app.services.ingest.speakers import joined, labelled, packed, unpacked


def said(*spans: tuple[float, float], speaker: str | None = None) -> list[Utterance]:
    return [Utterance(TimeSpan(*span), "Well.", speaker=speaker) for span in spans]


TURNS = [(TimeSpan(0, 4), "Speaker 1"), (TimeSpan(4, 6), "Speaker 2"), (TimeSpan(20, 25), "Speaker 1")]


def test_a_sentence_is_of_who_speaks_most_of_it() -> None:
    assert labelled(said((0, 3), (2, 5), (3.5, 6), (5, 22)), TURNS) == [
        "Speaker 1",
        *["Speaker 1", "Speaker 2"],
        "Speaker 1",
    ]


def test_a_sentence_beside_a_turn_goes_to_it_and_one_far_from_all_to_nobody() -> None:
    assert labelled(said((6.2, 6.9), (19.0, 19.5), (10, 12)), TURNS) == ["Speaker 2", "Speaker 1", None]
    assert labelled(said((1, 2)), []) == [None]


def test_a_name_that_the_subtitles_gave_stays() -> None:
    assert labelled(said((0, 3), speaker="Eve"), TURNS) == ["Eve"]


def test_thousands_of_sentences_are_labelled_as_few_are() -> None:
    turns = [(TimeSpan(3.0 * i, 3.0 * i + 2), f"Speaker {i % 3 + 1}") for i in range(5000)]
    sentences = said(*((3.0 * i + 0.1, 3.0 * i + 1.9) for i in range(5000)))
    assert labelled(sentences, turns) == [label for _, label in turns]


def test_chunks_are_joined_up_to_a_length_and_a_longer_one_stays_whole() -> None:
    chunks = [TimeSpan(0, 120), TimeSpan(120, 250), TimeSpan(250, 300), TimeSpan(300, 700)]
    assert list(joined(chunks, 300)) == [TimeSpan(0, 300), TimeSpan(300, 700)]
    assert list(joined([], 300)) == []


def test_the_voices_of_a_piece_survive_storing() -> None:
    voices = np.eye(3, dtype=np.float32)[:2]
    turns = (VoiceTurn(TimeSpan(0.1, 2.25), 1), VoiceTurn(TimeSpan(2.25, 3.0), 0))
    found = unpacked(packed(Diarization(turns, voices)))
    assert found.turns == turns and np.array_equal(found.voices, voices)
    assert unpacked(packed(Diarization((), np.zeros((0, 3), np.float32)))).turns == ()
