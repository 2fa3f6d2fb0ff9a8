"""A stage of ingest as data: what it builds on, its units, how its result is computed and stored.

A stage stores its units and its result under a key that consists of its own version and of the keys of its inputs. What
an earlier run stored under the same key is used again, so that a killed run loses only its unfinished units.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar

from app.core.errors import MissingPart, NotFound
from app.core.events import StageFinished, StageProgress, StageStarted, Warned
from app.core.types import TimeSpan, from_json, to_json
from app.services.ingest.run import Run

PROGRESS_EVERY_S = 0.25
P = TypeVar("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Codec(Generic[T]):
    """How a result becomes bytes, and bytes a result."""

    pack: Callable[[T], bytes]
    unpack: Callable[[bytes], T]


NOTHING: Codec[None] = Codec(lambda _: b"", lambda _: None)
"""Of a stage whose result is in the library."""


def as_json(kind: type[T]) -> Codec[T]:
    """A value of this type as JSON."""
    return Codec(
        lambda value: json.dumps(to_json(value)).encode(), lambda payload: from_json(kind, json.loads(payload))
    )


@dataclass(frozen=True, slots=True)
class Unit:
    """A part of a stage that is done and stored at once."""

    key: str
    size: float
    """In the measure of the stage's total."""
    call: Any = None
    """Of a `ChunkReader`; None where the result needs no work."""
    result: Any = None
    """Where it needs no work."""

    @classmethod
    def of(cls, span: TimeSpan, call: Any = None, result: Any = None) -> Self:
        """A part of the video."""
        return cls(unit_key(span.start_s), span.duration_s, call, result)


def unit_key(time_s: float) -> str:
    """The key under which a stage stores its result for a moment, or for a span that begins then."""
    return f"{time_s:.3f}"


@dataclass(frozen=True, slots=True)
class UnitCalls(Generic[P]):
    """How the units of a stage are done: each is a call of a `ChunkReader`, here or on another machine."""

    method: str
    codec: Codec[P]
    """For the result of a unit."""
    measure: str = "s"
    """What is counted; "s" means seconds of video."""
    missing: str = ""
    """What is reported if a model is missing: the stage is put off, and the video read without it."""


class StageRun:
    """A stage while it is done: its units and its progress. Safe to use from several threads."""

    def __init__(self, run: Run, name: str, version: str) -> None:
        self.run = run
        self.parts: list[Any] = []
        """The results of the units, in their order."""
        self.detail = ""
        """What came out, in a few words."""
        self.postponed = False
        self.started = time.monotonic()
        self._name = name
        self._version = version
        self._lock = threading.Lock()
        self._total = 0.0
        self._first = 0.0
        self._reached = 0.0
        self._measure = ""
        self._reported_at = 0.0
        self.done: dict[str, bytes] = run.parts.stages.units(run.video.id, name, version)
        """Units that are stored, by key."""
        run.resumed = run.resumed or bool(self.done)

    def begin(self, total: float, measure: str, done: float = 0.0) -> None:
        """Announces the size of the work; "s" means seconds of video."""
        self._total, self._measure, self._first, self._reached = total, measure, done, done
        self.run.report(StageStarted(self._name, total, measure, done))

    def save(self, key: str, payload: bytes) -> None:
        """Stores one unit; from then on a killed run does not lose it."""
        self.run.parts.stages.save_unit(self.run.video.id, self._name, self._version, key, payload)
        self.done[key] = payload
        self.run.stored()

    def put_off(self, reason: str) -> None:
        """Leaves the stage unfinished for a reason that may pass: the next reading does what is missing."""
        self.postponed = True
        self.run.report(Warned(f"{reason} Ingest the video again when that is solved."))

    def collect(
        self,
        method: str,
        units: Sequence[Unit],
        codec: Codec[P],
        hear: Callable[[Unit, P], None] = lambda *_: None,
    ) -> list[P]:
        """The results of units in order. Each is stored when it is done, and `hear` called with it."""
        for unit in units:
            if unit.call is None and unit.key not in self.done:
                self.save(unit.key, codec.pack(unit.result))
                self._reached += unit.size
                self.progress(self._reached)

        def store(unit: Unit, result: P) -> None:
            self.save(unit.key, codec.pack(result))
            hear(unit, result)

        self.each(method, units, store)
        return [codec.unpack(self.done[unit.key]) for unit in units]

    def each(self, method: str, units: Sequence[Unit], store: Callable[[Unit, Any], None]) -> None:
        """Has the units that are not stored yet done by the runtime, in any order, and `store` stores each result.

        Raises Cancelled.
        """
        left = [unit for unit in units if unit.key not in self.done]
        under_way: dict[int, float] = {}

        def beat(number: int, share: float) -> None:
            under_way[number] = share * left[number].size
            self.progress(self._reached + sum(under_way.values()))

        with closing(self.run.parts.runtime.map(method, (unit.call for unit in left), beat=beat)) as results:
            for number, result in results:
                store(left[number], result)
                self._reached += left[number].size
                under_way.pop(number, None)
                self.progress(self._reached + sum(under_way.values()))

    def progress(self, done: float) -> None:
        """Reports how far the work is, a few times a second at most. Raises Cancelled."""
        self.run.check()
        now = time.monotonic()
        with self._lock:
            if now - self._reported_at < PROGRESS_EVERY_S and done < self._total:
                return
            self._reported_at = now
        rate = (done - self._first) / max(now - self.started, 1e-6)
        speed = rate if self._measure == "s" and rate > 0 else None
        left = (self._total - done) / rate if rate > 0 else None
        self.run.report(StageProgress(self._name, done, self._total, self._measure, speed, left))


