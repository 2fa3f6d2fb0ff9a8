"""Plans a question by rules: its type, where to look, which stretch, and the words to search for.

Rules read time words, question words and verbs of saying and showing better and faster than a small model does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from agents.causes import asked_cause
from agents.comparing import asked_comparison
from agents.counters import asked_value
from agents.ordering import asked_order
from agents.patterns import alternatives, any_of
from agents.state import Anchor, Plan, QuestionType
from agents.timewords import anchor, during, time_scope, without_quotations, without_time
from agents.wanted import premise_stems, target_stems
from agents.wording import content_stems, quotations, words
from app.core.types import SegmentKind

_SPEECH_VERBS = alternatives(r"""
    says?|said|saying|mentions?|mentioned|talks?|talked|tells?|told|explains?|explained|speaks?|spoken?|reads? aloud
    discuss|discusses|discussed|describes?|described|claims?|claimed|recommends?|recommended|asks?|asked
    announces?|announced|argues?|argued|quotes?|advises?|suggests?|suggested|promises?|promised|thanks?|greets?|warns?
    states?|stated
""")
_MEDIA = r"(?:the|this) (?:video|film|movie|clip|talk|lecture|meeting|recording|presentation|tutorial)"
_SCREEN = any_of(r"""
    written|printed|displayed|typed?|types|spelled|spelt|text|titles?|titled|slides?|captions?|subtitles?|logo
    on[- ]screen|on (?:the |his |her |its |their )?(?:screen|slides?|sign|poster|label|card|board|banner|cover|monitor)
    on (?:the |his |her |its |their )?(?:t-?shirt|shirt|title card|title slide)
    headings?|headlines?|bullet points?|credited|credits|code is shown|shown as text
    web ?(?:site )?address|url|e-?mail address|frame counter|counter|time ?code
    (?:first|last|second|third|next) (?:line|word)s?(?: of text)?|which (?:two |three |four )?words?
    (?:line|words?|text) (?:at|on) the (?:top|bottom)|(?:top|bottom)(?:most)? line
""")
_VISUAL = any_of(r"""
    colou?rs?|wears?|wearing|dressed|clothes|clothing|shirt|jacket|trousers|dress|hat|tie|beard|hair|face
    looks? like|hold(?:s|ing)?(?: up| in)|background|smil(?:e|es|ing)|gesture|standing|sitting|sits|shape
    walk(?:s|ing)?(?: up)?|driv(?:e|es|ing)|puts? on|pick(?:s|ed)? up|lift(?:s|ed)?|throw(?:s|n)?|point(?:s|ing)? at
    picture|visible|be seen|seen|in view|camera|animal|floor|wall|weather|which side|left or right
    appears? in|impaled|person is|people are|persons?|show(?:s|n|ing)?
""")
_SUMMARY = any_of(rf"""
    summar(?:y|ise|ize|ising|izing)|overview|gist|tl;?dr|key (?:points?|takeaways?)
    main (?:topics?|ideas?|points?|subjects?|themes?|message)|{_MEDIA}(?: all)? about|is this (?:all )?about
    what happens in (?:the|this) (?:whole |entire )?(?:video|film|clip|movie|recording)
    what (?:is|does) {_MEDIA}(?: mainly)? (?:about|covers?|deal with|show)|topics (?:are )?(?:covered|discussed)
