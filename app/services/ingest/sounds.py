"""Which sounds are heard when: speech, singing, music and silence, stored as segments of kind `sound`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from app.core.errors import MissingPart
from app.core.types import AudioMap, Segment, SegmentKind, SoundSpan, TimeSpan, VideoId, from_json, to_json
from app.services.ingest.calls import SoundsCall
from app.services.ingest.run import Run, Stage, Unit, unit_key
from app.services.ingest.transcription import is_quiet
from gpu_workers.sound.spans import joined


def listen(run: Run, sound: AudioMap) -> list[SoundSpan]:
    """The sounds of a video in time order; none where they are not wanted or no model recognises them."""
    tagger = run.parts.sound_tagger
    if not run.settings.sounds or tagger is None or not sound.chunks:
        return []

    def work(stage: Stage) -> bytes:
        units = []
        for chunk in sound.chunks:
            if is_quiet(sound, chunk):
                whole = SoundSpan(TimeSpan(0.0, chunk.duration_s), "silence")
                stage.skip(unit_key(chunk.start_s), chunk.duration_s, _packed([whole]))
            else:
                call = SoundsCall(str(run.path), chunk, sound.choice)
                units.append(Unit(unit_key(chunk.start_s), chunk.duration_s, call))
        stage.begin(sum(unit.size for unit in units), "s", stage.stored(units))
        try:
            stage.work_off("sounds", units, _packed)
        except MissingPart as error:
            stage.put_off(f"Sounds were not recognized: {error}")
            return b"[]"
        heard = [_moved(one, c.start_s) for c in sound.chunks for one in _unpacked(stage.done[unit_key(c.start_s)])]
        heard = joined(heard)
        stage.detail = f"{len(heard)} spans"
        return _packed(heard)

    return _unpacked(run.stage("sounds", run.version_after("audio", own=f"1/{tagger.model}"), work))


def index_sounds(run: Run, heard: Sequence[SoundSpan]) -> None:
    """Makes the sounds of a video searchable, once its other segments are."""
    tagger = run.parts.sound_tagger
    if "sounds" not in run.versions or tagger is None:
        return

    def work(stage: Stage) -> bytes:
        segments = sound_segments(run.video.id, heard, tagger.model)
        run.parts.retriever.remove(run.video.id, [SegmentKind.SOUND])
        run.parts.library.replace_segments(run.video.id, [SegmentKind.SOUND], segments)
        run.parts.retriever.add(segments)
        stage.detail = f"{len(segments)} texts"
        return b""

    run.stage("sound_index", run.version_after("index", "sounds", own="1"), work)


def sound_segments(video: VideoId, heard: Sequence[SoundSpan], model: str) -> list[Segment]:
    """A segment for each span in which a sound is heard."""
    return [
        Segment(f"{video}-{SegmentKind.SOUND}-{number}", video, SegmentKind.SOUND, one.span, one.name, model)
        for number, one in enumerate(heard)
    ]


def _moved(sound: SoundSpan, seconds: float) -> SoundSpan:
    return replace(sound, span=TimeSpan(sound.span.start_s + seconds, sound.span.end_s + seconds))


def _packed(sounds: Sequence[SoundSpan]) -> bytes:
    return json.dumps([to_json(one) for one in sounds]).encode()


def _unpacked(payload: bytes) -> list[SoundSpan]:
    return [from_json(SoundSpan, one) for one in json.loads(payload)]
