"""What the answer to a download says of its file: how much of it comes, and whether it is media at all."""

from __future__ import annotations

import re

import httpx

from app.core.errors import BadInput

ANY_BYTES = frozenset(
    {"", "application/octet-stream", "binary/octet-stream", "application/mp4", "application/ogg", "application/mxf"}
    | {"application/x-matroska", "application/force-download", "application/x-download", "text/plain"}
)
"""Content types that a server may give a media file, besides video/* and audio/*; text/plain for what it knows not."""
PAGES = frozenset(("text/html", "application/xhtml+xml", "text/xml", "application/xml", "application/rss+xml"))
"""Content types of web pages and of the feeds of podcasts."""
HINT = "Give the address of a video or audio file, or of a page that plays one."
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


class WebPageSent(BadInput):
    """An address gives a web page rather than a media file."""


def extent(answer: httpx.Response) -> tuple[int, int | None]:
    """The first byte of an answer and the bytes of the whole file; None when the server does not say."""
    if answer.status_code == 206:
        sent = _RANGE.fullmatch(answer.headers.get("content-range", "").strip())
        if sent is None:
            return -1, None
        return int(sent[1]), None if sent[2] == "*" else int(sent[2])
    length = answer.headers.get("content-length", "")
    return 0, int(length) if length.isdecimal() else None


def check_kind(host: str, headers: httpx.Headers) -> None:
    """Raises BadInput for what is no media file, WebPageSent for a page."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise BadInput(f"{host} only sends the file compressed.", "Download it and upload it.")
    if kind in PAGES:
        raise web_page(host)
    if kind not in ANY_BYTES and (not kind.startswith(("video/", "audio/")) or kind.endswith("mpegurl")):
        raise not_media(host, kind[:100])


def not_media(host: str, what: str) -> BadInput:
    """The error for an answer that is something else."""
    return BadInput(f"{host} sent {what}, not a media file.", HINT)


def web_page(host: str) -> WebPageSent:
    """The error for an answer that is a page."""
    return WebPageSent(f"{host} sent a web page, not a media file.", HINT)
