"""What the server runs on and what is missing."""

from __future__ import annotations

from app.api.schemas.status import CheckOut, StatusOut
from ui.render.markup import safe


def status(found: StatusOut) -> str:
    """Version and profile, then one row for each thing that was looked at."""
    wrong = [check for check in found.checks if not check.ok]
    said = (
        "Everything that this profile needs is there."
        if not wrong
        else f"{len(wrong)} of {len(found.checks)} checks fail."
    )
    can_mend = any(check.command for check in found.checks)
    rows = "".join(_row(check, can_mend) for check in [*wrong, *(check for check in found.checks if check.ok)])
    mend = '<th scope="col">What mends it</th>' if can_mend else ""
    return (
        f"<h2>Status</h2><p>Longreel {safe(found.version)}, profile <b>{safe(found.profile)}</b>. {said}</p>"
        '<div class="lr-table" role="region" aria-label="Checks" tabindex="0"><table>'
        '<thead><tr><th scope="col">Part</th><th scope="col">State</th><th scope="col">Detail</th>'
        f"{mend}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _row(check: CheckOut, can_mend: bool) -> str:
    state = (
        '<span class="lr-checked">&#10003; good</span>'
        if check.ok
        else '<span class="lr-problem">&#10007; missing</span>'
    )
    command = f"<code>{safe(check.command)}</code>" if check.command else ""
    mend = f"<td>{command}</td>" if can_mend else ""
    return f'<tr><th scope="row">{safe(check.name)}</th><td>{state}</td><td>{safe(check.detail)}</td>{mend}</tr>'
