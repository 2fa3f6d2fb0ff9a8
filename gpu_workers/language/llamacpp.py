"""A chat model in this process: a GGUF file run by llama.cpp through xllamacpp."""

from __future__ import annotations

import atexit
import functools
import json
import queue
import secrets
import threading
import urllib.request
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.core.errors import Cancelled, ToolRefused, WorkerFailed
from app.core.settings import Settings
from app.core.types import Capabilities, Completion, Message, ToolSpec
from gpu_workers.base import ModelWorker
from gpu_workers.language import text_calls
from gpu_workers.language.replies import VisibleText, shares, visible
from gpu_workers.registry import Workers
from gpu_workers.threads import threads
from gpu_workers.weights import hub, packaged

CONTEXT = 8192
"""Tokens of prompt and answer together for the packaged model. Its cache takes 28 kB per token."""

LARGEST_CONTEXT = 32_768
"""The same for a file named in the settings, if the model was trained on that many."""

KEPT_PROMPTS_MIB = 256
"""Memory for cached prompts, so that a shared prefix is read only once. The library's default is 8 GiB."""

BATCH = 256
"""Prompt tokens read between two checks for a stop."""

LIKELIEST = 64
"""How many of the likeliest first tokens `weigh` considers."""


class LlamaCppModel(ModelWorker[Any]):
    """Greedy chat completions, one request at a time; a JSON schema becomes a grammar.

    A prompt with a cached prefix is computed in different batches than the first time and rounds
    differently: where two words are almost equally likely, the same prompt may continue with either.
    """

    def __init__(self, model: str, locate: Callable[[], Path], *, cores: int = 0, context: int = CONTEXT) -> None:
        super().__init__(model)
        self._locate = locate
        self._cores = cores
        self._context = context
        self._key = ""
        self._leaving = threading.Event()

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> LlamaCppModel:
        """The GGUF file named in the settings, or the offline profile's Qwen2.5-Coder-1.5B-Instruct."""
        del workers
        named = settings.weights.language_model
        if named.endswith(".gguf"):
            return cls(
                Path(named).name,
                lambda: hub.file(named, "language_model"),
                cores=settings.threads,
                context=LARGEST_CONTEXT,
            )
        return cls(
            "qwen2.5-coder-1.5b-instruct@cc324af0/q4_k_m",
            lambda: packaged.qwen_gguf(settings),
            cores=settings.threads,
        )

    def _load(self) -> Any:
        import xllamacpp

        params = xllamacpp.CommonParams()
        params.model.path = str(self._locate())
        # The weights are repacked for this processor. A memory-mapped file would stay in memory next to the repacked
        # copy: 1.9 GB instead of 1.3 GB with this model, at the same speed.
        params.load_mode = xllamacpp.llama_load_mode.LLAMA_LOAD_MODE_NONE
        params.n_ctx = self._context
        params.n_batch = BATCH
        params.n_parallel = 1
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads(self._cores)
        params.cache_prompt = True
        params.cache_ram_mib = KEPT_PROMPTS_MIB
        params.warmup = False
        params.verbosity = -1
        # The library also listens on a free loopback port. The key is random and secret, so nobody else on this
        # machine can use the model or read prompts through it.
        self._key = secrets.token_urlsafe(32)
        params.api_keys = [self._key]
        params.ui = False
        params.endpoint_slots = False
        server = xllamacpp.Server(params)
        atexit.register(_leave, weakref.ref(self))
        return server

    @functools.cached_property
    def capabilities(self) -> Capabilities:
        """Text and schemas, no pictures. For a file named in the settings, the context comes from the loaded model."""
        context = self._context
        if context != CONTEXT:
            meta = self._ask_server("/v1/models")["data"][0]["meta"]
            context = min(int(meta["n_ctx"]), int(meta["n_ctx_train"]))
        return Capabilities(schema=True, context=context, weighs=True)

    def count_tokens(self, text: str) -> int:
        """The number of tokens in a text."""
        return len(self._ask_server("/tokenize", {"content": text})["tokens"])

    def chat(
        self,
        messages: Sequence[Message],
        *,
        max_output: int,
        tools: Sequence[ToolSpec] = (),
        schema: Mapping[str, Any] | None = None,
        stop: Callable[[], bool] | None = None,
        on_text: Callable[[str], None] | None = None,
    ) -> Completion:
        """See `Chat`. Tools are called through a schema. Raises ToolRefused when the prompt is too long."""
        bound = text_calls.calls_schema(tools) if tools else schema
        request = self._request(text_calls.as_text(messages, tools), max_output)
        if bound is not None:
            request["response_format"] = {"type": "json_schema", "json_schema": {"schema": dict(bound)}}
        completion = self._completion(self._fetch(request, stop, on_text if bound is None else None))
        if not tools:
            return completion
        text, calls = text_calls.read_calls(completion.text, tools, messages)
        return replace(completion, text=text, calls=calls, finish="calls" if calls else completion.finish)

    def weigh(
        self, messages: Sequence[Message], labels: Sequence[str], stop: Callable[[], bool] | None = None
    ) -> tuple[dict[str, float], Completion]:
        """See `Chat`. Labels that are not among the likeliest tokens get 0."""
        request = self._request(messages, 1) | {"logprobs": True, "top_logprobs": LIKELIEST}
        reply = self._fetch(request, stop, None)
        completion = self._completion(reply)
        return shares(reply.likeliest, labels), completion

    def _ask_server(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Asks the library's own server about the loaded model."""
        with self._use() as server:
            headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
            data = None if body is None else json.dumps(body).encode()
            request = urllib.request.Request(server.listening_address + path, data, headers)  # noqa: S310 - loopback
            # A proxy from the environment cannot reach this server, and would get its key.
            direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with direct.open(request, timeout=30) as response:
                return json.load(response)

    def _fetch(
        self, request: Mapping[str, Any], stop: Callable[[], bool] | None, on_text: Callable[[str], None] | None
    ) -> _Reply:
        with self._use(1, stop) as server:
            reply = _Reply(self._leaving, stop)
            reply.fetch(server, request, on_text)
        self.counters.tokens += int(reply.usage.get("completion_tokens", 0))
        return reply

    def _completion(self, reply: _Reply) -> Completion:
        problem = reply.error
        if problem.get("type") == "exceed_context_size_error":
            raise ToolRefused(
                f"The prompt has {problem.get('n_prompt_tokens')} tokens; {self.model} reads {problem.get('n_ctx')}.",
                "Use fewer or shorter passages.",
            )
        if problem:
            raise WorkerFailed(f"{self.model} could not run: {problem.get('message')}", "Try again; see the log.")
        return Completion(
            visible("".join(reply.pieces)),
            int(reply.usage.get("prompt_tokens", 0)),
            int(reply.usage.get("completion_tokens", 0)),
            finish="length" if reply.ended == "length" else "stop",
        )

    def _request(self, messages: Sequence[Message], max_output: int) -> dict[str, Any]:
        if any(not isinstance(part, str) for message in messages for part in message.parts):
            raise ToolRefused(f"{self.model} does not accept pictures.", "Ask about text only.")
        return {
            "messages": [{"role": message.role, "content": message.text} for message in messages],
            "max_tokens": max_output,
            "temperature": 0.0,
            "cache_prompt": True,
            "stream": True,
            "stream_options": {"include_usage": True},
            "return_progress": True,
        }


class _Reply:
    """One answer as it arrives. It can be stopped between two tokens, or between two batches of the prompt.

    The library swallows exceptions from callbacks, even a keyboard interrupt, so the request runs in its
    own thread and the caller waits where it can be interrupted.
    """

    def __init__(self, leaving: threading.Event, stop: Callable[[], bool] | None) -> None:
        self.pieces: list[str] = []
        self.usage: dict[str, Any] = {}
        self.likeliest: list[dict[str, Any]] = []
        """The likeliest first tokens with their log-probabilities, if requested."""
        self.error: dict[str, Any] = {}
        self.ended = ""
        """The server's finish reason."""
        self._arrived: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._leaving = leaving
        self._stop = stop
        self._stopped = False
        self._raised: Exception | None = None

    def fetch(self, server: Any, request: Mapping[str, Any], on_text: Callable[[str], None] | None) -> None:
        """Returns when the answer is complete; its visible pieces go to `on_text` in the caller's thread.

        Raises Cancelled if it is stopped or the program ends first.
        """
        self._refuse_to_go_on()

        def run() -> None:
            try:
                server.handle_chat_completions(dict(request), self._take)
            except Exception as error:  # noqa: BLE001 - raised again in the caller's thread
                self._raised = error
            finally:
                self._arrived.put(None)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        try:
            text = VisibleText(tools=False)
            while (piece := self._arrived.get()) is not None:
                if on_text is not None and (shown := text.feed(piece)):
                    on_text(shown)
            if on_text is not None and not self._stopped and (shown := text.finish(visible("".join(self.pieces)))):
                on_text(shown)
            thread.join()
        except BaseException:
            self._stopped = True
            thread.join()
            raise
        if self._raised is not None:
            raise self._raised
        if self._stopped:
            self._refuse_to_go_on()
            raise Cancelled("The program is closing; the answer was not finished.")

    def _refuse_to_go_on(self) -> None:
        if self._stop is not None and self._stop():
            raise Cancelled("The language model was stopped before its answer was finished.")

    def _take(self, chunk: Mapping[str, Any]) -> bool:
        """Stores one piece; returns True to stop the rest."""
        self.error = chunk.get("error") or self.error
        self.usage = chunk.get("usage") or self.usage
        for choice in chunk.get("choices") or ():
            piece = choice.get("delta", {}).get("content") or ""
            self.pieces.append(piece)
            self._arrived.put(piece)
            self.ended = choice.get("finish_reason") or self.ended
            tokens = (choice.get("logprobs") or {}).get("content") or ()
            if tokens and not self.likeliest:
                self.likeliest = list(tokens[0].get("top_logprobs") or ())
        is_over = self._leaving.is_set() or (self._stop is not None and self._stop())
        self._stopped = self._stopped or is_over
        return self._stopped


def _leave(worker: weakref.ref[LlamaCppModel]) -> None:
    """Stops the current answer and frees the model before the interpreter exits: later, llama.cpp would crash."""
    model = worker()
    if model is not None:
        model._leaving.set()
        model.unload()
