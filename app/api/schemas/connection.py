"""Connecting a server of models, on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pydantic import Field, SecretStr

from app.api.schemas.base import Request, Wire

if TYPE_CHECKING:
    from app.services.connection import Connection


class ConnectIn(Request):
    """A server of models."""

    url: str = Field(min_length=1, max_length=2048, description="its address, such as http://localhost:11434")
    key: SecretStr = Field(SecretStr(""), max_length=1024, description="its API key, if it needs one")
    model: str = Field("", max_length=300, description="the model to use; empty: the first that sees")
    save: bool = Field(False, description="use it from the next start of Longreel")


class ServedModelOut(Wire):
    """One model of the server."""

    name: str
    sees: bool | None
    """None if it was not tried and the server does not say."""
    tried: bool
    problem: str = ""


class ConnectOut(Wire):
    """What was found, and the model to use."""

    url: str
    model: str
    sees: bool
    models: list[ServedModelOut]
    notes: list[str]
    """What the person should know or change, a sentence each."""
    saved: bool

    @classmethod
    def of(cls, connection: Connection, *, saved: bool) -> Self:
        """The wire form of a connection."""
        tried = {trial.model.name: trial for trial in connection.trials}
        models = [
            ServedModelOut(
                name=one.name,
                sees=tried[one.name].sees if one.name in tried else one.sees,
                tried=one.name in tried,
                problem=tried[one.name].problem if one.name in tried else "",
            )
            for one in connection.offer.models
        ]
        chosen = connection.chosen
        notes = list(connection.notes)
        return cls(
            url=connection.offer.url, model=chosen.model.name, sees=chosen.sees, models=models, notes=notes, saved=saved
        )
