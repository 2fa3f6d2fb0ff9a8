"""Things to render, and a reader of what was rendered."""

from __future__ import annotations

from html.parser import HTMLParser

from app.api.schemas import (
    AnswerOut,
    ChapterOut,
    JobErrorOut,
    JobOut,
    SegmentOut,
    UtteranceOut,
    VideoOut,
    example_answer,
)
from app.api.schemas.speakers import LikenessOut, SpeakerOut
from app.core.events import Hit
from app.core.types import SegmentKind, TimeSpan
from app.jobs.states import JobState

NASTY = "<img src=x onerror=alert(1)> \"quoted\" 'single' {{value}} ${1 + 1} {x}"


class Tags(HTMLParser):
    """Collects tags and attributes, as a browser would see them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def a_video(title: str = "Film", ready: bool = True, width: int | None = 640) -> VideoOut:
    id = str(example_answer()["citations"][0]["video_id"])
    return VideoOut(
        id=id,
        title=title,
        duration_s=3723.9,
        ready=ready,
        added_at="",
        language="en",
        size_bytes=1,
        width=width,
        height=360,
        has_audio=True,
        warnings=[],
    )


def a_job(state: str, title: str = "Film", id: str = "j1") -> JobOut:
    return JobOut(
        id=id,
        kind="ingest",
        state=JobState(state),
        title=title,
        attempts=1,
        priority=0,
        cancel_requested=False,
        progress=None,
        done_share=0.25,
        error=JobErrorOut(code="bad_input", message="It is empty.", hint="Give a film.") if state == "failed" else None,
        result=None,
        created_at="",
        started_at=None,
        finished_at=None,
    )


def a_line(text: str = "Hello.", start_s: float = 1) -> UtteranceOut:
    times = {"start_s": start_s, "end_s": start_s + 1}
    return UtteranceOut(**times, text=text, speaker=text, language="en", confidence=1, words=[])


def a_speaker(label: str, name: str | None = None, *alike: str) -> SpeakerOut:
    likenesses = [LikenessOut(name=one, video_id="v", cosine=0.6) for one in alike]
    return SpeakerOut(label=label, name=name, seconds=65, recognised=bool(name), suggestions=likenesses)


def a_chapter(title: str, start_s: float = 0, end_s: float = 60) -> ChapterOut:
    return ChapterOut(start_s=start_s, end_s=end_s, title=title, summary=title, citations=[])


def a_segment(text: str, kind: SegmentKind = SegmentKind.SCREEN_TEXT) -> SegmentOut:
    return SegmentOut(id="s", kind=kind, start_s=5, end_s=9, text=text, frame_s=5, model="m")


def an_answer(**changes: object) -> AnswerOut:
    return AnswerOut.model_validate(example_answer()).model_copy(update=changes)


def a_hit(id: str, start_s: float, video_id: str = "") -> Hit:
    return Hit(id, video_id or a_video().id, TimeSpan(start_s, start_s + 10), "speech", f"hit {id}")
