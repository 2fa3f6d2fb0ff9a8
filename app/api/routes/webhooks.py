"""The log of notices to webhooks."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.api.deps import LongreelDep
from app.api.pages import CursorQuery, LimitQuery, link_next, page
from app.api.schemas.webhooks import DeliveryOut

router = APIRouter(prefix="/webhooks", tags=["jobs"])


@router.get("/deliveries", summary="List webhook notices, newest first")
def list_deliveries(
    longreel: LongreelDep,
    request: Request,
    response: Response,
    job: Annotated[str, Query(max_length=100, description="only those about this job")] = "",
    limit: LimitQuery = 100,
    cursor: CursorQuery = "",
) -> list[DeliveryOut]:
    """Notices that are waiting, were sent, or failed. `Link` leads to the next page. A failed notice is retried for
    over a day; after that, `POST /v1/jobs/{id}/retry` sends it again.
    """
    deliveries = longreel.webhooks.deliveries(job)
    chosen, following = page(deliveries, lambda one: (one.created_at, one.id), cursor, limit, descending=True)
    link_next(request, response, following)
    return [DeliveryOut.of(one) for one in chosen]
