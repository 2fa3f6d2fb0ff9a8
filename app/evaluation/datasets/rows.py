"""Annotation files as rows that know where they stand, so that an error names the file and the place."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.core.errors import BadInput
from app.core.text_files import read_text
from app.evaluation.datasets.parquet import is_parquet, parquet_rows

UNVERIFIED = " The field names of this benchmark's official file could not be verified when its loader was written."
NO_ARCHIVE = "Give the annotation file, not an archive."


@dataclass(frozen=True, slots=True)
class Row:
    """One object of an annotation file."""

    file: Path
    place: str
    """Where it stands, in words: "row 3"."""
    data: Mapping[str, Any]
    hint: str = ""
    """What to do about a bad row of this file."""

    def refused(self, why: str) -> BadInput:
        """The error for this row; `why` is the rest of a sentence."""
        return BadInput(f"{self.file}, {self.place}: {why}.", self.hint or "Give the benchmark's own annotation file.")

    def has(self, name: str) -> bool:
        """Whether a field is there with a value."""
        return self.data.get(name) not in (None, "")

    def maybe(self, *names: str) -> Any:
        """The first of these fields that has a value; None when none has."""
        return next((self.data[name] for name in names if self.has(name)), None)

    def any(self, *names: str) -> Any:
        """The first of these fields that has a value. Raises BadInput when none has."""
        value = self.maybe(*names)
        if value is None:
            known = ", ".join(map(str, list(self.data)[:12])) or "none"
            raise self.refused(f"there is no {' or '.join(names)} (its fields: {known})")
        return value

    def text(self, *names: str) -> str:
        """A field as text without white space around it. Raises BadInput."""
        value = self.any(*names)
        if isinstance(value, list | dict | bool):
            raise self.refused(f"{names[0]} is no text")
        return str(value).strip()

    def number(self, *names: str) -> float:
        """A field as a number. Raises BadInput."""
        value = self.any(*names)
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError) as error:
            raise self.refused(f"{names[0]} is no number: {str(value)[:40]}") from error
        if not math.isfinite(number):
            raise self.refused(f"{names[0]} is no number: {number}")
        return number

    def sequence(self, *names: str) -> list[Any]:
        """A field that is a list, or a text that holds one as JSON. Raises BadInput."""
        value = self.any(*names)
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError as error:
                raise self.refused(f"{names[0]} is no list") from error
        if not isinstance(value, list):
            raise self.refused(f"{names[0]} is no list")
        return value

    def parts(self, *names: str) -> Iterator[Row]:
        """The objects of a list field as rows. Raises BadInput."""
        for number, item in enumerate(self.sequence(*names), 1):
            yield row(self.file, f"{self.place}, question {number}", item, self.hint)


def row(file: Path, place: str, item: Any, hint: str = "") -> Row:
    """A row. Raises BadInput when the item is no object."""
    if not isinstance(item, dict):
        raise Row(file, place, {}, hint).refused("this is no object")
    return Row(file, place, item, hint)


def read_json(file: Path) -> Any:
    """The content of a JSON file. Raises BadInput with the line."""
    try:
        return json.loads(read_text(file, NO_ARCHIVE))
    except ValueError as error:
        raise BadInput(f"{file} is not JSON: {error}.", "Give the benchmark's own annotation file.") from error


def read_object(file: Path) -> Mapping[str, Any]:
    """The content of a JSON file that is one object. Raises BadInput."""
    content = read_json(file)
    if not isinstance(content, dict):
        raise BadInput(f"{file} is no JSON object.", "Give the benchmark's own file.")
    return content


def read_rows(file: Path, hint: str = "") -> list[Row]:
    """The objects of a JSON list, of the values of a JSON object, of JSON lines, or of Parquet. Raises BadInput.

    Rows of a JSON object have its key as their place. A folder stands for the Parquet files in it.
    """
    if is_parquet(file):
        return _numbered(file, parquet_rows(file), hint)
    text = read_text(file, NO_ARCHIVE)
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if isinstance(content, list):
        return _numbered(file, content, hint)
    if isinstance(content, dict) and content and all(isinstance(item, dict) for item in content.values()):
        return [row(file, str(key), item, hint) for key, item in content.items()]
    rows = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                item = json.loads(line)
            except ValueError as error:
                raise BadInput(f"{file}, row {number} is not JSON: {error}.", "Give JSON, or JSON lines.") from error
            rows.append(row(file, f"row {number}", item, hint))
    return rows


def _numbered(file: Path, items: Iterable[Any], hint: str = "") -> list[Row]:
    return [row(file, f"row {number}", item, hint) for number, item in enumerate(items, 1)]


def csv_rows(file: Path) -> list[Row]:
    """The lines of a CSV file with a header, or of Parquet. Raises BadInput for a line with too many or few fields."""
    if is_parquet(file):
        return _numbered(file, parquet_rows(file))
    reader = csv.DictReader(io.StringIO(read_text(file, NO_ARCHIVE), newline=""))
    rows = []
    for number, item in enumerate(reader, 2):
        row = Row(file, f"row {number}", {str(key): value for key, value in item.items() if key is not None})
        if None in item or None in item.values():
            raise row.refused(f"the header has {len(reader.fieldnames or ())} columns, and this row has not")
        rows.append(row)
    return rows
