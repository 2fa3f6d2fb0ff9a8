"""The benchmarks that can be run, by name: how each is loaded, asked and officially counted."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.core.errors import BadInput
from app.evaluation import official
from app.evaluation.cases import Loaded
from app.evaluation.datasets import long_sets, short_sets
from app.evaluation.datasets.choices import Unparsed
from app.evaluation.official import Prompt


@dataclass(frozen=True)
class Benchmark:
    """One benchmark. `apart`: what its second file holds, if there is one."""

    name: str
    title: str
    load: Callable[..., Loaded]
    prompt: Prompt = official.PLAIN
    unparsed: Unparsed = Unparsed.WRONG
    apart: str = ""

    def loaded(self, file: Path, truth: Path | None = None) -> Loaded:
        """The cases of an annotation file. Raises BadInput with file and row for a bad one."""
        if truth is not None and not self.apart:
            raise BadInput(f"{self.title} has its truth in the annotation file.", "Leave --truth out.")
        found = self.load(file, truth) if self.apart else self.load(file)
        if not found.cases:
            raise BadInput(f"{file} has no questions.", "Give the benchmark's own annotation file.")
        seen: set[str] = set()
        for case in found.cases:
            if case.id in seen:
                raise BadInput(f"{file}: two questions have the id {case.id}.", "Each needs an id of its own.")
            seen.add(case.id)
        return found


_ALL = (
    Benchmark("video-mme", "Video-MME", long_sets.video_mme, official.VIDEO_MME),
    Benchmark(
        "longvideobench",
        "LongVideoBench",
        long_sets.long_video_bench,
        official.LONG_VIDEO_BENCH,
        unparsed=Unparsed.CHANCE,
    ),
    Benchmark("mlvu", "MLVU", long_sets.mlvu, official.MLVU),
    Benchmark("lvbench", "LVBench", long_sets.lv_bench, official.LV_BENCH, unparsed=Unparsed.SKIPPED),
    Benchmark("minerva", "Minerva", long_sets.minerva),
    Benchmark("egoschema", "EgoSchema", short_sets.ego_schema, apart="the public answers"),
    Benchmark("nextqa", "NExT-QA", short_sets.next_qa),
    Benchmark("nextgqa", "NExT-GQA", short_sets.next_gqa, apart="the spans (gsub_val.json)"),
    Benchmark("hourvideo", "HourVideo", long_sets.hour_video),
    Benchmark("lv-haystack", "LV-Haystack", long_sets.lv_haystack, official.LV_HAYSTACK),
    Benchmark("own", "Own questions", short_sets.own),
)
BENCHMARKS = {benchmark.name: benchmark for benchmark in _ALL}


def benchmark(name: str) -> Benchmark:
    """A benchmark by its name. Raises BadInput, which names the nearest."""
    found = BENCHMARKS.get(name.lower())
    if found is None:
        near = difflib.get_close_matches(name.lower(), BENCHMARKS, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(BENCHMARKS)}."
        raise BadInput(f"There is no benchmark called {name}.", hint)
    return found
