"""What is said: loudness, transcription in chunks, or given subtitles."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from app.core.events import Heard, Warned
from app.core.requests import DETECTED
from app.core.timecode import clock, span_clock
from app.core.types import (
    AudioMap,
    MediaInfo,
    SoundChoice,
    TimeSpan,
    Transcript,
    Utterance,
    from_json,
    main_language,
    to_json,
)
from app.services import subtitles
from app.services.ingest import subtitle_tracks
from app.services.ingest.calls import ListenCall
from app.services.ingest.indexing import early_segments
from app.services.ingest.run import Run, Stage, Unit, unit_key

QUIET = 1e-4
"""Root mean square below which a chunk holds nothing to hear (-80 dB of full scale)."""
SIDES = ("left", "right")
MOST_SHOWN = 6
BADLY_HEARD = 0.5
"""A language whose words are less probable on average was recognised badly."""


def survey(run: Run) -> AudioMap:
    """The sound track at a glance, the one that is transcribed; an empty map when there is none."""

    def work(stage: Stage) -> bytes:
        if not run.video.media.audio:
            return _pack(AudioMap(np.zeros(0, np.float32), 0.1, ()))
        stage.begin(run.video.duration_s, "s")
        found = run.parts.audio.survey(run.path, chunk_s=run.settings.chunk_s, track=run.options.audio_track)
        stage.detail = f"{len(found.chunks)} chunks"
        return _pack(found)

    track = "" if run.options.audio_track is None else f"/{run.options.audio_track}"
    return _unpack(run.stage("audio", f"2/{run.settings.chunk_s:g}{track}", work))


def report_choice(run: Run, choice: SoundChoice) -> None:
    """Makes known which sound is transcribed, where there is more than one, and stores it with the video."""
    notes = choice_notes(run.video.media, choice)
    media = replace(run.video.media, sound=choice, warnings=(*run.video.media.warnings, *notes))
    if media != run.video.media:
        run.parts.library.set_media(run.video.id, media)
        run.video = replace(run.video, media=media)
    for note in notes:
        run.report(Warned(note))


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


def transcribe(run: Run, sound: AudioMap) -> list[Utterance]:
    """Every sentence with its times, stored in the library. Subtitles that all lie outside the video do not count."""
    if run.options.subtitles is not None:
        given = _given(run, run.options.subtitles)
        if given is not None:
            return given
        run.options = replace(run.options, subtitles=None, subtitles_name="")
    if run.options.subtitle_track is not None:
        return _carried(run, run.options.subtitle_track)
    tracks = subtitle_tracks.tracks_of(run)

    def work(stage: Stage) -> bytes:
        transcript = _listen(run, stage, sound)
        chosen = None if transcript.utterances else subtitle_tracks.best(tracks)
        if chosen is not None:
            transcript = subtitle_tracks.read_track(run, chosen.index)
        run.parts.library.save_utterances(run.video.id, transcript.utterances)
        run.parts.library.set_language(run.video.id, transcript.language)
        for note in transcript.notes:
            run.report(Warned(note))
        stage.detail = f"{len(transcript.utterances)} sentences"
        if chosen is not None:
            transcript = replace(transcript, notes=(subtitle_tracks.used_note(chosen),))
        return _packed(transcript)

    task = "/translate" if run.options.translate else ""
    terms = f"/{','.join(_terms(run))}" if run.options.terms else ""
    version = f"3/{run.parts.transcriber.model}/{','.join(run.options.languages) or DETECTED}{task}{terms}"
    payload = run.stage("transcribe", run.version_after("audio", own=version), work)
    transcript = from_json(Transcript, json.loads(payload))
    subtitle_tracks.report(run, tracks, transcript)
    return list(transcript.utterances)


def _carried(run: Run, track: int) -> list[Utterance]:
    """What a subtitle track of the file says, stored."""

    def work(stage: Stage) -> bytes:
        transcript = subtitle_tracks.read_track(run, track)
        run.parts.library.save_utterances(run.video.id, transcript.utterances)
        run.parts.library.set_language(run.video.id, transcript.language)
        stage.detail = f"{len(transcript.utterances)} subtitles from track {track}"
        return _packed(transcript)

    payload = run.stage("transcribe", run.version_after(own=f"subtitle track/1/{track}/{run.options.spoken}"), work)
    return list(from_json(Transcript, json.loads(payload)).utterances)


def _listen(run: Run, stage: Stage, sound: AudioMap) -> Transcript:
    """The language of the first chunk with speech is expected in the others, which need not wait for each other."""
    chunks = sound.chunks
    done = sum(c.duration_s for c in chunks if unit_key(c.start_s) in stage.done)
    stage.begin(chunks[-1].end_s if chunks else 0.0, "s", done)
    expected = run.options.spoken
    for chunk in chunks:
        if expected is not None:
            break
        _listen_to(run, stage, sound, [chunk], None)
        expected = _heard(stage, chunk).language
    _listen_to(run, stage, sound, chunks, expected)
    heard_all = [_heard(stage, chunk) for chunk in chunks]
    said = [u.moved(chunk.start_s) for chunk, heard in zip(chunks, heard_all, strict=True) for u in heard.utterances]
    notes = [*dict.fromkeys(note for heard in heard_all for note in heard.notes), *language_notes(said)]
    missed = [
        TimeSpan(chunk.start_s + span.start_s, chunk.start_s + span.end_s)
        for chunk, heard in zip(chunks, heard_all, strict=True)
        for span in heard.missed
    ]
    notes += missed_notes(missed)
    return Transcript(tuple(said), main_language(said), tuple(notes))


def language_notes(said: Sequence[Utterance]) -> list[str]:
    """Warnings about languages whose words were mostly guessed."""
    notes = []
    by_language: dict[str, list[Utterance]] = {}
    for utterance in said:
        if utterance.language:
            by_language.setdefault(utterance.language, []).append(utterance)
    for language, spoken in by_language.items():
        length_s = sum(one.span.duration_s for one in spoken)
        sure = sum(one.confidence * one.span.duration_s for one in spoken) / max(length_s, 1e-6)
        if sure < BADLY_HEARD:
            notes.append(
                f"What is spoken in '{language}' ({length_s:.0f} s, from {clock(spoken[0].span.start_s)}) was "
                f"recognised badly: many of its words may be wrong."
            )
    return notes


def missed_notes(missed: Sequence[TimeSpan]) -> list[str]:
    """A warning about voices in which no words were recognised."""
    if not missed:
        return []
    shown = ", ".join(span_clock(span) for span in missed[:MOST_SHOWN])
    more = f" and {len(missed) - MOST_SHOWN} more times" if len(missed) > MOST_SHOWN else ""
    return [f"Voices are heard at {shown}{more}, but their words were not recognised."]


def _terms(run: Run) -> tuple[str, ...]:
    """The names that the transcriber is given: those that the user lists, and with them the titles."""
    if not run.options.terms:
        return ()
    tags = run.video.media.tags
    titles = [run.video.title, tags.title, *(chapter.title for chapter in tags.chapters)]
    terms = [*run.options.terms.split(","), *titles]
    return tuple(dict.fromkeys(filter(None, (" ".join(term.split()) for term in terms))))


def _listen_to(run: Run, stage: Stage, sound: AudioMap, chunks: Sequence[TimeSpan], expected: str | None) -> None:
    units = []
    for chunk in chunks:
        key = unit_key(chunk.start_s)
        if is_quiet(sound, chunk):
            stage.skip(key, chunk.duration_s, _packed(Transcript((), None)))
        else:
            options = run.options
            call = ListenCall(
                str(run.path), chunk, options.languages, expected, _terms(run), options.translate, sound.choice
            )
            units.append(Unit(key, chunk.duration_s, call))
    stage.work_off("listen", units, _packed, lambda unit, heard: _report_heard(run, unit.call.span, heard))


def _report_heard(run: Run, chunk: TimeSpan, heard: Transcript) -> None:
    """Makes known what was heard in a chunk while the rest of the video is still being read."""
    said = [utterance.moved(chunk.start_s) for utterance in heard.utterances]
    run.parts.library.save_utterances(run.video.id, said, chunk)
    if said:
        run.parts.retriever.add(early_segments(run.video.id, said, run.parts.transcriber.model))
        run.report(Heard(run.video.id, chunk, tuple((u.span.start_s, u.span.end_s, u.text) for u in said)))


def _heard(stage: Stage, chunk: TimeSpan) -> Transcript:
    return from_json(Transcript, json.loads(stage.done[unit_key(chunk.start_s)]))


def _packed(transcript: Transcript) -> bytes:
    return json.dumps(to_json(transcript)).encode()


def is_quiet(sound: AudioMap, chunk: TimeSpan) -> bool:
    """Whether nothing can be heard in a chunk."""
    first, last = int(chunk.start_s / sound.step_s), int(np.ceil(chunk.end_s / sound.step_s))
    loudness = sound.loudness[first:last]
    return not loudness.size or float(loudness.max()) < QUIET


def _given(run: Run, text: str) -> list[Utterance] | None:
    """The subtitles that lie in the video, stored; None, with a warning, if there are none."""

    def work(stage: Stage) -> bytes:
        notes: list[str] = []
        cues = subtitles.parse(text, fps=_frame_rate(run), warn=notes.append)
        whole = TimeSpan(0.0, run.video.duration_s)
        utterances = tuple(_clipped(cue, whole) for cue in cues if cue.span.start_s < whole.end_s)
        notes += _outside(run, cues, len(utterances))
        for note in notes:
            run.report(Warned(note))
        if not utterances:
            return b""
        language = subtitle_tracks.language_of(run, utterances)
        run.parts.library.save_utterances(run.video.id, utterances)
        run.parts.library.set_language(run.video.id, language)
        stage.detail = f"{len(utterances)} subtitles from {run.options.subtitles_name}"
        return _packed(Transcript(utterances, language, tuple(notes)))

    own = f"subtitles/2/{run.options.spoken}/{text}"
    payload = run.stage("transcribe", run.version_after(own=own), work)
    return list(from_json(Transcript, json.loads(payload)).utterances) if payload else None


def _clipped(cue: Utterance, whole: TimeSpan) -> Utterance:
    words = tuple(word for word in cue.words if word.span.end_s <= whole.end_s)
    return replace(cue, span=TimeSpan(cue.span.start_s, min(cue.span.end_s, whole.end_s)), words=words)


def _outside(run: Run, cues: Sequence[Utterance], inside: int) -> list[str]:
    """Warnings about subtitles after the end of the video: they belong to another film, or to a longer cut."""
    if inside == len(cues):
        return [] if cues else [f"{run.options.subtitles_name} has no subtitles: the sound is transcribed instead."]
    end, first = clock(run.video.duration_s), clock(cues[0].span.start_s)
    if not inside:
        return [
            f"No subtitle of {run.options.subtitles_name} lies within the video: it ends at {end}, and the first "
            f"subtitle begins at {first}. The sound is transcribed instead."
        ]
    return [
        f"{len(cues) - inside} of {len(cues)} subtitles of {run.options.subtitles_name} begin after the end of the "
        f"video ({end}) and were left out."
    ]


def _frame_rate(run: Run) -> float | None:
    return run.video.media.video.average_fps if run.video.media.video else None


def _pack(sound: AudioMap) -> bytes:
    buffer = io.BytesIO()
    spans = np.array([(c.start_s, c.end_s) for c in sound.chunks]).reshape(-1, 2)
    choice = json.dumps(to_json(sound.choice))
    np.savez(buffer, loudness=sound.loudness.astype(np.float16), step=sound.step_s, spans=spans, choice=choice)
    return buffer.getvalue()


def _unpack(payload: bytes) -> AudioMap:
    with np.load(io.BytesIO(payload)) as data:
        chunks = tuple(TimeSpan(float(a), float(b)) for a, b in data["spans"])
        choice = from_json(SoundChoice, json.loads(str(data["choice"])))
        return AudioMap(data["loudness"].astype(np.float32), float(data["step"]), chunks, choice)
