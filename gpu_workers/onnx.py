"""Opens ONNX models so that several can share the CPU cores, and writes networks of torch as such."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gpu_workers.threads import threads


def open_session(model: Path | bytes, wanted_threads: int) -> Any:
    """An onnxruntime session of a file or a model in memory, on the CPU; `wanted_threads` 0 means one for each core.

    Waiting threads must not spin: speech recognition, OCR and text generation run side by side here, and a
    spinning thread takes the core from the one it waits for. With two spinning pools on two cores,
    OCR of one page took over a minute instead of one second.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads(wanted_threads)
    options.log_severity_level = 3
    # With pictures of many sizes, the arena would grow to the sum of what each size needs.
    options.enable_cpu_mem_arena = False
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    source = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def write_network(
    network: Any, inputs: Sequence[Any], place: Path, output: str, axes: Mapping[str, Mapping[int, str]]
) -> None:
    """Writes a network of torch, traced with some inputs. `axes`: what is free in each input and in the output."""
    import torch

    with warnings.catch_warnings(), torch.no_grad():
        # The exporter without further dependencies warns about its successor, which needs onnxscript.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network.eval(),
            tuple(inputs),
            str(place),
            input_names=[name for name in axes if name != output],
            output_names=[output],
            dynamic_axes={name: dict(free) for name, free in axes.items()},
            opset_version=17,
            dynamo=False,
        )
