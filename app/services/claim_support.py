"""Checks whether quotes support a sentence, by its numbers, codes, names, words, negations and modality.

The checks are stricter than for answers: a question may supply words, but a word that a summary adds is invented.
`keeps_facts` compares only what is exact and leaves the meaning to a model; `is_supported` needs no model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.core.types import Citation
from app.text.fuzzy import likeness
from app.text.languages import guess_language
from app.text.numbers import codes, numbers
from app.text.sentences import split_sentences
from app.text.tokens import stems, words

_LITTLE_WORDS = """
    a about above after again against all also am an and any are as at be because been before being below between
    both but by can could d did do does doing done down during each either else ever every few for from further
    get gets given go goes going had has have having he her here hers herself him himself his how i if in into
    is it it's its itself just let like ll m many may me might more most much must my no nor not of off on once one
    only or other our out over own per please put quite rather re really s same shall she should since so some
    such t than that the their them then there these they thing things this those through to too under until up
    upon us use used ve very was we were what when where whether which while who whom whose why will with
    within without would yes you your
"""
_STOP_WORDS = frozenset(_LITTLE_WORDS.split())
_REPORTING = """
    chapter concern cover describe detail discuss emphasize explain feature focus highlight include introduce involve
    mention narrator outline overview part present provide report say section see show speak speaker subject summary
    talk tell topic video
"""
"""Reporting words, as in "the speaker explains": a small model may add these, but no others."""
_NEGATIONS = frozenset(("cannot", "neither", "never", "no", "nobody", "none", "nor", "not", "nothing", "without"))
_NEAR = 0.6
"""A clause with this share of another's content words is about the same thing, and may contradict it."""
_ALIKE, _LONG = 0.84, 5
"""Words of at least `_LONG` letters this similar count as one word, misheard or misread."""

_ASIDE = re.compile(
    r",(\s+(?:if|when|while|because|as|since|although|though|after|before|until|unless)\b[^,;]*),", re.IGNORECASE
)
_CLAUSE_END = re.compile(
    r";\s+|,?\s+but\s+|,\s+(?=(?:i|you|he|she|it|we|they|there)(?:['\u2019][a-z]+)?\s)", re.IGNORECASE
)


_MODES = tuple(
    re.compile(rf"\b(?:{words})\b", re.IGNORECASE)
    for words in (
        "may|might|could|perhaps|possibly|maybe|likely",
        "will|shall|(?<=['\u2019])ll|going to|plan(?:s|ned)? to|intend(?:s|ed)?",
        "should|must|ought|needs? to|ha(?:s|ve) to",
        r"(?:mov|ask|request)(?:e|e?s|ed)? (?:to|that|for)|propos(?:es?|ed)|recommend\w*|suggest\w*",
        "if|unless|whether|would",
    )
)
"""English words that say how firm a statement is: possible, intended, needed, proposed, or bound to a condition."""
_MONTH = re.compile(r"(?<=\w )May\b")
_HONORIFICS = frozenset(("mr", "mrs", "ms", "miss", "dr", "prof", "sir", "madam"))


def is_supported(text: str, quotes: Sequence[Citation]) -> bool:
    """Whether the quotes contain the sentence's facts (see `keeps_facts`), negations and every content word."""
    if not keeps_facts(text, quotes):
        return False
    evidence = "\n".join(quote.quote for quote in quotes)
    language = guess_language(evidence) or "en"
    reporting = frozenset(stems(_REPORTING, language))
    content = [stem for stem in _content_stems(text, language) if stem not in reporting]
    if _coverage(content, evidence, language) < 1.0:
        return False
    known = _sentences(evidence)
    clauses = (clause for sentence in _sentences(text) for clause in _clauses(sentence, language))
    return not any(_contradicts(clause, known, language) for clause in clauses)


