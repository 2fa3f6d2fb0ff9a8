"""Which language is spoken when: from how likely a model finds each language in short spans of speech. Knows no model.

Whisper is sure of a language in some seconds of clear speech, but takes noise and accents for languages of which it
has read almost nothing. So a language change must pay for itself over its neighbours (Viterbi decoding of a chain in
which changes are unlikely), and languages that are hardly ever spoken in videos need better evidence.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.core.types import TimeSpan, joined
from gpu_workers.speech import vad

UNIT_S = 12.0
"""Longest span whose language is judged at once."""
JOINED_PAUSE_S = 1.0
"""A longer pause ends such a span: languages rarely change without one."""
CHANGE = 1.5
"""What a change of language costs, as a difference of log probabilities."""
RARE_SHARE = 0.1
"""The weight of languages that Whisper names far more often than they are spoken."""
FULL_WEIGHT_S = 4.0
"""Shorter speech counts less, in proportion to its length."""
LEAST = 1e-4
"""The least probability: no single span may outweigh all others."""
SURE = 0.6
"""A language that is less likely than this in a span is uncertain there."""

RARE = frozenset((
    "la", "nn", "yi", "sa", "haw", "bo", "jw", "su", "mg", "ln", "sn", "so", "cy", "br", "mi", "oc",
    "fo", "lb", "ht", "tk", "tt", "ba", "as", "sd", "gu", "lo", "km", "my",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class JudgedSpan:
    """A span of speech, and how likely each language is in it."""

    span: TimeSpan
    shares: Mapping[str, float]


def units(voice: Sequence[TimeSpan]) -> list[TimeSpan]:
    """Spans of speech whose language is judged at once: regions joined over short pauses, long ones divided evenly."""
    return vad.regrouped(voice, UNIT_S, JOINED_PAUSE_S)


def weighed(shares: Mapping[str, float], allowed: Sequence[str] = ()) -> dict[str, float]:
    """Probabilities that sum to one, over the allowed languages, or over all with less weight on rare ones."""
    weights = {
        language: max(LEAST, share) * (RARE_SHARE if language in RARE and not allowed else 1.0)
        for language, share in shares.items()
        if not allowed or language in allowed
    }
    total = sum(weights.values())
    return {language: weight / total for language, weight in weights.items()}


def most_likely(spoken: Sequence[JudgedSpan], expected: str | None = None) -> list[str]:
    """A language for each span. The first span pays for a change too if it is not in the expected language."""
    if not spoken:
        return []
    names = {max(one.shares, key=lambda name: (one.shares[name], name)) for one in spoken}
    if expected is not None and expected in spoken[0].shares:
        names.add(expected)
    known = sorted(names)
    best = {name: _fit(spoken[0], name) - (CHANGE if expected in known and name != expected else 0.0) for name in known}
    back: list[dict[str, str]] = []
    for one in spoken[1:]:
        before = {name: max(known, key=lambda last: best[last] - CHANGE * (last != name)) for name in known}
        best = {name: best[last] - CHANGE * (last != name) + _fit(one, name) for name, last in before.items()}
        back.append(before)
    path = [max(known, key=lambda name: best[name])]
    for before in reversed(back):
        path.append(before[path[-1]])
    return path[::-1]


def uncertain(spoken: Sequence[JudgedSpan], chosen: Sequence[str]) -> list[range]:
    """Runs of neighbouring spans in one language of which the evidence alone is not sure."""
    runs: list[range] = []
    for number, (one, language) in enumerate(zip(spoken, chosen, strict=True)):
        if one.shares.get(language, 0.0) >= SURE:
            continue
        if runs and runs[-1].stop == number and chosen[number - 1] == language:
            runs[-1] = range(runs[-1].start, number + 1)
        else:
            runs.append(range(number, number + 1))
    return runs


def candidates(spoken: Sequence[JudgedSpan], chosen: Sequence[str], run: range, count: int) -> dict[str, float]:
    """The likeliest languages of a run with their mean probabilities, and those spoken before and after it."""
    means: dict[str, float] = {}
    for one in spoken[run.start : run.stop]:
        for language, share in one.shares.items():
            means[language] = means.get(language, 0.0) + share / len(run)
    likely = sorted(means, key=lambda name: (-means[name], name))[:count]
    beside = [chosen[at] for at in (run.start - 1, run.stop) if 0 <= at < len(chosen)]
    return {name: means[name] for name in dict.fromkeys([*likely, chosen[run.start], *beside])}


def in_language(
    voice: Sequence[TimeSpan], spoken: Sequence[JudgedSpan], chosen: Sequence[str]
) -> dict[str, list[TimeSpan]]:
    """The voiced regions by language, in the order in which the languages are first heard. Regions that a change of
    language divides are cut there."""
    spans: dict[str, list[TimeSpan]] = {}
    for one, language in zip(spoken, chosen, strict=True):
        spans.setdefault(language, [])
        for region in voice:
            shared = region.clipped(one.span)
            if shared is not None and shared.duration_s > 0:
                spans[language].append(shared)
    return {language: joined(parts) for language, parts in spans.items()}


def _fit(one: JudgedSpan, language: str) -> float:
    weight = min(1.0, one.span.duration_s / FULL_WEIGHT_S)
    return weight * math.log(max(LEAST, one.shares.get(language, 0.0)))
