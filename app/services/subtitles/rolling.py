"""Captions that roll, as YouTube makes them: what is still on the screen from the cue before is taken out.

Such a file shows each line two or three times: when it is spoken, and again while the next one is. Only a file that
does so throughout is changed, because in any other a line that comes twice was said twice.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

from app.services.subtitles.cue import Cue

_PAUSE_S = 1.0
"""What is still on the screen after a longer pause was said again."""
_BRIEF_S = 0.1
"""A cue so short only holds the screen until the next."""
_LEAST_PAIRS = 2
_LEAST_SHARE = 0.5
_LONGEST = 200
"""Words that a cue can carry over."""


def unrolled(cues: Sequence[Cue]) -> list[Cue]:
    """The cues, in time order, each with only what it adds to the one before, if the file rolls."""
    ordered = sorted(cues, key=lambda cue: cue.span.start_s)
    pairs = itertools.pairwise(ordered)
    signs = [_is_sign(one, cue) for one, cue in pairs if cue.span.start_s <= one.span.end_s + _PAUSE_S]
    if sum(signs) < max(_LEAST_PAIRS, _LEAST_SHARE * len(signs)):
        return ordered
    result: list[Cue] = []
    before: Cue | None = None
    for cue in ordered:
        carried = _carried(before, cue) if before else 0
        added = cue.tokens[carried:]
        if added and carried and result and not added[0].begins_line:
            # A line that grows word by word stays one line; each word has the time at which it appeared.
            first, *others = added
            start_s = cue.span.start_s if first.start_s is None else first.start_s
            tokens = (*result[-1].tokens, first._replace(start_s=start_s), *others)
            result[-1] = replace(result[-1], span=result[-1].span.hull(cue.span), tokens=tokens)
        elif added:
            result.append(replace(cue, tokens=added))
        before = cue
    return result


def _is_sign(before: Cue, cue: Cue) -> bool:
    """Whether two cues look as only rolling captions do."""
    carried = _carried(before, cue)
    if not carried:
        return False
    added = cue.tokens[carried:]
    if not added:
        return 0 < min(before.span.duration_s, cue.span.duration_s) < _BRIEF_S
    return carried == len(before.tokens) or before.tokens[-carried].begins_line


def _carried(before: Cue, cue: Cue) -> int:
    """How many words at the beginning of a cue are the last ones of the cue before."""
    if cue.span.start_s > before.span.end_s + _PAUSE_S or cue.speaker != before.speaker:
        return 0
    shown, new = before.words, cue.words
    for length in range(min(len(shown), len(new), _LONGEST), 0, -1):
        if shown[-length] == new[0] and shown[-length:] == new[:length]:
            return length
    return 0
