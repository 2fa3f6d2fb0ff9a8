"""What a statement gives exactly: quotations, codes, and numbers in digits, compared with its evidence."""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.text.fuzzy import contains
from app.text.numbers import Number, codes, numbers

QUOTED = re.compile(r"[“\"«„「『]([^”\"»“」』]{3,300})[”\"»“」』]")
SAME = 0.9
"""How alike a quotation and its source must be: a recogniser's slip is forgiven, another word is not."""
SHAPES = str.maketrans("lI|Oo", "11100")
LEAST_NUMBER = 100
"""Smaller numbers are often counted from what is said or shown, and need not be written anywhere."""


def exact_fault(statement: str, evidence: Sequence[str], screen: Sequence[str] = (), titles: Sequence[str] = ()) -> str:
    """What a statement gives exactly and its evidence does not hold, as a sentence; empty when all of it is there.

    `screen`: what of the evidence was read on the screen, where recognisers take some letters for digits. `titles`:
    those of its videos, which a statement may name.
    """
    text, named = "\n".join(evidence), "\n".join(titles)
    for quotation in QUOTED.findall(statement):
        if contains(quotation, f"{text}\n{named}") < SAME:
            return f"The quotation “{quotation}” is not in the cited evidence word for word."
    plain = QUOTED.sub(" ", statement)
    known = {code.casefold() for code in codes(text)}
    misread = {_as_shapes(code) for shown in screen for code in codes(shown)}
    for code in codes(plain):
        # Titles are written, and often differ in one character alone.
        is_known = code.casefold() in known or code.casefold() in named.casefold() or _as_shapes(code) in misread
        if not is_known and contains(code, text) < SAME:
            return f"“{code}” is not in the cited evidence."
    known_numbers = numbers(text)
    if not any(map(_is_exact, known_numbers)):
        return ""
    values = {number.value for number in (*known_numbers, *numbers(named))}
    for number in numbers(plain):
        if _is_exact(number) and number.value not in values:
            return f"The number {number.text} is not in the cited evidence."
    return ""


def _as_shapes(code: str) -> str:
    """A code in which letters that recognisers take for a digit, and the digit, are one."""
    return code.translate(SHAPES).casefold()


def _is_exact(number: Number) -> bool:
    """Only digits are compared with digits: how numbers are said in words varies too much to be exact."""
    return number.value >= LEAST_NUMBER and any(map(str.isdigit, number.text))
