"""The player's own controls: its bar with the chapters, its keys, and the strips below it."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.integration.page.conftest import Server, ask, faults, now, open_film, open_lanes, settle, wait_until_at

pytestmark = pytest.mark.browser

TWO = {"chapters": [{"start_s": 0, "title": "Arrival"}, {"start_s": 8, "title": "The {bridge}"}]}
PLAYER = "document.querySelector('#lr-player video')"


@pytest.fixture
def film(page: Page, server: Server) -> Page:
    """The film in the player, with two chapters."""
    [video] = page.request.get(f"{server.address}/v1/videos").json()
    edited = page.request.put(f"{server.address}/v1/videos/{video['id']}/chapters", data=TWO)
    assert edited.ok, edited.text()
    open_film(page)
    expect(bar(page)).to_have_attribute("aria-valuetext", "0 seconds of 20 seconds, chapter Arrival")
    return page


def bar(page: Page) -> Locator:
    return page.get_by_role("slider", name="Position")


def control(page: Page, name: str) -> Locator:
    return page.get_by_role("group", name="Controls").get_by_role("button", name=name)


def sides(place: Locator) -> tuple[float, float]:
    """Left edge and width on the screen."""
    found = place.bounding_box()
    assert found is not None
    return found["x"], found["width"]


def point(place: Locator, share: float) -> tuple[float, float]:
    """Where on the screen a share of a bar's width lies."""
    found = place.bounding_box()
    assert found is not None
    return found["x"] + share * found["width"], found["y"] + found["height"] / 2


def wait_until_still_at(page: Page, seconds: float) -> None:
    """Waits until a player that does not play stands at a time."""
    still = "({ paused, seeking, currentTime: at }) => paused && !seeking"
    page.wait_for_function(f"({still} && Math.abs(at - {seconds}) < 0.06)({PLAYER})")


def test_the_bar_is_divided_into_chapters_and_tells_what_is_where_one_points(film: Page) -> None:
    expect(film.locator(".lr-division")).to_have_count(2)
    arrival, bridge = film.locator(".lr-division").all()
    assert sides(bridge)[0] == pytest.approx(point(bar(film), 0.4)[0], abs=1)
    expect(bridge).to_be_visible()
    film.mouse.move(*point(bar(film), 0.605))
    shown = film.locator(".lr-peek")
    expect(shown).to_contain_text("The {bridge}")
    expect(shown.locator("time")).to_have_text("0:12")
    expect(shown.locator("img")).to_have_attribute("src", re.compile(r"/thumbnail\?t=9\.000$"))
    left, width = sides(shown)
    assert left + width / 2 == pytest.approx(point(bar(film), 0.605)[0], abs=1)
    expect(bridge).to_have_attribute("data-pointed", "")
    film.mouse.move(*point(bar(film), 0.2))
    expect(shown).to_contain_text("Arrival")
    film.mouse.move(5, 5)
    expect(shown).to_be_hidden()
    expect(arrival).not_to_have_attribute("data-pointed", "")
    assert now(film) == 0


def test_edited_chapters_are_on_the_bar_at_once(film: Page) -> None:
    film.get_by_role("tab", name="Chapters").click()
    film.get_by_role("button", name="Edit chapters").click()
    film.locator(".lr-headings input").last.fill("Over the water")
    film.get_by_role("button", name="Save", exact=True).click()
    expect(film.locator(".lr-division").last).to_have_attribute("data-name", "Over the water")
    bar(film).press("End")
    expect(bar(film)).to_have_attribute("aria-valuetext", "20 seconds of 20 seconds, chapter Over the water")


def test_a_click_on_the_bar_or_a_drag_goes_there_and_does_not_play(film: Page) -> None:
    film.mouse.click(*point(bar(film), 0.5))
    wait_until_still_at(film, 10)
    expect(bar(film)).to_have_attribute("aria-valuetext", "10 seconds of 20 seconds, chapter The {bridge}")
    assert parse_qs(urlsplit(film.url).query)["t"] == ["10"]
    film.mouse.move(*point(bar(film), 0.5))
    film.mouse.down()
    film.mouse.move(*point(bar(film), 0.705), steps=4)
    expect(bar(film)).to_have_attribute("aria-valuenow", "14")
    film.mouse.move(*point(bar(film), 0.25), steps=4)
    film.mouse.up()
    wait_until_still_at(film, 5)
    expect(film.locator(".lr-in")).to_have_text("Arrival")


