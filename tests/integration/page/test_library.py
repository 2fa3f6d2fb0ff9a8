"""The library on the page: uploads, progress, tags, search, deleting with undo."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests.integration.page.conftest import Server, faults, open_film
from tests.unit.api.tiny_video import write_webm
from tests.unit.services.file_server import serving_files

pytestmark = pytest.mark.browser


def test_several_uploads_are_read_one_after_another(page: Page, server: Server, tmp_path: Path) -> None:
    films = [write_webm(tmp_path / f"{name}.webm", seconds=n) for n, name in enumerate(("second <film>", "third"), 2)]
    page.locator("#lr-file").set_input_files(films)
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.locator("#lr-toast-text")).to_contain_text("is uploaded and is being processed.")
    expect(page.locator(".lr-queue .lr-stage").first).to_contain_text("Transcribing speech · 50 %")
    expect(page.locator(".lr-queue .lr-stage").first).to_contain_text("about 1 s left")
    expect(page.locator(".lr-queue .lr-stage").nth(1)).to_have_text("Waiting for its turn")
    expect(page.get_by_role("progressbar", name="Progress of second <film>")).to_have_attribute("value", "0.5")
    assert faults(page) == []
    page.get_by_text("Log", exact=True).first.click()
    expect(page.locator(".lr-log").first).to_contain_text("Transcribing speech")
    page.get_by_role("button", name="Cancel third").click()
    expect(page.get_by_role("button", name="Cancel third")).to_have_count(0)
    server.go_on_reading()
    expect(page.get_by_role("link", name="second <film>")).to_be_visible()
    page.get_by_text("Earlier jobs").click()
    page.get_by_role("button", name="Try third again").click()
    expect(page.get_by_role("link", name="third")).to_be_visible()
    expect(page.locator(".lr-queue > .lr-jobs > :not(.lr-failed)")).to_have_count(0)


def test_a_transcript_of_whisperx_goes_with_its_video(page: Page, server: Server, tmp_path: Path) -> None:
    film, transcript = write_webm(tmp_path / "talk.webm", seconds=2), tmp_path / "talk.whisperx.json"
    transcript.write_text('{"segments": [{"start": 0, "end": 1, "text": "Good morning."}]}', encoding="utf-8")
    page.locator("#lr-file").set_input_files([film, transcript])
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.locator("#lr-toast-text")).to_contain_text("is uploaded and is being processed.")
    [sent] = (server.data / "uploads").rglob("talk.whisperx.json")
    assert sent.read_bytes() == transcript.read_bytes()
    assert faults(page) == []


def waiting(page: Page) -> list[str]:
    return page.locator("#lr-queue [data-state=queued] b").all_inner_texts()


def wait_until_waiting(page: Page, *names: str) -> None:
    """Waits until these wait, in this order."""
    for place, name in enumerate(names):
        expect(page.locator("#lr-queue [data-state=queued] b").nth(place)).to_have_text(name)


def order_of(page: Page, server: Server) -> list[str]:
    """The order in which a worker will take them, by the REST API."""
    jobs = page.request.get(f"{server.address}/v1/jobs?state=queued").json()
    return [job["title"] for job in sorted(jobs, key=lambda job: (-job["priority"], job["created_at"]))]


def test_a_waiting_video_goes_to_the_top(page: Page, server: Server, tmp_path: Path) -> None:
    for name in ("first", "a", "b", "c"):
        film = write_webm(tmp_path / f"{name}.webm", seconds=1)
        assert page.request.post(f"{server.address}/v1/videos", data={"path": str(film)}, max_retries=1).status == 202
    wait_until_waiting(page, "a", "b", "c")
    page.get_by_role("button", name="Move c to the top").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#lr-announce")).to_have_text("c is number 1 in the queue.")
    wait_until_waiting(page, "c", "a", "b")
    assert order_of(page, server) == ["c", "a", "b"]
    assert faults(page) == []


def titles(page: Page, server: Server) -> set[str]:
    return {video["title"] for video in page.request.get(f"{server.address}/v1/videos").json()}


def add_film(page: Page, server: Server, folder: Path, title: str, seconds: int) -> None:
    """A film that was read, on the page."""
    server.go_on_reading()
    film = write_webm(folder / f"{title}.webm", seconds)
    added = page.request.post(f"{server.address}/v1/videos", data={"path": str(film), "title": title}, max_retries=1)
    assert added.status == 202, added.text()
    expect(page.get_by_role("link", name=title)).to_be_visible()


def test_the_library_is_searched_by_title(page: Page, server: Server, tmp_path: Path) -> None:
    add_film(page, server, tmp_path, "Lighthouse", 4)
    page.get_by_label("Find").fill("LIGHT")
    expect(page.locator(".lr-video:visible")).to_have_count(1)
    expect(page.locator("#lr-finding .lr-count")).to_contain_text("1 of ")
    page.get_by_label("Find").fill("")
    expect(page.get_by_role("link", name="Harbour film")).to_be_visible()


def test_a_deleted_video_comes_back_with_undo(page: Page, server: Server) -> None:
    page.get_by_role("button", name="Delete Harbour film").click()
    expect(page.get_by_role("link", name="Harbour film")).to_have_count(0)
    assert titles(page, server) == set()
    page.get_by_role("button", name="Undo: keep Harbour film").click()
    expect(page.get_by_role("link", name="Harbour film")).to_be_visible()
    assert titles(page, server) == {"Harbour film"}


def test_a_video_in_the_bin_is_restored_or_deleted_for_good(page: Page, server: Server) -> None:
    page.get_by_role("button", name="Delete Harbour film").click()
    page.reload()
    page.get_by_text("Deleted videos (1)").click()
    page.get_by_role("button", name="Restore Harbour film").click()
    expect(page.get_by_role("link", name="Harbour film")).to_be_visible()
    page.get_by_role("button", name="Delete Harbour film", exact=True).click()
    page.get_by_text("Deleted videos (1)").click()
    page.get_by_role("button", name="Delete Harbour film permanently").click()
    expect(page.locator(".lr-bin")).to_have_count(0)
    assert page.request.get(f"{server.address}/v1/bin").json() == []


def test_tags_are_given_and_keep_only_their_videos(page: Page, server: Server, tmp_path: Path) -> None:
    add_film(page, server, tmp_path, "Lighthouse", 4)
    page.get_by_role("button", name="Title and tags of Lighthouse").click()
    page.get_by_label("Title", exact=True).fill("The lighthouse")
    page.get_by_label("Tags, separated by commas").fill("sea, towers")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="The lighthouse")).to_be_visible()
    page.get_by_role("button", name="towers 1").click()
    expect(page.locator(".lr-video:visible")).to_have_count(1)
    page.reload()
    expect(page.get_by_role("button", name="towers 1")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".lr-video:visible")).to_have_count(1)
    page.get_by_role("button", name="All 2").click()
    expect(page.locator(".lr-video:visible")).to_have_count(2)


def test_a_new_title_leaves_a_tag_that_has_a_comma_as_it_is(page: Page, server: Server) -> None:
    [video] = page.request.get(f"{server.address}/v1/videos").json()
    page.request.patch(f"{server.address}/v1/videos/{video['id']}", data={"tags": ["Lectures, spring"]})
    page.reload()
    page.get_by_role("button", name="Title and tags of Harbour film").click()
    page.get_by_label("Title", exact=True).fill("The harbour")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="The harbour")).to_be_visible()
    [video] = page.request.get(f"{server.address}/v1/videos").json()
    assert video["tags"] == ["Lectures, spring"]


def test_an_upload_that_was_cut_off_goes_on_where_it_was(page: Page, server: Server, tmp_path: Path) -> None:
    server.go_on_reading()
    film = write_webm(tmp_path / "long.webm", seconds=8)
    half, broken = film.stat().st_size // 2, []

    def cut(route: Route) -> None:
        """Sends the first half only, as if the line broke."""
        if broken:
            route.continue_()
            return
        broken.append(route.request.url)
        headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        sent = page.request.patch(route.request.url, headers=headers, data=film.read_bytes()[:half])
        assert sent.headers["upload-offset"] == str(half)
        route.abort("connectionreset")

    page.route(
        re.compile("/v1/uploads/[0-9a-f]+$"),
        lambda route: cut(route) if route.request.method == "PATCH" else route.continue_(),
    )
    page.locator("#lr-file").set_input_files(film)
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_role("link", name="long")).to_be_visible()
    kept = page.request.get(f"{server.address}/v1/videos?q=long").json()[0]
    assert broken and kept["size_bytes"] == film.stat().st_size


def test_a_cancelled_upload_leaves_nothing_although_the_server_is_still_writing(
    page: Page, server: Server, tmp_path: Path
) -> None:
    film, address = write_webm(tmp_path / "long.webm", seconds=2), urlsplit(server.address)
    with socket.create_connection((address.hostname, address.port)) as writing:
        uploads: list[str] = []

        def keep_busy(route: Route) -> None:
            """Begins the piece in a request of its own, which does not end."""
            url = route.request.url
            headers = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}
            if not uploads:
                more = {"Host": address.netloc, "Upload-Offset": "0", "Content-Length": "9", "Expect": "100-continue"}
                head = "".join(f"{name}: {value}\r\n" for name, value in (headers | more).items())
                writing.sendall(f"PATCH {urlsplit(url).path} HTTP/1.1\r\n{head}\r\n".encode())
                assert b"100 Continue" in writing.recv(1000)  # now the server writes
            uploads.append(url)
            route.continue_()

        page.route(
            re.compile("/v1/uploads/[0-9a-f]+$"),
            lambda route: keep_busy(route) if route.request.method == "PATCH" else route.continue_(),
        )
        page.locator("#lr-file").set_input_files(film)
        page.get_by_role("button", name="Upload", exact=True).click()
        expect(page.locator("#lr-uploads .lr-stage")).to_contain_text("Next try in")
        with page.expect_response(lambda response: response.request.method == "DELETE") as refused:
            page.get_by_role("button", name="Cancel long").click()
        assert refused.value.status == 503
    expect(page.locator("#lr-uploads .lr-stage")).to_have_text("Cancelled. Nothing was stored.")
    assert page.request.get(uploads[0]).status == 404


def test_a_video_that_cannot_be_read_says_why(page: Page, server: Server, tmp_path: Path) -> None:
    server.go_on_reading()
    bad = tmp_path / "empty.mp4"
    bad.write_bytes(b" ")
    page.locator("#lr-file").set_input_files(bad)
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.locator(".lr-failed")).to_contain_text("The file is empty. Give a video.")
    expect(page.get_by_role("button", name="Try empty again")).to_be_visible()
    page.get_by_role("button", name="Dismiss empty").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".lr-failed")).to_have_count(0)
    expect(page.locator("#lr-toast-text")).to_have_text("Dismissed. The videos stay.")


def test_all_that_ended_is_dismissed_and_the_videos_stay(page: Page, server: Server, tmp_path: Path) -> None:
    add_film(page, server, tmp_path, "Lighthouse", 4)
    page.get_by_text("Earlier jobs").click()
    expect(page.get_by_role("button", name="Dismiss Lighthouse")).to_be_visible()
    assert faults(page) == []
    page.get_by_role("button", name="Dismiss all ended jobs").click()
    expect(page.get_by_text("Earlier jobs")).to_have_count(0)
    expect(page.get_by_role("link", name="Lighthouse")).to_be_visible()


def test_a_video_at_an_address_is_downloaded_and_read(page: Page, server: Server, tmp_path: Path) -> None:
    server.go_on_reading()
    page.get_by_text("Title, language, an address, a file or folder on the server").click()
    page.get_by_label("Address of a video").fill("ftp://example.org/film.webm")
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.locator("#lr-notice")).to_contain_text("http")
    expect(page.get_by_label("Address of a video")).to_have_value("ftp://example.org/film.webm")
    with serving_files() as files:
        files.kind, files.data = "video/webm", write_webm(tmp_path / "film.webm", seconds=3).read_bytes()
        page.get_by_label("Address of a video").fill(f"{files.base}/lighthouse.webm")
        page.get_by_role("button", name="Upload", exact=True).click()
        expect(page.get_by_role("link", name="lighthouse")).to_be_visible()
    expect(page.get_by_label("Address of a video")).to_have_value("")
    kept = page.request.get(f"{server.address}/v1/videos?q=lighthouse").json()[0]
    assert kept["source"] == f"{files.base}/lighthouse.webm" and kept["size_bytes"] == len(files.data)


def test_a_file_on_the_servers_machine_is_read_where_it_lies(page: Page, server: Server, tmp_path: Path) -> None:
    server.go_on_reading()
    film = write_webm(tmp_path / "fourth.webm", seconds=7)
    page.get_by_text("Title, language, an address, a file or folder on the server").click()
    page.get_by_label("Path of a file").fill(str(tmp_path / "none.webm"))
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.locator("#lr-notice")).to_contain_text("There is no file")
    expect(page.get_by_label("Path of a file")).to_have_value(str(tmp_path / "none.webm"))
    page.get_by_label("Path of a file").fill(str(film))
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_role("link", name="fourth")).to_be_visible()


def test_a_folder_on_the_servers_machine_is_watched(page: Page, tmp_path: Path) -> None:
    page.get_by_text("Title, language, an address, a file or folder on the server").click()
    page.get_by_label("Path of a file").fill(f"{tmp_path}/")
    page.get_by_role("button", name="Upload", exact=True).click()
    page.get_by_text("Watched folders (1)").click()
    page.get_by_role("button", name=f"Stop watching {tmp_path}").click()
    expect(page.get_by_text("Watched folders")).to_have_count(0)


def test_an_empty_library_teaches(page: Page) -> None:
    open_film(page)
    page.get_by_role("link", name="Library").click()
    page.get_by_role("button", name="Delete Harbour film").click()
    expect(page.locator("#lr-grid")).to_contain_text("Add your first video")
    expect(page.locator("#lr-player video")).to_have_count(0)
    assert faults(page) == []
