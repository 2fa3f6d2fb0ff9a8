"""Long lists in pages: `limit` items at a time, and a `Link` header (RFC 8288) that leads to the next.

A cursor names the last item of a page. When that item is gone, the list goes on at the first item
that comes after it in the list's order, so that deleting while reading skips and repeats nothing.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar
from urllib.parse import quote

from fastapi import Query, Request, Response

from app.api.proxies import address_for
from app.core.errors import BadInput

Item = TypeVar("Item")

Place = tuple[str | float, str]
"""Where an item stands: what the list is ordered by, and the item's id."""

LimitQuery = Annotated[int, Query(ge=1, le=1000)]
CursorQuery = Annotated[str, Query(max_length=500, description="from the `Link` header of the previous page")]


def page(
    items: Sequence[Item],
    place_of: Callable[[Item], Place],
    cursor: str,
    limit: int,
    *,
    descending: bool = False,
) -> tuple[list[Item], str]:
    """One page of an ordered list, and the cursor of the next one ("" when there is none). Raises BadInput."""
    start = _after(items, place_of, cursor, descending) if cursor else 0
    chosen = list(items[start : start + limit])
    if not chosen or start + limit >= len(items):
        return chosen, ""
    return chosen, base64.urlsafe_b64encode(json.dumps(place_of(chosen[-1])).encode()).decode().rstrip("=")


def link_next(request: Request, response: Response, cursor: str) -> None:
    """Adds the header `Link` with the address of the next page."""
    if cursor:
        address = request.url.include_query_params(cursor=cursor)
        path = f"{address_for(request).prefix}{quote(address.path)}"
        response.headers["Link"] = f'<{path}?{address.query}>; rel="next"'


def _after(items: Sequence[Item], place_of: Callable[[Item], Place], cursor: str, descending: bool) -> int:
    try:
        order, last_id = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError) as error:
        raise _bad_cursor() from error
    if not isinstance(order, str | float) or not isinstance(last_id, str):
        raise _bad_cursor()
    places = [place_of(item) for item in items]
    for index, (_, id) in enumerate(places):
        if id == last_id:
            return index + 1
    for index, (value, _) in enumerate(places):
        if type(value) is not type(order):
            raise _bad_cursor()
        if (value < order) if descending else (value > order):  # type: ignore[operator]
            return index
    return len(items)


def _bad_cursor() -> BadInput:
    return BadInput("The cursor does not belong to this list.", "Follow the Link header, or start without a cursor.")
