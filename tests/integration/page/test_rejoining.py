"""A question goes on at the server when its page is reloaded, and the page rejoins it."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.integration.page.conftest import Server, ask

SLOW = "When did it open, slowly?"


def param(page: Page, name: str) -> str:
    """A value in the page's address."""
    return str(page.evaluate("(name) => new URLSearchParams(location.search).get(name) || ''", name))


def test_a_reloaded_page_rejoins_its_question(page: Page, server: Server) -> None:
    ask(page, SLOW)
    expect(page.locator("#lr-answer [aria-busy]")).to_be_visible()
    page.reload()
    expect(page.locator("#lr-answer [aria-busy]")).to_be_visible()
    expect(page.locator("#lr-answer h2")).to_have_text(SLOW)
    server.answer_slow_questions()
    expect(page.locator("#lr-answer .lr-verdict")).to_contain_text("Answered")
    expect(page.locator("#lr-answer h2")).to_have_text(SLOW)
    page.wait_for_function("new URLSearchParams(location.search).get('answer')")
    assert param(page, "q") == SLOW and param(page, "run") == ""


def test_a_question_asked_after_an_answer_does_not_keep_its_address(page: Page, server: Server) -> None:
    ask(page, "When did it open?")
    page.wait_for_function("new URLSearchParams(location.search).get('answer')")
    earlier = param(page, "answer")
    ask(page, SLOW)
    page.wait_for_function("new URLSearchParams(location.search).get('run')")
    assert param(page, "q") == SLOW and param(page, "answer") == ""
    page.reload()
    expect(page.locator("#lr-answer [aria-busy] h2")).to_have_text(SLOW)
    assert param(page, "answer") == ""
    server.answer_slow_questions()
    page.wait_for_function("new URLSearchParams(location.search).get('answer')")
    assert (param(page, "answer") != earlier, param(page, "q")) == (True, SLOW)
