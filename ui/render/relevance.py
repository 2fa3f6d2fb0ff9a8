"""Where in the videos the evidence for a question lies: found, looked at, rejected, cited."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.api.schemas import CitationOut
from app.core.events import Event, Hit, Inspected, Searched, Verified
from ui.render.citations import Videos, played, title_of
from ui.render.markup import jump, safe, span_of
from ui.render.watch import share

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
    strongest: dict[tuple[str, float, float], Mark] = {}
    for mark in _all(trace, cited):
        key = (mark.video_id, mark.start_s, mark.end_s)
        before = strongest.get(key)
        if before is None or STATES.index(mark.state) >= STATES.index(before.state):
            strongest[key] = mark
    return sorted(strongest.values(), key=lambda mark: (STATES.index(mark.state), mark.start_s))


def _all(trace: Sequence[Event], cited: Sequence[CitationOut]) -> Iterator[Mark]:
    verdicts = [event for event in trace if isinstance(event, Verified)]
    accepted = {id for event in verdicts if event.verdict != "no" for id in event.evidence_ids}
    rejected = {id for event in verdicts if event.verdict == "no" for id in event.evidence_ids}
    for event in trace:
        hits: tuple[Hit, ...] = ()
        if isinstance(event, Searched):
            hits = event.hits
        elif isinstance(event, Inspected):
            hits = event.found
            yield Mark(event.video_id, event.span.start_s, event.span.end_s, "looked")
        for hit in hits:
            state = "rejected" if hit.evidence_id in rejected - accepted else "found"
            yield Mark(hit.video_id, hit.span.start_s, hit.span.end_s, state, hit.text)
    for one in cited:
        yield Mark(one.video_id, one.start_s, one.end_s, "cited", one.quote, played(one))


def relevance(trace: Sequence[Event], cited: Sequence[CitationOut], videos: Videos) -> str:
    """The marks of a question, a row for each of their videos, on the scale of the player's timeline; may be empty."""
    shown = [mark for mark in marks(trace, cited) if mark.video_id in videos]
    weights: Counter[str] = Counter()
    for mark in shown:
        weights[mark.video_id] += 10 ** STATES.index(mark.state)
    order = [id for id, _ in weights.most_common(MOST_VIDEOS)]
    rows = [_row(id, [mark for mark in shown if mark.video_id == id], videos, alone=len(order) == 1) for id in order]
    used = [state for state in STATES if any(mark.state == state for mark in shown)]
    legend = "".join(f'<li><i class="lr-mark lr-{state}"></i>{NAMES[state]}</li>' for state in used)
    if not rows:
        return ""
    return f'<div class="lr-timeline">{"".join(rows)}</div><ul class="lr-legend">{legend}</ul>'


def _row(video_id: str, shown: Sequence[Mark], videos: Videos, alone: bool) -> str:
    video = videos[video_id]
    title = safe(title_of(video_id, videos))
    items = []
    for mark in shown:
        left, width = share(mark.start_s, mark.end_s, max(video.duration_s, 0.001))
        label = f"{NAMES[mark.state]}, {span_of(mark.start_s, mark.end_s)}: {safe(mark.text[:120])}"
        start_s, end_s = mark.played or (mark.start_s, None)
        button = jump(video_id, start_s, "", f"lr-mark lr-{mark.state}", label=label, end_s=end_s)
        items.append(f'<li style="left:{left:.2f}%;width:{width:.2f}%" title="{label}">{button}</li>')
    name = "Evidence" if alone else title
    return (
        f'<div class="lr-row" data-of="{safe(video_id)}">'
        f'<span class="lr-name" aria-hidden="true" title="{title}">{name}</span>'
        f'<ol class="lr-track lr-marks" aria-label="Evidence in {title}">{"".join(items)}</ol></div>'
    )
