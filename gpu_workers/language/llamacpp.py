"""A language model in this process: a GGUF file run by llama.cpp, through xllamacpp."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from app.core.errors import ToolRefused, WorkerFailed
from app.core.settings import Settings
from app.core.types import Completion, Message
from gpu_workers import weights
from gpu_workers.base import ModelWorker
from gpu_workers.cores import threads
from gpu_workers.registry import Workers

CONTEXT = 4096
"""Tokens of prompt and answer together. The cache of this model takes 28 kB a token."""

KEPT_PROMPTS_MIB = 256
"""Memory for prompts that were read before, so that a shared beginning is read once. The default is 8 GiB."""


class LlamaCppModel(ModelWorker[Any]):
    """Greedy chat completions, with a JSON-schema grammar when asked; one request at a time."""

    def __init__(self, model: str, locate: Callable[[], Path], *, context: int = CONTEXT, cores: int = 0) -> None:
        super().__init__(model)
        self._locate = locate
        self._context = context
        self._cores = cores

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> LlamaCppModel:
        """The offline profile's Qwen2.5-Coder-1.5B-Instruct."""
        del workers
        return cls(
            "qwen2.5-coder-1.5b-instruct@cc324af0/q4_k_m",
            lambda: weights.qwen_gguf(settings),
            cores=settings.threads,
        )

    def _load(self) -> Any:
        import xllamacpp

        params = xllamacpp.CommonParams()
        params.model.path = str(self._locate())
        params.n_ctx = self._context
        params.n_parallel = 1
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads(self._cores)
        params.cache_prompt = True
        params.cache_ram_mib = KEPT_PROMPTS_MIB
        params.warmup = False
        params.verbosity = -1
        # The library also listens on a free port of the loopback address. Nobody is told the key, so nobody
        # else on this machine can use the model or read prompts through it.
        params.api_keys = [secrets.token_urlsafe(32)]
        params.ui = False
        params.endpoint_slots = False
        return xllamacpp.Server(params)

    def complete(
        self, messages: Sequence[Message], *, max_tokens: int, schema: Mapping[str, Any] | None = None
    ) -> Completion:
        """See `LanguageModel`. Raises ToolRefused when the prompt is longer than the model can read."""
        request: dict[str, Any] = {
            "messages": [{"role": message.role, "content": message.content} for message in messages],
            "max_tokens": max_tokens,
            "temperature": 0.0,
            "cache_prompt": True,
        }
        if schema is not None:
            request["response_format"] = {"type": "json_schema", "json_schema": {"schema": dict(schema)}}
        with self._use() as server:
            reply = server.handle_chat_completions(request)
        return self._completion(reply)

    def _completion(self, reply: Mapping[str, Any]) -> Completion:
        problem = reply.get("error")
        if problem and problem.get("type") == "exceed_context_size_error":
            raise ToolRefused(
                f"The prompt has {problem.get('n_prompt_tokens')} tokens; {self.model} reads {self._context}.",
                "Use fewer or shorter passages.",
            )
        if problem:
            raise WorkerFailed(f"{self.model} could not run: {problem.get('message')}", "Try again; see the log.")
        usage = reply.get("usage", {})
        return Completion(
            reply["choices"][0]["message"].get("content") or "",
            int(usage.get("prompt_tokens", 0)),
            int(usage.get("completion_tokens", 0)),
        )
