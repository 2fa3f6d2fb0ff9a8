"""Neighbours that belong together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

Item = TypeVar("Item")


def runs(items: Iterable[Item], goes_on: Callable[[list[Item], Item], bool]) -> list[list[Item]]:
    """The items in order, cut into runs: an item joins the run before it if `goes_on` says so of the two."""
    result: list[list[Item]] = []
    for item in items:
        if result and goes_on(result[-1], item):
            result[-1].append(item)
        else:
            result.append([item])
    return result
