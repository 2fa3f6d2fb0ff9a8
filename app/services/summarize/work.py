"""One summary run: its stored units, their keys, and its progress.

The points of a block, and each phrased text, are a unit of the stage store under a key derived from their
inputs: unchanged work is read back, whoever requests it.
"""

from __future__ import annotations

import copy
import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.core.errors import Cancelled, MissingPart, NotFound
from app.core.events import Listener, StageFinished, StageProgress, StageStarted
from app.core.ports import Chat, StageStore, TextEmbedder
from app.core.requests import Style, SummaryRequest
from app.core.types import Video, VideoId, from_json, to_json
from app.db.stages import TOGETHER
from app.services.speeds import save_speed
from app.services.summarize.choosing import ranked, standalone
from app.services.summarize.composing import Draft
from app.services.summarize.phrasing import Phraser
from app.services.summarize.shapes import EXTRACTIVE, Point, Section
from app.services.topics import Sentence

STAGE = "summarize"
METHOD = "5"
"""Increase this whenever the same inputs would give different points."""


@dataclass(frozen=True)
class SummaryParts:
    """The stores and models that summaries need."""

    embedder: TextEmbedder
    model: Chat | None
    stages: StageStore
    translates: bool
    """Whether the model can write in a language other than the one it reads."""


class Units:
    """Stored points by their inputs; missing ones are computed and stored."""

    def __init__(self, stages: StageStore, cancelled: Callable[[], bool], *, stored_only: bool) -> None:
        self.made = 0
        self._stages = stages
        self.cancelled = cancelled
        self._stored_only = stored_only
        self._known: dict[tuple[VideoId, str, str], dict[str, bytes]] = {}

    def get(self, video: VideoId, stage: str, version: str, key: str, make: Callable[[], list[Point]]) -> list[Point]:
        """One unit. Raises Cancelled, and NotFound if it is missing and must not be computed."""
        if self.cancelled():
            raise Cancelled("The summary was cancelled.", "Ask again to continue where it stopped.")
        place = (video, stage, version)
        if place not in self._known:
            self._known[place] = self._stages.units(*place)
        stored = self._known[place].get(key)
        if stored is not None:
            return [from_json(Point, one) for one in json.loads(stored)]
        if self._stored_only:
            raise NotFound("This summary does not exist yet, or its videos have changed.", "Request it first.")
        text = make()
        self.made += 1
        payload = json.dumps([to_json(point) for point in text]).encode()
        self._stages.save_unit(*place, key, payload)
        self._known[place][key] = payload
        return text


