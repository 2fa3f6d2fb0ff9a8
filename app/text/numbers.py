"""Numbers and codes in a text, for exact comparison: "14,000" is "fourteen thousand".

Number words are read by text2num (English, German, Spanish, French, Italian, Portuguese, Dutch, Danish), Chinese
and Japanese numerals by cn2an.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

import cn2an
import regex
import text_to_num

from app.text.languages import guess_language

_WORD_LANGUAGES = frozenset({"da", "de", "en", "es", "fr", "it", "nl", "pt"})
_COMMA = "bg ca cs da de el es et eu fi fr hr hu id it lt lv nl no pl pt ro ru sk sl sr sv tr uk vi"
_COMMA_DECIMALS = frozenset(_COMMA.split())
"""Languages that write "1.234,5" where English writes "1,234.5"."""

_DIGITS = regex.compile(r"(?:(?<![\p{L}\p{N}.,:/-])[-\u2212])?\d+(?:[.,']\d+)*")
_GROUP_SPACE = regex.compile(r"(?<=\d)[\u00a0\u202f\u2009\u066c](?=\d{3}(?!\d))")
_PLAIN_SPACE = regex.compile(r"(?<=(?<!\d)\d{1,3}(?:[ ']\d{3})*) (?=\d{3}(?!\d))")
"""Separate groups of thousands in French and Russian."""
_HAN = "零\u3007一二两兩三四五六七八九十百千万萬亿億"
_HAN_NUMBER = regex.compile(rf"第?[{_HAN}]+(?:点[{_HAN}]+)?")
_HAN_SCALES = {"千": 1e3, "万": 1e4, "萬": 1e4, "亿": 1e8, "億": 1e8}
_HAN_FORMS = str.maketrans("萬億兩\u3007", "万亿两零")
_HAN_COUNTER = regex.compile("[个個只隻次秒年月日台本枚匹回岁歳位条张張块元円号號番つ]|分钟|分鐘|小时|人(?!们)")
"""A lone numeral counts only before a counted noun; otherwise the sign for 1 is mostly part of another word."""
_SCALES = (1e3, 1e6, 1e9, 1e12)
_TOKEN = regex.compile(r"[\p{L}\p{M}]+|\s+|.", regex.DOTALL)

_IN_CODE = r"[\w--[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}]]"
_CHUNK = regex.compile(
    rf"(?:\$(?=[\p{{L}}_]))?{_IN_CODE}(?:{_IN_CODE}|[-+./:\\#@](?={_IN_CODE}))*(?:\+\+|#)?", regex.VERSION1
)
_AMOUNT = regex.compile(r"\d+(?:[.,]\d+)*(?:\p{L}{1,3}|-\p{Ll}{3,}(?:-\p{Ll}+)*)?")
"""A number with its unit or ending, as in 600g, 25fps, 1980s, 20th or 5-year-old."""
_ADDRESS = regex.compile(
    r"(?!\d+(?:\.\d{3})+$)\d+(?:\.\d+){3,}|.*[_@\\#$].*|.*\+\+|[^/]*/[^/]*/.*|(?:[\w-]{2,}\.)+[a-zA-Z]\w+"
)
"""Codes without a letter next to a digit: 192.168.0.1, snake_case, C#, C++, a/path/name, file.name."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a text."""

    value: float
    text: str
    """The number as written."""
    ordinal: bool = False
    """Whether it is an ordinal: "third"."""


@dataclass(frozen=True, slots=True)
class _Found:
    start: int
    end: int
    value: float
    ordinal: bool = False
    spelt: bool = False


def numbers(text: str, language: str = "") -> list[Number]:
    """Every number in a text in order, in digits or words; for numbers inside codes see `codes`.

    Without a language it is guessed. It decides what "1.234" means and which number words are read. The lone word
    for 1 is left out: in most languages it is an article or a pronoun.
    """
    plain = unicodedata.normalize("NFKC", _GROUP_SPACE.sub("'", text)).replace("\u066b", ".")
    language = language or guess_language(plain)
    if language in _COMMA_DECIMALS:
        plain = _PLAIN_SPACE.sub("'", plain)
    hidden = _CHUNK.sub(lambda chunk: " " * len(chunk[0]) if _is_code(chunk[0]) else chunk[0], plain)
    values = sorted(
        (*_in_digits(hidden, language), *_in_words(hidden, language), *_in_han(hidden)), key=lambda number: number.start
    )
    return [
        Number(number.value, plain[number.start : number.end], number.ordinal)
        for number in _joined(values, plain, language)
        if not (number.spelt and number.value == 1 and not number.ordinal)
    ]


