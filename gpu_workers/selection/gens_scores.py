"""Reads the relevance of pictures from what a model wrote, as JSON in any of the usual forms, whole or cut off."""

from __future__ import annotations

import re
from collections.abc import Iterator

BEST = 5
_NUMBER = r"\d+(?:\.\d+)?"
_RANGE = rf"({_NUMBER})s?(?:\s*(?:-|\u2013|to)\s*({_NUMBER})s?)?"
_SCORE = r"[\"']?([0-5])(?:\.0+)?\b(?!\.?\d)"
_PAIR = re.compile(rf"[\"']?{_RANGE}[\"']?\s*:\s*{_SCORE}")
_OBJECT = re.compile(r"\{[^{}]*\}")
_SCORE_OF_OBJECT = re.compile(rf"[\"'](?:relevance|score|rating)\w*[\"']\s*:\s*{_SCORE}", re.IGNORECASE)
_LIST = re.compile(r"[\"']([a-z_ ]+)[\"']\s*:\s*\[([^\]]*)\]", re.IGNORECASE)
_ENTRY = re.compile(rf"[\"'][a-z_ ]+[\"']\s*:\s*[\"']?{_RANGE}", re.IGNORECASE)


def relevance_of(text: str, count: int) -> dict[int, int]:
    """Scores from 1 to 5 by picture number, parsed from a model's text about pictures 0 to count - 1.

    Single numbers and ranges as keys, and lists of objects with a place and a score, are read anywhere in the text, so
    JSON that is cut off or wrapped in words loses only its last, unfinished entry. Ranges are expanded, even those that
    run backwards; unknown numbers are dropped; of several scores, the highest counts.
    """
    scores: dict[int, int] = {}
    for first, last, score in [*_PAIR.findall(text), *_of_objects(text)]:
        ends = sorted((int(float(first)), int(float(last or first))))
        for number in range(ends[0], min(ends[1], count - 1) + 1):
            scores[number] = max(scores.get(number, 0), min(int(score), BEST))
    return {number: score for number, score in scores.items() if score > 0}


def _of_objects(text: str) -> Iterator[tuple[str, str, str]]:
    """First, last and score of each object such as {"frames": "11-12", "score": 5} or {"start": 3, "end": 4, ...}."""
    for written in _OBJECT.findall(text):
        score = _SCORE_OF_OBJECT.search(written)
        if score is None:
            continue
        rest = written[: score.start()] + written[score.end() :]
        for key, listed in _LIST.findall(rest):
            places = re.findall(_RANGE, listed)
            if len(places) == 2 and not key.endswith("s"):
                places = [(places[0][0], places[1][0])]
            yield from ((first, last, score[1]) for first, last in places)
        numbers = [number for place in _ENTRY.findall(rest) for number in place if number]
        if numbers:
            yield numbers[0], numbers[1] if len(numbers) > 1 else "", score[1]
