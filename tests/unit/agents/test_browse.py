"""browse, search and citations over what a model that saw the video noted when it was read."""

from __future__ import annotations

import json
from dataclasses import replace

from agents.evidence import Passage
from agents.plans import Plan
from agents.tools.base import Outcome
from agents.tools.browse import EVENTS_A_PAGE
from agents.tools.registry import run_tool
from app.core.types import AnswerStatus, Segment, SegmentKind, TimeSpan, ToolCall
from app.core.types.entities import EntityKind, Mention, MentionSource
from app.text.time_expressions import TimeScope
from tests.unit.agents.meeting import MEETING
from tests.unit.agents.parts import Desk, Row, agent_chat, answers, calls

CUP = "A man lifts a blue cup."


def run(desk: Desk, name: str, plan: Plan | None = None, **arguments: object) -> Outcome:
    return run_tool(ToolCall("c1", name, json.dumps(arguments)), desk.context(plan=plan or Plan("What?")))


def note_events(desk: Desk, *events: tuple[float, float, str]) -> None:
    video = desk.video.id
    segments = [
        Segment(f"event-{at}", video, SegmentKind.EVENT, TimeSpan(start, end), text, "eyes", start)
        for at, (start, end, text) in enumerate(events)
    ]
    desk.library.add_segments(segments)
    desk.retriever.add(segments)


def passages(outcome: Outcome) -> list[Passage]:
    return [part for part in outcome.parts if isinstance(part, Passage)]


def test_events_are_shown_in_order_with_their_spans() -> None:
    desk = Desk(MEETING)
    note_events(desk, (200.0, 204.0, CUP), (20.0, 21.5, "A door opens."))
    events = [one for one in passages(run(desk, "browse", video="V1")) if one.kind is SegmentKind.EVENT]
    assert [(one.span, one.line) for one in events] == [
        (TimeSpan(20.0, 21.5), "event: A door opens."),
        (TimeSpan(200.0, 204.0), f"event: {CUP}"),
    ]


def test_an_event_is_found_by_its_words_and_cited_with_its_span() -> None:
    desk = Desk(MEETING)
    note_events(desk, (200.0, 204.0, CUP), (20.0, 21.5, "A door opens."))
    (best,) = passages(run(desk, "search", queries=["lifts a blue cup"], sources=["seen"], k=1))
    cited = best.cited(verified=True)
    assert (cited.kind, cited.span, cited.quote, cited.frame_s) == (SegmentKind.EVENT, TimeSpan(200, 204), CUP, 200.0)
    assert best.key in [one.key for one in passages(run(desk, "browse", video="V1"))]
    assert CUP in [one.text for one in passages(run(desk, "read", video="V1"))]


def test_what_the_file_calls_its_chapters_is_evidence() -> None:
    chat = agent_chat([calls(("browse", {"video": "V1"})), answers(("The second one is “Safety report”.", ["E2"]))])
    desk = Desk(chat=chat, chapters=[(0.0, 12.0, "Opening by the mayor"), (12.0, 30.0, "Safety report")])
    answer = desk.ask("What is the second chapter called?")
    assert answer.status is AnswerStatus.ANSWERED
    (citation,) = answer.citations
    assert (citation.span, citation.quote, citation.verified) == (
        TimeSpan(12.0, 30.0),
        "chapter 2 of 2: Safety report",
        True,
    )


def test_an_answer_that_rests_on_an_event_says_when_it_happens() -> None:
    chat = agent_chat([calls(("browse", {"video": "V1"})), answers((CUP, ["E1"]))])
    desk = Desk(chat=chat)
    note_events(desk, (200.0, 204.0, CUP))
    answer = desk.ask("What does the man do?")
    (cited,) = answer.citations
    assert answer.status is AnswerStatus.ANSWERED
    assert (cited.kind, cited.span, cited.verified) == (SegmentKind.EVENT, TimeSpan(200.0, 204.0), True)


def test_what_lies_outside_the_part_or_the_evidence_that_a_person_chose_is_not_offered() -> None:
    chapters: list[Row] = [(0.0, 60.0, "Opening"), (60.0, 600.0, "Safety report")]
    desk = Desk(MEETING, chapters=chapters)
    note_events(desk, (20.0, 21.5, "A door opens."), (500.0, 504.0, CUP))
    minute = Plan("q", scope=TimeScope(0.0, 59.0, ""), by="user")
    offered = [one.text for one in passages(run(desk, "browse", minute, video="V1"))]
    assert offered == ["chapter 1 of 2: Opening", "A door opens.", "file: 10:00 long"]
    spoken = replace(minute, sources=(SegmentKind.SPEECH,))
    assert passages(run(desk, "browse", spoken, video="V1")) == []


def test_many_events_come_in_pages() -> None:
    desk = Desk()
    note_events(desk, *((float(at), at + 0.5, f"Car number {at} passes.") for at in range(2 * EVENTS_A_PAGE + 1)))
    pages = [run(desk, "browse", video="V1", page=page) for page in (1, 2, 3)]
    shown = [one.text for page in pages for one in passages(page) if one.kind is SegmentKind.EVENT]
    assert shown == [f"Car number {at} passes." for at in range(2 * EVENTS_A_PAGE + 1)]
    assert "121 events that a model saw in the pictures, page 3 of 3:" in pages[2].parts
    assert run(Desk(), "browse", video="V1", page=2).parts == ("There are no events.",)


def test_subjects_are_shown_with_what_they_look_like_and_for_how_long() -> None:
    desk = Desk()
    seen = [(10.0, 40.0), (70.0, 100.0)]
    desk.entities.save(
        desk.video.id,
        [
            *(_mention("man in a hat", TimeSpan(*span), MentionSource.SEEN, "grey beard, straw hat") for span in seen),
            _mention("Tom Hale", TimeSpan(5.0, 8.0), MentionSource.SAID, "Tom Hale is here."),
        ],
    )
    (subjects,) = [part for part in run(desk, "browse", video="V1").parts if "Names, people" in str(part)]
    assert "man in a hat (grey beard, straw hat): 0:10-0:40, 1:10-1:40" in str(subjects)
    assert "Tom Hale: 0:05" in str(subjects)


def _mention(name: str, span: TimeSpan, source: MentionSource, quote: str) -> Mention:
    kind = EntityKind.THING if source is MentionSource.SEEN else EntityKind.NAME
    return Mention(kind, name, Desk().video.id, span, source, quote)
