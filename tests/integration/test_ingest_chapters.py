"""The chapters of a video that is ingested again: written by a model later, or edited by a person before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.core.errors import WorkerFailed
from app.core.events import Event, StageFinished, Warned
from app.core.requests import IngestRequest
from app.core.types import Capabilities, Completion, SegmentKind
from app.services.chapters import Heading
from tests.integration.conftest import OpenLibrary


class Away:
    """A language model on a server that is away until it is `there`."""

    model = "away@1"
    capabilities = Capabilities(schema=True)

    def __init__(self) -> None:
        self.there = False
        self.asked = 0

    def chat(self, *_: object, **__: object) -> Completion:
        self.asked += 1
        if not self.there:
            raise WorkerFailed("No answer from the server.", "Start it.")
        return Completion('{"title": "The bridge", "summary": ""}')


def test_chapters_that_a_model_could_not_write_are_written_by_the_next_reading(
    library: OpenLibrary, short: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = tmp_path / "talk.srt"
    given.write_text("1\n00:00:02,000 --> 00:00:05,500\nIt was 1932 when the bridge opened.\n", encoding="utf-8")
    longreel, writer = library(), Away()
    parts = replace(longreel.ingest._make_parts(), language_model=writer)
    monkeypatch.setattr(longreel.ingest, "_make_parts", lambda: parts)

    def read() -> tuple[str, list[str], set[str]]:
        events: list[Event] = []
        video = longreel.ingest.run(IngestRequest(short, subtitles=given), report=events.append)
        assert video.ready
        warned = [e.message for e in events if isinstance(e, Warned)]
        done = {e.stage for e in events if isinstance(e, StageFinished) and not e.reused}
        return longreel.library.chapters(video.id)[0].title, warned, done

    title, warned, _ = read()
    assert title.startswith("It was 1932")
    assert len(warned) == 1 and "(No answer from the server)" in warned[0] and "again" in warned[0]
    writer.there = True
    assert read() == ("The bridge", [], {"digest"})
    assert read() == ("The bridge", [], set())
    assert writer.asked == 2


def test_chapters_that_a_person_edited_stay_when_a_video_is_read_again(
    library: OpenLibrary, short: Path, tmp_path: Path
) -> None:
    longreel = library()
    video = longreel.ingest.run(IngestRequest(short))
    longreel.library.set_chapters(video.id, [Heading(0, "Arrival"), Heading(4, "The harbour")])
    given = tmp_path / "talk.srt"
    given.write_text("1\n00:00:05,000 --> 00:00:08,500\nThe bridge opened in 1932.\n", encoding="utf-8")
    longreel.ingest.run(IngestRequest(short, subtitles=given))
    arrival, harbour = longreel.library.chapters(video.id)
    assert (arrival.title, arrival.span.end_s, harbour.title) == ("Arrival", 4.0, "The harbour")
    assert [one.quote for one in harbour.citations] == ["The bridge opened in 1932."]
    found = [one.text for one in longreel.library.segments(video.id, [SegmentKind.SUMMARY])]
    assert [text.split(".")[0] for text in found] == ["Arrival", "The harbour"]
    kept = longreel.moments.search("harbour", kinds=[SegmentKind.SUMMARY])
    assert kept[0].segment.text.startswith("The harbour")
