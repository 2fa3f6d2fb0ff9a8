"""LifelongMemory (arXiv 2312.05269): captions that say the same become a digest, and the answer comes from it.

Captions without news ("looks around") are left out. Consecutive captions stay together while each resembles the one
before it; the model merges each group into one sentence, whose interval reaches half a caption's distance to either
side. The answer has an explanation and a confidence from 1 to 3. Where a benchmark gives spans, a second call recalls
the intervals that answer the question, with their context, or "NA". The paper's vote of several runs is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from app.core.timecode import clock
from app.core.types import Answer, TimeSpan
from app.evaluation.modes.material import DEFAULT, ModeMaterial
from app.evaluation.modes.published import Line, PublishedAgent, Work, as_number
from app.evaluation.modes.reply import REFUSE, cited_frames, cited_spans

if TYPE_CHECKING:
    from agents.parts import AgentParts

ALIKE = 0.8
"""Cosine above which a caption joins the one before it."""
MERGED_TOKENS = 100
_NO_NEWS = re.compile(r"\b(?:looks?|walks?) around\b", re.IGNORECASE)
_WHO = re.compile(r"#[cCoO]\s+")
"""Ego4D's marks for the wearer of the camera and for others."""
_PREDICTION = {
    "type": "object",
    "properties": {
        "prediction": {"type": ["integer", "string"]},
        "explanation": {"type": "string"},
        "confidence": {"enum": [1, 2, 3]},
    },
    "required": ["prediction", "explanation", "confidence"],
}
_INTERVALS = {
    "type": "object",
    "properties": {
        "predictions": {"type": "array", "maxItems": 3, "items": {"type": "array", "items": {"type": "number"}}},
        "explanation": {"type": "string"},
        "confidence": {"enum": [1, 2, 3]},
    },
    "required": ["predictions", "explanation", "confidence"],
}


class LifelongMemory(PublishedAgent):
    """A digest of captions, written once for all questions about a video."""

    def __init__(self, parts: Callable[[], AgentParts], shown: ModeMaterial = DEFAULT) -> None:
        super().__init__(parts, shown)
        self._merged: dict[tuple[str, ...], str] = {}

    def solve(self, work: Work) -> Answer:
        """One call per group of captions that is not merged yet, and one for the answer (two if it needs spans)."""
        lines = [(span, _WHO.sub("", text)) for span, text in work.captions_of_frames()]
        groups = grouped(work, [line for line in lines if not _NO_NEWS.search(line[1])])
        digest = [(span, f"(until {clock(span.end_s)}) {self._sentence(work, texts)}") for span, texts in groups]
        memory = f"Memory:\n{work.told_frames(digest)}"
        options = " ".join(f"Option {number}: {option}" for number, option in enumerate(work.case.options))
        form = (
            f"{options}\nThe prediction is the number of an option; if unsure, of the closest." if options else REFUSE
        )
        reply = work.fill(
            f"{memory}\n\nQuestion: {work.case.question}\n{form}\n\nImagine the scene as vividly as you can. Reply "
            "with JSON: prediction, explanation (one sentence), confidence (1 low to 3 high).",
            _PREDICTION,
        )
        spans, whole = [], work.video.media.whole
        if work.case.evidence:
            intervals: Any = work.fill(
                f"{memory}\n\nQuestion: {work.case.question}\n\nRecall the intervals that answer it, in seconds as "
                "[start, end]. Include what comes right before and after, join actions that belong together, prefer a "
                "broad interval to a short one, and give none if the memory is too vague. Reply with JSON: "
                "predictions, explanation, confidence (1 to 3).",
                _INTERVALS,
            ).get("predictions")
            for pair in intervals if isinstance(intervals, list) else []:
                ends = [float(one) for one in pair if isinstance(one, int | float)] if isinstance(pair, list) else []
                start, end = (max(ends[0], whole.start_s), min(ends[1], whole.end_s)) if len(ends) == 2 else (0.0, 0.0)
                if start < end:
                    spans.append(TimeSpan(start, end))
        cited = cited_spans(work.video, spans) if spans else cited_frames(work.video, [])
        prediction = reply.get("prediction")
        if not work.case.options:
            return work.answer("" if prediction is None else str(prediction), cited)
        option = as_number(prediction, 0, len(work.case.options) - 1)
        return work.answer(str(prediction) if option is not None else "", cited, option=option)

    def _sentence(self, work: Work, texts: tuple[str, ...]) -> str:
        if len(set(texts)) == 1:
            return texts[0]
        if texts not in self._merged:
            listed = "\n".join(texts)
            self._merged[texts] = work.write(
                "Merge these captions into a single short one. Be clear and brief, and lose no detail that matters.\n"
                f"{listed}",
                max_output=MERGED_TOKENS,
            ).strip("\"'")
        return self._merged[texts] or texts[0]


def grouped(work: Work, lines: Sequence[Line]) -> list[tuple[TimeSpan, tuple[str, ...]]]:
    """Consecutive captions that resemble each other, and the interval of each group."""
    if not lines:
        return []
    vectors = np.asarray(work.parts.text_embedder.embed([text for _, text in lines]))
    vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    groups = [[lines[0]]]
    for line, likeness in zip(lines[1:], (vectors[1:] * vectors[:-1]).sum(axis=1), strict=True):
        if likeness > ALIKE:
            groups[-1].append(line)
        else:
            groups.append([line])
    gaps = [later.start_s - earlier.end_s for (earlier, _), (later, _) in pairwise(lines)]
    reach = max(0.0, float(np.median(gaps)) / 2) if gaps else 0.0
    whole = work.video.media.whole
    return [
        (
            TimeSpan(max(whole.start_s, group[0][0].start_s - reach), min(whole.end_s, group[-1][0].end_s + reach)),
            tuple(text for _, text in group),
        )
        for group in groups
    ]
