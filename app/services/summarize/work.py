"""The making of one summary: its units, what they are kept under, its progress.

The points of a piece, and each phrased text, are a unit of the stage store under a key made of their
contents: what is the same as before is read back, whoever asks for it.
"""

from __future__ import annotations

import copy
import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.core.errors import BadInput, Cancelled, MissingPart, NotFound
from app.core.events import Listener, StageFinished, StageProgress, StageStarted
from app.core.ports import Chat, StageStore, TextEmbedder
from app.core.types import Video, VideoId, from_json, to_json
from app.db.stages import TOGETHER
from app.services.summarize.choosing import ranked, telling
from app.services.summarize.composing import Draft
from app.services.summarize.phrasing import Phraser
from app.services.summarize.shapes import EXTRACTIVE, Point, Section, Style, SummaryRequest
from app.services.topics import Sentence

STAGE = "summarize"
METHOD = "3"
"""Changes whenever the same inputs would give other points."""


@dataclass(frozen=True)
class SummaryParts:
    """The engines that summaries need."""

    embedder: TextEmbedder
    model: Chat | None
    stages: StageStore
    translates: bool
    """Whether the model can write other languages than the one that it reads."""


class Units:
    """Points by what they are made of: those that are kept, and those that are made now and kept from then on."""

    def __init__(self, stages: StageStore, cancelled: Callable[[], bool], *, kept_only: bool) -> None:
        self.made = 0
        self._stages = stages
        self.cancelled = cancelled
        self._kept_only = kept_only
        self._known: dict[tuple[VideoId, str, str], dict[str, bytes]] = {}

    def get(self, video: VideoId, stage: str, version: str, key: str, make: Callable[[], list[Point]]) -> list[Point]:
        """One unit. Raises Cancelled, and NotFound when it is not there and nothing is to be made."""
        if self.cancelled():
            raise Cancelled("The summary was cancelled.", "Ask again to go on where it stopped.")
        place = (video, stage, version)
        if place not in self._known:
            self._known[place] = self._stages.units(*place)
        kept = self._known[place].get(key)
        if kept is not None:
            return [from_json(Point, one) for one in json.loads(kept)]
        if self._kept_only:
            raise NotFound("This summary was not made yet, or its videos changed since.", "Have it made first.")
        made = make()
        self.made += 1
        payload = json.dumps([to_json(point) for point in made]).encode()
        self._stages.save_unit(*place, key, payload)
        self._known[place][key] = payload
        return made


class SummaryRun:
    """The making of one summary."""

    def __init__(self, parts: SummaryParts, wanted: SummaryRequest, units: Units, tell: Listener) -> None:
        self.wanted = wanted
        self._parts = parts
        self._units = units
        self._tell = tell
        self._phraser = Phraser(parts.model, parts.embedder, units.cancelled) if parts.model else None
        self._started = time.monotonic()
        self._total, self._unit = 0.0, ""
        self._phrased_by: set[str] = set()
        self._languages: dict[VideoId, str] = {}

    def part(self, wanted: SummaryRequest) -> SummaryRun:
        """The making of another summary that this one is made of; it shares everything else."""
        own = copy.copy(self)
        own.wanted = wanted
        return own

    @property
    def phrased_by(self) -> str:
        """The model that wrote some of it; EXTRACTIVE when none did."""
        return next(iter(self._phrased_by), EXTRACTIVE)

    def begin(self, total: int, unit: str) -> None:
        """Tells that the work begins, and how much it is."""
        self._total, self._unit = total, unit
        self._tell(StageStarted(STAGE, total, unit))

    def progress(self, done: int) -> None:
        """Tells how far it is."""
        self._tell(StageProgress(STAGE, done, self._total, self._unit))

    def end(self) -> None:
        """Tells that it is finished, and whether anything had to be made."""
        detail = f"{self.wanted.length}, {self.wanted.style}"
        self._tell(StageFinished(STAGE, time.monotonic() - self._started, detail, reused=self._units.made == 0))

    def take_up(self, video: Video, says_something: bool) -> None:
        """Notes a video's language. Raises BadInput for what is no code, MissingPart for what the model cannot write.

        What is only seen in a video is described in English.
        """
        own = (video.language or "en") if says_something else "en"
        self._languages[video.id] = own
        asked = self.wanted.language
        if asked is None:
            return
        if not (asked.isascii() and asked.isalpha() and asked.islower() and 2 <= len(asked) <= 3):
            raise BadInput(f"{asked} is no language code.", "Give an ISO 639-1 code such as en or de.")
        model = self._parts.model
        if asked == own or (model is not None and self._parts.translates):
            return
        raise MissingPart(
            f"The language model of this profile ({model.model if model else 'none'}) cannot write {asked} "
            f"about a video in {own}.",
            "Leave the language out, or set LONGREEL_PROFILE=remote with LONGREEL_LLM_URL and LONGREEL_LLM_MODEL.",
        )

    def points(self, video: VideoId, sentences: Sequence[Sentence]) -> tuple[Point, ...]:
        """What a piece of a chapter offers, from the store when its sentences are the same."""
        pool = telling(sentences)
        key = _key([[s.span.start_s, s.span.end_s, s.text, s.quote] for s in pool])
        stage = f"summary-points-{self.wanted.style}"
        version = f"{METHOD}/{self._parts.embedder.model}"

        def make() -> list[Point]:
            vectors = self._parts.embedder.embed([s.text for s in pool])
            return ranked(video, pool, vectors, self.wanted.style)

        return tuple(self._units.get(video, stage, version, key, make))

    def central(self, points: Sequence[Point]) -> list[Point]:
        """Points, at least one, by how near they are to the mean of all."""
        version = f"{METHOD}/{self._parts.embedder.model}"

        def order() -> list[Point]:
            vectors = self._parts.embedder.embed([p.text for p in points])
            near = vectors @ vectors.mean(axis=0)
            return [points[int(i)] for i in (-near).argsort(kind="stable")]

        return self._text("central", version, _key([to_json(p) for p in points]), points, order)

    def section(self, draft: Draft) -> Section:
        """A draft in its last words: phrased, and in the language that was asked for."""
        points: Sequence[Point] = draft.quotes
        phraser, model = self._phraser, self._parts.model
        if phraser and model and self.wanted.style is not Style.HIGHLIGHTS:
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
        """A unit that is made of points: kept with their video; if they are of several, with the first."""
        cited = [citation.video_id for point in sources for citation in point.citations]
        kind = "summary" if len(set(cited)) == 1 else TOGETHER
        return self._units.get(cited[0], f"{kind}-{stage}", version, key, make)


def _key(*contents: object) -> str:
    return hashlib.sha256(json.dumps(contents, sort_keys=True).encode()).hexdigest()[:24]