""")
_MOMENT = any_of(rf"""
    at (?:what|which) (?:time|point|minute|moment|second|timestamp)
    what (?:time|timestamp|minute)s? (?:in the video|does|do|is it when)
    (?:time ?stamp|moment|minute) (?:where|when|at which|of)|how far into|how (?:many (?:minutes|seconds) into|late in)
    where in {_MEDIA}|jump to|find the (?:part|place|moment|scene|section)
    when (?:exactly )?(?:do|does|did|is|are|was|were) (?:[\w' -]+? )?(?:first )?(?:{_SPEECH_VERBS})
    when (?:do|does|did|is|are|was|were) (?:[\w' -]+? )?(?:shown|appears?|displayed|seen|visible|introduced)
    when (?:do|does|did) (?:[\w' -]+? )?(?:come up|start talking|begin to talk)
""")
_COUNT = re.compile(
    rf"\bhow (?:many times|often)\b.*\b(?:{_SPEECH_VERBS}|shown|appears?|written|displayed|occurs?|word)\b",
    re.IGNORECASE,
)
_YES_NO = re.compile(
    r"^(?:and |so |but )?(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|must|may)\b"
    r"(?!.*\bor\b)",
    re.IGNORECASE,
)
_LIST = re.compile(
    r"^(?:list|name|enumerate)\b|\b(?:what|which) (?:are|were) (?:all )?(?:the )?"
    r"|\bwhich (?:two|three|four|five|six|\d+)\b"
    r"|\b(?:all|every) (?:the )?\w+s\b|\bwhat (?:ingredients|steps|features|tools|items|things)\b",
    re.IGNORECASE,
)
_SPEECH = any_of(rf"""
    {_SPEECH_VERBS}
    according to|in (?:his|her|their) words|speech|dialogue|voice
""")
_PICK = re.compile(
    r"\b(?:the|very|his|her|their)\s+(?P<pick>first|last|final|earliest|latest)\s+"
    r"(?!names?\b|year\b|week\b|month\b|time\b|minutes?\b|seconds?\b|person\b|\d)\w+",
    re.IGNORECASE,
)
_VERY_END = re.compile(r"\bat the very (?P<edge>start|beginning|end)\b", re.IGNORECASE)
_STRICT_SPEECH = any_of(r"""
    what (?:else |exactly )*(?:do|does|did|is|was)\b.*\b(?:say|said|saying|talk about|tell|told|mention|mentioned)
    who (?:says|said|speaks|talks)
""")
_STRICT_SCREEN = any_of(r"""
    written|printed|typed?|types|displayed|on[- ]screen|on the (?:screen|slides?)|frame counter|web address|line of text
    words? (?:stands?|is|are|appears?)\b.*\bat the (?:very )?(?:top|bottom)|(?:top|bottom)(?:most)? line
""")
_UNIT = re.compile(
    r"\b(?:first|last|final)\s+(?P<edge>line|sentence|word|phrase|text)s?\b|\bwhich\s+(?:\w+\s+)?(?P<word>words?)\b"
    r"|\b(?P<line>line)\b|\bwhat\s+(?P<text>text)\b",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"\b(?:line|words?|text|written|stands?|reads?)\b.*\b(?:at|on) the (?:very )?(?P<place>top|bottom)\b"
    r"|\b(?:top|bottom)(?=(?:most)? line\b)",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    r"(?<=\w)[\s,]+(?:while|when|as soon as)\s+.*"
    r"|\b(?:before|after)\s+the\s+(?:opening|end|ending|closing|final)\s+(?:credits?|titles?)\b",
    re.IGNORECASE,
)


def plan(question: str, cited: Anchor | None = None, options: Sequence[str] = ()) -> Plan:
    """The plan of a question, by rules alone. Never fails: what no rule knows is a plain question for all sources.

    `cited`: the event from which the question counts, when an earlier answer cited it.
    """
    text = re.sub(r"\s+", " ", question).strip()
    order = asked_order(text, options)
    if order:
        looked = sources(text, QuestionType.ORDER)
        return Plan(text, QuestionType.ORDER, order.events, looked, strict=is_strict(text), pick=order.pick)
    comparison = asked_comparison(text)
    if comparison:
        looked = sources(text, QuestionType.COMPARE)
        return Plan(text, QuestionType.COMPARE, (comparison.term,), looked, strict=is_strict(text))
    scope = time_scope(text)
    effect = "" if cited or options else asked_cause(without_time(text, scope, None))
    if effect:
        looked = sources(text, QuestionType.CAUSE)
        return Plan(text, QuestionType.CAUSE, (effect,), looked, strict=is_strict(text), scope=scope)
    kind = question_type(text)
    value = asked_value(text) if kind is QuestionType.MOMENT else ""
    scope = None if scope and value and value in scope.words else scope
    found = cited or (None if scope or kind is QuestionType.YES_NO else _anchor(text, kind))
    rest = without_time(text, scope, found)
    queries = _queries(text, rest, narrowed=bool(scope or found))
    kinds = sources(text, kind)
    of_text = kinds == (SegmentKind.SCREEN_TEXT,) and not target_stems(text) & set(content_stems(text))
    place = _place(text) if of_text else ""
    unit = (_unit(text) or ("line" if place else "")) if of_text else ""
    chosen = pick(text)
    return Plan(
        question=text,
        question_type=kind,
        queries=queries,
        sources=kinds,
        strict=is_strict(text),
        scope=scope,
        anchor=found,
        pick=chosen,
        unit=unit if place or (chosen and not premise_stems(rest)) else "",
        place=place,
        value=value,
        seen=kind is QuestionType.VISUAL or (not kinds and _is_seen(_main(text))),
    )


def _anchor(question: str, kind: QuestionType) -> Anchor | None:
    """What the question counts from; "while" and "when" only where pictures or texts are wanted, not the words said."""
    found = anchor(question)
    looks = kind in (QuestionType.VISUAL, QuestionType.SCREEN_TEXT)
    return found or (during(question) if looks else None)


def _main(question: str) -> str:
    """The question without its quotations and without what only tells when: "while he speaks of apples"."""
    return _ASIDE.sub(" ", without_quotations(question))


def _unit(question: str) -> Literal["", "text", "line", "sentence", "word"]:
    """How much of a text on the screen is wanted."""
    match = _UNIT.search(without_quotations(question))
    if not match:
        return ""
    named = (match["edge"] or match["word"] or match["line"] or match["text"]).lower()
    if named == "words":
        return "line"
    return {"line": "line", "phrase": "line", "sentence": "sentence", "word": "word"}.get(named, "text")  # type: ignore[return-value]


def _place(question: str) -> Literal["", "top", "bottom"]:
    match = _PLACE.search(without_quotations(question))
    if not match:
        return ""
    return "bottom" if "bottom" in match[0].lower() else "top"


def question_type(question: str) -> QuestionType:
    """What kind of answer a question wants."""
    text = _main(question)
    for pattern, kind in (
        (_SUMMARY, QuestionType.SUMMARY),
        (_MOMENT, QuestionType.MOMENT),
        (_COUNT, QuestionType.COUNT),
        (_YES_NO, QuestionType.YES_NO),
        (_SCREEN, QuestionType.SCREEN_TEXT),
        (_SPEECH, QuestionType.SPEECH),
        (_LIST, QuestionType.LIST),
    ):
        if pattern.search(text):
            return kind
    return QuestionType.VISUAL if _is_seen(text) else QuestionType.FACT


def _is_seen(question: str) -> bool:
    return bool(_VISUAL.search(question)) and not re.match(r"why\b|how come\b", question, re.IGNORECASE)


def sources(question: str, kind: QuestionType) -> tuple[SegmentKind, ...]:
    """Where to look first; empty means everywhere."""
    text = _main(question)
    if kind is QuestionType.SUMMARY:
        return (SegmentKind.SUMMARY,)
    if _SCREEN.search(text) and not _STRICT_SPEECH.search(text):
        return (SegmentKind.SCREEN_TEXT,)
    if _SPEECH.search(text):
        return (SegmentKind.SPEECH,)
    if kind is QuestionType.VISUAL:
        return (SegmentKind.CAPTION, SegmentKind.VISUAL)
    return ()


def is_strict(question: str) -> bool:
    """Whether only the source the question names can answer it."""
    text = _main(question)
    return bool(_STRICT_SPEECH.search(text) or _STRICT_SCREEN.search(text))


def pick(question: str) -> Literal["", "first", "last"]:
    """Which of several fitting pieces is meant, for "the last temperature shown"."""
    text = without_quotations(question)
    edge = _VERY_END.search(text)
    if edge:
        return "last" if edge["edge"].lower() == "end" else "first"
    match = _PICK.search(text)
    if not match:
        return ""
    return "last" if match["pick"].lower() in ("last", "final", "latest") else "first"


def _queries(question: str, rest: str, *, narrowed: bool) -> tuple[str, ...]:
    quoted = [q for q in quotations(rest) if len(words(q)) > 0]
    if content_stems(rest) or quoted:
        return (rest if narrowed else question, *quoted)
    return () if narrowed or not content_stems(question, scaffolding=True) else (question,)
