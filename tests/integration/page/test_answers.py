"""Asking on the page, and what can be done with an answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from app.api.bodies import LARGEST_EVENT
from tests.integration.page.conftest import Server, ask, now, open_film, settle, wait_until_at, wait_until_played
from tests.unit.api.stand_in import SAID

pytestmark = pytest.mark.browser


def test_a_citation_plays_the_span_that_it_cites_and_stops_at_its_end(page: Page) -> None:
    open_film(page)
    ask(page, "When did the bridge open?")
    expect(page.locator(".lr-now")).to_be_visible()
    answer = page.get_by_role("region", name="Answer")
    expect(answer.locator(".lr-verdict")).to_contain_text("Answered ✓ 1 source verified confidence 86%")
    expect(answer.locator(".lr-text")).to_contain_text("It opened in {1932} <b>.")
    citation = page.get_by_role("button", name="Play Harbour film from 0:08")
    expect(citation).to_contain_text(SAID[1][2])
    page.wait_for_function("document.querySelector('.lr-answer .lr-cite img').naturalWidth > 0")
    assert now(page) < 1
    citation.click()
    wait_until_at(page, 8.1)
    assert re.search(r"\?video=[0-9a-f]{64}&.*t=8(&|$)", page.url)
    expect(page.locator("#lr-transcript [aria-current]")).to_contain_text("The bridge opened")
    wait_until_played(page, 8.0, 11.0)


def test_steps_verdict_and_messages_are_read_aloud_once_from_places_that_stay(page: Page, server: Server) -> None:
    place = page.locator("#lr-announce").element_handle()
    ask(page, "When did the bridge open, slowly?")
    expect(page.get_by_role("status").filter(has_text="searches for")).to_have_count(1)
    server.answer_slow_questions()
    expect(page.get_by_role("status").filter(has_text="Answered, 1 source verified")).to_have_count(1)
    expect(page.get_by_role("status").filter(has_text="Answered")).to_have_count(1)
    assert place.evaluate("(place) => place.isConnected")
    page.get_by_role("link", name="Library", exact=True).click()
    page.get_by_role("button", name="Delete Harbour film").click()
    expect(page.get_by_role("status").filter(has_text="Harbour film is deleted.")).to_have_id("lr-toasts")


def test_a_chip_shows_frame_and_quote_while_it_has_the_focus(page: Page) -> None:
    open_film(page)
    ask(page, "When did the bridge open?")
    chip = page.get_by_role("button", name="Source 1: play from 0:08")
    pop = page.locator(".lr-answer .lr-pop")
    expect(pop).to_be_hidden()
    chip.focus()
    expect(pop).to_contain_text(SAID[1][2])
    page.wait_for_function("document.querySelector('.lr-answer .lr-pop img').naturalWidth > 0")
    chip.click()
    wait_until_at(page, 8.1)


def test_the_timeline_shows_where_the_evidence_lies(page: Page) -> None:
    open_film(page)
    ask(page, "When did the bridge open?")
    mark = page.get_by_role("list", name="Evidence in Harbour film").get_by_role("button", name="Cited, 0:08 to 0:11")
    expect(mark).to_be_visible()
    box, track = mark.bounding_box(), page.locator("#lr-relevance .lr-track").bounding_box()
    assert box is not None and track is not None
    assert (box["x"] - track["x"]) / track["width"] == pytest.approx(8 / 20, abs=0.01)
    mark.click()
    wait_until_at(page, 8)


def test_a_citation_of_a_video_that_is_not_open_opens_it_and_keeps_the_answer(page: Page) -> None:
    ask(page, "When did the bridge open?")
    page.locator(".lr-answer .lr-cite").click()
    expect(page.get_by_label("Player: Harbour film")).to_be_visible()
    wait_until_played(page, 8.0, 11.0)
    expect(page.locator(".lr-answer .lr-cite")).to_be_visible()


def test_an_answer_is_there_again_after_a_reload(page: Page) -> None:
    open_film(page)
    ask(page, "When did the bridge open?")
    expect(page.locator(".lr-answer .lr-cite")).to_be_visible()
    page.wait_for_function("location.search.includes('answer=')")
    page.reload()
    expect(page.locator(".lr-answer .lr-text")).to_contain_text("It opened in {1932}")
    expect(page.locator(".lr-answer h2")).to_have_text("When did the bridge open?")
    expect(page.get_by_label("Player: Harbour film")).to_be_visible()


def test_what_was_asked_before_is_one_click_away(page: Page) -> None:
    open_film(page)
    ask(page, "When was the bridge opened?")
    expect(page.locator(".lr-answer .lr-cite")).to_be_visible()
    page.get_by_role("link", name="Library").click()
    page.reload()
    page.goto(re.sub(r"&.*", "", page.url.replace("view=library&", "")))
    page.get_by_role("list", name="Asked before").get_by_role("button", name="When was the bridge opened?").click()
    expect(page.locator(".lr-answer h2")).to_have_text("When was the bridge opened?")


def test_what_a_person_says_of_an_answer_is_kept(page: Page, server: Server) -> None:
    open_film(page)
    ask(page, "When did the bridge open?")
    page.get_by_role("button", name="Wrong time").click()
    expect(page.get_by_role("button", name="Wrong time")).to_have_attribute("aria-pressed", "true")
    page.get_by_label("What would have been right").fill("at 0:15")
    with page.expect_response("**/rating"):  # the page has thanked for the first one already
        page.get_by_role("button", name="Send").click()
    expect(page.locator(".lr-rate")).to_contain_text("Your rating is saved")
    kept = page.request.get(f"{server.address}/v1/ratings").json()[0]
    assert (kept["verdict"], kept["note"]) == ("wrong_time", "at 0:15")
    page.get_by_role("button", name="Right", exact=True).click()
    expect(page.get_by_role("button", name="Wrong time")).to_have_attribute("aria-pressed", "false")


def test_some_videos_can_be_chosen_to_look_in(page: Page) -> None:
    open_film(page)
    page.get_by_role("radio", name="Some").check()
    ask(page, "When did the bridge open?")
    expect(page.locator("#lr-ask-problem")).to_contain_text("Tick at least one video")
    page.get_by_role("checkbox", name="Harbour film").check()
    page.get_by_role("button", name="Ask", exact=True).dblclick()  # Stop takes its place at once
    expect(page.locator(".lr-answer .lr-cite")).to_be_visible()


def test_a_question_about_a_thousand_ticked_videos_is_answered(page: Page) -> None:
    open_film(page)
    page.get_by_role("radio", name="Some").check()
    page.get_by_role("checkbox", name="Harbour film").check()
    ask_about_many = """() => {
      const box = document.querySelector('[name=video]:checked');
      for (let n = 1; n < 1000; n += 1) box.after(box.cloneNode());
      document.querySelector('#lr-ask').value = 'When did the bridge open?';
      document.querySelector('#lr-question').requestSubmit();
    }"""
    page.evaluate(ask_about_many)
    expect(page.locator(".lr-answer .lr-cite")).to_be_visible()


def test_a_question_that_the_server_refuses_is_in_the_form_again(page: Page) -> None:
    open_film(page)
    page.get_by_text("Multiple choice").click()
    page.get_by_label("Options, one per line").fill("in 1931\n" + "x" * LARGEST_EVENT)
    ask(page, "When did the bridge open?")
    expect(page.locator("#lr-ask-problem")).to_contain_text("The server did not accept the question.")
    expect(page.get_by_role("textbox", name="Question", exact=True)).to_have_value("When did the bridge open?")
    page.get_by_label("Options, one per line").fill("in 1931\nin 1932")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.locator(".lr-option")).to_have_text("B. in 1932")
    expect(page.locator("#lr-ask-problem")).to_be_hidden()


def test_an_example_asks_itself(page: Page) -> None:
    open_film(page)
    page.get_by_role("button", name="What is this video about?").click()
    expect(page.locator(".lr-answer .lr-cite")).to_be_visible()
    expect(page.locator(".lr-answer h2")).to_have_text("What is this video about?")


def test_a_follow_up_is_understood_in_its_conversation(page: Page) -> None:
    open_film(page)
    ask(page, "When did the bridge open?")
    expect(page.locator(".lr-conversation")).to_contain_text("A question can refer back")
    ask(page, "And what did it cost?")
    expect(page.locator(".lr-understood")).to_contain_text("And what did it cost? (after: When did the bridge open?)")
    asked = page.get_by_role("list", name="Questions of this conversation").get_by_role("button")
    expect(asked).to_have_count(2)
    expect(asked.nth(1)).to_have_attribute("aria-current", "true")
    page.reload()
    expect(asked).to_have_count(2)
    asked.nth(0).click()
    expect(page.locator(".lr-answer h2")).to_have_text("When did the bridge open?")
    expect(asked.nth(0)).to_have_attribute("aria-current", "true")


def test_a_conversation_ends_and_is_gone_on_with(page: Page) -> None:
    ask(page, "When did the bridge open?")
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".lr-answer")).to_have_count(0)
    expect(page.get_by_role("textbox", name="Question", exact=True)).to_be_focused()
    ask(page, "Where is the cat?")
    expect(page.locator(".lr-verdict")).to_contain_text("Not in the video")
    expect(page.locator(".lr-understood")).to_have_count(0)
    page.get_by_text("Earlier conversations (1)").click()
    page.get_by_role("button", name="When did the bridge open? 1 question").click()
    expect(page.locator(".lr-answer h2")).to_have_text("When did the bridge open?")
    page.get_by_text("Earlier conversations (1)").click()
    page.get_by_role("button", name="Delete Where is the cat?").click()
    expect(page.locator(".lr-threads")).to_have_count(0)


def test_options_make_a_choice(page: Page) -> None:
    open_film(page)
    page.get_by_text("Multiple choice").click()
    page.get_by_label("Options, one per line").fill("in 1931\nin 1932")
    ask(page, "When did the bridge open?")
    expect(page.locator(".lr-option")).to_have_text("B. in 1932")


def test_what_is_not_in_the_video_and_errors_are_told(page: Page) -> None:
    ask(page, "Where is the cat?")
    expect(page.locator(".lr-verdict .lr-badge")).to_have_text("Not in the video")
    expect(page.locator(".lr-searched")).to_have_text("Searched: what is said; the text on screen.")
    expect(page.locator(".lr-verdict")).not_to_contain_text("confidence")
    ask(page, "Which colour is it?")
    expect(page.locator(".lr-verdict .lr-badge")).to_have_text("Could not be decided")
    expect(page.locator(".lr-searched")).to_contain_text("To decide this: No model looked at the pictures")
    ask(page, "Will it crash?")
    expect(page.get_by_role("alert").filter(has_text="The model could not run. Try again.")).to_be_visible()
    ask(page, "   ")
    expect(page.locator("#lr-ask-problem")).to_contain_text("Type a question first")
    ask(page, "Why? " * 401)
    expect(page.locator("#lr-ask-problem")).to_have_text("Shorten the question to 2000 characters; it has 2004.")
    long = "Where is the cat, " + "\N{CAT FACE} قطة 猫 " * 40 + "?"
    ask(page, long)
    expect(page.locator("#lr-answer h2")).to_have_text(long)
    expect(page.locator(".lr-verdict .lr-badge")).to_be_visible()
    assert len(page.url) < 300


def test_a_question_that_is_stopped_elsewhere_says_so(page: Page, server: Server) -> None:
    ask(page, "What about eternity?")
    expect(page.locator(".lr-now")).to_contain_text("searches for")
    run = parse_qs(urlsplit(page.url).query)["run"][0]
    assert page.request.delete(f"{server.address}/v1/questions/{run}").ok
    expect(page.locator("#lr-answer")).to_contain_text("Stopped.")


def test_stop_ends_the_work_on_a_question(page: Page, server: Server) -> None:
    ask(page, "What about eternity?")
    expect(page.locator(".lr-now")).to_contain_text("searches for")
    ask(page, "And another one?")
    expect(page.locator("#lr-ask-problem")).to_contain_text("press Stop")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#lr-answer")).to_contain_text("Stopped.")
    expect(page.get_by_role("textbox", name="Question", exact=True)).to_have_value("And another one?")
    assert server.has_stopped()
    expect(page.get_by_role("button", name="Ask", exact=True)).to_be_enabled()


def test_nothing_jumps_while_an_answer_streams(page: Page) -> None:
    open_film(page)
    page.get_by_role("textbox", name="Question", exact=True).fill("When did the bridge open?")
    settle(page)
    page.evaluate(
        """() => { window.shifts = 0; new PerformanceObserver((list) => list.getEntries()
        .forEach((entry) => { window.shifts += entry.value; })).observe({ type: 'layout-shift', buffered: false }) }"""
    )
    page.evaluate("document.querySelector('#lr-question').requestSubmit()")
    expect(page.locator(".lr-answer .lr-cite")).to_be_visible()
    settle(page)
    assert page.evaluate("window.shifts") < 0.05


def test_two_tabs_ask_and_watch_each_for_itself(page: Page, new_page: Callable[[], Page], server: Server) -> None:
    other = new_page()
    other.goto(server.address)
    open_film(page)
    ask(page, "When did the bridge open?")
    ask(other, "Where is the cat?")
    expect(page.locator(".lr-verdict")).to_contain_text("Answered")
    expect(other.locator(".lr-verdict")).to_contain_text("Not in the video")
    expect(other.locator("#lr-player video")).to_have_count(0)
