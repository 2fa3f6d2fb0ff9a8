"""The server's profile, models and settings."""

from __future__ import annotations

from dataclasses import asdict
from importlib.metadata import version

from fastapi import APIRouter

from app.api.deps import LongreelDep, trusts_callers
from app.api.schemas.status import (
    AbilityOut,
    CheckOut,
    ModelOut,
    PoolOut,
    SettingOut,
    SettingsIn,
    StatusOut,
    WarmUpOut,
)
from app.core.errors import BadInput
from app.services.abilities import abilities
from app.services.doctor import examine
from app.services.live_settings import CHANGEABLE
from gpu_workers.cluster.states import ModelState

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
        pools=[
            PoolOut(**{**asdict(one), "models": [_model(model) for model in one.models]}) for one in longreel.pools()
        ],
    )


@router.get("/settings", summary="List every setting, its value and where it comes from")
def get_settings(longreel: LongreelDep) -> list[SettingOut]:
    """Most are read when the server starts. Secrets are hidden, and of an address everything but its host."""
    return [SettingOut(**asdict(one), changeable=one.variable in CHANGEABLE) for one in longreel.live.list()]


@router.patch("/settings", summary="Change settings of the running server")
def change_settings(changes: SettingsIn, longreel: LongreelDep) -> list[SettingOut]:
    """Questions, videos and uploads that begin from now on obey them. They are stored in longreel.toml, so that they
    survive a restart. Only for callers on the server's own machine, of a server without a key.
    """
    if not trusts_callers(longreel):
        hint = "Edit longreel.toml there, then restart Longreel: docs/settings.md."
        raise BadInput("Settings can be changed only on the server's own machine.", hint)
    longreel.live.change(changes.values)
    return get_settings(longreel)


def _model(state: ModelState) -> ModelOut:
    return ModelOut(model=state.model, loaded=state.loaded, bytes=state.bytes, **asdict(state.counters))
