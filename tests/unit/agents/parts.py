"""An agent over videos that are written down: the shipped in-memory parts, and pictures with text where wanted."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.agent import VideoAgent
from agents.budget import Budget
from agents.parts import AgentParts, AgentRun
from agents.plans import Plan
from agents.tools.base import ToolContext
from app.core.events import Answered, Event
from app.core.ports import Chat, VisionLanguageModel
from app.core.settings import Agent
from app.core.types import (
    Answer,
    AudioStream,
    Capabilities,
    Completion,
    FileChapter,
    FileTags,
    Frame,
    FrameFeatures,
    MediaInfo,
    Segment,
    SegmentKind,
    TimeSpan,
    ToolCall,
    Transcript,
    Turn,
    Utterance,
    Video,
    VideoId,
    VideoStream,
    from_json,
)
from app.core.types.objects import Region
from app.db.database import MemoryDatabase
from app.db.entities import SqlEntities
from app.db.library import SqlLibrary
from gpu_workers.language.fakes import ChatRequest, FakeChat, FakeTextEmbedder
from gpu_workers.vision.fakes import FakeTextReader
from retrieval.fakes import MemoryLexicalIndex, MemorySegmentIndex
from retrieval.retriever import HybridRetriever

Row = tuple[float, float, str]
DRIVES = Capabilities(images=True, tools=True, schema=True, context=64_000)
"""What a model that drives the loop can do."""
READS = Capabilities(tools=True, schema=True, context=64_000)
"""The same for one that accepts no pictures."""
SMALL = Capabilities(schema=True, context=8_000)
"""What a model of the pipeline can do."""


class WrittenFrames:
    """Frames that hold the text which is on the screen at their time."""

    def __init__(self, shown: Sequence[Row]) -> None:
        self._shown = shown
        self.decoded: list[float] = []

    def sample(
        self, path: Path, *, span: TimeSpan, every_s: float, max_side: int, track: int | None = None
    ) -> Iterator[Frame]:
        times = np.arange(span.start_s, span.end_s, every_s).tolist()
        return self.at(path, times, max_side=max_side)

    def at(self, path: Path, times_s: Sequence[float], *, max_side: int, track: int | None = None) -> Iterator[Frame]:
        for time_s in times_s:
            self.decoded.append(time_s)
            lines = [text for start, end, text in self._shown if start <= time_s <= end]
            yield Frame(time_s, FakeTextReader.write(np.zeros((90, 160, 3), np.uint8), lines))


class ClearTranscriber:
    """Hears the same sentence in every piece of sound."""

    model = "clear-ears@1"

    def __init__(self, sentence: str) -> None:
        self._sentence = sentence

    def transcribe(self, samples: NDArray[np.float32], *, languages: Sequence[str] = (), **_: object) -> Transcript:
        end = len(samples) / 16_000
        return Transcript((Utterance(TimeSpan(0.0, end), self._sentence),), next(iter(languages), None))


class Silence:
    """Sound without any."""

    def survey(self, path: Path, *, chunk_s: float, track: int | None = None) -> Any:
        raise AssertionError("an agent never surveys")

    def samples(self, path: Path, span: TimeSpan, choice: Any = None) -> NDArray[np.float32]:
        return np.zeros(round(span.duration_s * 16_000), np.float32)


class Desk:
    """An agent with everything around it that a test may want to look at."""

    def __init__(
        self,
        speech: Sequence[Row] = (),
        screen: Sequence[Row] = (),
        *,
        chat: Chat | None = None,
        vision: VisionLanguageModel | None = None,
        captions: Sequence[Row] = (),
        duration_s: float = 600.0,
        heard: str = "",
        settings: Agent | None = None,
        features: Sequence[FrameFeatures] = (),
        chapters: Sequence[Row] = (),
    ) -> None:
        database = MemoryDatabase()
        self.library, self.entities = SqlLibrary(database), SqlEntities(database)
        self.embedder = FakeTextEmbedder()
        self.retriever = HybridRetriever(self.embedder, None, MemorySegmentIndex(), MemoryLexicalIndex())
        self.frames = WrittenFrames(screen)
        self.video = self.add("v", speech, screen, captions, duration_s, chapters=chapters)
        self.parts = AgentParts(
            retriever=self.retriever,
            library=self.library,
            settings=settings or Agent(),
            chat=chat,
            vision=vision,
            text_embedder=self.embedder,
            reranker=None,
            text_reader=FakeTextReader(),
            frames=self.frames,
            audio=Silence(),
            transcriber=ClearTranscriber(heard),
            features=lambda _: features,
            entities=self.entities,
        )

    def add(
        self,
        name: str,
        speech: Sequence[Row] = (),
        screen: Sequence[Row] = (),
        captions: Sequence[Row] = (),
        duration_s: float = 600.0,
        pictures: bool = True,
        chapters: Sequence[Row] = (),
    ) -> Video:
        stream = VideoStream("h264", 160, 90, 0, 25.0) if pictures else None
        sound = (AudioStream(0, "aac", 1, 16_000),) if speech else ()
        named = tuple(FileChapter(TimeSpan(start, end), title) for start, end, title in chapters)
        media = MediaInfo("mp4", duration_s, 0.0, 1, stream, sound, tags=FileTags(chapters=named))
        id = VideoId(name.encode().hex().ljust(64, "0"))
        video = self.library.add_video(Video(id, f"{name}.mp4", f"/{name}.mp4", media, "en", "", True))
        self.library.save_utterances(id, [Utterance(TimeSpan(start, end), text) for start, end, text in speech])
        kinds = ((SegmentKind.SPEECH, speech), (SegmentKind.SCREEN_TEXT, screen), (SegmentKind.CAPTION, captions))
        segments = [
            Segment(f"{name}-{kind}-{start}", id, kind, TimeSpan(start, end), text, "test", start)
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
        plan: Plan | None = None,
        region: Region | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> list[Event]:
        agent = VideoAgent(self.parts)
        asked = videos or [self.video]
        how: dict[str, Any] = {"options": options, "turns": turns, "plan": plan, "region": region}
        return list(agent.ask(question, asked, **how, cancelled=cancelled))

    def ask(self, question: str, **how: Any) -> Answer:
        return answer_of(self.events(question, **how))

    def context(self, question: str = "What?", **state: Any) -> ToolContext:
        """What a tool of this desk's agent works with."""
        empty = dict.fromkeys(("asked", "options", "turns", "log", "evidence", "findings", "inspected", "problems"), ())
        begun: Any = {**empty, "question": question, "videos": (self.video,), "plan": Plan(question), "region": None}
        work = AgentRun(self.parts, Budget(self.parts.settings, lambda: False))
        return ToolContext(work, {**begun, **state}, lambda _: None)


