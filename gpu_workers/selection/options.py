"""The options of a frame selection method: the parameters of its class that have a `Field`, which bounds and describes
them. Nothing else lists them.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Mapping
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from pydantic.fields import FieldInfo

from app.core.errors import BadInput


def options_model(selector: type) -> type[BaseModel]:
    """A model with a field for each option of a method's class."""
    create = selector.__init__  # type: ignore[misc]
    hints = get_type_hints(create, include_extras=True)
    fields: dict[str, Any] = {
        name: (hints[name], parameter.default)
        for name, parameter in inspect.signature(create).parameters.items()
        if any(isinstance(one, FieldInfo) for one in getattr(hints.get(name), "__metadata__", ()))
    }
    return create_model(f"{selector.__name__}Options", __config__=ConfigDict(extra="forbid"), **fields)


def checked_options(selector: type, method: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The given options as the method's class takes them; words such as "12" become numbers.

    Raises BadInput for one that the method does not have, or a value that it cannot take.
    """
    model = options_model(selector)
    takes = list(model.model_fields)
    for name in values:
        if name not in takes:
            near = difflib.get_close_matches(name, takes, n=1)
            hint = f"It takes: {', '.join(takes)}." if takes else "It takes none."
            raise BadInput(
                f"The method {method} has no option {name}.", f"Did you mean {near[0]}? {hint}" if near else hint
            )
    try:
        return model.model_validate(dict(values)).model_dump(exclude_unset=True)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        raise BadInput(f"{name}: {first['msg']}.", f"{name} is: {model.model_fields[name].description}.") from error
