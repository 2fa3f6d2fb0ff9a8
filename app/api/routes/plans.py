"""Plans: where to look for an answer, shown before the question is answered so that a person can change it."""

from __future__ import annotations

from fastapi import APIRouter

from app.api.deps import LongreelDep
from app.api.schemas.plans import PlanBody, PlanIn

router = APIRouter(tags=["questions"])


@router.post("/plan", summary="Plan an answer")
def plan(body: PlanIn, longreel: LongreelDep) -> PlanBody:
    """Returns the plan as data. Send it to /ask with the question, changed or not, and it decides where to look."""
    thread = longreel.ask.threads.find(body.thread_id) if body.thread_id else None
    return PlanBody.model_validate(longreel.ask.plan(body.question, thread))
