"""Converts between rows and the kernel's types. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from app.core.types import (
    Chapter,
    Citation,
    MediaInfo,
    Segment,
    SegmentKind,
    TimeSpan,
    Utterance,
    Video,
    VideoId,
    Word,
    from_json,
    to_json,
)


def video(row: Row[Any], tags: tuple[str, ...] = ()) -> Video:
    """The video of a row."""
    media = from_json(MediaInfo, row.media)
    id = VideoId(row.id)
    return Video(id, row.title, row.path, media, row.language, row.added_at, row.ready, tags, row.source)


def of_video(video: Video) -> dict[str, Any]:
    """The row of a video."""
    return {
        "id": video.id,
        "title": video.title,
        "path": video.path,
        "media": to_json(video.media),
        "language": video.language,
        "added_at": video.added_at,
        "ready": video.ready,
        "source": video.source,
    }


def utterance(row: Row[Any]) -> Utterance:
    """The sentence of a row."""
    words = tuple(Word(text, TimeSpan(start_s, end_s), share) for text, start_s, end_s, share in row.words)
    span, speaker = TimeSpan(row.start_s, row.end_s), row.name or row.speaker
    return Utterance(span, row.text, words, speaker, row.confidence, row.language)


def of_utterance(id: VideoId, utterance: Utterance) -> dict[str, Any]:
    """The row of a sentence."""
    return {
        "video_id": id,
        "start_s": utterance.span.start_s,
        "end_s": utterance.span.end_s,
        "text": utterance.text,
        "words": [[word.text, word.span.start_s, word.span.end_s, word.probability] for word in utterance.words],
        "speaker": utterance.speaker,
        "confidence": utterance.confidence,
        "language": utterance.language,
    }


def segment(row: Row[Any]) -> Segment:
    """The segment of a row."""
    return Segment(
        row.id,
        VideoId(row.video_id),
        SegmentKind(row.kind),
        TimeSpan(row.start_s, row.end_s),
        row.text,
        row.model,
        row.frame_s,
        row.question,
    )


def of_segment(segment: Segment) -> dict[str, Any]:
    """The row of a segment."""
    return {
        "id": segment.id,
        "video_id": segment.video_id,
        "kind": str(segment.kind),
        "start_s": segment.span.start_s,
        "end_s": segment.span.end_s,
        "text": segment.text,
        "model": segment.model,
        "frame_s": segment.frame_s,
        "question": segment.question,
    }


def chapter(row: Row[Any]) -> Chapter:
    """The chapter of a row."""
    return Chapter(TimeSpan(row.start_s, row.end_s), row.title, row.summary, citations(row.citations))


def of_chapter(id: VideoId, chapter: Chapter) -> dict[str, Any]:
    """The row of a chapter."""
    return {
        "video_id": id,
        "start_s": chapter.span.start_s,
        "end_s": chapter.span.end_s,
        "title": chapter.title,
        "summary": chapter.summary,
        "citations": [to_json(citation) for citation in chapter.citations],
    }


def citations(data: Sequence[Mapping[str, Any]]) -> tuple[Citation, ...]:
    """The citations of a JSON column."""
    return tuple(from_json(Citation, one) for one in data)
