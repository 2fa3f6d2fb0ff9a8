"""A mode shows the agent one source only, and leaves nothing behind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from agents.parts import AgentParts
from app.core.settings import Agent
from app.core.types import MediaInfo, Segment, SegmentKind, TimeSpan, Utterance, Video, VideoId, VideoStream
from app.db.database import MemoryDatabase
from app.db.library import SqlLibrary
from app.evaluation.modes.material import DEFAULT, ModeMaterial, Subtitles, evenly
from app.evaluation.modes.mode import Mode
from app.evaluation.modes.registry import MODES
from app.evaluation.modes.views import restricted, view_of, without_file
from gpu_workers.language.fakes import FakeTextEmbedder
from gpu_workers.media.fakes import FakeAudio, FakeFrames
from gpu_workers.vision.fakes import FakeFrameEmbedder
from retrieval.fakes import MemoryRetriever

VIDEO = Video(VideoId("v" * 64), "Talk", "/talk.mp4", MediaInfo("mp4", 600, 0, 1, VideoStream("h264", 160, 90, 0, 25)))
SEGMENTS = [
    Segment(f"{kind}-1", VIDEO.id, kind, TimeSpan(start, start + 4), f"{text} in March", "m")
    for start, kind, text in (
        (10, SegmentKind.SPEECH, "the vote"),
        (20, SegmentKind.SCREEN_TEXT, "the budget"),
        (30, SegmentKind.CAPTION, "a crowd"),
    )
]
SEEN = Segment("look-1", VIDEO.id, SegmentKind.CAPTION, TimeSpan(1, 2), "a cat in March", "m", None, "Which?")


@pytest.fixture
def parts() -> AgentParts:
    library, retriever = SqlLibrary(MemoryDatabase()), MemoryRetriever()
    library.add_video(VIDEO)
    library.save_utterances(VIDEO.id, [Utterance(TimeSpan(10, 14), "the vote in March", ())])
    library.add_segments(SEGMENTS)
    retriever.add(SEGMENTS)
    return AgentParts(
        retriever=retriever,
        library=library,
        settings=Agent(),
        chat=None,
        vision=cast(Any, object()),
        text_embedder=FakeTextEmbedder(),
        reranker=None,
        text_reader=cast(Any, None),
        frames=FakeFrames(),
        audio=FakeAudio(VIDEO.media),
        transcriber=cast(Any, None),
        features=lambda _: [cast(Any, object())],
        frame_embedder=FakeFrameEmbedder(),
    )


def kinds(parts: AgentParts) -> set[SegmentKind]:
    found = parts.retriever.search("March", limit=8, videos=[VIDEO.id])
    listed = parts.library.segments(VIDEO.id)
    assert {e.segment.id for e in found} == {s.id for s in listed}
    return {segment.kind for segment in listed}


def test_each_mode_shows_its_own_source(parts: AgentParts) -> None:
    assert kinds(restricted(parts, Mode.TRANSCRIPT)) == {SegmentKind.SPEECH}
    assert kinds(restricted(parts, Mode.CAPTIONS)) == {SegmentKind.CAPTION}
    assert kinds(restricted(parts, Mode.FULL)) == {SegmentKind.SPEECH, SegmentKind.SCREEN_TEXT, SegmentKind.CAPTION}


def test_what_was_said_is_hidden_where_speech_is(parts: AgentParts) -> None:
    assert restricted(parts, Mode.TRANSCRIPT).library.utterances(VIDEO.id)
    assert not restricted(parts, Mode.CAPTIONS).library.utterances(VIDEO.id)


@pytest.mark.parametrize("mode", [Mode.TRANSCRIPT, Mode.CAPTIONS])
def test_over_one_source_nothing_can_be_looked_at_or_heard(parts: AgentParts, mode: Mode) -> None:
    assert parts.vision and parts.features(VIDEO)
    shown = restricted(parts, mode)
    assert shown.vision is None and not shown.features(VIDEO) and shown.settings.max_frames == 0
    known = shown.library.video(VIDEO.id)
    assert known == without_file(parts.library.video(VIDEO.id)) and known in shown.library.videos()
    assert known.path == "" and known.media.video is None and known.duration_s == VIDEO.duration_s


def test_loop_and_pipeline_force_the_way_the_agent_works(parts: AgentParts) -> None:
    for mode in (Mode.LOOP, Mode.PIPELINE):
        assert restricted(parts, mode) == replace(parts, settings=Agent(mode=mode.value))
    assert restricted(parts, Mode.FULL) is parts


def test_without_subtitles_the_agent_sees_but_neither_reads_nor_hears_what_is_said(parts: AgentParts) -> None:
    shown = restricted(parts, Mode.LOOP, ModeMaterial(frames=7, subtitles=Subtitles.NONE))
    assert kinds(shown) == {SegmentKind.SCREEN_TEXT, SegmentKind.CAPTION} and not shown.library.utterances(VIDEO.id)
    assert shown.vision is parts.vision and shown.features(VIDEO) and shown.settings == Agent(mode="loop", max_frames=7)
    view = view_of(Mode.LOOP, ModeMaterial(subtitles=Subtitles.NONE))
    assert view is not None and view.of(VIDEO).path == VIDEO.path and view.of(VIDEO).media.audio == ()
    assert view_of(Mode.LOOP, DEFAULT) is None


def test_every_mode_can_be_made_and_says_what_it_is() -> None:
    assert set(MODES) == set(Mode) and all(entry.note for entry in MODES.values())


def test_a_mode_learns_nothing_and_does_not_see_what_others_learned(parts: AgentParts) -> None:
    shown = restricted(parts, Mode.CAPTIONS)
    shown.library.add_segments([SEEN])
    shown.retriever.add([SEEN])
    assert all(s.id != "look-1" for s in parts.library.segments(VIDEO.id))
    parts.library.add_segments([SEEN])
    parts.retriever.add([SEEN])
    assert all(s.id != "look-1" for s in shown.library.segments(VIDEO.id))
    assert all(e.segment.id != "look-1" for e in shown.retriever.search("cat", limit=8))


def test_evenly_spaced_times_lie_in_the_middles_of_equal_parts() -> None:
    assert evenly(600.0, 4) == [75.0, 225.0, 375.0, 525.0]
