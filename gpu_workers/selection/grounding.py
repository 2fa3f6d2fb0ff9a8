"""Names what to look for: the things that a question is about, and things likely to be near them.

T* (arXiv 2504.02259) first asks the answering model to name them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.core.ports import VisionLanguageModel
from app.core.types import Frame

MOST = 8
"""The most names to read from a line; a model that repeats itself writes more."""
_PROMPT = (
    "Someone will search a video for the moments that answer this question: {question}\n"
    "Name what can be seen in a picture, in two lines and nothing else.\n"
    "targets: things that the question is about, separated by commas\n"
    "cues: other things that are likely near them, separated by commas"
)


@dataclass(frozen=True, slots=True)
class Sought:
    """Names of things to look for; there is at least one target."""

    targets: tuple[str, ...]
    cues: tuple[str, ...] = ()


def sought(model: VisionLanguageModel, frames: Sequence[Frame], question: str) -> Sought:
    """What the model names after seeing these frames, if any; the question itself if it names nothing."""
    lines = [line for line in model.look(frames, _PROMPT.format(question=question)).text.splitlines() if line.strip()]
    named = [names_in(line) for line in lines[:2]]
    targets = named[0] if named else ()
    cues = named[1] if len(named) > 1 else ()
    return Sought(targets or (question,), tuple(cue for cue in cues if cue not in targets))


def names_in(line: str) -> tuple[str, ...]:
    """The names in a comma-separated list: lower case, without numbers, marks or a leading word like "targets:"."""
    text = re.sub(r"^\W*(?:\d+[.)]\s*)?(?:\w+(?: \w+)?\s*:)?", "", line.strip())
    names = (re.sub(r"[^\w\s'-]", "", part).strip().lower() for part in text.split(","))
    return tuple(dict.fromkeys(name for name in names if name and name not in ("none", "no", "na")))[:MOST]
