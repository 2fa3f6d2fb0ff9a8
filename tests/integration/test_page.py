"""The page in a real browser, over the stand-in: what a person does on it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from tests.unit.api.stand_in import SAID
from tests.unit.api.tiny_video import write_webm

pytestmark = pytest.mark.browser

KEY = "a long secret for tests"
ROOT = Path(__file__).parents[2]


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


@pytest.fixture(scope="module")
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
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """A page that must end without an error on its console and without a request to another host."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    faults: list[str] = []

    def said(message: ConsoleMessage) -> None:
        if message.type == "error":
            faults.append(message.text)

    def asked(request: Request) -> None:
        if not request.url.startswith((server.address, "data:", "blob:")):
            faults.append(f"a request to {request.url}")

    page.on("console", said)
    page.on("request", asked)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(server.address)
    expect(page.locator("[data-open]").first).to_be_visible()
    yield page
    context.close()
    assert faults == []


def now(page: Page) -> float:
    return float(page.evaluate("document.querySelector('#lr-player video').currentTime"))


def open_film(page: Page) -> None:
    page.get_by_role("link", name="Harbour film").click()
    expect(page.get_by_label("Player: Harbour film")).to_be_visible()
    page.wait_for_function("document.querySelector('#lr-player video').readyState > 0")


def ask(page: Page, question: str) -> None:
    box = page.get_by_role("textbox", name="Question", exact=True)
    box.fill(question)
    box.press("Enter")


def test_a_citation_plays_the_moment_that_it_cites(page: Page) -> None:
    open_film(page)
    ask(page, "When did the bridge open?")
    expect(page.locator(".lr-now")).to_be_visible()
    answer = page.get_by_role("region", name="Answer")
    expect(answer.locator(".lr-badge")).to_have_text("Answered")
    expect(answer.locator(".lr-text")).to_have_text("It opened in {1932} <b>.")
    expect(answer).to_contain_text("86%")
    citation = page.get_by_role("button", name="Play Harbour film from 0:08")
    expect(citation).to_contain_text(SAID[1][2])
    page.wait_for_function("document.querySelector('.lr-cite img').naturalWidth > 0")
    assert now(page) < 1
    citation.click()
    page.wait_for_function("document.querySelector('#lr-player video').currentTime > 8.1")
    assert 8 <= now(page) < 12
    assert page.evaluate("document.querySelector('#lr-player video').paused") is False
    assert re.search(r"\?video=[0-9a-f]{64}&t=8$", page.url)
    expect(page.locator("#lr-transcript [aria-current]")).to_contain_text("The bridge opened")


def test_the_keyboard_alone_is_enough(page: Page) -> None:
    page.locator("[data-open]").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('#lr-player video')?.readyState > 0")
    page.get_by_role("textbox", name="Question", exact=True).focus()
    page.keyboard.type("When did the bridge open?")
    page.keyboard.press("Enter")
    expect(page.locator(".lr-cite")).to_be_visible()
    for _ in range(25):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.classList.contains('lr-cite')"):
            break
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('#lr-player video').currentTime >= 8")


def test_a_citation_of_a_video_that_is_not_open_opens_it(page: Page) -> None:
    ask(page, "When did the bridge open?")
    page.locator(".lr-cite").click()
    page.wait_for_function("document.querySelector('#lr-player video')?.currentTime >= 8")
    expect(page.get_by_label("Player: Harbour film")).to_be_visible()


def test_the_transcript_and_the_chapters_play_their_moments(page: Page) -> None:
    open_film(page)
    page.get_by_role("button", name="Thank you for watching.").click()
    page.wait_for_function("document.querySelector('#lr-player video').currentTime >= 15")
    page.get_by_role("tab", name="Chapters").click()
    page.get_by_role("button", name="The harbour").click()
    page.wait_for_function("document.querySelector('#lr-player video').currentTime < 3")
    page.get_by_role("tab", name="Summary").click()
    expect(page.locator("#lr-summary")).to_contain_text("A film about a bridge.")


