"""Tables in documents come from the JSON, and a stale one is noticed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import report

RESULT = {"title": "Reading", "columns": ["video", "speed"], "rows": [["1 h", "8.1"]], "notes": ["kept"]}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "ingest_speed.json").write_text(json.dumps(RESULT), "utf-8")
    (tmp_path / "README.md").write_text(f"# Hello\n{report.BEGIN}\nold\n{report.END}\nBye\n", "utf-8")
    return tmp_path


def write(root: Path, *more: str) -> int:
    return report.main(["--results", str(root / "results"), "--root", str(root), *more])


def test_the_report_fills_the_document_and_the_marked_block(root: Path) -> None:
    assert write(root) == 0
    assert "| 1 h | 8.1 |\n\n- kept" in (root / "docs" / "benchmarks.md").read_text("utf-8")
    readme = (root / "README.md").read_text("utf-8")
    assert readme.startswith("# Hello\n") and readme.endswith(f"{report.END}\nBye\n")
    assert "**Reading**" in readme and "old" not in readme


def test_the_check_fails_until_the_files_say_what_the_json_says(root: Path) -> None:
    assert write(root, "--check") == 1
    write(root)
    assert write(root, "--check") == 0
    (root / "README.md").write_text((root / "README.md").read_text("utf-8").replace("8.1", "9.9"), "utf-8")
    assert write(root, "--check") == 1


def test_no_results_is_an_error_for_writing_and_nothing_to_check(tmp_path: Path) -> None:
    assert write(tmp_path) == 1
    assert write(tmp_path, "--check") == 0


def test_a_result_that_names_a_document_fills_its_block_only(root: Path) -> None:
    tables = [{"title": "First", "columns": ["a"], "rows": [["1"]]}, {"title": "Second", "columns": ["b"], "rows": []}]
    result = {"title": "Choosing", "document": "choosing.md", "tables": tables}
    (root / "results" / "choosing.json").write_text(json.dumps(result), "utf-8")
    page = root / "docs" / "choosing.md"
    page.write_text(f"# Choosing\n{report.BEGIN}\n{report.END}\nBye\n", "utf-8")
    assert write(root, "--check") == 1
    write(root)
    assert "**First**\n\n| a |\n|---|\n| 1 |\n\n**Second**" in page.read_text("utf-8")
    assert page.read_text("utf-8").endswith(f"{report.END}\nBye\n")
    others = (root / "docs" / "benchmarks.md").read_text("utf-8") + (root / "README.md").read_text("utf-8")
    assert "Choosing" not in others and "Reading" in others
    assert write(root, "--check") == 0


def measured(**more: object) -> dict[str, object]:
    tables = [{"title": "First", "columns": ["a"], "rows": [["1"]]}, {"title": "Second", "columns": ["b"], "rows": []}]
    values = [[1.0, None], [0.25, 0.5]]
    picture = {"name": "found", "kind": "heat", "title": "Found", "axes": "a by b", "columns": [10, 60]}
    return {
        "title": "Answers",
        "command": "python -m benchmarks.quality FOLDER",
        "document": "results.md",
        "tables": tables,
        "notes": ["kept"],
        "pictures": [{**picture, "rows": ["0.1", "0.9"], "values": values}],
        **more,
    }


def test_a_result_with_a_command_has_a_section_with_tables_pictures_and_notes(root: Path) -> None:
    (root / "results" / "quality.json").write_text(json.dumps(measured()), "utf-8")
    page = root / "docs" / "results.md"
    page.write_text(f"# Results\n{report.BEGIN}\n{report.END}\n", "utf-8")
    write(root)
    text = page.read_text("utf-8")
    assert "## Answers\n\n`python -m benchmarks.quality FOLDER`.\n\n**First**" in text
    assert text.index("![Found](pictures/found.svg)") < text.index("- kept")
    readme = (root / "README.md").read_text("utf-8")
    assert "**Answers**\n\n| a |\n|---|\n| 1 |\n\n- kept" in readme and "Second" not in readme


def test_a_picture_that_is_not_what_the_json_says_is_stale(root: Path) -> None:
    (root / "results" / "quality.json").write_text(json.dumps(measured()), "utf-8")
    (root / "docs" / "results.md").write_text(f"{report.BEGIN}\n{report.END}\n", "utf-8")
    write(root)
    assert write(root, "--check") == 0
    picture = root / "docs" / "pictures" / "found.svg"
    picture.write_text(picture.read_text("utf-8").replace("25%", "26%"), "utf-8")
    assert write(root, "--check") == 1


def test_the_pages_of_this_project_are_what_the_results_say() -> None:
    assert report.main(["--check"]) == 0
