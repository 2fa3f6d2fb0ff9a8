"""The page in a real browser, over the stand-in in a process of its own.

One browser, one context and one server serve all modules; each test finds the library as new and the browser without
cookies, permissions and stored values. What the browser has loaded and compiled stays: that took most of the time of a
test. Nothing here waits for a fixed time: a busy machine is only slower.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

ROOT = Path(__file__).parents[3]
PATIENCE_MS = 40_000
LEFT = ("AbortError: signal is aborted", "Connection errored out")
"""What the page's framework logs when it is reloaded while it waits for the server."""
TOLD = ("413", "422", "503", "ERR_CONNECTION_RESET", *LEFT)
"""Refused requests and broken lines: the browser logs them, the page tells them.

So is the picture of a video that was deleted this moment.
"""

PLAYED = """([from, to]) => {
  const { paused, played, currentTime } = document.querySelector('#lr-player video');
  const ranges = [...Array(played.length).keys()].map((n) => [played.start(n), played.end(n)]);
  const whole = ranges.some(([start, end]) => Math.abs(start - from) < 0.3 && end > to - 0.5);
  return paused && whole && Math.abs(currentTime - to) < 0.1;
}"""

HASTEN = """document.addEventListener('loadedmetadata', (event) => { event.target.playbackRate = 4; }, true)"""
"""Films play four times as fast."""

SETTLED = """async () => {
  const moving = document.getAnimations().filter((one) => one instanceof CSSTransition);
  await Promise.allSettled(moving.map((one) => one.finished));
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""


class Server:
    """The stand-in in a process of its own, which may ask for a key."""

    def __init__(self, folder: Path, *key: str) -> None:
        command = [sys.executable, "-W", "ignore", "-m", "tests.unit.api.serve", str(folder), *key]
        environment = {**os.environ, "LONGREEL_HOME": str(folder)}
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.settings_file = folder / "longreel.toml"
        self.data = folder / "library"
        self.address = f"http://127.0.0.1:{self._line()}"

    def make_fresh(self) -> None:
        """One video, nothing at work, a reader that waits at half of its way."""
        assert self._wish("fresh") == "fresh"

    def go_on_reading(self) -> None:
        """Lets the reader finish its videos."""
        assert self._wish("read") == "reading"

    def tell_voices_apart(self) -> None:
        """The film's first sentence is of one voice, the others are of another."""
        assert self._wish("voices") == "told apart"

    def follow_things(self) -> None:
        """The film shows two boats and a bird."""
        assert self._wish("things") == "followed"

    def region(self) -> str:
        """The part of the picture that the last question was about."""
        return self._wish("region")

    def run_pools(self) -> None:
        """Lets the server tell of a pool in a Ray cluster."""
        assert self._wish("pools") == "running"

    def limits(self) -> tuple[int, float]:
        """Steps and seconds that the last question could take."""
        steps, seconds = self._wish("limits").split()
        return int(steps), float(seconds)

    def answer_slow_questions(self) -> None:
        """Lets questions with the word "slowly" go on."""
        assert self._wish("answer") == "going on"

    def has_stopped(self) -> bool:
        """Waits until a question was cancelled since the library was new."""
        return self._wish("stopped") == "stopped"

    def close(self) -> None:
        """Ends it."""
        self._pipe(self._process.stdin).close()
        try:
            self._process.wait(20)
        finally:
            self._process.kill()
            self._pipe(self._process.stdout).close()

    def _wish(self, text: str) -> str:
        entry = self._pipe(self._process.stdin)
        entry.write(f"{text}\n")
        entry.flush()
        return self._line()

    def _line(self) -> str:
        return self._pipe(self._process.stdout).readline().strip()

    @staticmethod
    def _pipe(pipe: IO[str] | None) -> IO[str]:
        assert pipe is not None
        return pipe


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium here: install the package chromium to test the page")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("page"))
    yield server
    server.close()


