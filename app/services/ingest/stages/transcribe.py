"""What is said: transcribed chunk by chunk, or taken from subtitles. Each is stored as sentences with their times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.core.events import Heard, Warned
from app.core.requests import DETECTED
from app.core.timecode import clock, span_clock
from app.core.types import TimeSpan, Transcript, Utterance, main_language
from app.services import subtitles
from app.services.corrections import apply_corrections
from app.services.ingest import subtitle_tracks
from app.services.ingest.calls import ListenCall
from app.services.ingest.run import Run, present
from app.services.ingest.segments import early_segments
from app.services.ingest.stage import Stage, StageRun, Unit, as_json, short_hash
from app.services.ingest.stages.audio import AUDIO, is_quiet, undecodable_notes

MOST_SHOWN = 6
NOTICEABLE = 0.1
"""The share of the speech from which badly recognised words may hide an answer."""
BADLY_HEARD = 0.5
"""A language whose words are less probable on average was recognised badly."""
TRANSCRIPT = as_json(Transcript)


def check(run: Run) -> None:
    """Leaves out subtitles that all lie outside the video, with a warning, before any work is done."""
    if run.options.subtitles is None:
        return
    notes: list[str] = []
    cues = subtitles.parse(run.options.subtitles, fps=_frame_rate(run), warn=notes.append)
    if _inside(run, cues):
        return
    name, end = run.options.subtitles_name, clock(run.video.duration_s)
    if cues:  # they belong to another film
        notes.append(
            f"No subtitle of {name} lies within the video: it ends at {end}, and the first subtitle begins at "
            f"{clock(cues[0].span.start_s)}. The sound is transcribed instead."
        )
    else:
        notes.append(f"{name} has no subtitles: the sound is transcribed instead.")
    for note in notes:
        run.report(Warned(note))
    run.options = replace(run.options, subtitles=None, subtitles_name="")


def _listen_to(work: StageRun, chunks: Sequence[TimeSpan], expected: str | None) -> list[Transcript]:
    """What is said in each chunk, on the chunk's clock."""
    run, sound = work.run, AUDIO.of(work.run)
    languages, translate, terms = run.options.languages, run.options.translate, _terms(run)
    units = [
        Unit.of(chunk, result=Transcript((), None))
        if is_quiet(sound, chunk)
        else Unit.of(chunk, ListenCall(str(run.path), chunk, languages, expected, terms, translate, sound.choice))
        for chunk in chunks
    ]

    def publish(unit: Unit, heard: Transcript) -> None:
        """Makes what is said in a chunk known while the rest is still being read, and searchable in a new video: one
        that is ready keeps its transcript until the new one is whole."""
        chunk = unit.call.span
        said = [utterance.moved(chunk.start_s) for utterance in heard.utterances]
        if not run.video.ready:
            run.parts.library.save_utterances(run.video.id, said, chunk)
            run.parts.retriever.add(early_segments(run.video.id, said, run.parts.transcriber.model))
        if said:
            run.report(Heard(run.video.id, chunk, tuple((u.span.start_s, u.span.end_s, u.text) for u in said)))

    return work.collect("listen", units, TRANSCRIPT, publish)


def language_notes(utterances: Sequence[Utterance], *, least_share: float = 0.0) -> list[str]:
    """Warnings about languages whose words were mostly guessed, and that make up a share of the speech."""
    notes = []
    whole_s = sum(one.span.duration_s for one in utterances)
    by_language: dict[str, list[Utterance]] = {}
    for utterance in utterances:
        if utterance.language:
            by_language.setdefault(utterance.language, []).append(utterance)
    for language, spoken in by_language.items():
        length_s = sum(one.span.duration_s for one in spoken)
        sure = sum(one.confidence * one.span.duration_s for one in spoken) / max(length_s, 1e-6)
        if sure < BADLY_HEARD and length_s >= least_share * whole_s:
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


def _inside(run: Run, cues: Sequence[Utterance]) -> list[Utterance]:
    return [cue for cue in cues if cue.span.start_s < run.video.duration_s]


def _frame_rate(run: Run) -> float | None:
    return run.video.media.video.average_fps if run.video.media.video else None


class _Transcription(Stage[Transcript]):
    """Sentences with their times, also stored in the library."""

    name = "transcribe"
    undoes = ("speakers", "index")
    codec = TRANSCRIPT

    def after(self, run: Run, result: Transcript) -> Transcript:
        """With the corrections that a person made to an earlier transcript of the video."""
        said = apply_corrections(result.utterances, run.video.id, run.parts.stages, run.parts.library)
        return replace(result, utterances=tuple(said))

    def reduce(self, work: StageRun) -> Transcript:
        transcript: Transcript = work.parts[0]
        work.run.parts.library.save_utterances(work.run.video.id, transcript.utterances)
        work.run.parts.library.set_language(work.run.video.id, transcript.language)
        return transcript


