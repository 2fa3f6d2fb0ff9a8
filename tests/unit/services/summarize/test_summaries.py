"""Summaries keep to their length and style, cite what was said at every level, and re-make only what changed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from app.core.errors import BadInput, Cancelled, MissingPart, NotFound, WorkerFailed
from app.core.events import Event, StageFinished
from app.core.requests import Length, Style, SummaryRequest
from app.core.types import Capabilities
from app.db.database import MemoryDatabase
from app.db.library import SqlLibrary
from app.db.stages import SqlStageStore
from app.services.summarize import Point
from tests.unit.services.summarize.library import (
    MANY,
    MEETING,
    CountingEmbedder,
    Writes,
    a_video,
    service,
    shelve,
    written,
)


@pytest.fixture
def library() -> SqlLibrary:
    return SqlLibrary(MemoryDatabase())


def sources(point: Point, sentences: tuple[str, ...] = MEETING) -> bool:
    return all(citation.quote in sentences for citation in point.citations)


@pytest.mark.parametrize("style", list(Style))
@pytest.mark.parametrize("length", list(Length))
def test_every_point_of_every_summary_cites_a_sentence_at_its_time(
    library: SqlLibrary, length: Length, style: Style
) -> None:
    video = shelve(library, a_video(), MEETING)
    made = service(library).summarize(video, SummaryRequest(length, style))
    assert made.points
    assert len(made.text.split()) <= length.words
    at = {u.text: u.span for u in library.utterances(video.id)}
    for point in made.points:
        assert point.citations
        assert all(citation.span == at[citation.quote] and citation.verified for citation in point.citations)


def test_a_longer_summary_tells_more(library: SqlLibrary) -> None:
    wordy = [
        f"{text[:-1]}, and that kept {number} people busy for the whole summer." for number, text in enumerate(MANY)
    ]
    video = shelve(library, a_video(seconds=600), wordy)
    counts = [len(service(library).summarize(video, SummaryRequest(length)).points) for length in Length]
    assert counts[0] == 1
    assert counts[0] < counts[1] < counts[2]


def test_minutes_have_decisions_and_actions_apart(library: SqlLibrary) -> None:
    video = shelve(library, a_video(), MEETING)
    made = service(library).summarize(video, SummaryRequest(Length.PAGE, Style.MINUTES))
    parts = {section.title: [point.text for point in section.points] for section in made.sections}
    assert parts["Decisions"] == ["We decided to close the northern gate on Monday."]
    assert parts["Actions"] == ["Maria will send the new budget to the council."]
    assert "The lighthouse keeper counted 312 ships in August." in parts["Discussed"]


HEARING = (
    "Welcome to the meeting of the harbour board tonight.",
    "I move that we approve the dredging contract for 90 thousand crowns.",
    "If we approved the crane today, nobody could run it.",
    "The motion carries, five to two.",
    "I move that we table the parking rules.",
    "The motion fails, two to five.",
    "Dr. Amadi will send the revised plan to the county by Friday.",
    "The question of who pays for the pump remains open.",
    "We will see whether the weather holds.",
    "Other towns have voted on ferries before.",
)


def test_minutes_hold_motions_with_their_votes_actions_and_open_questions_with_who(library: SqlLibrary) -> None:
    video = shelve(library, a_video(), HEARING)
    spoken = [replace(u, speaker="Ms. Brandt") for u in library.utterances(video.id)]
    library.save_utterances(video.id, spoken)
    made = service(library).summarize(video, SummaryRequest(Length.PAGE, Style.MINUTES))
    parts = {section.title: [(p.text, p.who) for p in section.points] for section in made.sections}
    business = [(HEARING[n], "Ms. Brandt") for n in (1, 3, 4, 5)]
    assert parts["Motions and votes"] == business
    assert parts["Actions"] == [(HEARING[6], "Dr. Amadi")]
    assert parts["Open questions"] == [(HEARING[7], "Ms. Brandt")]
    assert "Decisions" not in parts


def test_minutes_too_short_for_all_items_say_how_many_are_missing(library: SqlLibrary) -> None:
    items = [
        f"We decided to paint the {place} bridge in the colour of number {n}." for n, place in enumerate("abcdefghijkl")
    ]
    video = shelve(
        library, a_video(), [*items, f"Maria will send {'the new budget and ' * 6}the old one to the council."]
    )
    model = Writes(lambda prompt: written(prompt))
    made = service(library, model).summarize(video, SummaryRequest(Length.PARAGRAPH, Style.MINUTES))
    parts = {section.title: section for section in made.sections}
    decisions = parts["Decisions"]
    assert 0 < len(decisions.points) < 12
    assert len(decisions.points) + decisions.left_out == 12
    assert (parts["Actions"].points, parts["Actions"].left_out) == ((), 1)


def test_no_point_nearly_repeats_another(library: SqlLibrary) -> None:
    video = shelve(library, a_video(), ("The old bridge crosses the wide river here today.",) * 6)
    assert len(service(library).summarize(video, SummaryRequest(Length.PAGE)).points) == 1


def test_a_video_of_which_nothing_is_known_has_an_empty_summary(library: SqlLibrary) -> None:
    video = shelve(library, a_video(), ())
    assert service(library).summarize(video).points == ()


def test_a_video_that_is_still_read_has_none(library: SqlLibrary) -> None:
    with pytest.raises(NotFound, match="no summary yet"):
        service(library).summarize(library.add_video(a_video()))


def test_what_a_model_phrases_is_kept_with_the_quotes_that_support_it(library: SqlLibrary) -> None:
    video = shelve(library, a_video(), MEETING)
    text = "The lighthouse keeper counted 312 ships."
    model = Writes(lambda prompt: written(prompt, text))
    made = service(library, model).summarize(video, SummaryRequest(Length.LINE))
    assert [point.text for point in made.points] == [text]
    assert made.points[0].citations[0].quote == MEETING[5]
    assert made.model == "writes@1"


@pytest.mark.parametrize(
    "text",
    [
        "The lighthouse keeper counted 313 ships in August.",
        "Mr. Lighthouse counted 312 ships in August.",
        "The lighthouse keeper will count 312 ships in August.",
    ],
)
def test_another_number_title_or_modality_is_dropped_for_the_quotes(library: SqlLibrary, text: str) -> None:
    video = shelve(library, a_video(), MEETING)
    made = service(library, Writes(lambda prompt: written(prompt, text))).summarize(video, SummaryRequest(Length.LINE))
    assert text not in made.text
    assert all(sources(point) for point in made.points)
    assert made.model == "extractive"


@pytest.mark.parametrize(("verdict", "context"), [("no", 32_000), ("unclear", 32_000), ("yes", 4096)])
def test_a_summary_quotes_where_the_judge_does_not_agree_or_the_model_is_small(
    library: SqlLibrary, verdict: str, context: int
) -> None:
    video, text = shelve(library, a_video(), MEETING), "The lighthouse keeper counted 312 ships."
    model = Writes(lambda prompt: written(prompt, text))
    model.verdict, model.capabilities = verdict, Capabilities(context=context)
    made = service(library, model).summarize(video, SummaryRequest(Length.LINE))
    assert text not in made.text and all(sources(point) for point in made.points)
    assert made.model == "extractive"


NONSENSE = [
    "no json",
    "[]",
    "[" * 5000,
    '{"sentences": 3}',
    '{"other": []}',
    '{"sentences": [{"text": "Ships came.", "notes": 5}, {"text": 3, "notes": [1]}, 7]}',
    '{"sentences": [{"text": "\\ud83d ships \\udc00 in August", "notes": [1, 1e999, true, -1, 99]}]}',
]


@pytest.mark.parametrize("reply", NONSENSE)
def test_a_model_that_writes_nonsense_leaves_the_quotes(library: SqlLibrary, reply: str) -> None:
    video = shelve(library, a_video(), MEETING)
    assert service(library, Writes(lambda _: reply)).summarize(video).text


@pytest.mark.parametrize(
    "verdicts",
    [
        "",
        "yes yes yes",
        "[" * 5000,
        '"yes"',
        '{"verdicts": "yes"}',
        '{"verdicts": [{"number": 99, "verdict": "yes"}, {"number": -1, "verdict": "yes"}]}',
        '{"verdicts": [{"number": 0, "verdict": "yes"}, {"number": 0, "verdict": "no"}]}',
        '{"verdicts": [{"number": 1e999, "verdict": "yes"}]}',
        '{"verdicts": [{"number": 0, "verdict": "YES!"}]}',
    ],
)
def test_a_judge_that_babbles_lets_no_sentence_pass(library: SqlLibrary, verdicts: str) -> None:
    video, text = shelve(library, a_video(), MEETING), "The lighthouse keeper counted 312 ships."
    model = Writes(lambda prompt: written(prompt, text))
    assert service(library, model).summarize(video, SummaryRequest(Length.LINE)).text == text
    model.verdicts = verdicts
    again = service(library, model).summarize(video, SummaryRequest(Length.LINE))
    assert text not in again.text and all(sources(point) for point in again.points)


def test_a_second_summary_re_uses_everything(library: SqlLibrary) -> None:
    video = shelve(library, a_video(), MEETING)
    stages, embedder = SqlStageStore(MemoryDatabase()), CountingEmbedder()
    model = Writes(lambda prompt: written(prompt, *MEETING[:3]))
    first = service(library, model, stages=stages, embedder=embedder).summarize(video)
    calls, seen = model.calls, len(embedder.seen)
    events: list[Event] = []
    again = service(library, model, stages=stages, embedder=embedder).summarize(video, report=events.append)
    assert again == first
    assert (model.calls, len(embedder.seen)) == (calls, seen)
    assert [event.reused for event in events if isinstance(event, StageFinished)] == [True]


def test_a_changed_chapter_re_makes_only_its_branch(library: SqlLibrary) -> None:
    video = shelve(library, a_video(), MEETING)
    stages, embedder = SqlStageStore(MemoryDatabase()), CountingEmbedder()
    service(library, stages=stages, embedder=embedder).summarize(video)
    embedder.seen.clear()
    changed = (*MEETING[:5], "The lighthouse keeper counted 99 whales in September.")
    shelve(library, a_video(), changed)
    made = service(library, stages=stages, embedder=embedder).summarize(video)
    assert set(embedder.seen) == set(changed[3:])
    assert "99 whales" in made.text


def test_a_cancelled_summary_keeps_the_units_that_were_made(library: SqlLibrary) -> None:
    video = shelve(library, a_video(), MEETING)
    stages, embedder = SqlStageStore(MemoryDatabase()), CountingEmbedder()
    answers = iter([False, True, True])
    with pytest.raises(Cancelled):
        service(library, stages=stages, embedder=embedder).summarize(video, cancelled=lambda: next(answers))
    embedder.seen.clear()
    service(library, stages=stages, embedder=embedder).summarize(video)
    assert set(embedder.seen) == set(MEETING[3:])


def test_a_language_that_the_model_cannot_write_is_refused_with_what_to_do(library: SqlLibrary) -> None:
    video = shelve(library, a_video(), MEETING)
    for model in (None, Writes(str)):
        with pytest.raises(MissingPart, match="cannot write de") as refusal:
            service(library, model).summarize(video, SummaryRequest(language="de"))
        assert "LONGREEL_LLM_URL" in refusal.value.hint
    assert service(library).summarize(video, SummaryRequest(language="en")).points
    with pytest.raises(BadInput, match="not a language code"):
        service(library).summarize(video, SummaryRequest(language="German"))


def test_a_translation_keeps_its_citations_and_is_dropped_when_it_loses_a_number(library: SqlLibrary) -> None:
    video = shelve(library, a_video(), MEETING)

    def write(prompt: str) -> str:
        if "Translate" not in prompt:
            return "{}"
        return json.dumps({"text": "Im Frühling 2031 gestrichen."} if "2031" in prompt else {"text": "Etwas anderes."})

    made = service(library, Writes(write), translates=True).summarize(video, SummaryRequest(Length.PAGE, language="de"))
    texts = {point.citations[0].quote: point.text for point in made.points}
    assert texts[MEETING[0]] == "Im Frühling 2031 gestrichen."
    assert texts[MEETING[5]] == MEETING[5]
    assert all(sources(point) for point in made.points)


@pytest.mark.parametrize("wanted", [SummaryRequest(), SummaryRequest(Length.PAGE, language="de")])
def test_a_summary_waits_for_a_model_that_is_away(library: SqlLibrary, wanted: SummaryRequest) -> None:
    video, stages, away = shelve(library, a_video(), MEETING), SqlStageStore(MemoryDatabase()), [True]

    def write(prompt: str) -> str:
        if away[0] and ("Translate" in prompt or not wanted.language):
            raise WorkerFailed("No answer from the server.", "Try again later.")
        return json.dumps({**json.loads(written(prompt, *MEETING[:3])), "text": "Das Tor bleibt 2031 und 312 Tage zu."})

    summaries = service(library, Writes(write), stages=stages, translates=True)
    with pytest.raises(WorkerFailed, match="No answer"):
        summaries.summarize(video, wanted)
    away[0] = False
    assert summaries.summarize(video, wanted).model == Writes.model


def test_a_long_chapter_is_told_from_its_whole_length(library: SqlLibrary) -> None:
    video = shelve(library, a_video(seconds=600), MANY, chapter_s=600)
    spans = [point.span.middle_s for point in service(library).summarize(video).points]
    assert min(spans) < 200
    assert max(spans) > 400
