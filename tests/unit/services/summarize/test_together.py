"""A collection is told from its videos' own summaries, cites each video, and is made again only where they changed."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from app.core.errors import Cancelled, MissingPart, NotFound
from app.core.events import Event, StageFinished, StageProgress
from app.core.requests import Length, Style, SummaryRequest
from app.core.types import Segment, SegmentKind, TimeSpan, Video
from app.db.database import MemoryDatabase
from app.db.library import SqlLibrary
from app.db.stages import SqlStageStore
from app.services.summarize import CollectionSummary
from tests.unit.services.summarize.library import (
    MANY,
    MEETING,
    CountingEmbedder,
    Writes,
    a_video,
    said,
    service,
    shelve,
    written,
)

GARDEN = (
    "The garden grows ninety kinds of roses.",
    "We agreed to plant 12 cherry trees behind the wall.",
    "A gardener waters the beds before sunrise.",
    "Olaf will buy a new glass house.",
)
SAID = {"a" * 64: MEETING, "b" * 64: GARDEN, "c" * 64: MANY}


@pytest.fixture
def library() -> SqlLibrary:
    return SqlLibrary(MemoryDatabase())


@pytest.fixture
def videos(library: SqlLibrary) -> list[Video]:
    return [
        shelve(library, a_video("a", "Meeting"), MEETING),
        shelve(library, a_video("b", "Garden"), GARDEN),
        shelve(library, a_video("c", "Village", 600), MANY),
    ]


def cited(made: CollectionSummary) -> set[str]:
    return {citation.video_id for point in made.points for citation in point.citations}


@pytest.mark.parametrize("style", list(Style))
@pytest.mark.parametrize("length", list(Length))
def test_every_sentence_cites_what_was_said_in_a_video_at_its_time(
    library: SqlLibrary, videos: list[Video], length: Length, style: Style
) -> None:
    made = service(library).together(videos, SummaryRequest(length, style))
    assert made.points
    assert len(made.text.split()) <= length.words
    for point in made.points:
        for citation in point.citations:
            at = {u.text: u.span for u in library.utterances(citation.video_id)}
            assert citation.span == at[citation.quote] and citation.verified


def test_all_videos_have_a_share_and_a_sentence_of_their_own(library: SqlLibrary, videos: list[Video]) -> None:
    made = service(library).together(videos)
    assert cited(made) == set(SAID)
    assert [line.title for line in made.videos] == ["Meeting", "Garden", "Village"]
    for line in made.videos:
        assert line.point is not None and line.point.citations[0].video_id == line.video_id
    assert made.model == "extractive"


def test_a_page_tells_the_videos_one_after_the_other(library: SqlLibrary, videos: list[Video]) -> None:
    made = service(library).together(videos[::-1], SummaryRequest(Length.PAGE))
    assert [section.title for section in made.sections] == ["Meeting", "Garden", "Village"]
    for section, video in zip(made.sections, videos, strict=True):
        assert {citation.video_id for point in section.points for citation in point.citations} == {video.id}


def test_a_line_tells_what_is_said_rather_than_what_is_seen(library: SqlLibrary) -> None:
    videos = [shelve(library, a_video(name, name), ()) for name in "abc"]
    library.save_utterances(videos[2].id, said(("A storm tore the roof from the mill.",)))
    seen = "Looks like: water bottle. Colours: mostly grey."
    library.add_segments(
        [Segment(f"{v.id}-1", v.id, SegmentKind.CAPTION, TimeSpan(1, 9), seen, "eyes", 5.0) for v in videos]
    )
    assert service(library).together(videos, SummaryRequest(Length.LINE)).text == "A storm tore the roof from the mill."


def test_minutes_gather_the_decisions_of_all_videos(library: SqlLibrary, videos: list[Video]) -> None:
    made = service(library).together(videos, SummaryRequest(Length.PAGE, Style.MINUTES))
    parts = {section.title: {point.text for point in section.points} for section in made.sections}
    assert parts["Decisions"] == {MEETING[1], GARDEN[1]}
    assert parts["Actions"] == {MEETING[2], GARDEN[3]}


def test_a_video_that_is_still_read_is_named_and_tells_nothing(library: SqlLibrary, videos: list[Video]) -> None:
    new = library.add_video(replace(a_video("d", "New"), language="de"))
    made = service(library).together([*videos, new], SummaryRequest(language="en"))
    assert [line.title for line in made.videos if line.point is None] == ["New"]
    with pytest.raises(NotFound, match="None of these videos"):
        service(library).together([new])


class Counted:
    """A service over one store, whose models' calls are counted."""

    def __init__(self, library: SqlLibrary) -> None:
        self.library, self.stages, self.embedder = library, SqlStageStore(MemoryDatabase()), CountingEmbedder()
        self.prompts: list[str] = []

    def together(self, videos: list[Video], wanted: SummaryRequest | None = None, **more: object) -> CollectionSummary:
        self.prompts.clear()
        self.embedder.seen.clear()
        model = Writes(self._write)
        made = service(self.library, model, stages=self.stages, embedder=self.embedder, translates=True)
        return made.together(videos, wanted, **more)  # type: ignore[arg-type]

    def _write(self, prompt: str) -> str:
        self.prompts.append(prompt)
        notes = re.findall(r"^\d+\. (.*)$", prompt, re.MULTILINE)
        return json.dumps({**json.loads(written(prompt, *notes[:8])), "text": f"So: {prompt.rpartition(chr(10))[2]}"})

    @property
    def about_all(self) -> int:
        """How often the model was asked for a text about several videos."""
        return sum(prompt.startswith("Notes from 3 videos") for prompt in self.prompts)


