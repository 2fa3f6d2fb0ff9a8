"""Every call of the REST API, described once: what to send, and how to read the response."""

from __future__ import annotations

from collections.abc import Mapping

from app.api.schemas import HealthOut
from app.api.schemas.connection import ConnectOut
from app.api.schemas.evaluations import EvaluationOut
from app.api.schemas.status import SettingOut, StatusOut
from app.client.call import Call, model, models
from app.client.calls.batches import Batches
from app.client.calls.collections import Collections
from app.client.calls.entities import Entities
from app.client.calls.questions import Questions
from app.client.calls.schedules import Schedules
from app.client.calls.summaries import Summaries
from app.client.calls.uploads import Uploads
from app.client.calls.videos import Videos

_CONNECTED = model(ConnectOut)


class Calls(Videos, Uploads, Collections, Entities, Questions, Batches, Summaries, Schedules):
    """All calls, over either transport."""

    async def health(self) -> HealthOut:
        """Checks that the server answers; returns its version."""
        return await self._do(Call("GET", "/v1/health", model(HealthOut)))

    async def status(self) -> StatusOut:
        """The server's profile, models, and what is missing."""
        return await self._do(Call("GET", "/v1/status", model(StatusOut)))

    async def connect(self, url: str, *, key: str = "", model: str = "", save: bool = False) -> ConnectOut:
        """Tries a server of models; with `save` it is used from the next start."""
        body = {"url": url, "key": key, "model": model, "save": save}
        return await self._do(Call("POST", "/v1/connection", _CONNECTED, json=body))

    async def settings(self) -> list[SettingOut]:
        """Every setting of the server, its value, and where the value comes from; without secrets."""
        return await self._do(Call("GET", "/v1/settings", models(SettingOut)))

    async def change_settings(self, values: Mapping[str, bool | float | None]) -> list[SettingOut]:
        """Changes settings of the running server, such as {"LONGREEL_AGENT__MAX_SECONDS": 60}; None: the default."""
        return await self._do(Call("PATCH", "/v1/settings", models(SettingOut), json={"values": dict(values)}))

    async def evaluations(self) -> list[EvaluationOut]:
        """The results of `longreel eval` on the server's machine, newest first."""
        return await self._do(Call("GET", "/v1/evaluations", models(EvaluationOut)))
