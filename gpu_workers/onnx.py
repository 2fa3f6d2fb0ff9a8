"""Opens ONNX models so that several can share the CPU cores."""

from __future__ import annotations

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
