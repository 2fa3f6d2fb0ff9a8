"""The frames that stand for each segment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from app.core.types import FrameFeatures, KeyFrame, TimeSpan
from app.services.ingest.calls import thumbnail_key
from app.services.ingest.run import Run
from app.services.ingest.stage import Stage, StageRun, as_json
from app.services.ingest.stages.sample import SAMPLE
from app.services.ingest.stages.segment import SEGMENT


def features_by_piece(
    features: Sequence[FrameFeatures], spans: Sequence[TimeSpan]
) -> Iterator[Sequence[FrameFeatures]]:
    """For each piece the features inside it; for a still piece those of the frame that is standing."""
    times = [f.pts_s for f in features]
    for span in spans:
        first, last = np.searchsorted(times, [span.start_s, span.end_s])
        yield features[first:last] or features[max(first - 1, 0) : max(first, 1)]


class _KeyFrames(Stage[list[KeyFrame]]):
    """By a method of frame selection."""

    name = "key_frames"
    inputs = ("segment",)
    codec = as_json(list[KeyFrame])

    def version(self, run: Run) -> str:
        settings = run.settings
        maxinfo = f"{settings.maxinfo_form}/{settings.maxinfo_rank}/{settings.maxinfo_tolerance:g}"
        return f"3/{run.parts.selector.name}/{settings.key_frames_per_segment}/{maxinfo}"

    def reduce(self, work: StageRun) -> list[KeyFrame]:
        run, chosen = work.run, list[KeyFrame]()
        for number, inside in enumerate(features_by_piece(SAMPLE.of(run).features, SEGMENT.of(run))):
            for index in run.parts.selector.select(inside, run.settings.key_frames_per_segment):
                time_s = inside[index].pts_s
                chosen.append(KeyFrame(time_s, number, thumbnail_key(run.video.id, time_s)))
        work.detail = f"{len(chosen)} key frames"
        return chosen


KEY_FRAMES = _KeyFrames()
