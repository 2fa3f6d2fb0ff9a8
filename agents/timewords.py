"""Reads the time words of a question: clock times, lengths, openings, endings, before and after."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace

from agents.state import Anchor, TimeScope
from agents.vocabulary import TENS, UNITS
from agents.wording import quotations

_NUMBER_WORDS: dict[str, float] = {**UNITS, **TENS, "a": 1, "an": 1, "half a": 0.5}

_UNIT_S = {"s": 1, "sec": 1, "secs": 1, "second": 1, "seconds": 1, "m": 60, "min": 60, "mins": 60, "minute": 60,
           "minutes": 60, "h": 3600, "hr": 3600, "hrs": 3600, "hour": 3600, "hours": 3600}  # fmt: skip

_N = r"(?:\d+(?:\.\d+)?|half a|" + "|".join(sorted(_NUMBER_WORDS, key=len, reverse=True)) + r")"
_UNIT = r"(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|h|m|s)"
_LENGTH = rf"{_N}[\s-]*{_UNIT}\b(?:(?:\s+and|,)?\s+{_N}[\s-]*{_UNIT}\b)*"
_CLOCK = r"\d{1,3}:\d{2}(?::\d{2})?(?:\.\d+)?(?!\s*[ap]\.?m\b)(?![:\d])"
_MINUTE = rf"(?:the\s+)?(?:minute|second)\s+(?:mark\s+)?{_N}\b"
_MARK = r"(?:the\s+)?(?:\d+(?:\.\d+)?)(?:st|nd|rd|th)?[\s-]*(?:minute|second|hour)s?(?:[\s-]mark)?"
_TIME = rf"(?:{_CLOCK}|{_LENGTH}|{_MINUTE}|{_MARK})"
_MEDIA = r"(?:the |this )?(?:video|film|movie|clip|recording|footage|talk|lecture|meeting|show|episode|presentation|" \
         r"tutorial|podcast|lesson|session|demo|stream)"  # fmt: skip
_ABOUT = r"(?:(?:about|around|approximately|roughly|exactly|precisely|just|nearly)\s+)?"
_STOP = r"(?=\s*(?:[?.,;!]|$)|\s+(?:what|which|who|how|is|are|does|do|did|was|were|in|of the video)\b)"

Reader = Callable[[re.Match[str]], TimeScope]


def seconds(words: str) -> float | None:
    """The time that words name, in seconds: "1:02:03", "90 seconds", "minute 12", "two and a half" gives None."""
    text = words.strip().lower()
    clock = re.fullmatch(r"(?:(\d{1,3}):)?(\d{1,3}):(\d{2}(?:\.\d+)?)", text)
    if clock:
        hours, minutes, rest = clock.groups()
        return int(hours or 0) * 3600 + int(minutes) * 60 + float(rest)
    mark = re.search(rf"\b(minute|second)\s+(?:mark\s+)?({_N})\b", text)
    if mark:
        return _value(mark[2]) * _UNIT_S[mark[1]]
    if text in _UNIT_S:
        return float(_UNIT_S[text])
    total, found = 0.0, False
    for number, unit in re.findall(rf"({_N})(?:st|nd|rd|th)?[\s-]*({_UNIT})\b", text):
        total, found = total + _value(number) * _UNIT_S[unit], True
    return total if found else None


def _value(word: str) -> float:
    return float(_NUMBER_WORDS[word]) if word in _NUMBER_WORDS else float(word)


def _at(match: re.Match[str]) -> TimeScope:
    at = seconds(match["t"]) or 0.0
    if re.search(r"\b(?:exactly|precisely)\b", match[0], re.IGNORECASE):
        reach = 0.5
    else:
        reach = 15.0 if re.search(r"\b(?:about|around|near|approximately|roughly)\b", match[0], re.IGNORECASE) else 10.0
    return TimeScope(max(0.0, at - reach), at + reach, match[0], at=at)


def _between(match: re.Match[str]) -> TimeScope:
    one, other = sorted((seconds(match["a"]) or 0.0, seconds(match["b"]) or 0.0))
    return TimeScope(one, other, match[0])


def _edge(match: re.Match[str]) -> TimeScope:
    length = seconds(match["t"]) or 0.0
    first = match["edge"] in ("first", "opening", "initial")
    return TimeScope(0.0, length, match[0]) if first else TimeScope(-length, math.inf, match[0])


def _since(match: re.Match[str]) -> TimeScope:
    at = seconds(match["t"]) or 0.0
    return TimeScope(at, math.inf, match[0]) if match["side"] != "before" else TimeScope(0.0, at, match[0])


def _opening(match: re.Match[str]) -> TimeScope:
    return TimeScope(0.0, _edge_s(match), match[0])


def _closing(match: re.Match[str]) -> TimeScope:
    return TimeScope(-_edge_s(match), math.inf, match[0])


def _edge_s(match: re.Match[str]) -> float:
    return 6.0 if "very" in match[0].lower() else 30.0


def _half(match: re.Match[str]) -> TimeScope:
    start = 0.0 if match["half"] == "first" else 0.5
    return TimeScope(start, start + 0.5, match[0], share=True)


def _middle(match: re.Match[str]) -> TimeScope:
    return TimeScope(0.45, 0.55, match[0], share=True)


_RULES: tuple[tuple[re.Pattern[str], Reader], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), reader)
    for pattern, reader in (
        (rf"\b(?:between|from)\s+{_ABOUT}(?P<a>{_TIME})\s*(?:and|to|until|till|-|\u2013)\s*{_ABOUT}(?P<b>{_TIME})",
         _between),
        (rf"(?P<a>{_CLOCK})\s*(?:-|\u2013|to)\s*(?P<b>{_CLOCK})", _between),
        (rf"\b(?:in|during|within|over|for)\s+the\s+(?:very\s+)?(?P<edge>first|opening|initial|last|final|closing)\s+"
         rf"(?P<t>{_LENGTH}|minute|second|hour)", _edge),
        (rf"\b{_ABOUT}(?P<t>{_LENGTH})\s+(?:in|into)\b(?:\s+{_MEDIA})?", _at),
        (rf"\b(?P<side>before|after|since|from)\s+(?:the\s+)?{_ABOUT}(?P<t>{_CLOCK}|{_MINUTE}|\d+(?:\.\d+)?[\s-]*{_UNIT}\b)"
         rf"(?!\s+(?:of|in the oven))", _since),
        (rf"\b(?:(?:exactly|precisely)\s+)?(?:at|@|around|about|near|by|on)\s+{_ABOUT}(?P<t>{_TIME})"
         rf"(?:\s+(?:in|into)\b(?:\s+{_MEDIA})?)?", _at),
        (rf"\b(?:in|during)\s+(?P<t>{_MINUTE}|the \d+(?:st|nd|rd|th) minute)", _at),
        (rf"(?P<t>{_CLOCK})", _at),
        (r"\bin\s+the\s+(?P<half>first|second)\s+half\b", _half),
        (rf"\b(?:half[- ]?way\s+through|in\s+the\s+middle)(?:\s+of\s+{_MEDIA}|{_STOP}|\s+{_MEDIA})", _middle),
        (rf"\b(?:at|in|from|near|towards?)\s+the\s+(?:very\s+)?(?:start|beginning|opening)(?:\s+of\s+{_MEDIA}\b|{_STOP})",
         _opening),
        (rf"\b(?:at|near|towards?|by|in|until)\s+the\s+(?:very\s+)?(?:end|ending|close)(?:\s+of\s+{_MEDIA}\b|{_STOP})",
         _closing),
        (rf"\bhow\s+does\s+{_MEDIA}\s+(?:start|begin|open)\b|\b(?:opening|first|initial)\s+(?:scene|shot|seconds|moments)\b"
         r"|\bopening\s+(?:titles?|credits?|card|slide)\b", _opening),
        (rf"\bhow\s+does\s+{_MEDIA}\s+(?:end|close|finish)\b|\b(?:closing|final|last)\s+(?:scene|shot|seconds|moments)\b"
         r"|\b(?:closing|end)\s+(?:titles?|credits?|card|slide|words|remarks)\b", _closing),
    )
)  # fmt: skip


def without_quotations(question: str) -> str:
    """The question with its quoted words blanked out, at unchanged length, since times in them are not ours."""
    return re.sub(r"[\"“][^\"”]*[\"”]", lambda m: "_" * len(m[0]), question)


def time_scope(question: str) -> TimeScope | None:
    """The stretch of video that the time words of a question name, or None."""
    text = without_quotations(question)
    for pattern, reader in _RULES:
        match = pattern.search(text)
        if match:
            return _cleaned(reader(match))
    return None


def _cleaned(scope: TimeScope) -> TimeScope:
    words = scope.words.strip(" ,?.")
    return replace(scope, words=words)


_ANCHOR = re.compile(
    r"\b(?P<close>(?:right|directly|immediately|just|straight|shortly|soon|next)\s+)?(?P<side>before|after|following)\s+"
    r"(?P<text>[^,;?]{3,})",
    re.IGNORECASE,
)
_NO_ANCHOR = re.compile(
    r"\b(?:named|called|looks?|looking|asks?|takes?)\s+after\b|\bafter\s+(?:whom|which|what|all|that\b|this\b)"
    r"|\bafter\s+(?:another|the other)\b|\bbefore\s+(?:that|this)\b|\b(?:after|before)\s+(?:midnight|noon|dark)\b"
    r"|\b(?:after|before)\s+(?:the\s+)?(?:winter|summer|spring|autumn)\b"
    r"|\bthe\s+following\b|\b(?:day|night|week|month|year)\s+(?:before|after)\b",
    re.IGNORECASE,
)
_NEXT = re.compile(r"\b(?:right|directly|immediately|just|straight|shortly|next|follow(?:s|ing)?)\b", re.IGNORECASE)


_BETWEEN = re.compile(r"\bbetween\s+(?P<a>[^,;?]{3,}?)\s+and\s+(?P<b>[^,;?]{3,})", re.IGNORECASE)
_HAPPENS = re.compile(r"\b(?:said|say|says|shown|shows?|happens?|happened|written|appears?|done|does)\b", re.IGNORECASE)
_DURING = re.compile(r"(?<=\w)[\s,]+(?:while|when)\s+(?P<text>[^,;?]{3,})", re.IGNORECASE)


def during(question: str) -> Anchor | None:
    """The event at whose time the question looks: "while she reads the list"; None at the head of a question."""
    match = _DURING.search(question)
    return Anchor(_plain(match["text"]), "while") if match and _plain(match["text"]) else None


def _between_events(question: str) -> Anchor | None:
    match = _BETWEEN.search(question)
    if not match or not re.match(r"what|which|who|how|is|does|did", question.strip(), re.IGNORECASE):
        return None
    if not _HAPPENS.search(question[: match.start()]):
        return None
    return Anchor(_plain(match["a"]), "between", until=_plain(match["b"]))


def _plain(text: str) -> str:
    """The words of an event: those in quotation marks when there are any."""
    quoted = quotations(text)
    return quoted[0] if quoted else text.strip(" .\"'\u201c\u201d")


def anchor(question: str) -> Anchor | None:
    """What a question counts from with "before" or "after", unless that is a time or no event of the video."""
    if _NO_ANCHOR.search(question):
        return None
    match = _ANCHOR.search(question)
    if not match:
        return _between_events(question)
    text = _plain(match["text"])
    if not text or seconds(text) is not None:
        return None
    close = bool(match["close"] or _NEXT.search(question[: match.end("side")]))
    side = match["side"].lower()
    return Anchor(text, "before" if side == "before" else "after", close)


def without_time(question: str, scope: TimeScope | None, found: Anchor | None) -> str:
    """The question without its time words, for searching."""
    text = question
    for words in (scope.words if scope else "", found.text if found else "", found.until if found else ""):
        if words:
            text = re.sub(re.escape(words), " ", text, flags=re.IGNORECASE)
    return re.sub(r"\s+", " ", text).strip()
