"""Many videos at once, for programs with an event loop."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from functools import partial

from app.api.schemas.batches import BatchOut, CostOut, Length, Style
from app.client import wire
from app.client.aio.line import AsyncLine
from app.client.calls import batches as calls
from app.client.calls.call import Webhook
from app.core.errors import WorkerFailed


class AsyncBatches(AsyncLine):
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
        names, key = wire.names_of(videos), idempotency_key
        return await self._do(
            calls.start_batch(names, questions, length, style, language, formats, collection, webhook, key)
        )

    async def cost(
        self, videos: str | Sequence[str] = (), *, collection: str = "", questions: Sequence[str] = ()
    ) -> CostOut:
        """What a batch would take: minutes, disk, tokens. Nothing is started."""
        return await self._do(calls.cost(wire.names_of(videos), questions, collection))

    async def batches(self, limit: int = 20) -> list[BatchOut]:
        """Batches, newest first."""
        return await self._all(calls.batches(limit), limit)

    async def batch(self, id: str) -> BatchOut:
        """How far a batch is, and each of its videos."""
        return await self._do(calls.batch(id))

    async def cancel_batch(self, id: str) -> BatchOut:
        """Stops a batch at its next safe place; what it finished is kept."""
        return await self._do(calls.cancel_batch(id))

    async def retry_batch(self, id: str, *, idempotency_key: str = "") -> BatchOut:
        """Tries what did not finish again."""
        return await self._do(calls.retry_batch(id, idempotency_key))

    def follow_batch(self, id: str, *, timeout_s: float | None = None) -> AsyncGenerator[BatchOut]:
        """The batch whenever it changed, also over lost connections; the last item is the batch as it ended."""
        return self._followed(partial(calls.batch_events, id), wire.Waiting(f"Batch {id}", timeout_s, wire.batch_told))

    async def wait_batch(
        self, id: str, *, timeout_s: float | None = None, tell: Callable[[BatchOut], None] = wire.hush
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
        return wire.batch_ended_well(batch)

    async def batch_results(self, id: str) -> bytes:
        """A ZIP archive with the files of each video and an overview. Raises NotFound before the batch has finished."""
        return await self._do(calls.batch_results(id))
