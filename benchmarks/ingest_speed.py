"""How fast a narrated hour is read, and whether memory grows with the length of the video.

Budgets: 6 times real time; peak memory of a long and a short video at most 15 % apart; under 4 GB with the language
model loaded; looking for things and sounds takes at most 30 % more CPU. The sample is a lecture: its slides and photos
stand still for seconds, so footage that moves all the time is read more slowly than these figures say.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from benchmarks.cli_runner import LONGREEL, ask_all, empty_library, publish, run, sample, truth

SPEED_BUDGET, APART_BUDGET, MEMORY_BUDGET_GB, THINGS_BUDGET = 6.0, 0.15, 4.0, 0.3
NO_THINGS = {"LONGREEL_INGEST__OBJECTS": "false", "LONGREEL_INGEST__SOUNDS": "false"}


def measure(minutes: float) -> dict[str, Any]:
    """Reads a sample of that length into an empty library, then asks it something: time and memory of both."""
    video = sample(minutes)
    with empty_library() as variables:
        without = run([*LONGREEL, "ingest", str(video), "--json"], variables | NO_THINGS)
    with empty_library() as variables:
        read = run([*LONGREEL, "ingest", str(video), "--json"], variables)
        facts = truth(video)
        question = facts["questions"][0]["question"]
        asked = ask_all([{"question": question, "video": str(video)}], variables)
    return {
        "minutes": minutes,
        "seconds": round(read.seconds, 1),
        "speed": round(facts["duration_s"] / read.seconds, 2),
        "cpu_s": round(read.cpu_s, 1),
        "cpu_without_things_s": round(without.cpu_s, 1),
        "ingest_peak_gb": round(read.peak_bytes / 1e9, 2),
        "ask_peak_gb": round(asked.peak_bytes / 1e9, 2),
        "language_model_tokens": asked.json_lines[0].get("usage", {}).get("prompt_tokens", 0),
    }


def verdicts(short: dict[str, Any], hour: dict[str, Any], long: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Each budget with what was measured and whether it was met."""
    apart = abs(long["ingest_peak_gb"] - short["ingest_peak_gb"]) / short["ingest_peak_gb"]
    things = hour["cpu_s"] / hour["cpu_without_things_s"] - 1
    most = max(item[key] for item in (short, hour, long) for key in ("ingest_peak_gb", "ask_peak_gb"))
    met = {True: "met", False: "missed"}
    memory = met[most < MEMORY_BUDGET_GB]
    if not any(item["language_model_tokens"] for item in (short, hour, long)):
        memory = "not shown: no question used the language model"
    return [
        (
            "speed, at least",
            f"{hour['speed']:.1f} of {SPEED_BUDGET:g} x real time",
            met[hour["speed"] >= SPEED_BUDGET],
        ),
        ("memory short to long, at most", f"{apart:.0%} of {APART_BUDGET:.0%}", met[apart <= APART_BUDGET]),
        ("CPU for things and sounds, at most", f"{things:.0%} of {THINGS_BUDGET:.0%}", met[things <= THINGS_BUDGET]),
        ("memory, under", f"{most:.1f} of {MEMORY_BUDGET_GB:g} GB", memory),
    ]


def main() -> None:
    """Measures and prints; `--quick` uses 2, 5 and 10 minutes instead of 10, 60 and 120."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--quick", action="store_true", help="2, 5 and 10 minutes of video")
    options = parser.parse_args()
    lengths = (2.0, 5.0, 10.0) if options.quick else (10.0, 60.0, 120.0)
    short, hour, long = (measure(minutes) for minutes in lengths)
    checks = verdicts(short, hour, long)
    columns = [
        "video",
        "ingested in",
        "x real time",
        "CPU",
        "CPU without things",
        "peak during ingest",
        "peak during answers",
    ]
    rows = [
        [
            f"{item['minutes']:g} min 720p",
            f"{item['seconds']:.0f} s",
            f"{item['speed']:.1f}",
            f"{item['cpu_s']:.0f} s",
            f"{item['cpu_without_things_s']:.0f} s",
            f"{item['ingest_peak_gb']:.2f} GB",
            f"{item['ask_peak_gb']:.2f} GB",
        ]
        for item in (short, hour, long)
    ]
    notes = [f"{name}: {value} ({verdict})" for name, value, verdict in checks]
    notes.append("measured on the made sample: still slides and photos, few moving clips, clear synthetic speech")
    publish("Reading a video", columns, rows, options.json, notes=notes, figures=[short, hour, long])
    print("\n".join(notes))


if __name__ == "__main__":
    main()
