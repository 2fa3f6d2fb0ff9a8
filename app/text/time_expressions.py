"""The times in a question: clock times, spans such as "first five minutes", time codes.

A clock time counts in every language, unless it is a time of day, a score, a ratio or a verse. Spans in words are
known in English, German, Spanish and French, plain ones also in Italian, Portuguese, Dutch and Japanese, those of
Chinese by their own patterns; one table holds the words. Times inside quotation marks belong to the quotation.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import regex

from app.core.timecode import frames_s
from app.core.types import TimeSpan
from app.text.numbers import spelt_numbers

REACH_S, VAGUE_REACH_S, EXACT_REACH_S = 10.0, 15.0, 0.5
"""How far around a time to look: for words such as minute 2, for about a time, and for a time on a clock."""
CLOCK_STEP_S = 1.0
"""How long a clock shows the same time."""
EDGE_S = 30.0
"""The length of the beginning and of the end of a video."""


@dataclass(frozen=True, slots=True)
class TimeScope:
    """A span that a question names. Negative times count from the end; with `share` both are shares of the whole.

    It becomes a `TimeSpan` only with the length of a video, since "the last minute" differs from one to the next.
    """

    start: float
    end: float
    words: str
    """The words in the question."""
    share: bool = False
    at: float | None = None
    """The exact moment in seconds, if the question means one."""

    def window(self, duration_s: float) -> TimeSpan | None:
        """The span in a video of that length; None if it lies entirely past the end."""
        start, end = (self._at(edge, duration_s) for edge in (self.start, self.end))
        if start > duration_s or end < start:
            return None
        return TimeSpan(max(0.0, start), max(0.0, min(end, duration_s)))

    def _at(self, edge: float, duration_s: float) -> float:
        if math.isinf(edge):
            return duration_s
        if self.share:
            return edge * duration_s
        return edge if math.copysign(1.0, edge) > 0 else max(0.0, duration_s + edge)


_SECOND = r"seconds?|secs?|sekunden?|sek|segundos?|secondes?|second[oi]|seconden|秒钟?"
_MINUTE = r"minutes?|mins?|minuten?|minutos?|minut[oi]|minuut|分钟|分鐘|分(?=\d|[^一-鿿]|$)"
_HOUR = r"hours?|hrs?|stunden?|horas?|heures?|or[ae]|u[ur]en|uur|小时|小時|時間"
_UNITS = ((_SECOND, 1.0), (_MINUTE, 60.0), (_HOUR, 3600.0))
_UNIT = rf"(?:{_SECOND}|{_MINUTE}|{_HOUR})"

_FIRST = (
    r"first|opening|initial|ersten?|primer[oa]?s?|premi(?:er|ère)s?|prim[ioae]|primeir[oa]s?|eerste|最初の?|开头|前"
)
_LAST = r"last|final|closing|letzten?|últim[oa]s?|ultim[oaie]s?|derni(?:er|ère)s?|laatste|最后|最後の?"
_EDGE = rf"(?P<edge>{_FIRST}|{_LAST})"
_IN = r"in|during|within|im|in der|während der|en|durante|dans|pendant|nell?|nella|no|na"
_THE = r"(?:the |der |den |el |los |la |las |le |les |l'|il |i )?"

_AT = r"at|@|near|around|um|bei|gegen|an|a las?|a los|en|hacia|à|vers|alle|às|aos|om|rond|op|在"
_AFTER = r"after|since|from|nach|ab|seit|después de|tras|a partir de|desde|après|à partir de|depuis|dopo|após|vanaf"
_BEFORE = r"before|until|till|vor|bis|antes de|hasta|avant|jusqu'à|prima di|até|voor|tot"
_ABOUT = r"about|around|approximately|roughly|circa|ca\.?|etwa|ungefähr|aproximadamente|unos|environ|大约|大約"
_EXACTLY = r"exactly|precisely|genau|exactamente|exactement|précisément"
_HEDGE = rf"(?:(?:{_ABOUT}|{_EXACTLY})\s*)?"
_AND = r"and|to|until|till|und|bis|y|a|hasta|et|à|e|en|tot|-|\u2013|\u2014|到|至|から|和"
_BETWEEN = r"(?:between|from|zwischen|von|entre|desde|de|du|tra|tussen|van|从|從)\s*"

_CLOCK = r"(?<![\d:;.,/])(?<![A-Za-z])\d{1,3}:[0-5]\d(?::[0-5]\d(?:[:;]\d{2})?)?(?:[.,]\d+)?(?![:;.,/]?\d)(?![A-Za-z])"
_MARK_NOUN = (
    r"(?:(?:the |der |den |el |la |l')?"
    r"(?:minute|second|time ?(?:code|stamp)|minuto|segundo|sekunde|seconde|tiempo|zeit)(?: mark)? )?"
)
_NUMBER = r"\d+(?:[.,]\d+)?"
_LENGTH = rf"{_NUMBER}[\s-]*{_UNIT}(?![a-z])(?:(?:\s+(?:and|und|y|et)|,)?\s*{_NUMBER}[\s-]*{_UNIT}(?![a-z]))*"
_COMPACT = r"\d+h\s?\d+m(?:in)?(?:\s?\d+s)?(?![a-z\d])|\d+m(?:in)?\s?\d+s(?![a-z\d])"
_MARK = rf"{_THE}(?:minute|second|minuto|segundo|sekunde|seconde)\s+{_NUMBER}(?![\d:])|{_THE}{_NUMBER}[\s-]minute mark"
_MEDIA = (
    r"(?:video|vídeo|vidéo|film|movie|clip|recording|footage|talk|lecture|meeting|episode|presentation|película|"
    r"aufnahme)s?"
)
_OF_MEDIA = rf"(?:\s+(?:of|through|des|vom|del|de la|du|de l')\s*(?:the |this )?{_MEDIA}|(?=\s*(?:[?.!,]|$)))"

_QUOTED = regex.compile(
    r"[\"\u201c\u201d\u201e\u00ab\u300c][^\"\u201c\u201d\u201e\u00bb\u300d]*[\"\u201c\u201d\u00bb\u300d]"
)
_DAYTIME = regex.compile(r"\s*(?:[ap]\.?\s?m\b|uhr\b|o'?clock|h\b)", regex.IGNORECASE)
_DAYTIME_BEFORE = regex.compile(r"[上下中]午\s*$|晚上\s*$|午[前後]\s*$")
_RATIO_WORD = regex.compile(
    r"\b(?:score[ds]?|result|w[io]ns?|lost|lead|beats?|ratio|aspect|formato?|scale|odds|verse|ergebnis|stand|steht|gewinnt|"
    r"gewann|verhältnis|seitenverhältnis|maßstab|vers|marcador|resultado|gana|ganó|proporción|"
    r"gagne|rapport|verset)\b|比分|比例",
    regex.IGNORECASE,
)
_PICTURE_AFTER = regex.compile(r"\s*(?:picture|format|aspect|ratio|screen|display|-?bild|比例|画面)", regex.IGNORECASE)
_NAME_BEFORE = regex.compile(r"(?<!^)(?<![.?!]\s)\b\p{Lu}\p{Ll}+\s$")
_PREPOSITION_BEFORE = regex.compile(
    rf"(?<![a-zà-ÿ])(?:{_AT}|{_AFTER}|{_BEFORE}|{_ABOUT}|{_EXACTLY}|minute|timecode|timestamp)\s*$",
    regex.IGNORECASE,
)

Reader = Callable[[Any], TimeScope]


def find_scope(question: str) -> TimeScope | None:
    """The span of a video that the time words of a question name, or None."""
    # The plain forms of full-width signs and of the digits of every script; positions in the question stay as they are.
    folded = (
        str(unicodedata.decimal(character)) if character.isdecimal() else unicodedata.normalize("NFKC", character)
        for character in question
    )
    plain = "".join(form if len(form) == 1 else character for form, character in zip(folded, question, strict=True))
    plain = _QUOTED.sub(lambda quoted: "_" * len(quoted[0]), plain)
    text, places = _with_digits(plain)
    for pattern, reader in _RULES:
        for match in pattern.finditer(text):
            if not _is_other(text, match):
                start, end = places[match.start()], places[match.end()]
                scope = reader(match)
                words = question[start:end].strip(" ,?.!")
                return TimeScope(scope.start, scope.end, words, scope.share, scope.at)
    return None


def seconds(words: str) -> float | None:
    """The time in words, in seconds: "1:02:03", "00:13:05:12", "90 seconds", "minute 12", "2h30m"; None for others."""
    text, _ = _with_digits(words.strip())
    clock = regex.search(_CLOCK, text)
    if clock:
        times = [float(part) for part in regex.split("[:;]", clock[0].replace(",", "."))]
        frames = times.pop() if len(times) == 4 else 0.0  # a time code counts frames at its end
        return math.fsum(part * 60.0**power for power, part in enumerate(reversed(times))) + frames_s(frames)
    parts = regex.findall(rf"({_NUMBER})[\s-]*({_UNIT}|[hms](?=\d|\s|$))", text, regex.IGNORECASE)
    mark = regex.search(rf"({_UNIT})\s+({_NUMBER})", text, regex.IGNORECASE)
    if not parts and mark:
        parts = [(mark[2], mark[1])]
    if parts:
        return math.fsum(float(number.replace(",", ".")) * _unit_seconds(unit) for number, unit in parts)
    return _unit_seconds(text) if regex.fullmatch(_UNIT, text, regex.IGNORECASE) else None


def _with_digits(text: str) -> tuple[str, list[int]]:
    """The text with number words as digits, and for each position in it the position in the original."""
    parts: list[str] = []
    places: list[int] = []
    done = 0
    for start, end, value in spelt_numbers(text):
        if start >= done:
            digits = f"{value:g}"
            parts += [text[done:start], digits]
            places += [*range(done, start), *([start] * len(digits))]
            done = end
    return "".join((*parts, text[done:])), [*places, *range(done, len(text) + 1)]


def _unit_seconds(unit: str) -> float:
    if unit.lower() in ("h", "m", "s"):
        return {"h": 3600.0, "m": 60.0, "s": 1.0}[unit.lower()]
    return next(length for words, length in _UNITS if regex.match(rf"(?:{words})$", unit, regex.IGNORECASE))


def _is_other(text: str, match: Any) -> bool:
    """Whether a clock time is really a time of day, a score, a ratio or a verse."""
    clock = regex.search(_CLOCK, match[0])
    if clock is None:
        return False
    before, end = text[: match.start() + clock.start()], match.end()
    if _DAYTIME.match(text, end) or _DAYTIME_BEFORE.search(before):
        return True
    if _PREPOSITION_BEFORE.search(before):
        return False
    return any((_RATIO_WORD.search(text), _PICTURE_AFTER.match(text, end), _NAME_BEFORE.search(before)))


def _at(match: Any) -> TimeScope:
    at = seconds(match["t"]) or 0.0
    reach = REACH_S
    if regex.search(_B + rf"(?:{_EXACTLY})", match[0], regex.IGNORECASE):
        reach = EXACT_REACH_S
    elif regex.search(_B + rf"(?:{_ABOUT}|near)", match[0], regex.IGNORECASE):
        reach = VAGUE_REACH_S
    elif regex.search(_CLOCK, match["t"]):
        return TimeScope(max(0.0, at - EXACT_REACH_S), at + CLOCK_STEP_S, "", at=at)
    return TimeScope(max(0.0, at - reach), at + reach, "", at=at)


def _between(match: Any) -> TimeScope:
    one, other = sorted((seconds(match["a"]) or 0.0, seconds(match["b"]) or 0.0))
    return TimeScope(one, other, "")


def _edge(match: Any) -> TimeScope:
    groups = match.groupdict()
    length = seconds(groups.get("t") or f"{groups['n']} {groups['unit']}") or 0.0
    first = regex.fullmatch(_FIRST, match["edge"], regex.IGNORECASE)
    return TimeScope(0.0, length, "") if first else TimeScope(-length, math.inf, "")


def _after(match: Any) -> TimeScope:
    return TimeScope(seconds(match["t"]) or 0.0, math.inf, "")


def _before(match: Any) -> TimeScope:
    return TimeScope(0.0, seconds(match["t"]) or 0.0, "")


def _nth_minute(match: Any) -> TimeScope:
    number = int(match["n"])
    return TimeScope(max(0, number - 1) * 60.0, number * 60.0, "")


def _share(start: float, end: float) -> Reader:
    return lambda _: TimeScope(start, end, "", share=True)


_B = r"(?<![a-zà-ÿ0-9])"
_MARKED = rf"(?:{_MARK_NOUN}{_CLOCK}(?: mark)?|{_COMPACT}|{_LENGTH}|{_MARK})"
_START = r"(?:at|in|near) the (?:very )?(?:start|beginning)|am anfang|zu beginn|al principio|al comienzo|au début"
_END = r"(?:at|in|near|by) the (?:very )?end|am ende|zum schluss|al final|à la fin"
_MIDDLE = r"(?:half-?way(?= through)|in the middle|in der mitte|a (?:la )?mitad|au milieu)"
_HALF = r"(?:half(?!\s+(?:an )?hour)|hälfte|mitad|moitié)"

_RULES: tuple[tuple[Any, Reader], ...] = tuple(
    (regex.compile(pattern, regex.IGNORECASE), reader)
    for pattern, reader in (
        (rf"{_B}{_BETWEEN}{_HEDGE}(?P<a>{_MARKED})\s*(?:{_AND})\s*{_HEDGE}(?P<b>{_MARKED})", _between),
        (rf"(?P<a>{_CLOCK})\s*(?:{_AND})\s*(?P<b>{_CLOCK})", _between),
        (rf"{_B}(?:(?:{_IN})\s+)?{_THE}(?:very )?{_EDGE}\s*(?P<t>{_LENGTH})", _edge),
        (rf"{_B}(?:(?:{_IN})\s+)?{_THE}(?P<n>{_NUMBER})\s+{_EDGE}\s+(?P<unit>{_UNIT})", _edge),
        (rf"{_B}(?:{_IN})\s+{_THE}(?:very )?{_EDGE}\s+(?P<t>{_UNIT})(?![a-z])", _edge),
        (rf"{_HEDGE}(?P<t>{_COMPACT}|{_LENGTH})\s+(?:into\b(?:\s+(?:the )?{_MEDIA})?|in(?=\s*(?:[,?.]|$)))", _at),
        (rf"{_B}(?:{_AFTER})\s+{_HEDGE}(?P<t>{_MARKED})", _after),
        (rf"{_B}(?:{_BEFORE})\s+{_HEDGE}(?:the )?(?P<t>{_MARKED})", _before),
        (rf"(?P<t>{_CLOCK})\s*(?:之后|以后|以降)", _after),
        (rf"(?P<t>{_CLOCK})\s*(?:之前|以前)", _before),
        (rf"(?:{_B}(?:{_EXACTLY})\s+)?(?:{_B}(?:{_AT})\s*)?{_HEDGE}{_MARK_NOUN}(?P<t>{_CLOCK})(?: mark)?", _at),
        (rf"{_B}(?:(?:{_EXACTLY})\s+)?(?:at|@|bei|a los|à|om)\s+{_HEDGE}(?P<t>{_COMPACT}|{_LENGTH}|{_MARK})"
         r"(?!\s+(?:of|de|from|away|per|a)\b)", _at),
        (rf"{_B}(?:(?:{_EXACTLY})\s+)?(?:{_IN}|{_AT}|about)\s+{_HEDGE}(?P<t>{_MARK})", _at),
        (rf"{_B}(?:{_IN}|{_AT})\s+{_THE}(?P<n>\d+)(?:st|nd|rd|th|\.|er?|è?me|\u00aa|\u00ba)\s+minut[eo]", _nth_minute),
        (r"第?(?P<t>\d+分\d+秒|(?<=第)\d+秒)", _at),
        (r"第(?P<n>\d+)分[钟鐘]?", _nth_minute),
        (rf"{_B}(?:{_IN})\s+{_THE}(?:first|erste[nr]?|primera|première)\s+{_HALF}|前半", _share(0.0, 0.5)),
        (rf"{_B}(?:{_IN})\s+{_THE}(?:second|zweite[nr]?|segunda|seconde|deuxième)\s+{_HALF}|[后後]半",
         _share(0.5, 1.0)),
        (rf"{_B}{_MIDDLE}{_OF_MEDIA}|视频中间", _share(0.45, 0.55)),
        (rf"{_B}(?:{_START}){_OF_MEDIA}|视频(?:开头|一?开始)", lambda _: TimeScope(0.0, EDGE_S, "")),
        (rf"{_B}(?:{_END}){_OF_MEDIA}|视频(?:结尾|最后)", lambda _: TimeScope(-EDGE_S, math.inf, "")),
    )
)  # fmt: skip
