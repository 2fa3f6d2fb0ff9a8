"""Chat and vision models behind any server that speaks OpenAI's chat completions over HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import SecretStr

from app.core.errors import Cancelled, MissingPart, ToolRefused, WorkerFailed
from app.core.settings import Settings
from app.core.types import Capabilities, Completion, Frame, Message, ToolSpec
from gpu_workers.base import ModelWorker
from gpu_workers.language import text_calls
from gpu_workers.language.openai_concurrency import together
from gpu_workers.language.openai_dialect import Ask
from gpu_workers.language.openai_server import ModelServer, OnText
from gpu_workers.language.openai_talk import Known, Talk, ToolsRefused
from gpu_workers.registry import Workers
from gpu_workers.selection.presentation import PRESENTATIONS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LOOK_TOKENS = 400
"""The most tokens in a vision answer."""

T = TypeVar("T")
PROBING_S = 180.0
"""Time limit for probing what a model can do; a server may have to load it first."""
Stop = Callable[[], bool]


class OpenAICompatibleModel(ModelWorker[Talk]):
    """A chat model behind a server: vLLM, Ollama, LM Studio, llama.cpp or a vendor.

    Requests are not queued here: the server decides how many it takes at once.
    """

    def __init__(self, talk: Talk) -> None:
        super().__init__(talk.server.shown_url)
        self._talk = talk

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers | None) -> OpenAICompatibleModel:
        """The server of `llm_url`. Raises MissingPart when the address is not set."""
        return cls(_llm(settings, workers))

    @property
    def model(self) -> str:
        """The model's name and its server. If no name is set, asks the server for its only model."""
        server = self._talk.server
        if not server.model:
            try:
                server.run(lambda _: server.find_model())
            except MissingPart:
                raise
            except WorkerFailed:
                return self._model  # the server is down: the address has to do until it is back
        name = server.model.rpartition("/")[2] if server.model.startswith("/") else server.model
        return f"{name}@{server.shown_url}"

    @property
    def capabilities(self) -> Capabilities:
        """See `Chat`: from the settings first, then from what the server reports and accepts."""
        if self._talk.probed:
            return self._talk.probed
        give_up = time.monotonic() + PROBING_S
        try:
            return self._run(lambda _: self._talk.capabilities(), lambda: time.monotonic() > give_up)
        except Cancelled as error:
            raise WorkerFailed(
                f"The model server at {self._talk.server.shown_url} did not answer within {PROBING_S:.0f} seconds.",
                "See whether it is still loading the model, then ask again.",
            ) from error

    def chat(
        self,
        messages: Sequence[Message],
        *,
        max_output: int,
        tools: Sequence[ToolSpec] = (),
        schema: Mapping[str, Any] | None = None,
        stop: Stop | None = None,
        on_text: Callable[[str], None] | None = None,
    ) -> Completion:
        """See `Chat`. Stopping a request closes its connection."""
        ask = Ask(tuple(messages), max_output, tuple(tools), schema)
        return self._write(ask, stop, on_text)

    def weigh(
        self, messages: Sequence[Message], labels: Sequence[str], stop: Stop | None = None
    ) -> tuple[dict[str, float], Completion]:
        """See `Chat`."""
        if not self.capabilities.weighs:
            raise ToolRefused(f"{self.model} does not give probabilities.", "Request an answer instead.")
        weights, completion = self._run(lambda _: self._talk.weigh(messages, labels), stop)
        self._count(completion)
        return weights, completion

    def unload(self) -> None:
        """Closes the connections once running requests have ended; the next use opens them again."""
        super().unload()
        self._talk.server.close()

    def unload_if_unused(self) -> bool:
        """Does nothing: the model takes no memory here, and closing the connection could end a running answer."""
        return False

    def _load(self) -> Talk:
        return self._talk

    def _write(self, ask: Ask, stop: Stop | None, on_text: Callable[[str], None] | None = None) -> Completion:
        talk = self._talk

        async def work(pass_on: OnText) -> Completion:
            listener = pass_on if on_text is not None else None
            if ask.has_pictures and not await talk.takes_images():
                raise ToolRefused(f"{talk.server.model} does not accept pictures.", "Ask about text only.")
            if ask.tools and await talk.calls_tools():
                try:
                    return _with_calls(await talk.complete(ask, listener), ask)
                except ToolsRefused:
                    talk.forget_tools()
            plain = replace(ask, messages=tuple(text_calls.as_text(ask.messages, ask.tools)), tools=())
            if ask.tools:
                bound = replace(plain, schema=text_calls.calls_schema(ask.tools))
                return _with_calls(await talk.structured(bound, words_allowed=True), ask)
            return await talk.structured(plain) if ask.schema is not None else await talk.complete(plain, listener)

        completion = self._run(work, stop, on_text)
        self._count(completion)
        return completion

    def _run(
        self,
        work: Callable[[OnText], Coroutine[Any, Any, T]],
        stop: Stop | None = None,
        on_text: Callable[[str], None] | None = None,
    ) -> T:
        """Runs work on the server without holding the lock, so that several callers can wait at once."""
        with self._use() as talk:
            started = time.monotonic()
        try:
            return talk.server.run(work, stop=stop, on_text=on_text)
        finally:
            self._last_used = time.monotonic()
            self.counters.seconds += self._last_used - started

    def _count(self, completion: Completion) -> None:
        self.counters.items += 1
        self.counters.tokens += completion.output_tokens


