"""How fast the models that see run on a GPU: SigLIP 2 so400m, a 7B vision-language model, decoding, and all together.

Self-contained: the models have their real sizes and random weights, because speed does not depend on what the
weights are, and the pictures are made. They run through the product's own workers. `--tiny` runs the same way with
tiny models on the CPU, to see that it works.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from app.bootstrap import build
from app.core.requests import IngestRequest
from app.core.settings import Hardware, Models, Settings, Weights
from app.core.types import Frame, TimeSpan
from benchmarks import full_size
from benchmarks.cli_runner import publish
from gpu_workers.device import Device
from gpu_workers.vision.transformers_captions import PROMPT
from gpu_workers.vision.transformers_frames import TransformersFrameEmbedder
from gpu_workers.vision.transformers_vision import TransformersVision, VisionPrompt
from tests import tiny_models

NO_GPU = "There is no GPU that torch can use; nothing was measured. 'python -m benchmarks.gpu --tiny' tries the way."
CAPTION_TOKENS = 64
FRAMES_A_SEGMENT = 3
PROMPT_TOKENS = 110
"""What the product's prompt takes in Qwen's tokens; the tokenizer here makes a token of each byte."""


class _RandomFrameEmbedder(TransformersFrameEmbedder):
    def _built(self, auto: str, folder: Path, place: Device) -> Any:
        return full_size.random_model(auto, folder, place)


class _RandomVision(TransformersVision):
    def _built(self, auto: str, folder: Path, place: Device) -> Any:
        return full_size.random_model(auto, folder, place)


class Bench:
    """One run: where, how large, and the rows of the table."""

    def __init__(self, tiny: bool, folder: Path) -> None:
        self.tiny = tiny
        self.folder = folder
        self.device = "cpu" if tiny else "cuda:0"
        self.embedder, self.eyes = ("tiny SigLIP", "tiny VLM") if tiny else ("SigLIP 2 so400m/384", "Qwen2.5-VL-7B")
        self.settings = Settings(hardware=Hardware(device=self.device))
        self.rows: list[list[str]] = []
        self.figures: dict[str, Any] = {}

    def measure(self) -> None:
        """All rows, in the order of the table."""
        rate = self._matmul()
        self._embedding(rate)
        self._captions()
        self._decoding()
        self._ready()

    def _add(self, what: str, value: str, key: str, figure: Any) -> None:
        self.rows.append([what, value])
        self.figures[key] = figure

    def _matmul(self) -> float:
        """Operations a second of a large matrix product in the numbers that the models use."""
        import torch

        side, times = (256, 3) if self.tiny else (8192, 50)
        dtype = torch.float32 if self.tiny else torch.bfloat16
        a, b = (torch.randn(side, side, device=self.device, dtype=dtype) for _ in range(2))
        seconds = self._timed(lambda: [a @ b for _ in range(times)])
        rate = 2.0 * side**3 * times / seconds
        self._add(f"matrix product {side} x {side}, {str(dtype)[6:]}", f"{rate / 1e12:.2f} TFLOP/s", "matmul", rate)
        return rate

    def _embedding(self, rate: float) -> None:
        count = 8 if self.tiny else 1024
        frames = [Frame(float(i), picture) for i, picture in enumerate(_pictures(16, 720, 1280))] * (count // 16 or 1)
        place = self.folder / "siglip"
        (tiny_models.siglip if self.tiny else full_size.siglip2_so400m)(place)
        for batch in (4, 8) if self.tiny else (32, 64, 128, 256):
            hardware = Hardware(device=self.device, batch=batch)
            worker = _RandomFrameEmbedder(str(place), "frame_embedder", Settings(hardware=hardware))
            worker.embed(frames[:batch])
            self._forget_peak()
            speed = len(frames) / self._timed(lambda worker=worker: worker.embed(frames))  # type: ignore[misc]
            alone, work = self._tower(worker, batch)
            share = alone * work / rate
            self._add(
                f"{self.embedder}, batch {batch}",
                f"{speed:.0f} frames/s from 720p, {alone:.0f} alone = {share:.0%} of the matrix rate{self._peak()}",
                f"siglip_{batch}",
                {"frames_s": speed, "tower_frames_s": alone, "share": share, "peak_bytes": self._peak_bytes()},
            )
            worker.unload()

    def _tower(self, worker: _RandomFrameEmbedder, batch: int) -> tuple[float, float]:
        """Pictures a second of the picture tower alone, on the device already; and operations a picture."""
        import torch

        times = 2 if self.tiny else 20
        with worker._use() as loaded, torch.inference_mode():
            config = loaded.model.config.vision_config
            shape = (batch, 3, config.image_size, config.image_size)
            pixels = torch.randn(shape, device=self.device, dtype=loaded.model.dtype)
            model = loaded.model
            model.get_image_features(pixel_values=pixels)
            seconds = self._timed(lambda: [model.get_image_features(pixel_values=pixels) for _ in range(times)])
        return batch * times / seconds, full_size.vision_operations(config)

    def _captions(self) -> None:
        place = self.folder / "eyes"
        (tiny_models.qwen2_5_vl if self.tiny else full_size.qwen2_5_vl_7b)(place)
        worker = _RandomVision(str(place), "vision_language_model", self.settings)
        worker.warm_up()
        with worker._use() as loaded:
            # Random weights would stop anywhere; every caption is written to the same length.
            loaded.model.generation_config.eos_token_id = None
        tokens = 4 if self.tiny else CAPTION_TOKENS
        for batch in (1, 2) if self.tiny else (1, 4, 8, 16, 32, 64):
            self._caption_batch(worker, batch, tokens)
        worker.unload()

    def _caption_batch(self, worker: _RandomVision, batch: int, tokens: int) -> None:
        frames = tuple(Frame(float(i), picture) for i, picture in enumerate(_pictures(FRAMES_A_SEGMENT, 180, 320)))
        looks = [VisionPrompt(frames, PROMPT[:PROMPT_TOKENS])] * batch
        worker._largest = batch
        failed = worker.counters.out_of_memory
        worker.answer(looks, 2)
        self._forget_peak()
        read = worker.answer(looks[:1], 1)[0].prompt_tokens
        seconds = self._timed(lambda: worker.answer(looks, tokens))
        if worker.counters.out_of_memory > failed:
            self._add(f"{self.eyes} captions, batch {batch}", "does not fit", f"captions_{batch}", None)
            return
        self._add(
            f"{self.eyes} captions, batch {batch}",
            f"{batch / seconds:.2f} segments/s, {batch * tokens / seconds:.0f} tokens/s{self._peak()}",
            f"captions_{batch}",
            {
                "segments_s": batch / seconds,
                "tokens_s": batch * tokens / seconds,
                "prompt_tokens": read,
                "peak_bytes": self._peak_bytes(),
            },
        )

    def _decoding(self) -> None:
        from gpu_workers.media.video_frames import VideoFrames

        seconds = 2 if self.tiny else 120
        path = full_size.moving_video(self.folder / "moving.mp4", seconds)
        span = TimeSpan(0.0, float(seconds))
        took = self._timed(lambda: list(VideoFrames().sample(path, span=span, every_s=1.0, max_side=1280)))
        self._add(
            "decoding alone, 720p H.264 at 1 frame/s", f"{seconds / took:.0f} x real time", "decoding", seconds / took
        )

    def _ready(self) -> None:
        """From a file to a video that can be asked about, as the product reads it, but for sound and text on screen."""
        seconds, place = 20 if self.tiny else 3600, self.folder / "texts"
        (tiny_models.qwen3 if self.tiny else full_size.qwen3_embedding)(place)
        chosen = Settings(
            profile="gpu",
            home=self.folder / "home",
            data=self.folder / "data",
            hardware=self.settings.hardware,
            models=Models(transcriber="fake", text_reader="fake", language_model="none"),
            weights=Weights(
                frame_embedder=str(self.folder / "siglip"),
                vision_language_model=str(self.folder / "eyes"),
                text_embedder=str(place),
            ),
        )
        with full_size.random_weights():
            longreel = build(chosen)
            # The first video also loads the models.
            longreel.ingest.run(IngestRequest(full_size.moving_video(self.folder / "first.mp4", 12)))
            path = full_size.moving_video(self.folder / "long.mp4", seconds)
            took = self._timed(lambda: longreel.ingest.run(IngestRequest(path)))
        self._add(
            f"from file to ready, {seconds / 60:g} min of 720p at 1 frame/s, a caption a segment",
            f"{took:.1f} s = {seconds / took:.0f} x real time",
            "ready",
            {"seconds": took, "video_s": seconds},
        )

    def _timed(self, work: Callable[[], Any]) -> float:
        """Seconds until the work is done on the device too."""
        self._wait()
        started = time.perf_counter()
        work()
        self._wait()
        return time.perf_counter() - started

    def _wait(self) -> None:
        import torch

        if not self.tiny:
            torch.cuda.synchronize()

    def _forget_peak(self) -> None:
        import torch

        if not self.tiny:
            torch.cuda.reset_peak_memory_stats()

    def _peak_bytes(self) -> int:
        import torch

        return 0 if self.tiny else int(torch.cuda.max_memory_allocated())

    def _peak(self) -> str:
        return "" if self.tiny else f", peak {self._peak_bytes() / 1e9:.1f} GB"


def _pictures(count: int, height: int, width: int) -> Iterator[np.ndarray[Any, np.dtype[np.uint8]]]:
    random = np.random.default_rng(0)
    for _ in range(count):
        yield random.integers(0, 256, (height, width, 3), dtype=np.uint8)


def device_name(tiny: bool) -> str:
    """What was measured on; empty when there is no GPU."""
    import torch

    if tiny:
        return "the CPU, with tiny models: these figures say nothing about speed"
    return str(torch.cuda.get_device_name(0)) if torch.cuda.is_available() else ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints the table and writes JSON; 0 also where there is no GPU."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--tiny", action="store_true", help="tiny models on the CPU, to try the way")
    options = parser.parse_args(arguments)
    device = device_name(options.tiny)
    if not device:
        print(NO_GPU)
        return 0
    with tempfile.TemporaryDirectory(prefix="longreel-gpu-") as folder:
        bench = Bench(options.tiny, Path(folder))
        bench.measure()
    notes = [
        f"measured on {device}",
        "models have random weights; pictures are noise, which is the worst case for copying and resizing",
        f"a segment is {FRAMES_A_SEGMENT} frames of 320 x 180 and a caption of {CAPTION_TOKENS} tokens",
    ]
    publish("On a GPU", ["what", "measured"], bench.rows, options.json, notes=notes, figures=bench.figures)
    print("\n".join(notes))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
