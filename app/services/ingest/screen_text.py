"""Reads the text on the screen, and how long each text is visible."""

from __future__ import annotations

import json
from collections.abc import Sequence

from app.core.types import ScreenText, TextLine, from_json, to_json
from app.services.ingest.calls import ReadCall
from app.services.ingest.chunks import longest_standing
from app.services.ingest.frame_samples import Sampled
from app.services.ingest.run import Run, Stage, Unit, unit_key
from gpu_workers.vision.screen_text import merge_readings

FRAMES_ALWAYS = 120
SECONDS_A_FRAME = 10.0
"""Reading costs about as much as half a second of video: short videos are read frame by frame,
an hour in at most one frame every few seconds, the ones that stand longest first."""


def read_screen(run: Run, sampled: Sampled) -> list[ScreenText]:
    """Texts in the order in which they appeared."""
    duration = run.video.duration_s
    times = [f.pts_s for f in sampled.features]
    chosen = longest_standing(
        times, sampled.text_s, run.video.media.whole, FRAMES_ALWAYS + int(duration / SECONDS_A_FRAME)
    )

    def work(stage: Stage) -> bytes:
        track = run.video.media.picture_track
        units = [Unit(unit_key(t), 1.0, ReadCall(run.video.id, str(run.path), t, track)) for t in chosen]
        stage.begin(len(chosen), "frames", stage.stored(units))
        stage.work_off("read", units, lambda lines: json.dumps([to_json(line) for line in lines]).encode())
        readings: list[tuple[float, Sequence[TextLine]]] = [(t, ()) for t in sampled.blank_s]
        for time_s in chosen:
            lines = json.loads(stage.done[unit_key(time_s)])
            readings.append((time_s, [from_json(TextLine, line) for line in lines]))
        texts = merge_readings(readings, until_s=duration, changes=times)
        stage.detail = f"{len(texts)} texts"
        return json.dumps([to_json(text) for text in texts]).encode()

    payload = run.stage("screen_text", run.version_after("sample", own=f"3/{run.parts.text_reader.model}"), work)
    return [from_json(ScreenText, item) for item in json.loads(payload)]
