"""Drives the page of a running server like a new user and saves pictures for the documentation.

    longreel serve &
    python -m benchmarks.screenshots --question "When does the bridge open?" --next "Who opened it?"
    python -m benchmarks.screenshots --question "When does the bridge open?" --only library queue

The library must hold at least one video. The library itself and what one seldom sees (nothing in it, a queue, a
failure, a missing model) come from servers of its own, filled by `page_scenes`, so that they are the same each time. It
needs the package `playwright` and a Chromium.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.page_scenes import Filling, a_library, a_queue, own_server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize

WIDE: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
ANSWER_MS = 600_000
USUAL_FOLDERS = """() => {
  const rows = [...document.querySelectorAll('#lr-status tr')].filter((row) => row.cells[0].textContent === 'disk');
  for (const [at, name] of ['~/.cache/longreel', '~/.local/share/longreel'].entries()) {
    const cell = rows[at]?.cells[2];
    if (cell) cell.textContent = cell.textContent.replace(/^[^:]+/, name);
  }
}"""
"""Folders are shown as they are usually called, wherever the pictures are taken."""


@dataclass(frozen=True)
class Shown:
    """What the pictures show."""

    url: str
    video: str
    question: str
    follow_up: str
    absent: str
    out: Path
    started: ExitStack
    """Ends the servers that pictures have started."""
    own: dict[str, str] = field(default_factory=dict)
    """Their addresses, by what they hold; pictures of the same thing share one."""

    def server(self, name: str, fill: Filling | None = None, **environment: str) -> str:
        """The address of a server over a library of its own."""
        if name not in self.own:
            self.own[name] = self.started.enter_context(own_server(fill, **environment))
        return self.own[name]


def main() -> int:
    """Saves one PNG for each state of the page."""
    parser = argparse.ArgumentParser(description="Saves pictures of the page for the documentation.")
    parser.add_argument("--url", default="http://127.0.0.1:7860")
    parser.add_argument("--video", default="", help="id or title; the first of the library unless given")
    parser.add_argument("--question", required=True)
    parser.add_argument("--next", default="And what comes after that?", help="a question that points back")
    parser.add_argument("--absent", default="Who won the football match?", help="what the video does not say")
    parser.add_argument("--out", type=Path, default=Path("docs/screenshots"))
    parser.add_argument("--only", nargs="*", default=[], choices=[name for name, *_ in STATES], metavar="NAME")
    given = parser.parse_args()
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        sys.stderr.write("There is no Chromium. Install the package chromium.\n")
        return 5
    from playwright.sync_api import sync_playwright

    given.out.mkdir(parents=True, exist_ok=True)
    shown = Shown(given.url, given.video, given.question, given.next, given.absent, given.out, ExitStack())
    with sync_playwright() as playwright, shown.started:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for name, state, scheme, size in STATES:
            if not given.only or name in given.only:
                shoot(browser, shown, name, state, scheme, size)
        browser.close()
    return 0


def shoot(
    browser: Browser, shown: Shown, name: str, state: Callable[[Page, Shown], None], scheme: str, size: ViewportSize
) -> None:
    """One picture on a fresh page."""
    page = browser.new_page(viewport=size, color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    page.set_default_timeout(ANSWER_MS)
    state(page, shown)
    page.mouse.move(0, 0)
    page.wait_for_timeout(700)
    path = shown.out / f"{name}.png"
    page.screenshot(path=path, full_page=size != PHONE)  # on a phone some parts follow the window
    if page.locator("[data-stop]:enabled").count():
        with page.expect_response("**/v1/questions/*"):  # it would go on at the server, beside the next one
            page.locator("[data-stop]").click()
    page.close()
    print(path)


def library(page: Page, shown: Shown) -> None:
    """A library with tags."""
    listed(page, shown.server("library", a_library))


def listed(page: Page, url: str) -> None:
    """The library of a server, with all its pictures."""
    page.goto(url)
    page.locator("[data-open]").first.wait_for()
    for card in page.locator("#lr-grid .lr-video").all():
        card.scroll_into_view_if_needed()
    page.evaluate("scrollTo(0, 0)")


def details(page: Page, shown: Shown) -> None:
    """Title and tags of a video."""
    library(page, shown)
    page.locator("[data-retitle]").first.click()


def open_video(page: Page, shown: Shown, more: str = "") -> None:
    """The page with a video in its player."""
    video = shown.video
    if not video:
        listed(page, shown.url)
        video = page.locator("[data-open]").first.get_attribute("data-open") or ""
    page.goto(f"{shown.url}/?video={video}{more}")
    page.wait_for_function("document.querySelector('#lr-player video')?.readyState > 0")


def player(page: Page, shown: Shown) -> None:
    """The player while its bar is moved by keys."""
    open_video(page, shown, "&t=300&tab=transcript")
    page.get_by_role("button", name="Lanes").click()
    page.locator(".lr-wave path").first.wait_for(state="attached")
    page.get_by_role("slider", name="Position").press("ArrowRight")


def things(page: Page, shown: Shown) -> None:
    """Boxes around what was followed, and a lane for one of them."""
    open_video(page, shown)
    page.locator(".lr-things summary").click()
    page.locator(".lr-things li:nth-child(-n+2) button").last.click()  # the second fits the sample better
    page.get_by_role("button", name="Boxes over the picture").click()
    page.locator(".lr-thing .lr-marks button").first.click()
    page.locator(".lr-boxes > div").first.wait_for()


def part(page: Page, shown: Shown) -> None:
    """A rectangle on the picture, which the next question is about."""
    open_video(page, shown, "&t=300")
    page.get_by_role("button", name="Ask about a part").click()
    page.get_by_role("application", name="Part of the picture").wait_for()


def ask(page: Page, question: str) -> None:
    """Types a question and sends it."""
    box = page.get_by_role("textbox", name="Question", exact=True)
    box.fill(question)
    box.press("Enter")


def asking(page: Page, shown: Shown) -> None:
    """An agent at work."""
    open_video(page, shown)
    ask(page, shown.question)
    page.locator(".lr-steps li").first.wait_for()


def answer(page: Page, shown: Shown) -> None:
    """An answer with its pictures; an earlier one if the question was asked before."""
    answer_to(page, shown, shown.question)


def answer_to(page: Page, shown: Shown, question: str) -> None:
    """The stored answer to a question, or a new one."""
    open_video(page, shown)
    earlier = page.locator("[data-show]").filter(has=page.get_by_text(question, exact=True))
    if earlier.count():
        earlier.first.click()
    else:
        ask(page, question)
    wait_for_answer(page)


def wait_for_answer(page: Page) -> None:
    """Waits until the answer stands there with its pictures."""
    page.locator("#lr-answer .lr-badge, #lr-answer .lr-problem").first.wait_for()
    for citation in page.locator(".lr-cite").all():
        citation.scroll_into_view_if_needed()
    page.wait_for_function("[...document.querySelectorAll('.lr-cite img')].every((image) => image.naturalWidth > 0)")
    page.evaluate("scrollTo(0, 0)")


def citation(page: Page, shown: Shown) -> None:
    """A citation that plays."""
    answer(page, shown)
    page.locator(".lr-cite").first.click()
    page.wait_for_function("document.querySelector('#lr-player video').currentTime > 0.5")
    page.wait_for_timeout(6000)  # a span of text on the screen is good to some seconds


def conversation(page: Page, shown: Shown) -> None:
    """A question that points back."""
    open_video(page, shown)
    ask(page, shown.question)
    wait_for_answer(page)
    ask(page, shown.follow_up)
    page.locator(".lr-conversation .lr-lines").wait_for()
    wait_for_answer(page)


def summary(page: Page, shown: Shown) -> None:
    """Study notes of a page, every sentence with its times."""
    open_video(page, shown, "&tab=summary&summary=page.notes.")
    page.locator(".lr-points").first.wait_for()


def chapters(page: Page, shown: Shown) -> None:
    """Chapters that are edited."""
    open_video(page, shown, "&tab=chapters")
    page.get_by_role("button", name="Edit chapters").click()


def export(page: Page, shown: Shown) -> None:
    """The files that a video can be downloaded as."""
    open_video(page, shown, "&tab=export")


def recent(page: Page, shown: Shown) -> None:
    """Videos to choose from while none is open."""
    page.goto(f"{shown.url}/?view=ask")
    page.locator(".lr-recent").wait_for()


def saving(page: Page, shown: Shown) -> None:
    """A moment that is about to be saved."""
    open_video(page, shown, "&t=30&tab=transcript")
    page.get_by_role("button", name="Save this moment").click()
    page.get_by_role("dialog").wait_for()


def batches(page: Page, shown: Shown) -> None:
    """A batch that is about to start, with its cost, above the ones that ran."""
    page.goto(f"{shown.url}/?view=batches")
    page.locator("#lr-batch").wait_for()
    for box in page.locator("#lr-batch [name=videos]").all()[:3]:
        box.check()
    page.locator("#lr-batch-questions").fill("Who speaks?\nWhat was decided?")
    page.get_by_text("It takes about").wait_for()


def empty(page: Page, shown: Shown) -> None:
    """A library without a video."""
    page.goto(shown.server("nothing"))
    page.locator("#lr-grid .lr-first").wait_for()


def queue(page: Page, shown: Shown) -> None:
    """A video that is read, others that wait in an order, and one that could not be read."""
    page.goto(shown.server("queue", a_queue))
    page.get_by_text("Log", exact=True).first.click()
    page.locator(".lr-log li").nth(1).wait_for()
    page.get_by_text("about 3 min left").wait_for()


def refused(page: Page, shown: Shown) -> None:
    """An answer that the video does not give, with what was searched."""
    answer_to(page, shown, shown.absent)


def options(page: Page, shown: Shown) -> None:
    """What a person wants of each question."""
    open_video(page, shown)
    page.locator("#lr-wishes summary").click()
    page.get_by_label("pictures").uncheck()
    page.get_by_label("Only from").fill("2:00")


def speakers(page: Page, shown: Shown) -> None:
    """Naming those who speak; a library without voices shows no form for it."""
    open_video(page, shown, "&tab=transcript")
    if page.locator(".lr-voices summary").count():
        page.locator(".lr-voices summary").click()


def gone(page: Page, shown: Shown) -> None:
    """A server that went away while the page is open."""
    library(page, shown)
    page.route("**/v1/jobs?**", lambda route: route.abort("connectionrefused"))
    page.locator("#lr-gone").wait_for()


def missing(page: Page, shown: Shown) -> None:
    """A server without a language model, and what fixes it."""
    page.goto(f"{shown.server('remote', LONGREEL_PROFILE='remote')}/?view=status")
    page.locator(".lr-abilities").wait_for()
    page.get_by_role("link", name="to fix").wait_for()


def settings(page: Page, shown: Shown) -> None:
    """Settings that were searched for."""
    status(page, shown)
    page.locator("#lr-find-setting").fill("frames")
    page.locator("[data-setting]:visible").first.wait_for()


def status(page: Page, shown: Shown) -> None:
    """What the server runs on, and what was measured."""
    page.goto(f"{shown.url}/?view=status")
    page.locator(".lr-abilities").wait_for()
    page.evaluate(USUAL_FOLDERS)


STATES: tuple[tuple[str, Callable[[Page, Shown], None], str, ViewportSize], ...] = (
    ("library", library, "light", WIDE),
    ("details", details, "light", WIDE),
    ("player", player, "light", WIDE),
    ("part", part, "light", WIDE),
    ("things", things, "light", WIDE),
    ("recent", recent, "light", WIDE),
    ("saving", saving, "light", WIDE),
    ("asking", asking, "light", WIDE),
    ("answer", answer, "light", WIDE),
    ("citation", citation, "light", WIDE),
    ("conversation", conversation, "light", WIDE),
    ("summary", summary, "light", WIDE),
    ("chapters", chapters, "light", WIDE),
    ("export", export, "light", WIDE),
    ("batches", batches, "light", WIDE),
    ("status", status, "light", WIDE),
    ("settings", settings, "light", WIDE),
    ("empty", empty, "light", WIDE),
    ("queue", queue, "light", WIDE),
    ("refused", refused, "light", WIDE),
    ("options", options, "light", WIDE),
    ("speakers", speakers, "light", WIDE),
    ("gone", gone, "light", WIDE),
    ("missing", missing, "light", WIDE),
    ("queue-dark", queue, "dark", WIDE),
    ("empty-dark", empty, "dark", WIDE),
    ("queue-phone", queue, "light", PHONE),
    ("empty-phone", empty, "light", PHONE),
    ("library-dark", library, "dark", WIDE),
    ("answer-dark", answer, "dark", WIDE),
    ("status-dark", status, "dark", WIDE),
    ("library-phone", library, "light", PHONE),
    ("answer-phone", answer, "light", PHONE),
    ("batches-phone", batches, "light", PHONE),
)


if __name__ == "__main__":
    sys.exit(main())
