"""Checks a claim against passages: numbers, names, codes, quotations and negation must match what the passages say.

Pure functions over words; likeness of meaning and the language model's opinion are added by the node.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from agents.numerals import numbers
from agents.state import Passage
from agents.vocabulary import SCALES
from agents.wanted import premise_stems
from agents.wording import (
    codes,
    contains_phrase,
    content_stems,
    coverage,
    is_misreading,
    is_negated,
    is_title,
    joined,
    names,
    quotations,
    squeezed,
    words,
)

MIN_COVERAGE = 0.5
"""The share of a claim's content words that its passages and its question must hold together."""

NEAR = 0.6
"""The share of a clause's content words from which on another speaks of the same, and may deny it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a claim holds, and why not."""

    supported: bool
    reason: str
    doubted: bool = False
    """Whether two looks at the pictures do not agree, so that the video may tell it or not."""


def check(claim: str, passages: Sequence[Passage], question: str = "") -> Verdict:
    """Whether passages support a claim in its words. What it only repeats from the question need not be in them."""
    text = "\n".join(p.text for p in passages)
    if not text.strip():
        return Verdict(False, "there is no evidence")
    for what, absent in (
        ("the number", absent_numbers(claim, text, question)),
        ("the name", absent_names(claim, text, question)),
        ("the code", absent_codes(claim, text, question)),
        ("the quotation", absent_quotations(claim, text, question)),
    ):
        if absent:
            return Verdict(False, f"the evidence does not hold {what} {joined(absent)}")
    if _contradicts(claim, text):
        return Verdict(False, "the claim and the evidence disagree about a negation")
    stems = [s for s in content_stems(claim, scaffolding=True) if not numbers(s) and s not in SCALES]
    covered = coverage(stems, f"{text}\n{question}")
    if covered < MIN_COVERAGE:
        return Verdict(False, "most words of the claim are not in the evidence")
    return Verdict(True, "numbers, names and words are in the evidence")


def absent_numbers(claim: str, text: str, question: str = "") -> list[str]:
    """Numbers of the claim that neither the evidence nor the question holds, in digits."""
    known = set(numbers(text)) | set(numbers(question))
    return [
        f"{value:g}" for value in numbers(_without_ids(claim)) if value not in known and not _is_article(value, claim)
    ]


def _is_article(value: float, claim: str) -> bool:
    return value == 1.0 and re.search(r"\b(?:1|first)\b", claim.lower()) is None


def absent_names(claim: str, text: str, question: str = "") -> list[str]:
    """Names of the claim that the evidence does not hold, up to a misread letter, nor the question."""
    pool = set(words(f"{text}\n{question}"))
    parts = {part for word in pool for part in re.split(r"[-.']", word)}
    hay = squeezed(f"{text}\n{question}")
    return [
        name
        for name in names(claim)
        if squeezed(name) not in hay and not any(is_misreading(name.lower(), word) for word in pool | parts)
    ]


def absent_codes(claim: str, text: str, question: str = "") -> list[str]:
    """Strings that must be exact, such as KX-4471, and are not in the evidence."""
    hay = squeezed(f"{text}\n{question}")
    return [code for code in codes(_without_ids(claim)) if squeezed(code) not in hay]


def absent_quotations(claim: str, text: str, question: str = "") -> list[str]:
    """Quoted words of the claim that do not stand in the evidence."""
    return [q for q in quotations(claim) if not contains_phrase(q, text) and not contains_phrase(q, question)]


def _without_ids(claim: str) -> str:
    return re.sub(r"\[?\bE\d+\b\]?", " ", claim)


def _contradicts(claim: str, text: str) -> bool:
    """Whether a clause of the claim denies what the clauses with its words affirm, or the other way round."""
    told = _sentences(text)
    return any(_disagrees(clause, told) for sentence in _sentences(claim) for clause in _clauses(sentence))


def _sentences(text: str) -> list[str]:
    return [s for s in re.split(r"(?<=[.!?])\s+|\n", text) if s.strip()]


_OPENERS = "if|when|while|because|as|since|although|though|after|before|until|unless"
_ASIDE = re.compile(rf",(\s+(?:{_OPENERS})\b[^,;]*),", re.I)
_CLAUSE_END = re.compile(r";\s+|,?\s+but\s+|,\s+(?=(?:i|you|he|she|it|we|they|there)(?:['\u2019][a-z]+)?\s)", re.I)


