from __future__ import annotations

from benchmarks.language_speed import RUNS, WORDS, WRITTEN, measure, prompt_of, report
from gpu_workers.language.fakes import FakeChat


def test_no_prompt_begins_like_another_so_that_none_is_read_from_memory() -> None:
    beginnings = {prompt_of(WORDS[0], seed)[0].content[:3] for seed in range(RUNS)}
    assert len(beginnings) == RUNS
    assert prompt_of(WORDS[0], 1)[0].text == prompt_of(WORDS[0], 1)[0].text


def test_each_prompt_is_read_once_and_then_goes_on() -> None:
    model = FakeChat()
    measured = measure(model, 50)
    assert len(model.requests) == 2 * RUNS and len({request.text for request in model.requests}) == RUNS
    assert measured["tokens"] > 50 and measured["read"] > 0 and measured["written"] > 0


def test_builds_are_told_apart_in_one_table() -> None:
    one = {"tokens": 400.0, "read": 97.4, "written": 28.0}
    made = report({"wheel": [one], "compiled here": [{**one, "read": 175.0}]}, "qwen")
    assert made["tables"][0]["rows"] == [["wheel", "400", "97", "28"], ["compiled here", "400", "175", "28"]]
    assert str(WRITTEN) in made["notes"][0]
