"""VideoAgent (arXiv 2403.10517): five frames at first; while the model is not sure, it says what else to look for.

Each round answers from the captions of the frames so far, then judges in a call of its own how far they suffice (1 to
3). Below 3 it names segments between these frames and what to find there; the frame of each segment that is nearest to
those words joins. Three rounds at most. The paper takes EVA-CLIP for the likeness and a random option where no answer
can be read; here the stored vectors are searched, and such a reply is no answer.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from app.core.types import Answer
from app.evaluation.modes.moments import Moments, moments_of
from app.evaluation.modes.published import PublishedAgent, Work, as_number, as_object
from app.evaluation.modes.reply import REFUSE, cited_frames

FIRST, ROUNDS, SURE = 5, 3, 3
_CONFIDENCE = {
    "type": "object",
    "properties": {"confidence": {"enum": [1, 2, 3]}},
    "required": ["confidence"],
}
_SEGMENTS = {
    "type": "object",
    "properties": {
        "frame_descriptions": {
            "type": "array",
            "maxItems": 8,
            "items": {
                "type": "object",
                "properties": {"segment_id": {"type": "integer"}, "description": {"type": "string"}},
                "required": ["segment_id", "description"],
            },
        }
    },
    "required": ["frame_descriptions"],
}


class VideoAgentMode(PublishedAgent):
    """Rounds of answering, judging and looking closer."""

    def solve(self, work: Work) -> Answer:
        """The answer of the last round."""
        moments = moments_of(work)
        known = moments.evenly(max(1, work.shown.at_most(FIRST)))
        form = f'Think step by step, then reply with JSON: {{"final_answer": "..."}}. {REFUSE}'
        if work.case.options:
            options = " ".join(f"{number}. {option}" for number, option in enumerate(work.case.options))
            form = (
                f"Choices: {options}\nThink step by step, then give the number of the best "
                'choice as JSON: {"final_answer": number}.'
            )
        for left in reversed(range(ROUNDS)):
            lines = work.captions_at([moments.times_s[place] for place in known])
            shown = "\n".join(f"frame {place}: {text}" for place, (_, text) in zip(known, lines, strict=True))
            speech = work.fitting(work.said(), 0.3)
            heard = f"\nWhat is said:\n{speech}" if speech else ""
            frames = f"A video has {len(moments.times_s)} frames, one a second. Some of them show:"
            context = f"{frames}\n{shown}{heard}"
            reply = work.write(f"{context}\n\nQuestion: {work.case.question}\n{form}")
            if not left:
                break
            doubt = (
                f"{context}\n\n{work.question}\n\nThis was decided:\n{reply}\n\nHow far does what is known support "
                "it? 1: too little is known. 2: it supports a guess. 3: it is enough. Reply with JSON: "
                '{"confidence": number}.'
            )
            if as_number(work.fill(doubt, _CONFIDENCE, max_output=100).get("confidence"), 1, 3) == SURE:
                break
            more = sorted(self._found(work, moments, known, context) - set(known))
            more = more[: max(0, work.shown.at_most(len(moments.times_s)) - len(known))]
            if not more:
                break
            known = sorted([*known, *more])
        cited = cited_frames(work.video, [moments.times_s[place] for place in known])
        final = as_object(reply).get("final_answer", "")
        if not work.case.options:
            return work.answer(str(final) or reply, cited)
        option = as_number(final, 0, len(work.case.options) - 1)
        return work.answer(reply if option is not None else "", cited, option=option)

    def _found(self, work: Work, moments: Moments, known: Sequence[int], context: str) -> set[int]:
        """The frames nearest to what the model looks for, in the segments that it names."""
        segments = list(itertools.pairwise(known))
        listed = "; ".join(f"{number}: frames {a} to {b}" for number, (a, b) in enumerate(segments, 1))
        prompt = (
            f"{context}\n\n{work.question}\n\nThis is not enough to answer. The segments between these frames are: "
            f"{listed}.\nName the segments that are likely to show what is missing, and for each frame to look for "
            "describe in one sentence what it shows."
        )
        descriptions: Any = work.fill(prompt, _SEGMENTS).get("frame_descriptions", [])
        places = set()
        for item in descriptions if isinstance(descriptions, list) else []:
            number = as_number(item.get("segment_id"), 1, len(segments)) if isinstance(item, dict) else None
            if number is not None:
                start, end = segments[number - 1]
                places.add(moments.nearest(str(item.get("description", "")), range(start, end + 1)))
        return places
