"""Utterances become SubRip or WebVTT."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from app.core.types import TimeSpan, Utterance


def to_srt(utterances: Iterable[Utterance]) -> str:
    """SubRip, with the speaker before the words where it is known: it has no other place for one."""
    cues = []
    for number, utterance in enumerate(utterances, start=1):
        speaker = f"{utterance.speaker}: " if utterance.speaker else ""
        text = " ".join(f"{speaker}{utterance.text}".split()).replace("-->", "->")
        cues.append(f"{number}\n{_clock(utterance.span, ',')}\n{text}\n")
    return "\n".join(cues)


def to_vtt(utterances: Iterable[Utterance]) -> str:
    """WebVTT, with the speaker as a voice tag where it is known."""
    cues = ["WEBVTT\n"]
    for utterance in utterances:
        text = html.escape(" ".join(utterance.text.split()), quote=False)
        name = re.sub(r"[<>\s]+", " ", utterance.speaker or "").strip()
        voice = f"<v {html.escape(name, quote=False)}>" if name else ""
        cues.append(f"{_clock(utterance.span, '.')}\n{voice}{text}\n")
    return "\n".join(cues)


def _clock(span: TimeSpan, mark: str) -> str:
    times = []
    for seconds in (span.start_s, span.end_s):
        whole, milliseconds = divmod(round(seconds * 1000), 1000)
        times.append(f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}{mark}{milliseconds:03d}")
    return " --> ".join(times)
