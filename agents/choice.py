"""Multiple choice: each option is scored against the evidence on its own, so that its place cannot matter."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agents.numerals import numbers
from agents.patterns import any_of
from agents.prompts import prompt
from agents.state import Claim, Draft, Passage, Plan, QuestionType, Work
from agents.tags import measures
from agents.wire import excerpts, refuses
from agents.wording import contains_phrase, content_stems, coverage, likeness, squeezed
from agents.writing import write
from app.core.errors import Cancelled, LongreelError
from app.core.types import Message

SHOWN = 5
CLEAR_LEAD = 0.25
"""An option that leads the next by this much needs no language model."""
TIE = 0.05
"""Options this close are not told apart by their words."""
LEAST = 0.45
"""The least support of an option that may be chosen without the language model."""

UNDECIDED = "Several of the options stand in the video, and nothing could tell in time which of them is meant."

_NONE = any_of(r"""
    (?:video|film|clip|speaker|presenter|text|he|she|it)\b.*\b(?:does|do|did) ?(?:not|n't) (?:say|show|mention|tell)
    cannot be (?:answered|determined|known|seen|told)|not (?:mentioned|shown|stated|said|given|in the video)
    none of (?:the|these)|no (?:such|speech|one)\b.*|not enough information|unanswerable
    nothing (?:is|was) (?:said|shown)
""")
_NEGATED = re.compile(r"\b(?:NOT|not|isn't|never|except|EXCEPT)\b")


@dataclass(frozen=True, slots=True)
class Support:
    """How well the evidence supports one option, 0 to 1, and by which passage."""

    index: int
    score: float
    passage: Passage | None
    literal: bool
    """Whether the option's words or numbers stand in the passage."""


def none_option(options: Sequence[str]) -> int | None:
    """The option that says that the video does not tell; None when there is none."""
    return next((i for i, option in enumerate(options) if _NONE.search(option)), None)


def asks_for_the_odd_one(question: str) -> bool:
    """Whether the option that is *not* in the video is wanted: "which of these is NOT ..."."""
    return bool(re.search(r"\bwhich\b.*", question, re.IGNORECASE)) and bool(_NEGATED.search(question))


def choose(plan: Plan, passages: Sequence[Passage], options: Sequence[str], work: Work) -> Draft:
    """The draft of a multiple-choice answer: one claim that is the option, tied to the passage that supports it."""
    nothing = none_option(options)
    real = [i for i in range(len(options)) if i != nothing]
    supports = supports_of(plan, passages, options, real, work)
    if asks_for_the_odd_one(plan.question):
        return _odd_one(supports, options)
    index, by = _decide(plan, supports, options, passages, work)
    if by == "rules" and index in (None, nothing) and sum(support.literal for support in supports) > 1:
        return Draft(by=by, option_index=nothing, refusal=UNDECIDED, undecided=True)
    if index is None or index == nothing:
        return Draft(by=by, option_index=nothing, refusal="" if nothing is None else options[nothing])
    passage = next(s.passage for s in supports if s.index == index)
    claim = Claim(options[index], (passage,) if passage else ())
    return Draft((claim,), by=by, option_index=index)


def by_measures(plan: Plan, passages: Sequence[Passage], options: Sequence[str]) -> Draft:
    """The one option that measured colours name, as a guess; no claim when they name none or several."""
    told = measures(plan, passages)
    named = [i for i, option in enumerate(options) if any(literal_support(option, text) == 1.0 for text, _ in told)]
    if len(named) != 1:
        return Draft(by="tags", option_index=none_option(options))
    shown = tuple(p for text, p in told if literal_support(options[named[0]], text) == 1.0)[:2]
    return Draft((Claim(options[named[0]], shown, verbatim=True, hedged=True),), by="tags", option_index=named[0])


def choose_count(plan: Plan, passages: Sequence[Passage], options: Sequence[str]) -> Draft | None:
    """The one option that is the number of mentions that were found; None for other questions, or when none is."""
    if plan.question_type is not QuestionType.COUNT or not passages:
        return None
    return choose_number(len(passages), passages, options)


def choose_number(counted: int, passages: Sequence[Passage], options: Sequence[str]) -> Draft | None:
    """The one option that is a number which was counted in these passages; None when none or several are."""
    fitting = [i for i, option in enumerate(options) if _times(option) == counted]
    if len(fitting) != 1:
        return None
    claim = Claim(options[fitting[0]], tuple(passages), verbatim=True, counted=counted)
    return Draft((claim,), by="rules", option_index=fitting[0])


def _times(option: str) -> float | None:
    words = {"once": 1.0, "twice": 2.0, "thrice": 3.0}
    values = numbers(option) or [words[word] for word in option.lower().split() if word in words]
    return values[0] if len(values) == 1 else None


def likeliest(plan: Plan, passages: Sequence[Passage], options: Sequence[str], work: Work) -> int:
    """The option that fits best however badly it fits, for benchmarks that count no refusal."""
    supports = supports_of(plan, passages, options, range(len(options)), work)
    if any(s.score > 0 for s in supports):
        return max(supports, key=lambda s: s.score).index
    vectors = work.parts.text_embedder.embed([plan.question, *options])
    return int(np.argmax(vectors[1:] @ vectors[0]))


def supports_of(
    plan: Plan, passages: Sequence[Passage], options: Sequence[str], real: Sequence[int], work: Work
) -> list[Support]:
    """The support of each real option: its own words in a passage that fits the question, and likeness of meaning."""
    if not passages:
        return [Support(i, 0.0, None, False) for i in real]
    statements = [f"{plan.question} {options[i]}" for i in real]
    vectors = work.parts.text_embedder.embed([*statements, *(p.text for p in passages)])
    cosines = vectors[: len(real)] @ vectors[len(real) :].T
    lift = cosines - np.mean(cosines, axis=0, keepdims=True)
    made = []
    for row, i in enumerate(real):
        rivals = [options[j] for j in real if j != i]
        scores = [
            0.6 * literal_support(options[i], p.text, rivals) + 0.3 * p.score + 1.0 * float(lift[row, column])
            for column, p in enumerate(passages)
        ]
        best = int(np.argmax(scores))
        literal = literal_support(options[i], passages[best].text, rivals) >= 0.6
        made.append(Support(i, float(np.clip(scores[best], 0, 1)), passages[best], literal))
    return made


def bears_out(index: int, plan: Plan, passages: Sequence[Passage], options: Sequence[str], work: Work) -> bool:
    """Whether passages speak for an option: in its words, or by their meaning more than for the others."""
    nothing = none_option(options)
    real = [i for i in range(len(options)) if i != nothing]
    chosen = next(s for s in supports_of(plan, passages, options, real, work) if s.index == index)
    return chosen.literal or chosen.score >= LEAST


def literal_support(option: str, text: str, rivals: Sequence[str] = ()) -> float:
    """The share of an option that stands in a text, 0 to 1; words that all rivals share do not count.

    Of an option that gives alternatives ("pink / magenta") one is enough.
    """
    either = [part for part in option.split(" / ") if part.strip()]
    if len(either) > 1:
        return max(literal_support(part, text, rivals) for part in either)
    if contains_phrase(option, text):
        return 1.0
    values = numbers(option)
    stems = content_stems(option, scaffolding=True)
    shared = set.intersection(*(set(content_stems(r, scaffolding=True)) for r in rivals)) if rivals else set()
    own = [s for s in stems if s not in shared] or stems
    if values and set(values) <= set(numbers(text)):
        return 1.0 if len(own) <= len(values) + 1 else max(0.7, coverage(own, text))
    if squeezed(option).isdigit() and len(squeezed(option)) >= 4:
        return _nearest_code(squeezed(option), text)
    return coverage(own, text) if own else 0.0


def _nearest_code(code: str, text: str) -> float:
    """Likeness to the most similar run of digits: a counter read a few frames off still points to its option."""
    runs = [run for run in re.findall(r"\d+", f"{text} {text.replace(' ', '')}") if abs(len(run) - len(code)) <= 1]
    return max((likeness(code, run) for run in runs), default=0.0)


def _odd_one(supports: Sequence[Support], options: Sequence[str]) -> Draft:
    absent = [s for s in supports if not s.literal]
    present = [s for s in supports if s.literal and s.passage]
    if len(absent) != 1 or not present:
        return Draft(by="rules")
    cited = tuple(dict.fromkeys(s.passage for s in present if s.passage))
    return Draft((Claim(options[absent[0].index], cited, verbatim=True),), by="rules", option_index=absent[0].index)


def _decide(
    plan: Plan, supports: Sequence[Support], options: Sequence[str], passages: Sequence[Passage], work: Work
) -> tuple[int | None, str]:
    ranked = sorted(supports, key=lambda s: -s.score)
    literal = [s for s in ranked if s.literal]
    lead = ranked[0].score - ranked[1].score if len(ranked) > 1 else 1.0
    if not passages or not ranked:
        return none_option(options), "rules"
    if ranked[0].literal and lead >= CLEAR_LEAD:
        return ranked[0].index, "rules"
    if plan.question_type is QuestionType.VISUAL and work.parts.vision_language_model is None:
        return (ranked[0].index if ranked[0].literal and lead > TIE else none_option(options)), "rules"
    asked = _ask(plan, options, passages, [s.index for s in ranked], work)
    if asked is not None:
        return _confirmed(asked, ranked, literal, options)
    if ranked[0].literal and ranked[0].score >= LEAST and lead > TIE:
        return ranked[0].index, "rules"
    return none_option(options), "rules"


def _confirmed(
    asked: tuple[int | None, str], ranked: Sequence[Support], literal: Sequence[Support], options: Sequence[str]
) -> tuple[int | None, str]:
    """The model's choice, unless the words of the evidence speak for another option or for none."""
    index, by = asked
    if index is None:
        return (ranked[0].index if ranked[0].literal else none_option(options)), by
    chosen = next(s for s in ranked if s.index == index)
    if chosen.literal or chosen.score >= LEAST:
        return index, by
    return (literal[0].index if len(literal) == 1 else none_option(options)), by


def _ask(
    plan: Plan, options: Sequence[str], passages: Sequence[Passage], real: Sequence[int], work: Work
) -> tuple[int | None, str] | None:
    """The option that the language model's free answer comes closest to; None without a model.

    The model does not see the options: a small model prefers a place in the list, whatever stands there.
    """
    few = sorted(passages[:SHOWN], key=lambda p: (p.video_id, p.span.start_s))
    listed = " | ".join(sorted(options[i] for i in real))
    messages = [
        Message("system", prompt("choose")),
        Message("user", f"{excerpts(few)}\n\nQuestion: {plan.question}\nPossible answers: {listed}"),
    ]
    schema = {"type": "object", "properties": {"answer": {"enum": [*sorted(options[i] for i in real), "not in video"]}},
              "required": ["answer"], "additionalProperties": False}  # fmt: skip
    try:
        text = write(work, messages, max_tokens=80, schema=schema)
    except Cancelled:
        raise
    except LongreelError:
        return None
    model = work.parts.language_model
    if text is None or model is None:
        return None
    match = re.search(r'"answer"\s*:\s*"(.*?)"?\s*}?\s*$', text, re.DOTALL)
    said = match[1] if match else text
    if refuses(said):
        return None, model.model
    return max(real, key=lambda i: likeness(options[i], said)), model.model