def spelt_numbers(text: str, language: str = "") -> list[tuple[int, int, float]]:
    """Start, end and value of every number in words, without "first", and in Chinese numerals."""
    language = language or guess_language(text)
    spelt = [number for number in _in_words(text, language) if not number.ordinal]
    return sorted((number.start, number.end, number.value) for number in (*spelt, *_in_han(text)))


def codes(text: str) -> list[str]:
    """Strings to copy exactly, in order: letters with digits, paths, addresses; but not amounts such as 600g."""
    return [chunk for chunk in _CHUNK.findall(unicodedata.normalize("NFKC", text)) if _is_code(chunk)]


def _is_code(chunk: str) -> bool:
    if _ADDRESS.fullmatch(chunk):
        return True
    mixed = any(map(str.isdigit, chunk)) and any(c.isalpha() and c.isascii() for c in chunk)
    return mixed and not _AMOUNT.fullmatch(chunk)


def _in_digits(text: str, language: str) -> Iterator[_Found]:
    for match in _DIGITS.finditer(text):
        value = _value(match[0].replace("\u2212", "-").replace("'", ""), language)
        if value is None:
            for part in regex.finditer(r"\d+", match[0]):
                yield _Found(match.start() + part.start(), match.start() + part.end(), float(part[0]))
        else:
            yield _Found(match.start(), match.end(), value)


def _value(digits: str, language: str) -> float | None:
    """The value of digits with points and commas, or None for a list such as "1,2,3"."""
    signs = "".join(dict.fromkeys(c for c in digits if c in ".,"))
    if not signs:
        return float(digits)
    if len(signs) == 2:
        thousands, decimal = signs[0], signs[1]
    else:
        repeated, grouped = digits.count(signs) > 1, all(len(part) == 3 for part in digits.split(signs)[1:])
        if repeated and not grouped:
            return None
        usual = "." if language in _COMMA_DECIMALS else ","
        thousands, decimal = (signs, "") if repeated or (grouped and signs == usual) else ("", signs)
    plain = digits.replace(thousands, "") if thousands else digits
    if decimal and plain.count(decimal) > 1:
        return None
    return float(plain.replace(decimal, ".") if decimal else plain)


class _Token:
    """A piece of text in the form that text2num needs."""

    def __init__(self, text: str) -> None:
        self._text = text

    def text(self) -> str:
        return self._text

    def nt_separated(self, previous: _Token) -> bool:
        del previous
        return False

    def not_a_number_part(self) -> bool:
        return False


def _in_words(text: str, language: str) -> Iterator[_Found]:
    # The library panics at half of a surrogate pair, which a file name or a damaged message can hold.
    pieces = _TOKEN.findall(text.encode("utf-8", "replace").decode())
    ends = list(accumulate(map(len, pieces)))
    known = language if language in _WORD_LANGUAGES else "en"
    for number in text_to_num.find_numbers([_Token(piece) for piece in pieces], known, 0.0):
        first = ends[number.start] - len(pieces[number.start])
        yield _Found(first, ends[number.end - 1], float(number.value), bool(number.is_ordinal), spelt=True)


def _in_han(text: str) -> Iterator[_Found]:
    for match in _HAN_NUMBER.finditer(text):
        ordinal, run = match[0].startswith("第"), match[0].removeprefix("第")
        after_digits = match.start() > 0 and text[match.start() - 1].isdigit()
        if run in _HAN_SCALES and after_digits:
            yield _Found(match.start(), match.end(), _HAN_SCALES[run], spelt=True)
            continue
        if len(run) == 1 and not ordinal and not _HAN_COUNTER.match(text, match.end()):
            continue
        try:
            # Japanese writes 120 without the 1 that Chinese puts before the hundred.
            value = cn2an.cn2an(("一" if run[0] in "百千万萬" else "") + run.translate(_HAN_FORMS), "smart")
        except ValueError:
            continue
        yield _Found(match.start() + ordinal, match.end(), float(value), ordinal)


def _joined(numbers_found: list[_Found], text: str, language: str) -> list[_Found]:
    """Joins digits with the scale behind them ("3.5 million"), and English years spoken as two pairs."""
    joined: list[_Found] = []
    for number in numbers_found:
        last = joined[-1] if joined else None
        if last is not None and not text[last.end : number.start].strip() and not number.ordinal:
            scaled = not last.spelt or last.value % 1 != 0
            scales = scaled and number.spelt and number.value in (*_SCALES, *_HAN_SCALES.values())
            year = (
                language == "en" and last.spelt and number.spelt and 11 <= last.value <= 21 and 10 <= number.value <= 99
            )
            if scales or year:
                value = last.value * number.value if scales else last.value * 100 + number.value
                joined[-1] = _Found(last.start, number.end, value, spelt=True)
                continue
        joined.append(number)
    return joined
