"""Summaries of several videos."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict

from app.api.schemas import JobOut
from app.api.schemas.summaries import CollectionSummaryOut, Length, Style
from app.client import wire
from app.client.call import Call, Webhook, model, once
from app.client.calls.jobs import Jobs
from app.core.events import Event, ignore
from app.core.requests import SummaryRequest


class Summaries(Jobs):
    """The calls about summaries of collections."""

    async def summarize_collection(
        self,
        collection: str = "",
        videos: str | Sequence[str] = (),
        *,
        length: Length = "paragraph",
        style: Style = "neutral",
        language: str | None = None,
        on_event: Callable[[Event], None] = ignore,
        timeout_s: float | None = None,
    ) -> CollectionSummaryOut:
        """Summarizes a collection, or several videos; each sentence cites videos and times.

        Only what changed since the last time takes long. `on_event` gets the progress. Raises the error it failed
        with, or Cancelled; WorkerFailed when the time is up: the work goes on, and you can ask for it again.
        """
        job = await self.start_summary(collection, videos, length=length, style=style, language=language)
        await self.wait(job.id, timeout_s=timeout_s, on_event=on_event)
        return await self.collection_summary(collection, videos, length=length, style=style, language=language)

    async def start_summary(
        self,
        collection: str = "",
        videos: str | Sequence[str] = (),
        *,
        length: Length = "paragraph",
        style: Style = "neutral",
        language: str | None = None,
        webhook: Webhook | None = None,
        idempotency_key: str = "",
    ) -> JobOut:
        """Summarizes a collection, or several videos, in the background; get it with `collection_summary`."""
        targets = {"videos": wire.names_of(videos), "collection": collection or None}
        form = asdict(SummaryRequest.of(length, style, language))
        body = {**targets, **form, "webhook": webhook and asdict(webhook)}
        return await self._do(Call("POST", "/v1/summaries", model(JobOut), json=body, headers=once(idempotency_key)))

    async def collection_summary(
        self,
        collection: str = "",
        videos: str | Sequence[str] = (),
        *,
        length: Length = "paragraph",
        style: Style = "neutral",
        language: str | None = None,
    ) -> CollectionSummaryOut:
        """The summary of these videos as they are now. Raises NotFound when there is none."""
        targets = {"video": wire.names_of(videos), "collection": collection}
        form = asdict(SummaryRequest.of(length, style, language))
        return await self._do(Call("GET", "/v1/summaries", model(CollectionSummaryOut), {**targets, **form}))
