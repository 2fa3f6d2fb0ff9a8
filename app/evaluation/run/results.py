"""The result of each question as a JSON line, so that a stopped run can resume.

A line is written when its question is done. A rerun asks only what has no line and what ended in an error; the
last line of a question counts.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from app.core.errors import BadInput, StorageFull
from app.core.types import Answer, AnswerStatus, Citation, Usage, from_json, to_json


@dataclass(frozen=True, slots=True)
class Result:
    """One question asked in one mode: its answer, or the error that came instead."""

    case: str
    mode: str
    status: AnswerStatus | None
    """None when an error came."""
    option_index: int | None = None
    text: str = ""
    confidence: float | None = None
    """Of an answer; None for a refusal, an error, and where none is given."""
    citations: tuple[Citation, ...] = ()
    usage: Usage = field(default_factory=Usage)
    error: str = ""
    score: int | None = None
    """How far an open answer says what the reference says, 1 to 5; None where no model compared them."""
    visual: tuple[float, float] | None = None
    """Precision and recall of the cited frames by their looks; None where no frames were compared."""

    @property
    def answered(self) -> bool:
        """Whether an answer was given, not a refusal and not an error."""
        return self.status is AnswerStatus.ANSWERED

    @property
    def refused(self) -> bool:
        """Whether the reply was that the video does not contain the answer."""
        return self.status is AnswerStatus.NOT_IN_VIDEO

    @property
    def failed(self) -> bool:
        """Whether an error came; the question is asked again by the next run."""
        return self.status is None


def result_of(case: str, mode: str, answer: Answer) -> Result:
    """The result that is an answer."""
    return Result(
        case, mode, answer.status, answer.option_index, answer.text, answer.confidence, answer.citations, answer.usage
    )


class ResultStore:
    """A folder with `run.json`, which says what was run, and `results.jsonl`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lines = folder / "results.jsonl"

    def begin(self, about: Mapping[str, Any]) -> None:
        """Claims the folder for a run. Raises BadInput when it holds one of something else, or cannot be written."""
        described = json.loads(json.dumps(about))
        file = self.folder / "run.json"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if file.is_file():
                before = json.loads(file.read_text("utf-8"))
                changed = [name for name in sorted({*before, *described}) if before.get(name) != described.get(name)]
                if changed:
                    other = f"{self.folder} holds results with another {' and '.join(changed)}."
                    raise BadInput(other, "Choose another --out for this run.")
            else:
                file.write_text(json.dumps(described, indent=1) + "\n", "utf-8")
            if self._lines.is_file() and (written := self._lines.read_bytes()) and not written.endswith(b"\n"):
                with self._lines.open("a", encoding="utf-8") as lines:
                    lines.write("\n")  # ends a line that a killed run left unfinished: the next one must not join it
        except OSError as error:
            raise BadInput(f"{self.folder} cannot be used: {error.strerror}.", "Choose another --out.") from error
        except ValueError as error:
            raise BadInput(f"{file} cannot be read.", "Choose another --out, or remove that file.") from error

    def results(self) -> dict[tuple[str, str], Result]:
        """The last result of each question, by mode and case. Lines that were cut off are left out."""
        if not self._lines.is_file():
            return {}
        results: dict[tuple[str, str], Result] = {}
        for line in self._lines.read_text("utf-8").split("\n"):
            try:
                result = from_json(Result, json.loads(line))
            except (ValueError, ValidationError):
                continue
            results[result.mode, result.case] = result
        return results

    def add(self, result: Result) -> None:
        """Appends one result; it is on the disk when this returns. Raises StorageFull."""
        line = json.dumps(to_json(result), ensure_ascii=False) + "\n"
        try:
            with self._lines.open("a", encoding="utf-8") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StorageFull(f"{self._lines} cannot be written: {error.strerror}.", "Free some space.") from error


def chosen(results: Mapping[tuple[str, str], Result], mode: str, cases: Iterable[str]) -> list[Result]:
    """The results of one mode for these cases, in their order; cases that were not asked are left out."""
    return [results[mode, case] for case in cases if (mode, case) in results]
