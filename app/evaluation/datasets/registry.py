"""The benchmarks that can be run, by name: how each is loaded, asked and officially counted."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.core.errors import BadInput
from app.evaluation import official
from app.evaluation.cases import Loaded
from app.evaluation.datasets.choices import Unparsed
from app.evaluation.datasets.eg_vqa import eg_vqa
from app.evaluation.datasets.ego_schema import ego_schema
from app.evaluation.datasets.et_bench import et_bench
from app.evaluation.datasets.hour_video import hour_video
from app.evaluation.datasets.long_video_bench import long_video_bench
from app.evaluation.datasets.lv_bench import lv_bench, minerva
from app.evaluation.datasets.lv_haystack import lv_haystack
from app.evaluation.datasets.m3_bench import m3_bench
from app.evaluation.datasets.mlvu import mlvu
from app.evaluation.datasets.needles import niavh, v_niah
from app.evaluation.datasets.next_qa import next_gqa, next_qa
from app.evaluation.datasets.own import own
from app.evaluation.datasets.temp_compass import temp_compass
from app.evaluation.datasets.video_mme import video_mme
from app.evaluation.datasets.video_mme_v2 import video_mme_v2
from app.evaluation.datasets.video_vista import video_vista
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
        cases = self.load(file, truth) if self.apart else self.load(file)
        if not cases.cases:
            raise BadInput(f"{file} has no questions.", "Give the benchmark's own annotation file.")
        seen: set[str] = set()
        for case in cases.cases:
            if case.id in seen:
                raise BadInput(f"{file}: two questions have the id {case.id}.", "Each needs an id of its own.")
            seen.add(case.id)
        return cases


_ALL = (
    Benchmark("video-mme", "Video-MME", video_mme, official.VIDEO_MME),
    Benchmark("video-mme-v2", "Video-MME-v2", video_mme_v2, official.VIDEO_MME_V2),
    Benchmark("longvideobench", "LongVideoBench", long_video_bench, official.LONG_VIDEO_BENCH, Unparsed.CHANCE),
    Benchmark("mlvu", "MLVU", mlvu, official.MLVU),
    Benchmark("lvbench", "LVBench", lv_bench, official.LV_BENCH, Unparsed.SKIPPED),
    Benchmark("minerva", "Minerva", minerva),
    Benchmark("videovista", "VideoVista", video_vista, official.VIDEO_VISTA),
    Benchmark("tempcompass", "TempCompass", temp_compass),
    Benchmark("etbench", "E.T. Bench", et_bench),
    Benchmark("egoschema", "EgoSchema", ego_schema, apart="the public answers"),
    Benchmark("nextqa", "NExT-QA", next_qa),
    Benchmark("nextgqa", "NExT-GQA", next_gqa, apart="the spans (gsub_val.json)"),
    Benchmark("hourvideo", "HourVideo", hour_video),
    Benchmark("lv-haystack", "LV-Haystack", lv_haystack, official.LV_HAYSTACK),
    Benchmark("v-niah", "V-NIAH", v_niah),
    Benchmark("niavh", "NIAVH", niavh),
    Benchmark("m3-bench", "M3-Bench", m3_bench),
    Benchmark("eg-vqa", "EG-VQA", eg_vqa),
    Benchmark("own", "Own questions", own),
)
BENCHMARKS = {benchmark.name: benchmark for benchmark in _ALL}


def benchmark(name: str) -> Benchmark:
    """A benchmark by its name. Raises BadInput, which names the nearest."""
    known = BENCHMARKS.get(name.lower())
    if known is None:
        near = difflib.get_close_matches(name.lower(), BENCHMARKS, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"Choose from: {', '.join(BENCHMARKS)}."
        raise BadInput(f"There is no benchmark called {name}.", hint)
    return known
