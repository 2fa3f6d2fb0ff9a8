"""One cue of a subtitle file while it is being read, and what is wrong with those that cannot be."""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from app.core.types import TimeSpan, Utterance, Word

LONGEST_TEXT = 10_000
"""Characters; no cue is longer, and no pattern below takes long on one."""
HINT = (
    "Give SubRip (.srt), WebVTT (.vtt), SubViewer (.sbv), TTML (.ttml), SubStation (.ass, .ssa), MicroDVD (.sub), "
    "MPL2, TMPlayer, SAMI (.smi), Matroska (.mks), or the JSON that whisperX writes."
)
NAMED = 3
"""How many of the cues that were left out a warning names."""

_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?[ \t]+([^<>]*)>")
_STAMP = re.compile(r"<((?:\d{1,4}:)?\d{1,2}:\d{2}[.,]\d{1,3})>")
_MARKUP = re.compile(r"[<{&]")
_READING = re.compile(r"<rt\b[^<>]*>[^<>]*(?:</rt>)?")
"""The pronunciation of a word, printed above it."""
_TAG = re.compile(r"</?[a-zA-Z][^\s<>]*(?:\s[^<>]*=[^<>]*|\s*/?)>|<(?:v|lang)\s[^<>]*>|<\d[\d:.,]*>|\{\\[^{}]*\}")
"""Tags, but not the text between two comparisons, such as a<b and c>d."""


class Token(NamedTuple):
    """A word as it is shown."""

    text: str
    start_s: float | None = None
    """When it is said, where the file says so."""
    begins_line: bool = False


@dataclass(frozen=True, slots=True)
class Cue:
    """What is shown during one span."""

    span: TimeSpan
    tokens: tuple[Token, ...]
    speaker: str | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """The words, without their times."""
        return tuple([token[0] for token in self.tokens])

    def utterance(self) -> Utterance:
        """What was said, with times of words where at least one of them has its own.

        Words that share a time, because only the first has one, share its span evenly.
        """
        text = " ".join(self.words)
        if {token[1] for token in self.tokens} == {None}:
            return Utterance(self.span, text, (), self.speaker)
        starts = [self.span.start_s]
        groups: list[list[Token]] = [[]]
        for token in self.tokens:
            if token.start_s is not None and groups[-1]:
                starts.append(min(max(token.start_s, starts[-1]), self.span.end_s))
                groups.append([])
            elif token.start_s is not None:
                starts[-1] = min(max(token.start_s, starts[-1]), self.span.end_s)
            groups[-1].append(token)
        words: list[Word] = []
        for group, start, end in zip(groups, starts, [*starts[1:], self.span.end_s], strict=True):
            edges = [start + (end - start) * place / len(group) for place in range(len(group) + 1)]
            words += [Word(token.text, TimeSpan(a, b)) for token, a, b in zip(group, edges, edges[1:], strict=False)]
        return Utterance(self.span, text, tuple(words), self.speaker)


class LeftOut:
    """The cues that could not be read, and where they stand."""

    def __init__(self) -> None:
        self._reasons: list[tuple[int, str]] = []

    def add(self, place: int, reason: str) -> None:
        """Takes note of one: the number of its line or cue, and a sentence that says where and why."""
        self._reasons.append((place, reason))

    @property
    def first(self) -> str | None:
        """The reason that comes first in the file; None where everything was read."""
        return min(self._reasons)[1] if self._reasons else None

    def warning(self) -> str | None:
        """One sentence for the user; None where everything was read."""
        if not self._reasons:
            return None
        number = len(self._reasons)
        named = " ".join(reason for _, reason in sorted(self._reasons)[:NAMED])
        more = f" And {number - NAMED} more." if number > NAMED else ""
        which = "One subtitle" if number == 1 else f"{number} subtitles"
        return f"{which} could not be read and {'was' if number == 1 else 'were'} left out. {named}{more}"


def spoken(span: TimeSpan, lines: Sequence[str], speaker: str | None = None) -> list[Cue]:
    """One cue for each voice that the lines of a cue name; none where they say nothing."""
    pieces = _VOICE.split("\n".join(lines)) if any("<v" in line for line in lines) else ["\n".join(lines)]
    speakers = [speaker, *(plain(name) or None for name in pieces[1::2])]
    cues = []
    for name, piece in zip(speakers, pieces[::2], strict=True):
        if tokens := tuple(chain.from_iterable(map(_tokens, piece.split("\n")))):
            cues.append(Cue(span, tokens, name))
    return cues


def seconds(text: str) -> float:
    """The seconds of a clock time such as 1:02:03.5 or 02:03,500, which is known to be one."""
    total = 0.0
    for part in text.replace(",", ".").split(":"):
        total = total * 60 + float(part)
    return round(total, 6)


def plain(text: str) -> str:
    """A text on one line, without tags and entities."""
    return " ".join(html.unescape(_TAG.sub("", text)).split())


@functools.lru_cache(maxsize=2**14)
def _untimed(word: str, begins_line: bool) -> Token:
    """Words recur: with one object for each, the garbage collector has no millions of them to visit."""
    return Token(word, None, begins_line)


def _tokens(line: str) -> list[Token]:
    """The words of a line; a time inside a word, as in texts without spaces, does not split it."""
    if not _MARKUP.search(line):
        return [_untimed(word, place == 0) for place, word in enumerate(line.split())]
    tokens: list[Token] = []
    pieces = _STAMP.split(_READING.sub("", line))
    spaced = True
    for piece, stamp in zip(pieces[::2], [None, *pieces[1::2]], strict=True):
        text = html.unescape(_TAG.sub("", piece))
        words = text.split()
        if words and not spaced and not text[0].isspace():
            tokens[-1] = tokens[-1]._replace(text=tokens[-1].text + words.pop(0))
        for place, word in enumerate(words):
            start_s = seconds(stamp) if stamp and place == 0 else None
            tokens.append(Token(word, start_s, begins_line=not tokens))
        spaced = text[-1].isspace() if text else spaced
    return tokens
