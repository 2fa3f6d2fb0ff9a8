"""Speech to text as programs for OpenAI's API know it: a file in, its words out. Nothing joins the library."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from app.api.deps import LongreelDep
from app.api.limits import caller_of
from app.api.routes.chat import OpenAIRoute
from app.api.schemas.chat import OpenAIError
from app.api.streams import pump
from app.api.uploads import on_disk, receive_form
from app.core.errors import BadInput, Cancelled
from app.services import subtitles
from app.services.hearing import FileTranscript

router = APIRouter(
    tags=["openai"],
    route_class=OpenAIRoute,
    responses={"default": {"model": OpenAIError, "description": "An error in OpenAI's format"}},
)


def _text(heard: FileTranscript) -> str:
    return " ".join(one.text for one in heard.utterances)


def _verbose(heard: FileTranscript) -> dict[str, Any]:
    utterances = heard.utterances
    words = [word for one in utterances for word in one.words]
    return {
        "task": "transcribe",
        "language": heard.language or "",
        "duration": heard.duration_s,
        "text": _text(heard),
        "segments": [
            {"id": number, "start": one.span.start_s, "end": one.span.end_s, "text": one.text}
            for number, one in enumerate(utterances)
        ],
        "words": [{"word": word.text, "start": word.span.start_s, "end": word.span.end_s} for word in words],
    }


WRITERS: dict[str, Callable[[FileTranscript], Response]] = {
    "json": lambda heard: JSONResponse({"text": _text(heard)}),
    "text": lambda heard: PlainTextResponse(_text(heard)),
    "srt": lambda heard: PlainTextResponse(subtitles.to_srt(heard.utterances)),
    "vtt": lambda heard: PlainTextResponse(subtitles.to_vtt(heard.utterances)),
    "verbose_json": lambda heard: JSONResponse(_verbose(heard)),
}
FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "model": {"type": "string", "description": "any name"},
                        "language": {"type": "string", "description": "such as en; detected unless given"},
                        "response_format": {"type": "string", "enum": list(WRITERS), "default": "json"},
                    },
                }
            }
        },
    }
}


@router.post("/audio/transcriptions", summary="Transcribe a file, in OpenAI's format", openapi_extra=FORM)
async def transcribe(request: Request, longreel: LongreelDep) -> Response:
    """Writes down what is said in a sound or video file. It does not join the library, and nothing of it is stored.

    `verbose_json` has the sentences and words with their times, in seconds. Other fields are ignored. Two files are
    transcribed at a time, from different callers in turn. If the client disconnects, the work stops.
    """
    form = await receive_form(request, longreel.library.incoming)
    try:
        write = WRITERS.get(form.fields.get("response_format", "").strip() or "json")
        if write is None:
            raise BadInput("There is no such response_format.", f"Choose one of {', '.join(WRITERS)}.")
        languages = form.fields.get("language", "").lower().split()
        hear = partial(longreel.hearing.transcribe, form.files["file"], languages)
        join = partial(request.app.state.hearing_line.join, caller_of(request.scope, longreel.settings.server))
        async with aclosing(pump(lambda gone: iter([hear(gone)]), join)) as steps:
            async for heard in steps:
                if heard is not None:
                    return write(heard)
                if await request.is_disconnected():
                    break
        raise Cancelled("The transcription was cancelled.")
    finally:
        await on_disk(request, form.discard)
