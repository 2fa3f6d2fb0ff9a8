"""Vision models for tests and for trying things out: no weights, the same answer every time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from app.core.settings import Settings
from app.core.types import Caption, Detection, Face, Frame, FrameFeatures, TextLine, TimeSpan

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gpu_workers.registry import Workers

NAMED = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "white": (255, 255, 255), "black": (0, 0, 0)}
PEOPLE = ("red", "green", "blue")
CELLS = 4
FOUND = 0.9
"""How sure the fake detector is of what it sees."""
JUMP = 40.0
"""Change of the mean colour, of 255, that the fake detector of shots takes for a cut."""


class FakeFrameEmbedder:
    """Sees the mean colours of 4 x 4 cells. Its concepts are likeness to five named colours."""

    model = "fake-colours@1"

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> FakeFrameEmbedder:  # noqa: ARG003
        """The same for all settings."""
        return cls()

    def embed(self, frames: Sequence[Frame]) -> list[FrameFeatures]:
        """One result a frame, in order: 48 numbers of colour, 5 of concept, the nearest colour as tag."""
        import numpy as np
        from PIL import Image

        features = []
        for frame in frames:
            cells = Image.fromarray(frame.image).resize((CELLS, CELLS), Image.Resampling.BOX)
            small = np.asarray(cells, dtype=np.float32)
            mean = small.mean(axis=(0, 1))
            near = np.array([np.exp(-np.abs(mean - colour).mean() / 64) for colour in NAMED.values()], dtype=np.float32)
            tags = sorted(zip(NAMED, (near / near.sum()).tolist(), strict=True), key=lambda tag: -tag[1])
            grey = frame.image.mean(axis=2) / 255
            one = FrameFeatures(
                pts_s=frame.pts_s,
                vector=(small / 255).ravel().astype(np.float32),
                concept=np.asarray(near / np.linalg.norm(near), dtype=np.float32),
                tags=tuple(tags),
                brightness=float(grey.mean()),
                contrast=float(grey.std()),
            )
            features.append(one)
        return features

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """The colours that the text names; a direction that depends on its letters when it names none."""
        import numpy as np

        words = text.casefold().split()
        vector = np.array([float(name in words) for name in NAMED], dtype=np.float32)
        if not vector.any():
            digest = hashlib.sha256(text.encode()).digest()[: len(NAMED)]
            vector = np.frombuffer(digest, dtype=np.uint8).astype(np.float32) + 1.0
        return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


class FakeTextReader:
    """Reads what `write` wrote into the first pixels of a picture, and nothing else."""

    model = "fake-reader@1"
    _MARK = b"TEXT"

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> FakeTextReader:  # noqa: ARG003
        """The same for all settings."""
        return cls()

    @classmethod
    def write(cls, image: NDArray[np.uint8], lines: Sequence[str]) -> NDArray[np.uint8]:
        """A copy of a picture with lines that this reader reads. Raises ValueError when it is too small for them."""
        import numpy as np

        text = "\n".join(lines).encode()
        data = cls._MARK + len(text).to_bytes(4, "big") + text
        if len(data) > image.size:
            raise ValueError(f"{len(data)} bytes of text do not fit into {image.size} bytes of picture")
        marked = image.copy()
        marked.reshape(-1)[: len(data)] = np.frombuffer(data, dtype=np.uint8)
        return marked

    def may_hold_text(self, frame: Frame) -> bool:
        """Whether something was written."""
        return frame.image.reshape(-1)[:4].tobytes() == self._MARK

    def read(self, frame: Frame) -> list[TextLine]:
        """The written lines, spread evenly from top to bottom."""
        if not self.may_hold_text(frame):
            return []
        data = frame.image.reshape(-1)
        length = int.from_bytes(data[4:8].tobytes(), "big")
        lines = [line for line in data[8 : 8 + length].tobytes().decode().split("\n") if line.strip()]
        step = 1 / max(len(lines), 1)
        return [TextLine(line, 1.0, (0.0, i * step, 1.0, (i + 1) * step)) for i, line in enumerate(lines)]


class FakeCaptioner:
    """Says how many frames it was shown and what was recognised in the first."""

    model = "fake-captions@1"

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> FakeCaptioner:  # noqa: ARG003
        """The same for all settings."""
        return cls()

    def caption(self, frames: Sequence[Frame], features: Sequence[FrameFeatures], span: TimeSpan) -> Caption:
        """One sentence; an empty text when there are no frames."""
        if not frames:
            return Caption(span, "", self.model)
        tags = tuple(name for name, _ in features[0].tags[:1]) if features else ()
        seen = f" of {tags[0]}" if tags else ""
        return Caption(span, f"{len(frames)} frames{seen}.", self.model, tags)


class FakeObjectDetector:
    """Finds the five named colours, each as one thing that takes all of its pixels."""

    model = "fake-detector@1"
    classes: Sequence[str] = ()

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> FakeObjectDetector:  # noqa: ARG003
        """The same for all settings."""
        return cls()

    def detect(self, frames: Sequence[Frame], names: Sequence[str], *, least: float) -> list[list[Detection]]:
        """The box around the pixels of each colour that is named, always with the same confidence."""
        if least > FOUND:
            return [[] for _ in frames]
        return [[thing for name in names for thing in _coloured(frame, name)] for frame in frames]


def _coloured(frame: Frame, name: str) -> list[Detection]:
    import numpy as np

    height, width = frame.image.shape[:2]
    colours = [colour for known, colour in NAMED.items() if known in name.casefold().split()]
    if not colours:
        return []
    far = np.abs(frame.image.astype(np.int16) - np.array(colours[0], dtype=np.int16)).max(axis=2)
    rows, columns = np.nonzero(far < JUMP)
    if not len(rows):
        return []
    box = (columns.min() / width, rows.min() / height, (columns.max() + 1) / width, (rows.max() + 1) / height)
    return [Detection(name, FOUND, (float(box[0]), float(box[1]), float(box[2]), float(box[3])))]


class FakeFaceFinder:
    """Takes the pixels of each of three colours for the face of one person, who always looks the same."""

    model = "fake-faces@1"

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> FakeFaceFinder:  # noqa: ARG003
        """The same for all settings."""
        return cls()

    def faces(self, frames: Sequence[Frame]) -> list[list[Face]]:
        """See `FaceFinder`."""
        import numpy as np

        people = dict(zip(PEOPLE, np.eye(len(PEOPLE), dtype=np.float32), strict=True))
        return [
            [Face(seen.box, FOUND, vector) for name, vector in people.items() for seen in _coloured(frame, name)]
            for frame in frames
        ]


class FakeShotDetector:
    """Sees a cut where the mean colour jumps."""

    model = "fake-shots@1"

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> FakeShotDetector:  # noqa: ARG003
        """The same for all settings."""
        return cls()

    def cuts(self, frames: Iterable[Frame]) -> Iterator[float]:
        """See `ShotDetector`."""
        before: NDArray[np.float64] | None = None
        for frame in frames:
            mean = frame.image.mean(axis=(0, 1))
            if before is not None and abs(mean - before).max() > JUMP:
                yield frame.pts_s
            before = mean
