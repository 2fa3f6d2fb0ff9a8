"""What the server itself is asked."""

from __future__ import annotations

from app.api.schemas import HealthOut
from app.api.schemas.evaluations import EvaluationOut
from app.api.schemas.status import StatusOut
from app.client.calls.call import Call, model, models


def health() -> Call[HealthOut]:
    """Whether the server answers."""
    return Call("GET", "/v1/health", model(HealthOut))


def status() -> Call[StatusOut]:
    """What the server runs on and what is missing."""
    return Call("GET", "/v1/status", model(StatusOut))


def evaluations() -> Call[list[EvaluationOut]]:
    """Reports of `longreel eval`."""
    return Call("GET", "/v1/evaluations", models(EvaluationOut))
