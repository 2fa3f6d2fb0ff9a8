"""Files of JSON lines: only a line feed ends a line, whatever characters a text has."""

from __future__ import annotations

import json
from pathlib import Path

from app.evaluation.datasets.rows import read_rows
from app.evaluation.run.results import Result, ResultStore

TEXT = "one\u2028two\u2029three\x85four"


def test_results_with_any_text_are_found_again(tmp_path: Path) -> None:
    store = ResultStore(tmp_path)
    store.begin({"set": "x"})
    made = Result("1", "full", None, None, TEXT, 0.0)
    store.add(made)
    assert store.results() == {("full", "1"): made}


def test_rows_with_any_text_are_read(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    lines = [json.dumps({"text": text}, ensure_ascii=False) for text in (TEXT, "plain")]
    file.write_text("\r\n".join(lines), "utf-8", newline="")
    assert [row.text("text") for row in read_rows(file)] == [TEXT, "plain"]