def answer_of(events: Sequence[Event]) -> Answer:
    """The answer at the end of events."""
    last = events[-1]
    assert isinstance(last, Answered)
    return from_json(Answer, last.answer)


_numbers = itertools.count(1)


def calls(*named: tuple[str, Mapping[str, Any]], text: str = "") -> Completion:
    """A turn of a model that calls tools."""
    made = tuple(ToolCall(f"c{next(_numbers)}", name, json.dumps(arguments)) for name, arguments in named)
    return Completion(text, 10, 10, made, "calls")


def answers(*statements: tuple[str, Sequence[str]], stated: str = "yes", **more: Any) -> Completion:
    """A turn of a model that answers."""
    listed = [{"text": text, "evidence": list(ids)} for text, ids in statements]
    return calls(("answer", {"statements": listed, "stated": stated, **more}))


def verdict(value: str, reason: str = "It says so.") -> str:
    """The reply of a judge."""
    return json.dumps({"reason": reason, "verdict": value})


def is_judging(request: ChatRequest) -> bool:
    """Whether a request asks for a verdict."""
    return request.schema is not None and "verdict" in request.schema["properties"]


def agent_chat(
    turns: Sequence[Completion], *, judge: Sequence[str] = (), capabilities: Capabilities = DRIVES
) -> FakeChat:
    """A model with these turns, which gives these verdicts in order, then yes."""
    left, verdicts = list(turns), list(judge)

    def reply(request: ChatRequest) -> Completion | str:
        if is_judging(request):
            return verdict(verdicts.pop(0) if verdicts else "yes")
        return left.pop(0)

    return FakeChat(rule=reply, capabilities=capabilities)
