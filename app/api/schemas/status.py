"""What the server runs on, on the wire."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from app.api.schemas.base import Wire


class CheckOut(Wire):
    """One thing that was looked at, and the command that mends it."""

    name: str
    ok: bool
    detail: str
    command: str = ""


class SettingOut(Wire):
    """One setting as it is now. Values are written as the environment variable takes them."""

    part: str
    """The group that it belongs to, such as `server`; empty for those of the whole."""
    variable: str
    value: str
    """Empty when it is unset."""
    hidden: bool
    """A secret that is set, whose `value` is hidden, or an address, of which only the host is shown."""
    default: str
    source: Literal["default", "environment", "file", "command line"]
    allowed: str
    """In words; empty when any text will do."""
    meaning: str


class ModelOut(Wire):
    """One model of the server's process, or of a pool of actors, and what it has done since it was first used."""

    model: str
    loaded: bool
    bytes: int
    """What its weights take in memory now, as far as it is known."""
    seconds: float
    """Spent in predictions."""
    calls: int
    items: int
    """Frames, texts, questions, captions, or pieces of sound."""
    tokens: int
    """Written, by models that write."""
    loads: int
    out_of_memory: int


class PoolOut(Wire):
    """One pool of actors in the Ray cluster, as far as the server knows without asking the cluster."""

    name: str
    """The role that it plays; empty for the pool of all that has none of its own."""
    replicas: int
    """Actors that run."""
    starting: int
    most: int
    """Actors that it may grow to."""
    busy: int
    """Chunks and questions that are being worked on."""
    queued: int
    """Those that wait for an actor."""
    restarts: int
    """Actors that were started in the place of one that died."""
    models: list[ModelOut]
    """Of all actors together, those that are gone included."""


class WarmUpOut(Wire):
    """How far a server is that loads its models before the first question; `off` unless the settings say so."""

    state: Literal["off", "loading", "ready", "failed"] = "off"
    done: int = 0
    total: int = 0
    """Parts that are loaded, one after the other; 0 until they are known."""
    loading: str = ""
    """What is being loaded now."""
    problems: list[str] = Field(default=[])
    """A sentence for each part that could not be loaded."""


class StatusOut(Wire):
    """Version, profile and models of a server, and what `longreel doctor` says there."""

    version: str
    profile: str
    checks: list[CheckOut]
    models: list[ModelOut] = Field(default=[])
    warm_up: WarmUpOut = WarmUpOut()
    pools: list[PoolOut] = Field(default=[])