def test_the_keys_of_the_bar_go_by_seconds_frames_and_chapters(film: Page) -> None:
    bar(film).focus()
    for key, seconds in (
        *(("l", 10), ("j", 0), ("ArrowRight", 5), ("ArrowUp", 10), ("ArrowLeft", 5), ("ArrowDown", 0), ("PageUp", 8)),
        *((".", 8.3), (".", 8.5), (",", 8.3), ("PageDown", 0), ("End", 20), ("Home", 0)),  # 5 frames a second
    ):
        film.keyboard.press(key)
        wait_until_still_at(film, seconds)
    expect(film.locator(".lr-peek")).to_contain_text("Arrival")
    film.keyboard.press("Escape")
    expect(film.locator(".lr-peek")).to_be_hidden()


def test_the_player_plays_by_key_click_and_button_but_not_while_one_types(film: Page) -> None:
    def plays(wanted: bool) -> None:
        film.wait_for_function(f"{PLAYER}.paused === {str(not wanted).lower()}")
        expect(control(film, "Pause" if wanted else "Play")).to_be_visible()

    film.get_by_role("textbox", name="Question", exact=True).press_sequentially("k j l")
    assert now(film) == 0
    plays(False)
    film.locator("#lr-player video").click()
    plays(True)
    wait_until_at(film, 1)
    film.keyboard.press("k")
    plays(False)
    control(film, "Play").click()
    plays(True)
    film.keyboard.press("Space")  # the button has the focus: one press, not two
    plays(False)
    film.evaluate("document.activeElement.blur()")
    film.keyboard.press("Space")
    plays(True)
    film.keyboard.press("Space")
    plays(False)
    at = now(film)
    film.keyboard.press("j")  # nothing of the player has the focus
    film.keyboard.press("ArrowRight")
    wait_until_still_at(film, at + 5)


def test_volume_speed_and_captions_hold_for_the_next_visit(film: Page) -> None:
    volume = film.get_by_role("slider", name="Volume")
    volume.fill("0.4")
    film.get_by_label("Speed").select_option("1.5")
    assert film.evaluate(f"[{PLAYER}.volume, {PLAYER}.playbackRate]") == [0.4, 1.5]
    control(film, "Captions").click()
    film.wait_for_function(f"{PLAYER}.textTracks[0].cues?.length === 3")
    bar(film).press("l")
    film.wait_for_function(f"{PLAYER}.textTracks[0].activeCues[0]?.text.startsWith('The bridge')")
    control(film, "Mute").click()
    expect(volume).to_have_value("0")
    film.reload()
    expect(control(film, "Sound on")).to_be_visible()
    expect(control(film, "Captions")).to_have_attribute("aria-pressed", "true")
    bar(film).press("m")
    expect(volume).to_have_value("0.4")
    bar(film).press("c")
    expect(control(film, "Captions")).to_have_attribute("aria-pressed", "false")


def test_full_screen_shows_the_bar_with_its_chapters(film: Page) -> None:
    bar(film).press("f")
    film.wait_for_function("document.fullscreenElement?.id === 'lr-stage'")
    expect(film.locator(".lr-wave")).to_be_hidden()
    assert sides(bar(film))[1] > 1200
    film.mouse.click(*point(bar(film), 0.75))
    wait_until_still_at(film, 15)
    control(film, "Leave full screen").click()
    film.wait_for_function("!document.fullscreenElement")
    expect(control(film, "Full screen")).to_be_visible()


def test_the_loudness_is_drawn_where_it_is_heard(film: Page) -> None:
    open_lanes(film)
    path = film.locator(".lr-wave path").first
    expect(path).to_be_attached()
    points = [tuple(map(float, one.split())) for one in re.findall(r"[\d.]+ [\d.]+", path.get_attribute("d") or "")]
    upper = [(time_s, 1 - y) for time_s, y in points if y < 1]
    loud = [height for time_s, height in upper if time_s % 5 < 3.9]
    quiet = [height for time_s, height in upper if 4.1 < time_s % 5 < 4.9]
    assert len(upper) == 200 and min(loud) > 0.9 and max(quiet) < 0.1  # the stand-in: 4 s of a tone, 1 s of silence
    film.mouse.click(*point(film.locator(".lr-wave"), 0.25))
    wait_until_at(film, 5)


