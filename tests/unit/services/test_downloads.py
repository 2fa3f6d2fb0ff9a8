from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import BadInput, Cancelled, LongreelError, StorageFull, WorkerFailed
from app.core.events import Event, StageFinished, StageProgress, StageStarted, Warned
from app.core.requests import IngestRequest
from app.core.types import Video
from app.jobs.retry import RetryPolicy
from app.services import addresses, downloads
from app.services.downloads import DownloadService
from tests.unit.api import stand_in
from tests.unit.api.stand_in import StandIn
from tests.unit.services.file_server import FileServer, serving_files


@pytest.fixture
def parts(tmp_path: Path) -> StandIn:
    return stand_in.make(tmp_path)


@pytest.fixture
def files() -> Iterator[FileServer]:
    with serving_files() as files:
        yield files


def service(parts: StandIn, most: int = 10_000_000, *, private: bool = True, silence_s: float = 5.0) -> DownloadService:
    longreel = parts.longreel
    folder = longreel.settings.data / "uploads"
    policy = RetryPolicy(max_attempts=3, first_s=0.02, factor=1.0)
    return DownloadService(
        folder, lambda: most, longreel.ingest, longreel.library, private=private, policy=policy, silence_s=silence_s
    )


def left_over(parts: StandIn) -> list[Path]:
    return list((parts.longreel.settings.data / "uploads").rglob("*"))


def refused(parts: StandIn, address: str, kind: type[LongreelError] = BadInput, **given: Any) -> str:
    """What is told of a download that fails, after which nothing of it is left."""
    with pytest.raises(kind) as raised:
        service(parts, **given).run(IngestRequest(source=address))
    assert type(raised.value) is kind
    assert left_over(parts) == [] and parts.library.videos() == []
    return str(raised.value)


def test_a_file_is_downloaded_read_and_kept_with_its_address(parts: StandIn, files: FileServer) -> None:
    heard: list[Event] = []
    address = f"{files.base}/talks/My%20talk.mp4?token=1"
    video = service(parts).run(IngestRequest(source=address, tags=("Talks",)), report=heard.append)
    assert (video.title, video.source, video.tags) == ("My talk", address, ("Talks",))
    assert Path(video.path).read_bytes() == files.data
    assert left_over(parts) == [Path(video.path).parent, Path(video.path)]
    megabytes = len(files.data) / 1e6
    assert heard[0] == StageStarted("download", megabytes, "MB")
    far = [event for event in heard if isinstance(event, StageProgress)]
    assert far[-1].done == far[-1].total == megabytes and far[-1].left_s == 0
    assert isinstance(heard[-1], StageFinished) and "0.2 MB from 127.0.0.1" in heard[-1].detail


def test_the_same_file_again_leaves_no_second_copy(parts: StandIn, files: FileServer) -> None:
    first = service(parts).run(IngestRequest(source=f"{files.base}/a.mp4"))
    again = service(parts).run(IngestRequest(source=f"{files.base}/b.mp4"))
    assert again.id == first.id and again.path == first.path and again.source.endswith("/b.mp4")
    assert left_over(parts) == [Path(first.path).parent, Path(first.path)]


def test_a_deleted_video_takes_its_download_along(parts: StandIn, files: FileServer) -> None:
    video = service(parts).run(IngestRequest(source=f"{files.base}/a.mp4"))
    parts.longreel.library.delete(video.id, now=True)
    assert left_over(parts) == []


def test_an_address_in_the_own_network_is_refused_before_anything_is_sent(parts: StandIn, files: FileServer) -> None:
    assert "private network" in refused(parts, f"{files.base}/a.mp4", private=False)
    assert files.ranges == []


