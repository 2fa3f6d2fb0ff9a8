"""Splits running text into sentences, in every language that ends them with a sign."""

from __future__ import annotations

import regex

_CLOSING = r"[\"'\u2019\u201d\u00bb\u203a)\]\u300d\u300f\uff09\u3011]*"
_BORDER = regex.compile(
    rf"(?P<wide>[\u3002\uff01\uff1f\uff61]+{_CLOSING}\s*)"
    rf"|(?P<narrow>[.!?\u2026\u061f\u06d4\u0964\u0965\u1362\u104b]+{_CLOSING})(?P<space>\s+)"
    r"|(?P<line>\s*\n\s*\n\s*)"
)
"""A full-width sign always ends a sentence, other signs only before a space, and so does an empty line."""

_UNDIVIDED = regex.compile(r"(?<![.,:;!?\u2026\u3002\uff01\uff1f\uff1a\uff0c\u3001])(?=\n)")

_SHORT_TITLES = """
    mr mrs ms mx dr prof st sr jr sra dra hr fr frau m mm mme mlle mgr sig dott ing gen col maj capt cpt lt sgt rev hon
    pres gov sen rep messrs dhr mevr
"""
_TITLES = frozenset(_SHORT_TITLES.split())
"""Titles before a name."""
_SHORT_PLACES = "no nos nr num núm p pp pg vol fig figs ch art sec abs ca approx c cf vgl s z ziff"
_BEFORE_DIGITS = frozenset(_SHORT_PLACES.split())
"""Abbreviations before a number; otherwise they are whole words."""
_INITIALS = regex.compile(r"(?:\p{Lu}\.)*\p{Lu}")
_INITIAL_FOLLOWS = regex.compile(r"\p{L}\.")
_LAST_WORD = regex.compile(r"[^\s(\[\"'\u201c\u201e\u00ab\u2018-]*$")
_GERMAN_DATE = regex.compile(r"(?:Jan|Feb|März|Apr|Mai|Jun|Jul|Aug|Sep|Okt|Nov|Dez|Jahrhundert)", regex.IGNORECASE)


def split_sentences(text: str) -> list[str]:
    """The sentences of a text in order, without surrounding spaces; only spaces are lost.

    In doubt it does not split: "the U.S. President" and "in the U.S. Then" look alike.
    """
    sentences: list[str] = []
    start = 0
    for match in _BORDER.finditer(text):
        if match["narrow"] and not _ends_sentence(text[start : match.start()], match["narrow"], text[match.end() :]):
            continue
        sentences.append(text[start : match.end()].strip())
        start = match.end()
    return [sentence for sentence in (*sentences, text[start:].strip()) if sentence]


def one_line(text: str) -> str:
    """The lines of a text as one, with a semicolon between those that no sign divides."""
    lines = "\n".join(line.strip() for line in text.split("\n") if line.strip())
    return str(_UNDIVIDED.sub(";", lines)).replace("\n", " ")


def _ends_sentence(before: str, signs: str, after: str) -> bool:
    """Whether signs before a space end the sentence, rather than an abbreviation or an initial."""
    following = after.lstrip("\"'\u201c\u201e\u00ab\u00bf\u00a1([")[:16]
    if following[:1].islower():
        # "What?" he asked. Wait... what? Approx. ten.
        return len(signs) == 1 and signs != "."
    if _INITIAL_FOLLOWS.match(following):
        return False
    if signs[0] != "." or signs.startswith(".."):
        return True
    last = _LAST_WORD.search(before)
    word = last[0] if last else ""
    if _INITIALS.fullmatch(word) or word.lower() in _TITLES:
        return False
    if word.lower() in _BEFORE_DIGITS and following[:1].isdigit():
        return False
    is_german_date = len(word) <= 2 and _GERMAN_DATE.match(following)
    return not (word.isdigit() and (before.strip() == word or is_german_date))
