"""Pages are read with the real yt-dlp, which reaches only what a download may reach."""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import BadInput, Cancelled, LongreelError, MissingPart
from app.core.requests import IngestRequest
from app.jobs.states import JobState
from app.jobs.worker import Worker
from app.services import addresses, web_pages
from app.services.downloads import SeveralVideos
from app.services.web_pages import read_page
from tests.unit.api import stand_in
from tests.unit.api.stand_in import StandIn, wait_until
from tests.unit.services.test_downloads import left_over, service

PRIVATE = "http://10.11.12.13"
"""No request may go there."""


@dataclass
class Site:
    """Pages and films on loopback, and the paths that were asked for."""

    base: str = ""
    pages: dict[str, str] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    site: Site

    def do_GET(self) -> None:
        self.site.asked.append(self.path)
        if self.path in self.site.redirects:
            self._give(302, "text/plain", b"", {"Location": self.site.redirects[self.path]})
        elif self.path in self.site.pages:
            self._give(200, "text/html", self.site.pages[self.path].encode())
        else:
            self._give(200, "video/mp4", self.path.encode() * 100)

    do_HEAD = do_GET

    def _give(self, status: int, kind: str, data: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"site": site}))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    site.base = f"http://127.0.0.1:{server.server_port}"
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def parts(tmp_path: Path) -> StandIn:
    pytest.importorskip("yt_dlp")
    return stand_in.make(tmp_path)


@pytest.fixture
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes loopback for the public internet, so that every other private address is one to refuse."""
    monkeypatch.setattr(addresses, "is_public", lambda number: number == "127.0.0.1")


def test_the_video_of_a_page_is_downloaded_and_called_after_the_page(parts: StandIn, site: Site) -> None:
    site.pages["/watch"] = "<html><head><title>Harbour film</title></head><video src='/film.mp4'></video></html>"
    video = service(parts).run(IngestRequest(source=f"{site.base}/watch"))
    assert (video.title, video.source) == ("Harbour film", f"{site.base}/watch")
    assert Path(video.path).read_bytes() == b"/film.mp4" * 100


@pytest.mark.usefixtures("only_loopback")
@pytest.mark.parametrize(
    "page",
    [
        f"<video src='{PRIVATE}/film.mp4'></video>",
        "<video src='/away.mp4'></video>",
        f"<meta http-equiv='refresh' content='0; url={PRIVATE}/'>",
        f"<meta property='og:video' content='{PRIVATE}/film.mp4'>",
        "<video src='file:///etc/hostname'></video>",
    ],
)
def test_a_page_leads_to_no_private_address_and_to_no_file(parts: StandIn, site: Site, page: str) -> None:
    site.pages["/watch"] = f"<html><head><title>A</title>{page}</head></html>"
    site.redirects["/away.mp4"] = f"{PRIVATE}/film.mp4"
    with pytest.raises(LongreelError) as refusal:
        service(parts, private=False).run(IngestRequest(source=f"{site.base}/watch"))
    assert isinstance(refusal.value, BadInput)
    assert site.asked[0] == "/watch"
    assert left_over(parts) == [] and parts.library.videos() == []


def test_a_page_on_this_machine_is_refused_before_it_is_read(site: Site) -> None:
    pytest.importorskip("yt_dlp")
    with pytest.raises(BadInput, match="private network"):
        read_page(f"{site.base}/watch")
    assert site.asked == []


def test_without_yt_dlp_one_sentence_says_what_to_install(
    parts: StandIn, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "yt_dlp", None)
    site.pages["/watch"] = "<html><video src='/film.mp4'></video></html>"
    with pytest.raises(MissingPart, match="web page") as refusal:
        service(parts).run(IngestRequest(source=f"{site.base}/watch"))
    assert "pip install 'longreel[web]'" in refusal.value.hint


def test_a_page_without_a_video_is_refused(parts: StandIn, site: Site) -> None:
    site.pages["/watch"] = "<html><p>Nothing here.</p></html>"
    with pytest.raises(BadInput, match="finds no video"):
        service(parts).run(IngestRequest(source=f"{site.base}/watch"))


def test_the_title_of_a_page_survives_a_worker_that_dies_after_the_download(tmp_path: Path, site: Site) -> None:
    pytest.importorskip("yt_dlp")
    parts = stand_in.make(tmp_path, hold=True)
    site.pages["/watch"] = "<html><head><title>Harbour film</title></head><video src='/film.mp4'></video></html>"
    jobs, downloads = parts.longreel.jobs, service(parts)
    source = f"{site.base}/watch"
    job = parts.longreel.ingest.submit(IngestRequest(downloads.place(source), source=source))
    path = Path(job.payload["path"])
    dead = Worker(jobs, {"ingest": downloads.handle})  # it has the file, and does nothing more with it
    dead.start()
    try:
        wait_until(path.is_file, seconds=30)
        left = tmp_path / "left"
        shutil.copytree(path.parent, left)
        parts.reader.hold.set()
        wait_until(lambda: jobs.get(job.id).state is JobState.FINISHED, seconds=30)
    finally:
        dead.stop(5.0)
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    parts.library.delete_video(parts.library.videos()[0].id)
    shutil.rmtree(path.parent)
    left.rename(path.parent)
    site.asked.clear()
    again = parts.longreel.ingest.submit(IngestRequest(path, source=source))
    Worker(jobs, {"ingest": downloads.handle}).run_one()
    assert jobs.get(again.id).state is JobState.FINISHED and site.asked == []
    assert [video.title for video in parts.library.videos()] == ["Harbour film"]


FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>Talks</title>
<item><title>One</title><link>{base}/one.mp4</link></item>
<item><title>Two</title><link>{base}/two.mp4</link></item></channel></rss>"""


