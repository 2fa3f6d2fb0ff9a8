"""Saving a moment, and correcting what was misheard."""

from __future__ import annotations

import re
from pathlib import Path

import av
import pytest
from playwright.sync_api import Page, expect

from tests.integration.page.conftest import Server, faults, open_film, open_tab
from tests.unit.api.stand_in import SAID

pytestmark = pytest.mark.browser


def test_a_moment_is_saved_as_link_quote_picture_and_clip(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_film(page)
    page.evaluate("document.querySelector('#lr-player video').currentTime = 9")
    page.get_by_role("button", name="Save this moment").click()
    dialog = page.get_by_role("dialog", name="Save this moment")
    expect(dialog.get_by_label("From")).to_have_value("0:08")
    expect(dialog.get_by_label("until")).to_have_value("0:11")
    expect(dialog.locator("blockquote")).to_have_text(SAID[1][2])
    assert faults(page) == []
    with page.expect_download() as picture:
        dialog.get_by_role("link", name="Picture").click()
    assert picture.value.suggested_filename == "Harbour film 0.08.jpg"
    assert Path(picture.value.path()).read_bytes().startswith(b"\xff\xd8")
    with page.expect_download() as clip:
        dialog.get_by_role("link", name="Clip").click()
    with av.open(str(clip.value.path())) as film:
        assert sum(1 for _ in film.decode(video=0)) / 5 == pytest.approx(3, abs=0.5)  # 5 pictures a second
    dialog.get_by_label("From").fill("0:30")
    dialog.get_by_label("From").press("Tab")
    expect(dialog.get_by_role("alert")).to_contain_text("the end after the start")
    dialog.get_by_label("From").fill("0:07.5")
    dialog.get_by_label("From").press("Tab")
    dialog.get_by_role("button", name="Copy the quote").click()
    expect(page.locator("#lr-toast-text")).to_have_text("The quote is copied.")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"“{SAID[1][2]}”\nHarbour film, 0:07 to 0:11\n") and copied.endswith("&t=7.5")


def test_a_misheard_sentence_is_corrected_and_search_finds_it(page: Page, server: Server) -> None:
    open_film(page)
    open_tab(page, "Transcript")
    page.get_by_role("button", name="The bridge opened").hover()
    page.get_by_role("button", name="Correct the sentence at 0:08").click()
    box = page.get_by_role("textbox", name="What is said")
    expect(box).to_have_value(SAID[1][2])
    assert faults(page) == []
    box.fill("The quay opened in March <1932>.")
    box.press("Enter")
    expect(page.locator("#lr-toast-text")).to_contain_text("Search and new answers use it")
    expect(page.get_by_role("button", name="The quay opened in March <1932>.")).to_be_visible()
    found = page.request.get(f"{server.address}/v1/search?q=quay+opened&limit=1").json()
    assert found[0]["text"] == "The quay opened in March <1932>."
    page.reload()
    expect(page.locator("#lr-transcript")).to_contain_text(re.compile("The quay opened in March <1932>"))
