"""Questions across videos: which of them tells of something, whether all do, and what each of them says about it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from agents.quoting import cited
from agents.state import Claim, Draft, Located
from agents.vocabulary import STOP_WORDS
from agents.wording import content_stems, joined

_VIDEOS = r"(?:videos?|recordings?|clips?|files?)"
_WHICH = re.compile(
    rf"\b(?:in )?(?:which|what) (?:one )?(?:of (?:the|these|those) )?(?:two |three )?{_VIDEOS}\b", re.IGNORECASE
)
_ALL = re.compile(
    rf"\b(?:in )?(?:both|all|each|every)(?: one)?(?: of)?(?: (?:the|these|those))?(?: two| three)? {_VIDEOS}\b"
    r"|\b(?:between|in|do|how do|compare) (?:the|these|those) (?:two |three )?(?:videos|recordings|clips|files)\b",
    re.IGNORECASE,
)
_YES_NO = re.compile(r"^(?:is|are|was|were|do|does|did|has|have|can)\b", re.IGNORECASE)
_COMPARING = re.compile(
    r"\b(?:compar\w+|differ\w*|mention(?:s|ed)?|talks?|speaks?|says?|shows?|deals?|contains?|discuss(?:es|ed)?|about|"
    r"have in common)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is looked for in each video, and what is asked of it."""

    form: Literal["which", "all", "each"]
    term: str


def asked_comparison(question: str) -> Comparison | None:
    """The comparison that a question asks for; None when it asks for none, or of nothing in particular."""
    match = _WHICH.search(question) or _ALL.search(question)
    if not match:
        return None
    rest = _COMPARING.sub(" ", question[: match.start()] + question[match.end() :])
    term = " ".join(word for word in re.findall(r"[\w'.-]*\w", rest) if word.lower() not in STOP_WORDS)
    if not content_stems(term):
        return None
    if _WHICH.search(question):
        return Comparison("which", term)
    return Comparison("all" if _YES_NO.match(question) else "each", term)


def compared(question: str, located: Sequence[Located]) -> Draft:
    """What was found in each video, by its title; a refusal when no video tells of it."""
    claims, asked = per_video(located), asked_comparison(question)
    if not claims or asked is None:
        return Draft(by="rules")
    if asked.form == "all":
        claims[0] = _after(_verdict(located), claims[0])
    elif asked.form == "each" and len(claims) < len(located):
        silent = joined(f'"{one.event}"' for one in located if one.passage is None)
        claims[-1] = _after("", claims[-1], f" Nothing was found in {silent}.")
    return Draft(tuple(claims), by="rules")


def per_video(located: Sequence[Located]) -> list[Claim]:
    """What was found in each video, after its title; nothing of those in which nothing was."""
    told = ((one.event, one.passage, cited(one.passage)) for one in located if one.passage)
    return [
        Claim(f'In "{title}", {text[:1].lower()}{text[1:]}', (passage,), verbatim=True) for title, passage, text in told
    ]


def _after(before: str, claim: Claim, behind: str = "") -> Claim:
    return Claim(f"{before}{claim.text}{behind}", claim.passages, verbatim=True)


def _verdict(located: Sequence[Located]) -> str:
    told = sum(one.passage is not None for one in located)
    return "Yes. " if told == len(located) else f"No, only {told} of {len(located)}. "
