"""Questions with known answers about a folder of videos, and the product that answers them in this process.

A file of questions has a JSON object a line: video, question, answer, options, correct_index, evidence, modality,
answerable, and `accept`, regular expressions of which any counts as right for an open answer. Rewordings also have
`variant` and `original`, the first wording.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.parts import AgentParts
from app.core.errors import LongreelError, NotFound
from app.core.events import Answered
from app.core.requests import AskRequest
from app.core.settings import Settings
from app.core.types import Answer, AnswerStatus, TimeSpan, Video, from_json, to_json
from app.evaluation.cases import Case
from app.evaluation.modes.agent import Asker
from app.evaluation.modes.mode import Mode
from app.services.ingest.service import content_id
from benchmarks.cli_runner import LONGREEL, run

ORIGINAL = "original"
_FITTING = 0.6
"""Share of the words of a given answer that a right one repeats, where no expression says what is accepted."""


@dataclass(frozen=True)
class Wording:
    """A question about one video in one of its wordings, with its options and its answer."""

    case: Case
    modality: str
    variant: str = ORIGINAL
    original: str = ""
    """The first wording; empty for an original."""

    @classmethod
    def of(cls, row: dict[str, Any]) -> Wording:
        """Reads a line."""
        case = Case(
            row["question"],
            (row["video"],),
            row["question"],
            tuple(row.get("options", ())),
            row.get("correct_index"),
            tuple(row.get("accept", ())),
            row.get("answerable", row.get("modality") != "unanswerable"),
            evidence=tuple(TimeSpan(*span) for span in row.get("evidence", ())),
            reference=row.get("answer", ""),
        )
        return cls(case, row.get("modality", ""), row.get("variant", ORIGINAL), row.get("original", ""))

    @property
    def video(self) -> str:
        """The file name of its video."""
        return self.case.videos[0]

    @property
    def text(self) -> str:
        """The question as it is asked."""
        return self.case.question

    @property
    def first_wording(self) -> str:
        """The wording that its variants have in common."""
        return self.original or self.text

    @property
    def half(self) -> str:
        """Which half of the questions it belongs to, the same for all of its wordings: even or odd."""
        digest = hashlib.sha256(f"{self.video} {self.first_wording}".encode()).digest()
        return "odd" if digest[0] % 2 else "even"

    def accepts(self, text: str) -> bool:
        """Whether an open answer is right."""
        if self.case.accept:
            return any(re.search(pattern, text, re.I | re.S) for pattern in self.case.accept)
        words = [word for word in re.findall(r"\w+", self.case.reference.lower()) if len(word) > 2 or word.isdigit()]
        answered = set(re.findall(r"\w+", text.lower()))
        return bool(words) and sum(word in answered for word in words) / len(words) >= _FITTING


@dataclass(frozen=True)
class Asked:
    """A question, its answer, and how long that took. `answer`: None when it ended in an error."""

    question: Wording
    choice: bool
    answer: Answer | None
    seconds: float
    error: str = ""

    @property
    def key(self) -> tuple[str, str, bool]:
        """What distinguishes it from other questions of a run."""
        return self.question.video, self.question.text, self.choice

    @property
    def right(self) -> bool:
        """Whether the answer is right; a refusal is, where the video has no answer."""
        if self.answer is None:
            return False
        if self.choice and self.answer.option_index is not None:
            return self.answer.option_index == self.question.case.answer
        answered = self.answer.status is AnswerStatus.ANSWERED
        if not self.question.case.answerable:
            return not answered
        return not self.choice and answered and self.question.accepts(self.answer.text)

    @property
    def outcome(self) -> str:
        """right, refused (the video is said not to hold it), insufficient, wrong, or error."""
        if self.answer is None:
            return "error"
        if self.right:
            return "right"
        if self.answer.status is AnswerStatus.NOT_IN_VIDEO:
            return "refused"
        return "insufficient" if self.answer.status is AnswerStatus.INSUFFICIENT else "wrong"


def read_questions(path: Path) -> list[Wording]:
    """The questions of a file; none where there is no such file."""
    if not path.is_file():
        return []
    return [Wording.of(json.loads(line)) for line in path.read_text("utf-8").splitlines() if line.strip()]


class AnswerFile:
    """Answers on disk, a line each, so that a run that was interrupted goes on where it stopped."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, questions: Iterable[Wording]) -> list[Asked]:
        """The stored answers to these questions; those that ended in an error are to be asked again."""
        if not self._path.is_file():
            return []
        known = {(question.video, question.text): question for question in questions}
        rows = map(json.loads, self._path.read_text("utf-8").splitlines())
        return [
            Asked(known[row["video"], row["question"]], row["choice"], from_json(Answer, row["answer"]), row["seconds"])
            for row in rows
            if row["answer"] is not None and (row["video"], row["question"]) in known
        ]

    def add(self, asked: Asked) -> None:
        """Stores an answer at once."""
        row = {
            "video": asked.question.video,
            "question": asked.question.text,
            "choice": asked.choice,
            "seconds": round(asked.seconds, 2),
            "answer": to_json(asked.answer) if asked.answer else None,
            "error": asked.error,
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def ingest(names: Iterable[str], folder: Path, library: Path) -> None:
    """Reads the videos that a library does not have yet, by the product's own command. Raises ProductFailed."""
    variables = {"LONGREEL_DATA": str(library)}
    listed = json.loads("".join(run([*LONGREEL, "list", "--json"], variables).lines) or "[]")
    read = {one["id"] for one in listed}
    for name in dict.fromkeys(names):
        if content_id(folder / name) not in read:
            run([*LONGREEL, "ingest", str(folder / name)], variables)


class Product:
    """The product over one library, in this process."""

    def __init__(self, settings: Settings) -> None:
        from app.bootstrap import build_measuring

        self._evaluation = build_measuring(settings).evaluation
        self._service = self._evaluation.service(Mode.FULL)

    @property
    def parts(self) -> AgentParts:
        """The models and stores behind the agent."""
        return self._evaluation.parts

    def asker(self, mode: Mode) -> Asker:
        """Another way to answer, over the same models."""
        return self._evaluation.asker(mode)

    def video(self, name: str) -> Video:
        """The video of this file name. Raises NotFound."""
        for video in self.parts.library.videos():
            if Path(video.path).name == name or video.title == Path(name).stem:
                return video
        raise NotFound(f"The library has no video {name}.", "Ingest it first.")

    def ask(self, question: Wording, *, choice: bool = False) -> Asked:
        """Asks as a user would; an error is an outcome, not an exception."""

        def answer() -> Answer:
            request = AskRequest(question.text, options=question.case.options if choice else ())
            *_, last = self._service.stream(request, [self.video(question.video)])
            assert isinstance(last, Answered)
            return from_json(Answer, last.answer)

        return timed(question, choice, answer)


def timed(question: Wording, choice: bool, answer: Callable[[], Answer]) -> Asked:
    """An answer with its time; an error is an outcome, not an exception."""
    started = time.monotonic()
    try:
        return Asked(question, choice, answer(), time.monotonic() - started)
    except LongreelError as error:
        return Asked(question, choice, None, time.monotonic() - started, str(error))


def ask_missing(
    questions: Sequence[Wording], ask: Callable[[Wording], Asked], file: AnswerFile, *, choice: bool = False
) -> list[Asked]:
    """Asks what the file has no answer to, storing each answer; gives the answers to all questions in their order."""
    answers = {asked.key: asked for asked in file.read(questions)}
    for number, question in enumerate(questions, 1):
        key = (question.video, question.text, choice)
        if key not in answers:
            answers[key] = ask(question)
            file.add(answers[key])
            one = answers[key]
            said = (one.answer.text if one.answer else one.error).replace("\n", " ")[:80]
            line = (f"{number}/{len(questions)}", f"{one.seconds:.1f} s", one.outcome, question.text[:60], said)
            print(*line, sep=" | ", flush=True)
    return [answers[question.video, question.text, choice] for question in questions]
