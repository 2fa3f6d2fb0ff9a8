"""What the server runs on, on the wire."""

from __future__ import annotations

from app.api.schemas.base import Wire


class CheckOut(Wire):
    """One thing that was looked at, and the command that mends it."""

    name: str
    ok: bool
    detail: str
    command: str = ""


class StatusOut(Wire):
    """Version, profile and models of a server, and what `longreel doctor` says there."""

    version: str
    profile: str
    checks: list[CheckOut]
