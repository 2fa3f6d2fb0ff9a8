"""A small library with one read video, and models that do as told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.core.types import (
    AudioStream,
    Capabilities,
    Chapter,
    Completion,
    Digest,
    MediaInfo,
    Message,
    TimeSpan,
    Utterance,
    Video,
    VideoId,
    VideoStream,
)
from app.db.database import MemoryDatabase
from app.db.library import SqlLibrary
from app.db.stages import SqlStageStore
from app.services.summarize import SummarizeService, SummaryParts
from gpu_workers.language.fakes import FakeTextEmbedder

MEETING = (
    "The harbour bridge was painted green in the spring of 2031.",
    "We decided to close the northern gate on Monday.",
    "Maria will send the new budget to the council.",
    "The budget of the harbour grew to 400 thousand crowns.",
    "A ferry carried ninety goats over the bay in one night.",
    "The lighthouse keeper counted 312 ships in August.",
)

MANY = (
    "Amber boats reached the village before sunrise.",
    "Birch trees burned near the old railway station.",
    "Cedar planks were delivered to eleven carpenters.",
    "Delta farmers planted rice behind their dikes.",
    "Ember sparks frightened every horse in town.",
    "Fjord fishermen repaired torn nets with yellow thread.",
    "Grove keepers sold apples to passing pilgrims.",
    "Haven pilots guided steamers through thick fog.",
    "Inlet divers recovered silver coins from wrecks.",
    "Jetty lamps failed during the great storm.",
    "Karst caves sheltered wolves from hunters.",
    "Lagoon swimmers trained under a famous coach.",
)


class CountingEmbedder(FakeTextEmbedder):
    """Counts the texts that it is given."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def embed(self, texts: Sequence[str]) -> Any:
        self.seen += texts
        return super().embed(texts)


class Writes:
    """A capable language model that answers by a rule, finds its own sentences supported, and counts its calls."""

    model = "writes@1"
    capabilities = Capabilities(context=32_000)
    verdict = "yes"
    verdicts: str | None = None
    """The judge's whole reply, in place of a verdict on each sentence."""

    def __init__(self, rule: Callable[[str], str]) -> None:
        self.rule = rule
        self.calls = 0

    def chat(
        self,
        messages: Sequence[Message],
        *,
        max_output: int,
        schema: Mapping[str, Any] | None = None,
        **_: object,
    ) -> Completion:
        self.calls += 1
        if schema and "verdicts" in str(schema):
            if self.verdicts is not None:
                return Completion(self.verdicts)
            verdicts = [{"number": number, "verdict": self.verdict} for number in range(8)]
            return Completion(json.dumps({"verdicts": verdicts}))
        return Completion(self.rule(messages[-1].text))


def written(prompt: str, *texts: str) -> str:
    """The reply of a model that rests each sentence on the note of its prompt that shares most words with it."""
    notes = {int(number): set(note.split()) for number, note in re.findall(r"^(\d+)\. (.*)$", prompt, re.MULTILINE)}

    def nearest(text: str) -> list[int]:
        return [max(notes, key=lambda number: len(notes[number] & set(text.split())))] if notes else []

    return json.dumps({"sentences": [{"text": text, "notes": nearest(text)} for text in texts]})


def a_video(name: str = "a", title: str = "Meeting", seconds: float = 120.0, fps: float | None = 25.0) -> Video:
    media = MediaInfo(
        "mp4", seconds, 0.0, 1000, VideoStream("h264", 640, 360, 0, fps), (AudioStream(0, "aac", 1, 48000),)
    )
    return Video(VideoId(name * 64), title, f"/films/{title}.mp4", media, "en", "2031-01-01T00:00:00Z", ready=True)


def said(sentences: Sequence[str], start_s: float = 0.0, each_s: float = 20.0) -> list[Utterance]:
    return [
        Utterance(TimeSpan(start_s + n * each_s, start_s + (n + 1) * each_s - 1), text)
        for n, text in enumerate(sentences)
    ]


def shelve(library: SqlLibrary, video: Video, sentences: Sequence[str], chapter_s: float = 60.0) -> Video:
    """Puts a read video in the library, with a chapter for each `chapter_s`."""
    library.add_video(video)
    library.save_utterances(video.id, said(sentences, each_s=video.duration_s / max(1, len(sentences))))
    count = max(1, round(video.duration_s / chapter_s))
    chapters = tuple(
        Chapter(TimeSpan(n * chapter_s, (n + 1) * chapter_s), f"Chapter {n + 1}", "") for n in range(count)
    )
    library.save_digest(video.id, Digest("", chapters))
    library.set_ready(video.id, video.language)
    return library.video(video.id)


def service(
    library: SqlLibrary,
    model: Writes | None = None,
    *,
    embedder: FakeTextEmbedder | None = None,
    stages: SqlStageStore | None = None,
    translates: bool = False,
) -> SummarizeService:
    parts = SummaryParts(embedder or FakeTextEmbedder(), model, stages or SqlStageStore(MemoryDatabase()), translates)
    return SummarizeService(lambda: parts, library)
