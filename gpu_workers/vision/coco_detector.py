"""What detectors of the kinds of COCO have in common: the names that they know, and a closer look at each crop."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from app.core.settings import Settings
from app.core.types import Detection, Frame
from gpu_workers.base import ModelWorker
from gpu_workers.vision import coco
from gpu_workers.vision.crop_names import CropNamer

if TYPE_CHECKING:
    from numpy import uint8
    from numpy.typing import NDArray

    from gpu_workers.registry import Workers


@dataclass(frozen=True, slots=True)
class LoadedDetector:
    """A network in memory, and the classifier that names its crops."""

    network: Any
    namer: CropNamer


class CocoDetector(ModelWorker[LoadedDetector]):
    """Object detector that knows the classes of COCO and no others."""

    model_name: ClassVar[str]
    classes = coco.NAMES

    def __init__(self, settings: Settings) -> None:
        super().__init__(self.model_name)
        self._settings = settings

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> Self:
        """The detector whose weights the settings name."""
        del workers
        return cls(settings)

    def detect(self, frames: Sequence[Frame], names: Sequence[str], *, least: float) -> list[list[Detection]]:
        """See `ObjectDetector`. At most 50 things a picture."""
        classes = set(names) & set(self.classes)
        if not classes:
            return [[] for _ in frames]
        every = []
        with self._use(len(frames)) as loaded:
            for frame in frames:
                sure = [thing for thing in self._things(loaded.network, frame.image) if thing.confidence >= least]
                every.append(loaded.namer.named(frame.image, sure))
        return [[thing for thing in things if thing.name in classes] for things in every]

    def _load(self) -> LoadedDetector:
        return LoadedDetector(self._network(), CropNamer(self._settings))

    @abstractmethod
    def _network(self) -> Any:
        """The network, in memory."""

    @abstractmethod
    def _things(self, network: Any, image: NDArray[uint8]) -> list[Detection]:
        """What the network finds in a picture, surest first, each thing once."""
