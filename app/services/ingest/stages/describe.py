"""Has a model that sees describe each segment: one request each, several at a time, every answer stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

from app.core.ports import scene_describer
from app.core.timecode import clock
from app.core.types import Caption, TimeSpan
from app.services.ingest.calls import DescribeCall, Undescribed
from app.services.ingest.run import Run, present
from app.services.ingest.stage import StageRun, Unit, as_json
from app.services.ingest.stages.caption import CaptionStage
from app.services.ingest.stages.key_frames import features_by_piece
from app.services.ingest.stages.sample import SAMPLE
from app.services.ingest.stages.segment import SEGMENT
from gpu_workers.selection.blank import evenly

GIVE_UP_AFTER = 8
"""So many failures in a row, and the model is asked no more in this reading."""
MOST_NAMED = 5
"""Segments without a description that a warning names."""
CAPTION_OF_ONE = as_json(Caption)


class _GivenUp(Exception):
    """The model fails again and again."""


def _request(work: StageRun, pieces: Mapping[str, tuple[TimeSpan, tuple[float, ...]]], at_once: int) -> list[str]:
    """Has segments described until all are done or the model fails too often: why it failed, for each failure."""
    run, keys, units = work.run, list(pieces), []
    for first in range(0, len(keys), at_once):
        some = keys[first : first + at_once]
        shown = tuple(pieces[key] for key in some)
        call = DescribeCall(run.video.id, str(run.path), shown, run.video.media.picture_track)
        units.append(Unit(" ".join(some), len(some), call))
    failures: list[str] = []
    in_a_row = 0

    def store(unit: Unit, results: Sequence[Caption | Undescribed]) -> None:
        nonlocal in_a_row
        for key, result in zip(unit.key.split(), results, strict=True):
            if isinstance(result, Undescribed):
                failures.append(result.reason)
                in_a_row += 1
            else:
                work.save(key, CAPTION_OF_ONE.pack(result))
                in_a_row = 0
        if in_a_row >= GIVE_UP_AFTER:
            raise _GivenUp

    with suppress(_GivenUp):
        work.each("describe", units, store)
    return failures


class _Descriptions(CaptionStage):
    """Captions with subjects and events."""

    inputs = ("sample", "segment")

    def wanted(self, run: Run) -> bool:
        return scene_describer(run.parts.captioner) is not None

    def version(self, run: Run) -> str:
        describer = present(scene_describer(run.parts.captioner))
        return f"1/{describer.model}/{describer.frames_wanted}"

    def parts(self, work: StageRun) -> list[Caption]:
        """Captions with subjects and events, from the frames of each segment that differ.

        A segment on which the model fails has none. A warning says so, and the next reading tries it again.
        """
        spans, describer = SEGMENT.of(work.run), present(scene_describer(work.run.parts.captioner))
        pieces = {}
        for number, frames in enumerate(features_by_piece(SAMPLE.of(work.run).features, spans)):
            if frames:
                shown = evenly(range(len(frames)), describer.frames_wanted)
                pieces[str(number)] = (spans[number], tuple(frames[place].pts_s for place in shown))
        missing = {key: piece for key, piece in pieces.items() if key not in work.done}
        work.begin(len(pieces), "pieces", len(pieces) - len(missing))
        failures = _request(work, missing, describer.at_once)
        if failures:
            reason = max(dict.fromkeys(failures), key=failures.count)
            without = [clock(missing[key][0].start_s) for key in missing if key not in work.done]
            named = ", ".join(without[:MOST_NAMED]) + (", ..." if len(without) > MOST_NAMED else "")
            work.put_off(f"{len(without)} of {len(pieces)} segments have no caption (those at {named}): {reason}")
        described = [CAPTION_OF_ONE.unpack(work.done[key]) for key in pieces if key in work.done]
        work.detail = f"{len(described)} of {len(pieces)} segments"
        return described

    def reduce(self, work: StageRun) -> list[Caption]:
        return [one for one in work.parts if one.text or one.events or one.subjects]


DESCRIBE = _Descriptions()
