"""Things in the video: their list, lanes and boxes; and questions about a part of the picture."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.integration.page.conftest import Server, ask, faults, open_film, wait_until_at
from ui.blocks import Scripts

pytestmark = pytest.mark.browser


def at(page: Page, seconds: float) -> None:
    page.evaluate(f"document.querySelector('#lr-player video').currentTime = {seconds}")
    wait_until_at(page, seconds)


def left_of(page: Page) -> float:
    style = page.locator(".lr-boxes > div").first.get_attribute("style") or ""
    return float(style.partition("left: ")[2].partition("%")[0])


def test_things_are_listed_and_each_that_is_chosen_has_a_lane_and_boxes(page: Page, server: Server) -> None:
    server.follow_things()
    open_film(page)
    page.get_by_text("Things: boat, bird").click()
    page.get_by_role("button", name="boat (2)").click()
    lane = page.get_by_role("list", name="When boat is seen")
    expect(lane.get_by_role("button")).to_have_count(2)
    at(page, 5)
    page.get_by_role("button", name="Boxes over the picture").click()
    expect(page.locator(".lr-boxes > div")).to_have_text(["boat"])
    assert left_of(page) == pytest.approx(40, abs=2)
    page.get_by_role("button", name="boat (2)").click()
    expect(lane).to_have_count(0)
    expect(page.locator(".lr-boxes > div")).to_have_text(["boat", "bird"])
    page.get_by_role("button", name="boat (2)").click()
    assert faults(page) == []
    lane.get_by_role("button", name="boat, 0:14 to 0:20").press("Enter")
    wait_until_at(page, 14)


def test_boxes_are_drawn_once_a_frame_and_let_the_rest_of_the_page_rest(page: Page, server: Server) -> None:
    server.follow_things()
    open_film(page)
    page.get_by_text("Things: boat, bird").click()
    page.get_by_role("button", name="Boxes over the picture").click()
    count = """async (script) => {
      const film = document.querySelector('#lr-player video'), frame = () => new Promise(requestAnimationFrame);
      film.playbackRate = 0.1;
      await film.play();
      for (const time of [2, 3, 4, 5]) {
        film.currentTime = time;
        await new Promise((done) => { film.addEventListener('seeked', done, { once: true }); });
      }
      let [drawn, renders] = [0, 0];
      new MutationObserver((changes) => { drawn += changes.filter(({ addedNodes }) => addedNodes.length).length; })
        .observe(document.querySelector('.lr-boxes'), { childList: true });
      (await import(script)).onRender(() => { renders += 1; });
      for (let n = 0; n < 60; n += 1) await frame();
      return [drawn / 60, renders / 60];
    }"""
    drawn, renders = page.evaluate(count, f"/{Scripts().path}/page.js")
    assert 0.5 < drawn < 2 and renders < 0.5


def test_a_rectangle_on_the_picture_goes_with_the_next_question(page: Page, server: Server) -> None:
    open_film(page)
    at(page, 5)
    page.get_by_role("button", name="Ask about a part").click()
    rectangle = page.get_by_role("application", name="Part of the picture")
    expect(rectangle).to_be_focused()
    for key in ("ArrowRight", "ArrowUp", "Shift+ArrowLeft", "Shift+ArrowDown"):
        rectangle.press(key)
    assert faults(page) == []
    rectangle.press("Enter")
    expect(page.get_by_role("button", name="Part of the picture at 0:05")).to_be_visible()
    assert faults(page) == []
    ask(page, "When did it open?")
    expect(page.locator("#lr-answer section")).to_contain_text("1932")
    numbers = [float(number) for number in re.findall(r"[0-9.]+", server.region())]
    assert numbers == pytest.approx([0.32, 0.28, 0.7, 0.7, 5, 5], abs=0.05)
    expect(page.locator("#lr-part")).to_be_hidden()


def test_a_rectangle_is_drawn_with_the_mouse_and_can_be_removed(page: Page, server: Server) -> None:
    open_film(page)
    page.get_by_role("button", name="Ask about a part").click()
    area = page.locator(".lr-area").bounding_box()
    assert area is not None
    page.mouse.move(area["x"] + area["width"] / 2, area["y"] + area["height"] / 2)
    page.mouse.down()
    page.mouse.move(area["x"] + 2, area["y"] + 2)
    page.mouse.up()
    expect(page.locator(".lr-area")).to_have_count(0)
    page.get_by_role("button", name="Remove the part of the picture").click()
    expect(page.locator("#lr-part")).to_be_hidden()
    ask(page, "When did it open?")
    expect(page.locator("#lr-answer section")).to_contain_text("1932")
    assert server.region() == "None"
