"""The use case: summaries of one video and of several, built bottom-up and kept branch by branch.

Sentences -> points of a piece -> chapters -> sections of a video -> overview of a collection. Whatever
the level, a point cites the sentences themselves. The points of a piece, and each phrased section, are
a unit of the stage store under a key made of their contents: a chapter that changed re-makes its own
branch, everything else is read back.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.core.errors import BadInput, Cancelled, MissingPart, NotFound
from app.core.events import Listener, StageFinished, StageProgress, StageStarted, ignore
from app.core.ports import LanguageModel, StageStore, TextEmbedder
from app.core.types import SegmentKind, Video, VideoId, from_json, to_json
from app.db.library import SqlLibrary
from app.services.digest import Sentence
from app.services.summarize.choosing import blocks, filled, inside, ranked, telling
from app.services.summarize.composing import Branch, Draft, drafts
from app.services.summarize.phrasing import Phraser
from app.services.summarize.shapes import (
    EXTRACTIVE,
    Length,
    Overview,
    Point,
    Section,
    Style,
    VideoLine,
    VideoSummary,
    Wanted,
)

STAGE = "summarize"
METHOD = "2"
"""Changes whenever the same inputs would give other points."""
OVERVIEW_WORDS = 120


@dataclass(frozen=True)
class SummaryParts:
    """The engines that summaries need."""

    embedder: TextEmbedder
    model: LanguageModel | None
    stages: StageStore
    translates: bool
    """Whether the model can write other languages than the one that it reads."""


class SummarizeService:
    """Summaries with their moments."""

    def __init__(self, parts: Callable[[], SummaryParts], library: SqlLibrary) -> None:
        self._make_parts = parts
        self._library = library

    def summarize(
        self,
        video: Video,
        wanted: Wanted | None = None,
        *,
        tell: Listener = ignore,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> VideoSummary:
        """A summary of a video that was read. What was made before with the same models is used again.

        Raises NotFound before the video was read to its end, MissingPart for a language that the
        profile's model cannot write, Cancelled.
        """
        work = _Work(self._make_parts(), wanted or Wanted(), tell, cancelled)
        chapters = self._library.chapters(video.id)
        if not chapters:
            raise NotFound(f"{video.title} has no summary yet.", "Wait until it has been read to its end.")
        work.check_language(video.language, bool(self._library.utterances(video.id)))
        sentences = self._sentences(video.id)
        work.begin(len(chapters) + 1)
        branches = []
        for number, chapter in enumerate(chapters):
            own = inside(chapter, sentences, last=number == len(chapters) - 1)
            offers = tuple(work.points(video.id, block) for block in blocks(chapter, own))
            branches.append(Branch(chapter, offers))
            work.progress(number + 1)
        made = drafts(branches, work.wanted, lambda points: work.central(video.id, points))
        sections = [work.section(video.id, draft, video.language) for draft in made]
        work.end()
        return VideoSummary(video.id, video.title, work.wanted, tuple(sections), work.phrased_by)

    def overview(
        self,
        videos: Sequence[Video],
        wanted: Wanted | None = None,
        *,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Overview:
        """Several videos in short: what they tell together, and each in a sentence. Raises as `summarize`."""
        wanted = wanted or Wanted()
        lines, offers = [], []
        for video in videos:
            line = self.summarize(video, Wanted(Length.LINE, wanted.style, wanted.language), cancelled=cancelled)
            lines.append(VideoLine(video.id, video.title, line.points[0] if line.points else None))
            short = Wanted(Length.PARAGRAPH, wanted.style, wanted.language)
            offers.append(self.summarize(video, short, cancelled=cancelled).points)
        chosen = filled(offers, OVERVIEW_WORDS)
        return Overview(tuple(point for one in chosen for point in one), tuple(lines))

    def _sentences(self, id: VideoId) -> list[Sentence]:
        said = [Sentence(u.span, SegmentKind.SPEECH, u.text) for u in self._library.utterances(id)]
        kinds = (SegmentKind.SCREEN_TEXT, SegmentKind.CAPTION)
        seen = [Sentence(s.span, s.kind, s.text, s.frame_s) for s in self._library.segments(id, kinds=kinds)]
        return sorted(said + [s for s in seen if s.text.strip()], key=lambda s: s.span)


class _Work:
    """The making of one summary: its parts, its units, its progress."""

    def __init__(self, parts: SummaryParts, wanted: Wanted, tell: Listener, cancelled: Callable[[], bool]) -> None:
        self.wanted = wanted
        self._parts = parts
        self._tell = tell
        self._cancelled = cancelled
        self._phraser = Phraser(parts.model, parts.embedder) if parts.model else None
        self._started = time.monotonic()
        self._total = 0.0
        self._made = 0
        self._phrased = False

    @property
    def phrased_by(self) -> str:
        return self._parts.model.model if self._parts.model and self._phrased else EXTRACTIVE

    def begin(self, total: int) -> None:
        self._total = total
        self._tell(StageStarted(STAGE, total, "chapters"))

    def progress(self, done: int) -> None:
        self._tell(StageProgress(STAGE, done, self._total, "chapters"))

    def end(self) -> None:
        detail = f"{self.wanted.length}, {self.wanted.style}"
        self._tell(StageFinished(STAGE, time.monotonic() - self._started, detail, reused=self._made == 0))

    def check_language(self, spoken: str | None, says_something: bool) -> None:
        """Raises BadInput for what is no language code, MissingPart for what the model cannot write."""
        asked = self.wanted.language
        if asked is None:
            return
        if not (asked.isascii() and asked.isalpha() and asked.islower() and 2 <= len(asked) <= 3):
            raise BadInput(f"{asked} is no language code.", "Give an ISO 639-1 code such as en or de.")
        own = (spoken or "en") if says_something else "en"
        if asked == own or self._translates():
            return
        model = self._parts.model.model if self._parts.model else "none"
        raise MissingPart(
            f"The language model of this profile ({model}) cannot write {asked} about a video in {own}.",
            "Leave the language out, or set LONGREEL_PROFILE=remote with LONGREEL_LLM_URL and LONGREEL_LLM_MODEL.",
        )

    def _translates(self) -> bool:
        return self._parts.model is not None and self._parts.translates

    def points(self, video: VideoId, sentences: Sequence[Sentence]) -> tuple[Point, ...]:
        """What a piece of a chapter offers, from the store when its sentences are the same."""
        pool = telling(sentences)
        key = _key([[s.span.start_s, s.span.end_s, s.text] for s in pool])
        stage = f"summary-points-{self.wanted.style}"
        version = f"{METHOD}/{self._parts.embedder.model}"

        def make() -> list[Point]:
            vectors = self._parts.embedder.embed([s.text for s in pool])
            return ranked(video, pool, vectors, self.wanted.style)

        return tuple(self._unit(video, stage, version, key, make))

    def central(self, video: VideoId, points: Sequence[Point]) -> list[Point]:
        """Points by how near they are to the mean of all."""
        version = f"{METHOD}/{self._parts.embedder.model}"

        def order() -> list[Point]:
            vectors = self._parts.embedder.embed([p.text for p in points])
            near = vectors @ vectors.mean(axis=0)
            return [points[int(i)] for i in (-near).argsort(kind="stable")]

        return self._unit(video, "summary-central", version, _key([to_json(p) for p in points]), order)

    def section(self, video: VideoId, draft: Draft, spoken: str | None) -> Section:
        """A draft in its last words: phrased, and in the language that was asked for."""
        points: Sequence[Point] = draft.quotes
        phraser = self._phraser
        if phraser and self._parts.model and self.wanted.style is not Style.HIGHLIGHTS:
            stage = f"summary-text-{self.wanted.length}-{self.wanted.style}"
            version = f"{METHOD}/{self._parts.model.model}/{self._parts.embedder.model}"
            key = _key(draft.title, draft.sentences, draft.words, [to_json(p) for p in draft.sources])

            def phrase() -> list[Point]:
                return phraser.phrase(draft.sources, self.wanted.style, sentences=draft.sentences, words=draft.words)

            phrased = self._unit(video, stage, version, key, phrase)
            self._phrased = self._phrased or bool(phrased)
            points = phrased or points
        language = self.wanted.language
        if language and language != (spoken or "en"):
            points = [self._translated(video, point, language) for point in points]
        return draft.section(points)

    def _translated(self, video: VideoId, point: Point, language: str) -> Point:
        phraser, model = self._phraser, self._parts.model
        if phraser is None or model is None:
            return point
        self._phrased = True
        stage, version = f"summary-in-{language}", f"{METHOD}/{model.model}"
        made = self._unit(video, stage, version, _key(to_json(point)), lambda: [phraser.translate(point, language)])
        return made[0]

    def _unit(self, video: VideoId, stage: str, version: str, key: str, make: Callable[[], list[Point]]) -> list[Point]:
        if self._cancelled():
            raise Cancelled("The summary was cancelled.", "Ask again to go on where it stopped.")
        stored = self._parts.stages.units(video, stage, version).get(key)
        if stored is not None:
            return [from_json(Point, one) for one in json.loads(stored)]
        made = make()
        self._made += 1
        payload = json.dumps([to_json(point) for point in made]).encode()
        self._parts.stages.save_unit(video, stage, version, key, payload)
        return made


def _key(*contents: object) -> str:
    return hashlib.sha256(json.dumps(contents, sort_keys=True).encode()).hexdigest()[:24]