class OpenAICompatibleVisionModel(OpenAICompatibleModel):
    """A vision-language model behind a server; pictures are sent as JPEG data URLs, each after its times."""

    def __init__(self, talk: Talk, presentation: str = "interleaved", at_once: int = 8) -> None:
        super().__init__(talk)
        self._at_once = at_once
        self._suffix = "" if presentation == "interleaved" else f"/{presentation}"
        self._pictures = PRESENTATIONS[presentation]

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers | None) -> OpenAICompatibleVisionModel:
        """The server of `vlm_url`, else that of `llm_url`. Raises MissingPart when neither is set."""
        if settings.vlm_url:
            talk = _talk(settings.vlm_url, settings.vlm_model, settings.vlm_key, Known(images=True))
        else:
            talk = _llm(settings, workers)
        return cls(talk, settings.vlm_presentation, settings.server_requests)

    @property
    def model(self) -> str:
        """The model's name and its server, and how several frames are shown."""
        return super().model + self._suffix

    def look(self, frames: Sequence[Frame], question: str, stop: Stop | None = None) -> Completion:
        """See `VisionLanguageModel`. Once `stop` says True, Cancelled is raised within a second."""
        parts: list[str | Frame] = []
        for picture in self._pictures(frames):
            parts += [picture.text, Frame(picture.times_s[0] if picture.times_s else 0.0, picture.image)]
        return self._write(Ask((Message("user", (*parts, question)),), LOOK_TOKENS), stop)

    def first_token_probability(self, frames: Sequence[Frame], question: str, token: str) -> NDArray[np.float64]:
        """See `JudgesFrames`. One short request a frame, several at a time, which servers batch."""
        import numpy as np

        if not self.capabilities.weighs:
            raise ToolRefused(f"{self.model} does not give probabilities.", "Choose another frame selection.")

        def judge(frame: Frame) -> Callable[[], Coroutine[Any, Any, float]]:
            return lambda: self._talk.first_token_probability([Message("user", (frame, question))], token)

        probabilities = self._run(lambda _: together([judge(frame) for frame in frames], self._at_once))
        self.counters.items += len(frames)
        return np.array(probabilities, np.float64)


def _with_calls(completion: Completion, ask: Ask) -> Completion:
    """The completion with the calls written in its text, unless it has native ones."""
    if completion.calls:
        return completion
    text, calls = text_calls.read_calls(completion.text, ask.tools, ask.messages)
    return replace(completion, text=text, calls=calls, finish="calls" if calls else completion.finish)


def _llm(settings: Settings, workers: Workers | None) -> Talk:
    """One object for both roles, so that they share what they learn about the server."""
    known = Known(settings.llm_images, settings.llm_tools, settings.llm_context)

    def make() -> Talk:
        return _talk(settings.llm_url, settings.llm_model, settings.llm_key, known)

    return workers.shared("chat server of LONGREEL_LLM_URL", make) if workers is not None else make()


def _talk(url: str | None, model: str, key: SecretStr | None, known: Known) -> Talk:
    if not url:
        raise MissingPart(
            "No model server is set: LONGREEL_LLM_URL is empty.",
            "Set it to an address such as http://127.0.0.1:8000/v1, or choose another profile.",
        )
    return Talk(ModelServer(url, model, key), known)
