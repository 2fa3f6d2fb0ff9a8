"""Questions and answers: the agent's steps, the answer with its citations, earlier questions."""

from __future__ import annotations

from collections.abc import Sequence

from app.api.schemas import AnswerOut, CitationOut
from app.api.schemas.ratings import SavedAnswerOut
from app.core.describe import describe, explain_status
from app.core.events import Event, Hit, Inspected, Searched, Understood, Verified
from app.core.timecode import clock
from app.core.types import AnswerStatus
from ui import steps
from ui.render.citations import Videos, chip, citations
from ui.render.markup import frame, safe

BADGES = {
    AnswerStatus.ANSWERED: ("Answered", "lr-good"),
    AnswerStatus.NOT_IN_VIDEO: ("Not in the video", "lr-none"),
    AnswerStatus.INSUFFICIENT: ("Could not be decided", "lr-unsure"),
}
MOST_FRAMES = 6
"""The most pictures shown of one look."""

RATINGS = (("right", "&#10003;", "Right"), ("wrong", "&#10007;", "Wrong"), ("wrong_time", "&#8596;", "Wrong time"))


def answer(question: str, reply: AnswerOut, videos: Videos, options: Sequence[str] = (), *, thread: str = "") -> str:
    """The answer with its badge, its evidence and its steps; `thread` is the conversation that it belongs to."""
    done = len(steps.shown(reply.trace))
    count = "1 step" if done == 1 else f"{done} steps"
    chosen, option = reply.option_index, ""
    if chosen is not None and 0 <= chosen < len(options):
        option = f'<p class="lr-option"><b>{chr(65 + chosen)}.</b> {safe(options[chosen])}</p>'
    # What was searched without success, what it would take to decide, or what the answer leaves out.
    words = explain_status(reply.status, reply.searched, reply.missing)
    note = f'<p class="lr-searched">{safe(words)}</p>' if words else ""
    return (
        f'<section class="lr-answer" aria-label="Answer" data-answer="{safe(reply.id)}" data-thread="{safe(thread)}" '
        f'data-question="{safe(question)}">'
        f"<h2>{safe(question)}</h2>{understood(question, reply.trace)}{_verdict(reply)}{option}"
        f"{text(reply, videos)}{note}{citations(reply.citations, videos)}"
        f"{rating(reply.id)}"
        f"<details><summary>How this was found: {count}, {reply.usage.seconds:.1f} s</summary>"
        f"{step_list(reply.trace, videos)}</details></section>"
    )


def understood(question: str, trace: Sequence[Event]) -> str:
    """The complete question that a question which refers back stands for."""
    whole = next((event.question for event in trace if isinstance(event, Understood)), question)
    return "" if whole == question else f'<p class="lr-understood">Understood as: {safe(whole)}</p>'


def _verdict(reply: AnswerOut) -> str:
    name, look = BADGES[reply.status]
    all_of = len(reply.citations)
    good = sum(one.verified for one in reply.citations)
    proof = ""
    if all_of and good == all_of:
        proof = f'<span class="lr-badge lr-proved">&#10003; {_sources(all_of)} verified</span>'
    elif all_of:
        proof = f'<span class="lr-badge lr-unsure">{good} of {_sources(all_of)} verified</span>'
    sure = "" if reply.confidence is None else f"<small>confidence {reply.confidence:.0%}</small>"
    return f'<p role="status" class="lr-verdict"><span class="lr-badge {look}">{name}</span> {proof}{sure}</p>'


def _sources(count: int) -> str:
    return f"{count} source" if count == 1 else f"{count} sources"


def text(reply: AnswerOut, videos: Videos) -> str:
    """Each line of the answer, followed by the moments that prove it."""
    lines = reply.text.split("\n")
    placed: dict[int, list[int]] = {}
    for number, cited in enumerate(reply.citations):
        placed.setdefault(_line_of(cited, lines, reply.trace), []).append(number)
    return "".join(
        f'<p class="lr-text">{safe(line)} '
        f"{''.join(chip(reply.citations[number], number + 1, videos) for number in placed.get(place, []))}</p>"
        for place, line in enumerate(lines)
    )


