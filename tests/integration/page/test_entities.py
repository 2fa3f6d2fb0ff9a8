"""Who and what the open video mentions, on the page."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.integration.page.conftest import Server, faults, open_film, open_tab, wait_until_at

pytestmark = pytest.mark.browser


def test_a_name_lists_its_moments_and_a_click_plays_one(page: Page, server: Server) -> None:
    server.tell_voices_apart()
    open_film(page)
    open_tab(page, "Transcript")
    page.get_by_text("Who speaks: Speaker 1, Speaker 2").click()
    page.locator("#lr-voice-2").fill("Anna Ek")
    page.get_by_role("button", name="Save the name of Speaker 2").click()
    page.get_by_text("Who and what: 1").click()
    chip = page.get_by_role("button", name="Anna Ek 2", exact=True)
    chip.click()
    moments = page.locator("#lr-moments")
    expect(moments.get_by_role("button")).to_have_count(2)
    expect(moments).to_contain_text("0:15speaks Thank you for watching.")
    assert faults(page) == []
    moments.get_by_role("button", name="Thank you for watching.").click()
    wait_until_at(page, 15)
    chip.click()
    expect(moments).to_be_empty()
