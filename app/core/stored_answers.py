"""Stored answers and their traces, including those of earlier versions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from app.core.events import EVENT, Answered, Delta, Event
from app.core.types import Answer, AnswerStatus, Video, VideoId, from_json


def dump_trace(events: Iterable[Event]) -> list[dict[str, Any]]:
    """The steps of an answer as plain data, without the answer itself and without pieces of text."""
    return [EVENT.dump_python(event, mode="json") for event in events if not isinstance(event, Answered | Delta)]


def load_trace(stored: Iterable[Mapping[str, Any]]) -> list[Event]:
    """The steps of a stored answer, without those that this version no longer knows."""
    events: list[Event] = []
    for step in stored:
        now = dict(step)  # with today's fields: plans used to be guided or free, and a claim supported or not
        if now.get("type") == "planned" and now.get("mode") not in ("loop", "pipeline"):
            now["mode"] = "loop" if now.get("mode") == "free" else "pipeline"
            now["reason"] = now.get("mode_reason", "")
        if now.get("type") == "verified" and "verdict" not in now:
            now["verdict"] = "yes" if now.get("supported") else "no"
        try:
            events.append(EVENT.validate_python(now))
        except ValidationError:
            continue
    return events


def load_answer(stored: Mapping[str, Any]) -> Answer:
    """A stored answer. Earlier versions gave refusals a confidence; now only answers have one."""
    if stored.get("status") != AnswerStatus.ANSWERED:
        stored = {**stored, "confidence": None}
    answer: Answer = from_json(Answer, stored)
    return answer


def used_videos(
    question: str, scope: Sequence[Video], answer: Mapping[str, Any], trace: Sequence[Mapping[str, Any]]
) -> list[VideoId]:
    """The videos of the scope that an answer is about: it cites, found, read or names them.

    They decide which videos the answer is deleted with. A question about a single video is about that one.
    """
    stored = json.dumps([answer, trace])
    texts = [question, answer.get("text", ""), *answer.get("searched", ()), *answer.get("missing", ())]
    texts += [step["message"] for step in trace if step["type"] == "warned"]
    words = "\n".join(texts)
    return [one.id for one in scope if len(scope) == 1 or one.id in stored or one.title in words]
