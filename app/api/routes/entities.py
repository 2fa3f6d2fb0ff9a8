"""Who and what the videos mention."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from app.api.deps import LongreelDep
from app.api.pages import CursorQuery, LimitQuery, link_next, page
from app.api.schemas.entities import EntityOut, MentionedOut
from app.core.types.entities import EntityKind

router = APIRouter(prefix="/entities", tags=["entities"])


@router.get("", summary="List who and what videos mention")
def list_entities(
    longreel: LongreelDep,
    request: Request,
    response: Response,
    q: Annotated[str, Query(max_length=100, description="a part of the name")] = "",
    kind: Annotated[list[EntityKind], Query()] = [],  # noqa: B006 - FastAPI copies it
    video: Annotated[list[str], Query(max_length=1000, description="ids or titles; default: all")] = [],  # noqa: B006
    collection: Annotated[str, Query(max_length=100, description="id or name of a collection")] = "",
    limit: LimitQuery = 1000,
    cursor: CursorQuery = "",
) -> list[EntityOut]:
    """Names that are said, written or given to a voice, and things that appear repeatedly; most mentions first. `Link`
    leads to the next page. With videos or a collection, only their mentions count.
    """
    videos = [one.id for one in longreel.library.scope(video, collection)]
    entities = longreel.entities.find(q, kinds=kind, videos=videos)
    chosen, following = page(entities, lambda one: (float(one.mentions), one.id), cursor, limit, descending=True)
    link_next(request, response, following)
    return [EntityOut.of(one) for one in chosen]


@router.get("/{entity}", summary="Get an entity with its mentions")
def get_entity(
    entity: Annotated[str, Path(max_length=100, description="id of an entity")],
    longreel: LongreelDep,
) -> MentionedOut:
    """An entity with all its mentions in the library, by video and time."""
    details, mentions = longreel.entities.entity(entity)
    return MentionedOut.with_moments(details, mentions)