def test_options_make_a_choice(page: Page) -> None:
    page.get_by_role("button", name="Multiple choice").click()
    page.get_by_label("Options, one on each line").fill("in 1931\nin 1932")
    ask(page, "When did the bridge open?")
    expect(page.locator(".lr-option")).to_have_text("B. in 1932")


def test_what_is_not_in_the_video_and_errors_are_told(page: Page) -> None:
    ask(page, "Where is the cat?")
    expect(page.locator(".lr-badge")).to_have_text("Not in the video")
    ask(page, "Will it crash?")
    expect(page.get_by_role("alert").filter(has_text="The model could not run. Try again.")).to_be_visible()
    ask(page, "   ")
    expect(page.locator("#lr-answer")).to_contain_text("Type a question first")


def test_stop_ends_the_work_on_a_question(page: Page, server: Server) -> None:
    ask(page, "What about eternity?")
    expect(page.locator(".lr-now")).to_contain_text("Will look for")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#lr-answer")).to_contain_text("Stopped.")
    assert server.line() == "stopped"


def test_an_address_names_a_moment(page: Page, server: Server) -> None:
    id = page.locator("[data-open]").first.get_attribute("data-open")
    page.goto(f"{server.address}/?video={id}&t=12.5")
    page.wait_for_function("document.querySelector('#lr-player video')?.currentTime >= 12.4")
    assert now(page) == pytest.approx(12.5, abs=0.3)


def test_an_address_of_a_video_that_is_gone_is_told(page: Page, server: Server) -> None:
    page.goto(f"{server.address}/?video=ffffffff&t=nonsense")
    expect(page.get_by_role("alert").filter(has_text="No video is called ffffffff")).to_be_visible()


def test_a_phone_needs_no_sideways_scrolling(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.emulate_media(color_scheme="dark")
    open_film(page)
    ask(page, "When did the bridge open?")
    expect(page.locator(".lr-cite")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_an_upload_is_read_and_can_be_asked_about_and_deleted(page: Page, server: Server, tmp_path: Path) -> None:
    film = write_webm(tmp_path / "second <film>.webm", seconds=2)
    page.get_by_label("Add a video").set_input_files(film)
    page.get_by_role("button", name="Upload").click()
    expect(page.locator("#lr-upload-state")).to_have_text("Uploaded. It is being read now.")
    expect(page.locator(".lr-stage")).to_contain_text("Writing down what is said · 50 %")
    expect(page.get_by_role("progressbar", name="Progress of second <film>")).to_have_attribute("value", "0.5")
    server.go_on_reading()
    expect(page.get_by_role("link", name="second <film>")).to_be_visible()
    expect(page.locator(".lr-job")).to_have_count(0)
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete second <film>").click()
    expect(page.get_by_role("link", name="second <film>")).to_have_count(0)


def test_a_video_that_cannot_be_read_says_why(page: Page, server: Server, tmp_path: Path) -> None:
    server.go_on_reading()
    bad = tmp_path / "empty.mp4"
    bad.write_bytes(b" ")
    page.get_by_label("Add a video").set_input_files(bad)
    page.get_by_role("button", name="Upload").click()
    expect(page.locator(".lr-failed")).to_contain_text("The file is empty. Give a video.")
    expect(page.get_by_role("button", name="Try empty again")).to_be_visible()


def test_a_server_with_a_key_asks_for_it(browser: Browser, tmp_path: Path) -> None:
    server = Server(tmp_path, KEY)
    context = browser.new_context()
    try:
        page = context.new_page()
        page.goto(server.address)
        page.get_by_label("API key of this server").fill("wrong")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_have_text("This is not the server's key.")
        page.get_by_label("API key of this server").fill(KEY)
        page.get_by_role("button", name="Sign in").click()
        open_film(page)
        ask(page, "When did the bridge open?")
        expect(page.locator(".lr-cite")).to_be_visible()
    finally:
        context.close()
        server.close()
