"""What the server runs on."""

from __future__ import annotations

from dataclasses import asdict
from importlib.metadata import version

from fastapi import APIRouter

from app.api.deps import LongreelDep
from app.api.schemas.status import CheckOut, ModelOut, StatusOut, WarmUpOut
from app.services.doctor import examine

router = APIRouter(tags=["server"])


@router.get("/status", summary="Profile, models, and what is missing")
def get_status(longreel: LongreelDep) -> StatusOut:
    """What `longreel doctor` says on the server's machine, and what its models did so far. None is loaded for it."""
    settings = longreel.settings
    checks = [
        CheckOut(name=check.name, ok=check.ok, detail=check.detail, command=check.command)
        for check in examine(settings)
    ]
    models = [
        ModelOut(model=one.model, loaded=one.is_loaded, bytes=one.bytes_taken, **asdict(one.counters))
        for one in longreel.workers.models()
    ]
    return StatusOut(
        version=version("longreel"),
        profile=settings.profile,
        checks=checks,
        models=models,
        warm_up=WarmUpOut.model_validate(asdict(longreel.warm_up.now)),
    )
