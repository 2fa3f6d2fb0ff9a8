"""Turns what was said, written and shown into segments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.core.runs import runs
from app.core.types import (
    Caption,
    FrameFeatures,
    KeyFrame,
    ScreenText,
    Segment,
    SegmentKind,
    TimeSpan,
    Utterance,
    VideoId,
)

EARLY_S = 30.0
"""The length of a segment that is indexed before the video's pieces are known."""
LIKELY = 0.2
"""The least probability at which a recognised class is mentioned."""


@dataclass(frozen=True)
class Found:
    """Everything that the stages before found in a video."""

    pieces: Sequence[TimeSpan]
    utterances: Sequence[Utterance]
    texts: Sequence[ScreenText]
    captions: Sequence[Caption]
    key_frames: Sequence[KeyFrame]
    features: Sequence[FrameFeatures]


def text_segments(video: VideoId, content: Found, models: dict[SegmentKind, str]) -> list[Segment]:
    """Speech by piece, on-screen texts with their own spans, captions, events with their own spans."""
    segments = []
    for number, utterances in enumerate(by_piece(content.utterances, content.pieces)):
        if utterances:
            segments.append(_segment(video, SegmentKind.SPEECH, number, *_as_one(utterances), models))
    for number, shown in enumerate(content.texts):
        segments.append(_segment(video, SegmentKind.SCREEN_TEXT, number, shown.span, shown.text, models, shown.frame_s))
    frames = {content.pieces[k.piece]: k.pts_s for k in reversed(content.key_frames)}
    for number, caption in enumerate(content.captions):
        frame_s = frames.get(caption.span)
        if caption.text:
            segments.append(_segment(video, SegmentKind.CAPTION, number, caption.span, caption.text, models, frame_s))
    for number, event in enumerate(event for caption in content.captions for event in caption.events):
        segments.append(_segment(video, SegmentKind.EVENT, number, event.span, event.text, models, event.frame_s))
    return segments


def early_segments(video: VideoId, utterances: Sequence[Utterance], model: str) -> list[Segment]:
    """Sentences to be found while the rest of a video is read; indexing puts its pieces in their place."""

    def goes_on(run: list[Utterance], utterance: Utterance) -> bool:
        return utterance.span.end_s - run[0].span.start_s <= EARLY_S

    return [
        Segment(f"{video}-early-{round(run[0].span.start_s * 1000)}", video, SegmentKind.SPEECH, *_as_one(run), model)
        for run in runs(utterances, goes_on)
    ]


def _as_one(utterances: Sequence[Utterance]) -> tuple[TimeSpan, str]:
    """Sentences in time order, at least one, as one text with the span that covers them."""
    end_s = max(one.span.end_s for one in utterances)
    return TimeSpan(utterances[0].span.start_s, end_s), " ".join(one.text for one in utterances)


def _segment(
    video: VideoId,
    kind: SegmentKind,
    number: int,
    span: TimeSpan,
    text: str,
    models: dict[SegmentKind, str],
    frame_s: float | None = None,
) -> Segment:
    return Segment(f"{video}-{kind}-{number}", video, kind, span, text, models[kind], frame_s)


def picture_segments(video: VideoId, content: Found, model: str) -> tuple[list[Segment], np.ndarray]:
    """One segment a key frame with its concept vector, shape (n, q)."""
    by_time = {f.pts_s: f for f in content.features}
    segments, concepts = [], []
    for number, key in enumerate(content.key_frames):
        feature = by_time[key.pts_s]
        names = [name for name, probability in feature.tags if probability >= LIKELY]
        segments.append(
            Segment(
                f"{video}-{SegmentKind.VISUAL}-{number}",
                video,
                SegmentKind.VISUAL,
                content.pieces[key.piece],
                ", ".join(names),
                model,
                key.pts_s,
            )
        )
        concepts.append(feature.concept)
    return segments, np.array(concepts, np.float32)


def by_piece(utterances: Sequence[Utterance], pieces: Sequence[TimeSpan]) -> list[list[Utterance]]:
    """The sentences of each piece: a sentence belongs where its middle lies."""
    starts = [piece.start_s for piece in pieces]
    groups: list[list[Utterance]] = [[] for _ in pieces]
    for utterance in utterances:
        at = int(np.searchsorted(starts, utterance.span.middle_s, side="right")) - 1
        groups[max(at, 0)].append(utterance)
    return groups
