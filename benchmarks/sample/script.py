"""What a sample shows and says, read from a TOML file. Pure data: no times, no pixels."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.core.errors import BadInput

SHOWS = ("slide", "code", "card", "photo", "clip")
SOUNDS = ("", "music", "silence")
DEFAULT = Path(__file__).with_name("script.toml")
SHORT = Path(__file__).with_name("short.toml")


@dataclass(frozen=True, slots=True)
class Scene:
    """One thing on the screen, and the sentences that are said meanwhile."""

    show: str
    """slide, code, card, photo or clip."""
    title: str = ""
    lines: tuple[str, ...] = ()
    name: str = ""
    """Of the photo or the clip."""
    say: tuple[str, ...] = ()
    sound: str = ""
    """What is heard in a scene without words: music, silence or nothing in particular."""
    hold_s: float = 0.0
    """The least time on the screen, seconds."""
    chapter: str = ""
    """What the chapter that begins here is about."""
    needle: str = ""
    """speech, card or photo when the scene was hidden in a haystack."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question about the sample. `evidence`: (said | written | shown, piece of text)."""

    question: str
    answer: str
    options: tuple[str, ...]
    modality: str
    evidence: tuple[tuple[str, str], ...] = ()
    accept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Script:
    """A title, scenes in order, and questions about them."""

    title: str
    scenes: tuple[Scene, ...]
    questions: tuple[Question, ...]


def load_script(path: Path = DEFAULT) -> Script:
    """The script in a TOML file. Raises BadInput naming the scene or question that is wrong."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"The script {path} cannot be read: {error}.", "Give another with --script.") from error
    scenes = tuple(_scene(number, item) for number, item in enumerate(data.get("scene", []), 1))
    if not scenes:
        raise BadInput(f"The script {path} has no scene.", "Add a [[scene]] table.")
    return Script(data.get("title", path.stem), scenes, tuple(_question(q) for q in data.get("question", [])))


def _scene(number: int, item: dict[str, Any]) -> Scene:
    show, sound = item.get("show", ""), item.get("sound", "")
    if show not in SHOWS or sound not in SOUNDS:
        raise BadInput(f"Scene {number} has show={show!r} and sound={sound!r}.", f"Use {SHOWS} and {SOUNDS}.")
    if show in ("photo", "clip") and not item.get("name"):
        raise BadInput(f"Scene {number} shows a {show} without a name.", "Add name = ...")
    if not item.get("say") and not item.get("hold_s"):
        raise BadInput(f"Scene {number} lasts no time.", "Give it sentences to say, or hold_s.")
    return Scene(
        show=show,
        title=item.get("title", ""),
        lines=tuple(item.get("lines", ())),
        name=item.get("name", ""),
        say=tuple(item.get("say", ())),
        sound=sound,
        hold_s=float(item.get("hold_s", 0.0)),
        chapter=item.get("chapter", ""),
    )


def _question(item: dict[str, Any]) -> Question:
    evidence = tuple((kind, text) for entry in item.get("evidence", ()) for kind, text in entry.items())
    if item["answer"] not in item["options"]:
        raise BadInput(f"The answer of {item['question']!r} is not one of its options.", "Repeat it there exactly.")
    return Question(
        question=item["question"],
        answer=item["answer"],
        options=tuple(item["options"]),
        modality=item["modality"],
        evidence=evidence,
        accept=tuple(item.get("accept", ())),
    )
