from __future__ import annotations

from benchmarks.language_speed import WRITTEN, report


def test_each_build_has_a_row_of_one_table() -> None:
    one = {"tokens": 400.0, "read": 97.4, "written": 28.0}
    made = report({"wheel": [one], "compiled here": [{**one, "read": 175.0}]}, "qwen")
    assert made["tables"][0]["rows"] == [["wheel", "400", "97", "28"], ["compiled here", "400", "175", "28"]]
    assert str(WRITTEN) in made["notes"][0]
