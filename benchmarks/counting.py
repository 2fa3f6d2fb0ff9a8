"""How well the offline profile counts things: real videos with counting questions, and what looking for things costs.

One table compares detectors on the same videos: `--detectors ssd-mobilenet nanodet`, where NanoDet needs its folder in
LONGREEL_WEIGHTS__OBJECT_DETECTOR. The questions lie in files of lines like {"video", "question", "answer", "modality",
"accept"}; half of them, by a hash of the question, are for development, the other half is only looked at when the work
is done. Without `--with-model` no language model is used: what is answered, code counted. A question about something
else than a number must stay open.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import resource
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from app.bootstrap import Services, build
from app.core.events import Answered, StageFinished
from app.core.requests import AskRequest, IngestRequest
from app.core.settings import load_settings
from app.core.types import Video
from benchmarks.cli_runner import publish


def is_development(question: str) -> bool:
    """Whether a question belongs to the half that may be looked at during the work."""
    return hashlib.sha256(question.encode()).digest()[0] < 128


def cpu_s() -> float:
    """The time that all cores worked for this process, seconds."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def read(longreel: Services, path: Path) -> tuple[Video, dict[str, float]]:
    """Reads a video; the CPU time of all of it and of looking for things, which other stages share."""
    began, spent = cpu_s(), {"objects": 0.0}
    last = began

    def note(event: object) -> None:
        nonlocal last
        if isinstance(event, StageFinished):
            spent["objects"] += cpu_s() - last if event.stage == "objects" else 0.0
            last = cpu_s()

    video = longreel.ingest.run(IngestRequest(path), report=note)
    return video, {**spent, "all": cpu_s() - began}


def verdict(case: dict[str, Any], answer: dict[str, Any]) -> str:
    """right, wrong, or open; a question about no number is right when it is left open."""
    counts = case["modality"] == "count"
    if answer["status"] != "answered":
        return "open" if counts else "left open, as it should be"
    matches = any(re.search(one, answer["text"], re.IGNORECASE) for one in case.get("accept") or ())
    return "right" if matches else "wrong"


def main() -> None:
    """Measures and prints; `--half` chooses which questions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("videos", type=Path, help="a folder with the videos")
    parser.add_argument("questions", type=Path, nargs="+", help="files with a question a line")
    parser.add_argument("--only", nargs="*", default=[], help="names of videos; all that the questions name otherwise")
    parser.add_argument("--detectors", nargs="+", default=["ssd-mobilenet"], help="those to compare")
    parser.add_argument("--counts-only", action="store_true", help="no questions about anything else than numbers")
    parser.add_argument("--with-model", action="store_true", help="the packaged language model reads what code leaves")
    parser.add_argument("--half", choices=["development", "held-back", "both"], default="development")
    parser.add_argument("--json", type=Path, help="write the figures here")
    chosen = parser.parse_args()
    cases = [json.loads(line) for file in chosen.questions for line in file.read_text("utf-8").splitlines() if line]
    cases = [one for one in cases if not chosen.only or one["video"] in chosen.only]
    cases = [one for one in cases if one["modality"] == "count" or not chosen.counts_only]
    if chosen.half != "both":
        cases = [one for one in cases if is_development(one["question"]) is (chosen.half == "development")]
    rows, costs = [], {}
    for detector in chosen.detectors:
        with tempfile.TemporaryDirectory() as folder:
            os.environ |= {"LONGREEL_DATA": folder, "LONGREEL_MODELS__OBJECT_DETECTOR": detector}
            os.environ |= {} if chosen.with_model else {"LONGREEL_MODELS__LANGUAGE_MODEL": "none"}
            measured, costs[detector] = _measure(build(load_settings()), chosen.videos, cases)
        rows += [{"detector": detector, **row} for row in measured]
    tally = Counter((row["detector"], row["verdict"]) for row in rows)
    notes = [f"{detector}: {verdict}: {count}" for (detector, verdict), count in sorted(tally.items())]
    for detector, videos in costs.items():
        for name, cost in videos.items():
            things, other = cost["objects"], cost["all"] - cost["objects"]
            more = f"{things / max(other, 1e-6):.0%} more than the other {other:.0f} s"
            notes.append(f"{detector}: {name}: {things:.0f} s of CPU for looking for things, {more}")
    columns = ["detector", "video", "question", "wanted", "answer", "verdict"]
    publish(
        f"Counting, {chosen.half}",
        columns,
        [[row[column] for column in columns] for row in rows],
        chosen.json,
        notes=notes,
        figures=[*rows, costs],
    )
    Console().print("\n".join(notes), soft_wrap=True)


def _measure(
    longreel: Services, folder: Path, cases: Sequence[dict[str, Any]]
) -> tuple[list[dict[str, Any]], dict[str, dict[str, float]]]:
    """The answer to each case, and what reading each video cost."""
    videos: dict[str, Video] = {}
    costs: dict[str, dict[str, float]] = {}
    rows = []
    for case in cases:
        name = case["video"]
        if name not in videos:
            videos[name], costs[name] = read(longreel, folder / name)
        events = list(longreel.ask.stream(AskRequest(case["question"]), [videos[name]]))
        answer = next(event.answer for event in events if isinstance(event, Answered))
        rows.append(
            {
                "video": name,
                "question": case["question"],
                "wanted": case["answer"],
                "answer": answer["text"] if answer["status"] == "answered" else answer["status"],
                "verdict": verdict(case, answer),
            }
        )
    return rows, costs


if __name__ == "__main__":
    main()
