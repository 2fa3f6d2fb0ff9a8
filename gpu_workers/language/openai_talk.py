"""Requests replies from one model behind a server, in a format that it accepts, until one can be used."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.core.errors import LongreelError, ToolRefused, WorkerFailed
from app.core.types import Capabilities, Completion, Frame, Message, ToolSpec
from app.core.types.chat import Finish
from gpu_workers.language.openai_dialect import Ask, Dialect, in_words, is_about_pictures, is_too_long, without_bounds
from gpu_workers.language.openai_replies import Listening, ServerReply
from gpu_workers.language.openai_server import ModelServer, Refused
from gpu_workers.language.replies import fitting_json, json_value, shares

THINKING = 4000
"""Extra tokens beyond the visible reply, for models that think first."""
MORE_THINKING = 16_000
"""The same for a retry, after a reply was cut off before any visible text."""
USUAL_CONTEXT = 32_768
"""The assumed context size if the server does not report one."""
LIKELIEST = 20
"""How many likeliest first tokens to request: the most that every server allows."""
_MENDINGS = 10
_PICTURE_TOKENS = 400
"""Tokens assumed per picture if the server does not count them."""

_READY = ToolSpec(
    "ready",
    "Reports that you are ready.",
    {
        "type": "object",
        "properties": {"word": {"type": "string"}},
        "required": ["word"],
        "additionalProperties": False,
    },
)
_CONTEXT_NAMES = ("max_model_len", "context_length", "context_window", "max_context_length")


class ToolsRefused(WorkerFailed):
    """The server does not support tools."""


@dataclass(frozen=True, slots=True)
class Known:
    """Capabilities from the settings; None and 0 mean: ask the server."""

    images: bool | None = None
    tools: bool | None = None
    context: int = 0


class Talk:
    """Talks to one model behind a server. It learns what the server accepts, once for all callers."""

    def __init__(self, server: ModelServer, known: Known) -> None:
        self.server = server
        self._known = known
        self._dialect = Dialect()
        self._probed: Capabilities | None = None

    @property
    def probed(self) -> Capabilities | None:
        """The capabilities, if already probed."""
        return self._probed

    def forget_tools(self) -> None:
        """Records that the server refuses tools after all."""
        self._known = replace(self._known, tools=False)
        if self._probed is not None:
            self._probed = replace(self._probed, tools=False)

    async def capabilities(self) -> Capabilities:
        """From the settings, the server's description and a few tiny requests. Raises WorkerFailed if unreachable."""
        async with self.server.probing:
            if self._probed is None:
                # First and alone: it learns the format that all requests need.
                question = Message("user", "Is water wet? Answer with one word: yes or no.")
                reply = await self._tried(_weighing([question]), 1)
                context = self._known.context or await self._context()
                likeliest = [str(one.get("token", "")).strip().lower() for one in reply.likeliest] if reply else []
                weighs = any(token in ("yes", "no") for token in likeliest)
                images, tools, schema = await asyncio.gather(self._images(), self._tools(), self._schema())
                self._probed = Capabilities(images, tools, schema, context, weighs)
            return self._probed

    async def takes_images(self) -> bool:
        """Whether the model accepts pictures."""
        return (await self.capabilities()).images if self._known.images is None else self._known.images

    async def calls_tools(self) -> bool:
        """Whether the model calls tools natively."""
        if self._known.tools is None or self._probed is not None:
            return (await self.capabilities()).tools
        return self._known.tools

    async def complete(self, ask: Ask, on_text: Callable[[str], None] | None = None) -> Completion:
        """A reply with visible text or calls. Raises ToolRefused, ToolsRefused, MissingPart or WorkerFailed."""
        budget, again = ask.max_output + THINKING, False
        while True:
            # Nothing is streamed or cut until it is known that the model closes no thinking block that it never opened.
            follows = self._dialect.thinks_unopened is False
            listening = Listening(
                on_text if follows and ask.schema is None else None,
                most=ask.max_output if follows else 0,
                tools=bool(ask.tools),
            )
            try:
                reply = await self._reply(ask, listening, budget)
            except Refused as refused:
                if is_too_long(refused.text) and budget > ask.max_output:
                    budget = ask.max_output
                    continue
                raise self._error(refused, ask) from refused
            if not listening.most and ask.schema is None:
                reply.cut(ask.max_output)
            completion = _completion(reply, ask)
            if completion.text or completion.calls:
                break
            if again or reply.refusal:
                raise self._empty(reply)
            again = True
            budget = MORE_THINKING + ask.max_output if reply.ended == "length" else budget
        if on_text is not None and ask.schema is None:
            if listening.on_text is None:
                on_text(completion.text)
            else:
                reply.send_rest(completion.text)
        return completion

    async def structured(self, ask: Ask, *, words_allowed: bool = False) -> Completion:
        """A JSON reply that fits the schema; the model gets one chance to repair a faulty one.

        With `words_allowed`, plain text counts as a reply too, and a reply beyond repair is returned as it is.
        """
        assert ask.schema is not None
        first = await self.complete(ask)
        try:
            return replace(first, text=fitting_json(first.text, ask.schema), finish="stop")
        except ValueError as error:
            fault = str(error)
        if first.finish == "length" or (words_allowed and "{" not in first.text):
            return first
        try:
            json_value(first.text)
        except ValueError:
            if self._dialect.form_for(ask.schema) == "json_schema":
                self._dialect.form = "words"  # accepted, but without effect
        plea = f"That reply cannot be used: {fault}. {in_words(ask.schema)}"
        repair = replace(ask, messages=(*ask.messages, Message("assistant", first.text), Message("user", plea)))
        second = await self.complete(repair)
        second = replace(
            second,
            prompt_tokens=first.prompt_tokens + second.prompt_tokens,
            output_tokens=first.output_tokens + second.output_tokens,
        )
        try:
            return replace(second, text=fitting_json(second.text, without_bounds(ask.schema)), finish="stop")
        except ValueError as error:
            if words_allowed or second.finish == "length":
                return second
            raise WorkerFailed(
                f"{self.server.model} does not write JSON that fits: {error}.", "Choose a more capable model."
            ) from error

    async def first_token_probability(self, messages: Sequence[Message], token: str) -> float:
        """How probable it is that the reply begins with a token; 0 if it is not among the likeliest."""
        ask = _weighing(messages)
        try:
            reply = await self._reply(ask, Listening(), 1)
        except Refused as refused:
            raise self._error(refused, ask) from refused
        return sum(math.exp(one["logprob"]) for one in reply.likeliest if str(one["token"]).strip() == token)

    async def weigh(self, messages: Sequence[Message], labels: Sequence[str]) -> tuple[dict[str, float], Completion]:
        """See `Chat`."""
        ask = _weighing(messages)
        try:
            reply = await self._reply(ask, Listening(), 1)
        except Refused as refused:
            raise self._error(refused, ask) from refused
        return shares(reply.likeliest, labels), _completion(reply, ask)

    async def _reply(self, ask: Ask, listening: Listening, budget: int) -> ServerReply:
        """The reply to a request, in a format that the server accepts. Raises Refused if there is none."""
        model = await self.server.find_model()
        for _ in range(_MENDINGS):
            body = self._dialect.body(ask, budget)
            try:
                reply = await self.server.ask({"model": model, **body}, lambda: ServerReply(listening))
            except Refused as refused:
                if is_too_long(refused.text):
                    raise
                learned = self._dialect.learn(refused.text, ask, body)
                if not learned and self._dialect.body(ask, budget) == body:
                    raise
                continue
            if reply.thinks_unopened:
                self._dialect.thinks_unopened = True
            elif self._dialect.thinks_unopened is None and reply.raw and reply.ended not in ("", "length"):
                self._dialect.thinks_unopened = False
            return reply
        raise Refused(400, "it refuses every form of the request")

    def _error(self, refused: Refused, ask: Ask) -> LongreelError:
        if is_too_long(refused.text):
            return ToolRefused(
                f"The prompt is longer than {self.server.model} can read: {refused.said}",
                "Use fewer or shorter passages, or fewer pictures.",
            )
        if ask.has_pictures and is_about_pictures(refused.text):
            return ToolRefused(
                f"{self.server.model} does not accept these pictures: {refused.said}", "Show fewer, or none."
            )
        message = f"The model server at {self.server.shown_url} refused the request ({refused.status}): {refused.said}"
        if ask.tools and ("tool" in refused.text.lower() or "function" in refused.text.lower()):
            return ToolsRefused(message, "See its log.")
        return WorkerFailed(message, "See its log.")

    def _empty(self, reply: ServerReply) -> WorkerFailed:
        if reply.refusal:
            return WorkerFailed(f"{self.server.model} declined to answer: {reply.refusal[:300]}", "Ask differently.")
        reasons = {
            "length": "it reached its token limit while thinking",
            "content_filter": "a content filter withheld its answer",
        }
        reason = reasons.get(reply.ended, "it wrote no visible text")
        return WorkerFailed(f"{self.server.model} gave no answer: {reason}.", "Try again, or choose another model.")

    async def _context(self) -> int:
        entries = await self.server.entries()
        model = await self.server.find_model()
        named = [entry for entry in entries if entry.get("id") == model] or (entries if len(entries) == 1 else [{}])
        root = self.server.url.removesuffix("/v1")
        meta = named[0].get("meta") or {}
        sizes = [named[0].get(name) for name in _CONTEXT_NAMES]
        if named[0].get("owned_by") == "llamacpp":
            properties = await self.server.get(f"{root}/props") or {}
            sizes.append((properties.get("default_generation_settings") or {}).get("n_ctx"))
        sizes += [meta.get("n_ctx"), meta.get("n_ctx_train")]
        if not any(sizes):  # Ollama says it of a model that it has loaded, and drops what is longer without a word
            running = await self.server.get(f"{root}/api/ps")
            loaded = running.get("models") if isinstance(running, dict) else None
            names = (model, f"{model}:latest")
            sizes += [one.get("context_length") for one in loaded or () if one.get("name") in names]
        return next((int(size) for size in sizes if size), USUAL_CONTEXT)

    async def _tried(self, ask: Ask, budget: int) -> ServerReply | None:
        """The reply to a request that shows what the model can do; None where the server refuses it."""
        try:
            return await self._reply(ask, Listening(tools=bool(ask.tools)), budget)
        except Refused:
            return None

    async def _images(self) -> bool:
        """Some servers accept pictures but drop them: only a reply that names the colour proves that one was seen."""
        if self._known.images is not None:
            return self._known.images
        frame = Frame(0.0, np.full((32, 32, 3), (250, 220, 0), np.uint8))
        ask = Ask((Message("user", (frame, "Which colour is this picture? Answer with one word.")),), 30)
        reply = await self._tried(ask, ask.max_output + THINKING)
        return reply is not None and "yellow" in reply.text.lower()

    async def _tools(self) -> bool:
        """Some servers accept tools but hide them from the model: only an actual call proves support."""
        if self._known.tools is not None:
            return self._known.tools
        ask = Ask((Message("user", 'Call the tool "ready" with the word yes.'),), 100, (_READY,))
        reply = await self._tried(ask, ask.max_output + THINKING)
        return reply is not None and bool(reply.calls(()))

    async def _schema(self) -> bool:
        ask = Ask((Message("user", "Say the word yes."),), 100, schema=_READY.parameters)
        reply = await self._tried(ask, ask.max_output + THINKING)
        if reply is None:
            return False
        try:
            fitting_json(reply.text, _READY.parameters)
        except ValueError:
            self._dialect.form = "words"  # accepted, but without effect
            return False
        return self._dialect.form_for(_READY.parameters) == "json_schema"


def _weighing(messages: Sequence[Message]) -> Ask:
    return Ask(tuple(messages), 1, extra={"logprobs": True, "top_logprobs": LIKELIEST})


def _completion(reply: ServerReply, ask: Ask) -> Completion:
    read = reply.prompt_tokens or sum(
        _PICTURE_TOKENS if isinstance(part, Frame) else len(part) // 4 + 1
        for message in ask.messages
        for part in message.parts
    )
    calls = reply.calls([call.id for message in ask.messages for call in message.calls])
    finish: Finish = "calls" if calls else "length" if reply.ended == "length" else "stop"
    written = reply.output_tokens or max(reply.pieces, len(reply.raw) // 4)
    return Completion(reply.text, read, written, calls, finish)
