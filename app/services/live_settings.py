"""The settings in force. A few of them can be changed while Longreel runs; the others need a restart."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from app.core import folders
from app.core.errors import BadInput, MissingPart
from app.core.settings import PREFIX, Settings
from app.core.settings_file import write_settings_file
from app.services.configuration import Setting, explained
from app.services.doctor import examine

CHANGEABLE = (
    "LONGREEL_AGENT__MAX_SECONDS",
    "LONGREEL_AGENT__MAX_STEPS",
    "LONGREEL_AGENT__MAX_FRAMES",
    "LONGREEL_INGEST__OBJECTS",
    "LONGREEL_INGEST__SOUNDS",
    "LONGREEL_INGEST__SPEAKERS",
    "LONGREEL_INGEST__FACES",
    "LONGREEL_INGEST__SUMMARY_WORDS",
    "LONGREEL_SERVER__MAX_UPLOAD_GB",
    "LONGREEL_SERVER__REQUESTS_PER_MINUTE",
    "LONGREEL_BIN_DAYS",
)
"""The settings that are read anew for each question, video or upload."""


class LiveSettings:
    """The settings as they are now. Those who obey a changeable one read it from here each time."""

    def __init__(self, settings: Settings) -> None:
        self.now = settings
        self._lock = threading.Lock()

    def list(self) -> list[Setting]:
        """Every setting with its value and source."""
        return explained(self.now, os.environ)

    def change(self, values: Mapping[str, bool | float | None]) -> None:
        """Sets values by their variables, at once and in the settings file; None restores the default. All or nothing.

        Raises BadInput, BadSettings, StorageFull; MissingPart if one needs a package or a model that is missing.
        """
        with self._lock:
            by_variable = {setting.variable: setting for setting in self.list()}
            changed, lines = self.now, dict[str, bool | float | str | None]()
            for variable, value in values.items():
                setting = by_variable.get(variable)
                if setting is None or variable not in CHANGEABLE:
                    raise BadInput(f"{variable} cannot be changed while Longreel runs.", "See docs/settings.md.")
                if setting.source in ("environment", "command line"):
                    where = f"from the {setting.source}, which wins over the settings file"
                    raise BadInput(f"{variable} comes {where}.", "Change it there, then restart Longreel.")
                changed, line = _with(changed, setting, value)
                lines |= line
            if True in values.values():
                missing = {check.name for check in examine(self.now) if not check.ok}
                for check in examine(changed):
                    if not check.ok and check.name not in missing:
                        raise MissingPart(f"This needs {check.name}: {check.detail}", check.command)
            write_settings_file(folders.settings_file(), lines)
            self.now = changed


def _with(settings: Settings, setting: Setting, value: bool | float | None) -> tuple[Settings, dict[str, Any]]:
    """The settings with another value, and its line in the settings file."""
    name = setting.variable.removeprefix(PREFIX).lower().removeprefix(f"{setting.part}__")
    group: BaseModel = getattr(settings, setting.part) if setting.part else settings
    field = type(group).model_fields[name]
    line = f"{setting.part}.{name}".lstrip(".")
    kind: Any = Annotated[field.annotation, field]
    if value is None:
        new = field.get_default()
    else:
        try:
            new = TypeAdapter(kind).validate_python(value, strict=True)
        except ValidationError as error:
            allowed = f"Allowed is {setting.allowed}." if setting.allowed else ""
            fault = error.errors()[0]
            why = "" if fault["type"].startswith(("greater", "less")) else f": {fault['msg']}"
            raise BadInput(f"{setting.variable} cannot be {value}{why}.", allowed) from error
    changed = group.model_copy(update={name: new})
    whole = settings.model_copy(update={setting.part: changed}) if setting.part else changed
    assert isinstance(whole, Settings)
    return whole, {line: None if value is None else new}
