"""Calls about many videos at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from app.api.schemas.batches import BatchOut, CostOut, Length, Style
from app.client.calls.call import Call, Webhook, content, model, models, nothing, once, quoted, streamed

MOST_BATCHES = 100
"""That the server tells in one page."""


def start_batch(
    names: Sequence[str],
    questions: Sequence[str],
    length: Length,
    style: Style,
    language: str | None,
    formats: Sequence[str],
    collection: str,
    webhook: Webhook | None,
    key: str,
) -> Call[BatchOut]:
    """Many videos to summarize and ask."""
    asked = {"videos": list(names), "collection": collection or None, "questions": list(questions)}
    wanted = {"formats": list(formats), "length": length, "style": style, "language": language}
    told = {**asked, **wanted, "webhook": webhook and asdict(webhook)}
    return Call("POST", "/v1/batches", model(BatchOut), json=told, headers=once(key))


def cost(names: Sequence[str], questions: Sequence[str], collection: str) -> Call[CostOut]:
    """What a batch would take."""
    asked = {"videos": list(names), "collection": collection or None, "questions": list(questions)}
    return Call("POST", "/v1/batches/cost", model(CostOut), json=asked)


def batches(limit: int) -> Call[list[BatchOut]]:
    """Batches, newest first."""
    return Call("GET", "/v1/batches", models(BatchOut), {"limit": min(limit, MOST_BATCHES)})


def batch(id: str) -> Call[BatchOut]:
    """One batch."""
    return Call("GET", _batch(id), model(BatchOut))


def cancel_batch(id: str) -> Call[BatchOut]:
    """Stops a batch."""
    return Call("DELETE", _batch(id), model(BatchOut))


def retry_batch(id: str, key: str) -> Call[BatchOut]:
    """Tries what did not finish in a batch again."""
    return Call("POST", _batch(id, "/retry"), model(BatchOut), headers=once(key))


def batch_events(id: str, after: int) -> Call[None]:
    """The states of a batch, as a stream."""
    return Call("GET", _batch(id, "/events"), nothing, headers=streamed(after))


def batch_results(id: str) -> Call[bytes]:
    """The files of a finished batch: ZIP."""
    return Call("GET", _batch(id, "/results"), content)


def _batch(id: str, rest: str = "") -> str:
    return f"/v1/batches/{quoted(id)}{rest}"
