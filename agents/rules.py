"""Plans a question by rules: its type, where to look, which stretch, and the words to search for.

Rules read time words, question words and verbs of saying and showing better and faster than a small model does.
"""

from __future__ import annotations

import re
from typing import Literal

from agents.state import Plan, QuestionType
from agents.timewords import anchor, time_scope, without_quotations, without_time
from agents.wording import content_stems, quotations, words
from app.core.types import SegmentKind

_SPEECH_VERBS = (
    r"say|says|said|saying|mention|mentions|mentioned|talk|talks|talked|tell|tells|told|explain|explains|explained|speak|"
    r"speaks|spoken|spoke|discuss|discusses|discussed|describe|describes|described|claim|claims|claimed|recommend|"
    r"recommends|recommended|ask|asks|asked|announce|announces|announced|argue|argues|quote|quotes|advise|advises|"
    r"suggest|suggests|promise|promises|thank|thanks|greet|greets|warn|warns|state|states|stated|reads? aloud"
)
_SCREEN = re.compile(
    r"\b(?:written|printed|displayed|typed?|types|on[- ]screen|on (?:the |his |her |its |their )?(?:screen|slides?|sign|"
    r"poster|label|card|board|t-?shirt|shirt|banner|cover|monitor|title card|title slide)|captions?|subtitles?|headings?|"
    r"headlines?|bullet points?|logo|credited|credits|web ?(?:site )?address|url|e-?mail address|frame counter|counter|time ?code|"
    r"spelled|spelt|(?:first|last|second|third|next) (?:line|word)s?(?: of text)?|which (?:two |three |four )?words?|"
    r"title(?:s|d)?|text|slides?|code is shown|shown as text)\b",
    re.IGNORECASE,
)
_VISUAL = re.compile(
    r"\b(?:colou?rs?|wear|wears|wearing|dressed|look(?:s)? like|hold(?:s|ing)?(?: up| in)|background|hair|clothes|clothing|"
    r"shirt|jacket|trousers|dress|hat|tie|beard|face|smil(?:e|es|ing)|gesture|standing|sitting|walk(?:s|ing)?|walk up|"
    r"driv(?:e|es|ing)|drives?|picture|visible|be seen|seen|in view|camera|animal|floor|wall|weather|which side|left or right|"
    r"shape|put(?:s)? on|pick(?:s|ed)? up|lift(?:s|ed)?|throw(?:s|n)?|point(?:s|ing)? at|appear(?:s)? in|impaled|sits|"
    r"person is|people are|persons?|show(?:s|n|ing)?)\b",
    re.IGNORECASE,
)
_SUMMARY = re.compile(
    r"\b(?:summar(?:y|ise|ize|ising|izing)|overview|gist|tl;?dr|key (?:points?|takeaways?)|main (?:topics?|ideas?|points?|"
    r"subjects?|themes?|message)|(?:the|this) (?:video|film|movie|clip|talk|lecture|meeting|recording|presentation|tutorial)(?: all)? "
    r"about|is this (?:all )?about|what happens in (?:the|this) (?:whole |entire )?(?:video|film|clip|movie|recording)|what (?:is|does) (?:the|this) "
    r"(?:video|film|clip|movie|talk|lecture|recording|tutorial)(?: mainly)? (?:about|cover|covers|deal with|show)|"
    r"topics (?:are )?(?:covered|discussed))\b(?=[^\"]*$)",
    re.IGNORECASE,
)
_MOMENT = re.compile(
    rf"\b(?:at (?:what|which) (?:time|point|minute|moment|second|timestamp)|what (?:time|timestamp|minute)s? (?:in the video|does|"
    rf"do|is it when)|(?:time ?stamp|moment|minute) (?:where|when|at which|of)|how far into|how (?:many (?:minutes|seconds) into|"
    rf"late in)|where in (?:the|this) (?:video|film|recording|talk|lecture)|jump to|find the (?:part|place|moment|scene|section)|"
    rf"when (?:exactly )?(?:do|does|did|is|are|was|were) (?:[\w' -]+? )?(?:first )?(?:{_SPEECH_VERBS}|shown|appear|appears|"
    rf"displayed|seen|visible|introduced|come up|start talking|begin to talk))\b",
    re.IGNORECASE,
)
_COUNT = re.compile(
    rf"\bhow (?:many times|often)\b.*\b(?:{_SPEECH_VERBS}|shown|appear|appears|written|displayed|occur|occurs|used|word)\b",
    re.IGNORECASE,
)
_YES_NO = re.compile(
    r"^(?:and |so |but )?(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|must|may)\b(?!.*\bor\b)",
    re.IGNORECASE,
)
_LIST = re.compile(
    r"^(?:list|name|enumerate)\b|\b(?:what|which) (?:are|were) (?:all )?(?:the )?|\bwhich (?:two|three|four|five|six|\d+)\b"
    r"|\b(?:all|every) (?:the )?\w+s\b|\bwhat (?:ingredients|steps|features|tools|items|things)\b",
    re.IGNORECASE,
)
_SPEECH = re.compile(
    rf"\b(?:{_SPEECH_VERBS}|according to|in (?:his|her|their) words|speech|dialogue|voice)\b", re.IGNORECASE
)
_PICK = re.compile(
    r"\b(?:the|very|his|her|their)\s+(?P<pick>first|last|final|earliest|latest)\s+(?!name\b|names\b|year\b|week\b|month\b|time\b|"
    r"minutes?\b|seconds?\b|person\b|\d)(?P<noun>\w+)",
    re.IGNORECASE,
)
_STRICT_SPEECH = re.compile(
    r"\bwhat (?:exactly |else |else exactly )?(?:do|does|did|is|was)\b.*\b(?:say|said|saying|talk about|tell|told|mention|"
    r"mentioned)\b|\bwho (?:says|said|speaks|talks)\b",
    re.IGNORECASE,
)
_STRICT_SCREEN = re.compile(
    r"\b(?:written|printed|typed?|types|displayed|on[- ]screen|on the (?:screen|slides?)|frame counter|web address|line of text)\b",
    re.IGNORECASE,
)


