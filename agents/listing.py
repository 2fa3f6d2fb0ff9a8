"""Lists in a sentence or below a heading: "the English, French and Danish languages" are three languages."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agents.numerals import numbers
from agents.vocabulary import STOP_WORDS
from agents.wording import content_stems, stem, words

LEAST_ITEMS = 3
MOST_WORDS = 4
"""An item of a list inside a sentence is no longer than this."""

BEFORE = 2
"""A number stands at most so many words before what it counts: "three small towns"."""

_BULLET = re.compile(r"\s*(?:[\u2022\u00b7\u25aa\u25e6*\u2013-]|\d+[.)])\s+")
_JOINT = re.compile(r"\s*[,:]\s*(?:(?:and|or|&)\s+)?|\s+(?:and|or|&)\s+")
_ARTICLE = re.compile(r"^(?:an?|the)\s+", re.IGNORECASE)
_OPENER = re.compile(
    r".*\b(?:the|of|are|is|were|was|in|to|with|from|for|by|like|include[sd]?|including|namely|as|our|their|his|her)\s+",
    re.IGNORECASE | re.DOTALL,
)


def listed(text: str, noun: str) -> list[str]:
    """The items of the first list of a text whose sentence or heading names what they are (`noun`, a stem), else none.

    Only a sentence with the noun counts, so that a list of other things is not taken for an answer; nor is a list of
    which the text itself tells another number ("two of the towns" beside three names).
    """
    lines = text.splitlines()
    found = _bulleted(lines, noun) if sum(bool(_BULLET.match(line)) for line in lines) > 1 else _in_sentence(text, noun)
    told = told_numbers(text, noun)
    return found if not told or len(found) in told else []


def told_numbers(text: str, noun: str) -> list[float]:
    """The numbers that stand before the noun (a stem): of "three small towns" the 3."""
    found = words(text)
    places = [place for place, word in enumerate(found) if stem(word) == noun]
    before = (numbers(" ".join(found[max(0, place - BEFORE) : place])) for place in places)
    return [values[-1] for values in before if values]


def _bulleted(lines: Sequence[str], noun: str) -> list[str]:
    """What begins each line below a heading with the noun."""
    heading = next((n for n, line in enumerate(lines) if noun in {stem(word) for word in words(line)}), len(lines))
    if heading < len(lines) and _BULLET.match(lines[heading]):
        return []
    items = [re.split(r"[:;,]\s", _BULLET.sub("", line))[0].strip(" .") for line in lines[heading + 1 :]]
    items = [item for item in items if item]
    return items if len(items) >= LEAST_ITEMS and all(len(words(item)) <= MOST_WORDS for item in items) else []


def _in_sentence(text: str, noun: str) -> list[str]:
    clauses = [clause for clause in re.split(r";\s+|(?<=[.!?])\s+", text) if clause.strip()]
    for place, clause in enumerate(clauses):
        if noun not in {stem(word) for word in words(clause)}:
            continue
        whole = clause
        if place and _goes_on(clause) and len(_parts(clauses[place - 1])) > 1:
            whole = f"{clauses[place - 1].strip().rstrip('.')}, {clause}"
        items = _items(whole, noun)
        if len(items) >= LEAST_ITEMS:
            return items
    return []


def _parts(clause: str) -> list[str]:
    return [part.strip(" .,;:!?\"'") for part in _JOINT.split(clause)]


def _goes_on(clause: str) -> bool:
    """Whether a clause is nothing but items: a list that a transcriber broke with a full stop."""
    parts = _parts(clause)
    return len(parts) >= LEAST_ITEMS and all(len(part.split()) <= 2 for part in parts)


def _items(clause: str, noun: str) -> list[str]:
    """The longest run of short parts; the first of them ends a longer part, and the noun itself is no item."""
    parts = _parts(clause)
    best: list[str] = []
    for start, part in enumerate(parts):
        run = [_plain(_OPENER.sub("", part), noun)]
        for other in parts[start + 1 :]:
            run.append(_plain(other, noun))
            if not _is_item(run[-1]):
                run.pop()
                break
        if _is_item(run[0]) and len(run) > len(best):
            best = run
    return best


def _plain(part: str, noun: str) -> str:
    kept = (word for word in part.split() if stem(word.lower().strip(".,")) != noun)
    return _ARTICLE.sub("", " ".join(kept))


def _is_item(text: str) -> bool:
    found = words(text)
    return 0 < len(found) <= MOST_WORDS and found[0] not in STOP_WORDS and bool(content_stems(text, scaffolding=True))
