"""Has a model that sees describe each segment: one request each, several at a time, every answer stored."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress

from app.core.ports import SceneDescriber
from app.core.timecode import clock
from app.core.types import Caption, FrameFeatures, TimeSpan, from_json, to_json
from app.services.ingest.calls import DescribeCall, Undescribed
from app.services.ingest.run import Run, Stage, Unit
from gpu_workers.selection.blank import evenly

GIVE_UP_AFTER = 8
"""So many failures in a row, and the model is asked no more in this reading."""
MOST_NAMED = 5
"""Segments without a description that a warning names."""


class _GivenUp(Exception):
    """The model fails again and again."""


def described(
    run: Run, describer: SceneDescriber, shown: Sequence[Sequence[FrameFeatures]], spans: Sequence[TimeSpan]
) -> list[Caption]:
    """Captions with subjects and events, of `shown`: the frames of each segment that differ.

    A segment on which the model fails has none. A warning says so, and the next reading tries it again.
    """

    def work(stage: Stage) -> bytes:
        pieces = {
            str(number): (spans[number], _times(frames, describer.frames_wanted))
            for number, frames in enumerate(shown)
            if frames
        }
        missing = [key for key in pieces if key not in stage.done]
        stage.begin(len(pieces), "pieces", len(pieces) - len(missing))
        failures = _Requests(run, stage, describer.at_once).send({key: pieces[key] for key in missing})
        if failures:
            stage.put_off(_warning(failures, [pieces[key][0] for key in missing if key not in stage.done], len(pieces)))
        said = [from_json(Caption, json.loads(stage.done[key])) for key in pieces if key in stage.done]
        stage.detail = f"{len(said)} of {len(pieces)} segments"
        return json.dumps([to_json(one) for one in said if one.text or one.events or one.subjects]).encode()

    own = f"1/{describer.model}/{describer.frames_wanted}"
    payload = run.stage("caption", run.version_after("sample", "segment", own=own), work)
    return [from_json(Caption, item) for item in json.loads(payload)]


class _Requests:
    """Has segments described until all are done or the model has failed too often."""

    def __init__(self, run: Run, stage: Stage, at_once: int) -> None:
        self._run = run
        self._stage = stage
        self._at_once = at_once
        self._failures: list[str] = []
        self._in_a_row = 0

    def send(self, pieces: Mapping[str, tuple[TimeSpan, tuple[float, ...]]]) -> list[str]:
        """Why it failed, once for each failure."""
        video, path = self._run.video, str(self._run.path)
        keys = list(pieces)
        units = []
        for first in range(0, len(keys), self._at_once):
            some = keys[first : first + self._at_once]
            call = DescribeCall(video.id, path, tuple(pieces[key] for key in some), video.media.picture_track)
            units.append(Unit(" ".join(some), len(some), call))
        with suppress(_GivenUp):
            self._stage.work_off("describe", units, lambda _: None, self._store)
        return self._failures

    def _store(self, unit: Unit, results: Sequence[Caption | Undescribed]) -> None:
        for key, result in zip(unit.key.split(), results, strict=True):
            if isinstance(result, Undescribed):
                self._failures.append(result.reason)
                self._in_a_row += 1
            else:
                self._stage.save(key, json.dumps(to_json(result)).encode())
                self._in_a_row = 0
        if self._in_a_row >= GIVE_UP_AFTER:
            raise _GivenUp


def _warning(failures: Sequence[str], without: Sequence[TimeSpan], total: int) -> str:
    """Which segments have no description, and the most frequent reason."""
    reason = max(dict.fromkeys(failures), key=failures.count)
    named = ", ".join(clock(span.start_s) for span in without[:MOST_NAMED])
    more = ", ..." if len(without) > MOST_NAMED else ""
    return f"{len(without)} of {total} segments have no caption (those at {named}{more}): {reason}"


def _times(frames: Sequence[FrameFeatures], count: int) -> tuple[float, ...]:
    return tuple(frames[place].pts_s for place in evenly(range(len(frames)), count))
