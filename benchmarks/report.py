"""Writes docs/benchmarks.md, and the marked blocks of README.md and other pages, from the JSON of the programs.

A result that names a `document` fills the block of that page of docs/ and stays out of docs/benchmarks.md. A result
with several `tables` lists them one after the other, of which README.md shows the first; `pictures` are drawn into
docs/pictures. `--check` writes nothing and fails when a page or a picture is not what the JSON says.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.plots import svg

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).with_name("results")
BEGIN, END = "<!-- benchmarks: begin, written by benchmarks/report.py -->", "<!-- benchmarks: end -->"
HEADLINES = ("answer_time", "ingest_speed", "quality", "retrieval_speed")
"""The results that README.md shows; docs/benchmarks.md has them all."""
_HEAD = "# Benchmarks\n\nWritten by `python -m benchmarks.report` from `benchmarks/results/`; do not edit.\n"
_NO_GPU = "No GPU was measured yet; `make bench-gpu` measures one, with random weights of full size.\n"


def table(result: Mapping[str, Any]) -> str:
    """One result as a Markdown table with its notes. Results without rows list their plain figures."""
    columns, rows = result.get("columns"), result.get("rows")
    if not columns or not isinstance(rows, list):
        plain = {k: v for k, v in result.items() if isinstance(v, int | float | str) and k != "title"}
        columns, rows = ["figure", "value"], [[key, value] for key, value in plain.items()]
    lines = ["| " + " | ".join(map(str, columns)) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    notes = [f"- {note}" for note in result.get("notes", ())]
    return "\n".join([*lines, *([""] if notes else []), *notes])


def tables_of(result: Mapping[str, Any]) -> str:
    """All tables of a result, each under its own title where there are several, then its pictures and its notes."""
    if "tables" not in result:
        return table(result)
    parts = [f"**{part['title']}**\n\n{table(part)}" for part in result["tables"]]
    parts += [f"![{picture['title']}](pictures/{picture['name']}.svg)" for picture in result.get("pictures", ())]
    parts.append("\n".join(f"- {note}" for note in result.get("notes", ())))
    return "\n\n".join(part for part in parts if part)


def keep(result: Mapping[str, Any], path: Path | None) -> None:
    """Prints the tables of a result and, if asked, writes it as JSON."""
    print(tables_of(result))
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def headline(result: Mapping[str, Any]) -> str:
    """What README.md shows of a result: its first table, with its notes."""
    return table({"notes": result.get("notes", ()), **result["tables"][0]}) if "tables" in result else table(result)


def result_section(name: str, result: Mapping[str, Any]) -> str:
    """A result on a page of its own, with the command that measured it, if it names one."""
    if "command" not in result:
        return f"**{result.get('title', name)}**\n\n{tables_of(result)}"
    return f"## {result.get('title', name)}\n\n{_where(name, result)}\n\n{tables_of(result)}"


def document(results: Mapping[str, Mapping[str, Any]]) -> str:
    """The whole of docs/benchmarks.md. `results`: by the name of the program."""
    parts = [_HEAD] if "gpu" in results else [_HEAD, _NO_GPU]
    for name, result in sorted(results.items()):
        parts.append(f"## {result.get('title', name)}\n\n{_where(name, result)}\n\n{tables_of(result)}\n")
    return "\n".join(parts)


def filled(page: str, parts: Sequence[str]) -> str:
    """A page with its marked block written anew; unchanged when it has no such block."""
    if BEGIN not in page or END not in page:
        return page
    before, rest = page.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    return f"{before}{BEGIN}\n" + "\n\n".join(parts) + f"\n{END}{after}"


def pages(root: Path, results: Mapping[str, Mapping[str, Any]]) -> dict[Path, str]:
    """What the pages and pictures below `root` should hold. A page with a block must be there before it is filled."""
    files = {root / "docs" / "benchmarks.md": document({n: r for n, r in results.items() if "document" not in r})}
    blocks: dict[Path, list[str]] = defaultdict(list)
    for name, result in sorted(results.items()):
        if name in HEADLINES:
            blocks[root / "README.md"].append(f"**{result.get('title', name)}**\n\n{headline(result)}")
        if "document" in result:
            blocks[root / "docs" / result["document"]].append(result_section(name, result))
        for picture in result.get("pictures", ()):
            files[root / "docs" / "pictures" / f"{picture['name']}.svg"] = svg(picture)
    for path, parts in blocks.items():
        if path.is_file():
            files[path] = filled(path.read_text("utf-8"), parts)
    return files


def stale(files: Mapping[Path, str]) -> list[Path]:
    """The files whose text on disk is not the given one."""
    return [path for path, text in files.items() if not path.is_file() or path.read_text("utf-8") != text]


def _where(name: str, result: Mapping[str, Any]) -> str:
    machine = result.get("machine") or {}
    facts = [f"{machine[key]} {unit}".strip() for key, unit in _FACTS if key in machine]
    command = result.get("command", f"python -m benchmarks.{name}")
    return f"`{command}`" + (f", {', '.join(facts)}." if facts else ".")


_FACTS = (("cores", "cores"), ("processor", ""), ("memory_gb", "GB of memory"), ("system", ""), ("when", ""))


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes or checks both files; gives the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder with the JSON files")
    parser.add_argument("--root", type=Path, default=ROOT, help="the folder of README.md and docs/")
    parser.add_argument("--check", action="store_true", help="fail when the files are stale")
    options = parser.parse_args(arguments)
    results = {p.stem: json.loads(p.read_text("utf-8")) for p in sorted(options.results.glob("*.json"))}
    if not results:
        print(f"No results in {options.results}; run: make bench", file=sys.stderr)
        return 0 if options.check else 1
    files = pages(options.root, results)
    old = stale(files)
    if options.check:
        for path in old:
            print(f"{path.name} is stale; run: python -m benchmarks.report", file=sys.stderr)
        return 1 if old else 0
    for path in old:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[path], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
