"""How well and how fast frames are selected: `python -m benchmarks.selection [--json FILE] [--questions FILE ...]`.

Three comparisons: how many needles of made-up haystacks of half an hour and four hours (`benchmarks.haystack`) each
method finds within 8, 16, 32 and 64 frames, and how often it asks a model for that; MaxInfo in chunks against MaxInfo
over everything; our maxvol against teneva's, on the same matrices. With `--questions` also how many moments that answer
the questions about real videos are among the frames chosen, seen by the frame embedder of the settings: a
`.truth.json` of the sample, or a `.jsonl` with a question a line, beside its videos.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.core.ports import FrameEmbedder, QueryFrameSelector
from app.core.types import Frame, FrameFeatures, TimeSpan
from benchmarks.cli_runner import machine
from benchmarks.haystack import NOISE, Haystack, haystack
from benchmarks.made_up_models import FixedVectorEmbedder, MadeUpModels
from gpu_workers.selection.aks import AKSSelector
from gpu_workers.selection.cluster_tree import ClusterTreeSelector
from gpu_workers.selection.gens import GenSSelector
from gpu_workers.selection.hybrid import HybridSelector
from gpu_workers.selection.keyframes import KeyframeSelector
from gpu_workers.selection.maxinfo import MaxInfoSelector
from gpu_workers.selection.maxvol import maxvol_rect
from gpu_workers.selection.quota import QuotaSelector
from gpu_workers.selection.similar import SimilaritySelector
from gpu_workers.selection.topk import TopKSelector
from gpu_workers.selection.tstar import TStarSelector
from gpu_workers.selection.uniform import UniformSelector
from gpu_workers.selection.vectors import directions, one_thread

BUDGETS = (8, 16, 32, 64)
HAYSTACKS = {1800: 24, 14_400: 6}
"""How many haystacks of how many seconds."""
FIRST_SEED = 1000
"""Seeds below were looked at while the methods were written."""
COVERED_S = (900, 1800, 3600, 7200)
MATRICES = ((64, 8), (1000, 8), (3600, 8), (3600, 32))
SEEN = ("visual", "on-screen text", "count", "order")
"""Kinds of question whose evidence can be seen."""


@dataclass(frozen=True, slots=True)
class ChosenFrames:
    """The frames that a method chose, and how often it asked a model about pictures."""

    frames: list[int]
    calls: int = 0


Choose = Callable[[Sequence[FrameFeatures], NDArray[np.float32], int], ChosenFrames]


def _free(selector: Any) -> Choose:
    def choose(features: Sequence[FrameFeatures], question: NDArray[np.float32], budget: int) -> ChosenFrames:
        del question
        return ChosenFrames(list(selector.select(features, budget)))

    return choose


def _asking(make: Callable[[FrameEmbedder], QueryFrameSelector]) -> Choose:
    def choose(features: Sequence[FrameFeatures], question: NDArray[np.float32], budget: int) -> ChosenFrames:
        return ChosenFrames(make(FixedVectorEmbedder(question)).select("", features, budget, fetch=_no_pictures))

    return choose


def _looking(make: Callable[[MadeUpModels], QueryFrameSelector]) -> Choose:
    def choose(features: Sequence[FrameFeatures], question: NDArray[np.float32], budget: int) -> ChosenFrames:
        models = MadeUpModels(features, question)
        frames = make(models).select("", features, budget, fetch=models.fetch)
        return ChosenFrames(frames, models.calls)

    return choose


def _no_pictures(times_s: Sequence[float]) -> Iterable[Frame]:
    raise NotImplementedError(f"no pictures at {times_s}")


FREE: dict[str, Choose] = {
    "uniform": _free(UniformSelector()),
    "keyframes": _free(KeyframeSelector(np.arange(0, 14_400, 10.0).tolist())),
    "similar": _free(SimilaritySelector()),
    "maxinfo": _free(MaxInfoSelector()),
    "maxinfo-scenes": _free(MaxInfoSelector(form="scenes")),
    "maxinfo-slow": _free(MaxInfoSelector(form="slow")),
    "maxinfo-fast": _free(MaxInfoSelector(form="fast")),
}
ASKING: dict[str, Choose] = {
    "top-k": _asking(TopKSelector),
    "hybrid": _asking(HybridSelector),
    "cluster-tree": _asking(ClusterTreeSelector),
    "aks": _asking(AKSSelector),
    "tstar": _looking(TStarSelector),
    "quota": _looking(QuotaSelector),
    "gens": _looking(GenSSelector),
}
LOOKING = ("tstar", "quota", "gens")


def needles(count: int, seconds: int) -> dict[str, Any]:
    """Recall of the needles of some haystacks by method, kind of question and budget."""
    hay = [haystack(seconds, FIRST_SEED + number) for number in range(count)]
    rows = []
    for name, choose in {**FREE, **ASKING}.items():
        kinds = list(NOISE) if name in ASKING else ["blind"]
        measured = [_measured(hay, choose, kind) for kind in kinds]
        texts = [" / ".join(f"{100 * recall:.0f}" for recall in one.recalls) for one in measured]
        texts = texts if len(texts) > 1 else texts * len(NOISE)
        spacing, took, calls = (
            float(np.mean([getattr(one, of) for one in measured])) for of in ("spacing_s", "took_s", "calls")
        )
        rows.append([name, *texts, f"{spacing:.0f}", f"{1000 * took:.0f}", f"{calls:.0f}"])
    budgets = " / ".join(map(str, BUDGETS))
    return {
        "title": f"Needles found in {_length(seconds)}, % within {budgets} frames",
        "columns": ["method", *NOISE, "spacing, s", "ms", "model calls"],
        "rows": rows,
        "notes": [
            f"{count} haystacks of {seconds} s at 1 frame/s, 3 needles of 2 to 5 s each; see benchmarks/haystack.py",
            "columns: how much the question says about the needle; methods without a question do not depend on it",
            f"spacing: mean time between neighbouring choices of {BUDGETS[2]}",
            f"ms: one selection of {BUDGETS[-1]}, without the time of the models that it asks",
            "model calls of that selection: windows (gens), pictures (quota), sheets of 16 and single frames (tstar)",
            "keyframes: as if the file had one every 10 s",
            "tstar, quota, gens: made-up models that see the same vectors",
        ],
    }


def _length(seconds: int) -> str:
    return f"{seconds // 3600} hours" if seconds >= 7200 else f"{seconds // 60} minutes"


@dataclass(frozen=True, slots=True)
class MethodCost:
    """Mean recall for each budget, and what a selection of the largest budget costs."""

    recalls: list[float]
    spacing_s: float
    took_s: float
    calls: float


def _measured(hay: Sequence[Haystack], choose: Choose, kind: str) -> MethodCost:
    recalls, spacing, took, calls = [], 0.0, 0.0, 0.0
    for budget in BUDGETS:
        started = time.perf_counter()
        chosen = [choose(one.features, one.questions[kind], budget) for one in hay]
        took = (time.perf_counter() - started) / len(hay)
        calls = float(np.mean([one.calls for one in chosen]))
        pairs = [(one, picked.frames) for one, picked in zip(hay, chosen, strict=True)]
        recalls.append(float(np.mean([one.found(frames) for one, frames in pairs])))
        if budget == BUDGETS[2]:
            spacing = float(np.mean([one.spacing_s(frames) for one, frames in pairs]))
    return MethodCost(recalls, spacing, took, calls)


def coverage() -> dict[str, Any]:
    """The share of scenes from which MaxInfo takes a frame, by its form and the length of the video."""
    hay = {seconds: haystack(seconds, FIRST_SEED) for seconds in COVERED_S}
    forms = ("uniform", "maxinfo", "maxinfo-scenes", "maxinfo-slow")
    rows = []
    for seconds, one in hay.items():
        cells = []
        for name in forms:
            started = time.perf_counter()
            chosen = FREE[name](one.features, one.questions["blind"], BUDGETS[-1]).frames
            took = time.perf_counter() - started
            cells.append(f"{len(set(one.scene_of[chosen].tolist()))} ({1000 * took:.0f} ms)")
        rows.append([f"{seconds} s, {int(one.scene_of.max()) + 1} scenes", *cells])
    return {
        "title": f"Scenes seen by {BUDGETS[-1]} frames: MaxInfo in chunks against global",
        "columns": ["video", "uniform", "maxinfo (chunks)", "maxinfo-scenes", "maxinfo-slow (global)"],
        "rows": rows,
        "notes": ["rank 8, tolerance 0.3"],
    }


def maxvol_speed() -> dict[str, Any]:
    """Milliseconds of rectangular maxvol, ours and teneva's, on the same orthonormal matrices."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import teneva

    rows = []
    for count, rank in MATRICES:
        made = np.random.default_rng(0).normal(size=(count, 64)).astype(np.float32)
        frames = [FrameFeatures(float(second), row, row) for second, row in enumerate(made)]
        matrix, _ = directions(frames, range(count), rank)
        with one_thread():
            ours, our_ms = _best_ms(partial(maxvol_rect, matrix, tolerance=0.3, max_rows=64))
            (theirs, _), their_ms = _best_ms(partial(teneva.maxvol_rect, matrix, e=0.3, dr_max=64 - rank))
        same = "yes" if ours.tolist() == theirs.tolist() else "no"
        rows.append([f"{count} x {rank}", f"{our_ms:.1f}", f"{their_ms:.1f}", f"{their_ms / our_ms:.1f}", same])
    return {
        "title": "Rectangular maxvol, at most 64 rows",
        "columns": ["matrix", "ours, ms", "teneva, ms", "times faster", "same rows"],
        "rows": rows,
        "notes": ["the best of five runs of each, one after the other in one process, one thread"],
    }


