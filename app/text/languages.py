"""The language of a text, well enough to choose a stemmer, a table of number words or a prompt.

Scripts of a single language decide by themselves. The others go to py3langid, whose 4 MB of features come
with its package. It chooses among the languages in which people ask questions: with all of its 140 languages,
a question of four words is often taken for a rare neighbour.
"""

from __future__ import annotations

import functools
from typing import Any

import regex

_COMMON = """
    ar ca cs da de en es fa fi fr hi hu id it nl no pl pt ro sv tr ur vi
"""
COMMON = _COMMON.split()
"""The languages considered for a text in a shared script, as ISO 639-1 codes."""

_SURE = 0.12
"""The least probability of a guess, over all of `COMMON`; a single letter or a code stays below it."""

_SAMPLE = 5_000
"""Characters; a part of a file of subtitles can hold a megabyte, and the classifier looks at every byte."""

_KANA = regex.compile(r"[\p{Hiragana}\p{Katakana}]")
_SCRIPTS = (
    (regex.compile(r"\p{Hangul}"), "ko"),
    (regex.compile(r"\p{Han}"), "zh"),
    (regex.compile(r"\p{Cyrillic}"), "ru"),
    (regex.compile(r"\p{Thai}"), "th"),
    (regex.compile(r"\p{Lao}"), "lo"),
    (regex.compile(r"\p{Khmer}"), "km"),
    (regex.compile(r"\p{Myanmar}"), "my"),
    (regex.compile(r"\p{Greek}"), "el"),
    (regex.compile(r"\p{Hebrew}"), "he"),
    (regex.compile(r"\p{Armenian}"), "hy"),
    (regex.compile(r"\p{Georgian}"), "ka"),
    (regex.compile(r"\p{Tamil}"), "ta"),
)
_NEIGHBOURS = {
    "zh": (("ja", _KANA),),
    "ru": (("uk", regex.compile(r"[іїєґ]", regex.IGNORECASE)), ("sr", regex.compile(r"[јљњћђ]", regex.IGNORECASE))),
}
"""Languages that share the script, recognized by characters that the script's own language never has."""
_LETTER = regex.compile(r"\p{L}")


def guess_language(text: str) -> str:
    """The likeliest language as an ISO 639-1 code, or "" if it cannot be determined. The beginning decides.

    A text of several scripts is in the language of the script that makes up a third of its letters: a Chinese
    question may name an English product.
    """
    return _guess(text[:_SAMPLE])


@functools.lru_cache(maxsize=1024)
def _guess(text: str) -> str:
    letters = len(_LETTER.findall(text))
    for script, language in _SCRIPTS:
        if 3 * len(script.findall(text)) >= letters > 0:
            return next((other for other, sign in _NEIGHBOURS.get(language, ()) if sign.search(text)), language)
    if _KANA.search(text) and 3 * len(_KANA.findall(text)) >= letters:
        return "ja"
    best, probability = identifier(tuple(COMMON)).classify(text) if letters > 1 else ("", 0.0)
    return str(best) if probability >= _SURE else ""


@functools.cache
def identifier(languages: tuple[str, ...]) -> Any:
    """A `LanguageIdentifier` of py3langid that chooses among these languages."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    chosen = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    chosen.set_languages(list(languages))
    return chosen
