"""What is said: loudness, transcription in chunks, or given subtitles."""

from __future__ import annotations

import io
import json

import numpy as np

from app.core.types import AudioMap, TimeSpan, Transcript, Utterance, from_json, to_json
from app.services import subtitles
from app.services.ingest.run import Run, Stage

QUIET = 1e-4
"""Root mean square below which a chunk holds nothing to hear (-80 dB of full scale)."""


def survey(run: Run) -> AudioMap:
    """The sound track at a glance; an empty map when there is none."""

    def work(stage: Stage) -> bytes:
        if not run.video.media.audio:
            return _pack(AudioMap(np.zeros(0, np.float32), 0.1, ()))
        stage.begin(run.video.duration_s, "s")
        found = run.parts.audio.survey(run.path, chunk_s=run.settings.chunk_s)
        stage.detail = f"{len(found.chunks)} chunks"
        return _pack(found)

    return _unpack(run.stage("audio", f"1/{run.settings.chunk_s:g}", work))


def transcribe(run: Run, sound: AudioMap) -> list[Utterance]:
    """Every sentence with its times, stored in the library."""
    if run.options.subtitles is not None:
        return _given(run, run.options.subtitles)

    def work(stage: Stage) -> bytes:
        transcript = _listen(run, stage, sound)
        run.parts.library.save_utterances(run.video.id, transcript.utterances)
        run.parts.library.set_language(run.video.id, transcript.language)
        stage.detail = f"{len(transcript.utterances)} sentences"
        return json.dumps(to_json(transcript)).encode()

    version = f"{run.parts.transcriber.model}/{run.options.language or 'auto'}"
    payload = run.stage("transcribe", run.version_after("audio", own=version), work)
    return list(from_json(Transcript, json.loads(payload)).utterances)


def _listen(run: Run, stage: Stage, sound: AudioMap) -> Transcript:
    language = run.options.language
    kept: list[Utterance] = []
    total = sound.chunks[-1].end_s if sound.chunks else 0.0
    stage.begin(total, "s", sum(c.duration_s for c in sound.chunks if _key(c) in stage.done))
    for chunk in sound.chunks:
        key = _key(chunk)
        if key in stage.done:
            part = from_json(Transcript, json.loads(stage.done[key]))
        else:
            part = _listen_to_chunk(run, sound, chunk, language)
            stage.save(key, json.dumps(to_json(part)).encode())
        if part.utterances:
            language = language or part.language
        kept += [utterance.moved(chunk.start_s) for utterance in part.utterances]
        stage.progress(chunk.end_s)
    return Transcript(tuple(kept), language if kept else None)


def _listen_to_chunk(run: Run, sound: AudioMap, chunk: TimeSpan, language: str | None) -> Transcript:
    first, last = int(chunk.start_s / sound.step_s), int(np.ceil(chunk.end_s / sound.step_s))
    loudness = sound.loudness[first:last]
    if not loudness.size or float(loudness.max()) < QUIET:
        return Transcript((), None)
    return run.parts.transcriber.transcribe(run.parts.audio.samples(run.path, chunk), language=language)


def _given(run: Run, text: str) -> list[Utterance]:
    def work(stage: Stage) -> bytes:
        read = subtitles.parse(text)
        whole = TimeSpan(0.0, run.video.duration_s)
        inside = [u for u in read if u.span.start_s < whole.end_s]
        utterances = tuple(
            Utterance(TimeSpan(u.span.start_s, min(u.span.end_s, whole.end_s)), u.text, (), u.speaker) for u in inside
        )
        run.parts.library.save_utterances(run.video.id, utterances)
        run.parts.library.set_language(run.video.id, run.options.language)
        stage.detail = f"{len(utterances)} subtitles from {run.options.subtitles_name}"
        return json.dumps(to_json(Transcript(utterances, run.options.language))).encode()

    payload = run.stage("transcribe", run.version_after(own=f"subtitles/{text}"), work)
    return list(from_json(Transcript, json.loads(payload)).utterances)


def _key(chunk: TimeSpan) -> str:
    return f"{chunk.start_s:.3f}"


def _pack(sound: AudioMap) -> bytes:
    buffer = io.BytesIO()
    spans = np.array([(c.start_s, c.end_s) for c in sound.chunks]).reshape(-1, 2)
    np.savez(buffer, loudness=sound.loudness.astype(np.float16), step=sound.step_s, spans=spans)
    return buffer.getvalue()


def _unpack(payload: bytes) -> AudioMap:
    with np.load(io.BytesIO(payload)) as data:
        chunks = tuple(TimeSpan(float(a), float(b)) for a, b in data["spans"])
        return AudioMap(data["loudness"].astype(np.float32), float(data["step"]), chunks)
