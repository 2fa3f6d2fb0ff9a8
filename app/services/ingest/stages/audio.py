"""The sound track at a glance: how loud it is, and where it can be cut into chunks."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np

from app.core.events import Warned
from app.core.timecode import span_clock
from app.core.types import AudioMap, MediaInfo, SoundChoice, TimeSpan, from_json, to_json
from app.services.ingest.run import Run
from app.services.ingest.stage import Codec, Stage, StageRun

QUIET = 1e-4
"""Root mean square below which a chunk holds nothing to hear (-80 dB of full scale)."""
SIDES = ("left", "right")
MOST_NAMED = 5


def choice_notes(media: MediaInfo, choice: SoundChoice) -> list[str]:
    """Notes for the user about the sound track that was chosen."""
    notes = []
    chosen = next((track for track in media.audio if track.index == choice.track), None)
    if chosen is not None and len(media.audio) > 1:
        called = ", ".join(filter(None, (chosen.title, chosen.language)))
        named = f"{chosen.index} ({called})" if called else str(chosen.index)
        notes.append(
            f"The file has {len(media.audio)} sound tracks, counted from 0: track {named} is transcribed. "
            "Choose another with --audio-track."
        )
    if choice.channel is not None:
        notes.append(
            "Mixed together, the channels of the sound cancel each other out: "
            f"only the {SIDES[choice.channel]} one is transcribed."
        )
    return notes


def undecodable_notes(media: MediaInfo, sound: AudioMap) -> list[str]:
    """A note for the user about a track of which nothing can be decoded."""
    return ["The sound cannot be decoded and is left out."] if media.audio and not sound.loudness.size else []


def gap_notes(sound: AudioMap) -> list[str]:
    """A note for the user about parts of the sound that cannot be decoded."""
    if not sound.gaps:
        return []
    places = ", ".join(span_clock(gap) for gap in sound.gaps[:MOST_NAMED])
    more = f" and {len(sound.gaps) - MOST_NAMED} more" if len(sound.gaps) > MOST_NAMED else ""
    return [f"The sound is missing for {sum(gap.duration_s for gap in sound.gaps):.1f} s ({places}{more})."]


def is_quiet(sound: AudioMap, chunk: TimeSpan) -> bool:
    """Whether nothing can be heard in a chunk."""
    first, last = int(chunk.start_s / sound.step_s), int(np.ceil(chunk.end_s / sound.step_s))
    loudness = sound.loudness[first:last]
    return not loudness.size or float(loudness.max()) < QUIET


def _pack(sound: AudioMap) -> bytes:
    buffer = io.BytesIO()
    spans = np.array([(c.start_s, c.end_s) for c in sound.chunks]).reshape(-1, 2)
    choice = json.dumps(to_json(sound.choice))
    gaps = np.array([(gap.start_s, gap.end_s) for gap in sound.gaps]).reshape(-1, 2)
    loudness = sound.loudness.astype(np.float16)
    np.savez(buffer, loudness=loudness, step=sound.step_s, spans=spans, choice=choice, gaps=gaps)
    return buffer.getvalue()


def _unpack(payload: bytes) -> AudioMap:
    with np.load(io.BytesIO(payload)) as data:
        chunks = tuple(TimeSpan(float(a), float(b)) for a, b in data["spans"])
        choice = from_json(SoundChoice, json.loads(str(data["choice"])))
        gaps = tuple(TimeSpan(float(a), float(b)) for a, b in data["gaps"]) if "gaps" in data else ()  # older ones
        return AudioMap(data["loudness"].astype(np.float32), float(data["step"]), chunks, choice, gaps)


class _Audio(Stage[AudioMap]):
    """The sound track that is transcribed; an empty map when there is none."""

    name = "audio"
    codec = Codec(_pack, _unpack)

    def version(self, run: Run) -> str:
        track = "" if run.options.audio_track is None else f"/{run.options.audio_track}"
        return f"2/{run.settings.chunk_s:g}{track}"

    def reduce(self, work: StageRun) -> AudioMap:
        """Of the track that is transcribed; an empty map when there is none."""
        run = work.run
        if not run.video.media.audio:
            return AudioMap(np.zeros(0, np.float32), 0.1, ())
        work.begin(run.video.duration_s, "s")
        sound = run.parts.audio.survey(run.path, chunk_s=run.settings.chunk_s, track=run.options.audio_track)
        work.detail = f"{len(sound.chunks)} chunks"
        return sound

    def after(self, run: Run, sound: AudioMap) -> None:
        """Reports which sound is transcribed, where there is more than one, and stores it with the video."""
        media = replace(run.video.media, sound=sound.choice)
        run.note(media, choice_notes(media, sound.choice))
        for warning in (*undecodable_notes(media, sound), *gap_notes(sound)):
            run.report(Warned(warning))


AUDIO = _Audio()
