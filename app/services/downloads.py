"""Videos at addresses: the first stage of the job downloads the file, which is then ingested like an upload.

Where the file will be is decided before anything is fetched, so that a job names its file as every other
does, and an attempt that finds the file there has nothing to download. A connection that breaks is taken up
where it broke. An address that gives a web page is read with yt-dlp (see `app.services.web_pages`).
"""

from __future__ import annotations

import shutil
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

import httpx

from app.core.errors import BadInput, Cancelled, StorageFull, WorkerFailed
from app.core.events import Listener, StageFinished, StageProgress, StageStarted, Warned, ignore
from app.core.requests import IngestRequest
from app.core.types import Video
from app.jobs.context import JobContext
from app.jobs.retry import RetryPolicy
from app.jobs.states import Job
from app.services.addresses import check_address, get
from app.services.ingest import IngestService
from app.services.library import PART, LibraryService, safe_name
from app.services.media_responses import HINT, WebPageSent, check_kind, extent, web_page
from app.services.web_pages import MOST_VIDEOS, PageVideo, WebPage, read_page

STAGE = "download"
TITLE = ".title"
"""The file beside a download that holds the title of its page until the video is in the library."""
POLICY = RetryPolicy(max_attempts=5, first_s=1.0, factor=2.0, max_s=15.0)
"""A broken connection is taken up after 1, 2, 4 and 8 seconds."""
SILENCE_S = 20.0
"""How long a server may send nothing."""
WINDOW_S = 60.0
LEAST_RATE = 1000.0
"""Bytes a second that must come, on average over `WINDOW_S`."""
LONGEST_S = 24 * 3600.0
"""How long one download may take."""
LOOK_EVERY_S = 0.25
"""How often a download is looked at: whether it was cancelled, or is too slow."""
PROGRESS_EVERY_S = 0.25
MB = 1e6


class SeveralVideos(BadInput):
    """An address gives a page with a list of videos, such as a playlist."""

    def __init__(self, page: WebPage) -> None:
        super().__init__(f"This page lists {len(page.listed)} videos.", "Give the address of one of them.")
        self.page = page


