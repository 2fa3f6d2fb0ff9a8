"""An example of every value in the REST API, generated from its schema.

A field's example is the one listed here for its name, otherwise one from the schema: an
example, a constant, a default, a value of its type. So every schema has one, even a new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType
from typing import Any

from app.api.schemas import example_answer

VIDEO = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
JOB = "5b1c0a7e4d3f4a6c8e9d2b7f1a0c3e5d"
THREAD = "1f7a0c52b9e64d8a8c3d5e6f70819a2b"
ANSWER = example_answer()
SAID = ANSWER["citations"][0]["quote"]
THEN = "2026-03-01T09:30:00.000+00:00"
PROGRESS = {
    "type": "stage_progress",
    "stage": "transcribe",
    "done": 1260.0,
    "total": 5400.0,
    "unit": "s",
    "speed": 9.5,
    "left_s": 436.0,
}

VALUES: dict[str, Any] = {
    "added_at": THEN,
    "answer": ANSWER["id"],
    "answer_id": ANSWER["id"],
    "asked_at": THEN,
    "batch": JOB,
    "citations": ANSWER["citations"],
    "collection": "Lectures",
    "confidence": 0.86,
    "created_at": THEN,
    "deleted_at": THEN,
    "done_share": 0.23,
    "duration_s": 5400.0,
    "end_s": 88.9,
    "entity": "name-tom-hale",
    "error": None,
    "finished_at": None,
    "folder": "/films",
    "formats": ["md", "json"],
    "found_by": ["lexical", "dense"],
    "frame_s": 84.0,
    "height": 1080,
    "id": VIDEO,
    "job": JOB,
    "job_id": JOB,
    "language": "en",
    "name": "Lectures",
    "priority": 0,
    "note": "",
    "option_index": None,
    "options": [],
    "profile": "offline",
    "q": "bridge opened",
    "question": "When did the bridge open?",
    "questions": ["When did the bridge open?"],
    "quote": SAID,
    "result": None,
    "score": 0.74,
    "size_bytes": 734003200,
    "speaker": None,
    "start_s": 83.2,
    "started_at": THEN,
    "summary": "A film about a bridge: how it was planned, built and opened.",
    "t": 84.0,
    "text": SAID,
    "thread": THREAD,
    "title": "Lecture 1",
    "trace": ANSWER["trace"],
    "url": "https://example.org/hook",
    "used_at": THEN,
    "version": "0.1.0",
    "video": VIDEO,
    "video_id": VIDEO,
    "video_ids": [VIDEO],
    "videos": [VIDEO],
    "warnings": [],
    "width": 1920,
    "AnswerOut.id": ANSWER["id"],
    "AnswerOut.text": ANSWER["text"],
    "AnswerOut.usage": ANSWER["usage"],
    "BatchIn.collection": None,
    "BatchIn.language": None,
    "BatchIn.webhook": None,
    "BatchOut.failed": 0,
    "BatchOut.finished": 0,
    "BatchOut.id": JOB,
    "BatchOut.state": "running",
    "ChatAnswer.content": f"{ANSWER['text']}\n\nSources:\n[1] Lecture 1, 1:23-1:28: {SAID}",
    "ChatIn.messages": [{"role": "user", "content": "When did the bridge open?"}],
    "ChatIn.metadata": {"videos": VIDEO},
    "ChatIn.model": "longreel",
    "ChatOut.id": f"chatcmpl-{JOB}",
    "CheckOut.command": "",
    "CheckOut.detail": "xllamacpp: ready",
    "CheckOut.name": "language_model",
    "ConversationOut.id": THREAD,
    "ConversationOut.title": "When did the bridge open?",
    "ConversationOut.turn_count": 1,
    "CollectionSummaryOut.videos": [{"video_id": VIDEO, "title": "Lecture 1", "point": None}],
    "CostOut.disk_bytes": 0,
    "CostOut.known_s": 5400.0,
    "EntityOut.id": "name-tom-hale",
    "EntityOut.mentions": 3,
    "EntityOut.name": "Tom Hale",
    "CostOut.new": 0,
    "CostOut.new_s": 0.0,
    "CostOut.tokens": 3000,
    "CostOut.videos": 1,
    "CostOut.work_s": 25.0,
    "DeliveryOut.created_at": THEN,
    "DeliveryOut.ended_at": THEN,
    "DeliveryOut.event": "job.finished",
    "DeliveryOut.id": "c0ffee00c0ffee00c0ffee00c0ffee00",
    "DeliveryOut.next_attempt_at": None,
    "DeliveryOut.state": "delivered",
    "DeliveryOut.status": 204,
    "JobOut.cancel_requested": False,
    "JobOut.id": JOB,
    "JobOut.kind": "ingest",
    "JobOut.progress": PROGRESS,
    "JobOut.state": "running",
    "SavedAnswerOut.answer": ANSWER,
    "SavedAnswerOut.id": ANSWER["id"],
    "SegmentOut.id": f"{VIDEO}-speech-7",
    "SegmentOut.model": "whisper base",
    "MentionedOut.id": "name-tom-hale",
    "MentionedOut.mentions": 1,
    "MentionedOut.name": "Tom Hale",
    "PlanBody.by": "rules",
    "PlanBody.queries": ["bridge opened"],
    "PlanBody.sources": [],
    "ThreadIn.title": "",
    "ThreadOut.id": THREAD,
    "ThreadOut.title": "When did the bridge open?",
    "TurnOut.understood": "When did the bridge open?",
    "UrlCitation.title": "Lecture 1, 1:23-1:28",
    "UrlCitation.url": f"longreel://{VIDEO}#t=83.200,88.900",
    "WordOut.text": "opened",
}
"""By the name of a field or parameter; with the name of its schema before it, where one name means several things."""


KINDS = {
    str: "string",
    bool: "boolean",
    int: "number",
    float: "number",
    list: "array",
    dict: "object",
    NoneType: "null",
}
MISSING = object()


class Examples:
    """Examples for the schemas of one OpenAPI description."""

    def __init__(self, schemas: Mapping[str, Any]) -> None:
        """`schemas` are the description's components by name."""
        self._schemas = schemas

    def of(self, schema: Mapping[str, Any], name: str = "", model: str = "") -> Any:
        """A value that fits the schema, which is that of the field `name` of the component `model`."""
        written = _written(schema, name, model)
        if written is not MISSING:
            return written
        if "$ref" in schema:
            model = schema["$ref"].rpartition("/")[2]
            return self.of(self._schemas[model], "", model)
        for key in ("example", "const", "default"):
            if key in schema:
                return schema[key]
        for key in ("examples", "enum"):
            if key in schema:
                return schema[key][0]
        for key in ("anyOf", "oneOf", "allOf"):
            if key in schema:
                return self.of(schema[key][0], name, model)
        return self._of_type(schema, name, model)

    def _of_type(self, schema: Mapping[str, Any], name: str, model: str) -> Any:
        match schema.get("type"):
            case "object":  # all fields but those that may be null and of which nothing else is known
                needed, example = schema.get("required", ()), {}
                for field, inner in schema.get("properties", {}).items():
                    is_known = "null" not in _kinds(inner) or "examples" in inner
                    is_known = is_known or _written(inner, field, model) is not MISSING
                    value = self.of(inner, field, model) if field in needed or is_known else None
                    if value is not None or field in needed:
                        example[field] = value
                return example
            case "array":
                return [self.of(schema["items"], name, model)]
            case "integer" | "number":
                return schema.get("minimum", 1)
            case "boolean":
                return True
            case "null":
                return None
        return name or "text"


def _written(schema: Mapping[str, Any], name: str, model: str) -> Any:
    """What is written down for a field and fits; MISSING when nothing is."""
    if f"{model}.{name}" in VALUES:
        return VALUES[f"{model}.{name}"]
    value = VALUES.get(name, MISSING)
    fits = "$ref" not in schema and KINDS.get(type(value)) in _kinds(schema)
    return value if fits else MISSING


def _kinds(schema: Mapping[str, Any]) -> set[str]:
    """The types that a value may have."""
    inner = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
    if inner:
        return set().union(*map(_kinds, inner))
    kind = schema.get("type", "object")
    return {"number" if kind == "integer" else kind}