def _clauses(sentence: str) -> list[str]:
    """The parts of a sentence that state something of their own, so that "not" in one denies nothing in the next.

    People speak, and recognizers write, several sentences with commas between them. Where it is not clear that a new
    clause begins, or one would hold too few words to be compared, the sentence stays whole.
    """
    parts = _CLAUSE_END.split(_ASIDE.sub(r" \1 ", sentence))
    return parts if all(len(content_stems(part, scaffolding=True)) > 1 for part in parts) else [sentence]


def _disagrees(clause: str, told: Sequence[str]) -> bool:
    stems = content_stems(clause, scaffolding=True)
    if len(stems) < 2 or is_title(clause):
        return False
    near = [one for sentence in told for one in _nearest(stems, sentence)]
    if not near:
        return is_negated(clause) and not any(is_negated(s) for s in told)
    return all(is_negated(one) != is_negated(clause) for one in near)


def _nearest(stems: Sequence[str], sentence: str) -> list[str]:
    """The clauses of a sentence that hold most of these words, else the sentence itself if it does."""
    wholes = (_clauses(sentence), [sentence])
    return next((near for parts in wholes if (near := [p for p in parts if coverage(stems, p) >= NEAR])), [])


def absent_premises(question: str, text: str) -> list[str]:
    """Content words of the question that a text does not hold: what it takes for granted and nobody says."""
    return [stem for stem in premise_stems(question) if coverage([stem], text) == 0.0]


def absent_entities(question: str, text: str) -> list[str]:
    """Names and codes of the question that a text does not hold, up to a misread letter."""
    return list(dict.fromkeys([*absent_names(question, text), *absent_codes(question, text)]))


_SAYING = (
    r"says?|said|asks?|asked|tells?|told|mentions?|mentioned|explains?|explained|thinks?|wants?|wanted|suggests?|suggested|"
    r"proposes?|proposed|announces?|announced|argues?|argued|claims?|claimed|recommends?|answers?|answered|replies|replied"
)
_SAID_BY = re.compile(
    r"\b[Ww]hat (?:else )?(?:do|does|did) (?P<who>[A-Z][\w'-]*(?: [A-Z][\w'-]*)*) "
    r"(?:say|tell|mention|think|explain|ask|answer|recommend|suggest|claim|argue|propose|announce)\b"
)


def said_by(question: str) -> str:
    """The name whose words a question asks for ("what does Weiss say"); empty for none."""
    match = _SAID_BY.search(question)
    return match["who"] if match else ""


def is_only_spoken_of(name: str, text: str) -> bool:
    """Whether a text speaks of somebody in the third person without reporting anything that they said."""
    last = re.escape(name.split()[-1])
    if not re.search(rf"\b{last}\b", text):
        return False
    reported = rf"\b{last}\b(?:\W+\w+){{0,3}}?\W+(?:{_SAYING})\b|\b(?:{_SAYING})\W+(?:\w+\W+){{0,2}}{last}\b"
    introduced = rf"\b(?:I am|I'm|my name is|this is)\b(?:\W+\w+){{0,3}}?\W+{last}\b"
    return not re.search(f"{reported}|{introduced}|\\b{last}:", text, re.IGNORECASE)


def best_units(claim: str, passage: Passage) -> Passage:
    """The passage narrowed to the sentences that carry the claim; the whole of it when no sentence stands out."""
    if len(passage.units) < 2 or passage.units[0][0] == passage.units[-1][0]:
        return passage
    stems = content_stems(claim, scaffolding=True)
    values = set(numbers(claim))
    scores = [coverage(stems, text) + (0.5 if values & set(numbers(text)) else 0.0) for _, text in passage.units]
    top = max(scores)
    if top <= 0:
        return passage
    chosen = [i for i, score in enumerate(scores) if score >= max(0.75 * top, 0.3)]
    first, last = (chosen[0], chosen[-1]) if chosen else (0, len(scores) - 1)
    units = passage.units[first : last + 1]
    text = " ".join(text for _, text in units)
    span = units[0][0].hull(units[-1][0])
    return replace(passage, span=span, text=text, units=units)