class _FromSubtitles(_Transcription):
    """What the user's subtitles say while the video lasts."""

    def wanted(self, run: Run) -> bool:
        return run.options.subtitles is not None

    def version(self, run: Run) -> str:
        return short_hash(f"subtitles/2/{run.options.spoken}/{run.options.subtitles}")

    def parts(self, work: StageRun) -> list[Transcript]:
        run, notes, end_s = work.run, list[str](), work.run.video.duration_s
        cues = subtitles.parse(run.options.subtitles or "", fps=_frame_rate(run), warn=notes.append)
        inside = _inside(run, cues)
        utterances = []
        for cue in inside:
            words = tuple(word for word in cue.words if word.span.end_s <= end_s)
            utterances.append(replace(cue, span=TimeSpan(cue.span.start_s, min(cue.span.end_s, end_s)), words=words))
        if len(inside) < len(cues):
            notes.append(
                f"{len(cues) - len(inside)} of {len(cues)} subtitles of {run.options.subtitles_name} begin after the "
                f"end of the video ({clock(end_s)}) and were left out."
            )
        for note in notes:
            run.report(Warned(note))
        work.detail = f"{len(utterances)} subtitles from {run.options.subtitles_name}"
        return [Transcript(tuple(utterances), subtitle_tracks.language_of(run, utterances), tuple(notes))]


SUBTITLES = _FromSubtitles()


class _FromTrack(_Transcription):
    """What the subtitle track says that the user chose."""

    def wanted(self, run: Run) -> bool:
        return not SUBTITLES.wanted(run) and run.options.subtitle_track is not None

    def version(self, run: Run) -> str:
        return short_hash(f"subtitle track/1/{run.options.subtitle_track}/{run.options.spoken}")

    def parts(self, work: StageRun) -> list[Transcript]:
        track = present(work.run.options.subtitle_track)
        work.begin(work.run.video.duration_s, "s")
        transcript = subtitle_tracks.read_track(work, track)
        work.detail = f"{len(transcript.utterances)} subtitles from track {track}"
        return [transcript]


TRACK = _FromTrack()


class _FromSound(_Transcription):
    """By listening; a video without speech gets the subtitles that its file carries."""

    inputs = ("audio",)

    def wanted(self, run: Run) -> bool:
        return not SUBTITLES.wanted(run) and not TRACK.wanted(run)

    def version(self, run: Run) -> str:
        task = "/translate" if run.options.translate else ""
        terms = f"/{','.join(_terms(run))}" if run.options.terms else ""
        return f"3/{run.parts.transcriber.model}/{','.join(run.options.languages) or DETECTED}{task}{terms}"

    def parts(self, work: StageRun) -> list[Transcript]:
        run, chunks = work.run, AUDIO.of(work.run).chunks
        if not run.video.ready:
            self.reopen(run)
        done_s = sum(chunk.duration_s for chunk in chunks if Unit.of(chunk).key in work.done)
        work.begin(chunks[-1].end_s if chunks else run.video.duration_s, "s", done_s)
        # The language of the first chunk with speech is expected in the others, which need not wait for each other.
        expected = run.options.spoken
        for chunk in chunks:
            if expected is not None:
                break
            expected = _listen_to(work, [chunk], None)[0].language
        heard = list(zip(chunks, _listen_to(work, chunks, expected), strict=True))
        said = [sentence.moved(chunk.start_s) for chunk, part in heard for sentence in part.utterances]
        missed = [
            TimeSpan(chunk.start_s + span.start_s, chunk.start_s + span.end_s)
            for chunk, part in heard
            for span in part.missed
        ]
        notes = dict.fromkeys(note for _, part in heard for note in part.notes)
        notes_of_all = (*notes, *language_notes(said), *missed_notes(missed))
        transcript = Transcript(tuple(said), main_language(said), notes_of_all)
        track = None if transcript.utterances else subtitle_tracks.best(subtitle_tracks.tracks_of(run))
        if track is not None:
            transcript = subtitle_tracks.read_track(work, track.index)
        for note in transcript.notes:
            run.report(Warned(note))
        if track is not None:
            transcript = replace(transcript, notes=(subtitle_tracks.used_note(track),))
        work.detail = f"{len(transcript.utterances)} sentences"
        return [transcript]

    def after(self, run: Run, result: Transcript) -> Transcript:
        subtitle_tracks.report(run, subtitle_tracks.tracks_of(run), result)
        media, reasons = run.video.media, language_notes(result.utterances, least_share=NOTICEABLE)
        if not result.utterances:
            reasons += undecodable_notes(media, AUDIO.of(run))
        run.note(replace(media, unread=(*media.unread, *(("speech", reason) for reason in reasons))), [])
        return super().after(run, result)


TRANSCRIBE = _FromSound()
