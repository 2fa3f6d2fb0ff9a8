"""Summaries on demand, chapters edited by hand, files to download; batches and evaluations."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.integration.page.conftest import Server, faults, open_film, open_tab, settle, wait_until_at
from tests.unit.api.stand_in import SAID

pytestmark = pytest.mark.browser


def test_a_summary_is_made_as_wanted_and_its_times_play(page: Page) -> None:
    open_film(page)
    open_tab(page, "Summary")
    form = page.get_by_role("form", name="Summarize")
    expect(page.locator(".lr-made")).to_contain_text("A film about a bridge.")
    form.get_by_label("Length").select_option("page")
    form.get_by_label("Style").select_option("notes")
    page.get_by_role("button", name="Summarize").click()
    made = page.locator(".lr-made")
    expect(made).to_contain_text(SAID[2][2])
    made.get_by_role("button", name=re.compile("play from 0:15")).click()
    wait_until_at(page, 15)
    page.reload()
    expect(page.get_by_role("tab", name="Summary")).to_have_attribute("aria-selected", "true")
    expect(made).to_contain_text(SAID[2][2])
    expect(form.get_by_label("Style")).to_have_value("notes")
    assert faults(page) == []


def test_a_language_that_the_model_cannot_write_is_told(page: Page) -> None:
    open_film(page)
    open_tab(page, "Summary")
    page.get_by_role("form", name="Summarize").get_by_label("Language").fill("de")
    page.get_by_role("button", name="Summarize").click()
    expect(page.locator(".lr-made .lr-problem")).to_contain_text("cannot write de")


def test_a_collection_is_summarized_and_its_times_open_their_video(page: Page, server: Server) -> None:
    page.get_by_role("link", name="Summaries").click()
    expect(page.locator("#lr-collection")).to_contain_text("Give videos a tag in the library")
    video = page.request.get(f"{server.address}/v1/videos").json()[0]["id"]
    page.request.patch(f"{server.address}/v1/videos/{video}", data={"tags": ["Harbours"]})
    page.reload()
    form = page.get_by_role("form", name="Summarize a collection")
    expect(form.get_by_label("Collection")).to_contain_text("Harbours (1)")
    form.get_by_label("Length").select_option("page")
    form.get_by_role("button", name="Summarize").click()
    told = page.locator(".lr-together")
    expect(told.locator("h3").first).to_contain_text("Harbour film")
    expect(told).to_contain_text("Each video")
    assert faults(page) == []
    said = told.locator("li").filter(has_text=SAID[2][2])
    said.get_by_role("button").first.click()
    wait_until_at(page, 15)
    expect(page.locator("#lr-player video")).to_have_attribute("data-video", video)
    page.go_back()
    expect(told.locator("h3").first).to_contain_text("Harbour film")
    expect(form.get_by_label("Length")).to_have_value("page")


def test_a_reloaded_page_asks_for_the_summary_of_its_collection_once(page: Page, server: Server) -> None:
    [video] = page.request.get(f"{server.address}/v1/videos").json()
    page.request.patch(f"{server.address}/v1/videos/{video['id']}", data={"tags": ["Harbours"]})
    [collection] = page.request.get(f"{server.address}/v1/collections").json()
    # the page changes all the time, and the request takes a while
    page.add_init_script("""window.requests = 0;
      document.addEventListener('longreel:together', () => { window.requests += 1; });
      window.setInterval(() => document.body?.append(document.createElement('i')), 5);""")
    held: list[Route] = []

    def hold(route: Route) -> None:
        is_request = "paragraph" in (route.request.post_data or "")
        held.append(route) if is_request else route.continue_()

    page.route("**/queue/join*", hold)
    page.goto(f"{server.address}/?view=batches&together={collection['id']}.paragraph.neutral.")
    page.wait_for_function("window.requests > 0")
    settle(page)
    settle(page)
    assert page.evaluate("window.requests") == 1
    held[0].continue_()
    expect(page.locator(".lr-together h3")).to_have_text("Each video")
    assert page.evaluate("window.requests") == 1


def test_chapters_are_edited_by_hand(page: Page, server: Server) -> None:
    open_film(page)
    open_tab(page, "Chapters")
    page.get_by_role("button", name="Edit chapters").click()
    form = page.get_by_role("form", name="Edit chapters")
    form.get_by_label("Title").fill("Arrival")
    page.evaluate("document.querySelector('#lr-player video').currentTime = 12")
    form.get_by_role("button", name="Add one at 0:12").click()
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("alert")).to_have_text("Give each chapter a time such as 1:23 and a title.")
    form.get_by_label("Title").nth(1).fill("Farewell")
    form.get_by_label("Begins at").nth(1).fill("0:14")
    assert faults(page) == []
    form.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Chapter 0:14: Farewell")).to_be_visible()
    expect(page.locator("#lr-chapters .lr-line")).to_have_count(2)
    video = page.request.get(f"{server.address}/v1/videos").json()[0]["id"]
    kept = page.request.get(f"{server.address}/v1/videos/{video}/chapters").json()
    assert [(one["title"], one["start_s"]) for one in kept] == [("Arrival", 0), ("Farewell", 14)]


def test_a_video_is_downloaded_as_a_file(page: Page) -> None:
    open_film(page)
    open_tab(page, "Export")
    with page.expect_download() as download:
        page.get_by_role("list", name="Summary and chapters").get_by_role("link", name="Markdown").click()
    assert "A film about a bridge" in Path(download.value.path()).read_text("utf-8")
    assert faults(page) == []


def test_a_batch_tells_its_cost_runs_and_is_downloaded(page: Page) -> None:
    page.get_by_role("link", name="Summaries").click()
    expect(page.locator("#lr-batches")).to_contain_text("No batch yet.")
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_disabled()
    form = page.get_by_role("form", name="Summarize and ask many videos")
    form.get_by_label("Harbour film").check()
    form.get_by_label("Questions for each of them").fill("Is there a cat?\nWhen did the bridge open?")
    expect(page.locator("#lr-cost")).to_contain_text(re.compile(r"1 video, 20 seconds long\. It takes about \d+ s"))
    assert faults(page) == []
    page.get_by_role("button", name="Start", exact=True).click()
    batch = page.locator(".lr-batch")
    expect(batch).to_contain_text("Finished: 1 of 1")
    assert faults(page) == []
    with page.expect_download() as download:
        batch.get_by_role("link", name="Download (ZIP)").click()
    names = zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes())).namelist()
    assert "overview.md" in names and any(name.startswith("Harbour film-") for name in names)
    page.reload()
    expect(batch).to_contain_text("Finished: 1 of 1")
