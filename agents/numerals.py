"""Numbers in running text, whether written in digits or in English words: "14,000" is "fourteen thousand"."""

from __future__ import annotations

import re

from agents.vocabulary import ORDINALS, SCALES, TENS, UNITS

_PIECE = re.compile(r"\d[\d,]*(?:\.\d+)?|[a-z]+")


def numbers(text: str) -> list[float]:
    """Every number of a text in order. Years said as two pairs ("nineteen eighty six") are one number."""
    found: list[float] = []
    run: list[str] = []
    for piece in [*_PIECE.findall(text.lower().replace("-", " ")), ""]:
        if piece in UNITS or piece in TENS or (run and piece in {*SCALES, "point", "and"}):
            run.append(piece)
            continue
        if run:
            found += _spoken(run)
            run = []
        if piece and piece[0].isdigit():
            run_value = float(piece.rstrip(",").replace(",", ""))
            found.append(run_value)
        elif piece in ORDINALS:
            found.append(float(ORDINALS[piece]))
        elif piece in SCALES and found and piece != "hundred":
            found[-1] *= SCALES[piece]
    return found


def _spoken(run: list[str]) -> list[float]:
    whole, _, fraction = " ".join(run).partition(" point ")
    values = _whole(whole.split())
    tail = [str(UNITS[word]) for word in fraction.split() if word in UNITS and UNITS[word] < 10]
    if tail and values:
        values[-1] += float("0." + "".join(tail))
        for word in fraction.split():
            values[-1] *= SCALES.get(word, 1)
    return values


def _whole(words: list[str]) -> list[float]:
    done: list[float] = []
    total, group, last = 0, -1, ""
    for word in words:
        if word == "and":
            continue
        if word in SCALES:
            scale = SCALES[word]
            if scale == 100:
                group = max(group, 1) * 100
            else:
                total, group = total + max(group, 1) * scale, 0
        else:
            value = UNITS.get(word, TENS.get(word, 0))
            if group >= 0 and not _continues(last, value):
                done.append(float(total + group))
                total, group = 0, -1
            group = max(group, 0) + value
        last = word
    if group >= 0 or total:
        done.append(float(total + max(group, 0)))
    return _years(done)


def _continues(last: str, value: int) -> bool:
    if last in SCALES:
        return True
    return last in TENS and 0 < value < 10


def _years(values: list[float]) -> list[float]:
    if len(values) == 2 and values[0] in (*range(11, 22),) and 10 <= values[1] <= 99:
        return [values[0] * 100 + values[1]]
    return values
