"""Counts what makes the code hard to read, and fails where there is more of it than before: part of `make check`.

The bounds only ever go down: whoever lowers a count lowers its bound with it.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[1]
PRODUCT = ("longreel", "app", "agents", "retrieval", "gpu_workers", "ui")
BOUNDS = {
    "import cycles": 0,
    "public class names used twice": 4,
    "private helpers used once, per 1,000 lines": 5.9,
    "told and tell": 5,
}
_TOLD = re.compile(r"\b(?:told|tell|tells|telling)\b", re.IGNORECASE)
_PRIVATE = re.compile(r"\b_[a-zA-Z]\w*")


def import_cycle(packages: Sequence[str] = PRODUCT) -> list[str]:
    """One cycle of modules that import each other, the first also last; empty where there is none."""
    graph = grimp.build_graph(*packages, exclude_type_checking_imports=True, cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def repeated_classes(sources: Iterable[str]) -> list[str]:
    """The names that more than one public class has."""
    names = Counter(
        node.name
        for source in sources
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    return sorted(name for name, count in names.items() if count > 1)


def helpers_used_once(source: str) -> list[str]:
    """The private functions of a module that it mentions in one other place only."""
    mentions = Counter(_PRIVATE.findall(source))
    return [
        node.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("_")
        and not node.name.startswith("__")
        and mentions[node.name] == 2
    ]


def measure() -> dict[str, float]:
    """Each count over the code and the documents of this checkout."""
    product = list(_sources(*PRODUCT))
    lines = sum(source.count("\n") for source in product)
    once = sum(len(helpers_used_once(source)) for source in product)
    documents = [path.read_text("utf-8") for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))]
    return {
        "import cycles": int(bool(import_cycle())),
        "public class names used twice": len(repeated_classes([*product, *_sources("benchmarks")])),
        "private helpers used once, per 1,000 lines": round(once / lines * 1000, 1),
        "told and tell": sum(len(_TOLD.findall(text)) for text in (*product, *_sources("benchmarks"), *documents)),
    }


def _sources(*folders: str) -> Iterator[str]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path != Path(__file__):
                yield path.read_text("utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints each count beside its bound, and what is behind the short ones; 1 where a count is over its bound."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.ratchets")
    parser.parse_args(arguments)
    counts = measure()
    for name, count in counts.items():
        print(f"{name}: {count:g} (bound {BOUNDS[name]:g})")
    print("repeated class names:", ", ".join(repeated_classes(_sources(*PRODUCT, "benchmarks"))))
    if cycle := import_cycle():
        print("cycle:", " -> ".join(cycle))
    over = [name for name, count in counts.items() if count > BOUNDS[name]]
    if over:
        print(f"Over the bound: {', '.join(over)}. Lower the count; the bound stays.", file=sys.stderr)
    return int(bool(over))


if __name__ == "__main__":
    sys.exit(main())
