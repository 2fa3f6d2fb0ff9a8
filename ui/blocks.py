"""The web page: layout, and which call fills which part.

The page is a client of /v1 on the server that serves it: the browser uploads, plays and follows
jobs there itself (the scripts beside this file); the handlers here fetch and render the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
from pydantic import SecretStr

from app.api.schemas import AnswerOut, SummaryOut, VideoOut
from app.client import Longreel
from app.core.errors import LongreelError, NotFound
from app.core.events import Event
from app.core.types import SegmentKind
from ui.render import answers, library, markup, shell, watch
from ui.render.relevance import relevance
from ui.render.status import status
from ui.theme import theme

HERE = Path(__file__).parent
SCRIPTS = ("page.js", "player.js", "library.js", "asking.js")
QUESTIONS_AT_ONCE = 8
MOST_JOBS = 50

Watched = tuple[str, str, str, str]
"""Player, timeline, lists about the open video, example questions."""

LISTEN = """
document.addEventListener('longreel:open', (event) => trigger('open', event.detail));
document.addEventListener('longreel:changed', (event) => trigger('changed', event.detail));
document.addEventListener('longreel:ask', (event) => trigger('ask', event.detail));
document.addEventListener('longreel:stop', (event) => trigger('stop', event.detail));
document.addEventListener('longreel:show', (event) => trigger('show', event.detail));
document.addEventListener('longreel:status', (event) => trigger('status', event.detail));
"""


class Page:
    """The handlers of one mounted page."""

    def __init__(self, key: SecretStr | None) -> None:
        self._key = key.get_secret_value() if key else ""

    def _client(self, request: gr.Request) -> Longreel:
        host, port = request.request.scope["server"]
        name = f"[{host}]" if ":" in host else host
        return Longreel(f"http://{name}:{port}", self._key, transport=httpx.HTTPTransport())  # never through a proxy

    def start(self, request: gr.Request) -> tuple[str, ...]:
        """What stands on the page at first: the library, and the video and answer that the address names."""
        query = dict(request.query_params)
        watched = self._watched(request, query.get("video", ""), _seconds(query.get("t", "")), play=False)
        shown = self._answer(request, query.get("answer", "")) if query.get("answer") else _nothing()
        told = self.status(request) if query.get("view") == "status" else markup.note("Looking at the server.")
        return (*self._library(request, query.get("video", "")), *watched, *shown, told)

    def changed(self, event: gr.EventData, request: gr.Request) -> tuple[str, str, str]:
        """Background work, the library and the choice of videos as they are now."""
        return self._library(request, str(_told(event).get("video", "")))

    def _library(self, request: gr.Request, opened: str) -> tuple[str, str, str]:
        try:
            with self._client(request) as client:
                jobs, videos = client.jobs(limit=MOST_JOBS), client.videos()
        except LongreelError as error:
            return "", markup.problem(error), ""
        ids = [video.id for video in videos if opened and video.id.startswith(opened)]
        return library.queue(jobs), library.grid(videos, jobs), library.choices(videos, ids[0] if ids else "")

    def open(self, event: gr.EventData, request: gr.Request) -> tuple[Any, ...]:
        """Another video in the player. Answer and evidence stay when one of its moments was clicked."""
        asked = _told(event)
        id = str(asked.get("video", ""))
        watched = self._watched(request, id, _seconds(asked.get("t", 0)), bool(asked.get("play")))
        kept = (gr.skip(), gr.skip()) if asked.get("keep") else _nothing()
        return (self._library(request, id)[2], *watched, *kept)

    def _watched(self, request: gr.Request, id: str, start_s: float, play: bool) -> Watched:
        if not id:
            return watch.player(None), "", "", watch.examples(None, [], False)
        try:
            with self._client(request) as client:
                video = client.video(id)
                said, shown, chapters = (
                    client.transcript(video.id),
                    client.segments(video.id, kinds=(SegmentKind.SCREEN_TEXT, SegmentKind.CAPTION)),
                    client.chapters(video.id),
                )
                asked = answers.asked_before(client.answers(video.id))
                return (
                    watch.player(video, start_s, play),
                    watch.timeline(video, chapters, said, shown),
                    watch.about(video, said, shown, _summary(client, video.id), asked),
                    watch.examples(video, chapters, bool(said)),
                )
        except LongreelError as error:
            return markup.problem(error), "", "", watch.examples(None, [], False)

    def show(self, event: gr.EventData, request: gr.Request) -> tuple[str, str]:
        """An answer that was given before."""
        return self._answer(request, str(_told(event).get("answer", "")))

    def _answer(self, request: gr.Request, id: str) -> tuple[str, str]:
        try:
            with self._client(request) as client:
                saved, videos = client.answer(id), _by_id(client.videos())
        except LongreelError as error:
            return markup.problem(error), relevance([], [], {})
        given = saved.answer
        return answers.answer(saved.question, given, videos), relevance(given.trace, given.citations, videos)

    def ask(self, event: gr.EventData, request: gr.Request) -> Iterator[tuple[Any, Any]]:
        """The agent's steps as they happen, then the answer; beside it where the evidence lies."""
        asked = _told(event)
        question = str(asked.get("question", "")).strip()
        if not question:
            yield markup.note("Type a question first, such as: what does the speaker say about the budget?"), gr.skip()
            return
        options = [line.strip() for line in str(asked.get("options", "")).splitlines() if line.strip()]
        names = [str(name) for name in asked.get("videos", [])]
        yield answers.thinking(question, [], {}), relevance([], [], {})
        try:
            with self._client(request) as client:
                yield from _asking(client, question, names, options)
        except LongreelError as error:
            yield markup.problem(error), gr.skip()

    def status(self, request: gr.Request) -> str:
        """What the server runs on."""
        try:
            with self._client(request) as client:
                return status(client.status())
        except LongreelError as error:
            return markup.problem(error)


