"""read: reads everything that is known about a span, in order and uncut."""

from __future__ import annotations

from pydantic import Field

from agents.coverage import words_covered
from agents.evidence import Passage
from agents.evidence.reading import READABLE, read_span
from agents.tools.base import Outcome, Seconds, SpanIn, Tool, ToolContext, VideoName
from app.core.runs import runs
from app.core.timecode import clock
from app.core.types import TimeSpan, text_tokens

PAGE_TOKENS, PAGE_SHARE, ID_TOKENS = 4_000, 0.15, 8
"""The most that a page takes, also as a share of the model's context, and what a line takes for its id and times."""


class Read(Tool):
    """Reads all that is said, written on the screen and was seen in a span, in order and uncut, in pages. Short
    videos can be read whole."""

    video: VideoName
    start_s: Seconds = Field(0.0, description="seconds; default: the beginning")
    end_s: Seconds | None = Field(None, description="seconds; default: the end")
    page: int = Field(1, ge=1)

    def run(self, context: ToolContext) -> Outcome:
        """One page of the passages of a span; says which page comes next."""
        video = context.video(self.video)
        end = video.duration_s if self.end_s is None else self.end_s
        span = context.span(video, SpanIn(start_s=self.start_s, end_s=end))
        kinds = tuple(filter(context.state["plan"].allows, READABLE))
        passages = read_span(context.work.parts.library, video, span, kinds, again=True)
        size = min(PAGE_TOKENS, context.work.context * PAGE_SHARE)
        pages: list[list[Passage]] = runs(
            passages, lambda page, one: sum(text_tokens(p.line) + ID_TOKENS for p in (*page, one)) <= size
        ) or [[]]
        page = min(self.page, len(pages))
        edges = [span.start_s, *(page[0].span.start_s for page in pages[1:]), span.end_s]
        shown = TimeSpan(*sorted(edges[page - 1 : page + 1]))
        inspected = tuple(words_covered(video, shown, kinds))
        whole = f"{context.name_of(video)} from {clock(span.start_s)} to {clock(span.end_s)}"
        if not pages[0]:
            return Outcome((f"Nothing is said or written in {whole}.",), inspected)
        more = f" Page {page} of {len(pages)}." + (f" Next: page {page + 1}." if page < len(pages) else "")
        return Outcome((f"All that is said and written in {whole}.{more}", *pages[page - 1]), inspected)
