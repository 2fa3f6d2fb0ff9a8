"""Somebody or something by name, over several videos."""

from __future__ import annotations

import pytest

from app.core.events import Answered, Planned, Searched
from app.core.types import Answer, AnswerStatus, SegmentKind, TimeSpan, Utterance, Video, from_json
from app.core.types.entities import EntityKind, Mention, Source
from tests.unit.agents.meeting import MEETING
from tests.unit.agents.parts import Desk, Said
from tests.unit.agents.test_act import free_desk, scripted, step

NIGHT: list[Said] = [(12.0, 15.0, "The dome was opened at nine."), (40.0, 44.0, "He went home at dawn.")]


def library() -> tuple[Desk, list[Video]]:
    """Three videos: one says the name twice, one shows it on the screen and lets its bearer speak, one is silent."""
    desk = Desk([*MEETING, (500.0, 504.0, "Tom Hale is thanked."), (520.0, 524.0, "Mr. Hale, Tom Hale, left.")])
    night, other = desk.add("night", NIGHT, [(0.0, 4.0, "Observer: Tom Hale")]), desk.add("other", NIGHT)
    desk.library.save_utterances(night.id, [Utterance(TimeSpan(12.0, 15.0), NIGHT[0][2], speaker="Tom Hale")])
    note(desk, desk.video, Source.SAID, 500.0, "Tom Hale is thanked.")
    note(desk, night, Source.WRITTEN, 0.0, "Observer: Tom Hale")
    return desk, [desk.video, night, other]


def note(desk: Desk, video: Video, source: Source, at_s: float, quote: str) -> None:
    span = TimeSpan(at_s, at_s + 4.0)
    desk.entities.save(video.id, [Mention(EntityKind.NAME, "Tom Hale", video.id, span, source, quote)])


def ask(question: str) -> tuple[Answer, str, str]:
    """The answer, the question type of the plan, and what was searched for."""
    desk, videos = library()
    events = desk.events(question, videos=videos)
    planned = next(one for one in events if isinstance(one, Planned))
    searched = next(one for one in events if isinstance(one, Searched))
    last = events[-1]
    assert isinstance(last, Answered)
    return from_json(Answer, last.answer), planned.question_type, searched.query


@pytest.mark.parametrize(
    "question",
    ["In which videos does Tom Hale appear?", "Where does tom hale appear?", "Which videos mention Tom Hale?"],
)
def test_the_videos_that_mention_a_name_are_told_with_each_moment(question: str) -> None:
    answer, kind, query = ask(question)
    assert (kind, query, answer.status) == ("compare", "entity: Tom Hale", AnswerStatus.ANSWERED)
    assert answer.text.splitlines() == [
        'In "v.mp4", at 8:20: "Tom Hale is thanked."',
        'In "night.mp4", at 0:00: the screen shows "Observer: Tom Hale"',
        'In "night.mp4", at 0:12: "Tom Hale: The dome was opened at nine."',
    ]
    assert [(one.kind, one.span.start_s, one.verified) for one in answer.citations] == [
        (SegmentKind.SPEECH, 500.0, True),
        (SegmentKind.SCREEN_TEXT, 0.0, True),
        (SegmentKind.SPEECH, 12.0, True),
    ]


def test_where_somebody_speaks_is_where_the_voice_is_named() -> None:
    answer, _, _ = ask("Where does Tom Hale speak?")
    assert answer.text == 'In "night.mp4", at 0:12: "Tom Hale: The dome was opened at nine."'


def test_whether_all_videos_mention_a_name_is_counted_by_videos() -> None:
    answer, _, _ = ask("Do all these videos mention Tom Hale?")
    assert answer.text.startswith('No, only 2 of 3. In "v.mp4"') and len(answer.citations) == 2


@pytest.mark.parametrize("question", ["Which video mentions Tom Hale and the bicycle?", "Which video mentions bread?"])
def test_more_than_a_name_is_searched_for_in_words(question: str) -> None:
    _, kind, query = ask(question)
    assert kind == "compare" and query.startswith("in each video: ")


def test_a_question_about_one_video_is_answered_from_it_as_before() -> None:
    desk, _ = library()
    searched = [one.query for one in desk.events("Where is Tom Hale mentioned?") if isinstance(one, Searched)]
    assert searched and not any("entity" in query for query in searched)


def test_a_model_that_chooses_its_steps_finds_a_name_in_all_videos() -> None:
    desk = free_desk(scripted(step("search", query="Tom Hale", video="all", source="entity")))
    note(desk, desk.video, Source.SAID, 500.0, "Tom Hale is thanked.")
    found = next(one for one in desk.events("Who was thanked?") if isinstance(one, Searched))
    assert found.query == "entity: Tom Hale" and [hit.text for hit in found.hits] == ["Tom Hale is thanked."]
