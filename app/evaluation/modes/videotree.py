"""VideoTree (arXiv 2405.19209): clusters of frames, widened until enough of them bear on the question, then opened.

Breadth: the frames of every second in 8 clusters, then 16 and 32 while fewer than four of them bear closely on the
question, which the model says from 1 to 3 by the caption of the frame in the middle of each. Depth: a cluster of 1
keeps its middle, one of 2 is cut into five, one of 3 into five times five. The answer is read from the captions of
all these frames in order of time. A cluster of which the model says nothing counts as 1.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.core.types import Answer, TimeSpan
from app.evaluation.modes.clusters import by_cosine, by_ward, centre
from app.evaluation.modes.material import evenly
from app.evaluation.modes.moments import Moments, moments_of
from app.evaluation.modes.published import PublishedAgent, Work, as_number
from app.evaluation.modes.reply import cited_frames

FIRST_CLUSTERS, MOST_CLUSTERS, ENOUGH, PARTS = 8, 32, 4, 5
MOST_FRAMES = 1200
"""Frames of a longer video are thinned out: cutting a cluster grows with the cube of its size."""
CLOSE = 3
_JUDGED = {
    "type": "object",
    "properties": {
        "answer": {"type": "string"},
        "confidence": {"type": "integer", "minimum": 1, "maximum": 100},
        "relevance": {"type": "array", "items": {"enum": [1, 2, 3]}},
    },
    "required": ["answer", "confidence", "relevance"],
}


class VideoTree(PublishedAgent):
    """A tree of frames that is deep where the question is."""

    def solve(self, work: Work) -> Answer:
        """Widens, opens, reads."""
        moments = moments_of(work)
        rows = moments.evenly(MOST_FRAMES)
        if len(rows) < len(moments.times_s):
            times_s = tuple(moments.times_s[row] for row in rows)
            moments = Moments(times_s, moments.vectors[rows], moments.embed_query)
        count = FIRST_CLUSTERS
        while True:
            clusters = by_cosine(moments.vectors, count)
            places = [centre(moments.vectors, rows) for rows in clusters]
            prompt = (
                f"Captions of {len(places)} frames of a video:\n{self._context(work, moments, places)}\n\n"
                f"{work.question}\n\n"
                "Answer, say how sure you are (1 to 100), and say for each frame in the order above how closely it "
                f"bears on the question: 1 not, 2 partly, 3 closely. Reply with JSON; relevance has {len(places)} "
                "numbers."
            )
            scores = work.fill(prompt, _JUDGED).get("relevance")
            numbers = [as_number(one, 1, 3) or 1 for one in scores] if isinstance(scores, list) else []
            relevance = [*numbers, *[1] * len(places)][: len(places)]
            if relevance.count(CLOSE) >= ENOUGH or count >= MOST_CLUSTERS or len(clusters) < count:
                break
            count *= 2
        parts: list[list[int]] = []
        for rows, close in zip(clusters, relevance, strict=True):
            groups = [rows] if close == 1 else by_ward(moments.vectors, rows, PARTS)
            if close == CLOSE:
                groups = [part for group in groups for part in by_ward(moments.vectors, group, PARTS)]
            parts += groups
        places = sorted({centre(moments.vectors, rows) for rows in parts})
        places = [places[int(place)] for place in evenly(len(places), work.shown.at_most(len(places)))]
        context = self._context(work, moments, places)
        reply = work.write(
            f"Captions of frames of a video, in order of time:\n{context}\n\n{work.question}\n\n{work.wanted}"
        )
        return work.answer(reply, cited_frames(work.video, [moments.times_s[place] for place in places]))

    def _context(self, work: Work, moments: Moments, places: Sequence[int]) -> str:
        times = [moments.times_s[place] for place in places]
        lines = zip(times, work.captions_at(times), strict=True)
        return work.told_frames([(TimeSpan(at, at), text) for at, (_, text) in lines])
