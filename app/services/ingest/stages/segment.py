"""Cuts the video into segments of 10-30 s, at borders of scenes and sentences; a long time of nothing is one."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from app.core.types import TimeSpan, Utterance
from app.services.ingest.frame_samples import repeats
from app.services.ingest.run import Run
from app.services.ingest.stage import Codec, Stage, StageRun
from app.services.ingest.stages.sample import SAMPLE
from app.services.ingest.stages.shots import SHOTS
from app.services.ingest.stages.transcribe import TRANSCRIBE
from retrieval.segmentation import cut, scene_borders

STILL_S = 120.0
"""From this length on, a time in which nothing is said and nothing changes is one piece."""
BEGINNING_S = 1.0


def joined_while_still(
    spans: Sequence[TimeSpan], changes_s: Sequence[float], utterances: Sequence[Utterance]
) -> list[TimeSpan]:
    """The pieces, of which those that follow each other without a word or a change become one if they last long.

    `changes_s` are the times of new frames, in order; a frame at the very beginning of a piece is shown throughout it.
    """
    changes = np.asarray(changes_s)
    starts, ends = (np.sort([getattr(u.span, at) for u in utterances]) for at in ("start_s", "end_s"))
    runs: list[list[TimeSpan]] = []
    is_still = False
    for span in spans:
        silent = np.searchsorted(starts, span.end_s) == np.searchsorted(ends, span.start_s, side="right")
        first, begun, last = np.searchsorted(changes, [span.start_s, span.start_s + BEGINNING_S, span.end_s])
        if is_still and silent and first == last:
            runs[-1].append(span)
        else:
            runs.append([span])
            is_still = bool(silent and begun == last)
    joined: list[TimeSpan] = []
    for run in runs:
        whole = run[0].hull(run[-1])
        joined += [whole] if whole.duration_s >= STILL_S else run
    return joined


def _pack(spans: Sequence[TimeSpan]) -> bytes:
    return json.dumps([(span.start_s, span.end_s) for span in spans]).encode()


class _Segments(Stage[list[TimeSpan]]):
    """The spans of the segments, in order."""

    name = "segment"
    inputs = ("sample", "transcribe", "shots")
    codec = Codec(_pack, lambda payload: [TimeSpan(start_s, end_s) for start_s, end_s in json.loads(payload)])

    def version(self, run: Run) -> str:
        return f"1/{run.settings.segment_min_s:g}/{run.settings.segment_max_s:g}"

    def reduce(self, work: StageRun) -> list[TimeSpan]:
        run, sampled = work.run, SAMPLE.of(work.run)
        features, utterances = sampled.features, TRANSCRIBE.of(run).utterances
        if SHOTS.wanted(run):
            borders = SHOTS.of(run)
        else:
            borders = scene_borders([f.pts_s for f in features], [f.vector for f in features])
        spans = cut(
            run.video.duration_s,
            borders,
            [u.span for u in utterances],
            min_s=run.settings.segment_min_s,
            max_s=run.settings.segment_max_s,
        )
        same = repeats(sampled)
        spans = joined_while_still(spans, [f.pts_s for f in features if f.pts_s not in same], utterances)
        work.detail = f"{len(spans)} segments"
        return spans


SEGMENT = _Segments()
