"""A model that plays a script, and the small world around it: what survives of its answers is the agent's doing.

A case says what is seen in which seconds, wordings of a right answer and wordings of a wrong one. `ScriptedChat` looks
at those seconds, gives the wording under test with the frames that it was shown, and judges every statement honestly.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from app.core.types import Frame, TimeSpan
from app.core.types.chat import Capabilities, Completion, Message, ToolCall, ToolSpec

CASES = Path(__file__).with_name("survival_cases.jsonl")
"""The product's own cases."""
NEAR_S = 0.5
"""A frame this close to a span shows what the span shows."""
NOTHING = "NOTHING"
"""What an honest look says of frames that show nothing of what is looked for."""
_EVIDENCE = re.compile(r"\[(E\d+)\]")
_VIDEO = re.compile(r"\bV\d+\b")
_OPTION = re.compile(r"^\s*\(?([A-Z])[.):]\s+(.+?)\s*$", re.M)
_JUDGING = "under test"
"""Words in requests for a verdict."""
_QUESTION_MARKS = "?\N{FULLWIDTH QUESTION MARK} "
_STUBBORN = 3
"""How often it looks in vain before it answers all the same."""


def plain(text: str) -> str:
    """A text without letter case, punctuation and spacing, so that only its words count."""
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold()))


@dataclass(frozen=True, slots=True)
class Sight:
    """What a careful look at a span finds there."""

    span: TimeSpan
    what: str


@dataclass(frozen=True)
class ScriptedCase:
    """A question about what is seen, with right and wrong wordings of its answer."""

    id: str
    video: str
    question: str
    language: str
    kind: str
    seen: tuple[Sight, ...]
    right: tuple[str, ...]
    wrong: tuple[str, ...]
    evidence: tuple[TimeSpan, ...]
    options: tuple[str, ...] = ()
    correct_index: int | None = None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> ScriptedCase:
        """Reads a line of a file of cases."""
        seen = tuple(Sight(TimeSpan(one["start_s"], one["end_s"]), one["what"]) for one in row["seen"])
        return cls(
            row["id"], row["video"], row["question"], row["language"], row["kind"], seen, tuple(row["right"]),
            tuple(row["wrong"]), tuple(TimeSpan(*span) for span in row["evidence"]), tuple(row.get("options", ())),
            row.get("correct_index"),
        )  # fmt: skip

    @property
    def form(self) -> str:
        """How it is asked: openly, or with options."""
        return "choice" if self.options else "open"

    @property
    def parroted(self) -> str:
        """The first right wording inside the question's own words."""
        return f"{self.question.rstrip(_QUESTION_MARKS)}: {self.right[0]}"

    def shows(self, time_s: float) -> bool:
        """Whether a frame of this time shows something of the case."""
        return any(sight.span.padded(NEAR_S).contains(time_s) for sight in self.seen)

    def described(self, times_s: Iterable[float]) -> str:
        """What an honest look at frames of these times reports."""
        times = list(times_s)
        found = [sight.what for sight in self.seen if any(sight.span.padded(NEAR_S).contains(t) for t in times)]
        return " ".join(found) or NOTHING

    def truth(self, statement: str) -> str:
        """The honest verdict on a statement, for somebody who sees all that the case shows: yes, no or unclear.

        A statement may join several wordings, such as an option and what is said of it; one wrong one makes it wrong.
        """
        said = plain(statement)
        verdicts = {plain(one): "yes" for one in (*self.right, self.parroted)}
        verdicts |= {plain(one): "no" for one in (*self.wrong, *self.wrong_options)}
        known = sorted([plain(self.question), *verdicts], key=len, reverse=True)
        found: set[str] = set()
        while said:
            wording = next((one for one in known if f"{said} ".startswith(f"{one} ")), None)
            if wording is None:
                return "unclear"
            found.add(verdicts.get(wording, ""))
            said = said.removeprefix(wording).strip()
        return "no" if "no" in found else "yes" if "yes" in found else "unclear"

    @property
    def wrong_options(self) -> tuple[str, ...]:
        """The options that are not the right one."""
        return tuple(option for place, option in enumerate(self.options) if place != self.correct_index)

    def option_of(self, wording: str) -> int | None:
        """Which option a wording means: the right one for a right wording, else the one that shares most words."""
        if not self.options or self.truth(wording) == "yes":
            return self.correct_index
        said = set(plain(wording).split())
        shared = [
            len(said & set(plain(option).split())) if place != self.correct_index else 0
            for place, option in enumerate(self.options)
        ]
        return max(range(len(shared)), key=shared.__getitem__) if any(shared) else None


