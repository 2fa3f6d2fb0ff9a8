"""Connecting a server of models from the page."""

from __future__ import annotations

from fastapi import APIRouter

from app.api.deps import LongreelDep, trusts_callers
from app.api.schemas.connection import ConnectIn, ConnectOut
from app.core.errors import BadInput
from app.services import connection

router = APIRouter(tags=["server"])


@router.post("/connection", summary="Try a server of models, or use it")
def connect(body: ConnectIn, longreel: LongreelDep) -> ConnectOut:
    """What `longreel connect` does: lists the server's models and shows them a small picture until one sees.

    With `save` the settings are written into longreel.toml; Longreel uses them from its next start. Only for callers
    on the server's own machine, of a server without a key.
    """
    if not trusts_callers(longreel):
        hint = f"Run there: longreel connect {body.url}"
        raise BadInput("A model can be connected only on the server's own machine.", hint)
    key = body.key.get_secret_value()
    probed = connection.connect(body.url, key=key, model=body.model)
    if body.save:
        connection.save(probed, key)
    return ConnectOut.of(probed, saved=body.save)
