"""Questions and answers: the agent's steps, the answer with its citations, earlier questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from app.api.schemas import AnswerOut, CitationOut
from app.api.schemas.ratings import SavedAnswerOut
from app.core.describe import describe, explain_status
from app.core.events import Event, Hit, Inspected, Searched, Understood, Verified
from app.core.types import AnswerStatus
from ui import steps
from ui.render.citations import NumberedSource, Videos, number_sources
from ui.render.templates import NOTHING, fill

BADGES = {
    AnswerStatus.ANSWERED: ("Answered", "lr-good"),
    AnswerStatus.NOT_IN_VIDEO: ("Not in the video", "lr-none"),
    AnswerStatus.INSUFFICIENT: ("Could not be decided", "lr-unsure"),
}
MOST_FRAMES = 6
"""The most pictures shown of one look."""

MOST_SHOWN = 90
"""The most characters of an answer in a list."""

RATINGS = (("right", "✓", "Right"), ("wrong", "✗", "Wrong"), ("wrong_time", "↔", "Wrong time"))


def answer(question: str, reply: AnswerOut, videos: Videos, options: Sequence[str] = (), *, thread: str = "") -> Markup:
    """The answer with its badge, its evidence and its steps; `thread` is the conversation that it belongs to."""
    done = len(steps.shown(reply.trace))
    chosen = reply.option_index
    badge, look = BADGES[reply.status]
    sources = number_sources(reply.citations, videos)
    verified = sum(one.verified for one in reply.citations)
    count = f"{len(sources)} source" if len(sources) == 1 else f"{len(sources)} sources"
    return fill(
        "answer.html",
        question=question,
        reply=reply,
        thread=thread,
        understood=understood(question, reply.trace),
        badge=badge,
        look=look,
        proved=verified == len(sources),
        proof=f"{count} verified" if verified == len(sources) else f"{verified} of {count} verified",
        option=(chr(65 + chosen), options[chosen]) if chosen is not None and 0 <= chosen < len(options) else None,
        lines=lines(reply, sources),
        # What was searched without success, what it would take to decide, or what the answer leaves out.
        note=explain_status(reply.status, reply.searched, reply.missing),
        sources=sources,
        ratings=RATINGS,
        count="1 step" if done == 1 else f"{done} steps",
        steps=step_list(reply.trace, videos),
    )


def understood(question: str, trace: Sequence[Event]) -> str:
    """The complete question that a question which refers back stands for; empty for any other."""
    whole = next((event.question for event in trace if isinstance(event, Understood)), question)
    return "" if whole == question else whole


def lines(reply: AnswerOut, sources: Sequence[NumberedSource]) -> list[tuple[str, list[NumberedSource]]]:
    """Each line of the answer with the sources that prove it."""
    texts = reply.text.split("\n")
    hits = {
        hit.evidence_id: hit
        for event in reply.trace
        if isinstance(event, Searched | Inspected)
        for hit in (event.hits if isinstance(event, Searched) else event.found)
    }
    proofs: list[list[NumberedSource]] = [[] for _ in texts]
    for source in sources:
        proofs[_line_of(source.citation, texts, reply.trace, hits)].append(source)
    return list(zip(texts, proofs, strict=True))


def _line_of(cited: CitationOut, lines: Sequence[str], trace: Sequence[Event], hits: Mapping[str, Hit]) -> int:
    """The line whose claim rests on this citation; the last line if the trace does not show it."""
    for event in trace:
        if not isinstance(event, Verified) or event.verdict == "no":
            continue
        proofs = [hits[id] for id in event.evidence_ids if id in hits]
        if any(
            hit.video_id == cited.video_id and hit.span.start_s <= cited.end_s and cited.start_s <= hit.span.end_s
            for hit in proofs
        ):
            for place, line in enumerate(lines):
                if event.claim in line:
                    return place
    return len(lines) - 1


Step = tuple[str, str, Sequence[float], int]
"""What it says, the video of its pictures, when they are, and how many more there are."""


def step_list(trace: Sequence[Event], videos: Videos) -> list[Step]:
    """The agent's steps, one per line, with the pictures it looked at."""
    items: list[Step] = []
    for event in steps.shown(trace):
        if isinstance(event, Inspected) and event.video_id in videos:
            more = len(event.frames_s) - MOST_FRAMES
            items.append((describe(event), event.video_id, event.frames_s[:MOST_FRAMES], more))
        else:
            items.append((describe(event), "", (), 0))
    return items


def thinking(question: str, trace: Sequence[Event], videos: Videos) -> Markup:
    """The latest step of an answer in progress, those before it, and the text that is being written."""
    done = steps.shown(trace)
    has_frames = bool(done) and isinstance(done[-1], Inspected) and bool(done[-1].frames_s)
    return fill(
        "thinking.html",
        question=question,
        understood=understood(question, trace),
        latest=describe(done[-1]) if done else "Reading the question",
        steps=step_list(done if has_frames else done[:-1], videos),
        writing=steps.being_written(trace),
    )


def numbered(number: int, shown: Markup) -> Markup:
    """Marks what is shown with the question's number, by which the page's script knows that it has arrived."""
    return fill("numbered.html", number=number, shown=shown)


def ended(shown: Markup, why: str) -> Markup:
    """What is shown of a question that has no answer and cannot be rejoined."""
    return fill("ended.html", shown=shown, why=why)


def asked_before(saved: Sequence[SavedAnswerOut]) -> Markup:
    """Earlier questions about a video; a click shows the answer again. Empty if there are none."""
    latest: dict[str, SavedAnswerOut] = {}
    for one in saved:
        latest.setdefault(one.question, one)
    return fill("asked_before.html", saved=latest.values(), outcome=outcome) if saved else NOTHING


def outcome(reply: AnswerOut) -> str:
    """What came of a question; if it was answered, with the beginning of the answer."""
    if reply.status is not AnswerStatus.ANSWERED:
        return BADGES[reply.status][0]
    return f"{BADGES[reply.status][0]}: {reply.text[:MOST_SHOWN]}{'…' if len(reply.text) > MOST_SHOWN else ''}"
