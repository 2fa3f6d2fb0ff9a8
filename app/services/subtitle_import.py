"""The use case: captions or subtitles instead of a video. They become a video of the library without a file.

Its id is the SHA-256 of what was imported. There are no pictures to look at, and nothing was measured: a caption is
taken for what a captioning model saw.
"""

from __future__ import annotations

import functools
import hashlib
import json
import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.core.errors import BadInput, Cancelled
from app.core.paths import readable
from app.core.ports import SubtitleSource
from app.core.settings import Ingest
from app.core.titles import tidy_title
from app.core.types import Caption, MediaInfo, SegmentKind, TimeSpan, Utterance, Video, VideoId
from app.services import subtitles
from app.services.chapters import publish
from app.services.digest import make_digest
from app.services.ingest import IngestParts
from app.services.ingest.segments import Found, text_segments
from app.services.ingest.stages.entities import named
from app.services.summarize.shapes import EXTRACTIVE
from app.services.topics import Sentence
from app.services.transcript_sentences import transcript_sentences
from retrieval.segmentation import cut

_BATCH = 64
"""Segments that are indexed between two looks at whether to stop."""
LONGEST_S = 200 * 3600.0
"""Hardly a film is longer; a mistyped time, or another unit than seconds, would make one."""
_HINT = (
    'Give subtitles such as an SRT or WebVTT file, the JSON of whisperX, or JSON: {"name": [caption, ...]} or '
    '[caption, ...], where a caption is a text or {"start_s": 0, "end_s": 1, "text": "..."}.'
)


@dataclass(frozen=True, slots=True)
class Imported:
    """What one file, or one entry of it, says about one video."""

    id: VideoId
    title: str
    said: tuple[Utterance, ...] = ()
    seen: tuple[Caption, ...] = ()

    @property
    def duration_s(self) -> float:
        """Up to the last end."""
        return max([u.span.end_s for u in self.said] + [c.span.end_s for c in self.seen])