def _best_ms(work: Callable[[], Any]) -> tuple[Any, float]:
    best, result = np.inf, None
    for _ in range(5):
        started = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - started)
    return result, 1000 * best


@dataclass(frozen=True)
class RealQuestion:
    """A question about a real video, its vector, and when its answer can be seen."""

    vector: NDArray[np.float32]
    evidence: tuple[TimeSpan, ...]


def real(file: Path) -> dict[str, Any]:
    """Recall of the evidence of the questions of a file, with features of the settings' frame embedder."""
    from app.core.settings import load_settings
    from gpu_workers.registry import Workers

    embedder: FrameEmbedder = Workers(load_settings()).get("frame_embedder")
    asked = _questions(file, embedder)
    videos = {path: _seen(path, embedder) for path in asked}
    rows = []
    for name, choose in {**FREE, **ASKING}.items():
        if name != "keyframes" and name not in LOOKING:
            rows.append([name, *_real_row(choose, asked, videos)])
    frames, questions = sum(len(f) for f in videos.values()), sum(len(q) for q in asked.values())
    spans = sum(len(one.evidence) for of in asked.values() for one in of)
    return {
        "title": f"Moments that answer questions, % among the frames chosen ({file.name})",
        "columns": ["method", *map(str, BUDGETS), "spacing, s", "ms"],
        "rows": rows,
        "notes": [
            f"{questions} questions with {spans} moments in {len(videos)} videos; {frames} frames, 1 frame/s",
            f"features: {embedder.model}; a moment counts when a chosen frame lies inside it or within 1 s",
        ],
    }


