from __future__ import annotations

from html.parser import HTMLParser

import pytest

from app.api.schemas import AnswerOut, JobErrorOut, JobOut, UtteranceOut, VideoOut, example_answer
from app.core.errors import BadInput
from app.core.events import Drafted, Event, Failed, Inspected, Planned, Reflected, Searched, Verified, Warned
from app.core.types import TimeSpan
from app.jobs.states import JobState
from ui import render, steps
from ui.login import login_page
from ui.steps import clock

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


def a_job(state: str, title: str = "Film") -> JobOut:
    return JobOut(
        id="j1",
        kind="ingest",
        state=JobState(state),
        title=title,
        attempts=1,
        cancel_requested=False,
        progress=None,
        done_share=0.25,
        error=JobErrorOut(code="bad_input", message="It is empty.", hint="Give a film.") if state == "failed" else None,
        result=None,
        created_at="",
        started_at=None,
        finished_at=None,
    )


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0:00"), (7.9, "0:07"), (65, "1:05"), (3723, "1:02:03"), (36000, "10:00:00"), (-1, "0:00")],
)
def test_times_read_as_clocks(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown


def nasty_pages() -> list[str]:
    video = a_video(NASTY)
    line = UtteranceOut(start_s=1, end_s=2, text=NASTY, speaker=NASTY, confidence=1, words=[])
    answer = AnswerOut.model_validate(example_answer())
    answer = answer.model_copy(
        update={
            "text": NASTY,
            "option_index": 0,
            "citations": [answer.citations[0].model_copy(update={"quote": NASTY})],
            "trace": [Planned("fact", (NASTY,), ())],
        }
    )
    return [
        render.library([video], ""),
        render.player(video),
        render.transcript(video, [line]),
        render.answer(answer, {video.id: video}, [NASTY, "b"]),
        render.work([a_job("running", NASTY), a_job("failed", NASTY)]),
        render.problem(BadInput(NASTY, NASTY)),
        render.thinking([NASTY, NASTY]),
        render.note(NASTY),
    ]


@pytest.mark.parametrize("page", nasty_pages())
def test_no_text_becomes_markup_or_template(page: str) -> None:
    assert all("onerror" not in attributes for _, attributes in Tags(page).found)
    assert all(attributes.get("src") != "x" for _, attributes in Tags(page).found)
    assert "{" not in page and "${" not in page


def test_the_login_page_escapes_what_it_says() -> None:
    assert "<b>" not in login_page("<b>")
    assert 'type="password"' in login_page("")


def test_a_citation_is_a_button_that_names_its_moment() -> None:
    video = a_video()
    page = render.answer(AnswerOut.model_validate(example_answer()), {video.id: video})
    [button] = [attributes for tag, attributes in Tags(page).found if tag == "button"]
    assert button["data-jump"] == video.id and button["data-t"] == "83.200"
    assert button["aria-label"] == "Play Film from 1:23: It opened to the public in March 1932."
    [picture] = [attributes for tag, attributes in Tags(page).found if tag == "img"]
    assert picture["src"] == f"/v1/videos/{video.id}/thumbnail?t=84.000"
    assert "checked" in page and "86%" in page and "1:23 to 1:28" in page


def test_a_citation_of_a_deleted_video_has_no_picture() -> None:
    page = render.answer(AnswerOut.model_validate(example_answer()), {})
    assert "<img" not in page and "9f86d081884c" in page


@pytest.mark.parametrize(("ready", "width"), [(False, 640), (True, None)])
def test_videos_without_pictures_ask_for_none(ready: bool, width: int | None) -> None:
    video = a_video(ready=ready, width=width)
    assert "thumbnail" not in render.library([video], video.id) + render.player(video)


def test_the_open_video_is_marked_and_others_are_not() -> None:
    video = a_video()
    assert 'aria-current="true"' in render.library([video], video.id)
    assert "aria-current" not in render.library([video], "")


def test_empty_places_teach() -> None:
    assert "upload" in render.library([], "")
    assert "Choose a video" in render.player(None)
    assert "Nobody speaks" in render.transcript(a_video(), [])
    assert "still being read" in render.transcript(a_video(ready=False), [])
    assert "read to its end" in render.chapters(None, []) and "read to its end" in render.summary(None, None)
    assert render.work([a_job("finished"), a_job("cancelled")]) == ""


def test_a_failed_job_says_why_and_offers_another_try() -> None:
    page = render.work([a_job("failed")])
    assert "It is empty. Give a film." in page and 'data-retry="j1"' in page
    assert 'data-cancel="j1"' in render.work([a_job("queued")])


def test_a_player_starts_where_it_was_asked_to() -> None:
    [video] = [a for tag, a in Tags(render.player(a_video(), 12.5, play=True)).found if tag == "video"]
    assert str(video["src"]).endswith("/media#t=12.500") and "autoplay" in video
    assert "autoplay" not in render.player(a_video(), 12.5)


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (Planned("fact", ("a", "b"), (), TimeSpan(60, 90)), "Will look for “a”, “b”, between 1:00 and 1:30"),
        (Searched("a", ()), "Searched for “a”: 0 moments"),
        (Inspected("v", TimeSpan(0, 5), "look"), "Looked closely from 0:00 to 0:05, found nothing new"),
        (Reflected(True, 0.9), "The evidence is enough"),
        (Reflected(False, 0.1, "a date"), "Not enough yet: a date"),
        (Drafted((("c", ("E1",)),), "model"), "Wrote an answer with 1 claim"),
        (Verified("c", False, "no such number"), "Checked “c”: not supported (no such number)"),
        (Warned("The tail is missing."), "The tail is missing."),
        (Failed("error", "m"), "Failed"),
    ],
)
def test_steps_read_as_sentences(event: Event, line: str) -> None:
    assert steps.tell(event) == line
