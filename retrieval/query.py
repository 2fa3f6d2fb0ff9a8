"""What a question looks for in an index of words, and how much of it a text holds. Pure: no index, no model.

`app.text` says what a word and a stem are. Here are the things that only an index needs: codes and quotations are
looked for as they stand, and names that live by their signs are spelt out.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from app.core.paths import readable
from app.text.languages import guess_language
from app.text.tokens import is_unspaced, stems
from app.text.tokens import words as words_of

MAX_TERMS = 48
"""A question longer than this many different words is searched by its first ones."""

_GLUED_FROM = 5
"""Words of at least this many letters are also found inside longer ones."""

ALIKE = 0.8
"""How alike a misheard or misread form of a word is, letter by letter."""

_LONG = 8
"""Letters from which on a word weighs as much as any."""

_SIGNS = (
    (re.compile(r"(?<![\w.])\.([A-Za-z]\w*)"), r".\1 dot\1"),
    (re.compile(r"\b([A-Za-z])\+\+(?!\w)"), r"\1++ \1plusplus"),
    (re.compile(r"\b([A-Za-z])#(?!\w)"), r"\1# \1sharp"),
)
_QUOTED = re.compile(r'"([^"]{2,200})"|“([^”]{2,200})”|«([^»]{2,200})»|「([^」]{2,200})」')
_INNER_SIGN = re.compile(r"\w[^\w\s'\u2019]+\w|^[^\w\s]\w|^\w[+#]+$")
"""What a key or a file name has and a word has not."""
_AROUND = "\"'“”„«»「」()[]{}<>,;:!?"


@dataclass(frozen=True, slots=True)
class Query:
    """What a question looks for."""

    words: tuple[str, ...]
    """Its words, normalised, without repeats. How rare a word is decides what it weighs, not a list."""
    phrases: tuple[str, ...]
    """Quoted parts and codes, to be found as they stand."""
    language: str
    """ISO 639-1, or empty."""


def parse(text: str) -> Query:
    """The words and phrases of a question."""
    text = unicodedata.normalize("NFKC", readable(text)).replace("\x00", " ")
    quoted = tuple(next(filter(None, groups)) for groups in _QUOTED.findall(text))
    phrases = dict.fromkeys((*quoted, *_codes(text.split())))
    return Query(tuple(dict.fromkeys(plain_words(text)))[:MAX_TERMS], tuple(phrases)[:MAX_TERMS], guess_language(text))


def plain_words(text: str, *, single_characters: bool = False) -> list[str]:
    """The words of a text, with `.NET`, `C++` and `C#` spelt out behind themselves: dotnet, cplusplus, csharp."""
    text = unicodedata.normalize("NFKC", readable(text))
    for sign, spelt in _SIGNS:
        text = sign.sub(spelt, text)
    return words_of(text, single_characters=single_characters)


def other_forms(words: Sequence[str], language: str) -> list[str]:
    """The stems of words that differ from the words, in the text's language and in English, without repeats.

    Titles and labels are too short for their language to be detected, and most of them are English.
    """
    known, text = set(words), " ".join(words)
    forms = (stem for name in dict.fromkeys((language or "en", "en")) for stem in stems(text, name))
    return [stem for stem in dict.fromkeys(forms) if stem not in known]


def squeezed(text: str) -> str:
    """Letters and digits only, lower case, without accents: equal for "Microsoft.Maui" and "MicrosoftMaui"."""
    decomposed = unicodedata.normalize("NFKD", readable(text)).casefold()
    return "".join(c for c in decomposed if c.isalnum())


def _codes(chunks: Sequence[str]) -> list[str]:
    """Keys, codes and file names, and each with the single letters behind it: "C-c" and "C-c l v"."""
    runs: list[list[str]] = []
    extends = False
    for chunk in chunks:
        bare = chunk.strip(_AROUND).rstrip(".")
        is_code = _INNER_SIGN.search(bare) is not None or any(c.isdigit() for c in bare)
        if extends and (is_code or len(bare) == 1):
            runs[-1].append(bare)
        elif is_code:
            runs.append([bare])
        extends = is_code or (extends and len(bare) == 1)
    return [phrase for run in runs for phrase in dict.fromkeys((run[0], " ".join(run))) if len(phrase) > 1]


def likeness(word: str, text: str) -> float:
    """How well the most similar stretch of `text` matches `word`, 0 to 1; both as `squeezed` gives them."""
    return fuzz.partial_ratio(word, text) / 100 if len(text) >= len(word) else fuzz.ratio(word, text) / 100


def tokens(text: str, language: str = "") -> list[str]:
    """The words of a text in order, then their other forms, without accents; the language is guessed unless given."""
    words = plain_words(text)
    return list(map(squeezed, (*words, *other_forms(words, language or guess_language(text)))))


def coverage(query: Query, text: str) -> float:
    """Which share of the query's words and phrases a text contains, 0 to 1.

    A long word weighs more than a short one, since in most languages the short ones say nothing about the subject;
    a code weighs as much as two long words.
    """
    phrases = [squeezed(phrase) for phrase in query.phrases if squeezed(phrase)]
    weights = {word: min(len(word), _LONG) for word in query.words}
    possible = sum(weights.values()) + 2 * _LONG * len(phrases)
    if possible == 0:
        return 0.0
    have, whole = _held(text, query.language)
    covered = 2 * _LONG * sum(phrase in whole for phrase in phrases)
    for word, weight in weights.items():
        plain = squeezed(word)
        is_held = not have.isdisjoint(_squeezed((word, *other_forms([word], query.language))))
        if is_unspaced(word):
            is_held = is_held or plain in whole
        elif len(plain) >= _GLUED_FROM:
            is_held = is_held or likeness(plain, whole) >= ALIKE
        covered += weight * is_held
    return covered / possible


@functools.lru_cache(maxsize=4096)
def _held(text: str, language: str) -> tuple[frozenset[str], str]:
    """The words of a text in every form, and the whole text squeezed; an agent asks of the same texts many times."""
    words = plain_words(text)
    return _squeezed((*words, *other_forms(words, language))), squeezed(text)


def _squeezed(words: Iterable[str]) -> frozenset[str]:
    return frozenset(map(squeezed, words)) - {""}
