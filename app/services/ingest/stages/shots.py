"""When shots begin: optional, by a detector that sees every frame of the video."""

from __future__ import annotations

from app.services.ingest.calls import PicturesCall
from app.services.ingest.run import Run, present
from app.services.ingest.stage import Stage, StageRun, Unit, UnitCalls, as_json


class _Shots(Stage[list[float]]):
    """When shots begin, seconds."""

    name = "shots"
    inputs = ("probe",)
    codec = as_json(list[float])
    calls = UnitCalls("shots", codec)

    def wanted(self, run: Run) -> bool:
        return run.parts.shot_detector is not None and run.video.media.video is not None

    def version(self, run: Run) -> str:
        return f"1/{present(run.parts.shot_detector).model}/{run.settings.sample_chunk_s:g}"

    def units(self, run: Run) -> list[Unit]:
        track = run.video.media.picture_track
        return [Unit.of(c, PicturesCall(str(run.path), c, track)) for c in run.chunks]

    def reduce(self, work: StageRun) -> list[float]:
        times_s = sorted({time_s for part in work.parts for time_s in part})
        work.detail = f"{len(times_s) + 1} shots"
        return times_s


SHOTS = _Shots()
