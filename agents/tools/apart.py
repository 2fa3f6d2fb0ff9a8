"""apart: computes the order of pieces of evidence and the time between them."""

from __future__ import annotations

import itertools

from pydantic import Field

from agents.evidence import Finding, Passage
from agents.tools.base import Outcome, Tool, ToolContext
from app.core.errors import ToolRefused
from app.core.timecode import clock


class Apart(Tool):
    """Puts pieces of evidence in order of time and gives the seconds between them. The result is a finding, such as
    F1, that an answer can cite."""

    ids: list[str] = Field(max_length=26, description="pieces of evidence of one video, such as E3, E9")

    def run(self, context: ToolContext) -> Outcome:
        """A finding with the pieces in order of time and the seconds between their beginnings."""
        passages = sorted(context.evidence(self.ids), key=_moment)
        if len({passage.video_id for passage in passages}) > 1:
            raise ToolRefused("Times of different videos cannot be compared.")
        if len(passages) < 2:
            raise ToolRefused("Give at least two different pieces of evidence.")
        steps = [
            f"{a.id} at {clock(_moment(a), tenths=True)}, then {_moment(b) - _moment(a):.1f} s later {b.id}"
            for a, b in itertools.pairwise(passages)
        ]
        order = ", ".join(passage.id for passage in passages)
        last = f"{passages[-1].id} is at {clock(_moment(passages[-1]), tenths=True)}"
        return Outcome((Finding(f"In order of time: {order}. {'; '.join(steps)}. {last}.", tuple(passages)),))


def _moment(passage: Passage) -> float:
    """When a picture is shown, or when words begin, seconds."""
    return passage.frame_s if passage.is_picture and passage.frame_s is not None else passage.span.start_s
