"""Words as the agent compares them: content words, stems, names, quotations, and how much of one text is in another."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Sequence

from agents.numerals import numbers
from agents.vocabulary import NEGATIONS, SCAFFOLDING, STOP_WORDS, SYNONYMS

_WORD = re.compile(r"[^\W_]+(?:['\u2019.\-][^\W_]+)*")
_CODE = re.compile(r"[A-Za-z0-9]+(?:[-./_:][A-Za-z0-9]+)*")
_AMOUNT = re.compile(r"\d+(?:[.,:]\d+)*[A-Za-z]{0,3}")
_QUOTED = re.compile(r"[\"“”«»]([^\"“”«»]{2,})[\"“”«»]|(?<!\w)'([^']{2,})'(?!\w)")


def fold(text: str) -> str:
    """Lower case, without accents, with straight apostrophes."""
    plain = unicodedata.normalize("NFKD", text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))
    return "".join(c for c in plain if not unicodedata.combining(c)).lower()


def words(text: str) -> list[str]:
    """The words of a text in order, folded, without a possessive 's."""
    plain = re.sub(r"(?<=\d),(?=\d{3}\b)", "", fold(text))
    return [re.sub(r"'s$", "", word) for word in _WORD.findall(plain)]


def stem(word: str) -> str:
    """A word without its common English endings; equal stems mean the same word well enough to compare."""
    word = SYNONYMS.get(word, word)
    if len(word) <= 3 or any(c.isdigit() for c in word):
        return word
    for ending, replacement in (("ies", "y"), ("sses", "ss"), ("ing", ""), ("edly", ""), ("ed", ""), ("es", ""),
                                ("s", "")):  # fmt: skip
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word[: len(word) - len(ending)] + replacement
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouls":
        word = word[:-1]
    return SYNONYMS.get(word.rstrip("e") if len(word) > 3 else word, word.rstrip("e") if len(word) > 3 else word)


def content_stems(text: str, *, scaffolding: bool = False) -> list[str]:
    """Stems of the words that carry meaning, in order, without repeats.

    Words by which questions point at a video ("say", "shown", "minute") carry none unless `scaffolding`.
    """
    kept = (
        stem(word)
        for word in words(text)
        if word not in STOP_WORDS and (scaffolding or word not in SCAFFOLDING) and (len(word) > 1 or word.isdigit())
    )
    return list(dict.fromkeys(kept))


def all_stems(text: str) -> frozenset[str]:
    """The stems of all words of a text that carry meaning, parts of hyphenated words included."""
    told = words(text)
    parts = (part for word in told for part in re.split(r"[-.']", word) if part)
    return frozenset(stem(word) for word in (*told, *parts) if word not in STOP_WORDS)


def coverage(needles: Sequence[str], text: str) -> float:
    """The share of stems that occur in a text, 0 to 1, tolerant of a misread letter; 1 when there are none."""
    if not needles:
        return 1.0
    return sum(occurs(needle, text) for needle in needles) / len(needles)


def occurs(needle: str, text: str) -> bool:
    """Whether a stem occurs in a text: exactly, as the same number, or with about one letter in six misread."""
    stems = all_stems(text)
    if needle in stems:
        return True
    values = numbers(needle)
    if values:
        return values[0] in numbers(text) or (needle.isalnum() and any(is_misreading(needle, s) for s in stems))
    return len(needle) >= 5 and any(is_misreading(needle, s) for s in stems)


def is_misreading(one: str, other: str) -> bool:
    """Whether two words differ by no more than a reader of pixels or of sound gets wrong. Digits must agree."""
    if one == other:
        return True
    if re.sub(r"\D", "", one) != re.sub(r"\D", "", other) or abs(len(one) - len(other)) > 2:
        return False
    if min(len(one), len(other)) >= 5 and (one.startswith(other) or other.startswith(one)):
        return True
    return min(len(one), len(other)) >= 5 and difflib.SequenceMatcher(None, one, other).ratio() >= 0.84


def likeness(one: str, other: str) -> float:
    """How alike two short strings are letter by letter, 0 to 1, blind to case, spaces and punctuation."""
    a, b = squeezed(one), squeezed(other)
    return difflib.SequenceMatcher(None, a, b, autojunk=False).ratio() if a and b else 0.0


def squeezed(text: str) -> str:
    """Letters and digits only."""
    return re.sub(r"[\W_]+", "", fold(text))


def contains_phrase(phrase: str, text: str, *, tolerance: float = 0.86) -> bool:
    """Whether a phrase stands in a text, blind to spaces and punctuation, letter by letter up to misreadings."""
    needle, hay = squeezed(phrase), squeezed(text)
    if not needle:
        return False
    if needle in hay:
        return True
    if len(needle) < 6 or len(hay) < len(needle) - 2:
        return False
    size = len(needle)
    step = max(1, size // 6)
    spans = range(0, max(1, len(hay) - size + 1), step)
    matcher = difflib.SequenceMatcher(None, "", needle, autojunk=False)
    for at in spans:
        matcher.set_seq1(hay[at : at + size])
        if matcher.quick_ratio() >= tolerance and matcher.ratio() >= tolerance:
            return True
    return False


def names(text: str) -> list[str]:
    """Words that are written like names: a capital inside a sentence, or capitals throughout."""
    found: list[str] = []
    for sentence in re.split(r"(?<=[.!?:])\s+|\n", text):
        for place, word in enumerate(_WORD.findall(sentence)):
            plain = re.sub(r"['\u2019]s$", "", word)
            is_name = plain[:1].isupper() and len(plain) > 1 and plain.lower() not in STOP_WORDS
            inside = place > 0 or any(c.isupper() for c in plain[1:])
            if is_name and inside and not re.fullmatch(r"E\d+", plain):
                found.append(plain)
    return list(dict.fromkeys(found))


def is_title(text: str) -> bool:
    """Whether a text is only a name or a title: all of its words have a capital, but for "of", "the" and "and"."""
    return all(word[:1].isupper() or word in ("of", "the", "and") for word in text.split())


def codes(text: str) -> list[str]:
    """Strings that must be copied exactly: letters with digits, paths, addresses; not amounts such as 600g."""
    return [
        code
        for code in _CODE.findall(text)
        if any(c.isalpha() for c in code)
        and (any(c.isdigit() for c in code) or re.search(r"[A-Za-z][./_][A-Za-z]", code))
        and not _AMOUNT.fullmatch(code)
    ]


def quotations(text: str) -> list[str]:
    """What stands in quotation marks."""
    return [(a or b).strip() for a, b in _QUOTED.findall(text)]


def is_negated(text: str) -> bool:
    """Whether a sentence denies something. "Not only" does not."""
    told = words(text)
    return any(
        (word in NEGATIONS or word.endswith("n't")) and (word, after) != ("not", "only")
        for word, after in zip(told, [*told[1:], ""], strict=True)
    )


def joined(items: Iterable[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    listed = list(items)
    return listed[0] if len(listed) == 1 else ", ".join(listed[:-1]) + " and " + listed[-1] if listed else ""


def clock(seconds: float) -> str:
    """A time as people write it: 0:21, 12:30, 1:02:03."""
    whole = int(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def joined_lines(texts: Iterable[str]) -> str:
    """Sentences as one running text."""
    return " ".join(text.strip() for text in texts if text.strip())
