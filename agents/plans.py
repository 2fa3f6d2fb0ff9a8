"""Plans as data: shown to the person who asks, changed by them, and checked when they come back."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from agents.state import Anchor, Plan, QuestionType, TimeScope
from app.core.errors import BadInput
from app.core.types import from_json, to_json

HINT = "Start from the plan that POST /v1/plan gives, and change less."


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """The plan as plain data; a scope that reaches to the end has no end."""
    data: dict[str, Any] = to_json(plan)
    if plan.scope and math.isinf(plan.scope.end):
        data["scope"]["end"] = None
    return data


def plan_from_json(data: Mapping[str, Any]) -> Plan:
    """The plan of the data, by its person. Raises BadInput for what is no plan, or one that looks for nothing."""
    scope = data.get("scope")
    open_end = isinstance(scope, Mapping) and scope.get("end") is None
    if isinstance(scope, Mapping) and open_end:
        data = {**data, "scope": {**scope, "end": 0.0}}
    try:
        plan = from_json(Plan, data)
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(str(part) for part in fault["loc"])
        raise BadInput(f"This is no plan: {place}: {fault['msg']}.", HINT) from error
    if plan.scope and open_end:
        plan = replace(plan, scope=replace(plan.scope, end=math.inf))
    for complaint in _complaints(plan):
        raise BadInput(complaint, HINT)
    return replace(plan, by="user")


def _complaints(plan: Plan) -> Iterator[str]:
    if not plan.question.strip():
        yield "The plan has no question."
    if any(not query.strip() for query in plan.queries):
        yield "A query of the plan is empty."
    if plan.scope:
        yield from _of_scope(plan.scope)
    if plan.anchor:
        yield from _of_anchor(plan.anchor)
    looks = plan.queries or plan.scope or plan.anchor or plan.reads_edge or plan.value or plan.place
    if not looks and plan.question_type is not QuestionType.SUMMARY:
        yield "The plan looks for nothing: it has no queries, no scope and no anchor."


def _of_scope(scope: TimeScope) -> Iterator[str]:
    edges = (scope.start, scope.end)
    if math.isnan(sum(edges)) or math.isinf(scope.start):
        yield "The scope of the plan needs a start in seconds."
    if scope.share and not 0 <= scope.start <= scope.end <= 1:
        yield "A scope in shares of the video needs 0 <= start <= end <= 1."
    counted_alike = math.copysign(1.0, scope.start) == math.copysign(1.0, scope.end)
    if counted_alike and scope.start > scope.end:
        yield "The scope of the plan ends before it starts."
    if scope.at is not None and not 0 <= scope.at < math.inf:
        yield "The moment of the plan's scope is no time of a video."


def _of_anchor(anchor: Anchor) -> Iterator[str]:
    if not anchor.text.strip() and anchor.at is None:
        yield "The anchor of the plan names no event."
    if anchor.side == "between" and not anchor.until.strip():
        yield "An anchor between two events needs the second one."
