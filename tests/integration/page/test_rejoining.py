"""A question goes on at the server when its page is reloaded, and the page rejoins it."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.integration.page.conftest import Server, ask, open_film
from tests.unit.api.tiny_video import write_webm
from ui.blocks import Scripts

SLOW = "When did it open, slowly?"

CLOSE_LATE = """(() => {
  const fetched = window.fetch;
  let sent = () => {};
  window.fetch = async (...given) => {
    const response = await fetched(...given);
    const address = given[0].url || String(given[0]);
    if (address.includes('/queue/join')) window.setTimeout(() => sent(), 100);
    if (!address.includes('/queue/data')) return response;
    const late = new TransformStream({
      async transform(message, line) {
        if (message.includes('close_stream')) await new Promise((done) => { sent = done; });
        line.enqueue(message);
      },
    });
    const messages = new TransformStream({
      transform: (text, line) => text.split(/(?<=\\n\\n)/).forEach((message) => line.enqueue(message)),
    });
    const body = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(messages).pipeThrough(late);
    return new Response(body.pipeThrough(new TextEncoderStream()), response);
  };
})()"""
"""The page hears that the server has closed its line of replies only after it has sent its next event."""


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


def test_a_connection_that_comes_back_before_the_question_has_arrived_does_not_disturb_it(
    page: Page, server: Server
) -> None:
    ask(page, SLOW)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("#lr-answer [aria-busy] h2")).to_have_text(SLOW)
    server.answer_slow_questions()
    expect(page.locator("#lr-answer .lr-verdict")).to_contain_text("Answered")
    expect(page.locator("#lr-ask-problem")).to_be_hidden()


def test_a_question_sent_while_the_server_closes_its_line_of_replies_is_answered(page: Page) -> None:
    page.add_init_script(CLOSE_LATE)
    page.reload()
    expect(page.locator("[data-open]").first).to_be_visible()
    ask(page, "When did it open?")
    expect(page.locator("#lr-answer section h2")).to_have_text("When did it open?")


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


def test_back_and_forward_show_the_question_of_their_address(page: Page, server: Server) -> None:
    open_film(page)
    ask(page, "When did it open?")
    page.wait_for_function("new URLSearchParams(location.search).get('answer')")
    ask(page, SLOW)
    expect(page.locator("#lr-answer [aria-busy] h2")).to_have_text(SLOW)
    page.go_back()
    expect(page.locator("#lr-answer section h2")).to_have_text("When did it open?")
    assert (param(page, "q"), param(page, "run")) == ("When did it open?", "")
    page.go_forward()
    expect(page.locator("#lr-answer [aria-busy] h2")).to_have_text(SLOW)
    assert param(page, "answer") == ""
    server.answer_slow_questions()
    page.wait_for_function("new URLSearchParams(location.search).get('answer')")
    page.get_by_role("link", name="Library").click()
    page.go_back()
    page.go_back()
    expect(page.locator("#lr-answer section h2")).to_have_text("When did it open?")
    page.go_back()
    expect(page.locator("#lr-player video")).to_have_count(0)
    expect(page.locator("#lr-answer h2")).to_have_count(0)


def test_opening_another_video_leaves_the_question_until_one_comes_back(
    page: Page, server: Server, tmp_path: Path
) -> None:
    server.go_on_reading()
    page.request.post(f"{server.address}/v1/videos", multipart={"file": write_webm(tmp_path / "second.webm", 2)})
    open_film(page)
    ask(page, SLOW)
    expect(page.locator("#lr-answer [aria-busy]")).to_be_visible()
    page.get_by_role("link", name="Library").click()
    page.get_by_role("link", name="second").click()
    expect(page.get_by_label("Player: second")).to_be_visible()
    expect(page.locator("#lr-answer h2")).to_have_count(0)
    expect(page.get_by_role("button", name="Ask", exact=True)).to_be_enabled()
    assert (param(page, "q"), param(page, "run")) == ("", "")
    page.go_back()
    page.go_back()
    expect(page.get_by_label("Player: Harbour film")).to_be_visible()
    expect(page.locator("#lr-answer [aria-busy] h2")).to_have_text(SLOW)
    server.answer_slow_questions()
    page.wait_for_function("new URLSearchParams(location.search).get('answer')")
    assert param(page, "q") == SLOW


def test_a_question_that_the_server_lost_is_asked_once_more_and_the_text_in_the_box_stays(
    page: Page, server: Server
) -> None:
    ask(page, SLOW)
    expect(page.locator("#lr-answer [aria-busy]")).to_be_visible()
    page.get_by_role("textbox", name="Question", exact=True).fill("And then?")
    lost = """async (address) => {
      const run = 'a-run-of-an-earlier-server', asked = JSON.parse(sessionStorage.getItem('longreel-asked'));
      sessionStorage.setItem('longreel-asked', JSON.stringify({ ...asked, run }));
      (await import(address)).address({ run });
    }"""
    script = f"/{Scripts().path}/page.js"
    page.evaluate(lost, script)
    page.reload()
    expect(page.locator("#lr-answer [aria-busy] h2")).to_have_text(SLOW)
    expect(page.get_by_role("textbox", name="Question", exact=True)).to_have_value("And then?")
    server.answer_slow_questions()
    page.wait_for_function("new URLSearchParams(location.search).get('answer')")
    assert param(page, "q") == SLOW
    page.evaluate(f"import('{script}').then((page) => page.address({{ answer: '', run: 'another-unknown-run' }}))")
    page.reload()
    expect(page.locator("#lr-answer")).to_contain_text("This question was interrupted. Ask it again.")
