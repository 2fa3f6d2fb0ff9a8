"""What looks: vectors of pictures, the frames that stand for many, text, things, cuts, captions, answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast, runtime_checkable

from app.core.types import Caption, Completion, Detection, Face, Frame, FrameFeatures, TextLine, TimeSpan
from app.core.types.scenes import Subject

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@runtime_checkable
class FrameEmbedder(Protocol):
    """Turns pictures into vectors, and words into vectors that find them."""

    @property
    def model(self) -> str:
        """Name and version."""
        ...

    def embed(self, frames: Sequence[Frame]) -> list[FrameFeatures]:
        """One result a frame, in order."""
        ...

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """A unit vector, shape (q,), to compare with `FrameFeatures.concept` by dot product."""
        ...


@runtime_checkable
class FrameSelector(Protocol):
    """Chooses the frames that stand for many."""

    @property
    def name(self) -> str:
        """The method's name in settings."""
        ...

    def select(self, candidates: Sequence[FrameFeatures], budget: int) -> list[int]:
        """At most `budget` indices, ascending, without repeats; blank frames only if there is nothing else."""
        ...


FrameFetch = Callable[[Sequence[float]], Iterable[Frame]]
"""The frame shown at each time of one video, in the order given: `FrameSource.at` with its file and size bound."""


@runtime_checkable
class QueryFrameSelector(Protocol):
    """Chooses the frames of one video that bear on a question."""

    @property
    def name(self) -> str:
        """The method's name in settings."""
        ...

    def select(
        self, question: str, candidates: Sequence[FrameFeatures], budget: int, *, fetch: FrameFetch
    ) -> list[int]:
        """At most `budget` indices, ascending, without repeats; blank frames only if there is nothing else.

        `candidates` are in time order. At least one comes back unless there are none or the budget is 0; the same
        question gives the same choice. `fetch` is asked only by methods that judge pictures rather than vectors.
        """
        ...


@runtime_checkable
class TextReader(Protocol):
    """Reads text in pictures."""

    @property
    def model(self) -> str:
        """Name and version."""
        ...

    def may_hold_text(self, frame: Frame) -> bool:
        """A glance that costs a small part of `read`: False is reliable, True is worth a `read`."""
        ...

    def read(self, frame: Frame) -> list[TextLine]:
        """Lines from top to bottom; an empty list when there is no text."""
        ...


@runtime_checkable
class ObjectDetector(Protocol):
    """Finds things in pictures that are named in words."""

    @property
    def model(self) -> str:
        """Name and version."""
        ...

    @property
    def classes(self) -> Sequence[str]:
        """The only names that it knows; empty where it finds whatever is named."""
        ...

    def detect(self, frames: Sequence[Frame], names: Sequence[str], *, least: float) -> list[list[Detection]]:
        """For each frame what is seen of the named things with a confidence of at least `least`, surest first."""
        ...


@runtime_checkable
class FaceFinder(Protocol):
    """Finds faces, and tells them apart."""

    @property
    def model(self) -> str:
        """Name and version."""
        ...

    def faces(self, frames: Sequence[Frame]) -> list[list[Face]]:
        """For each frame its faces, the largest first; those too small to be told apart are left out."""
        ...


@runtime_checkable
class ShotDetector(Protocol):
    """Tells where one shot of a camera ends and the next begins."""

    @property
    def model(self) -> str:
        """Name and version."""
        ...

    def cuts(self, frames: Iterable[Frame]) -> Iterator[float]:
        """The time of the first frame of each shot but the first, ascending, seconds.

        `frames` are all frames in time order, of any size; no more than a few hundred are held at a time.
        """
        ...


@runtime_checkable
class Captioner(Protocol):
    """Says in a sentence what frames show."""

    @property
    def model(self) -> str:
        """Name and version."""
        ...

    def caption(self, frames: Sequence[Frame], features: Sequence[FrameFeatures], span: TimeSpan) -> Caption:
        """One caption for the span that the frames come from; an empty text when nothing can be said."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class CaptionTask:
    """One piece to caption, as `Captioner.caption` takes it."""

    span: TimeSpan
    frames: tuple[Frame, ...]
    features: tuple[FrameFeatures, ...] = ()


@runtime_checkable
class BatchCaptioner(Captioner, Protocol):
    """A captioner that is quicker with several pieces at once: a GPU writes eight captions in the time of one."""

    @property
    def at_once(self) -> int:
        """How many pieces it captions together; giving it more only delays the news of what is done."""
        ...

    def caption_all(self, tasks: Sequence[CaptionTask]) -> list[Caption]:
        """For each piece what `caption` would give, in order."""
        ...


class SceneDescriber(Captioner, Protocol):
    """A captioner that sees full frames and also tells who and what is seen, and what happens when.

    Several threads may call it at once.
    """

    @property
    def at_once(self) -> int:
        """How many calls may be under way at a time."""
        ...

    @property
    def frames_wanted(self) -> int:
        """How many frames of a segment it is shown, if the segment has so many that differ."""
        ...

    def describe(self, frames: Sequence[Frame], span: TimeSpan, stop: Callable[[], bool] | None = None) -> Caption:
        """Caption, subjects and events of the span that the frames come from. Times are those of the frames.

        Once `stop` says True, Cancelled is raised within a second.
        """
        ...

    def group(self, subjects: Sequence[Subject]) -> list[list[int]]:
        """Which subjects of different segments are the same: groups of at least two indices, each in one group."""
        ...


def scene_describer(captioner: Captioner) -> SceneDescriber | None:
    """The captioner as one that describes scenes; None where it writes captions alone.

    What stands for a captioner of another process has its methods, but is no instance of the protocol.
    """
    return cast("SceneDescriber", captioner) if hasattr(captioner, "describe") else None


@runtime_checkable
class VisionLanguageModel(Protocol):
    """Answers a question about pictures."""

    @property
    def model(self) -> str:
        """Name and version."""
        ...

    def look(self, frames: Sequence[Frame], question: str) -> Completion:
        """What the frames show that bears on the question; the model is told each frame's time."""
        ...
