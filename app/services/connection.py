"""Connects Longreel to an OpenAI-compatible server: finds a model there that sees, and writes the settings."""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from app.core import folders
from app.core.errors import LongreelError, NotFound, StillLoading
from app.core.settings_file import write_settings_file
from app.core.types import Capabilities
from gpu_workers.language.server_models import ServedModel, ServerOffer, list_models, loaded_context, try_model

MOST_TRIED = 6
"""Models to try with a picture: a local server loads each of them first."""
LOADING_S = 180.0
"""The longest wait for a server to load its model, such as 20 GB from a slow disk."""
LOOK_EVERY_S = 3.0
LEAST_CONTEXT = 12_000
"""Tokens a model must read at once to choose its own steps; see agents.policy."""
OLLAMA_CONTEXT = (
    "raise the context length in Ollama's settings, or stop it and run: OLLAMA_CONTEXT_LENGTH=32768 ollama serve"
)
"""How to let Ollama's models read more; it starts with the computer where its installer set it up."""

T = TypeVar("T")


@dataclass(frozen=True)
class Trial:
    """The result of trying a model."""

    model: ServedModel
    capabilities: Capabilities | None = None
    """None if it failed."""
    problem: str = ""

    @property
    def sees(self) -> bool:
        """Whether it recognized the colour of a small picture."""
        return self.capabilities is not None and self.capabilities.images


@dataclass(frozen=True)
class Connection:
    """The server, what was tried, and the model to use."""

    offer: ServerOffer
    trials: tuple[Trial, ...]
    chosen: Trial
    notes: tuple[str, ...] = ()
    """What the person should know or change, each a sentence."""


def ignore(news: str) -> None:
    """Does nothing when a model is about to be tried, or a server still loads one."""


def connect(
    address: str,
    *,
    key: str = "",
    model: str = "",
    on_try: Callable[[str], None] = ignore,
    on_wait: Callable[[str], None] = ignore,
) -> Connection:
    """Finds the server's models and tries them until one sees, or only the named one. Writes nothing.

    `on_try` gets the name of a model, `on_wait` a sentence about a server that still loads its model.

    Raises NotFound for a model that the server does not list, and the errors of `list_models`.
    """
    offer = _once_loaded(partial(list_models, address, key), on_wait)
    trials: list[Trial] = []
    for candidate in _candidates(offer, model):
        on_try(candidate.name)
        try:
            work = partial(try_model, offer.url, candidate.name, key)
            trials.append(Trial(candidate, _once_loaded(work, on_wait)))
        except LongreelError as error:
            trials.append(Trial(candidate, problem=str(error)))
        if trials[-1].sees:
            break
    working = [trial for trial in trials if trial.capabilities is not None]
    if not working:
        raise NotFound(f"No model of {offer.url} answers: {trials[0].problem}", "Name one that chats with --model.")
    chosen = next((trial for trial in working if trial.sees), working[0])
    assert chosen.capabilities is not None
    notes = []
    if not chosen.sees:
        notes.append("This model cannot see: questions about pictures stay open. Connect one that sees to change that.")
    loaded = loaded_context(offer.url, chosen.model.name)
    context = loaded or chosen.capabilities.context
    if context < LEAST_CONTEXT:
        fix = OLLAMA_CONTEXT if loaded else "give it a longer context there"
        notes.append(f"The model reads only {context:,} tokens at once, too few to look at pictures; {fix}.")
    return Connection(offer, tuple(trials), chosen, tuple(notes))


def _once_loaded(work: Callable[[], T], on_wait: Callable[[str], None]) -> T:
    """Repeats work with a server while that loads its model. Raises StillLoading after `LOADING_S`."""
    until = time.monotonic() + LOADING_S
    while True:
        try:
            return work()
        except StillLoading as error:
            if time.monotonic() > until:
                raise
            on_wait(error.message)
            time.sleep(LOOK_EVERY_S)


def save(connection: Connection, key: str = "") -> None:
    """Writes the connection into the settings file, in place of an earlier one. Raises BadSettings."""
    values = {"profile": "remote", "llm_url": connection.offer.url, "llm_model": connection.chosen.model.name}
    earlier = {"vlm_url": None, "vlm_model": None, "vlm_key": None, "llm_images": None}
    write_settings_file(folders.settings_file(), {**values, "llm_key": key or None, **earlier})


def _candidates(offer: ServerOffer, model: str) -> list[ServedModel]:
    """The models to try: the named one, or those that may see, those that the server says do first."""
    names = [one.name for one in offer.models]
    if model:
        if f"{model}:latest" in names:  # as Ollama's own commands let one write it
            model = f"{model}:latest"
        if model not in names:
            near = difflib.get_close_matches(model, names, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"It has {', '.join(names[:8])}."
            raise NotFound(f"The server at {offer.url} has no model {model}.", hint)
        return [one for one in offer.models if one.name == model]
    chatting = [one for one in offer.models if one.chats] or list(offer.models)
    seeing = [one for one in chatting if one.sees]
    unknown = [one for one in chatting if one.sees is None]
    if len(unknown) > MOST_TRIED and not seeing:
        raise NotFound(
            f"The server at {offer.url} has {len(unknown)} models and does not say which of them see.",
            f"Choose one with --model, such as {unknown[0].name}. longreel connect --list shows them.",
        )
    return list(dict.fromkeys([*seeing, *unknown, *chatting]))[:MOST_TRIED]
