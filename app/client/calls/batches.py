"""Many videos at once."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import asdict

from app.api.schemas.batches import BatchOut, CostOut, Length, Style
from app.client import following, wire
from app.client.call import Call, Webhook, content, model, models, once, quoted
from app.client.caller import Caller
from app.core.errors import WorkerFailed

MOST_BATCHES = 100
"""That the server tells in one page."""


class Batches(Caller):
    """The calls about batches."""

    async def start_batch(
        self,
        videos: str | Sequence[str] = (),
        *,
        collection: str = "",
        questions: Sequence[str] = (),
        length: Length = "paragraph",
        style: Style = "neutral",
        language: str | None = None,
        formats: Sequence[str] = ("md", "json"),
        webhook: Webhook | None = None,
        idempotency_key: str = "",
    ) -> BatchOut:
        """Has videos summarized and asked, each as a job of its own; `cost` tells what that will take."""
        asked = {"videos": wire.names_of(videos), "collection": collection or None, "questions": list(questions)}
        wanted = {"formats": list(formats), "length": length, "style": style, "language": language}
        told = {**asked, **wanted, "webhook": webhook and asdict(webhook)}
        return await self._do(Call("POST", "/v1/batches", model(BatchOut), json=told, headers=once(idempotency_key)))

    async def cost(
        self, videos: str | Sequence[str] = (), *, collection: str = "", questions: Sequence[str] = ()
    ) -> CostOut:
        """What a batch would take: minutes, disk, tokens. Nothing is started."""
        asked = {"videos": wire.names_of(videos), "collection": collection or None, "questions": list(questions)}
        return await self._do(Call("POST", "/v1/batches/cost", model(CostOut), json=asked))

    async def batches(self, limit: int = 20) -> list[BatchOut]:
        """Batches, newest first."""
        return await self._all(Call("GET", "/v1/batches", models(BatchOut), {"limit": min(limit, MOST_BATCHES)}), limit)

    async def batch(self, id: str) -> BatchOut:
        """How far a batch is, and each of its videos."""
        return await self._do(Call("GET", _batch(id), model(BatchOut)))

    async def cancel_batch(self, id: str) -> BatchOut:
        """Stops a batch at its next safe place; what it finished is kept."""
        return await self._do(Call("DELETE", _batch(id), model(BatchOut)))

    async def retry_batch(self, id: str, *, idempotency_key: str = "") -> BatchOut:
        """Tries what did not finish again."""
        return await self._do(Call("POST", _batch(id, "/retry"), model(BatchOut), headers=once(idempotency_key)))

    def follow_batch(self, id: str, *, timeout_s: float | None = None) -> AsyncGenerator[BatchOut]:
        """The batch whenever it changed, also over lost connections; the last item is the batch as it ended."""
        return self._followed(_batch(id, "/events"), following.Waiting(f"Batch {id}", timeout_s, following.batch_told))

    async def wait_batch(
        self, id: str, *, timeout_s: float | None = None, tell: Callable[[BatchOut], None] = following.hush
    ) -> BatchOut:
        """The batch once it has finished; `tell` hears its states. Raises the error it failed with, or Cancelled.

        Some of its videos may have failed: see `failed` and `children`.
        """
        batch = None
        async with aclosing(self.follow_batch(id, timeout_s=timeout_s)) as states:
            async for batch in states:
                tell(batch)
        if batch is None:
            raise WorkerFailed("The server ended the stream before the batch.", "Wait for it again.")
        return following.ended_well(batch, "The batch")

    async def batch_results(self, id: str) -> bytes:
        """A ZIP archive with the files of each video and an overview. Raises NotFound before the batch has finished."""
        return await self._do(Call("GET", _batch(id, "/results"), content))


def _batch(id: str, rest: str = "") -> str:
    return f"/v1/batches/{quoted(id)}{rest}"