class DownloadService:
    """Fetches videos from addresses and has them read."""

    def __init__(
        self,
        folder: Path,
        max_bytes: Callable[[], int],
        ingest: IngestService,
        library: LibraryService,
        *,
        private: bool = False,
        policy: RetryPolicy = POLICY,
        silence_s: float = SILENCE_S,
    ) -> None:
        """Files go below `folder`, that of uploads; `private` allows addresses in this machine's network."""
        self._folder = folder
        self._max_bytes = max_bytes
        self._ingest = ingest
        self._library = library
        self._private = private
        self._policy = policy
        self._silence_s = silence_s

    def place(self, address: str) -> Path:
        """Where the file of an address will be, in a folder of its own. Raises BadInput for a forbidden address."""
        check_address(address, private=self._private)
        parts = urlsplit(address)
        name = PurePosixPath(unquote(parts.path)).name or parts.hostname or ""
        return self._folder.resolve() / uuid.uuid4().hex / safe_name(name)

    def run(
        self, request: IngestRequest, *, report: Listener = ignore, cancelled: Callable[[], bool] = lambda: False
    ) -> Video:
        """Downloads the file at the request's `source` and reads it. Raises what `IngestService.run` raises.

        Raises SeveralVideos for a page with several videos.
        """
        placed = replace(request, path=self.place(request.source))
        with self._brought(PageVideo(placed.source, ""), placed.path, report, cancelled) as title:
            called = replace(placed, title=placed.title or title or None)
            return self._ingest.run(called, report=report, cancelled=cancelled)

    def handle(self, job: Job, context: JobContext) -> dict[str, str]:
        """What a worker does with an ingest job, whose file may have to be downloaded first."""
        address = job.payload.get("source")
        if not address:
            result = self._ingest.handle(job, context)
            # Uploads that were read and are no video's file go: subtitles, and a video that was there already.
            of_videos, folder = self._library.files(), self._folder.resolve()
            for received in filter(None, (job.payload["path"], job.payload.get("subtitles"))):
                path = Path(received)
                if received not in of_videos and path.parent.parent == folder:
                    with suppress(OSError):
                        path.unlink()
                        path.parent.rmdir()
            return result
        path = Path(job.payload["path"])
        try:
            with self._brought(PageVideo(address, ""), path, context.report, context.cancelled) as title:
                return self._ingest.handle(_called(job, title), context)
        except SeveralVideos as found:
            first, *others = found.page.listed
            self._queue(job, others, context.report, left_out=found.page.left_out)
        with self._brought(first, path, context.report, context.cancelled) as title:
            return self._ingest.handle(_called(job, title), context)

    def _queue(self, job: Job, others: Sequence[PageVideo], report: Listener, *, left_out: bool) -> None:
        """Queues the other videos of a list, with the options of the first; each once, also when the job is retried."""
        first, webhook = IngestRequest.from_payload(job.payload), job.payload.get("webhook")
        for one in others:
            request = replace(first, path=self.place(one.address), title=one.title, source=one.address, subtitles=None)
            self._ingest.submit(request, webhook=webhook, request_key=f"page {job.id} {one.address}")
        more = f" It holds more than {MOST_VIDEOS}; the rest was left out." if left_out else ""
        report(Warned(f"This page lists {len(others) + 1} videos; the others are queued.{more}"))

    @contextmanager
    def _brought(self, video: PageVideo, path: Path, report: Listener, cancelled: Callable[[], bool]) -> Iterator[str]:
        """The file is there while the block runs, and stays when a video of the library is made of it.

        Gives the title of the page that plays it, also when an earlier attempt downloaded it; else that of `video`.
        Raises SeveralVideos.
        """
        note = path.parent / TITLE
        try:
            if not path.is_file():
                self._fetch(video, path, report, cancelled)
            yield note.read_text("utf-8") if note.is_file() else ""
        finally:
            if str(path) in self._library.files():
                note.unlink(missing_ok=True)
            else:
                shutil.rmtree(path.parent, ignore_errors=True)

    def _fetch(self, video: PageVideo, path: Path, report: Listener, cancelled: Callable[[], bool]) -> None:
        try:
            self._download(video, path, report, cancelled)
            return
        except WebPageSent:
            page = read_page(video.address, private=self._private, cancelled=cancelled)
        if page.media is None:
            raise SeveralVideos(page)
        titled = replace(page.media, title=page.media.title or video.title)
        self._download(titled, path, report, cancelled)

    def _download(self, video: PageVideo, path: Path, report: Listener, cancelled: Callable[[], bool]) -> None:
        address = video.address
        started = time.monotonic()
        host = urlsplit(address).hostname or ""
        attempts = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with (path.parent / PART).open("wb") as file:
                coming = _Coming(file, path.parent, host, self._max_bytes(), report, cancelled)
                while not coming.complete:
                    attempts += 1
                    try:
                        self._receive(video, coming)
                    except WorkerFailed as error:
                        _check_cancelled(cancelled)
                        wait_s = self._policy.retry_in_s(error, attempts, address)
                        if wait_s is None:
                            raise
                        report(Warned(f"{error.message} The download resumes in {wait_s:.0f} s."))
                        _pause(wait_s, cancelled)
            if video.title:
                (path.parent / TITLE).write_text(video.title, "utf-8", errors="replace")
            (path.parent / PART).rename(path)
        except OSError as error:
            raise StorageFull(f"The file could not be stored: {error.strerror}.", "Free some space.") from error
        report(StageFinished(STAGE, time.monotonic() - started, f"{coming.size / MB:.1f} MB from {host}"))

    def _receive(self, video: PageVideo, coming: _Coming) -> None:
        headers = {"User-Agent": "Longreel", **video.headers, "Accept-Encoding": "identity", **coming.rest()}

        def receive(connection: _Connection) -> None:
            with get(video.address, headers, private=self._private, timeout_s=self._silence_s) as answer:
                with connection.held():
                    coming.begin(answer)
                for piece in answer.iter_raw():
                    with connection.held():
                        coming.add(piece)
            with connection.held():
                coming.end()

        connection = _Connection(receive)
        try:
            connection.watch(coming)
        finally:
            connection.abandon()


class _Abandoned(Exception):
    """Nobody waits for this connection any more."""


