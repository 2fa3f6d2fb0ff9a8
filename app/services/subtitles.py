"""Subtitles: SubRip (.srt), WebVTT (.vtt) and the JSON that whisperX writes become utterances, the first two also back.

Timing lines are the anchors, because in the wild blank lines and counters are missing. Tags are
taken out of the text; WebVTT's voice tags name the speaker. Positions, styles and notes are dropped.
"""

from __future__ import annotations

import html
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.core.errors import BadInput
from app.core.types import TimeSpan, Utterance, Word

_TIME = r"(?:(\d{1,9}):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,3}))?"
_TIMING = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?:\s.*)?")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?[ \t]+([^>]*)>")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<\d[\d:.]*>|\{\\[^}]*\}")
_HINT = "Give a SubRip (.srt) or WebVTT (.vtt) file, or the JSON that whisperX writes."


@dataclass(frozen=True, slots=True)
class _Timing:
    line: int
    """Index of the timing line, from 0."""
    span: TimeSpan


def parse(data: bytes | str) -> list[Utterance]:
    """What a subtitle file says, by start time; cues without text are left out.

    Raises BadInput for what is no subtitle file, where it can with the line number.
    """
    text = data if isinstance(data, str) else _decoded(data)
    if text.lstrip("\ufeff \t\r\n").startswith("{"):
        return _transcript(text.lstrip("\ufeff"))
    lines = re.split(r"\r\n|\r|\n", text.lstrip("\ufeff"))
    webvtt = next((line for line in lines if line.strip()), "").lstrip().startswith("WEBVTT")
    timings = _timings(lines, webvtt)
    if not webvtt:
        _check_beginning(lines, timings)
    if not timings:
        return []
    counted = any(line.strip().isdigit() for line in lines[: timings[0].line])
    stops = [timing.line for timing in timings[1:]]
    cues: list[Utterance] = []
    for timing, stop in zip(timings, [*stops, len(lines)], strict=True):
        counter = counted and stop < len(lines)
        body = _body(lines[timing.line + 1 : stop], webvtt=webvtt, counter=counter)
        cues += _spoken(timing.span, body)
    return sorted(cues, key=lambda cue: cue.span.start_s)


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


def is_transcript(content: Any) -> bool:
    """Whether the contents of a JSON file look like those that whisperX writes."""
    segments = content.get("segments") if isinstance(content, dict) else None
    if not isinstance(segments, list) or not segments:
        return False
    return all(isinstance(one, dict) and "start" in one for one in segments)


def _transcript(text: str) -> list[Utterance]:
    try:
        said = [_utterance(one) for one in json.loads(text)["segments"]]
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise BadInput("The JSON is no transcript as whisperX writes it.", _HINT) from error
    return sorted((one for one in said if one.text), key=lambda one: one.span.start_s)


def _utterance(segment: Mapping[str, Any]) -> Utterance:
    """Words that whisperX could not place in time are left out; the sentence keeps them."""
    span = TimeSpan(float(segment["start"]), float(segment["end"]))
    placed = [word for word in segment.get("words", ()) if "start" in word and "end" in word]
    words = tuple(
        Word(str(word["word"]), TimeSpan(float(word["start"]), float(word["end"])), _score(word)) for word in placed
    )
    return Utterance(span, " ".join(str(segment["text"]).split()), words, segment.get("speaker") or None)


def _score(word: Mapping[str, Any]) -> float:
    """How sure the word is; whisperX writes NaN where it cannot tell, which is no JSON for others."""
    score = float(word.get("score", 1.0))
    return score if math.isfinite(score) else 1.0


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _timings(lines: Sequence[str], webvtt: bool) -> list[_Timing]:
    found = []
    for index, line in enumerate(lines):
        if "-->" not in line:
            continue
        match = _TIMING.fullmatch(line)
        if match:
            found.append(_Timing(index, _span(match, index)))
        elif webvtt or line.lstrip()[:1] in "-0123456789":
            raise BadInput(f"Line {index + 1} of the subtitles is no time range: {line.strip()[:60]}", _HINT)
    return found


def _span(match: re.Match[str], index: int) -> TimeSpan:
    start, end = _seconds(match.groups()[:4], index), _seconds(match.groups()[4:], index)
    if end < start:
        raise BadInput(f"Line {index + 1} of the subtitles ends before it starts.", "Correct its times.")
    return TimeSpan(start, end)


def _seconds(parts: Sequence[str | None], index: int) -> float:
    hours, minutes, seconds = (int(part or 0) for part in parts[:3])
    if minutes > 59 or seconds > 59 or hours > 9999:
        raise BadInput(f"Line {index + 1} of the subtitles has an impossible time.", "Correct its times.")
    milliseconds = int((parts[3] or "0").ljust(3, "0"))
    return (hours * 3_600_000 + minutes * 60_000 + seconds * 1000 + milliseconds) / 1000


def _check_beginning(lines: Sequence[str], timings: Sequence[_Timing]) -> None:
    """SubRip begins with a counter, or with the first times."""
    first = timings[0].line if timings else len(lines)
    for index, line in enumerate(lines[:first]):
        if line.strip() and not line.strip().isdigit():
            raise BadInput(f"Line {index + 1} of the subtitles is neither a counter nor a time range.", _HINT)
    if not timings:
        raise BadInput(f"The subtitles end at line {len(lines)} without a single time range.", _HINT)


def _body(lines: Sequence[str], *, webvtt: bool, counter: bool) -> list[str]:
    """The cue's own lines among those up to the next timing line, without that one's counter or name."""
    body = [line.strip() for line in lines]
    if webvtt and "" in body:
        return body[: body.index("")]
    body = [line for line in body if line]
    if counter and body and body[-1].isdigit():
        body.pop()
    return body


def _spoken(span: TimeSpan, body: Sequence[str]) -> Iterator[Utterance]:
    """One utterance for each voice in a cue."""
    pieces = _VOICE.split(" ".join(body))
    speakers = [None, *(_plain(name) or None for name in pieces[1::2])]
    for speaker, piece in zip(speakers, pieces[::2], strict=True):
        text = _plain(piece)
        if text:
            yield Utterance(span, text, speaker=speaker)


def _plain(text: str) -> str:
    return " ".join(html.unescape(_TAG.sub("", text)).split())


def _clock(span: TimeSpan, mark: str) -> str:
    return " --> ".join(_written(seconds, mark) for seconds in (span.start_s, span.end_s))


def _written(seconds: float, mark: str) -> str:
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}{mark}{milliseconds:03d}"
