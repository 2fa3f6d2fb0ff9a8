"""The ways to answer: by cosine alone, direct, summary first, rounds from few captions, and our agent.

Every prompt is [captions][question][what is wanted], so that the language model reads the captions of a question once.
Options are scored by the probability of their letters, listed in alphabetical order and then backwards: neither the
order of the file nor the place of an option can matter.
"""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import ascii_uppercase
from typing import Any, Protocol

from app.bootstrap import Measuring
from app.core.ports import Chat, TextEmbedder
from app.core.types import AnswerStatus, Caption, Completion, Message, Usage
from app.evaluation.cases import Case
from app.evaluation.modes.askers import AgentAsker
from app.evaluation.modes.views import Mode, evenly
from app.evaluation.run.results import Result, result_of
from benchmarks.egoschema.captions import shown

SUMMARY_WORDS, SUMMARY_TOKENS = 100, 160
FIRST, ROUNDS = 5, 3
"""Captions of the first round, and rounds at most, as in VideoAgent (arXiv 2403.10517)."""
SURE = "3"
_NAMED = re.compile(r'"stretch"\s*:\s*(\d+)\s*,\s*"look_for"\s*:\s*"([^"]+)"')
"""A stretch and what to look for there; a reply that was cut off is read as far as it goes."""
_SYSTEM = Message(
    "system",
    "You answer questions about a video from its captions, which are in order of time. C wears the camera on the "
    "head; where a caption names nobody, C does it.",
)


class Method(Protocol):
    """Answers one question from the captions of its video."""

    def __call__(self, case: Case, captions: Sequence[Caption]) -> Result:
        """The option, its share of the probability, and what it cost. Raises LongreelError."""
        ...


class Reader:
    """The language model at work on one question, and what that has cost so far."""

    def __init__(self, model: Chat) -> None:
        self._model = model
        self._started = time.monotonic()
        self._prompt_tokens = self._output_tokens = 0

    def write(self, prompt: str, max_tokens: int, schema: Mapping[str, Any] | None = None) -> str:
        """What the model writes."""
        return self._counted(self._model.chat(_messages(prompt), max_output=max_tokens, schema=schema)).text

    def odds(self, prompt: str, labels: Sequence[str]) -> dict[str, float]:
        """The probability of each label; 1 for the one that is written by a model that tells no probabilities."""
        if self._model.capabilities.weighs:
            shares, completion = self._model.weigh(_messages(prompt), labels)
            self._counted(completion)
            return shares
        said = self.write(prompt, 4, {"enum": list(labels)})
        return {label: float(label in said) for label in labels}

    def choose(self, told: str, question: str, options: Sequence[str], *, backwards: bool = True) -> list[float]:
        """How probable each option is, by its letter, with all options listed once forwards and once backwards."""
        forwards = sorted(range(len(options)), key=lambda i: options[i])
        shares = [0.0] * len(options)
        for order in (forwards, forwards[::-1]) if backwards else (forwards,):
            odds = self.odds(_asking(told, question, [options[i] for i in order]), ascii_uppercase[: len(order)])
            for letter, i in zip(ascii_uppercase, order, strict=False):
                shares[i] += odds[letter] / (1 + backwards)
        return shares

    def result(self, case: Case, mode: str, shares: Sequence[float], captions: int, note: str = "") -> Result:
        """The likeliest option as a result; `captions`: how many were read."""
        best = max(range(len(shares)), key=lambda i: (shares[i], case.options[i]))
        usage = Usage(time.monotonic() - self._started, 1, captions, self._prompt_tokens, self._output_tokens)
        return Result(case.id, mode, AnswerStatus.ANSWERED, best, note, round(shares[best], 4), (), usage)

    def _counted(self, completion: Completion) -> Completion:
        self._prompt_tokens += completion.prompt_tokens
        self._output_tokens += completion.output_tokens
        return completion


def _messages(prompt: str) -> list[Message]:
    return [_SYSTEM, Message("user", prompt)]


def _told(captions: Sequence[Caption], question: str) -> str:
    return f"{shown(captions)}\n\nQuestion: {question}\n\n"


def _asking(told: str, question: str, options: Sequence[str]) -> str:
    listed = "\n".join(f"{letter}. {option}" for letter, option in zip(ascii_uppercase, options, strict=False))
    return f"{told}\n\nQuestion: {question}\n\n{listed}\n\nReply with the letter of the best option only."


@dataclass(frozen=True)
class NearestCaption:
    """No language model: the option whose vector is nearest to that of any caption. What an agent must beat."""

    embedder: TextEmbedder

    def __call__(self, case: Case, captions: Sequence[Caption]) -> Result:
        """See `Method`."""
        return _nearest(case, "nearest", self.embedder, [caption.text for caption in captions])


@dataclass(frozen=True)
class NearestQuestion:
    """No language model and no captions: the option whose vector is nearest to that of the question."""

    embedder: TextEmbedder

    def __call__(self, case: Case, captions: Sequence[Caption]) -> Result:
        """See `Method`."""
        del captions
        return _nearest(case, "blind", self.embedder, [case.question])


def _nearest(case: Case, mode: str, embedder: TextEmbedder, texts: Sequence[str]) -> Result:
    started = time.monotonic()
    likeness = (embedder.embed(list(case.options)) @ embedder.embed(list(texts)).T).max(axis=1)
    best = max(range(len(case.options)), key=lambda i: (float(likeness[i]), case.options[i]))
    usage = Usage(time.monotonic() - started, 0, len(texts))
    return Result(case.id, mode, AnswerStatus.ANSWERED, best, "", None, (), usage)


