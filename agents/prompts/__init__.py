"""The prompts, one short file each, beside this module."""

from __future__ import annotations

import functools
import re
from importlib import resources
from typing import cast

from app.core.types import Message
from app.core.types.chat import Role


@functools.cache
def prompt(name: str) -> str:
    """The text of `prompts/<name>.md`."""
    return resources.files(__name__).joinpath(f"{name}.md").read_text(encoding="utf-8").strip()


@functools.cache
def examples(name: str) -> tuple[Message, ...]:
    """The turns of `prompts/<name>.examples.md`, each below a heading that names its role."""
    _, *parts = re.split(r"^## (user|assistant)\n", prompt(f"{name}.examples"), flags=re.MULTILINE)
    return tuple(Message(cast(Role, role), text.strip()) for role, text in zip(parts[::2], parts[1::2], strict=True))