def keeps_facts(text: str, quotes: Sequence[Citation]) -> bool:
    """Whether the quotes contain the sentence's numbers, codes and titles of persons, and are no less firm than it.

    "Moves to postpone" does not support "has postponed".
    """
    evidence = "\n".join(quote.quote for quote in quotes)
    language = guess_language(evidence) or "en"
    known = {number.value for number in numbers(evidence, language)}
    if any(number.value not in known for number in numbers(text, language)):
        return False
    squeezed = "".join(words(evidence))
    if any("".join(words(code)) not in squeezed for code in codes(text)):
        return False
    if not _HONORIFICS.intersection(words(text)) <= frozenset(words(evidence)):
        return False
    if _is_title(text):
        return True
    # As possible, intended, needed, proposed or conditional as the nearest clauses are.
    content, sentences = _content_stems(text, "en"), _sentences(evidence)
    near = [one for sentence in sentences for one in _nearest(content, sentence, "en")] or sentences
    own = _modes(text)
    return any(bool(own) == bool(modes) and own <= modes for modes in map(_modes, near))


def _modes(text: str) -> frozenset[int]:
    plain = _MONTH.sub(" ", text)
    return frozenset(number for number, mode in enumerate(_MODES) if mode.search(plain))


def _sentences(text: str) -> list[str]:
    return [sentence for line in text.split("\n") for sentence in split_sentences(line)]


def _content_stems(text: str, language: str) -> list[str]:
    """Stems of the content words, without numbers, which are compared by value."""
    plain = " ".join(word for word in words(text) if word not in _STOP_WORDS and not numbers(word, language))
    return list(dict.fromkeys(stem for stem in stems(plain, language) if len(stem) > 1))


def _coverage(needles: Sequence[str], text: str, language: str) -> float:
    """The share of stems that occur in a text, 0 to 1, tolerating a misread letter; 1 if there are none."""
    if not needles:
        return 1.0
    hay = frozenset(stems(text, language))
    long_words = [word for word in hay if len(word) >= _LONG]
    count = 0
    for needle in needles:
        may_be_misread = needle not in hay and len(needle) >= _LONG and not any(map(str.isdigit, needle))
        alike = may_be_misread and any(likeness(needle, word) >= _ALIKE for word in long_words)
        count += needle in hay or alike
    return count / len(needles)


def _clauses(sentence: str, language: str) -> list[str]:
    """The clauses of a sentence, so that "not" in one does not negate the next.

    If it is unclear where a new clause begins, or one would have too few words to compare, the sentence stays whole.
    """
    parts = _CLAUSE_END.split(_ASIDE.sub(r" \1 ", sentence))
    return parts if all(len(_content_stems(part, language)) > 1 for part in parts) else [sentence]


def _contradicts(clause: str, evidence: Sequence[str], language: str) -> bool:
    """Whether a clause denies what clauses about the same thing affirm, or the other way round."""
    content = _content_stems(clause, language)
    if len(content) < 2 or _is_title(clause):
        return False
    near = [one for sentence in evidence for one in _nearest(content, sentence, language)]
    if not near:
        return _is_negated(clause) and not any(map(_is_negated, evidence))
    return all(_is_negated(one) != _is_negated(clause) for one in near)


def _nearest(content: Sequence[str], sentence: str, language: str) -> list[str]:
    """The clauses of a sentence that contain most of these words, else the sentence itself if it does."""
    for parts in (_clauses(sentence, language), [sentence]):
        near = [part for part in parts if _coverage(content, part, language) >= _NEAR]
        if near:
            return near
    return []


def _is_title(text: str) -> bool:
    """Whether a text is only a name or a title: all words except "of", "the" and "and" are capitalised."""
    return all(word[:1].isupper() or word in ("of", "the", "and") for word in text.split())


def _is_negated(text: str) -> bool:
    """Whether an English sentence denies something. "Not only" does not count."""
    plain = words(text)
    return any(
        (word in _NEGATIONS or word.endswith("n't")) and (word, after) != ("not", "only")
        for word, after in zip(plain, [*plain[1:], ""], strict=True)
    )
