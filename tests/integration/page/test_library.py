"""The library on the page: uploads, progress, search, deleting with undo."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.integration.page.conftest import Server, faults, open_film
from tests.unit.api.tiny_video import write_webm

pytestmark = pytest.mark.browser


def test_several_uploads_are_read_one_after_another(page: Page, server: Server, tmp_path: Path) -> None:
    films = [write_webm(tmp_path / f"{name}.webm", seconds=n) for n, name in enumerate(("second <film>", "third"), 2)]
    page.locator("#lr-file").set_input_files(films)
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.locator("#lr-said")).to_contain_text("is uploaded. It is being read now.")
    expect(page.locator(".lr-queue .lr-stage").first).to_contain_text("Writing down what is said · 50 %")
    expect(page.locator(".lr-queue .lr-stage").first).to_contain_text("about 1 s left")
    expect(page.locator(".lr-queue .lr-stage").nth(1)).to_have_text("Waiting for its turn")
    expect(page.get_by_role("progressbar", name="Progress of second <film>")).to_have_attribute("value", "0.5")
    assert faults(page) == []
    page.get_by_role("button", name="Cancel third").click()
    expect(page.get_by_role("button", name="Cancel third")).to_have_count(0)
    server.go_on_reading()
    expect(page.get_by_role("link", name="second <film>")).to_be_visible()
    page.get_by_text("Earlier work").click()
    page.get_by_role("button", name="Try third again").click()
    expect(page.get_by_role("link", name="third")).to_be_visible()
    expect(page.locator(".lr-queue > .lr-jobs")).to_have_count(0)


def titles(page: Page, server: Server) -> set[str]:
    return {video["title"] for video in page.request.get(f"{server.address}/v1/videos").json()}


def add_film(page: Page, server: Server, folder: Path, title: str, seconds: int) -> None:
    """A film that was read, on the page."""
    server.go_on_reading()
    film = write_webm(folder / f"{title}.webm", seconds)
    added = page.request.post(f"{server.address}/v1/videos", data={"path": str(film), "title": title})
    assert added.status == 202, added.text()
    expect(page.get_by_role("link", name=title)).to_be_visible(timeout=10_000)


def test_the_library_is_searched_by_title(page: Page, server: Server, tmp_path: Path) -> None:
    add_film(page, server, tmp_path, "Lighthouse", 4)
    page.get_by_label("Find").fill("LIGHT")
    expect(page.locator(".lr-video:visible")).to_have_count(1)
    expect(page.locator("#lr-finding .lr-count")).to_contain_text("1 of ")
    page.get_by_label("Find").fill("")
    expect(page.get_by_role("link", name="Harbour film")).to_be_visible()


def test_a_deleted_video_can_be_kept_until_the_time_is_over(page: Page, server: Server, tmp_path: Path) -> None:
    add_film(page, server, tmp_path, "Kept", 5)
    page.clock.install()
    page.get_by_role("button", name="Delete Kept").click()
    expect(page.get_by_role("status").filter(has_text="Kept will be deleted in 7 seconds")).to_be_visible()
    page.get_by_role("button", name="Undo: keep Kept").click()
    page.clock.fast_forward(20_000)
    expect(page.get_by_role("link", name="Kept")).to_be_visible()
    assert "Kept" in titles(page, server)


def test_nothing_is_deleted_before_the_time_is_over(page: Page, server: Server, tmp_path: Path) -> None:
    add_film(page, server, tmp_path, "Gone", 6)
    page.clock.install()
    page.get_by_role("button", name="Delete Gone").click()
    page.clock.fast_forward(6_000)
    assert "Gone" in titles(page, server)
    page.clock.fast_forward(2_000)
    expect(page.get_by_role("link", name="Gone")).to_have_count(0)
    assert "Gone" not in titles(page, server)


def test_a_page_that_is_left_before_deletes_nothing(page: Page, server: Server) -> None:
    page.get_by_role("button", name="Delete Harbour film").click()
    page.reload()
    expect(page.get_by_role("link", name="Harbour film")).to_be_visible()


def test_a_video_that_cannot_be_read_says_why(page: Page, server: Server, tmp_path: Path) -> None:
    server.go_on_reading()
    bad = tmp_path / "empty.mp4"
    bad.write_bytes(b" ")
    page.locator("#lr-file").set_input_files(bad)
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.locator(".lr-failed")).to_contain_text("The file is empty. Give a video.")
    expect(page.get_by_role("button", name="Try empty again")).to_be_visible()


def test_a_file_on_the_servers_machine_is_read_where_it_lies(page: Page, server: Server, tmp_path: Path) -> None:
    server.go_on_reading()
    film = write_webm(tmp_path / "fourth.webm", seconds=7)
    page.get_by_text("Title, language, a file on the server").click()
    page.get_by_label("Path of a file").fill(str(tmp_path / "none.webm"))
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.locator("#lr-notice")).to_contain_text("There is no file")
    page.get_by_label("Path of a file").fill(str(film))
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_role("link", name="fourth")).to_be_visible()


def test_an_empty_library_teaches(page: Page, server: Server) -> None:
    for video in page.request.get(f"{server.address}/v1/videos").json():
        if video["title"] != "Harbour film":
            page.request.delete(f"{server.address}/v1/videos/{video['id']}")
    page.reload()
    open_film(page)
    page.get_by_role("link", name="Library").click()
    page.clock.install()
    page.get_by_role("button", name="Delete Harbour film").click()
    page.clock.fast_forward(8_000)
    expect(page.locator("#lr-grid")).to_contain_text("No video yet.")
    expect(page.locator("#lr-player video")).to_have_count(0)
    assert faults(page) == []
