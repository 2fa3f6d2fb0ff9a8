"""What Longreel can do with the models that the settings choose, in words. Loads no model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.core.settings import Settings

WHISPER = "speech in 99 languages, best in those with much text on the web"
SCRIPTS = "text on the screen in Latin letters, Chinese and Japanese; no other scripts"
SMALL = (
    "answers with a small packaged model: good at finding what is said and written, weak at questions that need "
    "several steps"
)


@dataclass(frozen=True, slots=True)
class Ability:
    """One thing that Longreel can or cannot do."""

    name: str
    """A verb, such as "hears"."""
    able: bool
    detail: str


def abilities(settings: Settings, model_of: Callable[[str], str]) -> list[Ability]:
    """Hearing, reading, seeing, answering; `model_of` names the implementation of a role, "none" without one."""
    hears, reads = model_of("transcriber") != "none", model_of("text_reader") != "none"
    abilities = [
        Ability("hears", hears, WHISPER if hears else "no model for speech is chosen"),
        Ability("reads", reads, SCRIPTS if reads else "no model for text on the screen is chosen"),
    ]
    served = settings.llm_url is not None or settings.vlm_url is not None
    connected = settings.llm_model or settings.vlm_model or "the model of the connected server"
    model = connected if served else "a model on this machine"
    viewer, writer = model_of("vision_language_model"), model_of("language_model")
    missing = ("none",) if served else ("none", "openai")
    if viewer in missing:
        finds = "it recognizes some everyday things, but does not understand pictures. Connect a model that sees"
        abilities.append(Ability("sees", False, finds))
    elif viewer == "openai" and settings.llm_images is False and not settings.vlm_url:
        refuses = f"{model} does not accept pictures. Connect a model that sees"
        abilities.append(Ability("sees", False, refuses))
    else:
        abilities.append(Ability("sees", True, f"looks at pictures with {model}"))
    if writer in missing:
        finds = "no language model: it shows the closest passages. Connect a model"
        abilities.append(Ability("answers", False, finds))
    else:
        abilities.append(Ability("answers", True, SMALL if writer == "llamacpp" else f"answers with {model}"))
    return abilities
