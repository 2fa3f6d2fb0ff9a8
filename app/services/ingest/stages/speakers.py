"""Identifies speakers: separates voices chunk by chunk, links them over the whole video, and labels sentences."""

from __future__ import annotations

import io
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby, islice, pairwise

import numpy as np

from app.core.types import Diarization, TimeSpan, Utterance, Voice, VoiceTurn
from app.services.ingest.calls import SoundCall
from app.services.ingest.run import Run, present
from app.services.ingest.stage import NOTHING, Codec, Stage, StageRun, Unit, UnitCalls
from app.services.ingest.stages.audio import AUDIO, is_quiet
from app.services.ingest.stages.transcribe import TRANSCRIBE
from gpu_workers.speech.clustering import link

BESIDE_S = 1.0
"""A sentence without a turn goes to the nearest turn within this: the borders of words and of voice differ a little."""
LEAST_PART_S = 1.0
"""A sentence is cut where the speaker changes when both parts last so long."""


def _loud(run: Run) -> list[TimeSpan]:
    """The pieces in which something can be heard."""
    sound = AUDIO.of(run)
    return [one for one in joined(sound.chunks, run.settings.speakers_chunk_s) if not is_quiet(sound, one)]


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


def labelled(utterances: Sequence[Utterance], turns: Sequence[tuple[TimeSpan, str]]) -> list[Utterance]:
    """The sentences with who speaks, cut where the speaker changes; a name that a sentence has stays.

    `turns` are in time order and do not overlap.
    """
    ends = [turn.end_s for turn, _ in turns]

    def whose(span: TimeSpan) -> str | None:
        """Who speaks most of a span, else who speaks right beside it."""
        totals: dict[str, float] = {}
        nearest, beside_s = None, BESIDE_S
        for turn, label in islice(turns, bisect_left(ends, span.start_s - BESIDE_S), None):
            if turn.start_s > span.end_s + BESIDE_S:
                break
            totals[label] = totals.get(label, 0.0) + turn.intersection_s(span)
            away_s = max(turn.start_s - span.end_s, span.start_s - turn.end_s)
            if away_s < beside_s:
                nearest, beside_s = label, away_s
        return max(totals, key=lambda label: totals[label]) if any(totals.values()) else nearest

    parts = [part for u in utterances for part in ([u] if u.speaker else _cut(u, [whose(w.span) for w in u.words]))]
    return [replace(part, speaker=part.speaker or whose(part.span)) for part in parts]


def _cut(utterance: Utterance, whose: Sequence[str | None]) -> list[Utterance]:
    """The sentence in parts of one speaker each; what is too short to be sure of stays with what is before it."""
    starts: list[int] = []
    for _, run in groupby(range(len(whose)), whose.__getitem__):
        first, *others = run
        last = others[-1] if others else first
        length_s = utterance.words[last].span.end_s - utterance.words[first].span.start_s
        before = whose[starts[-1]] if starts else None
        changed = length_s >= LEAST_PART_S and None not in (before, whose[first]) and before != whose[first]
        if changed or not starts:
            starts.append(first)
    if len(starts) < 2 or utterance.words[starts[1]].span.start_s - utterance.span.start_s < LEAST_PART_S:
        return [utterance]
    parts, cut = [], 0
    for first, end in pairwise([*starts, len(utterance.words)]):
        words, begin = utterance.words[first:end], cut
        for word in words:
            cut = max(cut, utterance.text.find(word.text, cut) + len(word.text))
        span = TimeSpan(words[0].span.start_s, words[-1].span.end_s)
        sure = sum(word.probability for word in words) / len(words)
        parts.append(
            replace(utterance, span=span, text=utterance.text[begin:cut].strip(), words=words, confidence=sure)
        )
    return parts


def _pack(diarization: Diarization) -> bytes:
    buffer = io.BytesIO()
    spans = np.array([(turn.span.start_s, turn.span.end_s) for turn in diarization.turns]).reshape(-1, 2)
    np.savez(
        buffer, spans=spans, whose=np.array([turn.voice for turn in diarization.turns], int), voices=diarization.voices
    )
    return buffer.getvalue()


def _unpack(payload: bytes) -> Diarization:
    with np.load(io.BytesIO(payload)) as data:
        spans = [TimeSpan(float(start), float(end)) for start, end in data["spans"]]
        turns = tuple(VoiceTurn(span, int(voice)) for span, voice in zip(spans, data["whose"], strict=True))
        return Diarization(turns, data["voices"])


DIARIZATION = Codec(_pack, _unpack)


class _Speakers(Stage[None]):
    """Stores the voices of a video, and who says each sentence; names that were given stay."""

    name = "speakers"
    inputs = ("audio", "transcribe")
    codec = NOTHING
    calls = UnitCalls("diarize", DIARIZATION)

    def wanted(self, run: Run) -> bool:
        is_on = run.settings.speakers if run.options.speakers is None else run.options.speakers
        return is_on and run.parts.diarizer is not None and run.parts.speakers is not None

    def version(self, run: Run) -> str:
        return f"1/{present(run.parts.diarizer).model}/{run.settings.speakers_chunk_s:g}"

    def units(self, run: Run) -> list[Unit]:
        choice = AUDIO.of(run).choice
        return [Unit.of(one, SoundCall(str(run.path), one, choice)) for one in _loud(run)]

    def reduce(self, work: StageRun) -> None:
        run, model = work.run, present(work.run.parts.diarizer).model
        linked = link(work.parts)
        voices = [
            Voice(f"Speaker {row + 1}", seconds, model, vector)
            for row, (seconds, vector) in enumerate(zip(linked.seconds, linked.voices, strict=True))
        ]
        turns = []
        for piece, diarization, rows in zip(_loud(run), work.parts, linked.rows, strict=True):
            for turn in diarization.turns:
                row = rows[turn.voice]
                if row is not None:
                    span = TimeSpan(piece.start_s + turn.span.start_s, piece.start_s + turn.span.end_s)
                    turns.append((span, voices[row].label))
        spoken = labelled(TRANSCRIBE.of(run).utterances, turns)
        run.parts.library.save_utterances(run.video.id, spoken)
        labels = {utterance.speaker for utterance in spoken}
        heard = [voice for voice in voices if voice.label in labels]
        present(run.parts.speakers).remember(run.video.id, heard)
        work.detail = f"{len(heard)} voices"


SPEAKERS = _Speakers()
