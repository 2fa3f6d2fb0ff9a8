"""The web page: its layout, and the handler that fills each part.

The page is a client of /v1 on its own server: the browser uploads, plays and follows jobs by itself
(the scripts next to this file); the handlers fetch and render the rest.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from pydantic import SecretStr
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from ui.handlers import Page
from ui.render import markup
from ui.render.templates import fill
from ui.theme import theme

HERE = Path(__file__).parent
SCRIPTS = HERE / "static"
STYLES = ("page.css", "watching.css")
WORK_AT_ONCE = 8
"""Questions and summaries processed at the same time, for all tabs."""

LISTEN = """
let fetching = 0;
for (const name of ['open', 'changed', 'ask', 'rejoin', 'stop', 'show', 'thread', 'threads',
  'summarize', 'together', 'chapters', 'view', 'batches']) {
  document.addEventListener('longreel:' + name, (event) => {
    trigger(name, event.detail);
    window.clearTimeout(fetching);
    fetching = window.setTimeout(() => trigger('fetch'), 2000);
  });
}
"""
"""Hands the events of the scripts to the handlers, and brings replies that were lost.

The server closes its line of replies when nothing is under way. An event that is sent before the framework has heard of
it is not answered until another one opens the line again, so each is followed by one that does nothing.
"""


REFUSED = "() => document.dispatchEvent(new CustomEvent('longreel:refused'))"
"""Lets the scripts know that the server has not accepted a question."""


@dataclass(frozen=True)
class Parts:
    """The parts of the page, grouped as the handlers fill them."""

    bus: gr.HTML
    """Carries the events of the scripts."""
    listed: list[gr.HTML]
    watched: list[gr.HTML]
    answered: list[gr.HTML]
    viewed: list[gr.HTML]


def _html(id: str, value: str = "", **more: Any) -> gr.HTML:
    return gr.HTML(value, elem_id=id, js_on_load=more.pop("js_on_load", None), apply_default_css=False, **more)


def create_page(key: SecretStr | None) -> gr.Blocks:
    """The page; `key` is the server's own API key, for the handlers' calls."""
    with gr.Blocks(title="Longreel", analytics_enabled=False) as blocks:
        bus = _html("lr-head", fill("head.html", has_key=key is not None), js_on_load=LISTEN)
        with gr.Column(elem_id="lr-library-view"):
            _html("lr-add", fill("add.html"))
            queue = _html("lr-queue")
            _html("lr-finding", fill("finding.html"))
            grid = _html("lr-grid")
        with gr.Column(elem_id="lr-ask-view"):
            with gr.Column(elem_id="lr-stage"):
                player, lanes, evidence = _html("lr-player"), _html("lr-lanes"), _html("lr-relevance")
                _html("lr-saving", fill("save.html"))
            with gr.Column(elem_id="lr-side"):
                about, summary = _html("lr-about"), _html("lr-made")
                with gr.Column(elem_id="lr-asking"):
                    with gr.Column(elem_id="lr-turns"):
                        talk, answer, examples = _html("lr-talk"), _html("lr-answer"), _html("lr-examples")
                    scopes = _html("lr-scope")
                    _html("lr-form", fill("question.html"))
        with gr.Column(elem_id="lr-batches-view"):
            short = _html("lr-collection")
            _html("lr-batches-head", fill("batches_head.html"))
            form, batches = _html("lr-batch-form"), _html("lr-batches")
        with gr.Column(elem_id="lr-status-view"):
            status, measured = _html("lr-status", markup.note("Checking the server.")), _html("lr-evaluations")
        watched = [player, lanes, about, summary, examples]
        answered, viewed = [answer, evidence, talk], [status, measured, short, form, batches]
        _wire(blocks, Page(key), Parts(bus, [queue, grid, scopes], watched, answered, viewed))
    return blocks


def _wire(blocks: gr.Blocks, page: Page, parts: Parts) -> None:
    # "multiple", or events that arrive while a handler runs are lost; one after the other they stay in order
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "trigger_mode": "multiple"}
    many: dict[str, Any] = {**quiet, "concurrency_limit": WORK_AT_ONCE}
    bus, listed, watched, answered, viewed = parts.bus, parts.listed, parts.watched, parts.answered, parts.viewed
    blocks.load(page.start, None, [*listed, *watched, *answered, *viewed], **quiet)
    bus.changed(page.changed, None, listed, **quiet)
    for following in (bus.ask(page.ask, None, answered, **many), bus.rejoin(page.rejoin, None, answered, **many)):
        following.failure(None, js=REFUSED, **quiet)
    making = bus.summarize(page.summarize, None, watched[3], **many)
    bus.stop(page.stop, None, answered[0], **quiet)
    bus.open(page.open, None, [listed[2], *watched, *answered], cancels=[making], **quiet)
    bus.chapters(page.chapters, None, watched[1:4], **quiet)
    bus.show(page.show, None, answered[:2], **quiet)
    bus.thread(page.thread, None, answered, **quiet)
    bus.threads(page.threads, None, answered[2], **quiet)
    bus.view(page.view, None, viewed, **quiet)
    bus.together(page.together, None, viewed[2], **many)
    bus.batches(page.batches, None, viewed[4], **quiet)
    bus.fetch(lambda: None, None, None, **quiet)


class Scripts(StaticFiles):
    """The page's scripts. Their path names their content, so a browser fetches each version once."""

    def __init__(self) -> None:
        super().__init__(directory=SCRIPTS)
        contents = b"".join(script.read_bytes() for script in sorted(SCRIPTS.iterdir()))
        self.path = f"scripts/{hashlib.sha256(contents).hexdigest()[:12]}"
        """Where they are, relative to the page; the same for the same scripts."""

    def file_response(self, *args: Any, **more: Any) -> Response:
        """The script, which the browser may use from now on without asking."""
        response = super().file_response(*args, **more)
        response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
        return response


def mount_page(app: Any, key: SecretStr | None) -> None:
    """Mounts the page at / of a FastAPI application."""
    look = "\n".join((HERE / name).read_text("utf-8") for name in STYLES)  # as `css` its selectors would be rewritten
    scripts = Scripts()
    app.mount(f"/{scripts.path}", scripts)
    blocks = create_page(key)
    gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        ssr_mode=False,
        footer_links=[],
        show_error=False,
        theme=theme(),
        head=f'<style>{look}</style><script type="module" src="{scripts.path}/main.js"></script>',
    )
    blocks.custom_mount_path = None  # otherwise it overrides the path that a proxy reports
