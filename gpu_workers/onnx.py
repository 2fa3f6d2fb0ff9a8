"""Opens ONNX models so that several of them share the cores well."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gpu_workers.threads import threads


def open_session(path: Path, wanted_threads: int) -> Any:
    """An onnxruntime session on the CPU; `wanted_threads` 0 means one for each core.

    Threads that wait must not spin: hearing, reading and writing run side by side here, and a
    spinning thread takes the core from the one it waits for. With two spinning pools on two cores
    a page of text took over a minute to read instead of one second.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads(wanted_threads)
    options.log_severity_level = 3
    # Pictures of many sizes would make the arena grow to the sum of what each size needs.
    options.enable_cpu_mem_arena = False
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
