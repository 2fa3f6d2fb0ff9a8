"""The server's profile, models and settings."""

from __future__ import annotations

import os
from dataclasses import asdict
from importlib.metadata import version

from fastapi import APIRouter

from app.api.deps import LongreelDep, trusts_callers
from app.api.schemas.status import AbilityOut, CheckOut, ModelOut, PoolOut, SettingOut, StatusOut, WarmUpOut
from app.services.abilities import abilities
from app.services.configuration import explained
from app.services.doctor import examine
from gpu_workers.cluster.states import ModelState, PoolState

router = APIRouter(tags=["server"])


@router.get("/status", summary="Get the profile, the models and what is missing")
def get_status(longreel: LongreelDep) -> StatusOut:
    """What `longreel doctor` says on the server's machine, and what its models have done so far. Loads no model."""
    settings = longreel.settings
    checks = [
        CheckOut(name=check.name, ok=check.ok, detail=check.detail, command=check.command)
        for check in examine(settings)
    ]
    return StatusOut(
        version=version("longreel"),
        profile=settings.profile,
        abilities=[AbilityOut(**asdict(one)) for one in abilities(settings, longreel.workers.name)],
        can_connect=trusts_callers(longreel),
        checks=checks,
        models=[_model(ModelState.of(one)) for one in longreel.workers.models()],
        warm_up=WarmUpOut.model_validate(asdict(longreel.warm_up.now)),
        pools=[_pool(one) for one in longreel.pools()],
    )


@router.get("/settings", summary="List every setting, its value and where it comes from")
def get_settings(longreel: LongreelDep) -> list[SettingOut]:
    """Settings are read once, when the server starts. Secrets are hidden, and of an address everything but its host."""
    return [SettingOut(**asdict(one)) for one in explained(longreel.settings, os.environ)]


def _model(state: ModelState) -> ModelOut:
    return ModelOut(model=state.model, loaded=state.loaded, bytes=state.bytes, **asdict(state.counters))


def _pool(state: PoolState) -> PoolOut:
    figures = {name: value for name, value in asdict(state).items() if name != "models"}
    return PoolOut(**figures, models=[_model(one) for one in state.models])
