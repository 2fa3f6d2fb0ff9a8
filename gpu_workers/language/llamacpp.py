"""A language model in this process: a GGUF file run by llama.cpp, through xllamacpp."""

from __future__ import annotations

import atexit
import math
import secrets
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from app.core.errors import Cancelled, ToolRefused, WorkerFailed
from app.core.settings import Settings
from app.core.types import Completion, Message
from gpu_workers import hub, weights
from gpu_workers.base import ModelWorker
from gpu_workers.cores import threads
from gpu_workers.registry import Workers

CONTEXT = 4096
"""Tokens of prompt and answer together. The cache of this model takes 28 kB a token."""

KEPT_PROMPTS_MIB = 256
"""Memory for prompts that were read before, so that a shared beginning is read once. The default is 8 GiB."""

BATCH = 256
"""Prompt tokens read between two chances to stop."""

LIKELIEST = 64
"""How many of the likeliest first tokens `weigh` looks through."""


class LlamaCppModel(ModelWorker[Any]):
    """Greedy chat completions, with a JSON-schema grammar when asked; one request at a time.

    A prompt whose beginning is still kept is computed in other batches than the first time, and rounds
    differently: where two words are all but equally likely, the same prompt may go on with either.
    """

    def __init__(self, model: str, locate: Callable[[], Path], *, cores: int = 0) -> None:
        super().__init__(model)
        self._locate = locate
        self._cores = cores
        self._leaving = threading.Event()

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> LlamaCppModel:
        """The GGUF file that the settings name, or the offline profile's Qwen2.5-Coder-1.5B-Instruct."""
        del workers
        named = settings.weights.language_model
        if named.endswith(".gguf"):
            return cls(Path(named).name, lambda: hub.file(named, "language_model"), cores=settings.threads)
        return cls(
            "qwen2.5-coder-1.5b-instruct@cc324af0/q4_k_m",
            lambda: weights.qwen_gguf(settings),
            cores=settings.threads,
        )

    def _load(self) -> Any:
        import xllamacpp

        params = xllamacpp.CommonParams()
        params.model.path = str(self._locate())
        # The weights are repacked for this processor. A mapped file would stay in memory beside the repacked
        # copy: 1.9 GB instead of 1.3 GB with this model, at the same speed.
        params.load_mode = xllamacpp.llama_load_mode.LLAMA_LOAD_MODE_NONE
        params.n_ctx = CONTEXT
        params.n_batch = BATCH
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
        server = xllamacpp.Server(params)
        atexit.register(_leave, weakref.ref(self))
        return server

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        schema: Mapping[str, Any] | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> Completion:
        """See `LanguageModel`. Raises ToolRefused when the prompt is longer than the model can read."""
        request = _request(messages, max_tokens)
        if schema is not None:
            request["response_format"] = {"type": "json_schema", "json_schema": {"schema": dict(schema)}}
        return self._completion(self._fetch(request, stop))

    def weigh(self, messages: Sequence[Message], labels: Sequence[str]) -> tuple[dict[str, float], Completion]:
        """How probable each label is as the first token of the reply, scaled to a sum of 1, and the reply's size.

        A label is one token, such as a letter. Labels that are none of the likeliest tokens get 0; where none is
        among them, all get the same. Raises what `complete` raises.
        """
        request = {**_request(messages, 1), "logprobs": True, "top_logprobs": LIKELIEST}
        reply = self._fetch(request, None)
        completion = self._completion(reply)
        shares = dict.fromkeys(labels, 0.0)
        for token in reply.likeliest:
            label = str(token.get("token", "")).strip()
            if label in shares:
                shares[label] += math.exp(float(token["logprob"]))
        total = sum(shares.values())
        return {label: share / total if total else 1 / len(shares) for label, share in shares.items()}, completion

    def _fetch(self, request: Mapping[str, Any], stop: Callable[[], bool] | None) -> _Reply:
        with self._use(1) as server:
            reply = _Reply(self._leaving, stop or _never)
            reply.fetch(server, request)
        self.counters.tokens += int(reply.usage.get("completion_tokens", 0))
        return reply

    def _completion(self, reply: _Reply) -> Completion:
        problem = reply.error
        if problem.get("type") == "exceed_context_size_error":
            raise ToolRefused(
                f"The prompt has {problem.get('n_prompt_tokens')} tokens; {self.model} reads {CONTEXT}.",
                "Use fewer or shorter passages.",
            )
        if problem:
            raise WorkerFailed(f"{self.model} could not run: {problem.get('message')}", "Try again; see the log.")
        return Completion(
            "".join(reply.pieces),
            int(reply.usage.get("prompt_tokens", 0)),
            int(reply.usage.get("completion_tokens", 0)),
        )


def _request(messages: Sequence[Message], max_tokens: int) -> dict[str, Any]:
    return {
        "messages": [{"role": message.role, "content": message.content} for message in messages],
        "max_tokens": max_tokens,
        "temperature": 0.0,
        "cache_prompt": True,
        "stream": True,
        "stream_options": {"include_usage": True},
        "return_progress": True,
    }


class _Reply:
    """One answer as it arrives. Writing can be stopped between two tokens, and reading between two batches.

    The library swallows what a callback raises, a keyboard interrupt included, so the request runs in a
    thread of its own and the caller waits where it can be interrupted.
    """

    def __init__(self, leaving: threading.Event, stop: Callable[[], bool]) -> None:
        self.pieces: list[str] = []
        self.usage: dict[str, Any] = {}
        self.likeliest: list[dict[str, Any]] = []
        """The first token's likeliest values with their log-probabilities, if they were asked for."""
        self.error: dict[str, Any] = {}
        self._leaving = leaving
        self._stop = stop
        self._stopped = False
        self._raised: Exception | None = None

    def fetch(self, server: Any, request: Mapping[str, Any]) -> None:
        """Returns when the answer is complete. Raises Cancelled when it was stopped or the program ends before."""
        self._refuse_to_go_on()
        thread = threading.Thread(target=self._run, args=(server, request), daemon=True)
        thread.start()
        try:
            thread.join()
        except BaseException:
            self._stopped = True
            thread.join()
            raise
        if self._raised is not None:
            raise self._raised
        if self._stopped:
            self._refuse_to_go_on()
            raise Cancelled("The program ends; the answer was not finished.")

    def _refuse_to_go_on(self) -> None:
        if self._stop():
            raise Cancelled("The language model was stopped before its answer was finished.")

    def _run(self, server: Any, request: Mapping[str, Any]) -> None:
        try:
            server.handle_chat_completions(dict(request), self._take)
        except Exception as error:  # noqa: BLE001 - raised again in the caller's thread
            self._raised = error

    def _take(self, chunk: Mapping[str, Any]) -> bool:
        """Keeps one piece; True stops the rest."""
        self.error = chunk.get("error") or self.error
        self.usage = chunk.get("usage") or self.usage
        for choice in chunk.get("choices") or ():
            self.pieces.append(choice.get("delta", {}).get("content") or "")
            tokens = (choice.get("logprobs") or {}).get("content") or ()
            if tokens and not self.likeliest:
                self.likeliest = list(tokens[0].get("top_logprobs") or ())
        self._stopped = self._stopped or self._leaving.is_set() or self._stop()
        return self._stopped


def _never() -> bool:
    return False


def _leave(worker: weakref.ref[LlamaCppModel]) -> None:
    """Stops what is being written and frees the model before the interpreter goes: later, llama.cpp would crash."""
    model = worker()
    if model is not None:
        model._leaving.set()
        model.unload()
