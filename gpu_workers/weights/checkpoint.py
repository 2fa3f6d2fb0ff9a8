"""PyTorch checkpoints in their form before version 1.6, read without torch.

Such a file is a row of pickles (a magic number, a version, facts about the machine, the table of tensors, the order of
the storages) followed by the raw numbers of each storage behind their count. Only the few names that such a table needs
can be built from the pickles; anything else is refused, so that a file cannot run code.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from app.core.errors import WorkerFailed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAGIC = 0x1950A86A20F9469CFC6C
TYPES = {"FloatStorage": "<f4", "LongStorage": "<i8"}
"""The types of numbers that can be read, by the name of torch's storage class."""


def read_tensors(checkpoint: Path) -> dict[str, NDArray[np.float32]]:
    """The tensors of a state dict by name. Raises WorkerFailed for a file that is none."""
    import numpy as np

    try:
        with checkpoint.open("rb") as stream:
            if _Table(stream).load() != MAGIC:
                raise ValueError("it does not begin with the magic number")
            for _ in ("version", "machine"):
                _Table(stream).load()
            table = _Table(stream)
            tensors: dict[str, NDArray[np.float32]] = dict(table.load())
            for key in _Table(stream).load():
                storage = table.storages[key]
                count = int.from_bytes(stream.read(8), "little")
                storage[:] = np.frombuffer(stream.read(count * storage.itemsize), storage.dtype)
            return tensors
    except (pickle.UnpicklingError, ValueError, KeyError, TypeError, EOFError, IndexError) as error:
        raise WorkerFailed(
            f"{checkpoint.name} is not a readable PyTorch checkpoint: {error}.", "Install its package again."
        ) from error


class _Table(pickle.Unpickler):
    """One pickle of the file. Tensors are views into storages whose numbers come later."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__(stream)
        self.storages: dict[str, NDArray[Any]] = {}

    def find_class(self, module: str, name: str) -> Any:
        """The few names that a state dict refers to."""
        if module == "torch" and name in TYPES:
            return TYPES[name]
        known = {("torch._utils", "_rebuild_tensor_v2"): _tensor, ("collections", "OrderedDict"): OrderedDict}
        if (module, name) not in known:
            raise pickle.UnpicklingError(f"it refers to {module}.{name}")
        return known[module, name]

    def persistent_load(self, pid: Any) -> NDArray[Any]:
        """The storage of this key, still empty."""
        import numpy as np

        _, kind, key, _, size, *_ = pid
        if key not in self.storages:
            self.storages[key] = np.zeros(size, kind)
        return self.storages[key]


def _tensor(storage: NDArray[Any], offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: Any) -> Any:
    """A view into a storage, as `torch._utils._rebuild_tensor_v2` makes it."""
    import numpy as np

    last = offset + sum((side - 1) * step for side, step in zip(shape, strides, strict=True))
    if offset < 0 or last >= storage.size:
        raise ValueError("a tensor reaches past its storage")
    bytes_apart = tuple(step * storage.itemsize for step in strides)
    return np.lib.stride_tricks.as_strided(storage[offset:], shape, bytes_apart)
