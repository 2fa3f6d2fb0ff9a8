"""Subtitle tracks of the file: they are offered, and used as the transcript if there is no audible sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.core.errors import BadInput
from app.core.types import Frame, SubtitleTrack, Transcript, Utterance
from app.services import subtitles
from app.services.ingest.run import Run
from app.services.ingest.stage import StageRun, unit_key
from app.text.languages import guess_language

PICTURES = frozenset({"hdmv_pgs_subtitle", "pgssub", "dvd_subtitle", "dvdsub", "dvb_subtitle", "dvbsub", "xsub"})
"""Subtitles that are pictures of text; FFmpeg has two names for each."""
SAMPLE = 50
"""Subtitles that show which language they are in."""


def tracks_of(run: Run) -> list[SubtitleTrack]:
    """The subtitle tracks of the file; none where nothing can read them."""
    source = run.parts.subtitles
    try:
        return source.tracks(run.path) if source is not None else []
    except BadInput:
        return []  # its pictures and its sound may be readable all the same


def best(tracks: Sequence[SubtitleTrack]) -> SubtitleTrack | None:
    """The most useful track: complete, preferably of text, and preferably the default one."""
    whole = [track for track in tracks if (track.is_text or track.codec in PICTURES) and not track.forced]
    return min(whole, key=lambda track: (not track.is_text, not track.default, track.index), default=None)


def read_track(work: StageRun, track: int) -> Transcript:
    """What a track says, as far as it lies in the video; of a track of pictures, each is stored as a unit.

    Raises BadInput for a track that is not there or cannot be read.
    """
    run, source = work.run, work.run.parts.subtitles
    if source is None:
        raise BadInput("The subtitle tracks of files cannot be read here.", "Leave --subtitle-track out.")
    chosen = next((one for one in source.tracks(run.path) if one.index == track), None)
    if chosen and not chosen.is_text:  # pictures are read as text on the screen is
        texts = []
        for span, image in source.pictures(run.path, track):
            key = f"track {track} {unit_key(span.start_s)} {unit_key(span.end_s)}"
            if key not in work.done:
                lines = run.parts.text_reader.read(Frame(span.start_s, image))
                work.save(key, "\n".join(line.text for line in lines).encode())
            work.progress(span.start_s)
            if text := work.done[key].decode().strip():
                texts.append((span, text))
    else:
        texts = source.texts(run.path, track)
    utterances = [
        replace(one, span=replace(one.span, end_s=min(one.span.end_s, run.video.duration_s)))
        for one in subtitles.from_texts(texts)
        if one.span.start_s < run.video.duration_s
    ]
    return Transcript(tuple(utterances), language_of(run, utterances))


def language_of(run: Run, utterances: Sequence[Utterance]) -> str | None:
    """The language that a person gave, else that of the first sentences; None where they do not show it."""
    return run.options.spoken or guess_language(" ".join(one.text for one in utterances[:SAMPLE])) or None


def used_note(track: SubtitleTrack) -> str:
    """The note for the user when a subtitle track is used as the transcript."""
    return f"The file has no audible sound, so its subtitle track {_name(track)} is used as the transcript."


def report(run: Run, tracks: Sequence[SubtitleTrack], transcript: Transcript) -> None:
    """Reports which subtitles the file carries, and stores it with the video."""
    used = next((track for track in tracks if used_note(track) in transcript.notes), None)
    notes = []
    offered = [track for track in tracks if (track.is_text or track.codec in PICTURES) and track != used]
    if used is not None:
        notes.append(used_note(used))
    if offered:
        listed = ", ".join(map(_name, offered))
        which = "a subtitle track" if len(offered) == 1 else f"{len(offered)} subtitle tracks"
        other = "more " if used is not None else ""
        notes.append(
            f"The file has {other}{which}, counted from 0: {listed}. "
            "To use one instead of the sound, add --subtitle-track."
        )
    notes += [
        f"Subtitle track {_name(track)} of the file cannot be read: unknown kind {track.codec}."
        for track in tracks
        if not track.is_text and track.codec not in PICTURES
    ]
    run.note(run.video.media, notes)


def _name(track: SubtitleTrack) -> str:
    called = ", ".join(filter(None, (track.title, track.language, "" if track.is_text else "pictures")))
    return f"{track.index} ({called})" if called else str(track.index)
