"""Who is seen when: faces are found chunk by chunk and grouped as voices are, then linked over the whole video.

Kept are a vector for each person, and when the person is seen; pictures of faces are not, nor are the vectors that the
groups were made of.
"""

from __future__ import annotations

from app.core.types import TimeSpan, Voice
from app.core.types.span import joined
from app.services.ingest.calls import FacesCall
from app.services.ingest.face_clusters import SAME_FACE
from app.services.ingest.pictures import chunks_of
from app.services.ingest.run import Run, Stage, Unit, unit_key
from app.services.ingest.speakers import packed, unpacked
from gpu_workers.speech.clustering import link

SAME_PERSON, LIKE = 0.55, 0.4
"""Cosine of two persons of different videos from which they are one, and from which one is suggested for the other."""
LEAST_S = 2.0
"""Who is seen for less in a whole video is taken for the nearest person, or for nobody when none is near."""


def check(run: Run) -> None:
    """Raises MissingPart before any work is done, where faces are asked for and a file for them is not there."""
    if run.settings.faces and run.parts.face_finder is not None:
        run.parts.face_finder.faces([])


def group(run: Run) -> None:
    """Stores who is seen in a video, if the settings ask for it; names that were given to others are recognised."""
    finder, people = run.parts.face_finder, run.parts.people
    if not run.settings.faces or finder is None or people is None or run.video.media.video is None:
        return

    def work(stage: Stage) -> bytes:
        seen = _people(run, stage, finder.model)
        people.remember(run.video.id, seen)
        # The vectors behind the groups are not stored: deleting a person deletes everything.
        run.parts.stages.clear(run.video.id, "faces")
        stage.detail = f"{len(seen)} persons"
        return b""

    settings = run.settings
    own = f"1/{finder.model}/{settings.sample_every_s:g}/{settings.text_side}/{settings.sample_chunk_s:g}"
    run.stage("faces", run.version_after("probe", own=own), work)


def _people(run: Run, stage: Stage, model: str) -> list[Voice]:
    chunks = chunks_of(run.video.duration_s, run.settings.sample_chunk_s)
    track = run.video.media.picture_track
    units = [Unit(unit_key(c.start_s), c.duration_s, FacesCall(str(run.path), c, track)) for c in chunks]
    stage.begin(run.video.duration_s, "s", stage.stored(units))
    stage.work_off("faces", units, packed)
    found = [unpacked(stage.done[unit.key]) for unit in units]
    linked = link(found, same=SAME_FACE, least_s=LEAST_S, near=SAME_FACE)
    spans: list[list[TimeSpan]] = [[] for _ in linked.seconds]
    for seen, rows in zip(found, linked.rows, strict=True):
        for turn in seen.turns:
            row = rows[turn.voice]
            if row is not None:
                spans[row].append(turn.span)
    apart_s = run.settings.sample_every_s / 2
    whole = [tuple(joined(some, apart_s)) for some in spans]
    return [
        Voice(f"Person {row + 1}", sum(span.duration_s for span in seen), model, vector, seen)
        for row, (vector, seen) in enumerate(zip(linked.voices, whole, strict=True))
    ]
