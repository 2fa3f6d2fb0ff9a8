"""All settings with their values and where each value comes from. Secrets are never shown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin
from urllib.parse import urlsplit

from annotated_types import Ge, Gt, Le
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from app.core import folders
from app.core.settings import PREFIX, Settings
from app.core.settings_file import read_settings_file

Source = Literal["default", "environment", "file", "command line"]


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting with its current value, written as the environment variable expects it."""

    part: str
    """Its group, such as "server"; empty for top-level settings."""
    variable: str
    value: str
    """Empty if unset."""
    hidden: bool
    """Whether `value` hides something: a secret that is set, or an address reduced to its host."""
    default: str
    source: Source
    allowed: str
    """The allowed values in words; empty if any text is allowed."""
    meaning: str


def explained(settings: Settings, environment: Mapping[str, str]) -> list[Setting]:
    """Every setting in the order of `app.core.settings`, top-level ones first."""
    values = read_settings_file(folders.settings_file())
    in_file = [name for name, value in values.items() if not isinstance(value, dict)]
    in_file += [f"{part}__{name}" for part, group in values.items() if isinstance(group, dict) for name in group]
    sources: dict[str, Source] = {f"{PREFIX}{name}".upper(): "file" for name in in_file}
    sources |= {name.upper(): "environment" for name in environment}
    whole = [
        _setting("", settings, name, field, sources)
        for name, field in Settings.model_fields.items()
        if not isinstance(getattr(settings, name), BaseModel)
    ]
    groups = {name: getattr(settings, name) for name in Settings.model_fields}
    return whole + [
        _setting(part, group, name, field, sources)
        for part, group in groups.items()
        if isinstance(group, BaseModel)
        for name, field in type(group).model_fields.items()
    ]


def _setting(part: str, group: BaseModel, name: str, field: FieldInfo, sources: Mapping[str, Source]) -> Setting:
    variable = f"{PREFIX}{part}__{name}".upper() if part else f"{PREFIX}{name}".upper()
    default = field.get_default(call_default_factory=True, validated_data={"home": folders.home()})
    value = getattr(group, name)
    text, is_hidden = ("", True) if isinstance(value, SecretStr) else (_text(value), False)
    if isinstance(value, str) and "://" in value:
        address = urlsplit(value)
        public = f"{address.scheme}://{address.netloc.rpartition('@')[2]}"
        text, is_hidden = (value, False) if value.rstrip("/") == public else (f"{public}/...", True)
    source = sources.get(variable) or ("default" if value == default else "command line")
    meaning = field.description or ""
    return Setting(part, variable, text, is_hidden, _text(default), source, allowed_values(field), meaning)


def _text(value: Any) -> str:
    if isinstance(value, dict):
        plain = {key: one.model_dump(mode="json") if isinstance(one, BaseModel) else one for key, one in value.items()}
        return json.dumps(plain)
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def allowed_values(field: FieldInfo) -> str:
    """The allowed values of a setting in words; empty if any text is allowed."""
    kind = field.annotation
    if get_origin(kind) is Literal:
        return ", ".join(get_args(kind))
    if kind in (bool, bool | None):
        return "true, false"
    words = []
    for limit in field.metadata:
        if isinstance(limit, Ge):
            words.append(f"from {limit.ge}")
        elif isinstance(limit, Gt):
            words.append(f"above {limit.gt}")
        elif isinstance(limit, Le):
            words.append(f"to {limit.le}")
    return " ".join(words)
