"""Sentences get the speaker of the turns that they lie in."""

from __future__ import annotations

import numpy as np

from app.core.types import Diarization, TimeSpan, Utterance, VoiceTurn, Word
from app.services.ingest.stages.speakers import DIARIZATION, joined, labelled


def said(*spans: tuple[float, float], speaker: str | None = None) -> list[Utterance]:
    return [Utterance(TimeSpan(*span), "Well.", speaker=speaker) for span in spans]


def whose(utterances: list[Utterance], turns: list[tuple[TimeSpan, str]]) -> list[str | None]:
    return [one.speaker for one in labelled(utterances, turns)]


TURNS = [(TimeSpan(0, 4), "Speaker 1"), (TimeSpan(4, 6), "Speaker 2"), (TimeSpan(20, 25), "Speaker 1")]


def test_a_sentence_is_of_who_speaks_most_of_it() -> None:
    assert whose(said((0, 3), (2, 5), (3.5, 6), (5, 22)), TURNS) == [
        "Speaker 1",
        *["Speaker 1", "Speaker 2"],
        "Speaker 1",
    ]


def test_a_sentence_beside_a_turn_goes_to_it_and_one_far_from_all_to_nobody() -> None:
    assert whose(said((6.2, 6.9), (19.0, 19.5), (10, 12)), TURNS) == ["Speaker 2", "Speaker 1", None]
    assert whose(said((1, 2)), []) == [None]


def test_a_name_that_the_subtitles_gave_stays() -> None:
    assert whose(said((0, 3), speaker="Eve"), TURNS) == ["Eve"]


def test_thousands_of_sentences_are_labelled_as_few_are() -> None:
    turns = [(TimeSpan(3.0 * i, 3.0 * i + 2), f"Speaker {i % 3 + 1}") for i in range(5000)]
    sentences = said(*((3.0 * i + 0.1, 3.0 * i + 1.9) for i in range(5000)))
    assert whose(sentences, turns) == [label for _, label in turns]


def sentence(text: str, every_s: float, start_s: float = 0.0) -> Utterance:
    times = [start_s + every_s * i for i in range(len(text.split()) + 1)]
    words = tuple(Word(w, TimeSpan(times[i], times[i + 1]), 0.5 + i % 2 / 2) for i, w in enumerate(text.split()))
    return Utterance(TimeSpan(times[0], times[-1]), text, words, confidence=0.75)


def test_a_sentence_is_cut_where_the_speaker_changes() -> None:
    first, second = labelled([sentence("So what do you think well, I am for it.", 0.5, 2.0)], TURNS)
    assert (first.text, first.speaker) == ("So what do you", "Speaker 1")
    assert (second.text, second.speaker) == ("think well, I am for it.", "Speaker 2")
    assert (first.span, second.span) == (TimeSpan(2, 4), TimeSpan(4, 7))
    assert [word.text for word in second.words] == ["think", "well,", "I", "am", "for", "it."]
    assert first.confidence == 0.75


def test_a_word_over_the_border_is_no_other_speaker() -> None:
    (whole,) = labelled([sentence("We are open on Monday and on Friday.", 0.5, 0.6)], TURNS)
    assert (whole.text, whole.speaker) == ("We are open on Monday and on Friday.", "Speaker 1")
    (late,) = labelled([sentence("Yes we are open on Monday", 0.4, 3.6)], TURNS)
    assert late.speaker == "Speaker 2"


def test_words_without_spaces_are_cut_as_well() -> None:
    words = tuple(
        Word(w, TimeSpan(i, i + 1))
        for i, w in enumerate(["\u4f60\u597d", "\u5417", "\u6211", "\u5f88", "\u597d", "\u3002"])
    )
    both = labelled([Utterance(TimeSpan(0, 6), "".join(w.text for w in words), words)], TURNS)
    assert [one.text for one in both] == ["\u4f60\u597d\u5417\u6211\u5f88", "\u597d\u3002"]


def test_chunks_are_joined_up_to_a_length_and_a_longer_one_stays_whole() -> None:
    chunks = [TimeSpan(0, 120), TimeSpan(120, 250), TimeSpan(250, 300), TimeSpan(300, 700)]
    assert list(joined(chunks, 300)) == [TimeSpan(0, 300), TimeSpan(300, 700)]
    assert list(joined([], 300)) == []


def test_the_voices_of_a_piece_survive_storing() -> None:
    voices = np.eye(3, dtype=np.float32)[:2]
    turns = (VoiceTurn(TimeSpan(0.1, 2.25), 1), VoiceTurn(TimeSpan(2.25, 3.0), 0))
    found = DIARIZATION.unpack(DIARIZATION.pack(Diarization(turns, voices)))
    assert found.turns == turns and np.array_equal(found.voices, voices)
    assert DIARIZATION.unpack(DIARIZATION.pack(Diarization((), np.zeros((0, 3), np.float32)))).turns == ()
