"""Many videos at once."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import asdict

from app.api.schemas.batches import BatchOut, CostOut
from app.api.schemas.summaries import Length, Style
from app.client import following, wire
from app.client.call import Call, Webhook, content, model, models, once, quoted
from app.client.caller import Caller
from app.core.errors import WorkerFailed
from app.core.requests import SummaryRequest

MOST_BATCHES = 100
"""The most that the server returns in one page."""


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
        """Summarizes videos and asks questions about each, one job per video; see `cost` first."""
        targets = {"videos": wire.names_of(videos), "collection": collection or None, "questions": list(questions)}
        summary = asdict(SummaryRequest.of(length, style, language))
        body = {**targets, **summary, "formats": list(formats), "webhook": webhook and asdict(webhook)}
        return await self._do(Call("POST", "/v1/batches", model(BatchOut), json=body, headers=once(idempotency_key)))

    async def cost(
        self, videos: str | Sequence[str] = (), *, collection: str = "", questions: Sequence[str] = ()
    ) -> CostOut:
        """An estimate of a batch: minutes, disk space, tokens. Starts nothing."""
        body = {"videos": wire.names_of(videos), "collection": collection or None, "questions": list(questions)}
        return await self._do(Call("POST", "/v1/batches/cost", model(CostOut), json=body))

    async def batches(self, limit: int = 20) -> list[BatchOut]:
        """Batches, newest first."""
        return await self._all(Call("GET", "/v1/batches", models(BatchOut), {"limit": min(limit, MOST_BATCHES)}), limit)

    async def batch(self, id: str) -> BatchOut:
        """The progress of a batch and of each of its videos."""
        return await self._do(Call("GET", _batch(id), model(BatchOut)))

    async def cancel_batch(self, id: str) -> BatchOut:
        """Stops a batch as soon as it safely can; finished work stays."""
        return await self._do(Call("DELETE", _batch(id), model(BatchOut)))

    async def retry_batch(self, id: str) -> BatchOut:
        """Runs again whatever did not finish."""
        return await self._do(Call("POST", _batch(id, "/retry"), model(BatchOut)))

    def follow_batch(
        self, id: str, *, timeout_s: float | None = None, on_pulse: Callable[[], None] = following.ignore_pulse
    ) -> AsyncGenerator[BatchOut]:
        """The batch each time it changes, across lost connections; the last item is the batch as it ended.

        `on_pulse` is called every few seconds, also while nothing happens: raise an error in it to stop.
        """
        waiting = following.Waiting(f"Batch {id}", timeout_s, following.batch_in, on_pulse)
        return self._followed(_batch(id, "/events"), waiting)

    async def wait_batch(
        self,
        id: str,
        *,
        timeout_s: float | None = None,
        on_event: Callable[[BatchOut], None] = following.ignore_batch,
        on_pulse: Callable[[], None] = following.ignore_pulse,
    ) -> BatchOut:
        """Waits until a batch has finished; `on_event` gets its states, for `on_pulse` see `follow_batch`.

        Raises the error it failed with, or Cancelled. Some of its videos may have failed: see `failed` and `children`.
        """
        batch = None
        async with aclosing(self.follow_batch(id, timeout_s=timeout_s, on_pulse=on_pulse)) as states:
            async for batch in states:
                on_event(batch)
        if batch is None:
            raise WorkerFailed("The server ended the stream before the batch.", "Wait for it again.")
        return following.ended_well(batch, "The batch")

    async def batch_results(self, id: str) -> bytes:
        """A ZIP archive of each video's files and an overview. Raises NotFound until the batch has finished."""
        return await self._do(Call("GET", _batch(id, "/results"), content))


def _batch(id: str, rest: str = "") -> str:
    return f"/v1/batches/{quoted(id)}{rest}"
