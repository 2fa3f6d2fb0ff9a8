"""Answers in part: `?fields=id,error.code` leaves out all other fields."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, TypeAlias

from fastapi import Query
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from app.core.errors import BadInput

FieldsQuery = Annotated[
    str,
    Query(
        max_length=1000,
        description="only these fields, with commas between; a dot leads into a field: `id,error.code`",
        examples=["id"],
    ),
]

Tree: TypeAlias = "dict[str, Tree]"
"""Names of fields, and below each what is wanted of it; nothing below means all of it."""


def partly(
    found: BaseModel | Sequence[BaseModel], kind: type[BaseModel], fields: str, response: Response
) -> Response | Any:
    """What was found, or an answer with only the fields that were asked for, with the headers of `response`.

    Raises BadInput for a field that there is not, naming those there are.
    """
    if not fields.strip():
        return found
    wanted = _tree(fields)
    schema = _schema(kind)
    _check(wanted, schema, schema.get("$defs", {}), "")
    data = (
        [one.model_dump(mode="json") for one in found] if isinstance(found, Sequence) else found.model_dump(mode="json")
    )
    return JSONResponse(_only(data, wanted), headers=dict(response.headers))


def _tree(fields: str) -> Tree:
    tree: Tree = {}
    for path in fields.split(","):
        place = tree
        for name in path.strip().split("."):
            place = place.setdefault(name, {})
    return tree


def _only(data: Any, wanted: Tree) -> Any:
    if not wanted or data is None:
        return data
    if isinstance(data, list):
        return [_only(one, wanted) for one in data]
    return {name: _only(data[name], below) for name, below in wanted.items() if name in data}


def _check(wanted: Tree, schema: Mapping[str, Any], parts: Mapping[str, Any], place: str) -> None:
    if not wanted:
        return
    forms = list(_forms(schema, parts))
    if any(form.get("additionalProperties") for form in forms):
        return
    known = {name: below for form in forms for name, below in form.get("properties", {}).items()}
    for name, below in wanted.items():
        if name not in known:
            told = f"They are: {', '.join(known)}." if known else f"{place.rstrip('.')} has no fields below it."
            raise BadInput(f"There is no field {place}{name}.", told)
        _check(below, known[name], parts, f"{place}{name}.")


def _forms(schema: Mapping[str, Any], parts: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The schemas of objects that a value may have, through references, alternatives and lists."""
    inner = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
    if "$ref" in schema:
        inner.append(parts[schema["$ref"].rpartition("/")[2]])
    if isinstance(schema.get("items"), Mapping):
        inner.append(schema["items"])
    if not inner:
        yield schema
    for one in inner:
        yield from _forms(one, parts)


@functools.cache
def _schema(kind: type[BaseModel]) -> dict[str, Any]:
    return kind.model_json_schema(mode="serialization")
