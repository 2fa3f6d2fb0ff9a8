"""The player's own controls. The page's script makes them work and updates their state."""

from __future__ import annotations

from app.api.schemas import VideoOut
from app.core.timecode import clock
from ui.render.markup import safe

LINE = 'fill="none" stroke="currentColor" stroke-width="2"'
ICONS = {
    "play": '<path d="M7 4v16l13-8z"/>',
    "pause": '<path d="M6 4h4v16H6zM14 4h4v16h-4z"/>',
    "back": '<path d="M11 5v14l-9-7zM21 5v14l-9-7z"/>',
    "forward": '<path d="M13 5v14l9-7zM3 5v14l9-7z"/>',
    "loud": f'<path d="M3 9v6h4l6 5V4L7 9z"/><path {LINE} d="M16 9q2 3 0 6M18.500 6q4.500 6 0 12"/>',
    "silent": f'<path d="M3 9v6h4l6 5V4L7 9z"/><path {LINE} d="M16 9l6 6M22 9l-6 6"/>',
    "captions": f'<path {LINE} d="M3 5h18v14H3zM6 15h8M16 15h2M6 11h2M10 11h8"/>',
    "picture": f'<path {LINE} d="M3 5h18v14H3z"/><path d="M11 11h8v6h-8z"/>',
    "download": f'<path {LINE} d="M12 3v12M7 11l5 5 5-5M4 20h16"/>',
    "large": f'<path {LINE} d="M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5"/>',
    "small": f'<path {LINE} d="M9 4v5H4M20 9h-5V4M15 20v-5h5M4 15h5v5"/>',
}
"""Drawn in a square of 24 x 24."""
SPEEDS = (0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3)


def controls(video: VideoOut, spoken: bool) -> str:
    """The controls below the picture; with captions if there is speech (`spoken`)."""
    id = safe(video.id)
    left = [
        _key("play", "Play", "k", "play", "pause"),
        _key("back", "Back 10 seconds", "j", "back"),
        _key("forward", "Forward 10 seconds", "l", "forward"),
    ]
    if video.has_audio:
        left += [
            _key("mute", "Mute", "m", "loud", "silent"),
            '<input class="lr-volume" type="range" min="0" max="1" step="0.05" value="1" aria-label="Volume">',
        ]
    left.append(
        f'<span class="lr-clock"><span class="lr-now-at">0:00</span> / {clock(video.duration_s)}</span>'
        '<span class="lr-in"></span>'
    )
    speeds = "".join(
        f'<option value="{speed:g}"{" selected" * (speed == 1)}>{speed:g}&times;</option>' for speed in SPEEDS
    )
    right = [_key("captions", "Captions", "c", "captions")] if spoken else []
    right.append(f'<select class="lr-speed" aria-label="Speed" title="Speed">{speeds}</select>')
    if video.width is not None:
        right.append(_key("picture", "Picture in picture", "", "picture"))
    right.append(
        f'<a class="lr-key" href="v1/videos/{id}/media" download aria-label="Download the file" '
        f'title="Download the file">{icon("download")}</a>'
    )
    if video.width is not None:
        right.append(_key("full", "Full screen", "f", "large", "small"))
    return f'<div class="lr-controls" role="group" aria-label="Controls">{"".join(left + right)}</div>'


def _key(name: str, label: str, shortcut: str, off: str, on: str = "") -> str:
    """A button; the icon `on` replaces `off` while its function is on."""
    icons = icon(off, "lr-off" if on else "") + (icon(on, "lr-on") if on else "")
    hint = f' ({shortcut.upper()})" aria-keyshortcuts="{shortcut}' if shortcut else ""
    return (
        f'<button type="button" class="lr-key" data-control="{name}" aria-label="{label}" '
        f'title="{label}{hint}">{icons}</button>'
    )


def icon(name: str, kind: str = "") -> str:
    """An icon next to its label."""
    return f'<svg class="{kind}" viewBox="0 0 24 24" aria-hidden="true">{ICONS[name]}</svg>'