class Stage(ABC, Generic[T]):
    """One step from a file to a library that can be searched.

    Stages with one name are ways to the same result: for each video one of them is wanted.
    """

    name: str
    inputs: tuple[str, ...] = ()
    """The stages that it builds on: when one of them changes, so does its key."""
    undoes: tuple[str, ...] = ()
    """The stages whose part of the library or the index is lost when this one writes its own."""
    codec: Codec[T]
    calls: UnitCalls[Any] | None = None
    """Of a stage that has units."""

    def wanted(self, run: Run) -> bool:  # noqa: ARG002
        """Whether it is done for this video."""
        return True

    def version(self, run: Run) -> str:  # noqa: ARG002
        """Its own part of the key: models, settings, and a number that rises when its code computes something else."""
        return "1"

    def units(self, run: Run) -> list[Unit]:  # noqa: ARG002
        """The parts that are done and stored one by one."""
        return []

    def parts(self, work: StageRun) -> list[Any]:
        """Does the long part of the work, unit by unit. A ready video keeps what it has until this is done."""
        return [] if self.calls is None else self._parts(work, self.calls)

    @abstractmethod
    def reduce(self, work: StageRun) -> T:
        """Computes the result, from the parts where it has units, and stores in the library what belongs there."""

    def reopen(self, run: Run) -> None:
        """Has what earlier readings stored count as undone, since the library is about to change."""
        run.parts.stages.reopen(run.video.id, (self.name, *self.undoes))

    def after(self, run: Run, result: T) -> T | None:  # noqa: ARG002
        """Follows in each reading, also when the result was stored before; what it returns takes its place."""
        return None

    def do(self, run: Run) -> None:
        """Does the stage if it is wanted; later stages find its result by `of`."""
        if self.wanted(run):
            result = self.result(run)
            changed = self.after(run, result)
            run.results[self.name] = result if changed is None else changed

    def of(self, run: Run) -> T:
        """The result, once the stage is done."""
        result: T = run.results[self.name]
        return result

    def stored(self, run: Run) -> T | None:
        """The result of an earlier run with the same key; None if there is none."""
        payload = run.parts.stages.finished(run.video.id, self.name, self.key(run))
        return None if payload is None else self.codec.unpack(payload)

    def result(self, run: Run) -> T:
        """The result: from the store if it is there, else by doing the work."""
        key = run.versions[self.name] = self.key(run)
        payload = run.parts.stages.finished(run.video.id, self.name, key)
        if payload is not None:
            run.report(StageFinished(self.name, 0.0, reused=True))
            run.resumed = True
            return self.codec.unpack(payload)
        if run.only_stored:
            raise NotFound(f"The stage {self.name} of this video is not stored.")
        run.worked = True
        work = StageRun(run, self.name, key)
        work.parts = self.parts(work)
        self.reopen(run)
        result = self.reduce(work)
        work.parts, work.done = [], {}  # of a long video they are as large as the result, which is now held twice
        payload = self.codec.pack(result)
        del result
        if work.postponed:
            # What builds on this has to be done again once the rest is there.
            run.versions[self.name] = f"{key}/{hashlib.sha256(payload).hexdigest()[:12]}"
        else:
            run.parts.stages.finish(run.video.id, self.name, key, payload)
            run.stored()
        run.report(StageFinished(self.name, time.monotonic() - work.started, work.detail))
        return self.codec.unpack(payload)

    def key(self, run: Run) -> str:
        """Changes whenever the stage or one of its inputs does."""
        own = self.version(run)
        before = [run.versions[name] for name in self.inputs if name in run.versions]
        return short_hash("|".join([own, *before])) if self.inputs else own

    def _parts(self, work: StageRun, calls: UnitCalls[P]) -> list[P]:
        units = self.units(work.run)
        done = sum(unit.size for unit in units if unit.key in work.done)
        work.begin(sum(unit.size for unit in units), calls.measure, done)
        try:
            return work.collect(calls.method, units, calls.codec)
        except MissingPart as error:
            if not calls.missing:
                raise
            work.put_off(f"{calls.missing}: {error}")
            return []


def short_hash(text: str) -> str:
    """A key for a text of any length."""
    return hashlib.sha256(text.encode()).hexdigest()[:24]
