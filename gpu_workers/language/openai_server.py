"""The connection to a server that speaks OpenAI's API: requests that can be stopped, retries, errors."""

from __future__ import annotations

import asyncio
import json
import logging
import queue
import random
import re
import threading
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar, cast

from pydantic import SecretStr

from app.core.errors import Cancelled, LongreelError, MissingPart, StillLoading, WorkerFailed
from gpu_workers.language.openai_replies import ServerReply

if TYPE_CHECKING:
    from openai import APIStatusError, AsyncOpenAI

logger = logging.getLogger(__name__)

TRIES = 4
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 60.0
"""The longest pause to accept; if a server asks for more, the request fails."""
STOP_EVERY_S = 0.1
"""Seconds between two checks whether to stop a request."""

_TRY_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
_REFUSAL = re.compile(
    r"not support|n't support|unsupported|unrecogni[sz]ed|image|vision|mmproj|template|tool|response_format|schema"
    r"|grammar|context (?:size|length|window)|too large to process",
    re.I,
)
"""Words in an error that refuses part of a request, whatever its status."""

T = TypeVar("T")
OnText = Callable[[str], None]


class Refused(Exception):
    """The server refuses the request as it is; a different one may be accepted."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text

    @property
    def said(self) -> str:
        """The beginning of the text, as a sentence."""
        return f"{self.text[:300].rstrip().removesuffix('.')}."


class _Busy(Exception):
    """The same request can be sent again later."""

    def __init__(self, error: LongreelError, wait_s: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait_s = wait_s


class ModelServer:
    """One address, one model, one key. Safe for several threads.

    `settings`: the prefix of the settings' names in messages, such as LLM for LONGREEL_LLM_URL.
    """

    def __init__(
        self,
        url: str,
        model: str,
        key: SecretStr | None = None,
        *,
        timeout_s: float = 300.0,
        settings: Sequence[str] = ("LLM", "VLM"),
    ) -> None:
        self.url = url.rstrip("/")
        self.shown_url = shown_address(self.url)
        """The address as messages and logs show it."""
        self.model = model
        """The model's name; empty until the server has named its only model."""
        self._key = key
        self._timeout_s = timeout_s
        self._settings = settings
        self._line: _Line | None = None
        self._lock = threading.Lock()

    def run(
        self,
        work: Callable[[OnText], Coroutine[Any, Any, T]],
        *,
        stop: Callable[[], bool] | None = None,
        on_text: OnText | None = None,
    ) -> T:
        """Runs asynchronous work with this server. The work gets a function that passes text on to `on_text`.

        Raises Cancelled soon after `stop` returns True, and closes the connection.
        """
        if stop is not None and stop():
            raise Cancelled("The chat model was stopped before it was asked.")
        arrived: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        with self._lock:
            if self._line is None:
                self._line = _Line(self._client)
            future = self._line.submit(work(arrived.put))
        future.add_done_callback(lambda _: arrived.put(None))
        try:
            while True:
                if stop is not None and stop():
                    raise Cancelled("The chat model was stopped before its answer was finished.")
                try:
                    piece = arrived.get(timeout=None if stop is None else STOP_EVERY_S)
                except queue.Empty:
                    continue
                if piece is None:
                    return future.result()
                if on_text is not None:
                    on_text(piece)
        finally:
            future.cancel()

    def close(self) -> None:
        """Closes the connections once running requests have ended; the next use opens them again."""
        with self._lock:
            line, self._line = self._line, None
        if line is not None:
            line.close()

    async def ask(self, body: Mapping[str, Any], new_reply: Callable[[], ServerReply]) -> ServerReply:
        """The reply to a request. Retries after growing pauses, or after the pause that the server asks for.

        Raises Refused, MissingPart or WorkerFailed.
        """

        async def once() -> ServerReply:
            reply = new_reply()
            try:
                await self._translated(self._receive(body, reply))
            except _Busy as busy:
                if reply.was_heard:
                    raise busy.error from busy
                raise
            return reply

        return await self._retried(once)

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Posts to a path and returns the JSON, with the same retries. Raises Refused, MissingPart or WorkerFailed."""
        import httpx2

        async def once() -> Any:
            response = await self._translated(self._opened().client.post(path, cast_to=httpx2.Response, body=body))
            try:
                data = json.loads(response.text.lstrip("\ufeff"))
            except ValueError as error:
                raise self.unlike(response.text) from error
            if isinstance(data, dict) and data.get("error"):
                raise self._reported(_words(data["error"]))
            return data

        return await self._retried(once)

    async def get(self, path: str, *, required: bool = False) -> Any:
        """The JSON at a path, without retries; None if the server does not give it.

        Raises MissingPart if the key is refused, WorkerFailed if the server is away; if `required`, also for a path
        that does not exist and a server that is busy or still loading.
        """
        import httpx2
        import openai

        try:
            response = await self._opened().client.get(path, cast_to=httpx2.Response)
            return json.loads(response.text.lstrip("\ufeff"))
        except openai.APIStatusError as error:
            refusal = self._refused(error)
            failure = refusal.error if isinstance(refusal, _Busy) else refusal
            if isinstance(failure, LongreelError) and (required or error.status_code in (401, 403)):
                raise failure from error
            return None
        except openai.APIConnectionError as error:
            raise self._away() from error
        except ValueError:
            return None

    async def find_model(self) -> str:
        """The model's name; if none is set, the name of the server's only model. Raises MissingPart or WorkerFailed."""
        if not self.model:
            names = [str(entry.get("id")) for entry in await self.entries(required=True)]
            if len(names) != 1:
                shown = f" ({', '.join(names[:5])}{', ...' if len(names) > 5 else ''})" if names else ""
                raise MissingPart(
                    f"The server at {self.shown_url} lists {len(names)} models{shown}.",
                    f"Name one in {self._variables('MODEL')}.",
                )
            self.model = names[0]
        return self.model

    @property
    def probing(self) -> asyncio.Lock:
        """Held while the server's capabilities are probed, so that this happens once."""
        return self._opened().probing

    async def entries(self, *, required: bool = False) -> list[dict[str, Any]]:
        """The server's model list, as it describes them. Raises as `get` does."""
        listed = await self.get("models", required=required)
        data = listed.get("data") if isinstance(listed, dict) else None
        return [entry for entry in data or () if isinstance(entry, dict)]

    def unlike(self, text: str) -> WorkerFailed:
        """The error for a reply of an unexpected kind."""
        return WorkerFailed(
            f"The server at {self.shown_url} does not answer like OpenAI's API: {text[:200]!r}",
            "Check that the address belongs to an OpenAI-compatible server.",
        )

    def _variables(self, name: str) -> str:
        return " or ".join(f"LONGREEL_{one}_{name}" for one in self._settings)

    def _opened(self) -> _Line:
        line = self._line
        if line is None:  # closed while this work was running
            raise self._failed("the connection was closed")
        return line

    def _client(self) -> AsyncOpenAI:
        import httpx2
        import openai

        headers: dict[str, Any] = {"OpenAI-Organization": openai.omit, "OpenAI-Project": openai.omit}
        try:
            return openai.AsyncOpenAI(
                base_url=self.url,
                # Without a key, the client would send OPENAI_API_KEY, which may belong to another service.
                api_key=self._key.get_secret_value() if self._key else "none",
                timeout=openai.Timeout(self._timeout_s, connect=min(10.0, self._timeout_s)),
                max_retries=0,
                default_headers=headers,
            )
        except httpx2.InvalidURL as error:
            hint = f"Correct {self._variables('URL')}."
            raise MissingPart(f"The address {self.shown_url} is not valid.", hint) from error

    async def _retried(self, once: Callable[[], Awaitable[T]]) -> T:
        for attempt in range(1, TRIES + 1):
            try:
                return await once()
            except _Busy as busy:
                wait_s = FIRST_WAIT_S * 2.0 ** (attempt - 1) * random.uniform(0.75, 1.25)  # noqa: S311
                wait_s = wait_s if busy.wait_s is None else busy.wait_s
                if attempt == TRIES or wait_s > LONGEST_WAIT_S:
                    raise busy.error from busy
                logger.info("Asking %s again in %.1f s: %s", self.shown_url, wait_s, busy.error.message)
                await asyncio.sleep(wait_s)
        raise AssertionError("the last try returns or raises")

    async def _translated(self, work: Awaitable[T]) -> T:
        import httpx2
        import openai

        try:
            return await work
        except openai.APIStatusError as error:
            raise self._refused(error) from error
        except openai.APITimeoutError as error:
            slow = WorkerFailed(
                f"The model server at {self.shown_url} did not answer in {self._timeout_s:g} s.", "Try again later."
            )
            raise _Busy(slow) from error
        except openai.APIConnectionError as error:
            is_away = isinstance(
                error.__cause__, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.UnsupportedProtocol
            )
            raise _Busy(self._away() if is_away else self._failed("the connection broke")) from error
        except httpx2.HTTPError as error:
            raise _Busy(self._failed("the connection broke")) from error
        except openai.APIError as error:
            raise self._reported(_words(error.body) or error.message) from error

    async def _receive(self, body: Mapping[str, Any], reply: ServerReply) -> None:
        streaming = self._opened().client.chat.completions.with_streaming_response
        whole = ""
        async with streaming.create(**cast(Any, body)) as response:
            try:
                if "text/event-stream" in response.headers.get("content-type", ""):
                    async for chunk in await response.parse():
                        if reply.take(chunk.to_dict(warnings=False)):
                            return
                else:
                    whole = await response.text()
                    data = json.loads(whole.lstrip("\ufeff"))
                    if isinstance(data, dict) and data.get("error"):
                        raise self._reported(_words(data["error"]))
                    reply.take(data)
            except json.JSONDecodeError as error:
                raise self.unlike(whole or error.doc) from error
            except (ValueError, AttributeError, TypeError, KeyError) as error:
                raise self.unlike(whole or str(error)) from error
        if not reply.choices:
            raise self.unlike(whole)

    def _reported(self, text: str) -> Exception:
        """The exception for an error in the body of a successful response."""
        if _REFUSAL.search(text):
            return Refused(200, text)
        return _Busy(self._failed(f"it reports: {text[:300]}"))

    def _refused(self, error: APIStatusError) -> Exception:
        status, text = error.status_code, _words(error.body) or error.message
        if status in (401, 403):
            return self._no_access()
        if status in _TRY_AGAIN and not (status == 500 and _REFUSAL.search(text)):
            wait_s = _asked_wait_s(error.response.headers.get("retry-after"))
            if status == 503 and "loading" in text.lower():
                return _Busy(StillLoading.of(self.shown_url), wait_s)
            return _Busy(self._failed(f"it answers {status} ({text[:200]})"), wait_s)
        if status == 404 and not re.search(r"image|vision|tool", text, re.I):
            model = f"model '{self.model}' or no " if self.model else ""
            return MissingPart(
                f"The server at {self.shown_url} has no {model}{error.request.url.path}.",
                f"Check the address (it often ends in /v1) and the model's name in {self._variables('MODEL')}.",
            )
        return Refused(status, text)

    def _no_access(self) -> MissingPart:
        return MissingPart(f"The model server at {self.shown_url} refuses the key.", f"Set {self._variables('KEY')}.")

    def _away(self) -> WorkerFailed:
        return WorkerFailed(
            f"There is no model server at {self.shown_url}.", f"Start it, or set {self._variables('URL')}."
        )

    def _failed(self, reason: str) -> WorkerFailed:
        return WorkerFailed(f"The model server at {self.shown_url} failed: {reason}.", "Try again later.")


