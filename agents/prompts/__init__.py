"""The prompts, one short file each, beside this module."""

from __future__ import annotations

import functools
import re
from importlib import resources

from app.core.types import Message


@functools.cache
def prompt(name: str) -> str:
    """The text of `prompts/<name>.md`."""
    return resources.files(__name__).joinpath(f"{name}.md").read_text(encoding="utf-8").strip()


@functools.cache
def conversation(name: str) -> tuple[Message, ...]:
    """The turns of `prompts/<name>.md`, each below a heading that names its role: a prompt with worked examples."""
    _, *parts = re.split(r"^## (system|user|assistant)\n", prompt(name), flags=re.MULTILINE)
    return tuple(Message(role, text.strip()) for role, text in zip(parts[::2], parts[1::2], strict=True))
