"""What counts as a percentile, and as a budget that was kept."""

from __future__ import annotations

import pytest

from benchmarks.answer_time import percentile
from benchmarks.ingest_speed import verdicts
from benchmarks.retrieval_speed import notes

CPU = {"cpu_s": 129.0, "cpu_without_things_s": 100.0}


def test_the_percentile_is_a_measured_value() -> None:
    values = [float(number) for number in range(1, 21)]
    assert percentile(values, 0.95) == 19.0
    assert percentile(values, 1.0) == 20.0
    assert percentile([3.0], 0.5) == 3.0
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


def test_budgets_are_judged_by_what_was_measured() -> None:
    short = {"ingest_peak_gb": 2.0, "ask_peak_gb": 3.0, "speed": 9.0, "language_model_tokens": 300, **CPU}
    kept = verdicts(short, {**short, "speed": 6.0}, {**short, "ingest_peak_gb": 2.3})
    assert [verdict for _, _, verdict in kept] == ["met"] * 4
    missed = verdicts(short, {**short, "speed": 5.9, "cpu_s": 131.0}, {**short, "ingest_peak_gb": 4.1})
    assert [verdict for _, _, verdict in missed] == ["missed"] * 4


def test_the_memory_budget_is_not_called_kept_when_no_language_model_was_used() -> None:
    item = {"ingest_peak_gb": 2.0, "ask_peak_gb": 3.0, "speed": 9.0, "language_model_tokens": 0, **CPU}
    assert verdicts(item, item, item)[3][2].startswith("not shown")


def test_the_slowest_kind_of_search_decides_about_the_budget() -> None:
    kept = {"library": {"p50_ms": 8.0, "p95_ms": 50.0}, "one video": {"p50_ms": 9.0, "p95_ms": 12.0}}
    assert notes(10_000, 100, kept)[0] == "95th percentile, at most: 50.0 of 50 ms (met)"
    missed = {**kept, "one video": {"p50_ms": 9.0, "p95_ms": 50.2}}
    assert notes(10_000, 100, missed)[0].endswith("50.2 of 50 ms (missed)")
