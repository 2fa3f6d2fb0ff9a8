"""Finds where a picture is shown: "where is this picture?".

The vectors of the frames that were sampled during ingest name the likely ones; among these the pixels decide, because a
camera that does not move gives frames of equal vectors. The picture may be smaller, compressed, or cut at its edges.
"""

from __future__ import annotations

import base64
import binascii
import io
import itertools
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from app.core.errors import BadInput, Cancelled, NotFound
from app.core.events import Answered, Event
from app.core.ports import FrameEmbedder, FrameSource
from app.core.stored_answers import used_videos
from app.core.timecode import clock
from app.core.types import (
    Answer,
    AnswerStatus,
    Citation,
    Frame,
    FrameFeatures,
    SegmentKind,
    TimeSpan,
    Usage,
    Video,
    VideoId,
    to_json,
)
from app.db.library import SqlLibrary

MOST_BYTES = 10_000_000
MOST_PIXELS = 50_000_000
LARGEST_SIDE = 1024
"""Pictures are shrunk to this at once: many may wait for their turn, and far fewer pixels are compared."""
LEAST_SIDE = 32
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
QUESTION = "Where is this picture?"
CANDIDATES = 48
"""Frames whose pixels are compared, the likeliest of all videos."""
COMPARED_SIDE = 64
ALIGNED = 3
STEPS = (0.08, 0.04, 0.02, 0.01, 0.005)
"""Shares of a frame by which an edge is moved."""
LEAST_SHOWN = 0.7
"""The least share of a frame's width and height that a cut picture may show."""
SAME = 1.4
"""Correlation of the pixels and cosine of the vectors, together, from which two pictures are the same.

Five pictures reached 0.9 at most on a film other than their own.
"""
NEARLY = 0.02
"""Other moments are named if their likeness is at most so much lower."""
MOST_MOMENTS = 3

Pixels = NDArray[np.float32]
Box = tuple[float, float, float, float]
"""Left, top, right and bottom, as shares of a picture."""


@dataclass(frozen=True, slots=True)
class _Sampled:
    """A frame of a video, until the next one that differs."""

    video: Video
    span: TimeSpan
    likeness: float


def picture_in(address: str) -> NDArray[np.uint8]:
    """The picture in a `data:` address: RGB, upright, at most `LARGEST_SIDE` a side.

    Decoding a large one takes some hundred MB. Raises BadInput for anything else; nothing is fetched.
    """
    head, _, body = address.partition(",")
    if not head.lower().startswith("data:image/") or not head.lower().endswith(";base64"):
        hint = "Send the picture itself: data:image/jpeg;base64,..."
        raise BadInput("A picture is not fetched from an address.", hint)
    if len(body) > MOST_BYTES * 4 / 3 + 4:
        raise BadInput(f"The picture is larger than {MOST_BYTES / 1e6:g} MB.", "Send a smaller one.")
    try:
        with warnings.catch_warnings(action="ignore"):
            opened = Image.open(io.BytesIO(base64.b64decode(body, validate=True)), formats=FORMATS)
            width, height = opened.size
            if width * height > MOST_PIXELS or min(width, height) < LEAST_SIDE:
                raise _wrong_size(f"{width} x {height}")
            opened.draft("RGB", (LARGEST_SIDE, LARGEST_SIDE))
            small = opened.convert("RGB")
            small.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
            return np.asarray(ImageOps.exif_transpose(small))
    except Image.DecompressionBombError as error:
        raise _wrong_size("so many") from error
    except (binascii.Error, OSError, ValueError, SyntaxError) as error:
        raise BadInput("The picture cannot be read.", f"Send one of these: {', '.join(FORMATS)}.") from error


def _wrong_size(pixels: str) -> BadInput:
    hint = f"Send at least {LEAST_SIDE} pixels a side and at most {MOST_PIXELS / 1e6:g} million in all."
    return BadInput(f"A picture of {pixels} pixels cannot be looked for.", hint)


