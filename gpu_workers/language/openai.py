"""Language and vision models behind any server that speaks OpenAI's chat completions over HTTP."""

from __future__ import annotations

import base64
import io
import logging
import random
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from app.core.errors import Cancelled, MissingPart, ToolRefused, WorkerFailed
from app.core.settings import Settings
from app.core.types import Completion, Frame, Message
from gpu_workers.base import ModelWorker
from gpu_workers.registry import Workers
from gpu_workers.selection.presentation import PRESENTATIONS

if TYPE_CHECKING:
    import httpx
    import numpy as np
    from numpy.typing import NDArray

logger = logging.getLogger(__name__)

TRIES = 4
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 20.0
STOP_EVERY_S = 0.1
"""Seconds between two questions whether a request should be given up."""
LOOK_TOKENS = 400
"""Longest answer to a look, tokens."""

BOUNDS = ("minLength", "maxLength", "minItems", "maxItems")
"""What some vendors refuse in a schema; without it an answer is bounded by its tokens alone."""

_TRY_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
_TOO_LONG = ("context length", "context size", "context_length", "exceed_context", "maximum context", "too long")


class _BoundsRefused(WorkerFailed):
    """A server takes no bounds of lengths in a schema."""


class ChatServer:
    """One address, one model, one key. Retries what a busy or restarting server answers; several threads may ask."""

    def __init__(
        self,
        url: str,
        model: str,
        key: SecretStr | None = None,
        *,
        timeout_s: float = 120.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = url.rstrip("/")
        self.shown_url = shown_address(self.url)
        """The address for messages and logs."""
        self.model = model
        self._key = key
        self._timeout_s = timeout_s
        self._sleep = sleep
        self._client: httpx.Client | None = None
        self._takes_bounds = True

    def connect(self) -> None:
        """Makes the connection pool; nothing is sent."""
        import httpx

        headers = {"Authorization": f"Bearer {self._key.get_secret_value()}"} if self._key else {}
        timeout = httpx.Timeout(self._timeout_s, connect=min(10.0, self._timeout_s))
        self._client = httpx.Client(headers=headers, timeout=timeout)

    def close(self) -> None:
        """Closes the connections."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def complete(
        self, messages: list[dict[str, Any]], *, max_tokens: int, schema: Mapping[str, Any] | None = None
    ) -> Completion:
        """One greedy chat completion. Raises MissingPart, ToolRefused or WorkerFailed.

        A server that refuses the bounds of a schema is asked again without them, and not given any from then on.
        """
        body: dict[str, Any] = {
            "model": self.model,
            "messages": messages,
            "max_tokens": max_tokens,
            "temperature": 0,
        }
        if schema is None:
            return self._completion(self._post(body))
        if self._takes_bounds:
            try:
                return self._completion(self._post(body | _bound_by(schema)))
            except _BoundsRefused:
                self._takes_bounds = False
        return self._completion(self._post(body | _bound_by(_without_bounds(schema))))

    def _post(self, body: Mapping[str, Any]) -> httpx.Response:
        """The first response that is worth reading. Waits longer after each failure, or as long as the server asks."""
        import httpx

        if self._client is None:
            self.connect()
        assert self._client is not None
        problem: Exception | str = ""
        for attempt in range(TRIES):
            asked: str | None = None
            try:
                response = self._client.post(f"{self.url}/chat/completions", json=body)
            except httpx.InvalidURL as error:
                hint = "Correct LONGREEL_LLM_URL or LONGREEL_VLM_URL."
                raise MissingPart(f"The address {self.shown_url} is not valid.", hint) from error
            except httpx.TransportError as error:
                problem = error
            else:
                if response.status_code not in _TRY_AGAIN:
                    return self._accepted(response)
                problem, asked = f"it answers {response.status_code}", response.headers.get("retry-after")
            if attempt + 1 < TRIES:
                wait_s = _wait_s(attempt, asked)
                reason = problem if isinstance(problem, str) else type(problem).__name__
                logger.info("Asking %s again in %.1f s: %s", self.shown_url, wait_s, reason)
                self._sleep(wait_s)
        raise self._gave_up(problem)

    def _gave_up(self, problem: Exception | str) -> MissingPart | WorkerFailed:
        import httpx

        if isinstance(problem, httpx.ConnectError | httpx.ConnectTimeout | httpx.UnsupportedProtocol):
            return MissingPart(
                f"There is no model server at {self.shown_url}.",
                "Start it, or set LONGREEL_LLM_URL or LONGREEL_VLM_URL.",
            )
        if isinstance(problem, httpx.TimeoutException):
            return WorkerFailed(
                f"The model server at {self.shown_url} did not answer in {self._timeout_s:g} s.", "Try again later."
            )
        reason = problem if isinstance(problem, str) else "the connection broke"
        return WorkerFailed(f"The model server at {self.shown_url} failed {TRIES} times: {reason}.", "Try again later.")

    def _accepted(self, response: httpx.Response) -> httpx.Response:
        status, text = response.status_code, response.text[:300]
        if status < 300:
            return response
        if status in (401, 403):
            raise MissingPart(
                f"The model server at {self.shown_url} refuses the key.", "Set LONGREEL_LLM_KEY or LONGREEL_VLM_KEY."
            )
        if status == 404:
            raise MissingPart(
                f"The server at {self.shown_url} has no model '{self.model}' or no /chat/completions.",
                "Check the address (it often ends in /v1) and the model's name.",
            )
        if status == 400 and any(bound in text for bound in BOUNDS):
            raise _BoundsRefused(f"The model server at {self.shown_url} refused a schema: {text}", "See its log.")
        if any(sign in text.lower() for sign in _TOO_LONG):
            raise ToolRefused(f"The prompt is longer than {self.model} can read.", "Use fewer or shorter passages.")
        raise WorkerFailed(
            f"The model server at {self.shown_url} refused the request ({status}): {text}", "See its log."
        )

    def _completion(self, response: httpx.Response) -> Completion:
        try:
            data = response.json()
            text = data["choices"][0]["message"]["content"] or ""
            usage = data.get("usage") or {}
            return Completion(str(text), int(usage.get("prompt_tokens") or 0), int(usage.get("completion_tokens") or 0))
        except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
            raise WorkerFailed(
                f"The server at {self.shown_url} does not answer like a chat completion: {response.text[:200]!r}",
                "Check that the address belongs to an OpenAI-compatible server.",
            ) from error


def shown_address(url: str) -> str:
    """An address without a user name, a password and a query in it."""
    return re.sub(r"//[^/@]*@", "//", url).partition("?")[0]


def _bound_by(schema: Mapping[str, Any]) -> dict[str, Any]:
    named = {"name": "answer", "schema": dict(schema), "strict": True}
    return {"response_format": {"type": "json_schema", "json_schema": named}}


def _without_bounds(part: Any) -> Any:
    """A JSON schema without bounds of lengths, at every depth."""
    if isinstance(part, list):
        return [_without_bounds(item) for item in part]
    if not isinstance(part, Mapping):
        return part
    return {name: _without_bounds(value) for name, value in part.items() if name not in BOUNDS}


def _wait_s(attempt: int, asked: str | None) -> float:
    """Seconds until the next try: as the server asked, else doubling, with some chance so that callers spread."""
    try:
        return min(LONGEST_WAIT_S, max(0.0, float(asked or "")))
    except ValueError:
        return min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0**attempt) * random.uniform(0.75, 1.25)  # noqa: S311


class _Served(ModelWorker[ChatServer]):
    """A model of a chat server. Requests are not queued here: the server decides how many it takes at once."""

    def __init__(self, server: ChatServer) -> None:
        super().__init__(f"{server.model}@{server.shown_url}")
        self._server = server

    def _load(self) -> ChatServer:
        self._server.connect()
        return self._server

    def _connected(self) -> ChatServer:
        """The server, without keeping the lock: several callers may wait for it at once."""
        with self._use() as server:
            return server

    def _ask(self, turns: list[dict[str, Any]], max_tokens: int, schema: Mapping[str, Any] | None = None) -> Completion:
        """The server's answer, counted with the time that it took."""
        server, started = self._connected(), time.monotonic()
        answer = server.complete(turns, max_tokens=max_tokens, schema=schema)
        self.counters.seconds += time.monotonic() - started
        self.counters.items += 1
        self.counters.tokens += answer.output_tokens
        return answer

    def unload(self) -> None:
        """Closes the connections; the next use opens them again."""
        super().unload()
        self._server.close()


class OpenAICompatibleModel(_Served):
    """A language model behind a server: vLLM, Ollama, LM Studio, llama.cpp or a vendor."""

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> OpenAICompatibleModel:
        """The server of `llm_url`. Raises MissingPart when the address or the model's name is not set."""
        del workers
        return cls(_server(settings.llm_url, settings.llm_model, settings.llm_key, "LLM"))

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        schema: Mapping[str, Any] | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> Completion:
        """See `LanguageModel`. A server is not told when it is stopped: its late answer is thrown away."""
        turns = [{"role": message.role, "content": message.content} for message in messages]
        if stop is None:
            return self._ask(turns, max_tokens, schema)
        return _unless(stop, lambda: self._ask(turns, max_tokens, schema))


class OpenAICompatibleVisionModel(_Served):
    """A vision-language model behind a server; pictures go as JPEG data addresses, each after its times."""

    def __init__(self, server: ChatServer, presentation: str = "interleaved") -> None:
        super().__init__(server)
        if presentation != "interleaved":
            self._model += f"/{presentation}"
        self._shown = PRESENTATIONS[presentation]

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> OpenAICompatibleVisionModel:
        """The server of `vlm_url`. Raises MissingPart when the address or the model's name is not set."""
        del workers
        server = _server(settings.vlm_url, settings.vlm_model, settings.vlm_key, "VLM")
        return cls(server, settings.vlm_presentation)

    def look(self, frames: Sequence[Frame], question: str) -> Completion:
        """See `VisionLanguageModel`."""
        content: list[dict[str, Any]] = []
        for picture in self._shown(frames):
            content.append({"type": "text", "text": picture.text})
            content.append({"type": "image_url", "image_url": {"url": _data_url(picture.image)}})
        content.append({"type": "text", "text": question})
        return self._ask([{"role": "user", "content": content}], LOOK_TOKENS)


def _unless(stop: Callable[[], bool], work: Callable[[], Completion]) -> Completion:
    """What the work gives, or its error; Cancelled as soon as `stop` says so, while the work ends in the background."""
    if stop():
        raise Cancelled("The language model was stopped before it was asked.")
    done: Future[Completion] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except Exception as error:  # noqa: BLE001 - raised again in the caller's thread
            done.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    while True:
        try:
            return done.result(timeout=STOP_EVERY_S)
        except TimeoutError:
            if done.done():
                return done.result()
            if stop():
                raise Cancelled("The language model was stopped before its answer was finished.") from None


def _server(url: str | None, model: str, key: SecretStr | None, prefix: str) -> ChatServer:
    for value, name in ((url, "URL"), (model, "MODEL")):
        if not value:
            raise MissingPart(
                f"No model server is set: LONGREEL_{prefix}_{name} is empty.",
                f"Set LONGREEL_{prefix}_URL and LONGREEL_{prefix}_MODEL, or choose another profile.",
            )
    assert url is not None
    return ChatServer(url, model, key)


def _data_url(image: NDArray[np.uint8]) -> str:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
