"""PyTorch checkpoints of the old form, read without torch; torch writes them here."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from app.core.errors import WorkerFailed
from gpu_workers.weights.checkpoint import MAGIC, read_tensors


def test_tensors_come_back_as_torch_wrote_them(tmp_path):
    import torch

    square = torch.arange(12, dtype=torch.float32).reshape(3, 4)
    state = {"plain": square, "turned": square.T, "part": square[1:, 2:], "count": torch.tensor(7)}
    torch.save(state, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    tensors = read_tensors(tmp_path / "old.pth")
    assert tensors.keys() == state.keys()
    for name, value in state.items():
        assert np.array_equal(tensors[name], value.numpy())


class Evil:
    def __reduce__(self):
        return sorted, ([2, 1],)


def test_a_file_that_would_run_code_is_refused(tmp_path):
    data = b"".join(map(pickle.dumps, (MAGIC, 1001, {}, {"weights": Evil()}, [])))
    (tmp_path / "evil.pth").write_bytes(data)
    with pytest.raises(WorkerFailed, match=r"builtins\.sorted"):
        read_tensors(tmp_path / "evil.pth")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_file_that_was_cut_off_is_refused_in_one_sentence(tmp_path, share):
    import torch

    torch.save({"weights": torch.ones(500)}, tmp_path / "whole.pth", _use_new_zipfile_serialization=False)
    whole = (tmp_path / "whole.pth").read_bytes()
    (tmp_path / "cut.pth").write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(WorkerFailed, match=r"cut\.pth is not a readable PyTorch checkpoint"):
        read_tensors(tmp_path / "cut.pth")
