"""Plans as data: what a question is restricted to. A person can see and change a plan before the question is asked."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import ValidationError

from app.core.errors import BadInput
from app.core.types import SegmentKind, TimeSpan, Video, from_json, to_json
from app.text.time_expressions import TimeScope

HINT = "Start from the plan that POST /v1/plan gives, and change less."


@dataclass(frozen=True, slots=True)
class Plan:
    """Where to look for an answer; without a choice of sources or a scope, everywhere."""

    question: str
    """Whole: a question that pointed back to an earlier one is written out."""
    queries: tuple[str, ...] = ()
    """What to search for first."""
    sources: tuple[SegmentKind, ...] = ()
    """Only these kinds of evidence count; empty for all."""
    scope: TimeScope | None = None
    """Only this part of each video counts."""
    by: Literal["rules", "model", "user"] = "rules"

    def span(self, video: Video) -> TimeSpan | None:
        """The part of a video that counts; None where the scope lies past its end."""
        return video.media.whole if self.scope is None else self.scope.window(video.duration_s)

    def allows(self, kind: SegmentKind) -> bool:
        """Whether a kind of evidence counts."""
        return not self.sources or kind in self.sources

    def spans(self, videos: Sequence[Video], kind: SegmentKind | None = None) -> list[tuple[Video, TimeSpan]]:
        """The part of each video that counts; with a kind of evidence, where that counts."""
        spans = [(video, self.span(video)) for video in videos if kind is None or self.allows(kind)]
        return [(video, span) for video, span in spans if span is not None]


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """The plan as plain data; a scope that reaches to the end of the video has no end."""
    data: dict[str, Any] = to_json(plan)
    if plan.scope and math.isinf(plan.scope.end):
        data["scope"]["end"] = None
    return data


def plan_from_json(data: Mapping[str, Any]) -> Plan:
    """The plan that a person sends. Raises BadInput for what is not a plan."""
    scope = data.get("scope")
    is_open = isinstance(scope, Mapping) and scope.get("end") is None
    if isinstance(scope, Mapping) and is_open:
        data = {**data, "scope": {**scope, "end": 0.0}}
    try:
        plan = from_json(Plan, data)
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(str(part) for part in fault["loc"])
        raise BadInput(f"This is not a plan: {place}: {fault['msg']}.", HINT) from error
    if plan.scope and is_open:
        plan = replace(plan, scope=replace(plan.scope, end=math.inf))
    for complaint in _complaints(plan):
        raise BadInput(complaint, HINT)
    return replace(plan, by="user")


def _complaints(plan: Plan) -> Iterator[str]:
    if not plan.question.strip():
        yield "The plan has no question."
    if any(not query.strip() for query in plan.queries):
        yield "A query of the plan is empty."
    scope = plan.scope
    if scope is None:
        return
    if math.isnan(scope.start + scope.end) or math.isinf(scope.start):
        yield "The scope of the plan needs a start in seconds."
    if scope.share and not 0 <= scope.start <= scope.end <= 1:
        yield "A scope in shares of the video needs 0 <= start <= end <= 1."
    if math.copysign(1.0, scope.start) == math.copysign(1.0, scope.end) and scope.start > scope.end:
        yield "The scope of the plan ends before it starts."
    if scope.at is not None and not 0 <= scope.at < math.inf:
        yield "The moment of the plan's scope is not a time of a video."