class PictureSearch:
    """Looks for pictures in the videos of the library."""

    def __init__(
        self,
        library: SqlLibrary,
        features: Callable[[Video], Sequence[FrameFeatures]],
        path: Callable[[VideoId], Path],
        frames: Callable[[], FrameSource],
        embedder: Callable[[], FrameEmbedder],
    ) -> None:
        """`features` returns the frames that were sampled during ingest, `path` the file."""
        self._library = library
        self._features = features
        self._path = path
        self._frames = frames
        self._embedder = embedder

    def locate(
        self,
        question: str,
        picture: NDArray[np.uint8],
        videos: Sequence[Video] = (),
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[Event]:
        """Yields one event, `Answered`: the moments that show the picture, as citations. The answer is stored.

        Raises NotFound if no video is ready, Cancelled.
        """
        started = time.monotonic()
        ready = [video for video in videos or self._library.videos() if video.ready]
        if not ready:
            raise NotFound("There is no video to look in yet.", "Ingest a video and wait until it is ready.")
        near, unseen = self._near(picture, ready, cancelled)
        moments = self._same(picture, near, cancelled)
        answer = _answer(moments, ready, unseen, Usage(time.monotonic() - started, frames=len(near)))
        stored = to_json(answer)
        question = question or QUESTION
        id = self._library.save_answer(question, used_videos(question, ready, stored, []), stored, [])
        yield Answered(stored, id)

    def _near(
        self, picture: NDArray[np.uint8], videos: Sequence[Video], cancelled: Callable[[], bool]
    ) -> tuple[list[_Sampled], list[Video]]:
        """The frames with the nearest vectors, and the videos whose frames are not known."""
        vector = _unit(self._embedder().embed([Frame(0.0, picture)])[0].vector[None])[0]
        near: list[_Sampled] = []
        unseen: list[Video] = []
        for video in videos:
            _stop_if(cancelled)
            try:
                seen = self._features(video)
            except NotFound:
                unseen += [video] if video.media.video else []
                continue
            if not seen:
                continue
            likeness = _unit(np.stack([one.vector for one in seen])) @ vector
            ends = [one.pts_s for one in seen[1:]] + [max(video.duration_s, seen[-1].pts_s)]
            best = np.argsort(-likeness)[:CANDIDATES]
            near += [_Sampled(video, TimeSpan(seen[n].pts_s, ends[n]), float(likeness[n])) for n in best]
            near = sorted(near, key=lambda one: -one.likeness)[:CANDIDATES]
        return near, unseen

    def _same(
        self, picture: NDArray[np.uint8], near: Sequence[_Sampled], cancelled: Callable[[], bool]
    ) -> list[tuple[_Sampled, float]]:
        """Those frames that show the same picture, with their likeness, best first."""
        alike: list[tuple[_Sampled, float]] = []
        image = Image.fromarray(picture)
        image.thumbnail((2 * COMPARED_SIDE, 2 * COMPARED_SIDE))
        for id in dict.fromkeys(one.video.id for one in near):
            own = sorted((one for one in near if one.video.id == id), key=lambda one: one.span.start_s)
            times = [one.span.start_s for one in own]
            shown = []
            track = own[0].video.media.picture_track
            for frame in self._frames().at(self._path(id), times, max_side=2 * COMPARED_SIDE, track=track):
                _stop_if(cancelled)
                shown.append(Image.fromarray(frame.image))
            alike += zip(own, likenesses(image, shown, [one.likeness for one in own]), strict=False)
        return sorted((one for one in alike if one[1] > 0), key=lambda one: -one[1])


def likenesses(picture: Image.Image, frames: Sequence[Image.Image], cosines: Sequence[float]) -> list[float]:
    """How much each frame of a video is like a picture that may be cut out of it, up to 1; 0 for another picture.

    What all the frames share, such as the background of a camera that does not move, does not count. `cosines` compare
    the vectors; the picture is aligned with the frames whose vectors are nearest.
    """
    if not frames:
        return []
    size = COMPARED_SIDE, max(2, round(COMPARED_SIDE * frames[0].height / frames[0].width))
    pixels = _pixels(picture, (0, 0, 1, 1), size)
    nearest = sorted(range(len(frames)), key=lambda n: -cosines[n])[:ALIGNED]
    box = max((_aligned(pixels, frames[n], size) for n in nearest), key=lambda one: one[0])[1]
    shown = [_pixels(frame, box, size) for frame in frames]
    shared = np.mean(shown, axis=0) if len(shown) > 2 else np.zeros_like(pixels)
    return [
        (1 + _correlation(pixels - shared, one - shared)) / 2 if _correlation(pixels, one) + cosine >= SAME else 0.0
        for one, cosine in zip(shown, cosines, strict=False)
    ]


def _aligned(pixels: Pixels, frame: Image.Image, size: tuple[int, int]) -> tuple[float, Box]:
    """The part of a frame that correlates best with a picture, found in ever smaller steps of its four edges."""
    box: Box = (0.0, 0.0, 1.0, 1.0)
    best = _correlation(pixels, _pixels(frame, box, size))
    for step in STEPS:
        is_better = True
        while is_better:
            is_better = False
            for edge, move in itertools.product(range(4), (step, -step)):
                moved = list(box)
                moved[edge] += move
                left, top, right, bottom = moved
                if min(left, top) < 0 or max(right, bottom) > 1 or min(right - left, bottom - top) < LEAST_SHOWN:
                    continue
                score = _correlation(pixels, _pixels(frame, (left, top, right, bottom), size))
                if score > best:
                    best, box, is_better = score, (left, top, right, bottom), True
    return best, box


def _pixels(picture: Image.Image, box: Box, size: tuple[int, int]) -> Pixels:
    left, top, right, bottom = box
    part = left * picture.width, top * picture.height, right * picture.width, bottom * picture.height
    small = np.asarray(picture.resize(size, Image.Resampling.BILINEAR, box=part), np.float32)
    centred: Pixels = small - small.mean()
    return centred


def _correlation(one: Pixels, other: Pixels) -> float:
    return float((one * other).sum() / max(float(np.linalg.norm(one) * np.linalg.norm(other)), 1.0))


def _answer(
    moments: Sequence[tuple[_Sampled, float]], videos: Sequence[Video], unseen: Sequence[Video], usage: Usage
) -> Answer:
    if not moments:
        looked = (f"The sampled frames of {len(videos) - len(unseen)} videos",)
        missing = tuple(f"The frames of {one.title} are not stored: ingest it again." for one in unseen)
        status = AnswerStatus.INSUFFICIENT
        return Answer(status, "No frame like this picture was found.", usage=usage, searched=looked, missing=missing)
    likely = [one for one, likeness in moments if likeness >= moments[0][1] - NEARLY]
    best: list[_Sampled] = []
    for place, one in enumerate(likely):  # without those that border on a better one
        better = [other.span for other in likely[:place] if other.video.id == one.video.id]
        if all(one.span.end_s < span.start_s or span.end_s < one.span.start_s for span in better):
            best.append(one)
    del best[MOST_MOMENTS:]
    places = [f"at {clock(one.span.start_s)} in {one.video.title}" for one in best]
    more = f" Nearly the same picture is shown {' and '.join(places[1:])}." if places[1:] else ""
    citations = tuple(
        Citation(one.video.id, one.span, SegmentKind.VISUAL, "This picture", one.span.start_s, verified=True)
        for one in best
    )
    return Answer(AnswerStatus.ANSWERED, f"This picture is shown {places[0]}.{more}", citations=citations, usage=usage)


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return unit


def _stop_if(cancelled: Callable[[], bool]) -> None:
    if cancelled():
        raise Cancelled("The search was cancelled.")
