"""One pass over the pictures: every frame that changed is embedded, and its pictures stored."""

from __future__ import annotations

from app.core.events import Warned
from app.core.timecode import clock
from app.core.types import TimeSpan
from app.services.ingest.calls import WatchCall
from app.services.ingest.frame_samples import Sampled, packed, unpacked
from app.services.ingest.run import Run
from app.services.ingest.stage import Codec, Stage, StageRun, Unit, UnitCalls

GLANCE_AT_ALL_S = 300.0
"""Every changed frame of a video up to this length is glanced at for text."""
SECONDS_A_GLANCE = 2.5
NAMED_GAPS = 5
OBJECT_FRAMES_ALWAYS = 60
"""A video of up to so many frames that changed is searched for things in all of them."""


def object_frames(run: Run, span: TimeSpan) -> int:
    """In how many frames of a part of the video things are looked for."""
    if not run.settings.objects or run.parts.detector is None:
        return 0
    share = span.duration_s / max(run.video.duration_s, 1e-6)
    return round(OBJECT_FRAMES_ALWAYS * share + span.duration_s / run.settings.objects_every_s) + 1


class _Sample(Stage[Sampled]):
    """Every frame that differs from the one before."""

    name = "sample"
    inputs = ("probe",)
    codec = Codec(packed, unpacked)
    calls = UnitCalls("watch", Codec(bytes, unpacked))

    def version(self, run: Run) -> str:
        settings = run.settings
        sizes = f"{settings.sample_every_s:g}/{settings.text_side}/{settings.sample_chunk_s:g}"
        return f"3/{run.parts.frame_embedder.model}/{sizes}"

    def units(self, run: Run) -> list[Unit]:
        """A glance costs as much as embedding several frames, so of a long video only some frames are glanced at."""
        media = run.video.media
        if media.video is None:
            return []
        units = []
        for chunk in run.chunks:
            long = run.video.duration_s > GLANCE_AT_ALL_S
            glances = int(chunk.duration_s / SECONDS_A_GLANCE) + 1 if long else None
            for_objects = object_frames(run, chunk)
            call = WatchCall(run.video.id, str(run.path), chunk, glances, media.picture_track, for_objects)
            units.append(Unit.of(chunk, call))
        return units

    def reduce(self, work: StageRun) -> Sampled:
        whole = Sampled(
            [feature for part in work.parts for feature in part.features],
            [time_s for part in work.parts for time_s in part.text_s],
            [time_s for part in work.parts for time_s in part.blank_s],
            [time_s for part in work.parts for time_s in part.damaged_s],
        )
        work.detail = f"{len(whole.features)} frames, {len(whole.text_s)} with text"
        return whole

    def after(self, run: Run, result: Sampled) -> None:
        every_s = run.settings.sample_every_s
        spans: list[TimeSpan] = []
        for time_s in result.damaged_s:
            span = TimeSpan(time_s, time_s + every_s)
            if spans and span.start_s - spans[-1].end_s <= every_s:
                span = spans.pop().hull(span)
            spans.append(span)
        if spans:
            places = ", ".join(f"{clock(one.start_s)}-{clock(one.end_s)}" for one in spans[:NAMED_GAPS])
            more = f" and {len(spans) - NAMED_GAPS} more" if len(spans) > NAMED_GAPS else ""
            lasts_s = sum(span.duration_s for span in spans)
            run.report(Warned(f"The pictures are damaged for about {lasts_s:.0f} s ({places}{more})."))


SAMPLE = _Sample()
