"""An agent over videos that are written down: the shipped in-memory parts, and pictures with text where wanted."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.agent import AgentParts, VideoAgent
from app.core.events import Answered, Event
from app.core.ports import LanguageModel, VisionLanguageModel
from app.core.settings import Agent
from app.core.types import (
    Answer,
    Frame,
    MediaInfo,
    Message,
    Segment,
    SegmentKind,
    TimeSpan,
    Transcript,
    Turn,
    Utterance,
    Video,
    VideoId,
    VideoStream,
    from_json,
)
from app.db.fakes import MemoryEntities, MemoryLibrary
from gpu_workers.language.fakes import FakeTextEmbedder
from gpu_workers.vision.fakes import FakeTextReader
from retrieval.fakes import MemoryLexicalIndex, MemorySegmentIndex
from retrieval.retriever import HybridRetriever

Said = tuple[float, float, str]


class WrittenFrames:
    """Frames that hold the text which stands on the screen at their time."""

    def __init__(self, shown: Sequence[Said]) -> None:
        self._shown = shown
        self.asked: list[float] = []

    def sample(self, path: Path, *, span: TimeSpan, every_s: float, max_side: int) -> Iterator[Frame]:
        times = np.arange(span.start_s, span.end_s, every_s).tolist()
        return self.at(path, times, max_side=max_side)

    def at(self, path: Path, times_s: Sequence[float], *, max_side: int) -> Iterator[Frame]:
        for time_s in times_s:
            self.asked.append(time_s)
            lines = [text for start, end, text in self._shown if start <= time_s <= end]
            yield Frame(time_s, FakeTextReader.write(np.zeros((90, 160, 3), np.uint8), lines))


class ClearTranscriber:
    """Hears the same sentence in every piece of sound."""

    model = "clear-ears@1"

    def __init__(self, sentence: str) -> None:
        self._sentence = sentence

    def transcribe(self, samples: NDArray[np.float32], *, language: str | None) -> Transcript:
        end = len(samples) / 16_000
        return Transcript((Utterance(TimeSpan(0.0, end), self._sentence),), language)


class Silence:
    """Sound without any."""

    def survey(self, path: Path, *, chunk_s: float) -> Any:
        raise AssertionError("an agent never surveys")

    def samples(self, path: Path, span: TimeSpan) -> NDArray[np.float32]:
        return np.zeros(round(span.duration_s * 16_000), np.float32)


class Desk:
    """An agent with everything around it that a test may want to look at."""

    def __init__(
        self,
        speech: Sequence[Said] = (),
        screen: Sequence[Said] = (),
        *,
        captions: Sequence[Said] = (),
        hidden: Sequence[Said] = (),
        duration_s: float = 600.0,
        confidence: float = 1.0,
        model: LanguageModel | None = None,
        vision: VisionLanguageModel | None = None,
        heard: str = "",
        settings: Agent | None = None,
    ) -> None:
        self.library = MemoryLibrary()
        self.entities = MemoryEntities(self.library)
        self.embedder = FakeTextEmbedder()
        self.retriever = HybridRetriever(self.embedder, None, MemorySegmentIndex(), MemoryLexicalIndex())
        self.frames = WrittenFrames([*screen, *hidden])
        self.video = self.add("v", speech, screen, captions, duration_s, confidence)
        self.parts = AgentParts(
            self.retriever,
            self.library,
            self.embedder,
            settings or Agent(),
            model,
            vision,
            FakeTextReader(),
            self.frames,
            Silence(),
            ClearTranscriber(heard),
            entities=self.entities,
        )

    def add(
        self,
        name: str,
        speech: Sequence[Said],
        screen: Sequence[Said] = (),
        captions: Sequence[Said] = (),
        duration_s: float = 600.0,
        confidence: float = 1.0,
    ) -> Video:
        media = MediaInfo("mp4", duration_s, 0.0, 1, VideoStream("h264", 160, 90, 0, 25.0))
        id = VideoId(name.encode().hex().ljust(64, "0"))
        video = self.library.add_video(Video(id, f"{name}.mp4", f"/{name}.mp4", media, "en", "", True))
        said = [Utterance(TimeSpan(start, end), text, confidence=confidence) for start, end, text in speech]
        self.library.save_utterances(id, said)
        kinds = ((SegmentKind.SPEECH, speech), (SegmentKind.SCREEN_TEXT, screen), (SegmentKind.CAPTION, captions))
        segments = [
            Segment(
                f"{name}-{kind}-{start}",
                id,
                kind,
                TimeSpan(start, end),
                text,
                "offline-tags" if kind is SegmentKind.CAPTION else "test",
                start,
            )
            for kind, rows in kinds
            for start, end, text in rows
        ]
        self.library.add_segments(segments)
        if segments:
            self.retriever.add(segments)
        return video

    def events(
        self,
        question: str,
        *,
        options: Sequence[str] = (),
        videos: Sequence[Video] = (),
        turns: Sequence[Turn] = (),
        cancelled: Callable[[], bool] = lambda: False,
    ) -> list[Event]:
        agent = VideoAgent(self.parts)
        return list(agent.ask(question, videos or [self.video], options=options, turns=turns, cancelled=cancelled))

    def ask(self, question: str, *, options: Sequence[str] = (), videos: Sequence[Video] = ()) -> Answer:
        last = self.events(question, options=options, videos=videos)[-1]
        assert isinstance(last, Answered)
        return from_json(Answer, last.answer)


def names(label: str, answer: str) -> Callable[[Sequence[Message], Mapping[str, Any] | None], str]:
    """A model that answers with a text from the excerpt that holds `label`, and refuses when none does."""

    def rule(messages: Sequence[Message], schema: Mapping[str, Any] | None) -> str:
        if schema is None:
            return answer
        lines = messages[-1].content.splitlines()
        found = next((re.match(r"\[(E\d+)\]", line) for line in lines if label in line and line.startswith("[E")), None)
        return json.dumps({"evidence": found[1] if found else "none", "answer": answer if found else "not in video"})

    return rule