class SummaryRun:
    """One summary in progress."""

    def __init__(self, parts: SummaryParts, wanted: SummaryRequest, units: Units, report: Listener) -> None:
        self.wanted = wanted
        self._parts = parts
        self._units = units
        self._report = report
        self._phraser = Phraser(parts.model, units.cancelled) if parts.model else None
        self._started = time.monotonic()
        self._total, self._unit = 0.0, ""
        self._phrased_by: set[str] = set()
        self._languages: dict[VideoId, str] = {}

    def part(self, wanted: SummaryRequest) -> SummaryRun:
        """A run for another summary that this one builds on; it shares everything else."""
        own = copy.copy(self)
        own.wanted = wanted
        return own

    @property
    def phrased_by(self) -> str:
        """The model that wrote some of it; EXTRACTIVE if none did."""
        return next(iter(self._phrased_by), EXTRACTIVE)

    def begin(self, total: int, unit: str) -> None:
        """Reports that the work starts, and its amount."""
        self._total, self._unit = total, unit
        self._report(StageStarted(STAGE, total, unit))

    def progress(self, done: int) -> None:
        """Reports progress."""
        self._report(StageProgress(STAGE, done, self._total, self._unit))

    def end(self, video: VideoId | None = None) -> None:
        """Reports the end, and whether anything had to be computed; the time that one `video` took is stored."""
        seconds, is_new = time.monotonic() - self._started, self._units.made > 0
        if video and is_new:
            save_speed(self._parts.stages, video, "summary", seconds, 1)
        detail = f"{self.wanted.length}, {self.wanted.style}"
        self._report(StageFinished(STAGE, seconds, detail, reused=not is_new))

    def take_up(self, video: Video, says_something: bool) -> None:
        """Records a video's language. Raises MissingPart if the model cannot write the language of the summary.

        Things that are only seen in a video are described in English.
        """
        own = (video.language or "en") if says_something else "en"
        self._languages[video.id] = own
        language = self.wanted.language
        if language is None:
            return
        model = self._parts.model
        if language == own or (model is not None and self._parts.translates):
            return
        raise MissingPart(
            f"The language model of this profile ({model.model if model else 'none'}) cannot write {language} "
            f"about a video in {own}.",
            "Leave the language out, or set LONGREEL_PROFILE=remote with LONGREEL_LLM_URL and LONGREEL_LLM_MODEL.",
        )

    def points(self, video: VideoId, sentences: Sequence[Sentence]) -> tuple[Point, ...]:
        """The points of a block, from the store if its sentences are unchanged."""
        pool = standalone(sentences)
        key = _key([[s.span.start_s, s.span.end_s, s.text, s.quote, s.speaker] for s in pool])
        stage = f"summary-points-{self.wanted.style}"
        version = f"{METHOD}/{self._parts.embedder.model}"

        def make() -> list[Point]:
            vectors = self._parts.embedder.embed([s.text for s in pool])
            return ranked(video, pool, vectors, self.wanted.style)

        return tuple(self._units.get(video, stage, version, key, make))

    def central(self, points: Sequence[Point]) -> list[Point]:
        """Points, at least one, ordered by closeness to the mean of all."""
        version = f"{METHOD}/{self._parts.embedder.model}"

        def order() -> list[Point]:
            vectors = self._parts.embedder.embed([p.text for p in points])
            near = vectors @ vectors.mean(axis=0)
            return [points[int(i)] for i in (-near).argsort(kind="stable")]

        return self._text("central", version, _key([to_json(p) for p in points]), points, order)

    def section(self, draft: Draft) -> Section:
        """The final text of a draft: phrased, and in the requested language."""
        points: Sequence[Point] = draft.quotes
        phraser, model = self._phraser, self._parts.model
        if phraser and model and draft.sources and self.wanted.style is not Style.HIGHLIGHTS:
            stage = f"text-{self.wanted.length}-{self.wanted.style}"
            version = f"{METHOD}/{model.model}/{self._parts.embedder.model}"
            key = _key(draft.title, draft.sentences, draft.words, [to_json(p) for p in draft.sources])

            def phrase() -> list[Point]:
                return phraser.phrase(draft.sources, self.wanted.style, sentences=draft.sentences, words=draft.words)

            phrased = self._text(stage, version, key, draft.sources, phrase)
            if phrased:
                self._phrased_by.add(model.model)
            points = phrased or points
        return draft.section([self._translated(point) for point in points])

    def _translated(self, point: Point) -> Point:
        phraser, model, language = self._phraser, self._parts.model, self.wanted.language
        own = self._languages[point.citations[0].video_id]
        if phraser is None or model is None or language is None or language == own:
            return point
        self._phrased_by.add(model.model)
        version = f"{METHOD}/{model.model}"
        key = _key(to_json(point))
        return self._text(f"in-{language}", version, key, [point], lambda: [phraser.translate(point, language)])[0]

    def _text(
        self, stage: str, version: str, key: str, sources: Sequence[Point], make: Callable[[], list[Point]]
    ) -> list[Point]:
        """A unit derived from points, stored with their video; if there are several, with the first."""
        cited = [citation.video_id for point in sources for citation in point.citations]
        kind = "summary" if len(set(cited)) == 1 else TOGETHER
        return self._units.get(cited[0], f"{kind}-{stage}", version, key, make)


def _key(*contents: object) -> str:
    return hashlib.sha256(json.dumps(contents, sort_keys=True).encode()).hexdigest()[:24]
