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
        transcriber, segments = context.work.parts.transcriber, []
        sound = context.work.parts.audio.samples(Path(video.path), span, video.media.sound)
        heard = transcriber.transcribe(sound, languages=[self.language] if self.language else ())
        for one in (utterance.moved(span.start_s) for utterance in heard.utterances):
            key = f"{video.id}|{one.span.start_s:.3f}|{one.text}|{transcriber.model}"
            id = "heard-" + hashlib.sha256(key.encode()).hexdigest()[:24]
            segments.append(Segment(id, video.id, SegmentKind.SPEECH, one.span, one.text, transcriber.model, None, ""))
        passages = tuple(context.work.store(segments))
        context.report_inspected("transcribe", video, span, (), passages)
        return Outcome(passages or ("Nothing is said there.",), (Coverage("speech", video.id, span),))
