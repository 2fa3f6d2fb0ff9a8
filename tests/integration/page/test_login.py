"""A server with a key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.integration.page.conftest import Server, ask, open_film
from ui.blocks import Scripts

pytestmark = pytest.mark.browser
KEY = "a long secret for tests"


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path, KEY)
    yield server
    server.close()


def test_a_server_with_a_key_asks_for_it(browser: Browser, locked: Server) -> None:
    context = browser.new_context()
    try:
        page = context.new_page()
        page.goto(locked.address)
        assert page.request.get(f"{locked.address}/{Scripts().path}/main.js").status == 401
        page.get_by_label("API key of this server").fill("wrong")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_have_text("This is not the key of this server.")
        page.get_by_label("API key of this server").fill(KEY)
        page.get_by_role("button", name="Sign in").click()
        open_film(page)
        ask(page, "When did the bridge open?")
        expect(page.locator(".lr-answer .lr-cite")).to_be_visible()
        scripts = page.request.get(f"{locked.address}/{Scripts().path}/main.js")
        assert scripts.status == 200 and "immutable" in scripts.headers["cache-control"]
        assert page.request.get(f"{locked.address}/scripts/another/main.js").status == 404
    finally:
        context.close()