def _questions(file: Path, embedder: FrameEmbedder) -> dict[Path, list[RealQuestion]]:
    text = file.read_text("utf-8")
    entries = (
        [json.loads(line) for line in text.splitlines()] if file.suffix == ".jsonl" else json.loads(text)["questions"]
    )
    found: dict[Path, list[RealQuestion]] = defaultdict(list)
    for entry in entries:
        if entry.get("answerable", True) and entry["evidence"] and entry["modality"] in SEEN:
            spans = tuple(TimeSpan(float(start), float(end)) for start, end in entry["evidence"])
            found[file.parent / entry["video"]].append(RealQuestion(embedder.embed_query(entry["question"]), spans))
    return found


def _seen(path: Path, embedder: FrameEmbedder) -> list[FrameFeatures]:
    """Features of one frame a second, decoded and embedded a few at a time."""
    from gpu_workers.media.probe import PyAVProbe
    from gpu_workers.media.video_frames import VideoFrames

    features: list[FrameFeatures] = []
    batch: list[Frame] = []
    for frame in VideoFrames().sample(path, span=PyAVProbe().probe(path).whole, every_s=1.0, max_side=448):
        batch.append(frame)
        if len(batch) == 32:
            features += embedder.embed(batch)
            batch = []
    return features + embedder.embed(batch)


def _real_row(
    choose: Choose, asked: dict[Path, list[RealQuestion]], videos: dict[Path, list[FrameFeatures]]
) -> list[str]:
    recalls, spacing, took = [], [], 0.0
    for budget in BUDGETS:
        hits: list[float] = []
        started = time.perf_counter()
        for path, questions in asked.items():
            for one in questions:
                times = [videos[path][index].pts_s for index in choose(videos[path], one.vector, budget).frames]
                hits += [any(span.padded(1.0).contains(t) for t in times) for span in one.evidence]
                if budget == BUDGETS[2] and len(times) > 1:
                    spacing.append(float(np.diff(times).mean()))
        took = (time.perf_counter() - started) / sum(len(questions) for questions in asked.values())
        recalls.append(f"{100 * np.mean(hits):.0f}")
    return [*recalls, f"{np.mean(spacing):.0f}", f"{1000 * took:.0f}"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the tables and writes JSON if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--haystacks", type=int, default=0, help="of each length; 0: 24 of half an hour, 6 of 4 hours")
    parser.add_argument("--seconds", type=int, nargs="+", default=list(HAYSTACKS), help="lengths of haystacks")
    parser.add_argument("--questions", type=Path, nargs="*", default=[], help="questions about real videos")
    parser.add_argument("--json", type=Path, help="also write the tables to this file")
    options = parser.parse_args(arguments)
    found = [needles(options.haystacks or HAYSTACKS.get(length, 6), length) for length in options.seconds]
    tables = [*found, coverage(), maxvol_speed(), *map(real, options.questions)]
    result = {"title": "Frame selection", "document": "selection.md", "machine": machine(), "tables": tables}
    from benchmarks.report import tables_of

    print(tables_of(result))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
