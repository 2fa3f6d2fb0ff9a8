"""The web page: layout, and which call fills which part.

The page is a client of /v1 on the server that serves it: the browser uploads, plays and follows
jobs there itself (page.js); the handlers here fetch and render the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
from pydantic import SecretStr

from app.api.schemas import AnswerOut, VideoOut
from app.core.errors import LongreelError
from ui import render, steps
from ui.client import Client

HERE = Path(__file__).parent
ALL, THIS = "All videos", "This video"
QUESTIONS_AT_ONCE = 8

Shown = tuple[str, str, str, str, str, Any]
"""The id of the open video, player, transcript, chapters, summary, and the scope's new state."""

UPLOAD_FORM = """
<form id="lr-upload" class="lr-card">
  <label for="lr-file"><b>Add a video</b></label>
  <input id="lr-file" name="file" type="file" required
    accept="video/*,audio/*,.mkv,.ts,.avi,.mov,.webm,.mp4,.m4a,.mp3,.wav,.flac,.ogg">
  <details><summary>Title, language, subtitles</summary>
    <label for="lr-name">Title</label><input id="lr-name" name="title" maxlength="300" placeholder="the file's name">
    <label for="lr-language">Language spoken</label>
    <input id="lr-language" name="language" pattern="[a-z]{2,3}" placeholder="found out" title="such as en or de">
    <label for="lr-subtitles">Subtitles</label>
    <input id="lr-subtitles" name="subtitles" type="file" accept=".srt,.vtt">
  </details>
  <button type="submit" class="lr-main">Upload</button>
  <progress id="lr-sent" max="1" value="0" hidden aria-label="Upload"></progress>
  <p id="lr-upload-state" role="status"></p>
</form>
<p id="lr-notice" class="lr-problem" role="alert" hidden></p>
"""

LISTEN = """
document.addEventListener('longreel:open', (event) => trigger('open', event.detail));
document.addEventListener('longreel:changed', () => trigger('changed'));
"""


class Page:
    """The handlers of one mounted page."""

    def __init__(self, key: SecretStr | None) -> None:
        self._key = key.get_secret_value() if key else ""

    def _client(self, request: gr.Request) -> Client:
        host, port = request.request.scope["server"]
        name = f"[{host}]" if ":" in host else host
        return Client(f"http://{name}:{port}", self._key)

    def start(self, request: gr.Request) -> tuple[Any, ...]:
        """What stands on the page at first: the library, and the video that the address names."""
        query = dict(request.query_params)
        shown = self._show(request, query.get("video", ""), _seconds(query.get("t", "")), play=False)
        return (*self.refresh(shown[0], request), *shown)

    def refresh(self, opened: str, request: gr.Request) -> tuple[str, str]:
        """Background work and the library as they are now."""
        try:
            with self._client(request) as client:
                return render.work(client.jobs()), render.library(client.videos(), opened)
        except LongreelError as error:
            return "", render.problem(error)

    def open(self, event: gr.EventData, request: gr.Request) -> Shown:
        """Another video in the player."""
        asked = event._data if isinstance(event._data, dict) else {}
        return self._show(request, str(asked.get("video", "")), _seconds(asked.get("t", 0)), bool(asked.get("play")))

    def _show(self, request: gr.Request, id: str, start_s: float, play: bool) -> Shown:
        if not id:
            return _shown(None, render.player(None))
        try:
            with self._client(request) as client:
                video = client.video(id)
                return _shown(
                    video,
                    render.player(video, start_s, play),
                    render.transcript(video, client.transcript(video.id)),
                    render.chapters(video, client.chapters(video.id)),
                    render.summary(video, client.summary(video.id)),
                )
        except LongreelError as error:
            return _shown(None, render.problem(error))

    def ask(
        self, question: str | None, options: str | None, scope: str, opened: str, request: gr.Request
    ) -> Iterator[str]:
        """The agent's steps as they happen, then the answer. Fields that were never shown are None."""
        if not question or not question.strip():
            yield render.note("Type a question first, such as: what does the speaker say about the budget?")
            return
        choices = [line.strip() for line in (options or "").splitlines() if line.strip()]
        lines: list[str] = []
        yield render.thinking(lines)
        try:
            with self._client(request) as client:
                for step in client.ask(question, [opened] if opened and scope == THIS else [], choices):
                    if isinstance(step, AnswerOut):
                        yield render.answer(step, {video.id: video for video in client.videos()}, choices)
                    else:
                        lines += [steps.tell(step)] if step else []
                        yield render.thinking(lines)
        except LongreelError as error:
            yield render.problem(error)


