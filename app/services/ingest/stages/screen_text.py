"""Reads the text on the screen, and how long each text is visible."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.types import ScreenText, TextLine
from app.services.ingest.calls import ReadCall
from app.services.ingest.chunks import longest_standing
from app.services.ingest.run import Run
from app.services.ingest.stage import Stage, StageRun, Unit, UnitCalls, as_json, unit_key
from app.services.ingest.stages.sample import SAMPLE
from gpu_workers.vision.screen_text import merge_readings

FRAMES_ALWAYS = 120
SECONDS_A_FRAME = 10.0
"""Reading costs about as much as half a second of video: short videos are read frame by frame,
an hour in at most one frame every few seconds, the ones that stand longest first."""


def _chosen(run: Run) -> list[float]:
    """The times of the frames that are read."""
    sampled, budget = SAMPLE.of(run), FRAMES_ALWAYS + int(run.video.duration_s / SECONDS_A_FRAME)
    return longest_standing([f.pts_s for f in sampled.features], sampled.text_s, run.video.media.whole, budget)


class _ScreenTexts(Stage[list[ScreenText]]):
    """Texts in the order in which they appeared."""

    name = "screen_text"
    inputs = ("sample",)
    codec = as_json(list[ScreenText])
    calls = UnitCalls("read", as_json(list[TextLine]), "frames")

    def version(self, run: Run) -> str:
        return f"3/{run.parts.text_reader.model}"

    def units(self, run: Run) -> list[Unit]:
        track = run.video.media.picture_track
        return [Unit(unit_key(t), 1.0, ReadCall(run.video.id, str(run.path), t, track)) for t in _chosen(run)]

    def reduce(self, work: StageRun) -> list[ScreenText]:
        run, sampled = work.run, SAMPLE.of(work.run)
        readings: list[tuple[float, Sequence[TextLine]]] = [(t, ()) for t in sampled.blank_s]
        readings += zip(_chosen(run), work.parts, strict=True)
        texts = merge_readings(readings, until_s=run.video.duration_s, changes=[f.pts_s for f in sampled.features])
        work.detail = f"{len(texts)} texts"
        return texts


SCREEN_TEXT = _ScreenTexts()