def plan(question: str) -> Plan:
    """The plan of a question, by rules alone. Never fails: what no rule knows is a plain question for all sources."""
    text = re.sub(r"\s+", " ", question).strip()
    scope = time_scope(text)
    kind = question_type(text)
    found = None if scope or kind is QuestionType.YES_NO else anchor(text)
    rest = without_time(text, scope, found)
    queries = _queries(text, rest, narrowed=bool(scope or found))
    return Plan(
        question=text,
        question_type=kind,
        queries=queries,
        sources=sources(text, kind),
        strict=is_strict(text),
        scope=scope,
        anchor=found,
        pick=pick(text),
    )


def question_type(question: str) -> QuestionType:
    """What kind of answer a question wants."""
    text = without_quotations(question)
    for pattern, kind in (
        (_SUMMARY, QuestionType.SUMMARY),
        (_MOMENT, QuestionType.MOMENT),
        (_COUNT, QuestionType.COUNT),
        (_YES_NO, QuestionType.YES_NO),
        (_SCREEN, QuestionType.SCREEN_TEXT),
        (_SPEECH, QuestionType.SPEECH),
        (_LIST, QuestionType.LIST),
        (_VISUAL, QuestionType.VISUAL),
    ):
        if pattern.search(text):
            return kind
    return QuestionType.FACT


def sources(question: str, kind: QuestionType) -> tuple[SegmentKind, ...]:
    """Where to look first; empty means everywhere."""
    text = without_quotations(question)
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
    text = without_quotations(question)
    return bool(_STRICT_SPEECH.search(text) or _STRICT_SCREEN.search(text))


def pick(question: str) -> Literal["", "first", "last"]:
    """Which of several fitting pieces is meant, for "the last temperature shown"."""
    match = _PICK.search(without_quotations(question))
    if not match:
        return ""
    return "last" if match["pick"].lower() in ("last", "final", "latest") else "first"


def _queries(question: str, rest: str, *, narrowed: bool) -> tuple[str, ...]:
    quoted = [q for q in quotations(rest) if len(words(q)) > 0]
    if content_stems(rest) or quoted:
        return (rest if narrowed else question, *quoted)
    return () if narrowed or not content_stems(question, scaffolding=True) else (question,)
