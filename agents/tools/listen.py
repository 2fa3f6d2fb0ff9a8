"""listen: transcribes a span again, where words seem misheard or none were found."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pydantic import Field

from agents.state import Coverage
from agents.tools.base import Outcome, Seconds, SpanIn, Tool, ToolContext, VideoName
from app.core.errors import ToolRefused
from app.core.types import Segment, SegmentKind

LONGEST_S = 300.0
MARGIN_S = 2.0


class Listen(Tool):
    """Transcribes a span of at most five minutes again, where the transcript seems misheard, is in the wrong
    language, or has a gap."""

    video: VideoName
    start_s: Seconds
    end_s: Seconds
    language: str = Field("", max_length=8, description="ISO 639-1 code of what is spoken; empty: detect it again")

    def run(self, context: ToolContext) -> Outcome:
        """What is heard this time, stored beside the first transcript."""
        video = context.video(self.video)
        if not video.media.audio:
            raise ToolRefused(f"{context.name_of(video)} has no sound.")
        context.require(SegmentKind.SPEECH)
        span = context.span(video, SpanIn(start_s=self.start_s, end_s=self.end_s))
        if span.duration_s > LONGEST_S:
            raise ToolRefused(f"Listen to at most {LONGEST_S:.0f} seconds at a time.")
        span = context.span(video, SpanIn(start_s=max(0.0, span.start_s - MARGIN_S), end_s=span.end_s + MARGIN_S))
        parts = context.work.parts
        sound = parts.audio.samples(Path(video.path), span, video.media.sound)
        heard = parts.transcriber.transcribe(sound, languages=[self.language] if self.language else ())
        segments = []
        for utterance in (one.moved(span.start_s) for one in heard.utterances):
            key = f"{video.id}|{utterance.span.start_s:.3f}|{utterance.text}|{parts.transcriber.model}"
            id = "heard-" + hashlib.sha256(key.encode()).hexdigest()[:24]
            words, model = utterance.text, parts.transcriber.model
            segments.append(Segment(id, video.id, SegmentKind.SPEECH, utterance.span, words, model, question=""))
        passages = tuple(context.work.store(segments))
        context.report_inspected("transcribe", video, span, (), passages)
        return Outcome(passages or ("Nothing is said there.",), (Coverage("speech", video.id, span),))
