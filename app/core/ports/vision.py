"""Ports that see: picture vectors, frame selection, text, objects, cuts, captions, answers."""

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
        """One result per frame, in order."""
        ...

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """A unit vector, shape (q,), to compare with `FrameFeatures.concept` by dot product."""
        ...


@runtime_checkable
class FrameSelector(Protocol):
    """Selects frames that represent many."""

    @property
    def name(self) -> str:
        """The method's name in settings."""
        ...

    def select(self, candidates: Sequence[FrameFeatures], budget: int) -> list[int]:
        """At most `budget` indices, ascending, without repeats; blank frames only if there is nothing else."""
        ...


FrameFetch = Callable[[Sequence[float]], Iterable[Frame]]
"""Returns the frame shown at each time of one video, in order: `FrameSource.at` with its file and size bound."""


@runtime_checkable
class QueryFrameSelector(Protocol):
    """Selects the frames of one video that relate to a question."""

    @property
    def name(self) -> str:
        """The method's name in settings."""
        ...

    def select(
        self, question: str, candidates: Sequence[FrameFeatures], budget: int, *, fetch: FrameFetch
    ) -> list[int]:
        """At most `budget` indices, ascending, without repeats; blank frames only if there is nothing else.

        `candidates` are in time order. At least one is returned unless there are none or the budget is 0; the same
        question gives the same choice. Only methods that judge pictures rather than vectors call `fetch`.
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
    """Finds things in pictures by name."""

    @property
    def model(self) -> str:
        """Name and version."""
        ...

    @property
    def classes(self) -> Sequence[str]:
        """The only names that it knows; empty if it finds anything by name."""
        ...

    def detect(self, frames: Sequence[Frame], names: Sequence[str], *, least: float) -> list[list[Detection]]:
        """For each frame, the named things seen with a confidence of at least `least`, highest first."""
        ...


@runtime_checkable
class FaceFinder(Protocol):
    """Finds faces, and computes vectors that distinguish them."""

    @property
    def model(self) -> str:
        """Name and version."""
        ...

    def faces(self, frames: Sequence[Frame]) -> list[list[Face]]:
        """The faces in each frame, largest first, without those too small to be distinguished."""
        ...


@runtime_checkable
class ShotDetector(Protocol):
    """Finds where one shot of a camera ends and the next begins."""

    @property
    def model(self) -> str:
        """Name and version."""
        ...

    def cuts(self, frames: Iterable[Frame]) -> Iterator[float]:
        """The time of the first frame of each shot except the first, ascending, in seconds.

        `frames` are all frames in time order, of any size; only a few hundred are held at a time.
        """
        ...


@runtime_checkable
class Captioner(Protocol):
    """Describes what frames show, in a sentence."""

    @property
    def model(self) -> str:
        """Name and version."""
        ...

    def caption(self, frames: Sequence[Frame], features: Sequence[FrameFeatures], span: TimeSpan) -> Caption:
        """One caption for the span of the frames; an empty text when there is nothing to say."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class CaptionTask:
    """One segment to caption, as `Captioner.caption` takes it."""

    span: TimeSpan
    frames: tuple[Frame, ...]
    features: tuple[FrameFeatures, ...] = ()


class BatchCaptioner(Captioner, Protocol):
    """A captioner that is faster with several segments at once: a GPU writes eight captions in the time of one."""

    @property
    def at_once(self) -> int:
        """How many segments it captions together; more only delay the progress reports."""
        ...

    def caption_all(self, tasks: Sequence[CaptionTask]) -> list[Caption]:
        """What `caption` would return for each segment, in order."""
        ...


class SceneDescriber(Captioner, Protocol):
    """A captioner that sees full frames and also reports who and what is seen, and what happens when.

    Several threads may call it at once.
    """

    @property
    def at_once(self) -> int:
        """How many calls may run at a time."""
        ...

    @property
    def frames_wanted(self) -> int:
        """How many frames of a segment it takes, if that many differ."""
        ...

    def describe(self, frames: Sequence[Frame], span: TimeSpan, stop: Callable[[], bool] | None = None) -> Caption:
        """Caption, subjects and events of the span of the frames. Times are those of the frames.

        Once `stop` returns True, Cancelled is raised within a second.
        """
        ...

    def group(self, subjects: Sequence[Subject]) -> list[list[int]]:
        """Which subjects of different segments are the same: groups of at least two indices, no index in two groups."""
        ...


def scene_describer(captioner: Captioner) -> SceneDescriber | None:
    """The captioner as one that describes scenes; None if it only writes captions.

    A proxy for a captioner in another process has its methods, but is not an instance of the protocol.
    """
    return cast("SceneDescriber", captioner) if hasattr(captioner, "describe") else None


@runtime_checkable
class VisionLanguageModel(Protocol):
    """Answers a question about pictures."""

    @property
    def model(self) -> str:
        """Name and version."""
        ...

    def look(self, frames: Sequence[Frame], question: str, stop: Callable[[], bool] | None = None) -> Completion:
        """What the frames show that relates to the question; the model gets each frame's time.

        Once `stop` returns True, Cancelled is raised within a second, or after the batch that is being read.
        """
        ...
