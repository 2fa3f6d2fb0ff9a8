"""The base of all wire types."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.core.events import Event

AnyEvent = Annotated[Event, Field(discriminator="type")]


class Wire(BaseModel):
    """A response of the server. A newer server may add fields."""

    model_config = ConfigDict(frozen=True)


class Request(BaseModel):
    """A request to the server. An unknown field is an error, not a silent default."""

    model_config = ConfigDict(frozen=True, extra="forbid")
