"""The player and everything that follows it; links, keyboard, phone, accessibility."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from app.evaluation.datasets.registry import benchmark
from app.evaluation.report import report
from tests.integration.page.conftest import (
    Server,
    ask,
    faults,
    now,
    open_film,
    open_lanes,
    open_tab,
    settle,
    wait_until_at,
)
from tests.unit.evaluation.written import case, judged, result

pytestmark = pytest.mark.browser


def test_transcript_and_chapters_play_their_moments(page: Page) -> None:
    open_film(page)
    open_tab(page, "Transcript")
    page.get_by_role("button", name="Thank you for watching.").click()
    wait_until_at(page, 15)
    page.get_by_role("button", name="Chapter 0:00: The harbour").click()
    page.wait_for_function("document.querySelector('#lr-player video').currentTime < 3")
    expect(page.locator(".lr-chapter[aria-current]")).to_have_text("The harbour")
    page.get_by_role("tab", name="Chapters").click()
    expect(page.locator("#lr-chapters")).to_contain_text("The harbour 0:00 to 0:20")


def test_a_click_on_a_lane_goes_to_that_time(page: Page) -> None:
    open_film(page)
    open_lanes(page)
    lane = page.locator("#lr-lanes [data-seek]").first
    box = lane.bounding_box()
    assert box is not None
    lane.click(position={"x": box["width"] / 2, "y": 4})
    wait_until_at(page, 9.8)
    [at] = parse_qs(urlsplit(page.url).query)["t"]
    assert float(at) == pytest.approx(10, abs=0.2)


def test_the_transcript_can_be_searched(page: Page) -> None:
    open_film(page)
    open_tab(page, "Transcript")
    page.get_by_label("Search what is said").fill("BRIDGE")
    expect(page.locator("#lr-transcript .lr-lines > li:visible")).to_have_count(1)
    expect(page.locator("#lr-transcript .lr-count")).to_have_text("1 of 3")
    page.get_by_label("Search what is said").fill("")
    expect(page.locator("#lr-transcript .lr-lines > li:visible")).to_have_count(3)


def test_speakers_are_named_above_the_transcript(page: Page, server: Server) -> None:
    server.tell_voices_apart()
    open_film(page)
    open_tab(page, "Transcript")
    expect(page.locator("#lr-transcript")).to_contain_text("Speaker 2: The bridge opened")
    page.get_by_text("Who speaks: Speaker 1, Speaker 2").click()
    page.locator("#lr-voice-2").fill("Anna Ek")
    assert faults(page) == []
    page.get_by_role("button", name="Save the name of Speaker 2").click()
    expect(page.get_by_text("Who speaks: Speaker 1, Anna Ek")).to_be_visible()
    expect(page.locator("#lr-transcript")).to_contain_text("Anna Ek: The bridge opened")
    expect(page.locator("#lr-voice-1")).to_be_visible()
    page.reload()
    expect(page.locator("#lr-transcript")).to_contain_text("Anna Ek: The bridge opened")


def test_the_keyboard_alone_is_enough(page: Page) -> None:
    def tab_to(test: str) -> None:
        for _ in range(100):
            page.keyboard.press("Tab")
            if page.evaluate(f"document.activeElement.matches({test!r})"):
                return
        raise AssertionError(f"the keyboard does not reach {test}")

    tab_to("[data-open]")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('#lr-player video')?.readyState > 0")
    tab_to("#lr-ask")
    page.keyboard.type("When did the bridge open?")
    page.keyboard.press("Enter")
    expect(page.locator(".lr-answer .lr-cite")).to_be_visible()
    tab_to(".lr-answer .lr-cite")
    page.keyboard.press("Enter")
    wait_until_at(page, 8)
    tab_to("[role=tab]")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Transcript")).to_have_attribute("aria-selected", "true")
    assert page.evaluate("document.activeElement.id") == "lr-tab-transcript"


def test_a_copied_link_opens_its_moment(page: Page, new_page: Callable[[], Page]) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_film(page)
    page.evaluate("document.querySelector('#lr-player video').currentTime = 12.5")
    page.get_by_role("button", name="Save this moment").click()
    page.get_by_role("button", name="Copy the link").click()
    expect(page.get_by_text("The link is copied.")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    other = new_page()
    other.goto(link)
    wait_until_at(other, 12.4)
    assert now(other) == pytest.approx(12.5, abs=0.3)


def test_an_address_of_a_video_that_is_gone_is_told(page: Page, server: Server) -> None:
    page.goto(f"{server.address}/?video=ffffffff&t=nonsense")
    expect(page.get_by_role("alert").filter(has_text="No video is called ffffffff")).to_be_visible()


def test_back_returns_to_the_library_and_forward_to_the_video(page: Page) -> None:
    open_film(page)
    page.go_back()
    expect(page.get_by_role("link", name="Harbour film")).to_be_visible()
    page.go_forward()
    expect(page.get_by_label("Player: Harbour film")).to_be_visible()


def test_the_status_tells_profile_and_checks(page: Page) -> None:
    page.get_by_role("link", name="Status").click()
    expect(page.locator("#lr-status")).to_contain_text("profile offline")
    expect(page.get_by_role("list", name="What Longreel can do now")).to_contain_text("Cannot see")
    page.get_by_text("Details: version").click()
    expect(page.get_by_role("row", name="package gradio")).to_contain_text("good")
    page.reload()
    expect(page.locator("#lr-status")).to_contain_text("profile offline")


def test_the_evaluations_are_shown_as_plots(page: Page, server: Server) -> None:
    page.get_by_role("link", name="Status").click()
    expect(page.locator("#lr-evaluations")).to_contain_text("No evaluation yet.")
    asked = [judged(case(id=str(n)), result(int(n > 3), id=str(n), confidence=0.8)) for n in range(8)]
    folder = server.data / "evaluations" / "own"
    folder.mkdir(parents=True)
    try:
        made = report(benchmark("own"), {"full": asked}, about={})
        (folder / "report.json").write_text(json.dumps(made), "utf-8")
        page.reload()
        expect(page.get_by_role("figure", name="Right answers", exact=True)).to_contain_text("50% of 8")
        expect(page.get_by_role("img", name="80% sure, 50% right")).to_be_visible()
        assert faults(page) == []
    finally:
        shutil.rmtree(folder)


def test_a_laptop_shows_player_and_transcript_together_and_a_phone_keeps_the_player_in_view(page: Page) -> None:
    def box(selector: str) -> dict[str, float]:
        settle(page)
        return dict(page.locator(selector).bounding_box() or {})

    page.set_viewport_size({"width": 1366, "height": 768})
    open_film(page)
    open_tab(page, "Transcript")
    player, transcript = box("#lr-player"), box("#lr-transcript")
    assert player["x"] + player["width"] < transcript["x"]
    assert all(one["y"] >= 0 and one["y"] + one["height"] <= 768 for one in (player, transcript))
    open_tab(page, "Ask")
    assert box("#lr-question")["y"] + box("#lr-question")["height"] <= 768
    page.set_viewport_size({"width": 390, "height": 844})
    ask(page, "When did the bridge open?")
    expect(page.locator(".lr-answer .lr-cite")).to_be_visible()
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    film, question = box("#lr-player video"), box("#lr-ask")
    assert film["y"] >= -1 and film["height"] > 150
    assert question["y"] + question["height"] <= 844


def test_a_phone_needs_no_sideways_scrolling(page: Page) -> None:
    def width() -> int:
        settle(page)
        return int(page.evaluate("document.documentElement.scrollWidth"))

    page.set_viewport_size({"width": 360, "height": 740})
    assert width() <= 360
    page.get_by_role("link", name="Status").click()
    expect(page.get_by_role("list", name="What Longreel can do now")).to_be_visible()
    page.get_by_text("Details: version").click()
    assert width() <= 360
    page.get_by_role("link", name="Library").click()
    open_film(page)
    ask(page, "When did the bridge open?")
    expect(page.locator(".lr-answer .lr-cite")).to_be_visible()
    assert width() <= 360


def test_axe_finds_nothing_wrong_in_any_state(page: Page) -> None:
    page.get_by_role("button", name="Delete Harbour film").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    assert faults(page) == []
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Title and tags of Harbour film").click()
    assert faults(page) == []
    page.get_by_role("button", name="Cancel", exact=True).click()
    open_film(page)
    assert faults(page) == []
    ask(page, "What about eternity?")
    expect(page.locator(".lr-now")).to_contain_text("searches for")
    assert faults(page) == []
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#lr-answer")).to_contain_text("Stopped.")
    ask(page, "When did the bridge open?")
    expect(page.locator(".lr-answer .lr-cite")).to_be_visible()
    for tab in ("Transcript", "On screen", "Chapters", "Ask"):
        open_tab(page, tab)
        assert faults(page) == []
    ask(page, "Where is the cat?")
    expect(page.locator(".lr-searched")).to_be_visible()
    assert faults(page) == []
    ask(page, "Will it crash?")
    expect(page.locator("#lr-answer .lr-problem")).to_be_visible()
    assert faults(page) == []
    page.get_by_role("link", name="Status").click()
    page.get_by_text("Details: version").click()
    expect(page.get_by_role("region", name="Checks")).to_be_visible()
    assert faults(page) == []
