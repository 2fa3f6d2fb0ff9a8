"""Everything known about a span of a video, as passages in time order."""

from __future__ import annotations

from collections.abc import Sequence

from agents.evidence.passage import Passage
from app.core.ports import VideoLibrary
from app.core.types import Segment, SegmentKind, TimeSpan, Utterance, Video
from app.text.screen_lines import distinct_lines

GUESSED = "offline-tags"
"""The captioner that only names classes of pictures; see `gpu_workers.vision.offline_tags`."""
SPEECH = "speech"
"""The sound that is left out where the words themselves are read."""
READABLE = tuple(kind for kind in SegmentKind if kind is not SegmentKind.SUMMARY)


def read_span(
    library: VideoLibrary, video: Video, span: TimeSpan, kinds: Sequence[SegmentKind] = READABLE, again: bool = False
) -> list[Passage]:
    """All that is said, written and described in a span, in time order. Text on the screen comes once; guessed tags are
    left out. `again`: what was transcribed again comes beside the first transcript."""
    passages: list[Passage] = []
    if SegmentKind.SPEECH in kinds:
        passages += [from_utterance(video, utterance) for utterance in library.utterances(video.id, span)]
    others = tuple(kind for kind in kinds if again or kind is not SegmentKind.SPEECH)
    segments = library.segments(video.id, kinds=others, window=span) if others else []
    segments = [one for one in segments if one.kind is not SegmentKind.SPEECH or one.question is not None]
    # That somebody speaks is known from what is said.
    segments = [one for one in segments if one.kind is not SegmentKind.SOUND or one.text != SPEECH]
    screen = [one for one in segments if one.kind is SegmentKind.SCREEN_TEXT]
    described = [one for one in segments if one.kind is not SegmentKind.SCREEN_TEXT and not is_guess(one)]
    passages += [from_segment(one) for one in (*distinct_lines(screen), *described) if one.text.strip()]
    return sorted(passages, key=lambda passage: (passage.span.start_s, passage.span.end_s))


def from_utterance(video: Video, utterance: Utterance) -> Passage:
    """A sentence that was said."""
    text, speaker = utterance.text.strip(), utterance.speaker or ""
    return Passage(video.id, SegmentKind.SPEECH, utterance.span, text, speaker=speaker, confidence=utterance.confidence)


def from_segment(segment: Segment, score: float = 0.0) -> Passage:
    """A segment as a passage."""
    text, proves = segment.text.strip(), segment.kind is not SegmentKind.SUMMARY and not is_guess(segment)
    return Passage(segment.video_id, segment.kind, segment.span, text, segment.frame_s, proves=proves, score=score)


def is_guess(segment: Segment) -> bool:
    """Whether a segment only holds what a picture classifier guessed, rather than what a model saw when it looked."""
    if segment.kind is SegmentKind.VISUAL:
        return segment.question is None
    return segment.kind is SegmentKind.CAPTION and segment.model.startswith(GUESSED)
