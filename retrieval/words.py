"""The words of a text, for indexes that match words. Pure: no index, no model.

Words are kept with what makes them exact: a chunk such as `416x234`, `U+1F600` or `C-c` is one code, and
a run of codes is searched as one phrase. Scripts without spaces are split into characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from app.core.paths import readable

_STOP_WORDS = """
    a about after all also am an and any are as at be because been before being but by can could did do does doing
    for from had has have he her here him his how i if in into is it its just me my no not of off on one or our
    out over she should so some than that the their them then there these they this those to too under up us was
    we were what when where which who whom whose why will with would written you your say says said show shows shown see
    seen tell tells told mention mentions mentioned video screen
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())
"""English words that most questions contain and that tell nothing about what is looked for."""

MAX_TERMS = 48
"""A question longer than this many different words is searched by its first ones."""

_GLUED_FROM = 5
"""Words of at least this many letters are also found inside longer ones."""

_SIGNS = (
    (re.compile(r"(?<![\w.])\.([A-Za-z]\w*)"), r".\1 dot\1"),
    (re.compile(r"\b([A-Za-z])\+\+(?!\w)"), r"\1++ \1plusplus"),
    (re.compile(r"\b([A-Za-z])#(?!\w)"), r"\1# \1sharp"),
)
_QUOTED = re.compile(r'"([^"]{2,200})"|“([^”]{2,200})”|«([^»]{2,200})»')
_STRAIGHT = str.maketrans({"\u2018": "'", "\u2019": "'"})
_AROUND = "\"'“”„«»()[]{}<>,;:!?"
_UNSPACED = re.compile(
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])"
)
"""A character of Thai, Lao, Burmese, Khmer, Japanese or Chinese."""


@dataclass(frozen=True, slots=True)
class Query:
    """What a question looks for, in plain words."""

    words: tuple[str, ...]
    """Content words, lower case, without repeats."""
    phrases: tuple[str, ...]
    """Quoted parts and codes, to be found as they stand."""


def spaced(text: str) -> str:
    """The text as a tokenizer that drops signs should see it.

    There is a space around each character of a script that is written without spaces, and names that live by
    their signs are spelt out behind themselves: `.NET dotNET`, `C++ Cplusplus`, `C# Csharp`.
    """
    text = unicodedata.normalize("NFKC", readable(text))
    for sign, spelt in _SIGNS:
        text = sign.sub(spelt, text)
    return _UNSPACED.sub(r" \1 ", text)


def squeezed(text: str) -> str:
    """Letters and digits only, lower case, without accents: equal for "Microsoft.Maui" and "MicrosoftMaui"."""
    decomposed = unicodedata.normalize("NFKD", readable(text)).casefold()
    return "".join(c for c in decomposed if c.isalnum())


def parse(text: str) -> Query:
    """The content words and phrases of a question; if it has stop words only, those are its words."""
    text = unicodedata.normalize("NFKC", readable(text)).translate(_STRAIGHT).replace("\x00", " ")
    quoted = tuple(next(filter(None, groups)) for groups in _QUOTED.findall(text))
    every = [word for chunk in text.split() for word in _split(chunk)]
    content = [word for word in every if word not in STOP_WORDS] or every
    phrases = (*quoted, *_code_runs(text.split()))
    return Query(tuple(dict.fromkeys(content))[:MAX_TERMS], tuple(dict.fromkeys(phrases))[:MAX_TERMS])


def _split(chunk: str) -> list[str]:
    """A chunk's words in lower case; a run of an unspaced script stays one word."""
    parts = _letters(chunk).split()
    return [part for part in parts if len(part) > 1 or part.isdigit() or _UNSPACED.match(part)] or parts


def _letters(text: str) -> str:
    """Lower case, with everything but letters, digits and the marks on them turned into spaces."""
    return "".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in text.lower())


def _code_runs(chunks: Sequence[str]) -> list[str]:
    """Runs of neighbouring chunks that look like keys, codes or file names, each run as one phrase."""
    runs: list[list[str]] = [[]]
    for chunk in chunks:
        bare = chunk.strip(_AROUND).rstrip(".")
        if bare and _is_code(bare):
            runs[-1].append(bare)
        else:
            runs.append([])
    return [" ".join(run) for run in runs if run and len("".join(run)) > 1]


def _is_code(chunk: str) -> bool:
    if chunk.lower() in STOP_WORDS:
        return False
    inner = re.search(r"\w[^\w\s']+\w|^[^\w\s]\w|^\w[+#]+$", chunk) is not None
    return inner or any(c.isdigit() for c in chunk) or len(chunk) == 1


def likeness(word: str, text: str) -> float:
    """How well the most similar stretch of `text` matches `word`, 0 to 1; both as `squeezed` gives them."""
    diagonals: Counter[int] = Counter()
    for i in range(len(word) - 2):
        place = text.find(word[i : i + 3])
        while place >= 0:
            diagonals[place - i] += 1
            place = text.find(word[i : i + 3], place + 1)
    best = 0.0
    for start, _ in diagonals.most_common(3):
        stretch = text[max(0, start) : start + len(word)]
        best = max(best, SequenceMatcher(None, word, stretch, autojunk=False).ratio())
    return best


def tokens(text: str) -> list[str]:
    """The words of a text in order, lower case, without accents and the commonest English endings."""
    return [_stem(squeezed(word)) for word in _letters(spaced(text)).split()]


def coverage(query: Query, text: str) -> float:
    """Which share of the query's words and phrases a text contains, 0 to 1; a code weighs as much as two words."""
    phrases = [squeezed(phrase) for phrase in query.phrases if squeezed(phrase)]
    possible = len(query.words) + 2 * len(phrases)
    if possible == 0:
        return 0.0
    have, whole = set(tokens(text)), squeezed(text)
    words = sum(_has(squeezed(word), have, whole) for word in query.words)
    return (words + 2 * sum(phrase in whole for phrase in phrases)) / possible


def _has(word: str, have: set[str], whole: str) -> bool:
    long = len(word) >= _GLUED_FROM or _UNSPACED.match(word) is not None
    return _stem(word) in have or (long and word in whole)


def _stem(word: str) -> str:
    """Enough to compare two texts, not to index them."""
    for ending in ("ing", "ies", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