class _Line:
    """A client on an event loop in its own thread, so that a request can be cancelled wherever it waits."""

    def __init__(self, make_client: Callable[[], AsyncOpenAI]) -> None:
        self.client = make_client()
        self.probing = asyncio.Lock()
        """Held while capabilities are probed."""
        self._loop = loop = asyncio.new_event_loop()

        def serve() -> None:
            try:
                loop.run_forever()
            finally:
                loop.close()

        self._thread = threading.Thread(target=serve, name="chat-server", daemon=True)
        self._thread.start()

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Starts work; cancelling the future cancels it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self) -> None:
        """Ends the thread once all work has ended."""

        async def end() -> None:
            others = asyncio.all_tasks() - {asyncio.current_task()}
            await asyncio.gather(*others, return_exceptions=True)
            await self.client.close()
            self._loop.call_soon(self._loop.stop)

        self.submit(end())
        self._thread.join(timeout=1.0)


def shown_address(url: str) -> str:
    """The address without user name, password and query."""
    return re.sub(r"//[^/@]*@", "//", url).partition("?")[0]


def _words(body: object) -> str:
    """The message in an error body, whatever its shape."""
    if isinstance(body, Mapping):
        inner = body.get("message") or body.get("error") or body.get("detail") or body
        if isinstance(inner, str) and inner.startswith("{"):  # Ollama passes on the JSON of the program below it
            with suppress(ValueError, RecursionError):
                inner = json.loads(inner)
        return _words(inner) if isinstance(inner, Mapping) and inner is not body else str(inner)
    return str(body or "")


def _asked_wait_s(header: str | None) -> float | None:
    """The seconds that a server asks to wait, as a number or a date."""
    if not header:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds())
    except ValueError:
        return None
