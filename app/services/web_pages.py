"""Pages of video sites, read with yt-dlp (the extra `web`): what a page plays, or which videos its list holds.

yt-dlp only reads pages here. Each of its requests goes through `app.services.addresses`, redirects too, so that no page
leads it into this machine's network; what it finds is fetched by our own downloader, under the same rules. It runs no
other program.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, NoReturn
from urllib.parse import urlsplit

from app.core.errors import BadInput, Cancelled, LongreelError, MissingPart, WorkerFailed
from app.services.addresses import check_address, request

LONGEST_S = 120.0
"""How long reading one page may take, with all that it loads."""
MOST_BYTES = 50_000_000
"""The most that one of its answers may hold."""
MOST_VIDEOS = 200
"""Of a longer playlist the first ones are taken."""
FORMAT = "best[protocol~='^https?$']"
"""One file with picture and sound; joining separate streams is left to yt-dlp's own command."""
INSTALL = "Run pip install 'longreel[web]' to ingest the pages of video sites, or give the address of a media file."
SAVE = "Save the video with yt-dlp or a browser, then ingest the file."
_SENT = frozenset(("user-agent", "referer", "origin"))


@dataclass(frozen=True, slots=True)
class PageVideo:
    """One video of a page: of a list, the address of its own page; else that of the media file."""

    address: str
    title: str
    headers: Mapping[str, str] = field(default_factory=dict)
    """What the site wants to be sent with a request for the media."""


@dataclass(frozen=True, slots=True)
class WebPage:
    """What a page plays, and the videos of its list. One of both is there."""

    media: PageVideo | None
    listed: tuple[PageVideo, ...] = ()
    left_out: bool = False
    """Whether the list holds more videos than are taken."""


def read_page(address: str, *, private: bool = False, cancelled: Callable[[], bool] = lambda: False) -> WebPage:
    """What a page plays. Raises MissingPart without yt-dlp, BadInput for a page without a video, Cancelled."""
    try:
        import yt_dlp
    except ImportError as error:
        raise MissingPart(f"{_host(address)} sends a web page, not a media file.", INSTALL) from error
    guard = _Guard(private, cancelled)
    reader = _reader(guard)
    try:
        with reader:
            info = reader.extract_info(address, download=False)
    except yt_dlp.utils.YoutubeDLError as error:
        if guard.refused:
            raise guard.refused from error
        raise BadInput(f"yt-dlp finds no video on this page of {_host(address)}.", SAVE) from error
    return _page(info or {}, address, private)


def _page(info: dict[str, Any], address: str, private: bool) -> WebPage:
    if info.get("_type") == "playlist":
        videos = []
        for entry in filter(None, info.get("entries") or ()):
            # The page of the entry, or the last and best file of a video that stands on the page of the list itself.
            file = (entry.get("formats") or [{}])[-1].get("url")
            url = str(entry.get("url") or file or entry.get("webpage_url") or "")
            if urlsplit(url).scheme in ("http", "https"):
                check_address(url, private=private)
                videos.append(PageVideo(url, str(entry.get("title") or "")))
        if not videos:
            raise BadInput(f"This page of {_host(address)} lists no videos.", SAVE)
        return WebPage(None, tuple(videos[:MOST_VIDEOS]), left_out=len(videos) > MOST_VIDEOS)
    media = str(info.get("url") or "")
    if not media:
        raise BadInput(f"This page of {_host(address)} offers no file with picture and sound.", SAVE)
    check_address(media, private=private)
    sent = {name: value for name, value in (info.get("http_headers") or {}).items() if name.lower() in _SENT}
    title = str(info.get("title") or "").removesuffix(" (1)")  # how the first video element of a page is called
    return WebPage(PageVideo(media, title, sent))


