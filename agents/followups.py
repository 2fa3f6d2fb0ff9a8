"""Questions of a conversation that point back: "and after that?", "who said it?", "what about the second one?".

Rules put in what was asked, answered and cited before; the whole question is shown to the person who asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from agents.phrases import Phrase, complement, named, noun_phrases
from agents.state import Anchor, Place
from agents.timewords import time_scope
from agents.vocabulary import ORDINALS
from agents.wording import clock, content_stems, squeezed, words
from app.core.types import AnswerStatus, Citation, SegmentKind, Turn

EXCERPT = 12
"""Words of a citation that name its moment."""
FRAGMENT = 8
"""A question without a verb is no longer than this."""
SHORT = 5
"""An answer that only names something is no longer than this, in words."""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A question that points back, as a whole one."""

    question: str
    anchor: Anchor | None = None
    """The moment from which it counts, when it was cited before."""
    place: Place | None = None
    """The moment that it is about: only that video is meant."""
    by: Literal["rules", "model"] = "rules"
    wording: str = ""
    """The question with its pronouns: a sentence that answers it may say "she" too, beside one with the name."""


_OPENER = re.compile(r"^(?:(?:and|but|so|ok|okay|then)\b[\s,]*)*(?:(?:what|how) about\b\s*)?", re.IGNORECASE)
_BACK = r"(?:that|this|it|then|him|her|them|those|these)"
_END = r"(?=\s*(?:[?.,;!]|$)|\s+(?:about|in|on|at|is|was|were|are|does|did|do|what|who|which|how|when|where|why)\b)"
_SIDE = re.compile(
    rf"(?:\b(?P<close>right|just|directly|immediately|shortly|soon)\s+)?\b(?P<side>before|after|following)\s+{_BACK}{_END}",
    re.IGNORECASE,
)
_LATER = re.compile(
    r"^(?:and\s+)?then what\b|\b(?:what then|next|then|afterwards?|later(?: on)?)(?=\s*[?.!]*$)", re.IGNORECASE
)
_NEXT = re.compile(
    r"\b(?:the|his|her|their)\s+(?P<side>next|following|previous)\s+(?P<noun>items?|slides?|steps?|parts?|points?|topics?|"
    r"scenes?|chapters?|sections?|lines?|sentences?|words?|things?|texts?|titles?)\b",
    re.IGNORECASE,
)
_DURING = re.compile(
    rf"\b(?:at|during|in) (?:that|this) (?:time|moment|point|part|scene)\b|\bmeanwhile\b|\bat the same time\b|"
    rf"\bwhile (?:he|she|they|it) (?:say|says|said|does|did|do|happens|happened)\s*{_BACK}?\b",
    re.IGNORECASE,
)
_WHO = re.compile(
    r"^who (?P<verb>says?|said|claims?|claimed|mentions?|mentioned|tells?|told|asks?|asked)"
    r"(?:\s+(?:it|that|this|so|us|me|the words))*\s*[?.!]*$",
    re.IGNORECASE,
)
_WHEN = re.compile(
    r"^(?:when|where|at (?:what|which) (?:time|minute|moment))(?: exactly)?"
    r"(?: (?:is|was|does|did) (?:it|that|this)(?: (?:said|shown|mentioned|happen|written))?| in the video)?\s*[?.!]*$",
    re.IGNORECASE,
)
_BARE = re.compile(r"^(?:why|how|how come|really|(?:what|who|where|anything) else)\s*[?.!]*$", re.IGNORECASE)
_ORDINAL = re.compile(rf"\b(?P<word>{'|'.join(ORDINALS)}|last|other)\b", re.IGNORECASE)
_ORDINAL_ALONE = re.compile(rf"^the (?P<word>{'|'.join(ORDINALS)}|last|other)(?: (?:one|time|part))?$", re.IGNORECASE)
_VERB = re.compile(
    r"\b(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|must|may|who|what|which|when|where|why|"
    r"how)\b",
    re.IGNORECASE,
)
_FINITE = re.compile(
    r"\b(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|must|may)\b", re.IGNORECASE
)
_PREPOSITION = re.compile(r"^(?P<word>in|on|at|during|before|after|between|for|from|by|with|to|of)\b", re.IGNORECASE)
_HEAD = re.compile(r"^(?:the|an?|in|on|at|during|before|after|between|for|from|by|with|to|of)\b", re.IGNORECASE)
_PERSON = re.compile(r"\b(?P<word>he|she|him|her|his|hers)\b", re.IGNORECASE)
_SAYING = re.compile(
    r"\s+(?:(?:also|then)\s+)?(?:says?|said|tells?|told|mentions?|mentioned|explains?|explained|describes?|talks?|talked|"
    r"speaks?|asks?|asked|recommends?|announces?)\b",
    re.IGNORECASE,
)
"""Whoever says something in a question is the speaker of the video, unless the question before was of saying too."""
_THING = re.compile(
    rf"\b(?P<word>its|their|theirs|(?:that|this) one|it|they|them|(?:that|this|those|these){_END})(?=\W|$)",
    re.IGNORECASE,
)
_DUMMY = re.compile(
    r"\bis it (?:said|true|mentioned|possible)\b|\bwhat time is it\b|\bhow is it that\b|"
    r"\bsummari[sz]e (?:it|this|that)\b|\b(?:is|was) (?:it|this|that) (?:all about|about|recorded|filmed|published)\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r'^At [\d:]+: (?:the screen shows )?"(?P<text>.*)"$')
_ASKS = {
    SegmentKind.SPEECH: "What is said",
    SegmentKind.SCREEN_TEXT: "What is written on the screen",
}


def points_back(question: str) -> bool:
    """Whether a question cannot be understood without what came before it."""
    text = question.strip()
    opened = _OPENER.match(text)
    if opened and opened[0].strip():
        return True
    if _SIDE.search(text) or _LATER.search(text) or _DURING.search(text) or _WHO.match(text) or _WHEN.match(text):
        return True
    return bool(_BARE.match(text)) or _is_fragment(text) or _open_pronoun(text, _THING) is not None


def resolved(question: str, turns: Sequence[Turn]) -> FollowUp | None:
    """The whole question that one which points back means, by rules; None when it stands alone or no rule fits."""
    if not turns:
        return None
    for rule in (_ordinal, _beside, _who_said, _when_said, _swapped, _pronouns, _complete):
        found = rule(question.strip(), turns)
        if found is not None:
            return replace(found, question=_sentence(found.question))
    return None


def _rest(question: str) -> str:
    """The question without "and", "what about" at its head and the mark at its end."""
    return _OPENER.sub("", question, count=1).strip(" ?.!,")


def _is_fragment(question: str) -> bool:
    """Whether a question has no verb: "and the library?", "in the last minute?", "PostgreSQL?"; no command either."""
    opened, rest = _OPENER.match(question), _rest(question)
    if not 0 < len(words(rest)) <= FRAGMENT or _VERB.search(rest):
        return False
    named_alone = question.rstrip().endswith("?") and rest[:1].isupper() and len(words(rest)) <= 2
    return bool(opened and opened[0].strip()) or bool(_HEAD.match(rest)) or named_alone


def _sentence(text: str) -> str:
    plain = re.sub(r"\s+([?.,!])", r"\1", re.sub(r"\s+", " ", text)).strip()
    plain = plain[:1].upper() + plain[1:]
    return plain if plain.endswith("?") else plain.rstrip(".!") + "?"


def _cited(turns: Sequence[Turn], place: int = -1) -> Citation | None:
    """A citation of the last answer that has any; None when there is none."""
    for turn in reversed(turns):
        if turn.answer.citations:
            return turn.answer.citations[place] if place < len(turn.answer.citations) else None
    return None


def _place(cited: Citation) -> Place:
    return Place(cited.video_id, cited.span, cited.kind, cited.quote)


def _excerpt(cited: Citation) -> str:
    """The first words of a citation, up to a mark: they name its moment and are no longer than a title."""
    line = cited.quote.replace('"', "").strip()
    clause = re.split(r"[,;?!:\n]|\.(?:\s|$)", line)[0].strip() or line
    return " ".join(clause.split()[:EXCERPT])


def _anchor(cited: Citation, side: Literal["before", "after", "while"], close: bool) -> Anchor:
    return Anchor(_excerpt(cited), side, close, at=_place(cited))


def _beside(question: str, turns: Sequence[Turn]) -> FollowUp | None:
    """Time words that point back: what comes after, before or during what was cited last."""
    cited = _cited(turns)
    if cited is None:
        return None
    name = f'"{_excerpt(cited)}"'
    match = _SIDE.search(question)
    if match:
        side: Literal["before", "after"] = "before" if match["side"].lower() == "before" else "after"
        return _counted(question, match, side, bool(match["close"]), cited)
    match = _NEXT.search(question)
    if match:
        before = match["side"].lower() == "previous"
        words_ = f"the {match['noun']} right {'before' if before else 'after'} {name}"
        anchor = _anchor(cited, "before" if before else "after", close=False)
        return FollowUp(question[: match.start()] + words_ + question[match.end() :], anchor)
    if _LATER.search(question) or re.fullmatch(r"(?:and\s+)?(?:then|next)\W*", question, re.IGNORECASE):
        rest = re.sub(
            r"\b(?:and )?(?:then what|what then|next|then|afterwards?|later)\b", " ", question, flags=re.IGNORECASE
        )
        return FollowUp(f"{_asked(rest, cited)} right after {name}", _anchor(cited, "after", close=True))
    match = _DURING.search(question)
    if match:
        rest = question[: match.start()] + question[match.end() :]
        return FollowUp(f"{_asked(rest, cited)} while {name}", _anchor(cited, "while", close=False))
    return None


def _counted(
    question: str, match: re.Match[str], side: Literal["before", "after"], close: bool, cited: Citation
) -> FollowUp:
    name = f'{side} "{_excerpt(cited)}"'
    rest = question[: match.start()] + question[match.end() :]
    if not _VERB.search(_rest(rest)):
        return FollowUp(f"{_asked(rest, cited)} right {name}", _anchor(cited, side, close=True))
    whole = f"{question[: match.start()]}{match['close'] or ''} {name}{question[match.end() :]}"
    return FollowUp(_OPENER.sub("", whole, count=1), _anchor(cited, side, close))


def _asked(rest: str, cited: Citation) -> str:
    """What is asked for beside the moment; what is said or written there when nothing else is."""
    plain = _rest(rest)
    return plain if _VERB.search(plain) and len(words(plain)) > 1 else _ASKS.get(cited.kind, "What happens")


def _who_said(question: str, turns: Sequence[Turn]) -> FollowUp | None:
    cited = _cited(turns, 0)
    if cited is None or cited.kind is not SegmentKind.SPEECH or not _WHO.match(_rest(question)):
        return None
    return FollowUp(f'Who says "{_excerpt(cited)}"', place=_place(cited))


def _when_said(question: str, turns: Sequence[Turn]) -> FollowUp | None:
    cited = _cited(turns, 0)
    if cited is None or not _WHEN.match(_rest(question)):
        return None
    verb = "said" if cited.kind is SegmentKind.SPEECH else "shown"
    return FollowUp(f'When is "{_excerpt(cited)}" {verb}', place=_place(cited))


def _ordinal(question: str, turns: Sequence[Turn]) -> FollowUp | None:
    """ "The second one": in place of the ordinal of the last question, else of what its answer listed."""
    match = _ORDINAL_ALONE.match(_rest(question))
    if not match:
        return None
    wanted, last = match["word"].lower(), turns[-1]
    before = _ORDINAL.search(last.understood)
    if before and wanted != "other":
        return FollowUp(last.understood[: before.start()] + wanted + last.understood[before.end() :])
    number = {"last": len(last.answer.citations), "other": 2}.get(wanted, ORDINALS.get(wanted, 0))
    if not 0 < number <= len(last.answer.citations):
        return None
    cited = last.answer.citations[number - 1]
    return FollowUp(f"{_ASKS.get(cited.kind, 'What happens')} at {clock(cited.span.start_s)}", place=_place(cited))


def _swapped(question: str, turns: Sequence[Turn]) -> FollowUp | None:
    """ "And the library?": the last question, with what is named now in the place of what was named then."""
    rest = re.sub(r"^(?:The|An?|In|On|At)\b", lambda head: head[0].lower(), _rest(question))
    last = turns[-1].understood
    if not _is_fragment(question) or any(p.search(rest) for p in (_ORDINAL_ALONE, _SIDE, _LATER, _DURING)):
        return None
    if time_scope(rest) or _PREPOSITION.match(rest):
        return FollowUp(_with_phrase(last, rest))
    old = _swappable(last, rest)
    if old is None:
        return None
    return FollowUp(last[: old.start] + rest + last[old.end :])


def _with_phrase(last: str, rest: str) -> str:
    """The last question with another time or place: in the place of one of the same kind, else at the end."""
    scope = time_scope(last) if time_scope(rest) else None
    if scope:
        return re.sub(re.escape(scope.words), lambda _: rest, last, count=1, flags=re.IGNORECASE)
    word = _PREPOSITION.match(rest)
    same = re.search(rf"\b{word['word']}\s+[^?,]+?(?=[?,]|$)", last, re.IGNORECASE) if word else None
    if same:
        return last[: same.start()] + rest + last[same.end() :]
    return f"{last.rstrip(' ?.')} {rest}"


def _swappable(last: str, rest: str) -> Phrase | None:
    """The name or noun phrase of a question that another one may stand for."""
    names, nouns = named(last), noun_phrases(last)
    if named(f". {rest}") and not re.match(r"(?:the|a|an)\s", rest, re.IGNORECASE):
        return names[-1] if names else _head(last, nouns)
    return _head(last, nouns) or (names[-1] if names else None)


def _head(text: str, phrases: Sequence[Phrase]) -> Phrase | None:
    """What a question is about: its first noun phrase that is not "the price of" another."""
    return next((p for p in phrases if not re.match(r"\s+(?:of|for|in)\b", text[p.end :])), None)


def _pronouns(question: str, turns: Sequence[Turn]) -> FollowUp | None:
    """ "It" and "she" as what the last question and answer were about."""
    whole = question
    for pattern, subject in ((_PERSON, _person), (_THING, _thing)):
        whole = _filled(whole, pattern, subject, turns[-1])
    if whole == question:
        return None
    asked = _OPENER.sub("", question, count=1)
    return FollowUp(_OPENER.sub("", whole, count=1), wording=asked if content_stems(asked) else "")


def _complete(question: str, turns: Sequence[Turn]) -> FollowUp | None:
    """ "And how many people work there now?" is whole without its "and"."""
    rest = _rest(question)
    whole = _FINITE.search(rest) and not _ORDINAL.search(rest) and not points_back(rest) and not _PERSON.search(rest)
    return FollowUp(rest) if whole and turns and _OPENER.sub("", question, count=1) != question else None


def _filled(question: str, pattern: re.Pattern[str], subject: Callable[[Turn], str], last: Turn) -> str:
    match = _open_pronoun(question, pattern)
    meant = subject(last) if match else ""
    if match is None or not meant or (_SAYING.match(question[match.end() :]) and not _SAYING.search(last.understood)):
        return question
    word = match["word"].lower()
    owns = word in ("its", "his", "their") or (word == "her" and re.match(r"\s+[a-z]{3,}", question[match.end() :]))
    return f"{question[: match.start()]}{meant}{chr(39) + 's' if owns else ''}{question[match.end() :]}"


def _open_pronoun(question: str, pattern: re.Pattern[str]) -> re.Match[str] | None:
    """A pronoun that means nothing of its own question: nothing stands before it, or it is the object at the end."""
    match = pattern.search(question)
    if match is None or _DUMMY.search(question):
        return None
    before = question[: match.start()]
    if not question[match.end() :].strip(" ?.!"):
        return match
    return None if noun_phrases(before) or named(before) else match


def _person(last: Turn) -> str:
    """The one person that the last question or its answer names."""
    asked, told = named(last.understood), named(f". {_told(last)}")
    order = (told, asked) if last.understood.lower().startswith("who") else (asked, told)
    return next((found[0].text for found in order if len({p.text for p in found}) == 1), "")


def _thing(last: Turn) -> str:
    """What the last answer names when its question asked what something is; else what its question was about."""
    asked, told = last.understood, _told(last)
    subject = _head(asked, noun_phrases(asked))
    if re.match(r"(?:what|which)\b", asked, re.IGNORECASE) and not re.search(r"\d", told):
        short = re.sub(r"^(An?|The) ", lambda m: m[0].lower(), told.strip(" ."))
        new = complement(told) or (short if len(words(told)) <= SHORT else "")
        if new and squeezed(new) not in squeezed(asked):
            return new
    if subject:
        return subject.text
    names = named(asked)
    return names[-1].text if names else ""


def _told(last: Turn) -> str:
    """The words of an answer without the time and marks of a quotation; none of a refusal."""
    if last.answer.status is not AnswerStatus.ANSWERED:
        return ""
    match = _QUOTED.match(last.answer.text.strip())
    return match["text"] if match else last.answer.text


def carries(question: str, whole: str, turns: Sequence[Turn]) -> bool:
    """Whether a model's whole question keeps the words of the one that was asked and adds some of what came before."""
    kept = set(content_stems(_rest(question))) <= set(content_stems(whole))
    told = {s for turn in turns for s in content_stems(f"{turn.understood} {turn.answer.text}")}
    return kept and bool((set(content_stems(whole)) - set(content_stems(question))) & told)
