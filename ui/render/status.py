"""The status view: the server's models, what is missing, and its settings."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from markupsafe import Markup

from app.api.schemas.status import SettingOut, StatusOut
from ui.render.templates import fill

VERBS = {
    "hears": ("Hears", "Cannot hear"),
    "reads": ("Reads", "Cannot read"),
    "sees": ("Sees", "Cannot see"),
    "answers": ("Answers", "Cannot answer"),
}
CHANGES = {
    "Answers": {
        "AGENT__MAX_SECONDS": "Longest time for an answer, seconds",
        "AGENT__MAX_STEPS": "Most steps of a model",
        "AGENT__MAX_FRAMES": "Most pictures that a model sees",
    },
    "New videos": {
        "INGEST__OBJECTS": "Find and count things",
        "INGEST__SOUNDS": "Find music, singing and silence",
        "INGEST__SPEAKERS": "Distinguish speakers by voice",
        "INGEST__FACES": "Group faces by person",
        "INGEST__SUMMARY_WORDS": "Length of the first summary, words",
    },
    "Limits": {
        "SERVER__MAX_UPLOAD_GB": "Largest video, GB",
        "SERVER__REQUESTS_PER_MINUTE": "Requests a minute from one caller (0: no limit)",
        "BIN_DAYS": "Days until a deleted video is gone",
    },
}
"""The settings that can be changed here, in words, by group."""


def status(report: StatusOut) -> Markup:
    """What Longreel can do now, the form that connects a model, and what is missing; the rest under "Details"."""
    return fill(
        "status.html",
        report=report,
        verbs=VERBS,
        wrong=[check for check in report.checks if not check.ok],
        good=[check for check in report.checks if check.ok],
        models=[model for model in report.models if model.loads or model.calls],
    )


def settings(items: Sequence[SettingOut], *, can_change: bool = False) -> Markup:
    """The form for settings that can change now; then every setting: value, source, meaning, and its line."""
    known = {one.variable: one for one in items}
    groups = [
        (title, [(known[f"LONGREEL_{name}"], label) for name, label in labels.items()])
        for title, labels in (CHANGES.items() if can_change else ())
    ]
    parts: dict[str, list[tuple[SettingOut, str, str]]] = {}
    for one in items:
        name = one.variable.removeprefix("LONGREEL_").rpartition("__")[2].lower()
        line = f"export {one.variable}={'...' if one.hidden else shlex.quote(one.value)}"
        parts.setdefault(one.part or "general", []).append((one, name, line))
    changed = {part: sum(one.source != "default" for one, _, _ in rows) for part, rows in parts.items()}
    return fill("settings.html", groups=groups, parts=parts, changed=changed)
