"""Asks the language model whether an open answer says what the reference says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from app.core.ports import Chat
from app.core.types import Message
from app.evaluation.cases import Case
from app.evaluation.metrics.scores import SCORES
from app.evaluation.modes.published import as_number, as_object

_SCHEMA = {"type": "object", "properties": {"score": {"enum": list(SCORES)}}, "required": ["score"]}
_PROMPT = (
    "Compare an answer with the reference answer of the same question.\nQuestion: {question}\nReference: {reference}\n"
    "Answer: {answer}\n\nHow far does the answer say what the reference says, in whatever words? 5: all of it and "
    "nothing that contradicts it. 4: what the question asks for, with a small gap. 3: a part. 2: little. 1: nothing, "
    'or something else. Reply with JSON: {{"score": number}}.'
)


class AnswerJudge(Protocol):
    """Scores an open answer."""

    def __call__(self, case: Case, text: str, cancelled: Callable[[], bool]) -> int | None:
        """1 to 5; None where it cannot be judged. Raises Cancelled, WorkerFailed."""
        ...


class ReferenceJudge:
    """The configured language model as a judge. Official figures come from another judge and other scales."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat

    def __call__(self, case: Case, text: str, cancelled: Callable[[], bool]) -> int | None:
        """How far the answer says what the reference says."""
        prompt = _PROMPT.format(question=case.question, reference=case.reference, answer=text)
        done = self._chat.chat([Message("user", prompt)], max_output=100, schema=_SCHEMA, stop=cancelled)
        return as_number(as_object(done.text).get("score"), SCORES[0], SCORES[-1])


def no_judge(case: Case, text: str, cancelled: Callable[[], bool]) -> None:
    """Judges nothing: there is no language model."""
    del case, text, cancelled