@pytest.fixture
def server(running: Server) -> Server:
    """The server with a library as new."""
    running.make_fresh()
    return running


@pytest.fixture(scope="package")
def shared_context(browser: Browser, running: Server) -> Iterator[BrowserContext]:
    del running  # which is to end after it
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script(HASTEN)
    yield context
    context.close()


@pytest.fixture
def new_page(shared_context: BrowserContext, server: Server) -> Iterator[Callable[[], Page]]:
    """Makes tabs that must end without an error on their consoles and without a request to another host."""
    faults: list[str] = []

    def said(message: ConsoleMessage) -> None:
        told = any(sign in message.text for sign in TOLD) or "/thumbnail?" in message.location["url"]
        if message.type == "error" and not told:
            faults.append(message.text)

    def asked(request: Request) -> None:
        if not request.url.startswith((server.address, "data:", "blob:")):
            faults.append(f"a request to {request.url}")

    def make() -> Page:
        page = shared_context.new_page()
        page.on("console", said)
        page.on("request", asked)
        page.on("pageerror", lambda error: faults.append(str(error)))
        return page

    yield make
    for page in shared_context.pages:
        page.close()
    _forget(shared_context, server)
    assert faults == []


def _forget(context: BrowserContext, server: Server) -> None:
    """Clears what a page stored."""
    page = context.new_page()
    page.goto(f"{server.address}/v1/health")
    page.evaluate("localStorage.clear()")
    page.close()
    context.clear_cookies()
    context.clear_permissions()


@pytest.fixture
def page(new_page: Callable[[], Page], server: Server) -> Page:
    """The page as it first opens."""
    page = new_page()
    page.goto(server.address)
    expect(page.locator("[data-open]").first).to_be_visible()
    return page


def now(page: Page) -> float:
    """Where the player stands, in seconds."""
    return float(page.evaluate("document.querySelector('#lr-player video').currentTime"))


def wait_until_at(page: Page, seconds: float) -> None:
    """Waits until the player is past a time."""
    page.wait_for_function(f"document.querySelector('#lr-player video')?.currentTime >= {seconds}")


def wait_until_played(page: Page, start_s: float, end_s: float) -> None:
    """Waits until the player stands still at the end of a span that it has played."""
    page.wait_for_function(PLAYED, arg=[start_s, end_s])


def open_film(page: Page) -> None:
    """The film in the player."""
    page.get_by_role("link", name="Harbour film").click()
    expect(page.get_by_label("Player: Harbour film")).to_be_visible()
    page.wait_for_function("document.querySelector('#lr-player video').readyState > 0")


def open_tab(page: Page, name: str) -> None:
    """A tab beside the player."""
    page.get_by_role("tab", name=name).click()


def open_lanes(page: Page) -> None:
    """What is below the player's bar."""
    page.get_by_role("button", name="Lanes").click()


def ask(page: Page, question: str) -> None:
    """Types a question and sends it."""
    if not page.get_by_role("textbox", name="Question", exact=True).is_visible():
        page.get_by_role("link", name="Watch and ask").click()
    box = page.get_by_role("textbox", name="Question", exact=True)
    box.fill(question)
    box.press("Enter")


def settle(page: Page) -> None:
    """Waits until nothing moves and everything is drawn."""
    page.evaluate(SETTLED)


def faults(page: Page) -> list[str]:
    """What axe-core finds wrong in light, and in dark what could differ there: the contrast."""
    return _axe(page, "light", {}) + _axe(page, "dark", {"runOnly": ["color-contrast"]})


def _axe(page: Page, scheme: str, options: dict[str, object]) -> list[str]:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    expect(page.locator("body.dark")).to_have_count(int(scheme == "dark"))
    settle(page)
    found = Axe().run(page, options={"resultTypes": ["violations"], **options}).response["violations"]
    places = [(one["id"], node) for one in found for node in one["nodes"][:1]]
    return [f"{scheme} {id}: {node['html'][:200]} {node.get('failureSummary')}" for id, node in places]
