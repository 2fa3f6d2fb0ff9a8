"""The words of a text, in every script, and their stems: the only place that defines what a word is."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

import regex

from app.text.languages import guess_language

_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Hangul}\u30fc"
"""Scripts whose words have no spaces between them, and Hangul, whose words carry their particles."""

_WORD = regex.compile(
    rf"(?P<unspaced>(?:[{_UNSPACED}]\p{{M}}*)+)"
    rf"|\d+(?:[.,]\d+)*(?:[^\W{_UNSPACED}]|\p{{M}})*"
    rf"|(?:[^\W_{_UNSPACED}]|\p{{M}})+(?:(?<=\p{{L}}{{2}})'\p{{L}}{{1,2}}(?![\w]))?",
    regex.VERSION1,
)
_CLUSTER = regex.compile(r"\X")
_APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'"})
_UNWRITTEN = regex.compile(r"[\u0640\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]|(?<=\p{Arabic}\p{M}*)\p{Mn}")
"""Characters that change no word: the stretched Arabic line, Arabic vowel signs, soft hyphens, zero-width signs."""

_STEMMERS = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish", "fr": "french",
    "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian",
    "nl": "dutch", "no": "norwegian", "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian",
    "sr": "serbian", "sv": "swedish", "ta": "tamil", "tr": "turkish",
}  # fmt: skip


def normalise(text: str) -> str:
    """NFKC, casefolded, with straight apostrophes and without characters that change no word."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    plain: str = _UNWRITTEN.sub("", folded.translate(_APOSTROPHES))
    return plain


def words(text: str, *, single_characters: bool = False) -> list[str]:
    """The words of a text in order, normalised; scripts without spaces give overlapping pairs of characters.

    With `single_characters` each character of those scripts comes too, for an index that must find one alone.
    """
    tokens: list[str] = []
    for match in _WORD.finditer(normalise(text)):
        if not match["unspaced"]:
            tokens.append(match[0])
            continue
        characters = _CLUSTER.findall(match[0])
        pairs = [one + other for one, other in pairwise(characters)]
        tokens += [*characters, *pairs] if single_characters or not pairs else pairs
    return tokens


def occurrences(term: Sequence[str], tokens: Sequence[str]) -> int:
    """How often some words stand next to each other in this order."""
    size = len(term)
    return sum(list(tokens[at : at + size]) == list(term) for at in range(len(tokens) - size + 1))


def is_unspaced(word: str) -> bool:
    """Whether a word comes from a script that is written without spaces."""
    match = _WORD.fullmatch(word)
    return match is not None and match["unspaced"] is not None


def stems(text: str, language: str = "") -> list[str]:
    """The Snowball stems of `words(text)`, in order.

    Without a language it is guessed. Words of a language that has no stemmer, pairs of characters and words with
    digits stay as they are.
    """
    every = words(text)
    name = _STEMMERS.get(language or guess_language(text), "")
    return [_stem(word, name) for word in every] if name else every


@functools.lru_cache(maxsize=50_000)
def _stem(word: str, name: str) -> str:
    """Cached, because Snowball runs in Python here."""
    import snowballstemmer

    if any(map(str.isdigit, word)) or is_unspaced(word):
        return word
    return str(snowballstemmer.stemmer(name).stemWord(word))