def test_a_redirect_to_a_private_address_is_refused(
    parts: StandIn, files: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(files.base.rpartition(":")[2])
    real, public = socket.getaddrinfo, addresses.is_public

    def look_up(host: str, *rest: Any, **more: Any) -> Any:
        return real("127.0.0.1" if host == "films.example" else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    asked: list[str] = []

    def first_is_public(number: str) -> bool:
        answer = public(number)  # raises ValueError for a name
        asked.append(number)
        return len(asked) == 1 or answer

    monkeypatch.setattr(addresses, "is_public", first_is_public)
    told = refused(parts, f"http://films.example:{port}/to/{files.base}/a.mp4", private=False)
    assert "127.0.0.1 is on this machine or in a private network" in told
    assert len(files.ranges) == 1 and len(asked) == 2


def test_redirects_are_followed_but_not_for_ever(parts: StandIn, files: FileServer) -> None:
    video = service(parts).run(IngestRequest(source=f"{files.base}/to/{files.base}/to//talk.mp4"))
    assert Path(video.path).read_bytes() == files.data
    parts.longreel.library.delete(video.id, now=True)
    assert "more than 5 times" in refused(parts, f"{files.base}/to/" + "/to/" * 6 + "x")
    assert "cannot be used" in refused(parts, f"{files.base}/to/file:///etc/passwd")


def test_a_broken_connection_is_taken_up_where_it_broke(parts: StandIn, files: FileServer) -> None:
    files.breaks = [70_000, 150_000]
    heard: list[Event] = []
    video = service(parts).run(IngestRequest(source=f"{files.base}/a.mp4"), report=heard.append)
    assert Path(video.path).read_bytes() == files.data
    assert files.ranges == ["", "bytes=70000-", "bytes=150000-"]
    assert len([event for event in heard if isinstance(event, Warned)]) == 2
    assert len([event for event in heard if isinstance(event, StageStarted)]) == 1


@pytest.mark.parametrize("etag", ["", 'W/"1"', '"2"'])
def test_a_file_that_cannot_be_taken_up_or_changed_begins_anew(parts: StandIn, files: FileServer, etag: str) -> None:
    files.breaks = [70_000]
    changed = bytes(reversed(files.data))

    def change(event: Event) -> None:
        if isinstance(event, Warned):
            files.data, files.etag = changed, etag

    if etag != '"2"':
        files.etag = etag
    video = service(parts).run(IngestRequest(source=f"{files.base}/a.mp4"), report=change)
    assert Path(video.path).read_bytes() == changed
    assert files.ranges == ["", "bytes=70000-" if etag == '"2"' else ""]


def test_a_connection_that_breaks_again_and_again_is_given_up(parts: StandIn, files: FileServer) -> None:
    files.breaks = [20_000, 40_000, 60_000, 80_000]
    assert "does not answer" in refused(parts, f"{files.base}/a.mp4", WorkerFailed)
    assert len(files.ranges) == 3


def test_a_server_that_falls_silent_is_given_up(parts: StandIn, files: FileServer) -> None:
    files.hangs.clear()
    began = time.monotonic()
    assert "ReadTimeout" in refused(parts, f"{files.base}/a.mp4", WorkerFailed, silence_s=0.2)
    assert time.monotonic() - began < 5


def test_a_busy_server_is_asked_again(parts: StandIn, files: FileServer) -> None:
    files.statuses = [503, 429]
    assert Path(service(parts).run(IngestRequest(source=f"{files.base}/a.mp4")).path).read_bytes() == files.data


@pytest.mark.parametrize(
    ("status", "told"), [(404, "status 404"), (410, "status 410"), (403, "upload it"), (204, "status 204")]
)
def test_a_file_that_is_not_given_is_told_at_once(parts: StandIn, files: FileServer, status: int, told: str) -> None:
    files.statuses = [status]
    assert told in refused(parts, f"{files.base}/a.mp4")
    assert len(files.ranges) == 1


def test_a_file_that_is_too_large_is_refused_before_it_is_downloaded(parts: StandIn, files: FileServer) -> None:
    files.announced = 5_000_000_000
    assert "larger than 0.01 GB" in refused(parts, f"{files.base}/a.mp4")


def test_one_that_does_not_tell_its_size_is_stopped_on_the_way(
    parts: StandIn, files: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "extent", lambda answer: (0, None))
    assert "larger" in refused(parts, f"{files.base}/a.mp4", most=100_000)


def test_a_file_that_the_disk_cannot_hold_is_refused_at_once(
    parts: StandIn, files: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(parts.longreel.settings.data)
    monkeypatch.setattr(downloads.shutil, "disk_usage", lambda place: usage._replace(free=1000))
    assert "no room" in refused(parts, f"{files.base}/a.mp4", StorageFull)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("application/pdf", b"%PDF"),
        ("application/x-mpegURL", b"#EXTM3U"),
        ("image/png", b"png"),
        ("video/mp4", b""),
    ],
)
def test_what_is_no_media_file_is_refused_with_what_to_do(
    parts: StandIn, files: FileServer, kind: str, data: bytes
) -> None:
    files.kind, files.data = kind, data
    assert "or of a page that plays one" in refused(parts, f"{files.base}/watch")


def test_a_download_can_be_cancelled(parts: StandIn, files: FileServer) -> None:
    heard: list[Event] = []
    with pytest.raises(Cancelled):
        service(parts).run(
            IngestRequest(source=f"{files.base}/a.mp4"), report=heard.append, cancelled=lambda: len(heard) > 1
        )
    assert left_over(parts) == [] and not any(isinstance(event, StageFinished) for event in heard)


def test_so_can_one_that_waits_for_another_try(parts: StandIn, files: FileServer) -> None:
    files.statuses = [503] * 9
    heard: list[Event] = []
    slow = DownloadService(
        parts.longreel.settings.data / "uploads",
        lambda: 1000,
        parts.longreel.ingest,
        parts.longreel.library,
        private=True,
        policy=RetryPolicy(9, first_s=60.0),
    )
    began = time.monotonic()
    with pytest.raises(Cancelled):
        slow.run(IngestRequest(source=f"{files.base}/a.mp4"), report=heard.append, cancelled=lambda: len(heard) > 0)
    assert time.monotonic() - began < 5 and left_over(parts) == []


def test_a_file_that_cannot_be_read_is_not_kept(parts: StandIn, files: FileServer) -> None:
    files.data = b"   "
    assert "empty" in refused(parts, f"{files.base}/a.mp4")


def test_a_file_of_a_video_in_the_bin_stays(parts: StandIn, files: FileServer) -> None:
    def bin_it(video: Video) -> None:
        fill(video)
        parts.library.bin_video(video.id)

    fill = parts.reader.fill
    parts.reader.fill = bin_it  # type: ignore[method-assign]
    with pytest.raises(LongreelError):
        service(parts).run(IngestRequest(source=f"{files.base}/a.mp4"))
    assert any(path.is_file() for path in left_over(parts))


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://example.org/", "example.org"),
        ("https://example.org/a/%2e%2e%2fb%00c.mp4", "b_c.mp4"),
        ("https://example.org/..", "video"),
    ],
)
def test_no_address_names_a_file_outside_its_own_folder(parts: StandIn, address: str, name: str) -> None:
    path = service(parts).place(address)
    assert path.name == name
    assert path.parent.parent == (parts.longreel.settings.data / "uploads").resolve()