class ImportService:
    """Adds videos that only words are known of."""

    def __init__(self, parts: Callable[[], IngestParts], settings: Ingest) -> None:
        self._parts = parts
        self._settings = settings

    def run(
        self,
        path: Path,
        *,
        title: str | None = None,
        language: str | None = None,
        every_s: float = 1.0,
        report: Callable[[int, int, Video], None] = lambda *_: None,
        progress: Callable[[str, int, int], None] = lambda *_: None,
        warn: Callable[[str], None] = lambda _: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> list[Video]:
        """The videos of a file, ready for questions; those that the library has with the same times are no work.

        `every_s`: what a caption without times covers, in seconds. `report(done, total, video)` follows each video,
        `progress(step, done, total)` its segments and chapters, and `warn` hears what was left out.
        Raises BadInput for a file that is neither subtitles nor captions, Cancelled.
        """

        def step(name: str, done: int, total: int) -> None:
            if cancelled():
                raise Cancelled("The import was stopped.", "Run it again: it starts over.")
            progress(name, done, total)

        entries = read(path, title, every_s, language, warn, self._parts().subtitles)
        videos = []
        for number, one in enumerate(entries, 1):
            videos.append(self._add(one, path.name, language, step))
            report(number, len(entries), videos[-1])
        return videos

    def _add(
        self, entry: Imported, name: str, language: str | None, progress: Callable[[str, int, int], None]
    ) -> Video:
        parts = self._parts()
        media = MediaInfo("subtitles" if entry.said else "captions", entry.duration_s, 0.0, 0, None)
        video = parts.library.add_video(Video(entry.id, entry.title, "", media, language))
        kinds = [SegmentKind.SPEECH, SegmentKind.CAPTION]
        stored_until_s = max((one.span.end_s for one in parts.library.segments(entry.id, kinds=kinds)), default=0.0)
        if video.ready and (entry.said or stored_until_s == entry.duration_s):  # else each caption covers another time
            return video
        parts.retriever.remove(entry.id)
        parts.library.replace_segments(entry.id, kinds, [])
        parts.library.save_utterances(entry.id, entry.said)
        borders, spoken = [caption.span.start_s for caption in entry.seen], [one.span for one in entry.said]
        least, most = self._settings.segment_min_s, self._settings.segment_max_s
        pieces = cut(entry.duration_s, borders, spoken, min_s=least, max_s=most)
        here = Found(pieces, entry.said, (), entry.seen, (), ())
        segments = text_segments(entry.id, here, {SegmentKind.SPEECH: name, SegmentKind.CAPTION: name})
        for first in range(0, len(segments), _BATCH):
            progress("segments", first, len(segments))
            parts.retriever.add(segments[first : first + _BATCH])
        if parts.entities is not None:
            parts.entities.save(entry.id, named(entry.id, entry.said))
        self._digest(entry, functools.partial(progress, "chapters"))
        parts.library.replace_segments(entry.id, kinds, segments)
        parts.library.set_ready(entry.id, language)
        return parts.library.video(entry.id)

    def _digest(self, entry: Imported, chapter_done: Callable[[int, int], None]) -> None:
        parts = self._parts()
        sentences = transcript_sentences(entry.said)
        sentences += [Sentence(c.span, SegmentKind.CAPTION, c.text) for c in entry.seen]
        digest = make_digest(
            entry.id,
            entry.duration_s,
            sentences,
            parts.text_embedder,
            parts.language_model,
            words=self._settings.summary_words,
            chapter_done=chapter_done,
        )
        model = parts.language_model.model if parts.language_model else EXTRACTIVE
        publish(parts.library, parts.retriever, entry.id, digest, model)


def read(
    path: Path,
    title: str | None,
    every_s: float,
    language: str | None = None,
    warn: Callable[[str], None] = lambda _: None,
    tracks: SubtitleSource | None = None,
) -> list[Imported]:
    """What a file holds, one entry a video; `tracks` reads subtitles in a container (.mks).

    Raises BadInput that names the entry and the caption.
    """
    if not (math.isfinite(every_s) and every_s > 0):
        raise BadInput(f"A caption cannot cover {every_s} seconds.", "Give a number above 0.")
    entries = _read(path, title, every_s, language, warn, tracks)
    for one in entries:
        if one.duration_s > LONGEST_S:
            raise BadInput(
                f"{one.title} would be {one.duration_s / 3600:.3g} hours long.",
                "Correct mistyped times; numbers without colons are seconds.",
            )
    return entries


def _read(
    path: Path,
    title: str | None,
    every_s: float,
    language: str | None,
    warn: Callable[[str], None],
    tracks: SubtitleSource | None,
) -> list[Imported]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.", "Check the path.") from error
    name = tidy_title(title or "") or tidy_title(path.stem) or "Subtitles"
    if subtitles.is_matroska(data):
        return [_said(path, name, subtitles.matroska_text(path, tracks).encode(), language, warn)]
    if path.suffix.lower() in subtitles.SUFFIXES:
        return [_said(path, name, data, language, warn)]
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        with suppress(BadInput):  # subtitles may have any ending
            return [_said(path, name, data, language, warn)]
        raise BadInput(f"{path} is neither subtitles nor JSON.", _HINT) from error
    if not isinstance(content, list | dict) or not content:
        raise BadInput(f"{path} has no captions.", _HINT)
    if subtitles.is_transcript(content):
        return [_said(path, name, data, language, warn)]
    if isinstance(content, list):
        return [Imported(_digest(data), name, (), _captions(f"{path}", content, every_s, path.name))]
    if title and len(content) > 1:
        raise BadInput(
            f"{path} has {len(content)} videos, and one title.",
            "Leave the title out: the names in the file are the titles.",
        )
    videos = []
    for key, listed in content.items():
        captions = _captions(key, listed, every_s, path.name)
        canonical = json.dumps({key: listed}, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        videos.append(
            Imported(_digest(canonical.encode(errors="replace")), tidy_title(title or key) or name, (), captions)
        )
    return videos


def _said(path: Path, name: str, data: bytes, language: str | None, warn: Callable[[str], None]) -> Imported:
    utterances = tuple(subtitles.parse(data, language=language, warn=warn))
    if not utterances or max(u.span.end_s for u in utterances) <= 0:
        raise BadInput(f"{path} has no subtitles.", "Give a file with subtitles.")
    return Imported(_digest(data), name, utterances)


def _captions(where: str, listed: Any, every_s: float, model: str) -> tuple[Caption, ...]:
    """Captions in time order; the same sentence again at once becomes one caption that covers both."""
    if not isinstance(listed, list):
        raise BadInput(f"{where}: its captions are not a list.", _HINT)
    captions = []
    for at, item in enumerate(listed):
        if isinstance(item, str):
            item = {"start_s": at * every_s, "end_s": (at + 1) * every_s, "text": item}
        try:
            span = TimeSpan(float(item["start_s"]), float(item["end_s"]))
            captions.append(Caption(span, " ".join(readable(str(item["text"])).split()), model))
        except (TypeError, KeyError, ValueError, OverflowError) as error:
            raise BadInput(f"{where}, caption {at + 1} is not a caption.", _HINT) from error
    merged: list[Caption] = []
    for caption in sorted((one for one in captions if one.text), key=lambda one: one.span):
        if merged and merged[-1].text == caption.text and caption.span.start_s <= merged[-1].span.end_s + every_s / 2:
            merged[-1] = Caption(merged[-1].span.hull(caption.span), caption.text, model)
        else:
            merged.append(caption)
    if not merged or merged[-1].span.end_s <= 0:
        raise BadInput(f"{where} has no captions.", _HINT)
    return tuple(merged)


def _digest(data: bytes) -> VideoId:
    return VideoId(hashlib.sha256(data).hexdigest())