def test_a_second_summary_asks_no_model(library: SqlLibrary, videos: list[Video]) -> None:
    counted = Counted(library)
    first = counted.together(videos)
    assert first.model == "writes@1"
    assert counted.about_all == 1
    events: list[Event] = []
    assert counted.together(videos, report=events.append) == first
    assert (counted.prompts, counted.embedder.seen) == ([], [])
    assert [event.reused for event in events if isinstance(event, StageFinished)] == [True]
    assert [event.done for event in events if isinstance(event, StageProgress)] == [1, 2, 3]


def test_a_changed_chapter_re_makes_its_branch_and_the_text_of_all(library: SqlLibrary, videos: list[Video]) -> None:
    counted = Counted(library)
    counted.together(videos)
    changed = (*GARDEN[:3], "Olaf will buy 7 new greenhouses.")
    shelve(library, a_video("b", "Garden"), changed)
    counted.together(videos)
    assert counted.about_all == 1
    assert len(counted.prompts) == 3  # the video's line, its paragraph, and the text of all
    assert sum("ferry" in prompt or "Cedar" in prompt for prompt in counted.prompts) == counted.about_all
    assert all("greenhouses" in prompt for prompt in counted.prompts[:2])


def test_a_change_that_leaves_the_summary_of_its_video_leaves_the_text_of_all(library: SqlLibrary) -> None:
    def told(filler: str) -> tuple[str, ...]:
        return (*MANY[:4], filler, *MANY[4:9])

    counted = Counted(library)
    videos = [shelve(library, a_video(name, name), MEETING) for name in "ab"]
    videos.append(shelve(library, a_video("c", "c"), told("Okay, thank you all for being here today.")))
    first = counted.together(videos)
    shelve(library, a_video("c", "c"), told("Hello, please subscribe to it before we go on."))
    assert counted.together(videos) == first
    assert (len(counted.embedder.seen), counted.prompts) == (5, [])  # one piece was looked at again, no text was made


def test_another_video_leaves_the_summaries_of_the_others(library: SqlLibrary, videos: list[Video]) -> None:
    counted = Counted(library)
    counted.together(videos[:2])
    counted.together(videos)
    assert len(counted.prompts) == 3
    assert counted.about_all == 1


def test_what_was_stopped_goes_on_where_it_was(library: SqlLibrary, videos: list[Video]) -> None:
    whole, counted = Counted(library), Counted(library)
    whole.together(videos)
    left = iter([False] * 8)
    with pytest.raises(Cancelled):
        counted.together(videos, cancelled=lambda: next(left, True))
    done = len(counted.prompts)
    assert done > 0
    counted.together(videos)
    assert done + len(counted.prompts) == len(whole.prompts)


def test_what_is_kept_is_told_without_any_model(library: SqlLibrary, videos: list[Video]) -> None:
    counted = Counted(library)
    with pytest.raises(NotFound, match="does not exist yet"):
        counted.together(videos, stored_only=True)
    made = counted.together(videos)
    assert counted.together(videos, stored_only=True) == made
    with pytest.raises(NotFound):
        counted.together(videos[:2], stored_only=True)
    assert counted.prompts == []


def test_sentences_are_translated_from_the_language_of_their_video(library: SqlLibrary) -> None:
    english = shelve(library, a_video("a", "Meeting"), MEETING)
    shelve(library, a_video("b", "Garten"), ("Der Garten hat neunzig Rosen.",) * 2)
    library.set_ready(a_video("b").id, "de")
    counted = Counted(library)
    made = counted.together([english, library.video(a_video("b").id)], SummaryRequest(language="de"))
    for point in made.points:
        assert point.text.startswith("So: ") == (point.citations[0].video_id == english.id)
    with pytest.raises(MissingPart, match="cannot write fr"):
        service(library).together([english], SummaryRequest(language="fr"))


def test_what_a_model_invents_about_several_videos_is_dropped(library: SqlLibrary, videos: list[Video]) -> None:
    model = Writes(lambda prompt: written(prompt, "Olaf decided to paint 91 ferries in the village."))
    made = service(library, model).together(videos)
    assert "91 ferries" not in made.text
    assert cited(made) == set(SAID)


@pytest.mark.parametrize("length", list(Length))
def test_a_video_of_a_time_code_is_told_as_that_and_its_digits_are_never_quoted(
    library: SqlLibrary, length: Length
) -> None:
    meeting, reel = shelve(library, a_video("a"), MEETING), shelve(library, a_video("b", "Reel", 600), ())
    codes = [
        Segment(
            f"code-{at}", reel.id, SegmentKind.SCREEN_TEXT, TimeSpan(at, at + 1), f"00:0{at // 60}:{at % 60:02}", "r"
        )
        for at in range(5, 600, 7)
    ]
    library.add_segments(codes)
    made = service(library).together([meeting, reel], SummaryRequest(length))
    (line,) = [one.point for one in made.videos if one.video_id == reel.id and one.point]
    assert line.text == "Shows a running time code; nothing is said."
    assert [(one.quote, one.span) for one in line.citations] == [("00:00:05", codes[0].span)]
    assert not any("00:0" in point.text for point in made.points)
    assert length is Length.LINE or line.text in [point.text for point in made.points]
