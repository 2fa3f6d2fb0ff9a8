from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.agent_cases import Result, by_limit, read_cases


def test_every_case_is_told_once_and_asks_about_a_written_video() -> None:
    videos, cases = read_cases()
    names = [case["case"] for case in cases]
    assert len(names) == len(set(names))
    assert all(name in videos for case in cases for name in case.get("videos", [case.get("video")]))
    for case in cases:
        assert "options" in case or bool(case.get("accept")) is case["answerable"], case["case"]


def test_a_case_is_asked_again_only_where_a_lower_limit_could_change_its_answer() -> None:
    takes = {"short": 1, "middle": 3, "long": 9}
    asked: list[tuple[int, list[str]]] = []

    def ask(limit: int, wanted: Sequence[Mapping[str, Any]]) -> Iterator[Result]:
        asked.append((limit, [case["case"] for case in wanted]))
        for case in wanted:
            steps = min(takes[case["case"]], limit)
            right = steps == takes[case["case"]]
            yield Result(case["case"], "fact", "", True, True, right, None, "", 0.0, 0, steps)

    found = list(by_limit(range(1, 5), ask, [{"case": name} for name in takes]))
    assert asked == [(4, ["short", "middle", "long"]), (3, ["long"]), (2, ["middle", "long"]), (1, ["middle", "long"])]
    assert [(limit, [r.right for r in results], count) for limit, results, count in found] == [
        (4, [True, True, False], 3),
        (3, [True, True, False], 1),
        (2, [True, False, False], 2),
        (1, [True, False, False], 2),
    ]
