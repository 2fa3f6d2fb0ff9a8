"""Stores and indexes the segments of a video."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.types import Segment, SegmentKind
from app.services.ingest.run import Run
from app.services.ingest.segments import Found, picture_segments, text_segments
from app.services.ingest.stage import NOTHING, Stage, StageRun
from app.services.ingest.stages.caption import CAPTION
from app.services.ingest.stages.key_frames import KEY_FRAMES
from app.services.ingest.stages.sample import SAMPLE
from app.services.ingest.stages.screen_text import SCREEN_TEXT
from app.services.ingest.stages.segment import SEGMENT
from app.services.ingest.stages.transcribe import TRANSCRIBE

KINDS = (
    SegmentKind.SPEECH,
    SegmentKind.SCREEN_TEXT,
    SegmentKind.CAPTION,
    SegmentKind.EVENT,
    SegmentKind.VISUAL,
)


def found_in(run: Run) -> Found:
    """What the stages of this run found in the video."""
    return Found(
        SEGMENT.of(run),
        TRANSCRIBE.of(run).utterances,
        SCREEN_TEXT.of(run),
        CAPTION.of(run),
        KEY_FRAMES.of(run),
        SAMPLE.of(run).features,
    )


def replace_kind(run: Run, kind: SegmentKind, segments: Sequence[Segment]) -> None:
    """Stores and indexes the segments of one kind in place of earlier ones."""
    run.parts.retriever.remove(run.video.id, [kind])
    run.parts.library.replace_segments(run.video.id, [kind], segments)
    run.parts.retriever.add(segments)


class _Index(Stage[None]):
    """Segments in place of earlier ones; what an agent has learned stays."""

    name = "index"
    inputs = ("transcribe", "segment", "key_frames", "screen_text", "caption")
    undoes = ("object_index", "sound_index", "digest")
    codec = NOTHING

    def version(self, run: Run) -> str:
        return f"2/{run.parts.text_embedder.model}"

    def reduce(self, work: StageRun) -> None:
        """Stores and indexes the segments of a video in place of earlier ones; what an agent has learned stays."""
        run, parts, content = work.run, work.run.parts, found_in(work.run)
        models = {
            SegmentKind.SPEECH: run.options.subtitles_name or parts.transcriber.model,
            SegmentKind.SCREEN_TEXT: parts.text_reader.model,
            SegmentKind.CAPTION: parts.captioner.model,
            SegmentKind.EVENT: parts.captioner.model,
        }
        texts = text_segments(run.video.id, content, models)
        pictures, concepts = picture_segments(run.video.id, content, parts.frame_embedder.model)
        learned = [one for one in parts.library.segments(run.video.id) if one.question is not None]
        work.begin(len(texts) + len(learned) + len(pictures), "segments")
        parts.retriever.remove(run.video.id)
        parts.library.replace_segments(run.video.id, KINDS, [*texts, *pictures])
        searched = [*texts, *learned]
        for first in range(0, len(searched), 64):
            parts.retriever.add(searched[first : first + 64])
            work.progress(first)
        if pictures:
            parts.retriever.add_pictures(pictures, concepts)
        work.detail = f"{len(texts)} texts, {len(pictures)} pictures"


INDEX = _Index()