def read_cases(path: Path) -> list[ScriptedCase]:
    """The cases of a file, a JSON object a line."""
    return [ScriptedCase.of(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


@dataclass
class ScriptedChat:
    """Plays one case with one wording. Plays `Chat`."""

    case: ScriptedCase
    wording: str
    images: bool = True
    talks: bool = False
    """Whether it writes its answer as plain text, instead of calling the tool that ends the work."""
    model: str = "scripted@1"
    shown: dict[str, float] = field(default_factory=dict)
    """The times of the frames that it was shown, by the evidence id beside each."""
    supporting: set[str] = field(default_factory=set)
    """The ids of the texts that say what the case shows."""
    looks: int = 0

    @property
    def capabilities(self) -> Capabilities:
        """A strong model, with or without eyes."""
        return Capabilities(images=self.images, tools=True, schema=True, context=200_000)

    def chat(
        self,
        messages: Sequence[Message],
        *,
        max_output: int,
        tools: Sequence[ToolSpec] = (),
        schema: Mapping[str, Any] | None = None,
        stop: Callable[[], bool] | None = None,
        on_text: Callable[[str], None] | None = None,
    ) -> Completion:
        """A look, the answer under test, or an honest verdict: whatever is asked for."""
        del max_output, stop, on_text
        self._notice(messages)
        if schema is not None:
            return Completion(json.dumps(self._filled(messages, schema), ensure_ascii=False), 100, 20)
        if tools:
            call = self._call(messages)
            if self.talks and call.name == "answer":
                return Completion(self.wording, 100, 20)
            return Completion("", 100, 20, calls=(call,), finish="calls")
        return Completion(self.case.described(_times(messages)), 100, 20)

    def weigh(
        self, messages: Sequence[Message], labels: Sequence[str], stop: Callable[[], bool] | None = None
    ) -> tuple[dict[str, float], Completion]:
        """Never asked for: it does not say that it weighs."""
        raise NotImplementedError(messages, labels, stop)

    def _notice(self, messages: Sequence[Message]) -> None:
        for message in messages:
            id = ""
            for part in message.parts:
                if isinstance(part, Frame):
                    if id:
                        self.shown[id] = part.pts_s
                    continue
                found = _EVIDENCE.findall(part)
                id = found[-1] if found else ""
                if message.role == "tool":
                    self.supporting |= set(_supporting(part, self.case))

    def _call(self, messages: Sequence[Message]) -> ToolCall:
        if not self._evidence and self.looks < _STUBBORN:
            self.looks += 1
            return ToolCall(f"look-{self.looks}", "look", json.dumps(self._look(messages)))
        return ToolCall("answer-1", "answer", json.dumps(self._answer(messages), ensure_ascii=False))

    @property
    def _evidence(self) -> list[str]:
        return [id for id, time_s in self.shown.items() if self.case.shows(time_s)] or sorted(self.supporting)

    def _look(self, messages: Sequence[Message]) -> dict[str, Any]:
        video = next((found[0] for m in messages if (found := _VIDEO.search(m.text))), "V1")
        spans = [{"start_s": sight.span.start_s, "end_s": sight.span.end_s} for sight in self.case.seen]
        return {"video": video, "spans": spans, "frames": min(32, 8 * len(spans)), "goal": self.case.question}

    def _answer(self, messages: Sequence[Message]) -> dict[str, Any]:
        letters = {
            plain(text): letter for m in messages if m.role == "user" for letter, text in _OPTION.findall(m.text)
        }
        place = self.case.option_of(self.wording)
        option = letters.get(plain(self.case.options[place]), "") if self.case.options and place is not None else ""
        statements = [{"text": self.wording, "evidence": self._evidence}]
        return {"statements": statements, "option": option, "stated": "yes"}

    def _filled(self, messages: Sequence[Message], schema: Mapping[str, Any]) -> dict[str, Any]:
        names = schema.get("properties", {})
        if "statements" in names:
            return self._answer(messages)
        if "verdict" in names:
            verdict = self._verdict(messages)
            return {name: verdict if name == "verdict" else "as the pictures show" for name in names}
        observations = []
        for sight in self.case.seen:
            inside = [time_s for time_s in _times(messages) if sight.span.padded(NEAR_S).contains(time_s)]
            if inside:
                observations.append({"start_s": min(inside), "end_s": max(inside), "what": sight.what})
        return dict.fromkeys(names, observations)

    def _verdict(self, messages: Sequence[Message]) -> str:
        """Yes and no only for what it sees or reads: a judge without evidence cannot know."""
        frames = _times(messages)
        text = "\n".join(message.text for message in messages)
        if (
            not any(map(self.case.shows, frames))
            and not set(_supporting(text, self.case))
            and not _said(text, self.case)
        ):
            return "unclear"
        return _overall({self.case.truth(line) for line in _statements(messages)})


@dataclass(frozen=True)
class ScriptedEyes:
    """A vision model beside a chat model without eyes: it reports what a case shows. Plays `VisionLanguageModel`."""

    case: ScriptedCase
    model: str = "scripted-eyes@1"

    def look(self, frames: Sequence[Frame], question: str, stop: Callable[[], bool] | None = None) -> Completion:
        """What an honest look reports, or its verdict on an answer that is to be judged."""
        del stop
        times = [frame.pts_s for frame in frames]
        if _JUDGING not in question:
            text = self.case.described(times)
        elif any(map(self.case.shows, times)):
            text = _overall({self.case.truth(line) for line in _statements([Message("user", question)])}).upper()
        else:
            text = "UNCLEAR"
        return Completion(text, 100, 20)


def _overall(verdicts: set[str]) -> str:
    return next((one for one in ("no", "yes") if one in verdicts), "unclear")


def _times(messages: Sequence[Message]) -> list[float]:
    return [part.pts_s for message in messages for part in message.parts if isinstance(part, Frame)]


def _supporting(text: str, case: ScriptedCase) -> Iterator[str]:
    """The ids of lines that say what the case shows."""
    for line in text.splitlines():
        found = _EVIDENCE.search(line)
        if found and _said(line, case):
            yield found[1]


def _said(text: str, case: ScriptedCase) -> bool:
    return any(plain(sight.what) in plain(text) for sight in case.seen)


def _statements(messages: Sequence[Message]) -> Iterator[str]:
    """The lines of a request that may hold the statement to judge: evidence and options are left out."""
    for message in messages:
        if message.role != "user":
            continue
        for line in message.text.splitlines():
            if _EVIDENCE.search(line) or _OPTION.match(line):
                continue
            yield line
            yield line.partition(":")[2]


class MadeUpFrames:
    """A different picture for every second, of a video that does not exist. Plays `FrameSource`."""

    def __init__(self, duration_s: float, side: int = 32) -> None:
        self._duration_s = duration_s
        self._side = side

    def sample(
        self, path: Path, *, span: TimeSpan, every_s: float, max_side: int, track: int | None = None
    ) -> Iterator[Frame]:
        """See the port."""
        return self.at(path, np.arange(span.start_s, span.end_s, every_s).tolist(), max_side=max_side, track=track)

    def at(self, path: Path, times_s: Sequence[float], *, max_side: int, track: int | None = None) -> Iterator[Frame]:
        """See the port."""
        del path, max_side, track
        for time_s in times_s:
            shown_s = min(time_s, self._duration_s)
            noise = np.random.default_rng(int(shown_s)).integers(0, 256, (self._side, self._side, 3), dtype=np.uint8)
            yield Frame(shown_s, noise)
