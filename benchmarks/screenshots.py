"""Drives the page of a running server like a new user and saves pictures for the documentation.

    longreel serve &
    python -m benchmarks.screenshots --question "When does the bridge open?" --out docs/screenshots

The library must hold at least one video. It needs the package `playwright` and a Chromium.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize

WIDE: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
ANSWER_MS = 180_000


def main() -> int:
    """Saves library, asking, answer, answer-dark and answer-phone as PNG."""
    parser = argparse.ArgumentParser(description="Saves pictures of the page for the documentation.")
    parser.add_argument("--url", default="http://127.0.0.1:7860")
    parser.add_argument("--video", default="", help="id or title; the first of the library unless given")
    parser.add_argument("--question", required=True)
    parser.add_argument("--out", type=Path, default=Path("docs/screenshots"))
    given = parser.parse_args()
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        sys.stderr.write("There is no Chromium. Install the package chromium.\n")
        return 5
    from playwright.sync_api import sync_playwright

    given.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        shoot(browser, given.url, given.video, given.question, given.out)
        browser.close()
    return 0


def shoot(browser: Browser, url: str, video: str, question: str, out: Path) -> None:
    """All pictures, in the order in which a person would see them."""
    page = browser.new_page(viewport=WIDE, color_scheme="light")
    page.goto(url)
    page.locator("[data-open]").first.wait_for()
    save(page, out / "library.png")
    name = video or page.locator("[data-open]").first.get_attribute("data-open") or ""
    open_video(page, url, name)
    ask(page, question)
    page.locator(".lr-steps li").first.wait_for(timeout=ANSWER_MS)
    save(page, out / "asking.png")
    wait_for_answer(page)
    save(page, out / "answer.png")
    if page.locator(".lr-cite").count():
        page.locator(".lr-cite").first.click()
        page.wait_for_timeout(1500)
        save(page, out / "citation.png")
    shoot_answer(browser.new_page(viewport=WIDE, color_scheme="dark"), url, name, question, out / "answer-dark.png")
    shoot_answer(browser.new_page(viewport=PHONE, color_scheme="light"), url, name, question, out / "answer-phone.png")


def shoot_answer(page: Page, url: str, name: str, question: str, path: Path) -> None:
    """One answer on a fresh page."""
    open_video(page, url, name)
    ask(page, question)
    wait_for_answer(page)
    save(page, path)


def open_video(page: Page, url: str, name: str) -> None:
    """The page with a video in its player."""
    page.goto(f"{url}/?video={name}")
    page.wait_for_function("document.querySelector('#lr-player video')?.readyState > 0")


def ask(page: Page, question: str) -> None:
    """Types a question and sends it."""
    box = page.get_by_role("textbox", name="Question", exact=True)
    box.fill(question)
    box.press("Enter")


def wait_for_answer(page: Page) -> None:
    """Waits until the answer stands there with its pictures."""
    page.locator("#lr-answer .lr-badge, #lr-answer .lr-problem").first.wait_for(timeout=ANSWER_MS)
    for citation in page.locator(".lr-cite").all():
        citation.scroll_into_view_if_needed()
    page.wait_for_function("[...document.querySelectorAll('.lr-cite img')].every((image) => image.naturalWidth > 0)")


def save(page: Page, path: Path) -> None:
    """The whole page as a picture."""
    page.wait_for_timeout(500)
    page.screenshot(path=path, full_page=True)
    print(path)


if __name__ == "__main__":
    sys.exit(main())