def test_a_download_that_sends_nothing_is_cancelled_at_once(parts: StandIn, files: FileServer) -> None:
    files.hangs.clear()
    asked_at: list[float] = []

    def cancelled() -> bool:
        far = bool(files.ranges)
        if far and not asked_at:
            asked_at.append(time.monotonic())
        return far

    with pytest.raises(Cancelled):
        service(parts, silence_s=20.0).run(IngestRequest(source=f"{files.base}/a.mp4"), cancelled=cancelled)
    assert time.monotonic() - asked_at[0] < 2.0
    assert left_over(parts) == []


def test_a_download_that_trickles_is_given_up(
    parts: StandIn, files: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "WINDOW_S", 0.3)
    monkeypatch.setattr(downloads, "LOOK_EVERY_S", 0.05)
    files.hangs.clear()
    told = refused(parts, f"{files.base}/a.mp4", WorkerFailed, silence_s=20.0)
    assert "bytes a second" in told and len(files.ranges) == 3


def test_a_download_ends_after_a_day(parts: StandIn, files: FileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "LONGEST_S", 0.2)
    monkeypatch.setattr(downloads, "LOOK_EVERY_S", 0.05)
    files.hangs.clear()
    assert "takes longer" in refused(parts, f"{files.base}/a.mp4", silence_s=20.0)
