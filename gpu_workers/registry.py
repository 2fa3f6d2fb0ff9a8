"""Which class plays which role, by name. The only list of implementations, and the only list of profiles.

A name is resolved to a class when the role is first used, so that naming a model imports nothing.
Every class has `from_settings(settings, workers)`; `workers` gives it the other models it builds on.
"""

from __future__ import annotations

import difflib
import gc
import importlib
import threading
from typing import Any

from app.core.errors import BadSettings
from app.core.settings import Settings
from gpu_workers.base import ModelWorker

CLASSES: dict[str, dict[str, str]] = {
    "transcriber": {
        "whisperx": "gpu_workers.speech.whisperx:WhisperXTranscriber",
        "fake": "gpu_workers.speech.fakes:FakeTranscriber",
    },
    "text_embedder": {
        "minilm": "gpu_workers.language.minilm:MiniLMEmbedder",
        "fake": "gpu_workers.language.fakes:FakeTextEmbedder",
    },
    "frame_embedder": {
        "efficientnet-conse": "gpu_workers.vision.efficientnet:EfficientNetConSE",
        "fake": "gpu_workers.vision.fakes:FakeFrameEmbedder",
    },
    "frame_selector": {
        "maxinfo": "gpu_workers.selection.maxinfo:MaxInfoSelector",
        "uniform": "gpu_workers.selection.uniform:UniformSelector",
        "fake": "gpu_workers.selection.fakes:FakeFrameSelector",
    },
    "text_reader": {
        "rapidocr": "gpu_workers.vision.rapidocr:RapidOCRReader",
        "fake": "gpu_workers.vision.fakes:FakeTextReader",
    },
    "captioner": {
        "offline-tags": "gpu_workers.vision.offline_tags:OfflineTagsCaptioner",
        "fake": "gpu_workers.vision.fakes:FakeCaptioner",
    },
    "language_model": {
        "llamacpp": "gpu_workers.language.llamacpp:LlamaCppModel",
        "openai": "gpu_workers.language.openai:OpenAICompatibleModel",
        "fake": "gpu_workers.language.fakes:FakeLanguageModel",
        "none": "",
    },
    "vision_language_model": {
        "openai": "gpu_workers.language.openai:OpenAICompatibleVisionModel",
        "fake": "gpu_workers.language.fakes:FakeVisionLanguageModel",
        "none": "",
    },
}

OFFLINE = {
    "transcriber": "whisperx",
    "text_embedder": "minilm",
    "frame_embedder": "efficientnet-conse",
    "frame_selector": "maxinfo",
    "text_reader": "rapidocr",
    "captioner": "offline-tags",
    "language_model": "llamacpp",
    "vision_language_model": "none",
}

PROFILES: dict[str, dict[str, str]] = {
    "offline": OFFLINE,
    "remote": {**OFFLINE, "language_model": "openai", "vision_language_model": "openai"},
}


class Workers:
    """One copy of each model of a process, made when it is first asked for."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._made: dict[str, Any] = {}
        self._lock = threading.RLock()

    def name(self, role: str) -> str:
        """The implementation that plays a role: the setting's, else the profile's. Raises BadSettings."""
        chosen = getattr(self._settings.models, role)
        if chosen:
            return str(chosen)
        if self._settings.profile not in PROFILES:
            known = ", ".join(PROFILES)
            raise BadSettings(f"The profile {self._settings.profile} has no models yet.", f"Choose one of: {known}.")
        return PROFILES[self._settings.profile][role]

    def get(self, role: str) -> Any:
        """The model that plays a role, or None where the role is played by "none". Raises BadSettings."""
        with self._lock:
            if role not in self._made:
                self._made[role] = self._create(role, self.name(role))
            return self._made[role]

    def unload(self, *roles: str) -> None:
        """Frees the models of some roles; the next use loads them again."""
        with self._lock:
            made = [self._made[role] for role in roles if role in self._made]
        for model in made:
            if isinstance(model, ModelWorker):
                model.unload()
        gc.collect()

    def _create(self, role: str, name: str) -> Any:
        known = CLASSES[role]
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(known)}."
            raise BadSettings(f"There is no {role.replace('_', ' ')} named {name}.", hint)
        if not known[name]:
            return None
        module, _, attribute = known[name].partition(":")
        return getattr(importlib.import_module(module), attribute).from_settings(self._settings, self)
