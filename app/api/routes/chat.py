"""Chat completions in OpenAI's format: the model is Longreel, and its answers cite moments."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from app.api import chat
from app.api.asking import Steps, answer_of, named, paced, steps_of
from app.api.chat_tasks import task_reply
from app.api.deps import LineDep, LongreelDep
from app.api.openai_errors import openai_error
from app.api.problems import invalid_request, problem_for
from app.api.schemas import AnswerOut
from app.api.schemas.chat import (
    MODEL,
    ChatAnswer,
    ChatChoice,
    ChatChunk,
    ChatDelta,
    ChatIn,
    ChatOut,
    ChunkChoice,
    ChunkExtension,
    ModelOut,
    ModelsOut,
    OpenAIError,
)
from app.api.streams import HEARTBEAT, event_stream, pump, server_event
from app.bootstrap import Services
from app.core.describe import describe
from app.core.errors import NotFound
from app.core.events import Answered, Delta, Event, Failed
from app.core.requests import AskRequest
from app.core.types import Video
from app.services.picture_search import picture_in


class OpenAIRoute(APIRoute):
    """A route whose errors have OpenAI's format."""

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        """The handler, with every error in that format."""
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await handle(request)
            except Exception as error:  # noqa: BLE001 - the one table of errors decides what is sent
                status, body = _error(error)
                return JSONResponse(body.model_dump(), status)

        return handler


router = APIRouter(
    tags=["openai"],
    route_class=OpenAIRoute,
    responses={"default": {"model": OpenAIError, "description": "An error in OpenAI's format"}},
)


@router.get("/models", summary="List the models, in OpenAI's format")
def list_models() -> ModelsOut:
    """Its name is `longreel`."""
    return ModelsOut(data=[ModelOut()])


@router.get("/models/{model}", summary="Get a model, in OpenAI's format")
def get_model(model: str) -> ModelOut:
    """404 for any name but `longreel`."""
    if model != MODEL:
        raise NotFound(f"There is no model {model}.", f"The only model is called {MODEL}.")
    return ModelOut()


@router.post("/chat/completions", summary="Ask about videos, in OpenAI's format", response_model=ChatOut)
async def complete(body: ChatIn, request: Request, longreel: LongreelDep, join: LineDep) -> Response:
    """The last message is the question, which may refer to earlier ones ("and after that?"). Name videos in
    `metadata.videos` or as `video_url` parts (`longreel://ID`, an id or a title), or use those of
    `metadata.collection`; without any, the question is about the whole library. `metadata.max_steps` and
    `metadata.max_seconds` limit the answer. With an `image_url` part (a `data:` address), the answer says where the
    videos show that picture.

    Citations come as lines of the text, as `annotations`, and as data in the field `longreel`. With `stream`, the
    agent's steps come first, as lines of `reasoning_content` and as data in the field `longreel`, then the answer in
    pieces. A program's own request for a title or tags of the conversation gets a short reply at once.
    """
    chat.check_request(body)
    question = chat.question_of(body.messages)
    head = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time())}
    users = [chat.text_of(message) for message in body.messages[:-1] if message.role == "user"]
    if (reply := task_reply(question, users)) is not None:
        return _short(reply, body, head)
    videos = await named(longreel, chat.videos_of(body), chat.collection_of(body))
    limits = chat.limits_of(body)
    if address := chat.picture_address_of(body.messages):
        picture = await run_sync(picture_in, address, limiter=request.app.state.picture_threads)
        steps = pump(partial(longreel.pictures.locate, question, picture, videos), join)
    else:
        whole = AskRequest(question, max_steps=limits.max_steps, max_seconds=limits.max_seconds)
        steps = steps_of(longreel, join, whole, videos, turns=chat.turns_of(body.messages))
    if body.stream:
        return event_stream(_chunks(steps, body, longreel, videos, head))
    answer = await answer_of(steps, request)
    message = chat.message_of(answer, await _titles(longreel, videos))
    completion = ChatOut(
        **head,
        choices=[ChatChoice(message=message)],
        usage=chat.tokens_of(answer),
        longreel=chat.extension_of(answer, body),
    )
    return Response(completion.model_dump_json(), media_type="application/json")


def _short(reply: str, body: ChatIn, head: dict[str, Any]) -> Response:
    """A reply for which no video was searched."""
    if body.stream:
        chunks = (_chunk(head, ChatDelta(role="assistant", content=reply)), _chunk(head, ChatDelta(), reason="stop"))
        return event_stream((*chunks, server_event("[DONE]")))
    message = ChatAnswer(content=reply, annotations=[])
    completion = ChatOut(**head, choices=[ChatChoice(message=message)], usage=chat.NO_TOKENS)
    return Response(completion.model_dump_json(exclude={"longreel"}), media_type="application/json")


def _chunk(head: dict[str, Any], delta: ChatDelta, *, reason: Any = None, **more: Any) -> bytes:
    chunk = ChatChunk(**head, choices=[ChunkChoice(delta=delta, finish_reason=reason)], **more)
    data = chunk.model_dump(mode="json", exclude_none=True)
    data["choices"][0].setdefault("finish_reason", None)
    return server_event(json.dumps(data, ensure_ascii=False))


async def _chunks(
    steps: Steps, body: ChatIn, longreel: Services, videos: Sequence[Video], head: dict[str, Any]
) -> AsyncIterator[bytes]:
    sent = partial(_chunk, head)
    events: list[Event] = []
    try:
        yield sent(ChatDelta(role="assistant", content=""))
        async for step in paced(steps):
            if step is None:
                yield HEARTBEAT
                continue
            events.append(step)
            if isinstance(step, Delta):
                yield sent(ChatDelta(reasoning_content=step.text))
            elif not isinstance(step, Answered | Failed):
                line = f"{describe(step)}\n"
                yield sent(ChatDelta(reasoning_content=line), longreel=ChunkExtension(event=step))
        answer = AnswerOut.from_events(events)
        message = chat.message_of(answer, await _titles(longreel, videos))
        for piece in chat.pieces(message.content):
            yield sent(ChatDelta(content=piece))
        yield sent(ChatDelta(annotations=message.annotations))
        yield sent(ChatDelta(), reason="stop", longreel=chat.extension_of(answer, body))
        if body.stream_options is not None and body.stream_options.include_usage:
            last = ChatChunk(**head, choices=[], usage=chat.tokens_of(answer))
            yield server_event(last.model_dump_json(exclude_none=True))
        yield server_event("[DONE]")
    except Exception as error:  # noqa: BLE001 - the status is sent already: the stream itself carries the error
        yield server_event(_error(error)[1].model_dump_json())


async def _titles(longreel: Services, videos: Sequence[Video]) -> dict[str, str]:
    about = videos or await run_in_threadpool(longreel.library.videos)
    return {video.id: video.title for video in about}


def _error(error: Exception) -> tuple[int, OpenAIError]:
    return openai_error(problem_for(invalid_request(error) if isinstance(error, RequestValidationError) else error))