@dataclass(frozen=True)
class Direct:
    """All captions, the question, the options: one look."""

    model: Chat

    def __call__(self, case: Case, captions: Sequence[Caption]) -> Result:
        """See `Method`."""
        reader = Reader(self.model)
        return reader.result(case, "direct", reader.choose(shown(captions), case.question, case.options), len(captions))


@dataclass(frozen=True)
class SummaryFirst:
    """A summary that keeps the question in mind without seeing the options, then the options over it alone.

    The form (C, Q) -> S of LLoVi (arXiv 2312.17235), with a summary as short as the time allows.
    """

    model: Chat

    def __call__(self, case: Case, captions: Sequence[Caption]) -> Result:
        """See `Method`."""
        reader = Reader(self.model)
        wanted = f"Do not answer yet. Summarise in at most {SUMMARY_WORDS} words what bears on the question."
        summary = reader.write(_told(captions, case.question) + wanted, SUMMARY_TOKENS).strip()
        shares = reader.choose(f"Summary of the captions: {summary}", case.question, case.options)
        return reader.result(case, "summary", shares, len(captions), summary)


@dataclass(frozen=True)
class InRounds:
    """Few captions at first; while the model is not sure, it names stretches and what to look for there.

    The loop of VideoAgent (arXiv 2403.10517): answer, judge it in a call of its own, look closer, at most three
    times. In place of the likeness of text and frame there is that of text and caption.
    """

    model: Chat
    embedder: TextEmbedder

    def __call__(self, case: Case, captions: Sequence[Caption]) -> Result:
        """See `Method`."""
        reader = Reader(self.model)
        known = {min(len(captions) - 1, int(place)) for place in evenly(len(captions), FIRST)}
        for number in range(1, ROUNDS + 1):
            told = shown([captions[place] for place in sorted(known)])
            if number == ROUNDS or self._is_sure(reader, case, told) or len(known) == len(captions):
                break
            known |= self._found(reader, case, captions, sorted(known))
        shares = reader.choose(told, case.question, case.options)
        return reader.result(case, "rounds", shares, len(known), f"rounds: {number}")

    def _is_sure(self, reader: Reader, case: Case, told: str) -> bool:
        shares = reader.choose(told, case.question, case.options, backwards=False)
        chosen = case.options[max(range(len(shares)), key=lambda i: (shares[i], case.options[i]))]
        asked = (
            f"{told}\n\nQuestion: {case.question}\nAnswer: {chosen}\n\nHow well do the captions support this answer? "
            "1: not enough is known; 2: partly; 3: fully. Reply with the number only."
        )
        odds = reader.odds(asked, ("1", "2", "3"))
        return odds[SURE] > max(odds["1"], odds["2"])

    def _found(self, reader: Reader, case: Case, captions: Sequence[Caption], known: Sequence[int]) -> set[int]:
        """The caption most like what is looked for, in each stretch between known captions that the model names."""
        stretches = [
            range(start, end)
            for start, end in zip([0, *(k + 1 for k in known)], [*known, len(captions)], strict=True)
            if end > start
        ]
        listed = "\n".join(
            f"{n}: {captions[s[0]].span.start_s:.0f} to {captions[s[-1]].span.end_s:.0f} s"
            for n, s in enumerate(stretches, 1)
        )
        asked = (
            f"{_told([captions[k] for k in known], case.question)}More captions are known of these stretches:\n{listed}"
            "\n\nName one or two stretches to read, and what to look for there."
        )
        named = _NAMED.findall(reader.write(asked, 120, _schema(len(stretches))))
        return {
            self._likest(text, captions, stretches[int(n) - 1]) for n, text in named if 1 <= int(n) <= len(stretches)
        }

    def _likest(self, text: str, captions: Sequence[Caption], places: Sequence[int]) -> int:
        vectors = self.embedder.embed([text, *(captions[place].text for place in places)])
        return places[int((vectors[1:] @ vectors[0]).argmax())]


def _schema(stretches: int) -> dict[str, Any]:
    one = {
        "type": "object",
        "properties": {
            "stretch": {"enum": list(range(1, stretches + 1))},
            "look_for": {"type": "string", "minLength": 3, "maxLength": 60},
        },
        "required": ["stretch", "look_for"],
        "additionalProperties": False,
    }
    return {"type": "array", "items": one, "minItems": 1, "maxItems": 2}


@dataclass(frozen=True)
class OurAgent:
    """The product: the captions are imported as a video is, and the agent is asked with the options."""

    measuring: Measuring

    def __call__(self, case: Case, captions: Sequence[Caption]) -> Result:
        """See `Method`. The time of importing counts, since every video has one question."""
        started = time.monotonic()
        told = [{"start_s": c.span.start_s, "end_s": c.span.end_s, "text": c.text} for c in captions]
        with tempfile.TemporaryDirectory(prefix="longreel-bench-") as folder:
            file = Path(folder) / "captions.json"
            file.write_text(json.dumps({case.id: told}), encoding="utf-8")
            (video,) = self.measuring.imports.run(file)
        answer = AgentAsker(self.measuring.evaluation.service(Mode.FULL))(case, video, lambda: False)
        result = result_of(case.id, "agent", answer)
        usage = Usage(
            time.monotonic() - started, answer.usage.steps, len(captions), answer.usage.prompt_tokens,
            answer.usage.output_tokens,
        )  # fmt: skip
        return Result(
            result.case, result.mode, result.status, result.option_index, result.text, result.confidence, (), usage
        )
