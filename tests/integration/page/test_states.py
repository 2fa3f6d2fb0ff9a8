"""What the page shows when something is not as usual, and the settings."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.integration.page.conftest import Server, faults

pytestmark = pytest.mark.browser


def test_settings_are_searched_and_their_lines_copied(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("link", name="Status").click()
    expect(page.locator(".lr-part").first).to_be_visible()
    page.get_by_label("Find", exact=True).locator("visible=true").fill("searches and closer")
    expect(page.locator("[data-setting]:visible")).to_have_count(1)
    expect(page.locator(".lr-part:visible")).to_have_count(1)
    page.get_by_role("button", name="Copy the line that changes LONGREEL_AGENT__MAX_STEPS").click()
    expect(page.locator("#lr-said")).to_have_text("The line is copied.")
    assert page.evaluate("navigator.clipboard.readText()") == "export LONGREEL_AGENT__MAX_STEPS=5"
    assert faults(page) == []


def test_a_server_that_went_away_is_told_until_it_is_back(page: Page, server: Server) -> None:
    page.route("**/v1/jobs?**", lambda route: route.abort("connectionreset"))
    expect(page.locator("#lr-gone")).to_be_visible()
    expect(page.get_by_role("link", name="Harbour film")).to_be_visible()
    assert faults(page) == []
    page.unroute("**/v1/jobs?**")
    expect(page.locator("#lr-gone")).to_be_hidden()
    expect(page.locator("#lr-said")).to_have_text("The server is back.")
