"""The sentences of a transcript are whole, and each has the time at which it is said."""

from __future__ import annotations

from app.core.types import TimeSpan, Utterance, Word
from app.services.transcript_sentences import transcript_sentences


def cues(*texts: str, speaker: str | None = None) -> list[Utterance]:
    return [Utterance(TimeSpan(10.0 * n, 10.0 * n + 9), text, speaker=speaker) for n, text in enumerate(texts)]


def test_a_sentence_over_two_cues_is_one_and_a_cue_of_two_sentences_is_two() -> None:
    made = transcript_sentences(cues("The board met Ms. Ortega", "and Dr. Amadi. They agreed.", "All is well."))
    assert [s.text for s in made] == ["The board met Ms. Ortega and Dr. Amadi.", "They agreed.", "All is well."]
    assert made[0].span.start_s == 0.0 and 10.0 < made[0].span.end_s < made[1].span.end_s == 19.0
    assert made[2].span == TimeSpan(20, 29)


def test_a_title_never_ends_a_sentence_and_a_new_speaker_always_begins_one() -> None:
    (one,) = transcript_sentences(cues("I ask Ms.", "Ortega for help."))
    assert one.text == "I ask Ms. Ortega for help."
    other = [*cues("We go on", speaker="Ann"), Utterance(TimeSpan(10, 12), "and on.", speaker="Ben")]
    assert [(s.text, s.speaker) for s in transcript_sentences(other)] == [("We go on", "Ann"), ("and on.", "Ben")]


def test_the_time_of_a_sentence_is_that_of_its_words() -> None:
    words = tuple(Word(text, TimeSpan(n, n + 0.5)) for n, text in enumerate(("One.", "Two", "is", "here.")))
    first, second = transcript_sentences([Utterance(TimeSpan(0, 3.5), "One. Two is here.", words)])
    assert (first.span, second.span) == (TimeSpan(0, 0.5), TimeSpan(1, 3.5))


def test_speech_without_full_stops_is_not_one_endless_sentence() -> None:
    made = transcript_sentences(cues(*["and then we went on and on about it"] * 40))
    assert max(len(s.text.split()) for s in made) <= 60
