"""A digest is short, covers the video, and cites what it says."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from app.core.errors import Cancelled, LongreelError, StorageFull, WorkerFailed
from app.core.types import Capabilities, Completion, Digest, Message, SegmentKind, TimeSpan, VideoId
from app.services.digest import MOST_CHARACTERS, central, make_digest
from app.services.topics import Sentence
from gpu_workers.language.fakes import FakeTextEmbedder

VIDEO = VideoId("a" * 64)
TOPICS = ("bees collect nectar in the meadow", "the rocket engine burns liquid methane", "bread needs flour and yeast")


class Writes:
    """A language model that answers every prompt with the same text, or judges what it wrote with one verdict."""

    model = "writes"

    def __init__(self, text: str, *, context: int = 4096, verdict: str = "yes") -> None:
        self.text = text
        self.capabilities = Capabilities(context=context)
        self.verdict = verdict

    def chat(
        self,
        messages: Sequence[Message],
        *,
        max_output: int,
        schema: Mapping[str, Any] | None = None,
        **_: object,
    ) -> Completion:
        if schema and "verdicts" in str(schema):
            verdicts = [{"number": number, "verdict": self.verdict} for number in range(2)]
            return Completion(json.dumps({"verdicts": verdicts}))
        return Completion(self.text)


class Breaks(Writes):
    """A language model that is away."""

    def chat(
        self,
        messages: Sequence[Message],
        *,
        max_output: int,
        schema: Mapping[str, Any] | None = None,
        **_: object,
    ) -> Completion:
        raise WorkerFailed("away")


def _lecture(minutes_a_topic: int = 4) -> tuple[float, list[Sentence]]:
    sentences, at = [], 0.0
    for topic in TOPICS:
        for number in range(minutes_a_topic * 6):
            text = f"We see that {topic}, says note {number}."
            sentences.append(Sentence(TimeSpan(at, at + 9.0), SegmentKind.SPEECH, text))
            at += 10.0
    return at, sentences


def _digest(model: Writes | None, words: int = 60) -> tuple[Digest, float]:
    duration, sentences = _lecture()
    return _made(duration, sentences, model, words), duration


def _made(duration: float, sentences: Sequence[Sentence], model: Writes | None = None, words: int = 60) -> Digest:
    return make_digest(VIDEO, duration, sentences, FakeTextEmbedder(), model, words=words, chapter_done=lambda *_: None)


def test_chapters_cover_the_video_without_gap() -> None:
    made, duration = _digest(None)
    spans = [c.span for c in made.chapters]
    assert spans[0].start_s == 0
    assert spans[-1].end_s == duration
    assert all(a.end_s == b.start_s for a, b in itertools.pairwise(spans))


def test_a_chapter_begins_where_the_topic_changes() -> None:
    made, _ = _digest(None)
    starts = [c.span.start_s for c in made.chapters]
    assert 240.0 in starts
    assert 480.0 in starts


@pytest.mark.parametrize(
    ("shown", "title"),
    [
        ("Part two\nThe rocket engine", "Part two: The rocket engine"),
        ("The rocket engine\nLiquid methane\n3 burns\nTest stand 4", "The rocket engine"),
    ],
)
def test_what_the_screen_says_where_a_chapter_begins_is_its_title(shown: str, title: str) -> None:
    duration, sentences = _lecture()
    slide = Sentence(TimeSpan(240.0, 300.0), SegmentKind.SCREEN_TEXT, shown)
    made = _made(
        duration, sorted([*sentences, slide], key=lambda s: s.span), Writes('{"title": "Bees", "summary": ""}')
    )
    assert next(c.title for c in made.chapters if c.span.start_s == 240.0) == title


@pytest.mark.parametrize(
    "shown", ["x = 3 + f(2)", "using Harbour.Maps;", "Menu", "\n".join(f"Line of code number {n}" for n in range(20))]
)
def test_what_is_no_heading_is_no_title(shown: str) -> None:
    duration, sentences = _lecture()
    slide = Sentence(TimeSpan(240.0, 300.0), SegmentKind.SCREEN_TEXT, shown)
    made = _made(duration, sorted([*sentences, slide], key=lambda s: s.span))
    assert not set(shown.split("\n")) & {c.title for c in made.chapters}


@pytest.mark.parametrize("words", [20, 60, 200])
def test_a_summary_is_never_longer_than_asked(words: int) -> None:
    made, _ = _digest(None, words)
    assert 0 < len(made.summary.split()) <= words + len(made.chapters)


def test_a_summary_has_whole_sentences_of_as_many_chapters_as_fit() -> None:
    made, _ = _digest(None, 25)
    assert len(made.chapters) >= 3
    assert made.summary.endswith(".") and not made.summary.endswith("...")
    assert made.summary.count("We see that") == 2
    assert {c.span.start_s // 240 for c in made.citations} == {0, 2}


def _chapter(title: str, summary: str, notes: Sequence[int] = (1,)) -> str:
    return json.dumps({"title": title, "summary": summary, "notes": list(notes)})


TRUE = "Bees collect nectar in the meadow."


def test_what_a_capable_model_writes_is_used_with_the_sentences_that_it_names() -> None:
    made, _ = _digest(Writes(_chapter("Bees at work", TRUE, [2]), context=32_000))
    first = made.chapters[0]
    assert (first.title, first.summary) == ("Bees at work", TRUE)
    assert len(first.citations) == 1 and first.citations[0].span.end_s <= 240.0
    assert TRUE in made.summary


@pytest.mark.parametrize("verdict", ["no", "unclear"])
def test_what_the_judge_does_not_find_in_the_sources_is_not_used(verdict: str) -> None:
    made, _ = _digest(Writes(_chapter("Bees at work", TRUE), context=32_000, verdict=verdict))
    assert TRUE not in made.summary and made.chapters[0].title != "Bees at work"
    assert made.chapters[0].summary.startswith("We see that bees")


@pytest.mark.parametrize(
    ("summary", "notes"),
    [(TRUE, []), (TRUE, [99]), ("4711 bees collect nectar.", [1]), ("Bees will collect nectar.", [1])],
)
def test_a_sentence_without_sources_with_another_number_or_modality_is_not_used(summary: str, notes: list[int]) -> None:
    made, _ = _digest(Writes(_chapter("Bees", summary, notes), context=32_000))
    assert summary not in made.summary


def test_a_small_model_writes_no_sentence() -> None:
    made, _ = _digest(Writes(_chapter("Bees", TRUE)))
    assert TRUE not in made.summary
    assert made.chapters[0].summary.startswith("We see that bees")


def test_chapters_are_called_after_what_sets_them_apart() -> None:
    made, _ = _digest(None)
    phrases = [chapter.title.partition(",")[0] for chapter in made.chapters]
    assert phrases == ["Bees collect nectar", "Rocket engine burns", "Bread needs flour"]


def test_chapters_about_the_same_thing_have_different_titles() -> None:
    parts = [
        ["the harbour crane", "a rusty chain"],
        ["the harbour crane", "an old winch"],
        ["a new ferry", "cheap fares"],
    ]
    sentences = [
        Sentence(TimeSpan(at * 10.0, at * 10.0 + 9), SegmentKind.SPEECH, f"Here we talk about {thing} for some time.")
        for at, thing in enumerate(thing for part in parts for thing in part * 6)
    ]
    made = make_digest(
        VIDEO,
        360.0,
        sentences,
        FakeTextEmbedder(),
        None,
        words=60,
        chapter_done=lambda *_: None,
        starts_s=[0, 120, 240],
    )
    titles = [chapter.title for chapter in made.chapters]
    assert len(set(titles)) == 3 and all("arbour crane" in title for title in titles[:2])


@pytest.mark.parametrize(("written", "title"), [("Fleißige Bienen", "Fleißige Bienen"), ("Fleißige Drachen", "")])
def test_a_small_model_may_call_a_chapter_by_words_of_the_chapter(written: str, title: str) -> None:
    said = "Wir sehen, dass fleißige Bienen auf der Wiese ihren Nektar sammeln."
    speech = Sentence(TimeSpan(1.0, 9.0), SegmentKind.SPEECH, said)
    (chapter,) = _made(60.0, [speech], Writes(json.dumps({"title": written}))).chapters
    assert chapter.title == (title or "Wir sehen, dass fleißige Bienen auf der ...")
    assert chapter.summary == said


@pytest.mark.parametrize("model", [Breaks(""), Writes("not json"), Writes('{"title": 3}')])
def test_a_model_that_fails_leaves_the_sentences_themselves(model: Writes) -> None:
    made, _ = _digest(model)
    assert made.chapters[0].summary.startswith("We see that bees")


@pytest.mark.parametrize("error", [Cancelled("The program ends."), StorageFull("There is no room left.")])
def test_a_person_who_stops_and_a_full_disk_stop_the_digest(error: LongreelError) -> None:
    class Stops(Writes):
        def chat(self, messages: Sequence[Message], **options: Any) -> Completion:
            raise error

    with pytest.raises(type(error)):
        _digest(Stops("", context=32_000))


def test_a_video_of_which_nothing_is_known_has_one_chapter_without_summary() -> None:
    made = _made(30.0, [])
    assert [c.span for c in made.chapters] == [TimeSpan(0, 30)]
    assert made.summary == ""


def test_central_sentences_do_not_repeat_one_another() -> None:
    vectors = np.array([[1, 0], [1, 0], [0.6, 0.8]], np.float32)
    assert central(vectors, 2) in ([0, 2], [1, 2])


CREDITS = "Harbour Film Team\nTOM HALE Director\nANNA BERG Art Director\nOle Lund Lead Artist\nMia Krog Composer"
SHOWN = "Shows a list of names, such as Tom Hale."


def _shown(at_s: float, text: str, quote: str = "") -> Sentence:
    return Sentence(TimeSpan(at_s, at_s + 4.0), SegmentKind.SCREEN_TEXT, text, at_s, quote)


@pytest.mark.parametrize("model", [None, Writes('{"title": "", "summary": "The harbour opens in 2031."}')])
def test_what_is_only_told_of_stands_first_and_cites_what_stands_there(model: Writes | None) -> None:
    made = _made(60.0, [_shown(10.0, "The harbour opens in 2031."), _shown(40.0, SHOWN, CREDITS)], model)
    (chapter,) = made.chapters
    assert chapter.summary == made.summary == f"{SHOWN} The harbour opens in 2031."
    assert [citation.quote for citation in chapter.citations] == [CREDITS, "The harbour opens in 2031."]
    assert chapter.title == "The harbour opens in 2031"


def test_a_chapter_that_only_shows_a_kind_of_thing_says_so() -> None:
    (chapter,) = _made(60.0, [_shown(40.0, SHOWN, CREDITS)], Breaks("")).chapters
    assert (chapter.title, chapter.summary) == ("Shows a list of names", SHOWN)


def test_where_somebody_speaks_what_is_shown_is_not_told_of() -> None:
    speech = Sentence(TimeSpan(1.0, 9.0), SegmentKind.SPEECH, "We see that bees collect nectar.")
    (chapter,) = _made(60.0, [speech, _shown(40.0, SHOWN, CREDITS)]).chapters
    assert chapter.summary == speech.text


def test_a_text_of_one_word_is_chosen_only_where_there_is_no_other() -> None:
    (chapter,) = _made(60.0, [_shown(1.0, "Bunky"), _shown(9.0, "The harbour opens.")]).chapters
    assert chapter.summary == "The harbour opens."
    (chapter,) = _made(60.0, [_shown(1.0, "Bunky")]).chapters
    assert (chapter.title, chapter.summary) == ("Bunky", "Bunky")


def test_of_more_sentences_than_a_day_of_talk_has_some_are_embedded() -> None:
    counted: list[int] = []

    class Counts(FakeTextEmbedder):
        def embed(self, texts: Sequence[str]) -> Any:
            counted.append(sum(map(len, texts)))
            return super().embed(texts)

    sentences = [Sentence(TimeSpan(i / 100, i / 100 + 30), SegmentKind.SPEECH, f"line {i} " * 9) for i in range(20_000)]
    made = make_digest(VIDEO, 230.0, sentences, Counts(), None, words=60, chapter_done=lambda *_: None)
    assert 0.9 * MOST_CHARACTERS < max(counted) <= MOST_CHARACTERS and made.chapters[-1].span.end_s == 230.0
