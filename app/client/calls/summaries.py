"""Several videos in short."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict

from app.api.schemas import JobOut
from app.api.schemas.batches import Length, Style
from app.api.schemas.summaries import CollectionSummaryOut
from app.client import wire
from app.client.call import Call, Webhook, model, once
from app.client.calls.jobs import Jobs
from app.core.events import Event, ignore


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
        tell: Callable[[Event], None] = ignore,
        timeout_s: float | None = None,
    ) -> CollectionSummaryOut:
        """A summary of a collection, or of several videos, made for you; each sentence names videos and moments.

        Only what changed since it was last made takes time. `tell` hears how far it is. Raises the error it failed
        with, or Cancelled; WorkerFailed when the time is up: it goes on, and can be asked for again.
        """
        job = await self.start_summary(collection, videos, length=length, style=style, language=language)
        await self.wait(job.id, timeout_s=timeout_s, tell=tell)
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
        """Has a collection, or several videos, summarized in the background; `collection_summary` tells the result."""
        asked = {"videos": wire.names_of(videos), "collection": collection or None}
        wanted = {"length": length, "style": style, "language": language}
        told = {**asked, **wanted, "webhook": webhook and asdict(webhook)}
        return await self._do(Call("POST", "/v1/summaries", model(JobOut), json=told, headers=once(idempotency_key)))

    async def collection_summary(
        self,
        collection: str = "",
        videos: str | Sequence[str] = (),
        *,
        length: Length = "paragraph",
        style: Style = "neutral",
        language: str | None = None,
    ) -> CollectionSummaryOut:
        """The summary that was made of these videos as they are now. Raises NotFound when there is none."""
        asked = {"video": wire.names_of(videos), "collection": collection}
        wanted = {"length": length, "style": style, "language": language}
        return await self._do(Call("GET", "/v1/summaries", model(CollectionSummaryOut), {**asked, **wanted}))
