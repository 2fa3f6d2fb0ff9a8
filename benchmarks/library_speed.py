"""How fast thousands of short files are read over Ray, and whether each is read once though its worker is killed.

The files are real and so are decoding, the jobs in SQL and the search indexes; the models are fakes, which take next
to no time. So the rate shows what a file costs besides its models. The worker is killed whenever a share of the files
is done, and started again.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from app.bootstrap import Services, build
from app.core.requests import IngestRequest
from app.core.settings import load_settings
from app.jobs.states import JobState
from benchmarks.cli_runner import LONGREEL, publish

FAKES = ("TRANSCRIBER", "FRAME_EMBEDDER", "TEXT_EMBEDDER", "TEXT_READER", "CAPTIONER")
FPS, SECONDS, SIDE = 5, 2, 96
LOOK_S = 0.5


def write(path: Path, number: int) -> Path:
    """A file of two seconds without sound that no other number gives."""
    import av

    noise = np.random.default_rng(number)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=FPS, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = SIDE, SIDE, "yuv420p"
        for _ in range(FPS * SECONDS):
            picture = np.kron(noise.integers(0, 255, (4, 4, 3), dtype=np.uint8), np.ones((24, 24, 1), np.uint8))
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode())
    return path


def measure(files: int, kills: int, variables: dict[str, str]) -> dict[str, Any]:
    """Reads so many files with `longreel worker`, which is killed so often on the way."""
    os.environ.update(variables)
    folder = Path(variables["LONGREEL_DATA"])
    longreel = build(load_settings())
    paths = [write(folder / f"clip{number}.mp4", number) for number in range(files)]
    for path in paths:
        longreel.ingest.submit(IngestRequest(path))
    started = time.monotonic()
    for part in range(1, kills + 2):
        with _worker() as worker:
            _until(longreel, files * part // (kills + 1), worker)
    seconds = time.monotonic() - started
    jobs = longreel.jobs.list(limit=files + 1)
    ready = [video.title for video in longreel.library.videos() if video.ready]
    return {
        "files": files,
        "kills": kills,
        "seconds": round(seconds, 1),
        "files_a_second": round(files / seconds, 2),
        "tried_again": sum(job.attempts - 1 for job in jobs),
        "read_once": sorted(ready) == sorted(path.stem for path in paths),
    }


@contextlib.contextmanager
def _worker() -> Iterator[subprocess.Popen[bytes]]:
    worker = subprocess.Popen([*LONGREEL, "worker"], stderr=subprocess.DEVNULL)
    try:
        yield worker
    finally:
        worker.kill()
        worker.wait()


def _until(longreel: Services, finished: int, worker: subprocess.Popen[bytes]) -> None:
    while len(longreel.jobs.list(JobState.FINISHED, limit=finished)) < finished:
        if worker.poll() is not None or longreel.jobs.list(JobState.FAILED, limit=1):
            raise RuntimeError("The worker ended, or a file could not be read.")
        time.sleep(LOOK_S)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=2, help="how often the worker is killed")
    parser.add_argument("--replicas", type=int, default=2, help="actors that read chunks")
    parser.add_argument("--address", default="", help="a Ray cluster; one is started on this machine without it")
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="longreel-bench-") as folder:
        ray = {"ADDRESS": options.address, "REPLICAS": str(options.replicas)}
        variables = {f"LONGREEL_RAY__{name}": value for name, value in ray.items()}
        variables |= {f"LONGREEL_MODELS__{role}": "fake" for role in FAKES}
        variables |= {"LONGREEL_MODELS__LANGUAGE_MODEL": "none", "LONGREEL_RUNTIME": "ray", "LONGREEL_DATA": folder}
        variables |= {"LONGREEL_SERVER__WORKERS": str(options.replicas), "LONGREEL_JOBS__LEASE_S": "5"}
        variables["LONGREEL_JOBS__HEARTBEAT_S"] = "1"
        found = measure(options.files, options.kills, variables)
    columns = ["files", "kills", "ingested in", "files a second", "tried again", "each ingested once"]
    once = "yes" if found["read_once"] else "no"
    row = [options.files, options.kills, f"{found['seconds']} s", found["files_a_second"], found["tried_again"], once]
    publish("A library of short files over Ray, without models", columns, [row], options.json, figures=[found])


if __name__ == "__main__":
    main()
