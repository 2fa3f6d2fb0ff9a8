"""Whether, when, how often and in which order things are said or shown, and what is said or shown first and last:
answers that code gives, with the lines that prove them. The terms to find are those in quotation marks, or those that
the model copies from the question.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pydantic import BaseModel, Field

from agents.evidence.passage import Finding, Passage
from agents.evidence.question_classifier import AskedFor
from agents.evidence.reading import read_span
from agents.llm import ask_json, weigh
from agents.parts import AgentRun
from agents.prompts import examples, prompt
from app.core.errors import WorkerFailed
from app.core.ports import VideoLibrary
from app.core.timecode import clock
from app.core.types import Message, SegmentKind, TimeSpan, Video
from app.text.fuzzy import contains
from app.text.quotations import quoted_terms
from app.text.tokens import occurrences, words

COPIED = 0.9
"""How much of the model's term the question must contain, letter by letter; with less, the model has made it up."""
ABOUT = 0.75
"""Probability of "yes" from which a line counts as one about a term. Of 30 pairs in five languages, 13 of the 14 that
belong together reach it, and none of the others."""
CLOSEST = 3
"""Lines that the model is asked about where none holds the words themselves."""
MOST_QUOTED, MOST_ORDERED, QUOTED_LENGTH = 4, 6, 160
"""Lines that are quoted in one answer, and where things are put in order; characters of each."""

KINDS = (SegmentKind.SPEECH, SegmentKind.SCREEN_TEXT)
COUNTED = {AskedFor.TIMES_SAID: SegmentKind.SPEECH, AskedFor.TIMES_SHOWN: SegmentKind.SCREEN_TEXT}
ENDS = {
    AskedFor.FIRST_SAID: (SegmentKind.SPEECH, 0),
    AskedFor.LAST_SAID: (SegmentKind.SPEECH, -1),
    AskedFor.FIRST_SHOWN: (SegmentKind.SCREEN_TEXT, 0),
    AskedFor.LAST_SHOWN: (SegmentKind.SCREEN_TEXT, -1),
}
"""Which line is asked for: its kind, and its place among them."""

Scope = Sequence[tuple[Video, TimeSpan]]
ScopeOf = Callable[[SegmentKind], Scope]
"""Where a kind of segment counts."""
Search = Callable[[str], Sequence[Passage]]
"""Finds the lines that are closest to a term in meaning, best first."""


class Terms(BaseModel):
    """What the model replies when it is asked what to find."""

    words: list[str] = Field(max_length=MOST_ORDERED)


def count_term(library: VideoLibrary, term: str, scope: Scope, kind: SegmentKind) -> tuple[int, list[Passage]]:
    """How often a term is said or written in spans of videos, and the passages that hold it."""
    tokens, total, where = words(term), 0, []
    is_character = len(tokens) == 1 == len(tokens[0])  # as a word of Chinese may be
    for video, span in scope:
        for passage in read_span(library, video, span, (kind,)):
            times = occurrences(tokens, words(passage.text, single_characters=is_character))
            total += times
            where += [passage] if times else []
    return total, where


def answer_by_mentions(
    work: AgentRun, question: str, asked: AskedFor | None, scope_of: ScopeOf, search: Search
) -> Finding | None:
    """The lines in which something is said or shown, or the first or the last line, or how often a term occurs, or
    things in order; None if the question asks for something else, or nothing is found. The answer repeats the lines or
    the term, so that it is true even if the question was misunderstood.
    """
    if asked in ENDS:
        kind, place = ENDS[asked]
        scope = scope_of(kind)
        lines = read_span(work.parts.library, *scope[0], (kind,)) if len(scope) == 1 else []
        return _quotation([("", line) for line in lines and [lines[place]]], scope)
    is_ordered = asked is AskedFor.ORDER
    if asked not in COUNTED and asked not in (AskedFor.MOMENT, AskedFor.MENTIONED, AskedFor.ORDER):
        return None
    terms = _find_terms(work, question, "order" if is_ordered else "subject")
    scope = [one for kind in KINDS for one in scope_of(kind)]
    if not terms or (len(terms) > 1) is not is_ordered or (is_ordered and len({video.id for video, _ in scope}) > 1):
        return None
    if asked in COUNTED:
        kind = COUNTED[asked]
        total, lines = count_term(work.parts.library, terms[0], scope_of(kind), kind)
        return Finding(f"“{terms[0]}”: {total}x", tuple(lines)) if total else None
    found: list[tuple[str, Passage]] = []
    for term in terms:
        lines = [line for kind in KINDS for line in count_term(work.parts.library, term, scope_of(kind), kind)[1]]
        lines = lines or _lines_about(work, term, search(term))
        if is_ordered and not lines:
            return None
        found += [(term, min(lines, key=lambda line: line.span))] if is_ordered else [("", line) for line in lines]
    return _quotation(found, scope, MOST_ORDERED if is_ordered else MOST_QUOTED)


def _find_terms(work: AgentRun, question: str, task: str) -> list[str]:
    """The terms that a question quotes, or those that the model copies from it."""
    terms = quoted_terms(question)
    if terms or work.parts.chat is None:
        return list(terms)
    messages = [Message("system", prompt(task)), *examples(task), Message("user", question)]
    try:
        written = ask_json(work, messages, Terms, max_output=160).words
    except WorkerFailed:
        return []  # if the model is down, the call that reads the lines reports it
    copied = dict.fromkeys(term.strip() for term in written if contains(term, question) >= COPIED)
    return [term for term in copied if words(term)]


def _lines_about(work: AgentRun, term: str, closest: Sequence[Passage]) -> list[Passage]:
    """Of the lines that are closest to a term, those that are about it as the model judges."""
    found = []
    for line in closest[:CLOSEST]:
        ask = prompt("about_subject").format(line=line.text[:600], subject=term)
        shares = weigh(work, [Message("user", ask)], ("yes", "no"))
        if shares is not None and shares["yes"] >= ABOUT:
            found.append(line)
    return found


def _quotation(found: Sequence[tuple[str, Passage]], scope: Scope, most: int = MOST_QUOTED) -> Finding | None:
    """Lines in order with their times, each behind its term if it has one, and in several videos with their titles;
    None where there is none."""
    # Two terms in one line come in the order in which the line has them.
    found = sorted(found, key=lambda it: (it[1].video_id, it[1].span, it[1].text.casefold().find(it[0].casefold())))
    titles = {video.id: video.title for video, _ in scope}
    quoted = []
    for term, line in found[:most]:
        text = " ".join(line.text.split())
        cut = text if len(text) <= QUOTED_LENGTH else f"{text[:QUOTED_LENGTH].rstrip()}…"
        title = titles[line.video_id] + " " if len(titles) > 1 else ""
        quoted.append(f"{title}{clock(line.span.start_s)} {term and term + ': '}“{cut}”")
    more = [f"(+{len(found) - most})"] if len(found) > most else []
    return Finding("\n".join([*quoted, *more]), tuple(line for _, line in found)) if found else None