def _shown(video: VideoOut | None, player: str, said: str = "", chapters: str = "", summary: str = "") -> Shown:
    scope = gr.update(choices=[THIS, ALL], value=THIS) if video else gr.update(choices=[ALL], value=ALL)
    return (
        video.id if video else "",
        player,
        said or render.transcript(None, []),
        chapters or render.chapters(None, []),
        summary or render.summary(None, None),
        scope,
    )


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
        opened = gr.State("")
        _html("lr-head", "<h1>Longreel</h1><p>Ask about long videos, and see where each answer comes from.</p>")
        with gr.Row(elem_id="lr-columns"):
            with gr.Column(scale=2, min_width=300):
                _html("lr-add", UPLOAD_FORM.replace("{", "&#123;").replace("}", "&#125;"))
                _html("lr-heading", "<h2>Library</h2>")
                work = _html("lr-work")
                library = _html("lr-library", js_on_load=LISTEN)
            with gr.Column(scale=5, min_width=320):
                player = _html("lr-player")
                question, options, scope, send, stop = _question()
                answer = _html("lr-answer")
                with gr.Tabs():
                    with gr.Tab("Transcript"):
                        said = _html("lr-transcript")
                    with gr.Tab("Chapters"):
                        chapters = _html("lr-chapters")
                    with gr.Tab("Summary"):
                        summary = _html("lr-summary")
        shown = [opened, player, said, chapters, summary, scope]
        quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        blocks.load(page.start, None, [work, library, *shown], **quiet)
        library.changed(page.refresh, [opened], [work, library], **quiet)
        library.open(page.open, None, shown, **quiet)
        asking = gr.on(
            [question.submit, send.click],
            page.ask,
            [question, options, scope, opened],
            answer,
            concurrency_limit=QUESTIONS_AT_ONCE,
            trigger_mode="once",
            **quiet,
        )
        stop.click(lambda: render.note("Stopped."), None, answer, cancels=[asking], **quiet)
    return blocks


def _question() -> tuple[gr.Textbox, gr.Textbox, gr.Radio, gr.Button, gr.Button]:
    question = gr.Textbox(
        label="Question",
        placeholder="When does the bridge open? Who is on the second slide?",
        lines=1,
        max_lines=4,
        elem_id="lr-ask",
    )
    with gr.Row(elem_id="lr-question", equal_height=True):
        scope = gr.Radio(
            [ALL], value=ALL, show_label=False, container=False, scale=3, min_width=150, elem_id="lr-scope"
        )
        send = gr.Button("Ask", variant="primary", scale=1, min_width=70, elem_id="lr-send")
        stop = gr.Button("Stop", scale=1, min_width=70, elem_id="lr-stop")
    with gr.Accordion("Multiple choice", open=False, elem_id="lr-options"):
        options = gr.Textbox(label="Options, one on each line (leave empty for an open question)", lines=4)
    return question, options, scope, send, stop


def mount_page(app: Any, key: SecretStr | None) -> None:
    """Puts the page at / of a FastAPI application."""
    script = (HERE / "page.js").read_text("utf-8")
    gr.mount_gradio_app(
        app,
        create_page(key),
        path="/",
        ssr_mode=False,
        footer_links=[],
        show_error=False,
        theme=_theme(),
        css=(HERE / "page.css").read_text("utf-8"),
        head=f"<script>{script}</script>",
    )


def _theme() -> gr.themes.Base:
    """The system's own fonts (nothing is fetched), and colours with a contrast of at least 4.5."""
    theme = gr.themes.Default(
        primary_hue="teal", font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]
    )
    return theme.set(
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_dark="*primary_700",
        button_primary_background_fill_hover_dark="*primary_600",
        body_text_color_subdued="*neutral_500",
        body_text_color_subdued_dark="*neutral_400",
        input_placeholder_color="*neutral_500",
        input_placeholder_color_dark="*neutral_400",
        block_border_width="1px",
        link_text_color="*primary_700",
        link_text_color_dark="*primary_400",
    )
