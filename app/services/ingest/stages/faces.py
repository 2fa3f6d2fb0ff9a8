"""Who is seen when: faces are found chunk by chunk and grouped as voices are, then linked over the whole video.

Kept are a vector for each person, and when the person is seen; pictures of faces are not, nor are the vectors that the
groups were made of.
"""

from __future__ import annotations

from app.core.types import TimeSpan, Voice
from app.core.types.span import joined
from app.services.ingest.calls import PicturesCall
from app.services.ingest.face_clusters import SAME_FACE
from app.services.ingest.run import Run, present
from app.services.ingest.stage import NOTHING, Stage, StageRun, Unit, UnitCalls
from app.services.ingest.stages.speakers import DIARIZATION
from gpu_workers.speech.clustering import link

SAME_PERSON, LIKE = 0.55, 0.4
"""Cosine of two persons of different videos from which they are one, and from which one is suggested for the other."""
LEAST_S = 2.0
"""Who is seen for less in a whole video is taken for the nearest person, or for nobody when none is near."""


def check(run: Run) -> None:
    """Raises MissingPart before any work is done, where faces are asked for and a file for them is not there."""
    if run.settings.faces and run.parts.face_finder is not None:
        run.parts.face_finder.faces([])


class _Faces(Stage[None]):
    """Stores who is seen in a video; names that were given to others are recognised."""

    name = "faces"
    inputs = ("probe",)
    codec = NOTHING
    calls = UnitCalls("faces", DIARIZATION)

    def wanted(self, run: Run) -> bool:
        finder, people = run.parts.face_finder, run.parts.people
        return run.settings.faces and finder is not None and people is not None and run.video.media.video is not None

    def version(self, run: Run) -> str:
        settings = run.settings
        sizes = f"{settings.sample_every_s:g}/{settings.text_side}/{settings.sample_chunk_s:g}"
        return f"1/{present(run.parts.face_finder).model}/{sizes}"

    def units(self, run: Run) -> list[Unit]:
        track = run.video.media.picture_track
        return [Unit.of(c, PicturesCall(str(run.path), c, track)) for c in run.chunks]

    def reduce(self, work: StageRun) -> None:
        run, model = work.run, present(work.run.parts.face_finder).model
        linked = link(work.parts, same=SAME_FACE, least_s=LEAST_S, near=SAME_FACE)
        spans: list[list[TimeSpan]] = [[] for _ in linked.seconds]
        for seen, rows in zip(work.parts, linked.rows, strict=True):
            for turn in seen.turns:
                row = rows[turn.voice]
                if row is not None:
                    spans[row].append(turn.span)
        apart_s = run.settings.sample_every_s / 2
        whole = [tuple(joined(some, apart_s)) for some in spans]
        people = [
            Voice(f"Person {row + 1}", sum(span.duration_s for span in seen), model, vector, seen)
            for row, (vector, seen) in enumerate(zip(linked.voices, whole, strict=True))
        ]
        present(run.parts.people).remember(run.video.id, people)
        # The vectors behind the groups are not stored: deleting a person deletes everything.
        run.parts.stages.clear(run.video.id, "faces")
        work.detail = f"{len(people)} persons"


FACES = _Faces()