def _asking(client: Longreel, question: str, names: Sequence[str], options: Sequence[str]) -> Iterator[tuple[Any, Any]]:
    videos = _by_id(client.videos())
    trace: list[Event] = []
    for step in client.ask_pulse(question, names, options=options):
        if isinstance(step, AnswerOut):
            given = answers.answer(question, step, videos, options)
            yield given, relevance(step.trace, step.citations, videos)
            return
        trace += [step] if step else []
        yield answers.thinking(question, trace, videos), relevance(trace, [], videos) if step else gr.skip()


def _summary(client: Longreel, id: str) -> SummaryOut | None:
    try:
        return client.summary(id)
    except NotFound:  # it is not read to its end yet
        return None


def _nothing() -> tuple[str, str]:
    return "", relevance([], [], {})


def _by_id(videos: Sequence[VideoOut]) -> dict[str, VideoOut]:
    return {video.id: video for video in videos}


def _told(event: gr.EventData) -> dict[str, Any]:
    return event._data if isinstance(event._data, dict) else {}


def _seconds(value: Any) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        return 0.0
    return seconds if 0 <= seconds < 1e7 else 0.0


def _html(id: str, value: str = "", **more: Any) -> gr.HTML:
    return gr.HTML(value, elem_id=id, js_on_load=more.pop("js_on_load", None), apply_default_css=False, **more)


def create_page(key: SecretStr | None) -> gr.Blocks:
    """The page; `key` is the server's own API key, for the handlers' calls."""
    page = Page(key)
    with gr.Blocks(title="Longreel", analytics_enabled=False) as blocks:
        bus = _html("lr-head", shell.plain(shell.HEAD), js_on_load=LISTEN)
        with gr.Column(elem_id="lr-library-view"):
            _html("lr-add", shell.plain(library.ADD))
            queue = _html("lr-queue")
            _html("lr-finding", shell.plain(library.FIND))
            grid = _html("lr-grid")
        with gr.Column(elem_id="lr-ask-view"):
            with gr.Column(elem_id="lr-stage"):
                player, lanes, evidence = _html("lr-player"), _html("lr-lanes"), _html("lr-relevance")
            with gr.Column(elem_id="lr-asking"):
                _html("lr-form", shell.plain(shell.QUESTION))
                scopes, examples = _html("lr-scope"), _html("lr-examples")
                answer = _html("lr-answer")
            with gr.Column(elem_id="lr-side"):
                about = _html("lr-about")
        with gr.Column(elem_id="lr-status-view"):
            told = _html("lr-status")
        _wire(blocks, page, bus, [queue, grid, scopes], [player, lanes, about, examples], [answer, evidence], told)
    return blocks


def _wire(
    blocks: gr.Blocks,
    page: Page,
    bus: gr.HTML,
    listed: list[gr.HTML],
    watched: list[gr.HTML],
    answered: list[gr.HTML],
    told: gr.HTML,
) -> None:
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    blocks.load(page.start, None, [*listed, *watched, *answered, told], **quiet)
    bus.changed(page.changed, None, listed, **quiet)
    bus.open(page.open, None, [listed[2], *watched, *answered], **quiet)
    bus.show(page.show, None, answered, **quiet)
    bus.status(page.status, None, told, **quiet)
    asking = bus.ask(page.ask, None, answered, concurrency_limit=QUESTIONS_AT_ONCE, trigger_mode="multiple", **quiet)
    bus.stop(lambda: markup.note("Stopped."), None, answered[0], cancels=[asking], **quiet)


def mount_page(app: Any, key: SecretStr | None) -> None:
    """Puts the page at / of a FastAPI application."""
    look = (HERE / "page.css").read_text("utf-8")  # as `css` its selectors would be rewritten
    script = "\n".join((HERE / name).read_text("utf-8") for name in SCRIPTS)
    gr.mount_gradio_app(
        app,
        create_page(key),
        path="/",
        ssr_mode=False,
        footer_links=[],
        show_error=False,
        theme=theme(),
        head=f"<style>{look}</style><script>{script}</script>",
    )
