"""Between chat completions and questions: which videos a conversation names, and an answer as a message."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from pydantic import ValidationError

from app.api.problems import bad_fields
from app.api.schemas import AnswerOut
from app.api.schemas.answers import LimitsIn
from app.api.schemas.chat import (
    MODEL,
    Annotation,
    ChatAnswer,
    ChatIn,
    ChatMessage,
    LongreelExtension,
    TokenUsage,
    UrlCitation,
)
from app.core.describe import explain_status
from app.core.errors import BadInput, NotFound
from app.core.timecode import clock
from app.core.types import Answer, AnswerStatus, Turn
from app.services.threads import REMEMBERED

NO_TOKENS = TokenUsage(prompt_tokens=0, completion_tokens=0, total_tokens=0)
SCHEME = "longreel://"
FOREIGN = ("http://", "https://", "ftp://", "file:", "data:", "blob:")
SOURCES = "\n\nSources:"
LONGEST_QUOTE = 300
NAMING = f"Add the video to the library first, then name it {SCHEME}ID or by its title."


def check_request(request: ChatIn) -> None:
    """Refuses what would change the answer but cannot be obeyed. Raises NotFound, BadInput."""
    if request.model != MODEL:
        raise NotFound(f"There is no model {request.model}.", f"The only model is called {MODEL}.")
    if request.n not in (None, 1):
        raise BadInput("There is only one answer to a question.", "Leave n out.")
    if request.tools or request.functions:
        raise BadInput("Longreel cannot call your tools.", "Leave tools out, or use Longreel's MCP server.")
    if request.response_format is not None and request.response_format.type != "text":
        raise BadInput("The answer is always text.", "Leave response_format out; the field longreel holds the data.")


def question_of(messages: Sequence[ChatMessage]) -> str:
    """The text of the last message. Raises BadInput unless it is one of the user, of text, videos and pictures."""
    last = messages[-1]
    if last.role != "user":
        raise BadInput("The last message is not the user's.", "End with a message of the role user.")
    for part in [] if isinstance(last.content, str) else last.content or []:
        if part.type not in ("text", "video_url", "image_url"):
            raise BadInput(f"A part of the type {part.type} cannot be read.", "Send text, video_url or image_url.")
    return text_of(last)


def picture_address_of(messages: Sequence[ChatMessage]) -> str:
    """The address of the picture in the last message; "" without one. Raises BadInput for several."""
    content = messages[-1].content
    parts = [part for part in content if part.type == "image_url"] if isinstance(content, list) else []
    if len(parts) > 1:
        raise BadInput("Only one picture can be looked for at a time.", "Send one image_url part.")
    if parts and parts[0].image_url is None:
        raise BadInput("An image_url part has no image_url.", 'Send {"image_url": {"url": "data:image/..."}}.')
    return parts[0].image_url.url if parts and parts[0].image_url else ""


def turns_of(messages: Sequence[ChatMessage]) -> tuple[Turn, ...]:
    """The earlier questions of the conversation with their answers, to which the last message can refer back."""
    turns: list[Turn] = []
    question = ""
    for message in messages[:-1]:
        if message.role == "user":
            question = text_of(message)
        elif message.role == "assistant" and question:
            text = text_of(message).partition(SOURCES)[0].strip()
            turns.append(Turn(question, question, Answer(AnswerStatus.INSUFFICIENT, text)))
            question = ""
    return tuple(turns[-REMEMBERED:])


def text_of(message: ChatMessage) -> str:
    """What a message says, without its other parts."""
    if message.content is None or isinstance(message.content, str):
        return message.content or ""
    return "\n".join(part.text for part in message.content if part.type == "text" and part.text)


def pieces(content: str) -> Iterator[str]:
    """The text in pieces of a few words, which together are the text."""
    yield from re.findall(r"\s*\S+(?:[^\S\n]+\S+){0,3}\s*", content) or [content]


def videos_of(request: ChatIn) -> list[str]:
    """The videos that the metadata and the user's messages name, each once; none means the whole library.

    Raises BadInput for an address that is none of the library's.
    """
    listed: Any = (request.metadata or {}).get("videos")
    if isinstance(listed, str) and listed.lstrip().startswith("["):
        try:
            listed = json.loads(listed)
        except (ValueError, RecursionError) as error:
            raise BadInput("metadata.videos is not a JSON list.", "Give names with commas between them.") from error
    listed = listed.split(",") if isinstance(listed, str) else listed or []
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        raise BadInput("metadata.videos does not name videos.", "Give a list of ids or titles.")
    names = [_name(name.strip()) for name in listed if name.strip()]
    for message in request.messages:
        if message.role != "user" or isinstance(message.content, str):
            continue
        for part in message.content or []:
            if part.type != "video_url":
                continue
            if part.video_url is None:
                hint = f'Send {{"video_url": {{"url": "{SCHEME}ID"}}}}.'
                raise BadInput("A video_url part has no video_url.", hint)
            names.append(_name(part.video_url.url.strip()))
    return list(dict.fromkeys(names))


def collection_of(request: ChatIn) -> str | None:
    """The collection that the metadata names, if any. Raises BadInput for what is no name."""
    name: object = (request.metadata or {}).get("collection")
    if name is not None and not isinstance(name, str):
        raise BadInput("metadata.collection is not a name.", "Give the id or the name of one collection.")
    return name or None


def limits_of(request: ChatIn) -> LimitsIn:
    """What the metadata lets the answer take, as numbers or as texts of them. Raises BadInput for anything else."""
    limits = {name: value for name, value in (request.metadata or {}).items() if name in LimitsIn.model_fields}
    try:
        return LimitsIn.model_validate(limits)
    except ValidationError as error:
        raise bad_fields(error) from error


def message_of(answer: AnswerOut, titles: Mapping[str, str]) -> ChatAnswer:
    """The answer's text with its sources below, numbered, and an annotation for each number.

    A refusal says what was searched, or what it would take to decide.
    """
    refusal = explain_status(answer.status, answer.searched, answer.missing)
    content = answer.text + (f"\n\n{refusal}" if refusal else "") + (SOURCES if answer.citations else "")
    annotations = []
    for number, cited in enumerate(answer.citations, start=1):
        mark, title = f"[{number}]", titles.get(cited.video_id, cited.video_id[:12])
        begin = len(content) + 1
        quote = " ".join(cited.quote.split())[:LONGEST_QUOTE]
        content += f"\n{mark} {title}, {clock(cited.start_s)}-{clock(cited.end_s)}: {quote}"
        moment = UrlCitation(
            start_index=begin,
            end_index=begin + len(mark),
            title=f"{title}, {clock(cited.start_s)}-{clock(cited.end_s)}",
            url=f"{SCHEME}{cited.video_id}#t={cited.start_s:.3f},{cited.end_s:.3f}",
        )
        annotations.append(Annotation(url_citation=moment))
    return ChatAnswer(content=content, annotations=annotations)


def extension_of(answer: AnswerOut, request: ChatIn) -> LongreelExtension:
    """What Longreel adds to OpenAI's format."""
    return LongreelExtension(
        answer_id=answer.id,
        status=answer.status,
        confidence=answer.confidence,
        citations=answer.citations,
        searched=answer.searched,
        missing=answer.missing,
        ignored_messages=len(request.messages) - 1 - 2 * len(turns_of(request.messages)),
        usage=answer.usage,
    )


def tokens_of(answer: AnswerOut) -> TokenUsage:
    """The tokens that an answer took."""
    prompt, output = answer.usage.prompt_tokens, answer.usage.output_tokens
    return TokenUsage(prompt_tokens=prompt, completion_tokens=output, total_tokens=prompt + output)


def _name(address: str) -> str:
    if address.lower().startswith(FOREIGN):
        raise BadInput("A video cannot be read from an address or from the message itself.", NAMING)
    if not address.lower().startswith(SCHEME):
        return address
    name, _, moment = address[len(SCHEME) :].partition("#")
    if moment:
        raise BadInput("A question is about whole videos.", f"Leave #{moment} out of the address.")
    return unquote(name.rstrip("/"))
