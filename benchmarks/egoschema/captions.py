"""Captions of first-person videos, one a second, as the few words that a small model has to read."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from app.core.errors import BadInput
from app.core.types import Caption, TimeSpan

GROUP_S = 15.0
"""Captions under one time heading: fine enough to tell the order, at a tenth of the tokens of a time for each."""
_TAG = re.compile(r"^#\w+\s+|#unsure", re.IGNORECASE)
_ARTICLES = re.compile(r"\b(?:a|an|the|his|her|its|their)\b")


def captions_in(file: Path) -> dict[str, tuple[Caption, ...]]:
    """The captions of each video, {name: [caption of each second]}, merged. Raises BadInput."""
    try:
        content = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(f"{file} cannot be read: {error}.", "Give the JSON file of captions.") from error
    if not isinstance(content, Mapping):
        raise BadInput(f"{file} has no captions by video.", 'Give JSON: {"name": [caption, ...]}.')
    return {name: merged(listed, file.stem) for name, listed in content.items()}


def merged(said: Sequence[str], model: str) -> tuple[Caption, ...]:
    """One caption for each run of the same one, over all its seconds.

    Two are the same when only a tag such as "#C", an article or the last full stop tells them apart; the first is kept.
    """
    kept: list[Caption] = []
    for second, text in enumerate(said):
        span, plain = TimeSpan(float(second), second + 1.0), cleaned(text)
        if kept and _key(kept[-1].text) == _key(plain):
            kept[-1] = Caption(kept[-1].span.hull(span), kept[-1].text, model)
        elif plain:
            kept.append(Caption(span, plain, model))
    return tuple(kept)


def cleaned(text: str) -> str:
    """A caption without its tag ("#C" for the wearer of the camera, "#O" for another) and its last full stop."""
    return " ".join(_TAG.sub(" ", text.strip()).split()).rstrip(" .")


def _key(text: str) -> str:
    return " ".join(_ARTICLES.sub(" ", text.lower()).split())


def shown(captions: Sequence[Caption]) -> str:
    """A line for every 15 seconds; what C, the wearer of the camera, does is told without the C."""
    lines: list[str] = []
    group = -1.0
    for caption in captions:
        text = caption.text.removeprefix("C ")
        if caption.span.start_s // GROUP_S == group:
            lines[-1] += f"; {text}"
        else:
            group = caption.span.start_s // GROUP_S
            lines.append(f"[{_clock(caption.span.start_s)}] {text}")
    return "\n".join(lines)


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
