"""Subtitle formats that pysubs2 reads: SubStation (ASS, SSA), MicroDVD, MPL2, TMPlayer, SAMI and Whisper JAX.

All but SAMI hold one cue a line. A line that pysubs2 cannot read is found by halving, so that it is left out alone.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import Any

from app.core.errors import BadInput
from app.core.types import TimeSpan
from app.services.subtitles.cue import LONGEST_TEXT, Cue, LeftOut, spoken

_MICRODVD_RATE = re.compile(r"\s*\{[01]\}\{[01]\}\s*(\d{1,3}(?:[.,]\d+)?)\s*")
_DIALOGUE = re.compile(r"\s*Dialogue\s*:", re.IGNORECASE)
_SECTION = re.compile(r"^[ \t]*\[(?:Script Info|V4\+? Styles|Events)\]", re.IGNORECASE | re.MULTILINE)
_DRAWING = re.compile(r"\{[^{}]*\\p[1-9][^{}]*\}")
_BRACES = re.compile(r"\{[^{}]*\}")
_SYNC = re.compile(r"(?=<sync\b)", re.IGNORECASE)

Unit = tuple[int, str]
"""The number of a line, from 1, and what it holds: one cue."""


def detect_format(text: str) -> str | None:
    """The name that pysubs2 has for the format of a text; None for any other text."""
    from pysubs2.formats import get_format_class

    first = next((line for line in text.split("\n", 1000) if line.strip()), "").strip()
    if first.lower().startswith("<sami"):
        return "sami"
    if _DIALOGUE.match(first) or (first.startswith(("[", ";")) and _SECTION.search(text[:LONGEST_TEXT])):
        return "ssa" if re.search(r"^\s*Dialogue\s*:\s*Marked", text, re.IGNORECASE | re.MULTILINE) else "ass"
    if first.startswith("{DEFAULT}"):
        return "microdvd"
    formats = ("microdvd", "mpl2", "whisper_jax") if "-->" in text else ("microdvd", "mpl2", "whisper_jax", "tmp")
    return next((name for name in formats if get_format_class(name).guess_format(first[:LONGEST_TEXT])), None)


def read(text: str, format: str, fps: float | None, left_out: LeftOut) -> list[Cue]:
    """The cues of the file in their order; `fps` is how many frames of the video make a second.

    SubStation draws a line several times, for its shadow and glow: it is one cue.

    Raises BadInput for MicroDVD subtitles if neither they nor `fps` give the frame rate.
    """
    units = _units(text, format)
    if format == "microdvd":  # its first cue may state the rate; else that of the video counts
        stated = _MICRODVD_RATE.fullmatch(units[0][1]) if units else None
        if stated:
            units, fps = units[1:], float(stated[1].replace(",", "."))
        if not fps or not 1 <= fps <= 1000:
            raise BadInput(
                "These MicroDVD subtitles count frames, but do not say how many there are per second.",
                "Add the line {1}{1}25 at their beginning, with the frame rate of the video.",
            )
    cues: list[Cue] = []
    events = _events(units, format, fps, left_out)
    for (number, event), (_, following) in itertools.pairwise([*events, (0, None)]):
        if event.is_comment or _DRAWING.search(event.text):
            continue
        end = event.end if following is None or format != "sami" else max(event.start, min(event.end, following.start))
        try:
            span = TimeSpan(event.start / 1000, end / 1000)
        except (ValueError, OverflowError):
            left_out.add(number, f"Line {number} has an impossible time.")
            continue
        spoken_text = _BRACES.sub("", event.text).replace(r"\h", " ")
        cues += spoken(span, re.split(r"\\[Nn]|\n", spoken_text), " ".join(event.name.split()) or None)
    return list(dict.fromkeys(cues)) if format in ("ass", "ssa") else cues


def _units(text: str, format: str) -> list[Unit]:
    if format == "sami":
        head, *parts = _SYNC.split(text)
        lines = itertools.accumulate((part.count("\n") for part in parts), initial=head.count("\n") + 1)
        return [(number, f"{part}</sync>") for number, part in zip(lines, parts, strict=False)]
    units = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if format in ("ass", "ssa"):
        return [(number, _DIALOGUE.sub("Dialogue:", line)) for number, line in units if _DIALOGUE.match(line)]
    return [(number, line.strip()) for number, line in units if not line.startswith("{DEFAULT}")]


def _events(units: Sequence[Unit], format: str, fps: float | None, left_out: LeftOut) -> list[tuple[int, Any]]:
    from pysubs2 import SSAFile

    if not units:
        return []
    try:
        if max(len(line) for _, line in units) > LONGEST_TEXT:
            raise ValueError("a line is too long")
        events = list(SSAFile.from_string("\n".join(line for _, line in units), format, fps=fps))
    except (ValueError, ArithmeticError, LookupError, TypeError, AssertionError, NotImplementedError):
        events = []
    if len(events) == len(units):
        return [(number, event) for (number, _), event in zip(units, events, strict=True)]
    if len(units) == 1:
        number, line = units[0]
        left_out.add(number, f"Line {number} is not a subtitle: {' '.join(line.removesuffix('</sync>').split())[:60]}.")
        return []
    half = len(units) // 2
    return _events(units[:half], format, fps, left_out) + _events(units[half:], format, fps, left_out)
