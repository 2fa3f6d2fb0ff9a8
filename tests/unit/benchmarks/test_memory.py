"""What remembered observations save: how the figures are made."""

from __future__ import annotations

from benchmarks.memory import MemoryCost, missing, table


def test_the_table_compares_the_second_question_alone_and_after_the_first() -> None:
    first = [MemoryCost(2.0, 6, 0), MemoryCost(4.0, 1, 0)]
    rows = table(
        first, [MemoryCost(3.0, 6, 100), MemoryCost(9.0, 1, 50)], [MemoryCost(1.0, 0, 100), MemoryCost(2.0, 0, 0)]
    )
    assert rows == [
        ["the first question", "3.00 s", "7", "0"],
        ["the second, alone", "6.00 s", "7", "150"],
        ["the second, after the first", "1.50 s", "0", "100"],
    ]


def test_a_video_that_the_library_lacks_is_reported_with_the_titles_that_it_has() -> None:
    listed = [{"id": "ab12", "title": "harbour"}, {"id": "cd34", "title": "boats"}]
    assert missing("mars", listed) == "The library has no video mars; the titles that it has: boats, harbour."
    assert missing("mars", []) == "The library has no video mars; the titles that it has: none."
    assert [missing(name, listed) for name in ("boats", "ab1")] == ["", ""]
