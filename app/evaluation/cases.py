"""A question of a benchmark with its truth, in one form for all benchmarks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.core.types import TimeSpan


@dataclass(frozen=True, slots=True)
class Group:
    """Questions that are scored together. `structure`: how, in the benchmark's words."""

    number: int
    structure: str


@dataclass(frozen=True, slots=True)
class Case:
    """One question, whatever file it came from. Options are plain texts without letters, in the file's order."""

    id: str
    """Unique in its benchmark."""
    videos: tuple[str, ...]
    """Names under which its video may lie: paths below the folder of videos, file names or stems, likeliest first."""
    question: str
    options: tuple[str, ...] = ()
    """Empty for an open question."""
    answer: int | None = None
    """Which option is right, from 0; None for an open question and where the truth is not public."""
    accept: tuple[str, ...] = ()
    """Case-insensitive regular expressions, any of which makes an open answer right."""
    answerable: bool = True
    labels: tuple[tuple[str, str], ...] = ()
    """Columns of the tables by type and their values; a column may come more than once."""
    evidence: tuple[TimeSpan, ...] = ()
    """Where the video shows the answer, if the benchmark says so."""
    moments_s: tuple[float, ...] = ()
    """Single frames that show the answer, in seconds."""
    reference: str = ""
    """What an open answer should say, where a model has to compare."""
    group: Group | None = None
    """The questions that are scored together with it."""
    asked: str = ""
    """The whole official prompt, where the annotation file holds it."""

    @property
    def has_truth(self) -> bool:
        """Whether an answer can be judged."""
        return self.answer is not None or bool(self.accept or self.reference) or not self.answerable

    def values(self, column: str) -> tuple[str, ...]:
        """The values of a label column."""
        return tuple(value for name, value in self.labels if name == column)


Titled = tuple[TimeSpan, str]
"""A chapter: where it lies and what it is called."""


@dataclass(frozen=True, slots=True)
class GivenChapters:
    """The true chapters of a video."""

    video: str
    chapters: tuple[Titled, ...]


@dataclass(frozen=True, slots=True)
class Loaded:
    """The cases of an annotation file, and what a reader should know about what was left out."""

    cases: tuple[Case, ...]
    notes: tuple[str, ...] = ()
    chapters: tuple[GivenChapters, ...] = ()
    """Of the videos whose chapters are given."""

    def limited(self, limit: int | None) -> Loaded:
        """The first cases only; all when there is no limit."""
        return self if limit is None else replace(self, cases=self.cases[:limit])


def labels(*pairs: tuple[str, object]) -> tuple[tuple[str, str], ...]:
    """Label pairs as text, without those that have no value."""
    return tuple((name, str(value)) for name, value in pairs if value not in (None, ""))


def spans_of(pairs: Sequence[Sequence[float]]) -> tuple[TimeSpan, ...]:
    """Spans from [start, end] pairs in seconds. Raises ValueError or TypeError for other data."""
    return tuple(TimeSpan(float(start), float(end)) for start, end in pairs)
