"""DrVideo (arXiv 2406.12846): a document of captions, of which the entries that matter are written anew.

The document has a caption for each frame. The entries nearest to the question in meaning are first described again with
the question in mind. Then, in each round, a planning agent says whether the document is enough; if not, an interaction
agent names further frames, and for each whether to caption it in detail or to ask it something. The answer is reasoned
step by step over the whole document. There is no official code; the numbers of frames and rounds are ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from app.core.types import Answer, TimeSpan
from app.evaluation.modes.published import Line, PublishedAgent, Work, as_number
from app.evaluation.modes.reply import cited_frames

KEY_FRAMES, MORE_FRAMES, ROUNDS = 5, 5, 5
_SUFFICIENT = {
    "type": "object",
    "properties": {"sufficient": {"type": "boolean"}, "missing": {"type": "string"}},
    "required": ["sufficient", "missing"],
}
_REQUESTS = {
    "type": "object",
    "properties": {
        "frames": {
            "type": "array",
            "maxItems": MORE_FRAMES,
            "items": {
                "type": "object",
                "properties": {
                    "frame": {"type": "integer"},
                    "type": {"enum": ["caption", "question"]},
                    "question": {"type": "string"},
                },
                "required": ["frame", "type", "question"],
            },
        }
    },
    "required": ["frames"],
}
_DETAIL = "Describe this frame of a video in detail."


class DrVideo(PublishedAgent):
    """Retrieval, augmentation, and rounds of planning and interaction over one document."""

    def solve(self, work: Work) -> Answer:
        """Answers from the document as it is in the end."""
        document = _Document(work)
        related = f"{_DETAIL} Say everything that helps to answer this, without answering it: {work.case.question}"
        for place in document.nearest(work.question, work.shown.at_most(KEY_FRAMES)):
            document.augment(place, related)
        missing = ""
        # Without eyes nothing can be augmented, so there is nothing to plan.
        for _ in range(ROUNDS if work.sees else 0):
            earlier = f"\nThis was missing before: {missing}" if missing else ""
            plan = work.fill(
                f"{document.text()}\n\n{work.question}{earlier}\n\nDoes this document say enough to answer? Reply with "
                'JSON: {"sufficient": true or false, "missing": "what is missing"}.',
                _SUFFICIENT,
            )
            missing = str(plan.get("missing") or "more detail")
            if plan.get("sufficient") is True or not self._augmented(work, document, missing):
                break
        reply = work.write(
            f"{document.text()}\n\n{work.question}\n\nThink step by step: first name the frames that matter and what "
            f"they show. {work.wanted} Begin your last line with 'Answer:'."
        )
        cited = [document.times_s[place] for place in sorted(document.augmented)]
        return work.answer(reply.rpartition("Answer:")[2], cited_frames(work.video, cited))

    def _augmented(self, work: Work, document: _Document, missing: str) -> bool:
        """Augments the frames that the interaction agent names; whether it named any that could be."""
        room = work.shown.at_most(len(document.times_s)) - len(document.augmented)
        reply: Any = work.fill(
            f"{document.text()}\n\n{work.question}\n\nMissing: {missing}\n\nName at most {MORE_FRAMES} frames that "
            "are likely to show it and that were not looked at again yet. For each, choose caption, for a detailed "
            "caption, or question, and write the question to ask about it.",
            _REQUESTS,
        ).get("frames", [])
        requests = [one for one in reply if isinstance(one, dict)] if isinstance(reply, list) else []
        changed = False
        for request in requests[: max(0, min(room, MORE_FRAMES))]:
            place = as_number(request.get("frame"), 0, len(document.times_s) - 1)
            if place is None or place in document.augmented:
                continue
            question = str(request.get("question") or "") if request.get("type") == "question" else ""
            document.augment(place, question or _DETAIL)
            changed = True
        return changed


class _Document:
    """Numbered entries, each with what its frame shows."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._entries: list[Line] = work.captions_of_frames()
        self.times_s = [(span.start_s + span.end_s) / 2 for span, _ in self._entries]
        self.augmented: set[int] = set()

    def nearest(self, text: str, count: int) -> list[int]:
        """The entries nearest to a text in meaning."""
        embedder = self._work.parts.text_embedder
        vectors = embedder.embed([caption for _, caption in self._entries])
        likeness = np.asarray(vectors) @ np.asarray(embedder.embed_query(text))
        return sorted(np.argsort(-likeness, kind="stable")[:count].tolist())

    def augment(self, place: int, prompt: str) -> None:
        """Adds to an entry what its frame shows in answer to a prompt; nothing where no model can look."""
        self.augmented.add(place)
        if not self._work.sees:
            return
        span, text = self._entries[place]
        seen = " ".join(self._work.look([self.times_s[place]], prompt).split())
        self._entries[place] = (span, f"{text} Looked at again: {seen}")

    def text(self) -> str:
        """The whole document, as much of it as the model can read, and what is said."""
        lines: Sequence[Line] = [
            (TimeSpan(at, at), f"frame {place}: {text}")
            for place, (at, (_, text)) in enumerate(zip(self.times_s, self._entries, strict=True))
        ]
        return f"A document about a video, an entry for each frame:\n{self._work.told_frames(lines)}"
