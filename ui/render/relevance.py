"""Where in the videos the evidence for a question lies: found, looked at, rejected, cited."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from app.api.schemas import CitationOut
from app.core.events import Event, Hit, Inspected, Searched, Verified
from ui.render.citations import Videos, played
from ui.render.templates import NOTHING, fill

STATES = ("found", "looked", "rejected", "cited")
"""From weakest to strongest: each moment shows its strongest state."""
NAMES = {"found": "Found", "looked": "Looked at closely", "rejected": "Found, but rejected", "cited": "Cited"}
MOST_VIDEOS = 4


@dataclass(frozen=True)
class Mark:
    """The state of one moment. Times are seconds on the video's clock."""

    video_id: str
    start_s: float
    end_s: float
    state: str
    text: str = ""
    played: tuple[float, float] | None = None
    """What a click plays if it is not all that follows."""


def marks(trace: Sequence[Event], cited: Sequence[CitationOut] = ()) -> list[Mark]:
    """One mark for each moment of a trace, weakest first, so that the strongest is drawn on top."""
    verdicts = [event for event in trace if isinstance(event, Verified)]
    accepted = {id for event in verdicts if event.verdict != "no" for id in event.evidence_ids}
    rejected = {id for event in verdicts if event.verdict == "no" for id in event.evidence_ids}
    every: list[Mark] = []
    for event in trace:
        hits: tuple[Hit, ...] = ()
        if isinstance(event, Searched):
            hits = event.hits
        elif isinstance(event, Inspected):
            hits = event.found
            every.append(Mark(event.video_id, event.span.start_s, event.span.end_s, "looked"))
        for hit in hits:
            state = "rejected" if hit.evidence_id in rejected - accepted else "found"
            every.append(Mark(hit.video_id, hit.span.start_s, hit.span.end_s, state, hit.text))
    every += [Mark(one.video_id, one.start_s, one.end_s, "cited", one.quote, played(one)) for one in cited]
    strongest: dict[tuple[str, float, float], Mark] = {}
    for mark in every:
        key = (mark.video_id, mark.start_s, mark.end_s)
        before = strongest.get(key)
        if before is None or STATES.index(mark.state) >= STATES.index(before.state):
            strongest[key] = mark
    return sorted(strongest.values(), key=lambda mark: (STATES.index(mark.state), mark.start_s))


def relevance(trace: Sequence[Event], cited: Sequence[CitationOut], videos: Videos) -> Markup:
    """The marks of a question, a row for each of their videos, on the scale of the player's timeline; may be empty."""
    shown = [mark for mark in marks(trace, cited) if mark.video_id in videos]
    if not shown:
        return NOTHING
    weights: Counter[str] = Counter()
    for mark in shown:
        weights[mark.video_id] += 10 ** STATES.index(mark.state)
    rows = [(videos[id], [mark for mark in shown if mark.video_id == id]) for id, _ in weights.most_common(MOST_VIDEOS)]
    used = [state for state in STATES if any(mark.state == state for mark in shown)]
    return fill("relevance.html", rows=rows, used=used, names=NAMES)
