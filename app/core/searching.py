"""Searches that a single question to the indexes cannot express."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from app.core.ports import Retriever
from app.core.types import Evidence, SegmentKind, TimeSpan, VideoId

MOST = 4096
"""Pieces of evidence that are looked through at most."""


def search_within(
    retriever: Retriever,
    text: str,
    spans: Mapping[VideoId, Sequence[TimeSpan]],
    *,
    limit: int,
    kinds: Sequence[SegmentKind] = (SegmentKind.SPEECH,),
    window: TimeSpan | None = None,
) -> list[Evidence]:
    """What fits a text best among the moments that hold one of these spans, such as the sentences of one speaker.

    Best first, with ids E1, E2, ...; nothing for no spans. Looks further down the ranking until enough is found.
    """
    asked = 4 * limit
    while spans:
        found = retriever.search(text, limit=asked, videos=list(spans), window=window, kinds=kinds)
        kept = [one for one in found if _holds(one.segment.span, spans[one.segment.video_id])]
        if len(kept) >= limit or len(found) < asked or asked >= MOST:
            return [replace(one, id=f"E{place}") for place, one in enumerate(kept[:limit], start=1)]
        asked *= 4
    return []


def _holds(span: TimeSpan, wanted: Sequence[TimeSpan]) -> bool:
    return any(span.contains(one.middle_s) for one in wanted)
