"""The page in a real browser, over the stand-in in a process of its own."""

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
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

ROOT = Path(__file__).parents[3]


class Server:
    """The stand-in in a process of its own."""

    def __init__(self, folder: Path, key: str = "") -> None:
        command = [sys.executable, "-W", "ignore", "-m", "tests.unit.api.serve", str(folder)]
        environment = {**os.environ, "STAND_IN_KEY": key}
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.address = f"http://127.0.0.1:{self.line()}"

    def line(self) -> str:
        """The next thing it says."""
        return self._pipe(self._process.stdout).readline().strip()

    def go_on_reading(self) -> None:
        """Lets the reader finish its video."""
        entry = self._pipe(self._process.stdin)
        entry.write("read\n")
        entry.flush()

    def close(self) -> None:
        """Ends it."""
        self._pipe(self._process.stdin).close()
        try:
            self._process.wait(20)
        finally:
            self._process.kill()
            self._pipe(self._process.stdout).close()

    @staticmethod
    def _pipe(pipe: IO[str] | None) -> IO[str]:
        assert pipe is not None
        return pipe


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium here: install the package chromium to test the page")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("page"))
    yield server
    server.close()


@pytest.fixture
def new_page(browser: Browser, server: Server) -> Iterator[Callable[[], Page]]:
    """Makes tabs that must end without an error on their consoles and without a request to another host."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    faults: list[str] = []

    def said(message: ConsoleMessage) -> None:
        if message.type == "error" and "422" not in message.text:  # a refused request is told on the page
            faults.append(message.text)

    def asked(request: Request) -> None:
        if not request.url.startswith((server.address, "data:", "blob:")):
            faults.append(f"a request to {request.url}")

    def make() -> Page:
        page = context.new_page()
        page.on("console", said)
        page.on("request", asked)
        page.on("pageerror", lambda error: faults.append(str(error)))
        return page

    yield make
    context.close()
    assert faults == []


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


def is_paused(page: Page) -> bool:
    """Whether the player stands still."""
    return bool(page.evaluate("document.querySelector('#lr-player video').paused"))


def open_film(page: Page) -> None:
    """The film in the player."""
    page.get_by_role("link", name="Harbour film").click()
    expect(page.get_by_label("Player: Harbour film")).to_be_visible()
    page.wait_for_function("document.querySelector('#lr-player video').readyState > 0")


def ask(page: Page, question: str) -> None:
    """Types a question and sends it."""
    if not page.get_by_role("textbox", name="Question", exact=True).is_visible():
        page.get_by_role("link", name="Watch and ask").click()
    box = page.get_by_role("textbox", name="Question", exact=True)
    box.fill(question)
    box.press("Enter")


def faults(page: Page) -> list[str]:
    """What axe-core finds wrong, with the first place of each."""
    page.wait_for_timeout(300)
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]} {one['nodes'][0].get('failureSummary')}" for one in found]
