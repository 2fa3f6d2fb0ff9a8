"""What shape an answer must have: "how much does it cost" wants a price, "in which year" a year, "whose name" a name.

A statement of another shape does not answer the question, however true it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from agents.numerals import numbers
from agents.patterns import any_of
from agents.state import Plan
from agents.wording import codes, content_stems, names, squeezed, stem, words

_MONTHS = (
    r"january|february|march|april|may|june|july|august|september|october|november|december|monday|tuesday|wednesday|"
    r"thursday|friday|saturday|sunday|today|tomorrow|yesterday|week|month|morning|evening|noon|midnight|spring|summer|"
    r"autumn|winter|century|o'clock"
)
_VAGUE_AMOUNT = any_of("""
    an?|no|none|half|few|some|several|dozens?|all|both|overnight|free|twice|once|double|hours|days|weeks|years
""")


def _number(text: str) -> bool:
    return bool(numbers(text)) or bool(_VAGUE_AMOUNT.search(text))


def _price(text: str) -> bool:
    money = (
        r"[€$£¥]|\b(?:euros?|dollars?|pounds?|cents?|francs?|yen|crowns?|kroner|free|nothing|million|bucks|rupees?)\b"
    )
    return bool(re.search(money, text, re.IGNORECASE))


def _year(text: str) -> bool:
    return (
        any(1000 <= value <= 2200 for value in numbers(text)) or "eighties" in text or bool(re.search(r"\d0s\b", text))
    )


def _date(text: str) -> bool:
    return bool(numbers(text)) or bool(re.search(rf"\b(?:{_MONTHS})\b", text, re.IGNORECASE))


def _address(text: str) -> bool:
    return bool(re.search(r"https?:|www|[\w-]+\s?\.\s?[a-z]{2,}(?:\b|/)", text, re.IGNORECASE))


def _email(text: str) -> bool:
    return "@" in text or " at " in text


def _temperature(text: str) -> bool:
    return bool(re.search(r"[°º]|\b(?:degrees?|celsius|fahrenheit|kelvin)\b|\d\s?[CF]\b", text, re.IGNORECASE))


def _share(text: str) -> bool:
    return bool(re.search(r"%|\b(?:percent|per cent|half|third|quarter|all|none)\b", text, re.IGNORECASE))


def _code(text: str) -> bool:
    return bool(codes(text) or re.search(r"\d|\b[A-Z]{2,}\b", text))


@dataclass(frozen=True, slots=True)
class Wanted:
    """A shape: its name, and whether a text has it. `strict`: an answer without it is refused.

    A shape that is not strict only says what is worth reading beside the best passages.
    """

    name: str
    fits: Callable[[str], bool]
    strict: bool = True


def _or_number(fits: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda text: fits(text) or bool(numbers(text))


_RULES: tuple[tuple[re.Pattern[str], Wanted], ...] = tuple(
    (any_of(listed), wanted)
    for listed, wanted in (
        (
            r"""
            how much (?:does|do|did|is|was|were|will|would)\b.*\b(?:cost|price|pay|paid|charge|worth)
            what (?:is|was) the (?:price|cost)|what does .* cost
            """,
            Wanted("a price", _price),
        ),
        (r"(?:which|what) year", Wanted("a year", _year)),
        (r"(?:which|what) (?:date|day|month)|on what date", Wanted("a date", _date)),
        (r"web ?(?:site )?address|website|url|domain", Wanted("a web address", _address)),
        (r"e-?mail address", Wanted("an e-mail address", _email)),
        (r"temperature|how (?:hot|cold|warm)", Wanted("a temperature", _or_number(_temperature))),
        (r"percentage|what percent|what share", Wanted("a share", _or_number(_share))),
        (
            r"""
            how (?:old|tall|high|long|deep|wide|heavy|fast|far|big|large|thick)\b(?!-)|how (?:many|much)
            what (?:number|amount)
            """,
            Wanted("a number", _number),
        ),
        (r"(?:which|what) (?:code|serial|number|key sequence|shortcut)", Wanted("a code", _code)),
    )
)
_WHO = re.compile(r"^who\s+(?!(?:is|was|are|were|says?|said|speaks?|spoke)\b)", re.IGNORECASE)
_FULL_NAME = re.compile(r"\b[A-Z][a-z'-]+(?: [A-Z][a-z'-]+)+")
ODD_ONE = re.compile(r"\bwhich of (?:these|the following)\b", re.IGNORECASE)
"""A question that means options which it does not name itself."""
_NAME = re.compile(
    r"\bname(?:d)? of\b|\bwhat (?:is|was|are|were)\b.*\bnames?\b|\bwhat .* (?:called|named)\b", re.IGNORECASE
)
_ROLE = re.compile(
    r"\b(?:person|man|woman|one|somebody|someone|people)\s+(?:who|that)\s+(?:(?:is|are|was|were)\s+)?(?P<verb>[a-z]{4,})",
    re.IGNORECASE,
)
_AUXILIARY = r"(?:is|are|was|were|do|does|did|has|have|had|will|would|can|could|should|must)"
_ADJECTIVE = r"(?:the|his|her|its|their|a|an|other|exact|first|last|final|next|second|third|two|three|four|main)"
_BEFORE_VERB = re.compile(
    rf"\b(?:which|what|whose|how many|how much)\s+(?P<nouns>(?!{_AUXILIARY}\b)(?:[\w-]+\s+){{1,4}}?){_AUXILIARY}\b",
    re.IGNORECASE,
)
_AFTER_VERB = re.compile(
    rf"\b(?:which|what)(?:'s|\s+(?:is|are|was|were))(?:\s+{_ADJECTIVE})+\s+(?P<nouns>[\w-]+)", re.IGNORECASE
)
_SUBJECT = re.compile(
    rf"\b(?:which|what|how many)\s+(?:{_ADJECTIVE}\s+)*(?P<nouns>(?!{_AUXILIARY}\b)[\w-]+)", re.IGNORECASE
)
_PERSON = re.compile(r"^who\s+(?:is|was|are|were)\s+(?:the\s+)?(?P<nouns>[a-z]+)", re.IGNORECASE)


def wanted(question: str) -> Wanted | None:
    """The shape that the answer to a question must have; None when any will do."""
    for pattern, shape in _RULES:
        if pattern.search(question):
            return shape
    if _NAME.search(question):
        return Wanted("a name", lambda text: bool(new_names(text, question)), strict=True)
    if _WHO.search(question):
        return Wanted("a person", lambda text: _names_person(text, question), strict=False)
    return None


def _names_person(text: str, question: str) -> bool:
    """Whether a text holds a first and a last name; what carries a word of the question ("Comet Foster") is none."""
    asked = set(content_stems(question))
    return any(asked.isdisjoint(content_stems(name)) for name in _FULL_NAME.findall(text))


def new_names(text: str, question: str) -> list[str]:
    """Names of a text that the question does not hold; the first word of a text counts when it is no common word."""
    known = squeezed(question)
    first = [w for w in words(text)[:1] if w and text.strip()[:1].isupper() and not content_is_common(w)]
    return [name for name in [*names(text), *first] if squeezed(name) not in known]


def content_is_common(word: str) -> bool:
    """Whether a word that begins a sentence carries no meaning of its own."""
    return not content_stems(word)


def target_stems(question: str) -> frozenset[str]:
    """Stems of the noun that a question asks for ("which web address"): the answer is one, and need not say so."""
    for pattern in (_BEFORE_VERB, _AFTER_VERB, _PERSON, _SUBJECT):
        match = pattern.search(question)
        if match:
            return frozenset(content_stems(match["nouns"], scaffolding=True))
    return frozenset()


def premise_stems(question: str) -> list[str]:
    """Content stems that a question takes for granted: those of its words that do not name what is asked for."""
    targets = target_stems(question)
    return [s for s in content_stems(question) if s not in targets]


def role_stem(question: str) -> str:
    """What somebody whose name is asked for does: "read" in "the name of the person who reads it"; empty for none."""
    match = _ROLE.search(question) if _NAME.search(question) else None
    return stem(match["verb"].lower()) if match else ""


def premises(plan: Plan) -> list[str]:
    """The premises of a planned question, without the event that only tells when."""
    text = plan.question
    for event in (plan.anchor.text, plan.anchor.until) if plan.anchor else ():
        text = text.replace(event, " ") if event else text
    return premise_stems(text.replace(plan.scope.words, " ") if plan.scope else text)
