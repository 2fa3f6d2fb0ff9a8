"""Words become sentences."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.core.types import TimeSpan
from gpu_workers.speech.sentences import LONGEST_S, ModelWord, utterances


def heard(text, *, start=0.0, pace=0.4, pauses=None):
    """Words at an even pace; `pauses` gives seconds of silence after the word with that index."""
    words, at = [], start
    for index, word in enumerate(text.split()):
        words.append(ModelWord(f" {word}", TimeSpan(at, at + pace * 0.9), 0.9))
        at += pace + (pauses or {}).get(index, 0.0)
    return words


def texts(words):
    return [utterance.text for utterance in utterances(words)]


def test_a_sentence_runs_from_its_first_word_to_its_last():
    words = heard("The fox runs. It is red!", start=3.0)
    first, second = utterances(words)
    assert (first.text, second.text) == ("The fox runs.", "It is red!")
    assert first.span == TimeSpan(words[0].span.start_s, words[2].span.end_s)
    assert second.span == TimeSpan(words[3].span.start_s, words[5].span.end_s)
    assert [word.text for word in second.words] == ["It", "is", "red!"]


def test_abbreviations_initials_and_numbers_end_no_sentence():
    spoken = "Dr. J. Smith paid 3.5 dollars, e.g. for Mr. Jones."
    assert texts(heard(spoken)) == [spoken]


def test_a_small_letter_goes_on_with_the_sentence():
    assert texts(heard("He said stop! and went.")) == ["He said stop! and went."]


def test_closing_quotes_belong_to_the_sentence():
    assert texts(heard('She said "no." Then she left.')) == ['She said "no."', "Then she left."]


def test_a_long_pause_ends_a_sentence_without_a_full_stop():
    assert texts(heard("one two three four", pauses={1: 3.0})) == ["one two", "three four"]


def test_scripts_without_spaces_keep_their_text():
    words = [ModelWord(sign, TimeSpan(i * 0.2, i * 0.2 + 0.2), 0.9) for i, sign in enumerate("你好。今天下雨。")]
    assert texts(words) == ["你好。", "今天下雨。"]


def test_a_long_sentence_is_cut_at_its_pause():
    pieces = utterances(heard("word " * 50, pauses={24: 1.0}))
    assert [len(piece.words) for piece in pieces] == [25, 25]


def test_a_long_sentence_without_pauses_is_cut_at_a_comma():
    spoken = " ".join(["word"] * 21 + ["word,"] + ["word"] * 22)
    assert [len(piece.words) for piece in utterances(heard(spoken))] == [22, 22]


@given(
    st.lists(st.tuples(st.sampled_from([" yes", " no.", " Maybe,", " Dr.", " 7"]), st.floats(0, 3), st.floats(0, 2)))
)
def test_no_word_is_lost_and_no_sentence_is_too_long(steps):
    words, at = [], 0.0
    for written, pause, length in steps:
        words.append(ModelWord(written, TimeSpan(at + pause, at + pause + length), 0.5))
        at += pause + length
    pieces = utterances(words)
    assert [word.text for piece in pieces for word in piece.words] == [word.written.strip() for word in words]
    assert all(piece.span.duration_s <= LONGEST_S or len(piece.words) == 1 for piece in pieces)
    assert all(piece.span.start_s == piece.words[0].span.start_s for piece in pieces)