def test_a_page_that_is_too_large_or_is_cancelled_while_it_is_read_says_so(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("yt_dlp")
    site.pages["/watch"] = f"<html>{'x' * 200_000}"
    monkeypatch.setattr(web_pages, "MOST_BYTES", 100_000)
    with pytest.raises(BadInput, match="too large"):
        read_page(f"{site.base}/watch", private=True)
    with pytest.raises(Cancelled):
        read_page(f"{site.base}/watch", private=True, cancelled=lambda: bool(site.asked[1:]))


def test_a_list_of_videos_becomes_a_job_for_each(parts: StandIn, site: Site) -> None:
    site.pages["/list"] = FEED.format(base=site.base)
    with pytest.raises(SeveralVideos) as listed:
        service(parts).run(IngestRequest(source=f"{site.base}/list"))
    assert [one.address for one in listed.value.page.listed] == [f"{site.base}/one.mp4", f"{site.base}/two.mp4"]
    longreel = parts.longreel
    downloads = service(parts)
    job = longreel.ingest.submit(
        IngestRequest(downloads.place(f"{site.base}/list"), source=f"{site.base}/list", tags=("Talks",))
    )
    worker = Worker(longreel.jobs, {"ingest": downloads.handle})
    worker.start()
    try:
        wait_until(lambda: all(one.state is JobState.FINISHED for one in longreel.jobs.list()), seconds=60)
    finally:
        worker.stop(5.0)
    assert len(longreel.jobs.list()) == 2 and job.id in {one.id for one in longreel.jobs.list()}
    videos = parts.library.videos()
    assert {Path(video.path).read_bytes()[:8] for video in videos} == {b"/one.mp4", b"/two.mp4"}
    assert all(video.tags == ("Talks",) for video in videos)


def test_the_other_videos_of_a_list_are_read_with_the_options_of_the_first(parts: StandIn, site: Site) -> None:
    site.pages["/list"] = FEED.format(base=site.base)
    jobs, downloads = parts.longreel.jobs, service(parts)
    source = f"{site.base}/list"
    options: dict[str, Any] = {
        "language": "de",
        "terms": "Ceph",
        "audio_track": 1,
        "subtitle_track": 2,
        "video_track": 0,
    }
    parts.longreel.ingest.submit(IngestRequest(downloads.place(source), source=source, speakers=True, **options))
    Worker(jobs, {"ingest": downloads.handle}).run_one()
    (other,) = [job.payload for job in jobs.list() if job.payload["source"] == f"{site.base}/two.mp4"]
    assert {name: other[name] for name in (*options, "speakers")} == {**options, "speakers": True}


def test_the_other_videos_of_a_list_are_not_downloaded_again_when_the_first_is_tried_again(
    parts: StandIn, site: Site
) -> None:
    site.pages |= {"/list": FEED.format(base=site.base), "/one.mp4": "<html>Come back tomorrow."}
    jobs, downloads = parts.longreel.jobs, service(parts)
    source = f"{site.base}/list"
    job = parts.longreel.ingest.submit(IngestRequest(downloads.place(source), source=source))
    worker = Worker(jobs, {"ingest": downloads.handle})
    while worker.run_one():
        pass
    assert {one.state for one in jobs.list()} == {JobState.FAILED, JobState.FINISHED}
    del site.pages["/one.mp4"]
    jobs.retry(job.id)
    while worker.run_one():
        pass
    assert [one.state for one in jobs.list()] == [JobState.FINISHED] * 2
    assert site.asked.count("/two.mp4") == 1
