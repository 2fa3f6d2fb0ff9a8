"""Options of a multiple-choice question: their letters, and the reading of a reply.

A reply that names no option, or several, is a refusal. It is never replaced by a random choice; what the official
script of a benchmark would count for it is a number of its own (see `metrics.scores.official_accuracy`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from string import ascii_uppercase

from app.evaluation.datasets.rows import Row

_PREFIX = re.compile(r"\s*\(?([A-Za-z])[.):]\s*")
_INLINE = re.compile(r"(?:^|\n)\s*\(?([A-Z])[.)]\s+")
_MARKED = re.compile(r"\s*(?:[A-Z]\w+ )?(?:[A-Z]|\d)[.:)]\s+")
_TAG = re.compile(r"<answer>\s*\(?([A-Za-z])\)?[.]?\s*</answer>", re.IGNORECASE)


class Unparsed(StrEnum):
    """What the official script of a benchmark counts for a reply without an option."""

    WRONG = "wrong"
    CHANCE = "chance"
    """A random option is taken, so the expected share of one over the number of options is counted."""
    SKIPPED = "skipped"
    """The question is left out of the sum."""


def plain(options: Sequence[str]) -> tuple[str, ...]:
    """Options without their letters, if every one has its own letter in order: "A. Red", "(B) Blue"."""
    prefixes = [_PREFIX.match(option) for option in options]
    in_order = all(m and m[1].upper() == letter for m, letter in zip(prefixes, ascii_uppercase, strict=False))
    texts = [option[m.end() :] if m and in_order else option for option, m in zip(options, prefixes, strict=True)]
    return tuple(text.strip() for text in texts)


def options_of(row: Row, texts: Sequence[object]) -> tuple[str, ...]:
    """Plain options. Raises BadInput unless there are 2 to 26 texts."""
    if not 2 <= len(texts) <= len(ascii_uppercase):
        raise row.refused(f"a multiple-choice question needs 2 to 26 options, and this one has {len(texts)}")
    if any(isinstance(option, list | dict) or option is None for option in texts):
        raise row.refused("an option is no text")
    options = plain([str(option) for option in texts])
    if not all(options):
        raise row.refused("an option is empty")
    return options


def inline(row: Row, text: str) -> tuple[str, tuple[str, ...]]:
    """Question and options of a text that holds both, each option on a line with its letter. Raises BadInput."""
    marks = list(_INLINE.finditer(text))
    start = next((i for i, mark in enumerate(marks) if mark[1] == "A"), None)
    if start is None:
        raise row.refused("the question has no lines of options with letters")
    in_order = [mark for mark, letter in zip(marks[start:], ascii_uppercase, strict=False) if mark[1] == letter]
    ends = [*(mark.start() for mark in in_order[1:]), len(text)]
    options = [text[mark.end() : end] for mark, end in zip(in_order, ends, strict=True)]
    return text[: in_order[0].start()].strip(), options_of(row, options)


def has_inline(text: str) -> bool:
    """Whether a text has lines of options with letters."""
    return any(mark[1] == "A" for mark in _INLINE.finditer(text))


def marked_options(row: Row, text: str) -> tuple[str, tuple[str, ...]]:
    """Question and options of a text whose lines are "Option 1: ...", "Caption A: ..." or "A. ...". Raises BadInput."""
    lines = text.strip().split("\n")
    marked = [number for number, line in enumerate(lines) if _MARKED.match(line)]
    first = marked[0] if marked else len(lines)
    if marked != list(range(first, len(lines))):
        raise row.refused("the question does not end with its options")
    return "\n".join(lines[:first]).strip(), options_of(row, [plain_option(line) for line in lines[first:]])


def plain_option(text: str) -> str:
    """An option without its letter, number or "Option 1:"."""
    mark = _MARKED.match(text)
    return text[mark.end() :].strip() if mark else text.strip()


def letter_of(row: Row, answer: object, options: Sequence[str]) -> int:
    """Which option a letter means, as "C", "(C)", "C." or "<answer>C</answer>". Raises BadInput."""
    tag = _TAG.search(str(answer))
    letter = (tag[1] if tag else str(answer).strip("(). \n")).upper()
    if len(letter) != 1 or letter not in ascii_uppercase[: len(options)]:
        raise row.refused(f"the answer is no letter from A to {ascii_uppercase[len(options) - 1]}: {str(answer)[:40]}")
    return ascii_uppercase.index(letter)


def text_of(row: Row, answer: object, options: Sequence[str]) -> int:
    """The first option with this text; another with the same text is as right. Raises BadInput when none has it."""
    text = str(answer).strip()
    if text not in options:
        raise row.refused(f"the answer is none of the {len(options)} options: {text[:60]}")
    return list(options).index(text)


def number_of(row: Row, answer: object, options: Sequence[str]) -> int:
    """Which option a number from 0 means. Raises BadInput."""
    try:
        index = int(str(answer))
    except ValueError as error:
        raise row.refused(f"the answer is no number: {str(answer)[:40]}") from error
    if not 0 <= index < len(options):
        raise row.refused(f"the answer is {index}, and the options are 0 to {len(options) - 1}")
    return index


def read_letter(reply: str, options: Sequence[str]) -> int | None:
    """The one option that a model's reply names; None when it names none or several."""
    text = reply.strip()
    if plain_option(text) in options:
        text = plain_option(text)
    same = [i for i, option in enumerate(options) if text.casefold().rstrip(".") == option.casefold().rstrip(".")]
    if len(same) == 1:
        return same[0]
    letters = ascii_uppercase[: len(options)]
    one = f"([{letters}])"
    ways = (
        rf"(?i:<answer>)\s*\(?{one}",
        rf"(?i:\b(?:answer|option|choice)\b)(?:\s+(?i:is))?\s*:?\s*[(\"'*]*{one}\b(?! [a-z])",
        rf"\A[\s(\[\"'*]*{one}(?:[).:\]\"'*]|\s*\n|\s*\Z)",
        rf"\({one}\)",
    )
    for pattern in ways:  # the surest first; a bare "A" before a word is an article
        named = {match.upper() for match in re.findall(pattern, text)}
        if named:
            return letters.index(named.pop()) if len(named) == 1 else None
    return None
