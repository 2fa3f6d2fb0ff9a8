"""SubRip (.srt), WebVTT (.vtt) and SubViewer as YouTube writes it (.sbv).

Timing lines are the anchors, because in the wild blank lines and counters are missing. Tags are
taken out of the text; WebVTT's voice tags name the speaker. Positions, styles and notes are dropped.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.core.types import TimeSpan
from app.services.subtitles.cue import LONGEST_TEXT, Cue, LeftOut, spoken

_TIME = r"(?:(\d{1,9}) ?: ?)?(\d{1,2}) ?: ?(\d{1,2})(?: ?[.,] ?(\d{1,9}))?"
_ARROW = r"(?:[-\u2013\u2014]+ ?>|\u2192)"
_TIMING = re.compile(rf"\s*{_TIME}\s*{_ARROW}\s*{_TIME}(?:\s.*)?")
_SBV_TIMING = re.compile(rf"\s*{_TIME}\s*,\s*{_TIME}\s*")
_BROKEN_TIMING = re.compile(r"\s*-?\d.*-->|.*-->\s*\d+:\d|\s*-?\d+:\d+:\d+[.,]\d")
"""What was meant as a timing line: an arrow with a number on one side, or a time with a fraction at its beginning."""
_MOST_HOURS = 9999


@dataclass(frozen=True, slots=True)
class _Timing:
    line: int
    """Index of the timing line, from 0."""
    span: TimeSpan | None
    """None where the line cannot be read: its cue is left out."""


def looks_like_sbv(lines: Sequence[str]) -> bool:
    """Whether the first line with text that is no header in brackets holds two times and a comma."""
    first = next((line for line in lines if line.strip() and not line.lstrip().startswith("[")), "")
    return _SBV_TIMING.fullmatch(first) is not None and "." in first


def read(lines: Sequence[str], left_out: LeftOut) -> list[Cue]:
    """The cues of the file in their order."""
    webvtt = next((line for line in lines if line.strip()), "").lstrip().startswith("WEBVTT")
    timings = _timings(lines, webvtt, left_out)
    if not webvtt:  # SubRip begins with a counter, or with the first times
        before = lines[: timings[0].line] if timings else lines
        odd = (at for at, line in enumerate(before, 1) if line.strip() and not line.strip().isdigit())
        if number := next(odd, 0):
            left_out.add(number, f"Line {number} is neither a counter nor a time range.")
        elif not timings:
            left_out.add(len(lines), f"The file ends at line {len(lines)} without a single time range.")
    if not timings:
        return []
    counted = any(line.strip().isdigit() for line in lines[: timings[0].line])
    stops = [timing.line for timing in timings[1:]]
    cues: list[Cue] = []
    for timing, stop in zip(timings, [*stops, len(lines)], strict=True):
        if timing.span is not None:
            following = lines[timing.line + 1 : stop]
            body = _webvtt_body(following) if webvtt else [text for line in following if (text := line.strip())]
            if counted and not webvtt and stop < len(lines) and body and body[-1].isdigit():
                body.pop()  # the counter of the next timing line
            cues += _cues(timing, body, left_out)
    return cues


def read_sbv(lines: Sequence[str], left_out: LeftOut) -> list[Cue]:
    """The cues of a file whose timing lines are two times and a comma; SubViewer 2 writes [br] between lines."""
    timings = [
        _Timing(index, _span(match, index, left_out))
        for index, line in enumerate(lines)
        if (match := _SBV_TIMING.fullmatch(line))
    ]
    cues: list[Cue] = []
    for timing, stop in zip(timings, [*(timing.line for timing in timings[1:]), len(lines)], strict=True):
        if timing.span is not None:
            text = "\n".join(line for line in lines[timing.line + 1 : stop] if line.strip())
            cues += _cues(timing, re.split(r"\[br\]|\n", text, flags=re.IGNORECASE), left_out)
    return cues


def _cues(timing: _Timing, body: Sequence[str], left_out: LeftOut) -> list[Cue]:
    assert timing.span is not None
    if sum(map(len, body)) > LONGEST_TEXT:
        left_out.add(timing.line + 1, f"Line {timing.line + 1} is followed by more text than a subtitle can hold.")
        return []
    return spoken(timing.span, body)


def _timings(lines: Sequence[str], webvtt: bool, left_out: LeftOut) -> list[_Timing]:
    found = []
    for index, line in enumerate(lines):
        if len(line) > LONGEST_TEXT or (":" not in line and "-->" not in line):
            continue
        match = _TIMING.fullmatch(line)
        if match:
            found.append(_Timing(index, _span(match, index, left_out)))
        elif (webvtt and "-->" in line) or _BROKEN_TIMING.match(line):
            left_out.add(index + 1, f"Line {index + 1} is not a time range: {line.strip()[:60]}.")
            found.append(_Timing(index, None))
    return found


def _span(match: re.Match[str], index: int, left_out: LeftOut) -> TimeSpan | None:
    parts = match.groups()
    start, end = _seconds(parts[:4]), _seconds(parts[4:])
    if start is None or end is None:
        left_out.add(index + 1, f"Line {index + 1} has an impossible time.")
        return None
    if end < start:
        left_out.add(index + 1, f"Line {index + 1} ends before it starts.")
        return None
    return TimeSpan(start, end)


def _seconds(parts: Sequence[str | None]) -> float | None:
    hours, minutes, seconds = int(parts[0] or 0), int(parts[1] or 0), int(parts[2] or 0)
    if minutes > 60 or seconds > 60 or hours > _MOST_HOURS:
        return None
    milliseconds = int((parts[3] or "0").ljust(3, "0")[:3])
    return (hours * 3_600_000 + minutes * 60_000 + seconds * 1000 + milliseconds) / 1000


def _webvtt_body(lines: Sequence[str]) -> list[str]:
    """Up to the first empty line, or, where there is none, up to one of spaces that follows text."""
    if "" in lines:
        lines = lines[: lines.index("")]
        return [line for line in lines if line.strip()]
    texts = [line.strip() for line in lines]
    first = next((at for at, text in enumerate(texts) if text), len(texts))
    stop = texts.index("", first) if "" in texts[first:] else len(texts)
    return texts[first:stop]
