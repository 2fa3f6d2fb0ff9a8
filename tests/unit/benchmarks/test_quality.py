"""The tables of answer quality: each form and source apart, and figures beside their aims."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.core.types import AnswerStatus
from app.evaluation.metrics.scores import JudgedCase
from app.evaluation.run.results import ResultStore
from benchmarks.quality import notes, report, tables
from benchmarks.report import tables_of
from tests.unit.evaluation.written import REFUSED, case, file_of, judged, result

SAID, SEEN, NONE = (("modality", name) for name in ("speech", "visual", "unanswerable"))


def one(id: str, label: tuple[str, str], right: bool | None, *, open: bool = True, cites: bool = True) -> JudgedCase:
    """A question and its answer; `right` None: refused."""
    form: dict[str, Any] = {"options": (), "answer": None, "accept": ("mirela",)} if open else {}
    asked = case(id, evidence=[(10, 12)], labels=(label,), **form)
    if right is None:
        return judged(asked, result(None, id=id, status=REFUSED))
    span = (12.5, 14.0) if cites else (60.0, 61.0)
    return judged(asked, result(None if open else int(not right), span, id=id, text="Mirela" if right else "Bo"))


def trap(id: str, refused: bool) -> JudgedCase:
    asked = case(id, None, options=(), answerable=False, labels=(NONE,))
    return judged(asked, result(None, (1, 2), id=id, status=REFUSED) if refused else result(None, (1, 2), id=id))


FULL = [
    one("1/open", SAID, True),
    one("1/choice", SAID, True, open=False),
    one("2/open", SAID, None),
    one("2/choice", SAID, False, open=False, cites=False),
    one("3/open", SEEN, False),
    trap("4/open", True),
    trap("5/open", False),
]


def cells(table: dict[str, Any], row: str) -> Sequence[Any]:
    found: Sequence[Any] = next(line for line in table["rows"] if line[0] == row)
    return found


def test_open_and_multiple_choice_questions_are_counted_apart() -> None:
    (by_modality, *_) = tables({"full": FULL})
    speech = cells(by_modality, "speech")
    assert speech[1] == 2 and speech[2].startswith("50.0% (") and speech[3].startswith("50.0% (")
    assert speech[4] == "66.7%"
    assert cells(by_modality, "unanswerable")[2].startswith("50.0%")
    assert cells(by_modality, "all")[1] == 5


def test_what_nothing_here_could_tell_is_left_open_and_no_refusal() -> None:
    unseen = judged(
        case("5", None, options=(), accept=("red",)), result(None, id="5", status=AnswerStatus.INSUFFICIENT)
    )
    row = cells(tables({"full": [*FULL, unseen]})[1], "full")
    assert row[6:8] == ["25.0%", "25.0%"]
    assert "left open, for want of a part that could decide: 25.0% (" in "\n".join(notes([*FULL, unseen]))


def test_figures_stand_beside_their_aims() -> None:
    text = "\n".join(notes(FULL))
    assert "speech and on-screen text, both forms: 50.0% (" in text and "aim: 85%" in text
    assert "citation on the given evidence: 75.0% (" in text and "aim: 90%" in text
    assert "refused: 50.0% (" in text and "wrongly refused: 33.3% (" in text and "errors: 0" in text


def test_a_report_says_with_which_models_it_was_made(tmp_path: Path) -> None:
    row = {"video": "v.mp4", "question": "Who?", "accept": ["mirela"], "evidence": [[1, 2]], "modality": "speech"}
    store = ResultStore(tmp_path / "out")
    store.begin({"language model": "qwen", "vision model": "none"})
    store.add(result(None, (1, 2), id="1/open", text="Mirela"))
    score = {"video": "v.mp4", "given": 3, "found": 4, "precision": 0.5, "recall": 2 / 3, "f1": 0.571, "soda_c": 0.2}
    file_of(tmp_path / "out", "report.json", {"chapters": [score]})
    made = report(file_of(tmp_path, "qa.jsonl", json.dumps(row)), tmp_path / "out", ["full"])
    assert made["notes"][-2] == "language model: qwen; vision model: none"
    assert cells(made["tables"][0], "speech")[4] == "100.0%" and made["command"].endswith("--mode full")
    assert "pictures/reliability.svg" in tables_of(made)
    assert "| v.mp4 | 3 | 4 | 50.0% | 66.7% | 57.1% | 20.0% |" in tables_of(made)
    sample = report(
        file_of(tmp_path, "s.truth.json", {"video": "v.mp4", "questions": [row]}), tmp_path / "out", ["full"]
    )
    assert sample["title"] != made["title"] and "pictures/reliability-sample.svg" in tables_of(sample)
