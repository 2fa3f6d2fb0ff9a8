"""Timed Text (TTML, DFXP): paragraphs with times become cues. Styles, regions and pictures are left aside.

pysubs2 reads neither durations, frames and ticks, nor the namespaces of older files.
"""

from __future__ import annotations

import html
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass

from app.core.errors import BadInput
from app.core.types import TimeSpan
from app.services.subtitles.cue import HINT, LONGEST_TEXT, Cue, LeftOut, spoken

_OFFSET = re.compile(r"(\d+(?:\.\d+)?)(h|m|s|ms|f|t)")
_CLOCK = re.compile(r"(\d+):(\d{2}):(\d{2}(?:\.\d+)?)(?::(\d+(?:\.\d+)?))?")


@dataclass(frozen=True, slots=True)
class _Rates:
    """How many frames and ticks make a second."""

    frames: float
    ticks: float

    def seconds(self, text: str) -> float:
        """The seconds of a time expression. Raises ValueError for anything else."""
        clock = _CLOCK.fullmatch(text.strip())
        if clock:
            whole = int(clock[1]) * 3600 + int(clock[2]) * 60 + float(clock[3])
            return whole + float(clock[4] or 0) / self.frames
        offset = _OFFSET.fullmatch(text.strip())
        if not offset:
            raise ValueError(text)
        units = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "f": 1 / self.frames, "t": 1 / self.ticks}
        return float(offset[1]) * units[offset[2]]


def looks_like_ttml(text: str) -> bool:
    """Whether the first element is called tt."""
    return re.match(r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:\w+:)?tt[\s>]", text[:10_000], re.DOTALL) is not None


def read(text: str, left_out: LeftOut) -> list[Cue]:
    """The cues of the file in their order. Raises BadInput for what is no XML."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise BadInput("The subtitles are XML with entity definitions, which TTML does not allow.", HINT)
    try:
        root = ET.fromstring(re.sub(r"^\s*<\?xml[^>]*>", "", text))  # noqa: S314 - it has no entities, see above
    except (ET.ParseError, ValueError, RecursionError) as error:
        raise BadInput(f"The subtitles are not well-formed XML: {error}.", HINT) from error
    rates = _rates(root)
    cues: list[Cue] = []
    for number, (element, times) in enumerate(_timed(root), 1):
        try:
            span = _span(times, rates)
        except ValueError:
            begin, end = element.get("begin", "nothing"), element.get("end") or element.get("dur") or "nothing"
            left_out.add(number, f"Paragraph {number} has no time range: {begin[:30]} to {end[:30]}.")
            continue
        for child in element.iter():
            if _name(child.tag) == "br":
                child.text = "\x0b"
        lines = [" ".join(part.split()) for part in "".join(element.itertext()).split("\x0b")]
        if sum(map(len, lines)) <= LONGEST_TEXT:
            cues += spoken(span, [html.escape(line, quote=False) for line in lines])
    return cues


def _rates(root: ET.Element) -> _Rates:
    parameters = {_name(key): value for key, value in root.attrib.items()}
    try:
        frames = float(parameters.get("frameRate", 30))
        over, under = (
            float(part) for part in re.split(r"[\s:]+", parameters.get("frameRateMultiplier", "1 1").strip())
        )
        ticks = float(parameters.get("tickRate", 0)) or (frames if "frameRate" in parameters else 1.0)
        rates = _Rates(frames * over / under, ticks)
    except (ValueError, ZeroDivisionError):
        return _Rates(30.0, 1.0)
    return rates if rates.frames > 0 and rates.ticks > 0 else _Rates(30.0, 1.0)


Times = tuple[tuple[str | None, str | None, str | None], ...]
"""Begin, end and duration of an element and of those around it, from the outside."""


def _timed(root: ET.Element) -> Iterator[tuple[ET.Element, Times]]:
    """Paragraphs, or the spans of a paragraph that has no times of its own, in the order of the file."""
    waiting: list[tuple[ET.Element, Times]] = [(root, ())]
    while waiting:
        element, times = waiting.pop()
        own = (element.get("begin"), element.get("end"), element.get("dur"))
        times = (*times, own) if any(own) else times
        spans = [child for child in element if _name(child.tag) == "span" and child.get("begin")]
        is_cue = any(own) or not spans if _name(element.tag) == "p" else any(own) and _name(element.tag) == "span"
        if is_cue:
            yield element, times
        else:
            waiting += [(child, times) for child in reversed(element)]


def _span(times: Times, rates: _Rates) -> TimeSpan:
    """Times count from the beginning of the element around. Raises ValueError where one is missing or impossible."""
    start_s, end_s = 0.0, None
    for begin, end, duration in times:
        outer_s = start_s
        start_s = outer_s + (rates.seconds(begin) if begin else 0.0)
        if end:
            end_s = outer_s + rates.seconds(end)
        elif duration:
            end_s = start_s + rates.seconds(duration)
    if end_s is None:
        raise ValueError("no end")
    return TimeSpan(round(start_s, 6), round(end_s, 6))


def _name(tag: str) -> str:
    return str(tag).rpartition("}")[2]