@pytest.mark.parametrize(
    ("status", "answer", "told"),
    [
        (200, {"step_s": 0.1, "peaks": []}, "No sound"),
        (422, {"detail": "It is gone.", "hint": "Wait."}, "It is gone. Wait."),
    ],
)
def test_sound_that_is_empty_or_cannot_be_read_is_told(page: Page, status: int, answer: object, told: str) -> None:
    page.route("**/waveform?*", lambda route: route.fulfill(status=status, json=answer))
    open_film(page)
    open_lanes(page)
    expect(page.locator(".lr-wave")).to_have_text(told)
    expect(page.locator(".lr-wave")).not_to_have_attribute("aria-hidden", "true")


def test_each_scene_has_its_picture_where_it_begins(film: Page) -> None:
    open_lanes(film)
    strip = film.locator(".lr-strip")
    expect(strip.locator("i")).to_have_count(2)
    first, second = strip.locator("i").all()
    assert sides(first)[0] == pytest.approx(sides(strip)[0], abs=0.5)
    assert sides(second)[0] == pytest.approx(point(strip, 9 / 20)[0], abs=0.5)
    assert "thumbnail?t=9.000" in (second.get_attribute("style") or "")
    film.mouse.click(*point(strip, 0.6))
    wait_until_at(film, 12)


@pytest.mark.parametrize("width", [1280, 360])
def test_the_bar_the_strips_and_the_lanes_lie_exactly_above_each_other(film: Page, width: int) -> None:
    film.set_viewport_size({"width": width, "height": 800})
    open_lanes(film)
    ask(film, "When did the bridge open?")
    expect(film.locator(".lr-marks")).to_be_visible()
    settle(film)
    tracks = [".lr-seek", ".lr-rail", ".lr-chapters", ".lr-wave", ".lr-strip", "#lr-lanes [data-seek] >> nth=-1"]
    places = {name: sides(film.locator(name)) for name in (*tracks, ".lr-marks")}
    assert len({(round(left, 1), round(wide, 1)) for left, wide in places.values()}) == 1, places


@pytest.mark.parametrize("width", [360, 900])
def test_in_a_narrow_window_every_control_fits_and_is_large_enough(film: Page, width: int) -> None:
    film.set_viewport_size({"width": width, "height": 740})
    settle(film)
    assert film.evaluate("document.documentElement.scrollWidth") <= width
    first, whole = sides(film.locator("#lr-player"))
    for key in film.locator(".lr-controls :is(button, a, select):visible").all():
        left, wide = sides(key)
        assert wide >= 24 and left >= first and left + wide <= first + whole
    film.mouse.click(*point(bar(film), 0.5))
    wait_until_at(film, 9.8)


def test_axe_finds_nothing_wrong_with_the_player(film: Page) -> None:
    control(film, "Captions").click()
    bar(film).press("ArrowRight")
    film.keyboard.press("Tab")
    film.keyboard.press("Shift+Tab")
    expect(film.locator(".lr-peek")).to_be_visible()
    open_lanes(film)
    expect(film.locator(".lr-wave path").first).to_be_attached()
    assert faults(film) == []


def test_the_player_plays_again_where_it_was_when_the_server_is_back(page: Page, server: Server) -> None:
    [video] = page.request.get(f"{server.address}/v1/videos").json()
    away = re.compile("/v1/(jobs|videos)")
    page.route(away, lambda route: route.abort("connectionreset"))
    page.goto(f"{server.address}/?video={video['id']}&t=8")
    expect(page.locator(".lr-noplay")).to_contain_text("The server does not answer.")
    page.evaluate(f"{PLAYER}.currentTime = 12")
    expect(page.locator("#lr-gone")).to_be_visible()
    page.unroute(away)
    expect(page.locator(".lr-noplay")).to_be_hidden()
    wait_until_still_at(page, 12)
    control(page, "Play").click()
    wait_until_at(page, 13)
