"""The status view: the server's models, what is missing, and its settings."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence

from markupsafe import Markup

from app.api.schemas.status import ModelOut, PoolOut, SettingOut, StatusOut
from ui.render.markup import safe
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
CODE, CODED = re.compile("`(.+?)`"), r"<code>\1</code>"
FIND = (
    '<div class="lr-top"><h2>Settings</h2><p class="lr-find"><label for="lr-find-setting">Find</label>'
    '<input id="lr-find-setting" type="search" data-filter="#lr-settings [data-setting]" '
    'placeholder="upload, frames, environment ..."><span class="lr-count" role="status"></span></p></div>'
)


def status(report: StatusOut) -> str:
    """What Longreel can do now, the form that connects a model, and what is missing; the rest under "Details"."""
    wrong = [check for check in report.checks if not check.ok]
    good = [check for check in report.checks if check.ok]
    missing = f"<h3>{len(wrong)} of {len(report.checks)} checks fail</h3>" if wrong else ""
    if wrong:
        lines = []
        for check in wrong:
            name, command = safe(check.name), safe(check.command)
            fix = (
                f'<code>{command}</code> <button type="button" class="lr-small" data-line="{command}" '
                f'aria-label="Copy the command for {name}">Copy</button>'
            )
            lines.append(
                f'<tr><th scope="row">{name}</th><td><span class="lr-problem">&#10007; missing</span></td>'
                f"<td>{safe(check.detail)}</td><td>{fix if command else ''}</td></tr>"
            )
        missing += _table("Missing", ("Part", "State", "Detail", "How to fix it"), lines)
    rows = (
        f'<tr><th scope="row">{safe(check.name)}</th><td><span class="lr-checked">&#10003; good</span></td>'
        f"<td>{safe(check.detail)}</td></tr>"
        for check in good
    )
    passed = _table("Checks", ("Part", "State", "Detail"), rows) + _models(report.models)
    html = {"missing": Markup(missing), "passed": Markup(passed)}  # noqa: S704 - made of escaped parts
    return fill("status.html", report=report, verbs=VERBS, good=len(good), **html) + _pools(report.pools)


def _table(name: str, columns: Sequence[str], rows: Iterable[str]) -> str:
    heads = "".join(f'<th scope="col">{column}</th>' for column in columns)
    return (
        f'<div class="lr-table" role="region" aria-label="{safe(name)}" tabindex="0"><table>'
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _models(models: Sequence[ModelOut]) -> str:
    """The models of this process and their work; empty before the first is used."""
    used = [model for model in models if model.loads or model.calls]
    if not used:
        return ""
    rows = (
        f'<tr><th scope="row">{safe(one.model)}</th><td>{f"{one.bytes / 1e9:.2f} GB" if one.loaded else "freed"}</td>'
        f"<td>{one.calls}</td><td>{one.seconds:.1f} s</td></tr>"
        for one in used
    )
    table = _table("Models", ("Model", "Memory", "Calls", "Time"), rows)
    return f"<details><summary>Models used since the server started ({len(used)})</summary>{table}</details>"


def _pools(pools: Sequence[PoolOut]) -> str:
    """The state of the actor pools in the Ray cluster; empty if models run in the server."""
    if not pools:
        return ""
    rows = (
        f'<tr><th scope="row">{safe(one.name) or "all others"}</th><td>{one.replicas} of {one.most}'
        f"{f', {one.starting} starting' if one.starting else ''}</td>"
        f"<td>{one.busy}</td><td>{one.queued}</td><td>{one.restarts}</td></tr>"
        for one in pools
    )
    table = _table("Pools of actors", ("Pool", "Actors", "Running", "Waiting", "Restarts"), rows)
    return f"<details open><summary>Pools of actors in the Ray cluster ({len(pools)})</summary>{table}</details>"


def settings(items: Sequence[SettingOut], *, can_change: bool = False) -> str:
    """The form for settings that can change now; then every setting: value, source, meaning, and its line."""
    change = ""
    if can_change:
        known = {one.variable: one for one in items}
        groups = [
            (title, [(known[f"LONGREEL_{name}"], label) for name, label in labels.items()])
            for title, labels in CHANGES.items()
        ]
        change = fill("change.html", groups=groups)
    parts: dict[str, list[SettingOut]] = {}
    for one in items:
        parts.setdefault(one.part or "general", []).append(one)
    details = []
    for name, ones in parts.items():
        changed = sum(one.source != "default" for one in ones)
        count = f"{len(ones)} settings{f', {changed} changed' if changed else ''}"
        table = _table(name, ("Setting", "Value", "Meaning", "To change it"), map(_setting, ones))
        summary = f"<summary><b>{safe(name)}</b> <small>{count}</small></summary>"
        details.append(f'<details class="lr-part">{summary}{table}</details>')
    return (
        f'{change}<section id="lr-settings">{FIND}<p><small>Settings are environment '
        "variables or lines of longreel.toml, and most are read when the server starts: set one where you start the "
        "server, then restart it. Secrets are not shown."
        "</small></p>"
        f"{''.join(details)}</section>"
    )


def _setting(one: SettingOut) -> str:
    name = one.variable.removeprefix("LONGREEL_").rpartition("__")[2].lower()
    value = f"<code>{safe(one.value)}</code>" if one.value else "<small>unset</small>"
    if one.hidden:
        value = f"<code>{safe(one.value)}</code> <small>hidden</small>" if one.value else "<small>set, hidden</small>"
    default = f"; default {safe(one.default)}" if one.default else ""
    source = "<small>default</small>"
    if one.source != "default":
        source = f'<small><b class="lr-source-of">{safe(one.source)}</b>{default}</small>'
    allowed = f"<br><small>{safe(one.allowed)}</small>" if one.allowed else ""
    line = safe(f"export {one.variable}={'...' if one.hidden else shlex.quote(one.value)}")
    return (
        f'<tr data-setting="{safe(one.variable)}"><th scope="row">{safe(name)}</th><td>{value}<br>{source}</td>'
        f"<td>{CODE.sub(CODED, safe(one.meaning))}{allowed}</td><td>"
        f'<button type="button" class="lr-small" data-line="{line}" title="{line}" '
        f'aria-label="Copy the line that changes {safe(one.variable)}">Copy</button></td></tr>'
    )