class _Connection:
    """One connection, read in a thread of its own: a server that sends nothing cannot keep the worker from leaving."""

    def __init__(self, receive: Callable[[_Connection], None]) -> None:
        self._receive = receive
        self._lock = threading.Lock()
        self._abandoned = False
        self._ended = threading.Event()
        self._error: BaseException | None = None
        threading.Thread(target=self._run, name="longreel-download", daemon=True).start()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Something is done with the file; ends the thread when nobody waits for it any more."""
        with self._lock:
            if self._abandoned:
                raise _Abandoned
            yield

    def watch(self, coming: _Coming) -> None:
        """Waits for the end. Raises what the connection raised, Cancelled, WorkerFailed when it is too slow."""
        since, before = time.monotonic(), coming.size
        while not self._ended.wait(LOOK_EVERY_S):
            coming.check_time()
            if time.monotonic() - since < WINDOW_S:
                continue
            if coming.size - before < LEAST_RATE * WINDOW_S:
                raise WorkerFailed(f"{coming.host} sends less than {LEAST_RATE:g} bytes a second.", "Try again later.")
            since, before = time.monotonic(), coming.size
        if self._error is not None:
            raise self._error

    def abandon(self) -> None:
        """From now on this connection changes nothing."""
        with self._lock:
            self._abandoned = True

    def _run(self) -> None:
        try:
            self._receive(self)
        except BaseException as error:  # noqa: BLE001 - raised where the end is waited for
            self._error = error
        self._ended.set()


class _Coming:
    """One file on its way: what is here of it, over several connections."""

    def __init__(
        self, file: BinaryIO, folder: Path, host: str, most: int, report: Listener, cancelled: Callable[[], bool]
    ) -> None:
        self.size = 0
        """Bytes received so far."""
        self.complete = False
        self._file = file
        self._folder = folder
        self.host = host
        self._most = most
        self._report = report
        self._cancelled = cancelled
        self._total: int | None = None
        self._version = ""
        """What the server calls this state of the file: a strong ETag or a date."""
        self._started = time.monotonic()
        self._reported_at: float | None = None

    def check_time(self) -> None:
        """Raises Cancelled, BadInput for a download that takes too long."""
        _check_cancelled(self._cancelled)
        if time.monotonic() - self._started > LONGEST_S:
            raise BadInput(
                f"The download from {self.host} takes longer than {LONGEST_S / 3600:g} hours.",
                "Download the file yourself, then upload it.",
            )

    def rest(self) -> dict[str, str]:
        """The headers that ask for what is missing; none when all must come, as at first."""
        if not self.size or not self._version:
            return {}
        return {"Range": f"bytes={self.size}-", "If-Range": self._version}

    def begin(self, answer: httpx.Response) -> None:
        """Checks what comes before any of it is stored. Raises BadInput, StorageFull, WorkerFailed."""
        status = answer.status_code
        if status == 416:
            self._restart()
        if status in (408, 416, 425, 429) or status >= 500:
            raise WorkerFailed(f"{self.host} answers with status {status}.", "Try again later.")
        if status not in (200, 206):
            hint = "If you have access to it, download the file and upload it." if status in (401, 403) else HINT
            raise BadInput(f"{self.host} does not give the file: it answers with status {status}.", hint)
        first, total = extent(answer)
        if first == 0:
            self._restart()
            check_kind(self.host, answer.headers)
            etag = answer.headers.get("etag", "")
            self._version = etag if etag.startswith('"') else answer.headers.get("last-modified", "")
        elif first != self.size or self._total not in (None, total):
            self._restart()
            raise WorkerFailed(f"The file at {self.host} changed while it was read.", "Try again.")
        self._total = total
        if total is not None and total > self._most:
            raise self._too_large()
        if total is not None and shutil.disk_usage(self._folder).free < total - self.size:
            raise StorageFull("There is no room for this file.", "Free some space on the disk of the library.")
        if self._reported_at is None:
            self._reported_at = 0.0
            self._report(StageStarted(STAGE, (total or 0) / MB, "MB"))

    def add(self, piece: bytes) -> None:
        """Stores bytes. Raises BadInput for a page or too many bytes, Cancelled, OSError."""
        if not self.size and piece.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
            raise web_page(self.host)
        self._file.write(piece)
        self.size += len(piece)
        if self.size > self._most:
            raise self._too_large()
        _check_cancelled(self._cancelled)
        now = time.monotonic()
        if self._reported_at is not None and now - self._reported_at < PROGRESS_EVERY_S and self.size != self._total:
            return
        self._reported_at = now
        total = self._total or 0
        left_s = (total - self.size) * (now - self._started) / self.size if total else None
        self._report(StageProgress(STAGE, self.size / MB, total / MB, "MB", left_s=left_s))

    def end(self) -> None:
        """Called when a connection gave all it had. Raises BadInput for an empty file, WorkerFailed."""
        if self._total is not None and self.size < self._total:
            raise WorkerFailed(f"{self.host} sent only a part of the file.", "Try again.")
        if not self.size:
            raise BadInput(f"The file at {self.host} is empty.", HINT)
        self.complete = True

    def _restart(self) -> None:
        self._file.seek(0)
        self._file.truncate()
        self.size, self._total, self._version = 0, None, ""

    def _too_large(self) -> BadInput:
        return BadInput(
            f"The file at {self.host} is larger than {self._most / 1e9:g} GB.",
            "Raise LONGREEL_SERVER__MAX_UPLOAD_GB, or download it and cut the video.",
        )


def _called(job: Job, title: str) -> Job:
    """The job with the title of the page that plays its video, unless a person gave one."""
    return replace(job, payload={**job.payload, "title": job.payload.get("title") or title or None})


def _check_cancelled(cancelled: Callable[[], bool]) -> None:
    if cancelled():
        raise Cancelled("The download was cancelled.", "Add the address again to start over.")


def _pause(seconds: float, cancelled: Callable[[], bool]) -> None:
    until = time.monotonic() + seconds
    while (left_s := until - time.monotonic()) > 0:
        _check_cancelled(cancelled)
        time.sleep(min(0.2, left_s))