def _line_of(cited: CitationOut, lines: Sequence[str], trace: Sequence[Event]) -> int:
    """The line whose claim rests on this citation; the last line if the trace does not show it."""
    hits = {hit.evidence_id: hit for hit in hits_of(trace)}
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


def hits_of(trace: Sequence[Event]) -> list[Hit]:
    """All hits, in order."""
    return [
        hit
        for event in trace
        if isinstance(event, Searched | Inspected)
        for hit in (event.hits if isinstance(event, Searched) else event.found)
    ]


def rating(answer_id: str) -> str:
    """Buttons to rate the answer; the page's script sends the rating."""
    if not answer_id:
        return ""
    buttons = "".join(
        f'<button type="button" class="lr-small" data-rate="{verdict}" aria-pressed="false">'
        f'<span aria-hidden="true">{sign}</span> {name}</button>'
        for verdict, sign, name in RATINGS
    )
    return (
        f'<div class="lr-rate" role="group" aria-label="Is this answer right?" data-of="{safe(answer_id)}">{buttons}'
        '<form hidden><label class="lr-hidden" for="lr-note">What would have been right</label>'
        '<input id="lr-note" maxlength="2000" placeholder="What would have been right? (optional)">'
        '<button class="lr-small">Send</button></form><span role="status"></span></div>'
    )


def step_list(trace: Sequence[Event], videos: Videos) -> str:
    """The agent's steps, one per line, with the pictures it looked at."""
    items = []
    for event in steps.shown(trace):
        frames = ""
        if isinstance(event, Inspected) and event.video_id in videos and event.frames_s:
            frames = "".join(
                f'<img src="{frame(event.video_id, time_s)}" alt="Frame at {clock(time_s)}" loading="lazy">'
                for time_s in event.frames_s[:MOST_FRAMES]
            )
            more = len(event.frames_s) - MOST_FRAMES
            frames += f"<small>and {more} more</small>" if more > 0 else ""
            frames = f'<span class="lr-frames">{frames}</span>'
        items.append(f"<li>{safe(describe(event))}{frames}</li>")
    return f'<ol class="lr-steps">{"".join(items)}</ol>'


def thinking(question: str, trace: Sequence[Event], videos: Videos) -> str:
    """The latest step of an answer in progress, those before it, and the text that is being written."""
    done = steps.shown(trace)
    latest = safe(describe(done[-1])) if done else "Reading the question"
    has_frames = bool(done) and isinstance(done[-1], Inspected) and bool(done[-1].frames_s)
    listed = done if has_frames else done[:-1]
    text = steps.being_written(trace)
    written = f'<p class="lr-writing" aria-hidden="true">{safe(text)}</p>' if text else ""
    return (
        '<section class="lr-answer" aria-label="Answer" aria-busy="true">'
        f"<h2>{safe(question)}</h2>{understood(question, trace)}"
        f'<p role="status" class="lr-now">{latest}</p>{step_list(listed, videos)}{written}</section>'
    )


def asked_before(saved: Sequence[SavedAnswerOut]) -> str:
    """Earlier questions about a video; a click shows the answer again. Empty if there are none."""
    if not saved:
        return ""
    latest: dict[str, SavedAnswerOut] = {}
    for one in saved:
        latest.setdefault(one.question, one)
    items = []
    for one in latest.values():
        outcome, text = BADGES[one.answer.status][0], one.answer.text
        if one.answer.status is AnswerStatus.ANSWERED:
            outcome += f": {safe(text[:90])}{'…' if len(text) > 90 else ''}"
        items.append(
            f'<li><button type="button" class="lr-line" data-show="{safe(one.id)}" '
            f'data-question="{safe(one.question)}"><span>{safe(one.question)}<br><small>{outcome}</small></span>'
            "</button></li>"
        )
    return f'<h3>Asked before</h3><ol class="lr-lines" aria-label="Asked before">{"".join(items)}</ol>'
