"""The phrases that set one part of a text apart from the others: a heading where nobody wrote one. English only."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import regex

from app.text.sentences import split_sentences

_LITTLE_WORDS = """
    a about above across after again against all almost along already also always am among an and another any anyone
    anything are aren around as ask asked asking at away back be because become been before behind being below best
    better between big both bring but by call called came can cannot come comes coming could couldn course day days
    did didn different do does doesn doing don done down during each either else end enough even ever every
    everybody everyone everything far few find first for found from full gave get gets getting give given go goes
    going gone good got great had hadn half happen has hasn have haven having he hello her here hers herself him
    himself his how however i if in instead into is isn it its itself just keep kind knew know known last least left
    less let like little ll long look looked looking looks lot made make makes making many may maybe me mean means
    might mine more most move much must my myself near need never new next no nobody nor not nothing now of off
    often ok okay old on once one only onto or other our ours out over own page part people perhaps please point put
    quite rather re really right said same saw say saying says second see seem seems seen several shall she should
    shouldn show since so some somebody someone something sometimes soon still such sure take taken talk talked than
    thank thanks that the their theirs them then there these they thing things think this those though thought three
    through time times to today together tomorrow tonight too took toward try trying turn two under until up upon us
    use used using ve very want wanted was wasn way we week weeks well went were weren what whatever when where
    whether which while who whole whom whose why will with within without won word words work would wouldn year
    years yes yesterday yet you your yours yourself
"""
_LITTLE = frozenset(_LITTLE_WORDS.split())
_OBJECTS = frozenset(("me", "us", "him", "them"))
"""The word before these is a verb, as in "the roof worries me"."""
_RUN = regex.compile(r"[^\s,;:.!?()\[\]\"“”]+(?:\s+[^\s,;:.!?()\[\]\"“”]+)*")
_WORD = regex.compile(r"\p{L}[\p{L}'\u2019-]*")
_MOST_WORDS = 3
_LEAST_COUNT = 2
"""A phrase that occurs once says little about a part."""


def key_phrases(parts: Sequence[str], most: int = 2) -> list[list[str]]:
    """For each part the phrases of one to three words that it repeats and others do not, best first, as it spells them.

    The weight is the phrase's count in the part times the logarithm of how rare it is among the parts.
    """
    counted = [_phrases(part) for part in parts]
    spread = Counter(phrase for counts in counted for phrase in counts)
    return [_best(counts, spread, len(parts), most) for counts in counted]


def _phrases(text: str) -> dict[str, Counter[str]]:
    """The spellings of each phrase of content words, by its lower-case form."""
    by_stem: dict[str, Counter[str]] = {}
    for sentence in split_sentences(text):
        for run in _RUN.findall(sentence):
            for group in _content_runs(run):
                for size in range(1, _MOST_WORDS + 1):
                    for first in range(len(group) - size + 1):
                        phrase = " ".join(group[first : first + size])
                        by_stem.setdefault(phrase.lower(), Counter())[phrase] += 1
    return by_stem


def _content_runs(run: str) -> list[list[str]]:
    groups: list[list[str]] = [[]]
    for word in run.split():
        plain = word.replace("\u2019", "'").lower()
        is_content = _WORD.fullmatch(word) and len(word) > 2 and plain.split("'")[0] not in _LITTLE
        if is_content and not plain.endswith("ly"):
            groups[-1].append(word)
        elif groups[-1]:
            if plain in _OBJECTS:
                groups[-1].pop()
            groups.append([])
    return [group for group in groups if group]


def _best(counts: dict[str, Counter[str]], spread: Counter[str], parts: int, most: int) -> list[str]:
    def weight(phrase: str) -> tuple[float, int]:
        rare, length = math.log(1 + parts / spread[phrase]), len(phrase.split())
        return counts[phrase].total() * rare * (0.5 + 0.5 * length), length

    chosen: list[str] = []
    for phrase in sorted((p for p in counts if counts[p].total() >= _LEAST_COUNT), key=weight, reverse=True):
        words = set(phrase.split())
        if any(words & set(other.lower().split()) for other in chosen):
            continue
        chosen.append(counts[phrase].most_common(1)[0][0])
        if len(chosen) == most:
            break
    return chosen
