"""Which sounds are heard when: speech, singing, music and silence, stored as segments of kind `sound`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.core.types import Segment, SegmentKind, SoundSpan, TimeSpan, VideoId
from app.services.ingest.calls import SoundCall
from app.services.ingest.run import Run, present
from app.services.ingest.stage import NOTHING, Stage, StageRun, Unit, UnitCalls, as_json
from app.services.ingest.stages.audio import AUDIO, is_quiet
from app.services.ingest.stages.index import replace_kind
from gpu_workers.sound.spans import joined


def sound_segments(video: VideoId, heard: Sequence[SoundSpan], model: str) -> list[Segment]:
    """A segment for each span in which a sound is heard."""
    return [
        Segment(f"{video}-{SegmentKind.SOUND}-{number}", video, SegmentKind.SOUND, one.span, one.name, model)
        for number, one in enumerate(heard)
    ]


class _Sounds(Stage[list[SoundSpan]]):
    """The sounds of the video in time order; none where the model is missing."""

    name = "sounds"
    inputs = ("audio",)
    codec = as_json(list[SoundSpan])
    calls = UnitCalls("sounds", codec, missing="Sounds were not recognized")

    def wanted(self, run: Run) -> bool:
        return run.settings.sounds and run.parts.sound_tagger is not None and bool(AUDIO.of(run).chunks)

    def version(self, run: Run) -> str:
        return f"1/{present(run.parts.sound_tagger).model}"

    def units(self, run: Run) -> list[Unit]:
        sound = AUDIO.of(run)
        return [
            Unit.of(chunk, result=[SoundSpan(TimeSpan(0.0, chunk.duration_s), "silence")])
            if is_quiet(sound, chunk)
            else Unit.of(chunk, SoundCall(str(run.path), chunk, sound.choice))
            for chunk in sound.chunks
        ]

    def reduce(self, work: StageRun) -> list[SoundSpan]:
        heard = [
            replace(one, span=TimeSpan(one.span.start_s + chunk.start_s, one.span.end_s + chunk.start_s))
            for chunk, part in zip(AUDIO.of(work.run).chunks, work.parts, strict=False)
            for one in part
        ]
        heard = joined(heard)
        work.detail = f"{len(heard)} spans"
        return heard


SOUNDS = _Sounds()


class _SoundIndex(Stage[None]):
    """Makes the sounds of a video searchable, once its other segments are."""

    name = "sound_index"
    inputs = ("index", "sounds")
    codec = NOTHING
    wanted = SOUNDS.wanted

    def reduce(self, work: StageRun) -> None:
        run = work.run
        segments = sound_segments(run.video.id, SOUNDS.of(run), present(run.parts.sound_tagger).model)
        replace_kind(run, SegmentKind.SOUND, segments)
        work.detail = f"{len(segments)} texts"


SOUND_INDEX = _SoundIndex()
