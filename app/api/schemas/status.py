"""The server's status and settings on the wire."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, FiniteFloat

from app.api.schemas.base import Request, Wire


class CheckOut(Wire):
    """One check, and the command that fixes what it found."""

    name: str
    ok: bool
    detail: str
    command: str = ""


class SettingOut(Wire):
    """A setting and its value, written as in the environment."""

    part: str
    """Its group, such as `server`; empty for general settings."""
    variable: str
    value: str
    """Empty when it is unset."""
    hidden: bool
    """Whether `value` is incomplete: a secret is hidden, and of an address only the host is shown."""
    default: str
    source: Literal["default", "environment", "file", "command line"]
    allowed: str
    """The allowed values in words; empty if any text is allowed."""
    meaning: str
    changeable: bool = False
    """Whether `PATCH /v1/settings` changes it while the server runs."""


class SettingsIn(Request):
    """New values for some settings."""

    values: dict[str, bool | int | FiniteFloat | None] = Field(
        max_length=100,
        description="values by variable, such as LONGREEL_AGENT__MAX_SECONDS; null restores the default",
    )


class ModelOut(Wire):
    """One model of the server's process, or of a pool of actors, and what it has done since it was first used."""

    model: str
    loaded: bool
    bytes: int
    """The memory that its weights take now, as far as known."""
    seconds: float
    """Time spent in predictions."""
    calls: int
    items: int
    """The number of frames, texts, questions, captions or chunks of sound."""
    tokens: int
    """Written, by models that write."""
    loads: int
    out_of_memory: int


class PoolOut(Wire):
    """One pool of actors in the Ray cluster, as far as the server knows without asking the cluster."""

    name: str
    """Its role; empty for the pool that serves all roles without one."""
    replicas: int
    """Running actors."""
    starting: int
    most: int
    """The most actors that it may start."""
    busy: int
    """Chunks and questions in progress."""
    queued: int
    """Chunks and questions that wait for an actor."""
    restarts: int
    """Actors that replaced one that died."""
    models: list[ModelOut]
    """Of all past and present actors together."""


class WarmUpOut(Wire):
    """The progress of loading the models before the first question; `off` unless the settings ask for it."""

    state: Literal["off", "loading", "ready", "failed"] = "off"
    done: int = 0
    total: int = 0
    """The number of parts to load; 0 until it is known."""
    loading: str = ""
    """The part that is loading now."""
    problems: list[str] = Field(default=[])
    """A sentence for each part that could not be loaded."""


class AbilityOut(Wire):
    """One thing that Longreel can or cannot do with its models."""

    name: str
    """`hears`, `reads`, `sees` or `answers`."""
    able: bool
    detail: str


class StatusOut(Wire):
    """Version, profile and models of a server, and what `longreel doctor` says there."""

    version: str
    profile: str
    abilities: list[AbilityOut] = Field(default=[])
    can_connect: bool = False
    """Whether this caller may connect a server of models and change settings: see `POST /v1/connection`."""
    checks: list[CheckOut]
    models: list[ModelOut] = Field(default=[])
    warm_up: WarmUpOut = WarmUpOut()
    pools: list[PoolOut] = Field(default=[])
