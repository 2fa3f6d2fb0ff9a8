"""What a language model that chooses its own steps may ask for: one tool a step, as JSON that is checked.

Names, docstrings and fields of these classes are what the model reads, and their JSON schema binds what it writes, with
every model that the port `LanguageModel` knows. No vendor's form of calling functions is used.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.core.errors import ToolRefused

Source = Literal["any", "speech", "screen_text", "pictures", "entity"]

_VIDEO = Field(description="name of the video, such as V1")
_START = Field(description="seconds from the beginning of the video")
_END = Field(description="seconds")


class Tool(BaseModel):
    """One tool with its arguments."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def name(cls) -> str:
        """As the model writes it."""
        return str(cls.model_json_schema()["properties"]["tool"]["const"])

    def arguments(self) -> str:
        """The arguments as a trace shows them."""
        given = self.model_dump(exclude={"tool"})
        return ", ".join(f"{name}: {value}" for name, value in given.items())


class Overview(Tool):
    """Tells what a video is about: its summary and its chapters."""

    tool: Literal["overview"]
    video: str = _VIDEO


class Search(Tool):
    """Finds the moments that fit some words best, by their meaning and by the words themselves."""

    tool: Literal["search"]
    query: str = Field(min_length=1, max_length=160, description="what to look for")
    video: str = Field(description="name of the video, or all")
    source: Source = Field(description="where it is told; entity: wherever the name in the query is mentioned")


class Skim(Tool):
    """Reads a stretch of a video: everything that is said, written and shown in it, in order."""

    tool: Literal["skim"]
    video: str = _VIDEO
    start_s: float = _START
    end_s: float = _END


class Inspect(Tool):
    """A vision model looks at frames of a stretch and answers a question about what they show."""

    tool: Literal["inspect"]
    video: str = _VIDEO
    start_s: float = _START
    end_s: float = _END
    question: str = Field(min_length=1, max_length=160, description="what the frames should tell")


class ReadText(Tool):
    """Reads the text on the screen again, in single frames of a stretch at full size."""

    tool: Literal["read_text"]
    video: str = _VIDEO
    start_s: float = _START
    end_s: float = _END


class Transcribe(Tool):
    """Listens again to a stretch whose words seem misheard."""

    tool: Literal["transcribe"]
    video: str = _VIDEO
    start_s: float = _START
    end_s: float = _END


class Count(Tool):
    """Counts how often a word or phrase is said, or also written on the screen."""

    tool: Literal["count"]
    term: str = Field(min_length=1, max_length=80, description="the word or phrase")
    source: Literal["speech", "any"] = Field(description="any counts text on the screen too")


class Compare(Tool):
    """Finds in each video, on its own, where it tells of something."""

    tool: Literal["compare"]
    term: str = Field(min_length=1, max_length=80, description="what to look for in each video")


class Apart(Tool):
    """Reckons which of two pieces of evidence comes first, and how much time lies between them."""

    tool: Literal["apart"]
    first: str = Field(description="evidence, such as E1")
    second: str = Field(description="evidence, such as E2")


class Statement(BaseModel):
    """One sentence of an answer and what it rests on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = Field(max_length=240, description="one short sentence without times")
    evidence: tuple[str, ...] = Field(description="evidence (E1) or finding (F1) that states it")


class Answer(Tool):
    """Ends the work. No statements at all say that the videos do not tell."""

    tool: Literal["answer"]
    statements: tuple[Statement, ...] = Field(max_length=6)


class Choose(Tool):
    """Ends the work with one of the options, letter by letter; an empty one says that the videos do not tell."""

    tool: Literal["choose"]
    option: str
    evidence: tuple[str, ...] = Field(description="evidence that states it, such as E1")


Kinds = Sequence[type[Tool]]


def schema(kinds: Kinds) -> dict[str, Any]:
    """JSON schema of one step: a thought, and a call of one of these tools."""
    return {
        "type": "object",
        "properties": {
            "thought": {"type": "string", "maxLength": 200},
            "action": {"anyOf": [_plain(kind) for kind in kinds]},
        },
        "required": ["thought", "action"],
        "additionalProperties": False,
    }


def manual(kinds: Kinds) -> str:
    """What the model is told of its tools: for each its name, what it does, and the types of its arguments."""
    lines = []
    for kind in kinds:
        arguments = {name: value for name, value in _plain(kind)["properties"].items() if name != "tool"}
        told = json.dumps(arguments, separators=(",", ":"))
        lines.append(f"- {kind.name()}: {kind.__doc__}\n  arguments: {told}")
    return "\n".join(lines)


def read_action(text: str, kinds: Kinds) -> Tool:
    """The call in a model's reply. Raises ToolRefused, in words for the model, when there is none that can be used."""
    try:
        data: Any = json.loads(text)
        call = data["action"]
        kind = next(kind for kind in kinds if kind.name() == call["tool"])
        return kind.model_validate(call)
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(str(part) for part in fault["loc"])
        raise ToolRefused(f"The call cannot be used: {place}: {fault['msg']}.") from error
    except (ValueError, KeyError, TypeError, StopIteration) as error:
        known = ", ".join(kind.name() for kind in kinds)
        raise ToolRefused(f"That is no call of a tool in JSON. The tools are: {known}.") from error


def _plain(kind: type[Tool]) -> dict[str, Any]:
    """The schema of a tool without titles and references, which not every server understands."""
    whole = kind.model_json_schema()
    found: dict[str, Any] = _resolved(whole, whole.get("$defs", {}))
    return {name: value for name, value in found.items() if name != "description"}


def _resolved(part: Any, known: Mapping[str, Any]) -> Any:
    if isinstance(part, list):
        return [_resolved(item, known) for item in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return _resolved(known[part["$ref"].rpartition("/")[2]], known)
    return {
        name: _resolved(value, known)
        for name, value in part.items()
        if name != "$defs" and not (name == "title" and isinstance(value, str))
    }
