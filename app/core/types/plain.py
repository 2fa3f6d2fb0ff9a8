"""Converts values of this package to plain data and back."""

from __future__ import annotations

import functools
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter

T = TypeVar("T")


@functools.cache
def _adapter(kind: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(cast(Any, kind))


def to_json(value: Any) -> Any:
    """Plain data (dicts, lists, numbers, strings) for a value of this package's types."""
    return _adapter(cast(Hashable, type(value))).dump_python(value, mode="json")


def from_json(kind: type[T], data: Mapping[str, Any] | Sequence[Any]) -> T:
    """The value of type `kind` from the data of `to_json`. Raises pydantic.ValidationError on other data."""
    result: T = _adapter(cast(Hashable, kind)).validate_python(data)
    return result
