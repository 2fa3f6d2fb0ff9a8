"""Every place where something is said or written, by an exact scan: what is counted is never cut short."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agents.passages import from_segment, from_utterances, merged
from agents.state import Passage, Work
from agents.wording import content_stems, coverage
from app.core.types import SegmentKind, TimeSpan, Video


def mentions(
    term: str, videos: Sequence[Video], work: Work, *, windows: Mapping[str, TimeSpan], spoken: bool
) -> list[Passage]:
    """Every sentence, and unless `spoken` every text on the screen, with all words of a term.

    `windows`: the stretch that counts, by video; the whole of a video that has none.
    """
    stems = content_stems(term) or content_stems(term, scaffolding=True)
    if not stems:
        return []
    library, found = work.parts.library, list[Passage]()
    for video in videos:
        window = windows.get(video.id)
        said = [u for u in library.utterances(video.id, window) if coverage(stems, u.text) == 1.0]
        found += [from_utterances(video.id, [u]) for u in said]
        if not spoken:
            shown = library.segments(video.id, kinds=(SegmentKind.SCREEN_TEXT,), window=window)
            found += merged(from_segment(s) for s in shown if coverage(stems, s.text) == 1.0)
    return found
