"""Who and what is mentioned in the videos."""

from __future__ import annotations

from collections.abc import Sequence

from app.api.schemas.entities import EntityOut, MentionedOut
from app.client.call import PAGE, Call, model, models, quoted
from app.client.caller import Caller
from app.core.types.entities import EntityKind


class Entities(Caller):
    """The calls about named people and things."""

    async def entities(
        self, q: str = "", *, kinds: Sequence[EntityKind | str] = (), videos: Sequence[str] = (), collection: str = ""
    ) -> list[EntityOut]:
        """People and things mentioned in videos, most mentions first; `q` matches part of the name."""
        params = {"q": q, "kind": [str(kind) for kind in kinds], "video": list(videos), "collection": collection}
        return await self._all(Call("GET", "/v1/entities", models(EntityOut), {**params, "limit": PAGE}))

    async def entity(self, id: str) -> MentionedOut:
        """One person or thing with every mention, by video and time."""
        return await self._do(Call("GET", f"/v1/entities/{quoted(id)}", model(MentionedOut)))
