"""Who says it: voices are told apart piece by piece, then linked over the whole video, and sentences get speakers."""

from __future__ import annotations

import io
import json
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np

from app.core.types import AudioMap, Diarization, TimeSpan, Utterance, Voice, VoiceTurn
from app.services.ingest.chunks import DiarizeCall
from app.services.ingest.run import Run, Stage, Unit
from app.services.ingest.sound import is_quiet, key
from gpu_workers.speech.clustering import link

BESIDE_S = 1.0
"""A sentence without a turn goes to the nearest turn within this: the borders of words and of voice differ a little."""


def tell_apart(run: Run, sound: AudioMap, said: Sequence[Utterance]) -> None:
    """Stores the voices of a video, and who says each sentence; names that were given stay."""
    diarizer, speakers = run.parts.diarizer, run.parts.speakers
    wanted = run.settings.speakers if run.options.speakers is None else run.options.speakers
    if not wanted or diarizer is None or speakers is None:
        return

    def work(stage: Stage) -> bytes:
        turns, voices = _voices(run, stage, sound, diarizer.model)
        whose = labelled(said, turns)
        run.parts.library.save_utterances(
            run.video.id, [replace(u, speaker=who) for u, who in zip(said, whose, strict=True)]
        )
        heard = [voice for voice in voices if voice.label in whose]
        speakers.remember(run.video.id, heard)
        stage.detail = f"{len(heard)} voices"
        return json.dumps(whose).encode()

    own = f"1/{diarizer.model}/{run.settings.speakers_chunk_s:g}"
    run.stage("speakers", run.version_after("audio", "transcribe", own=own), work)


def _voices(run: Run, stage: Stage, sound: AudioMap, model: str) -> tuple[list[tuple[TimeSpan, str]], list[Voice]]:
    """Turns in time order with the label of who speaks, and the voices by first appearance."""
    pieces = list(joined(sound.chunks, run.settings.speakers_chunk_s))
    done = sum(piece.duration_s for piece in pieces if key(piece) in stage.done)
    stage.begin(pieces[-1].end_s if pieces else 0.0, "s", done)
    loud = [piece for piece in pieces if not is_quiet(sound, piece)]
    units = [Unit(key(piece), piece.duration_s, DiarizeCall(str(run.path), piece)) for piece in loud]
    stage.work_off("diarize", units, packed)
    found = [unpacked(stage.done[key(piece)]) for piece in loud]
    linked = link(found)
    voices = [
        Voice(f"Speaker {row + 1}", seconds, model, vector)
        for row, (seconds, vector) in enumerate(zip(linked.seconds, linked.voices, strict=True))
    ]
    turns = []
    for piece, diarization, rows in zip(loud, found, linked.rows, strict=True):
        for turn in diarization.turns:
            row = rows[turn.voice]
            if row is not None:
                span = TimeSpan(piece.start_s + turn.span.start_s, piece.start_s + turn.span.end_s)
                turns.append((span, voices[row].label))
    return turns, voices


def joined(chunks: Sequence[TimeSpan], longest_s: float) -> Iterator[TimeSpan]:
    """Consecutive chunks as pieces of at most `longest_s`, or of one chunk that is longer: more sound, surer voices."""
    piece: TimeSpan | None = None
    for chunk in chunks:
        if piece is not None and chunk.end_s - piece.start_s > longest_s:
            yield piece
            piece = None
        piece = chunk if piece is None else piece.hull(chunk)
    if piece is not None:
        yield piece


def labelled(said: Sequence[Utterance], turns: Sequence[tuple[TimeSpan, str]]) -> list[str | None]:
    """For each sentence who speaks most of it, else who speaks right beside it; the name it has stays.

    `turns` are in time order and do not overlap.
    """
    ends = [turn.end_s for turn, _ in turns]
    return [u.speaker or _speaker(u.span, turns, bisect_left(ends, u.span.start_s - BESIDE_S)) for u in said]


def _speaker(span: TimeSpan, turns: Sequence[tuple[TimeSpan, str]], first: int) -> str | None:
    totals: dict[str, float] = {}
    nearest, beside_s = None, BESIDE_S
    for turn, label in islice(turns, first, None):
        if turn.start_s > span.end_s + BESIDE_S:
            break
        totals[label] = totals.get(label, 0.0) + turn.intersection_s(span)
        away_s = max(turn.start_s - span.end_s, span.start_s - turn.end_s)
        if away_s < beside_s:
            nearest, beside_s = label, away_s
    if any(totals.values()):
        return max(totals, key=lambda label: totals[label])
    return nearest


def packed(found: Diarization) -> bytes:
    """A piece's voices as bytes."""
    buffer = io.BytesIO()
    spans = np.array([(turn.span.start_s, turn.span.end_s) for turn in found.turns]).reshape(-1, 2)
    np.savez(buffer, spans=spans, whose=np.array([turn.voice for turn in found.turns], int), voices=found.voices)
    return buffer.getvalue()


def unpacked(payload: bytes) -> Diarization:
    """The voices that `packed` gave."""
    with np.load(io.BytesIO(payload)) as data:
        spans = [TimeSpan(float(start), float(end)) for start, end in data["spans"]]
        turns = tuple(VoiceTurn(span, int(voice)) for span, voice in zip(spans, data["whose"], strict=True))
        return Diarization(turns, data["voices"])