class _Guard:
    """The limits of one reading, and the error that ended it."""

    def __init__(self, private: bool, cancelled: Callable[[], bool]) -> None:
        self.private = private
        self.refused: LongreelError | None = None
        self._cancelled = cancelled
        self._until = time.monotonic() + LONGEST_S

    def check(self) -> None:
        """Raises Cancelled, WorkerFailed when it takes too long."""
        if self._cancelled():
            self.refuse(Cancelled("The download was cancelled.", "Add the address again to start over."))
        if time.monotonic() > self._until:
            self.refuse(WorkerFailed(f"Reading the page took longer than {LONGEST_S:g} s.", "Try again later."))

    def refuse(self, error: LongreelError) -> NoReturn:
        """Raises an error and keeps it: yt-dlp turns what it catches into errors of its own."""
        self.refused = self.refused or error
        raise error


class _Body(io.RawIOBase):
    """The body of an answer, read piece by piece; closing it closes the connection."""

    def __init__(self, pieces: Iterator[bytes], guard: _Guard, connection: ExitStack) -> None:
        self._pieces = pieces
        self._guard = guard
        self._connection = connection
        self._waiting = b""
        self._size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._guard.check()
        while not self._waiting:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._waiting = piece
        taken = self._waiting[: len(buffer)]
        self._waiting = self._waiting[len(taken) :]
        buffer[: len(taken)] = taken
        self._size += len(taken)
        if self._size > MOST_BYTES:
            self._guard.refuse(BadInput("The page is too large.", SAVE))
        return len(taken)

    def close(self) -> None:
        self._connection.close()
        super().close()


def _reader(guard: _Guard) -> Any:
    """A yt-dlp that can reach nothing but what the guard allows."""
    from yt_dlp import YoutubeDL
    from yt_dlp.networking import Request, RequestHandler, Response
    from yt_dlp.networking.exceptions import HTTPError, TransportError

    class GuardedRH(RequestHandler):  # type: ignore[misc]
        """The only way out."""

        _SUPPORTED_URL_SCHEMES = ("http", "https")
        _SUPPORTED_PROXY_SCHEMES = None

        def _check_extensions(self, extensions: dict[str, Any]) -> None:
            super()._check_extensions(extensions)
            extensions.clear()

        def _send(self, request: Request) -> Response:
            connection = ExitStack()
            try:
                guard.check()
                answer = connection.enter_context(_open(request, self._get_headers(request), guard))
            except LongreelError as error:
                connection.close()
                guard.refused = guard.refused or error
                raise TransportError(cause=error) from error
            body = io.BufferedReader(_Body(answer.iter_bytes(), guard, connection))
            headers = {name: value for name, value in answer.headers.items() if name != "content-encoding"}
            response = Response(body, str(answer.extensions["address"]), headers, answer.status_code)
            if answer.status_code >= 400:
                raise HTTPError(response)
            return response

    class GuardedYoutubeDL(YoutubeDL):  # type: ignore[misc]
        """yt-dlp without its own handlers."""

        def build_request_director(self, handlers: Any, preferences: Any = None) -> Any:
            del handlers, preferences
            return super().build_request_director([GuardedRH])

    return GuardedYoutubeDL({
        "cachedir": False,
        "extract_flat": "in_playlist",
        "extractor_retries": 1,
        "format": FORMAT,
        "js_runtimes": {},
        "logger": _Silent(),
        "noprogress": True,
        "playlistend": MOST_VIDEOS + 1,
        "proxy": "",
        "quiet": True,
        "socket_timeout": 20,
    })  # fmt: skip


def _open(asked: Any, headers: dict[str, str], guard: _Guard) -> Any:
    """The context of an answer. The host is ours to name, and packed bodies must be ones that httpx unpacks."""
    own = {name: value for name, value in headers.items() if name.lower() not in ("host", "accept-encoding")}
    content = asked.data if isinstance(asked.data, bytes) else b"".join(asked.data or ())
    encoding = {"Accept-Encoding": "gzip, deflate"}
    return request(asked.method, asked.url, content, own | encoding, private=guard.private, timeout_s=20.0)


class _Silent:
    """Where yt-dlp's messages go."""

    def debug(self, message: str) -> None:
        """Drops it."""

    warning = error = debug


def _host(address: str) -> str:
    return urlsplit(address).hostname or address
