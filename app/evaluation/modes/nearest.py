"""The control without a language model: what is nearest in meaning to what is said, captioned or written."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from app.core.errors import Cancelled
from app.core.types import Answer, AnswerStatus, Citation, SegmentKind, Usage, Video
from app.evaluation.cases import Case
from app.evaluation.modes.material import DEFAULT, ModeMaterial, Subtitles
from app.evaluation.modes.reply import answer_of, cited_frames

if TYPE_CHECKING:
    from agents.parts import AgentParts

NEAREST = 5
"""Passages by which the nearness of an option is measured."""
READ = (SegmentKind.SPEECH, SegmentKind.CAPTION, SegmentKind.SCREEN_TEXT)


class Blind:
    """Chooses the option that is nearest to the question: what can be guessed without the video."""

    def __init__(self, parts: Callable[[], AgentParts]) -> None:
        self._parts = parts

    def __call__(self, case: Case, video: Video, cancelled: Callable[[], bool]) -> Answer:
        """The nearest option; an open question cannot be answered."""
        started = time.monotonic()
        if cancelled():
            raise Cancelled("The question was cancelled.")
        if not case.options:
            return Answer(AnswerStatus.INSUFFICIENT, "Only options can be compared with a question.")
        embedder = self._parts().text_embedder
        best = int((embedder.embed(list(case.options)) @ embedder.embed_query(case.question)).argmax())
        return answer_of(
            case.options[best], case, cited_frames(video, []), Usage(time.monotonic() - started), option=best
        )


class Nearest:
    """Chooses the nearest option; answers an open question with the passage that is nearest to it.

    An option is as near as its five nearest passages are on average, by the cosine of their vectors. The question is
    left out there: with it, fewer of 197 answers on EgoSchema captions were right (40 % instead of 50 %,
    all-MiniLM-L6-v2). The passage is cited, unchecked, so that this row says how far grounding gets by search alone.
    """

    def __init__(self, parts: Callable[[], AgentParts], shown: ModeMaterial = DEFAULT) -> None:
        self._parts = parts
        self._kinds = READ if shown.subtitles is not Subtitles.NONE else READ[1:]

    def __call__(self, case: Case, video: Video, cancelled: Callable[[], bool]) -> Answer:
        """The nearest option or passage."""
        started = time.monotonic()
        if cancelled():
            raise Cancelled("The question was cancelled.")
        parts = self._parts()
        passages = [one for one in parts.library.segments(video.id, kinds=self._kinds) if one.question is None]
        if not passages:
            usage = Usage(time.monotonic() - started)
            return Answer(AnswerStatus.INSUFFICIENT, "Nothing is said, written or captioned.", usage=usage)
        vectors = parts.text_embedder.embed([one.text for one in passages])
        cosines = [vectors @ parts.text_embedder.embed_query(text) for text in case.options or (case.question,)]
        nearness = [float(np.sort(one)[-NEAREST:].mean()) for one in cosines]
        best = nearness.index(max(nearness))
        passage = passages[int(cosines[best].argmax())]
        cited = Citation(video.id, passage.span, passage.kind, passage.text, passage.frame_s)
        text, option = (case.options[best], best) if case.options else (passage.text, None)
        usage = Usage(time.monotonic() - started)
        return Answer(AnswerStatus.ANSWERED, text, None, (cited,), option, usage)
