"""Pictures of results as SVG text: heat maps and reliability diagrams. The same figures always give the same file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

_INK, _PAPER, _RULE = "#22303c", "#ffffff", "#c9d2da"
_LOW, _HIGH = (214, 227, 240), (16, 70, 120)
"""A single hue, so that everybody can read the figures from light and dark."""
_FONT = "font-family='DejaVu Sans, Verdana, sans-serif'"
_CELL_W, _CELL_H = 74, 40
_SIDE = 260
"""Pixels of the square of a reliability diagram."""


def svg(picture: Mapping[str, Any]) -> str:
    """The SVG of a picture: `kind` is heat or reliability."""
    return heat(picture) if picture["kind"] == "heat" else reliability(picture)


def heat(picture: Mapping[str, Any]) -> str:
    """A heat map. `values`: for each of `rows` a share, 0 to 1, for each of `columns`; None where none is known."""
    left, top = 100, 70
    columns, rows = list(picture["columns"]), list(picture["rows"])
    parts = [_text(10, 24, picture["title"], 15, weight="bold"), _text(10, 46, picture["axes"], 12)]
    for x, name in enumerate(columns):
        parts.append(_text(left + (x + 0.5) * _CELL_W, top - 6, str(name), 12, anchor="middle"))
    for y, name in enumerate(rows):
        parts.append(_text(left - 8, top + (y + 0.62) * _CELL_H, str(name), 12, anchor="end"))
        for x, value in enumerate(picture["values"][y]):
            parts += _cell(left + x * _CELL_W, top + y * _CELL_H, value)
    return _whole(left + len(columns) * _CELL_W + 14, top + len(rows) * _CELL_H + 14, picture["title"], parts)


def _cell(x: float, y: float, value: float | None) -> list[str]:
    fill = _PAPER if value is None else _colour(value)
    size = f"width='{_CELL_W - 2}' height='{_CELL_H - 2}'"
    box = f"<rect x='{x:g}' y='{y:g}' {size} rx='3' fill='{fill}' stroke='{_RULE}'/>"
    label = "-" if value is None else f"{value:.0%}"
    ink = _PAPER if value is not None and value > 0.4 else _INK
    return [box, _text(x + _CELL_W / 2 - 1, y + _CELL_H * 0.6, label, 13, anchor="middle", ink=ink)]


def _colour(value: float) -> str:
    mixed = (round(low + (high - low) * value) for low, high in zip(_LOW, _HIGH, strict=True))
    return "#" + "".join(f"{part:02x}" for part in mixed)


def reliability(picture: Mapping[str, Any]) -> str:
    """A reliability diagram for each of `series`: {name, error, bins}, bins as {confidence, right, answers}."""
    gap, top = 70, 84
    parts = [_text(10, 24, picture["title"], 15, weight="bold")]
    for number, series in enumerate(picture["series"]):
        left = 60 + number * (_SIDE + gap)
        error = "" if series["error"] is None else f", calibration error {series['error']:.1%}"
        parts += [_text(left, top - 28, series["name"], 13), _text(left, top - 10, f"{_answers(series)}{error}", 11)]
        parts += [*_axes(left, top), *(_bin(left, top, one) for one in series["bins"])]
    width = 60 + len(picture["series"]) * (_SIDE + gap)
    return _whole(width, top + _SIDE + 50, picture["title"], parts)


def _answers(series: Mapping[str, Any]) -> str:
    return f"{sum(one['answers'] for one in series['bins'])} answers"


def _axes(left: float, top: float) -> list[str]:
    bottom, right = top + _SIDE, left + _SIDE
    parts = [
        f"<rect x='{left}' y='{top}' width='{_SIDE}' height='{_SIDE}' fill='none' stroke='{_RULE}'/>",
        f"<line x1='{left}' y1='{bottom}' x2='{right}' y2='{top}' stroke='{_RULE}' stroke-dasharray='5 4'/>",
        _text(left + _SIDE / 2, top + _SIDE + 38, "confidence shown", 11, anchor="middle"),
        _text(left - 34, top - 10, "right", 11),
    ]
    for share in (0.0, 0.5, 1.0):
        parts.append(_text(left + share * _SIDE, top + _SIDE + 18, f"{share:g}", 11, anchor="middle"))
        parts.append(_text(left - 8, top + (1 - share) * _SIDE + 4, f"{share:g}", 11, anchor="end"))
    return parts


def _bin(left: float, top: float, one: Mapping[str, Any]) -> str:
    """A dot at mean confidence and share of right answers, with an area for how many answers it stands for."""
    x, y = left + one["confidence"] * _SIDE, top + (1 - one["right"]) * _SIDE
    radius = min(16.0, 2.5 + one["answers"] ** 0.5)
    title = f"{one['answers']} answers shown with {one['confidence']:.0%}: {one['right']:.0%} right"
    dot = f"<circle cx='{x:.1f}' cy='{y:.1f}' r='{radius:.1f}' fill='{_colour(1.0)}' fill-opacity='0.75'>"
    return f"{dot}<title>{title}</title></circle>"


def _text(
    x: float, y: float, words: str, size: int, *, anchor: str = "start", weight: str = "normal", ink: str = _INK
) -> str:
    place = f"x='{x:g}' y='{y:g}' text-anchor='{anchor}'"
    return f"<text {place} {_FONT} font-size='{size}' font-weight='{weight}' fill='{ink}'>{escape(words)}</text>"


def _whole(width: float, height: float, title: str, parts: Sequence[str]) -> str:
    head = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width:g} {height:g}' width='{width:g}' role='img'>"
    paper = f"<rect width='{width:g}' height='{height:g}' fill='{_PAPER}'/>"
    return "\n".join([head, f"<title>{escape(title)}</title>", paper, *parts, "</svg>"]) + "\n"
