"""Chat completions on the wire: the part of OpenAI's format that Longreel speaks, and its own extension.

Everything a client of that format sends is accepted; what would change the answer but cannot be
obeyed is refused by the route, the rest is ignored.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.api.schemas.answers import CitationOut, UsageOut
from app.api.schemas.base import AnyEvent, Wire
from app.core.types import AnswerStatus

MODEL = "longreel"


class _Sent(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class VideoUrl(_Sent):
    """Names a video: `longreel://ID`, or an id or title alone."""

    url: str = Field(min_length=1, max_length=4096)


class ImageUrl(_Sent):
    """A picture to look for in the videos: `data:image/jpeg;base64,...`."""

    url: str = Field(min_length=1)


class ContentPart(_Sent):
    """A piece of a message: `text`, a video, or a picture."""

    type: str
    text: str | None = None
    video_url: VideoUrl | None = None
    image_url: ImageUrl | None = None


class ChatMessage(_Sent):
    """One turn of the conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[ContentPart] | None = None


class StreamOptions(_Sent):
    """What a stream contains besides the answer."""

    include_usage: bool | None = None


class ResponseFormat(_Sent):
    """The format of the answer; only text."""

    type: str = "text"


class ChatIn(_Sent):
    """A conversation whose last message is a question about videos."""

    model: str
    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=1000)]
    metadata: dict[str, Any] | None = Field(
        None,
        description="`videos`: a list of ids or titles, or a text with commas between them, or with a JSON list; "
        "`collection`: the id or name of one; `max_steps` and `max_seconds` as in `POST /v1/ask`",
    )
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: int | None = None
    tools: list[Any] | None = None
    functions: list[Any] | None = None
    response_format: ResponseFormat | None = None


class UrlCitation(Wire):
    """The position of a mark such as [1] in the text, and the moment that it cites: `longreel://ID#t=START,END`."""

    start_index: int
    end_index: int
    title: str
    url: str


class Annotation(Wire):
    """A citation in OpenAI's format."""

    type: Literal["url_citation"] = "url_citation"
    url_citation: UrlCitation


class LongreelExtension(Wire):
    """What Longreel adds to OpenAI's format."""

    answer_id: str
    status: AnswerStatus
    confidence: float | None
    """Null unless the question is answered."""
    citations: list[CitationOut]
    searched: list[str]
    """What was searched, read and looked at; set if the answer was not found."""
    missing: list[str]
    """What it would take to decide; set if it could not be decided."""
    ignored_messages: int
    """The number of earlier messages that were ignored, such as those of the system."""
    usage: UsageOut


class TokenUsage(Wire):
    """Tokens of the language model; 0 where none was needed."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class ChatAnswer(Wire):
    """The message that answers."""

    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None
    annotations: list[Annotation]


class ChatChoice(Wire):
    """The one choice."""

    index: Literal[0] = 0
    message: ChatAnswer
    finish_reason: Literal["stop"] = "stop"
    logprobs: None = None


class ChatOut(Wire):
    """An answer as a chat completion."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str = MODEL
    choices: list[ChatChoice]
    usage: TokenUsage
    longreel: LongreelExtension | None = None
    """Absent where no video was searched: for a title or tags of the conversation."""


class ChatDelta(Wire):
    """What a chunk adds to the message."""

    role: Literal["assistant"] | None = None
    content: str | None = None
    reasoning_content: str | None = None
    """The agent's steps, a line each, and what its model writes on the way to the answer."""
    annotations: list[Annotation] | None = None


class ChunkChoice(Wire):
    """The one choice of a chunk."""

    index: Literal[0] = 0
    delta: ChatDelta
    finish_reason: Literal["stop"] | None = None
    logprobs: None = None


class ChunkExtension(Wire):
    """A step of the agent as it happens."""

    event: AnyEvent


class ChatChunk(Wire):
    """A piece of a streamed chat completion."""

    id: str
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"
    created: int
    model: str = MODEL
    choices: list[ChunkChoice]
    usage: TokenUsage | None = None
    longreel: LongreelExtension | ChunkExtension | None = None


class ModelOut(Wire):
    """The one model."""

    id: str = MODEL
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "longreel"


class ModelsOut(Wire):
    """All models, which is one."""

    object: Literal["list"] = "list"
    data: list[ModelOut]


class OpenAIErrorBody(Wire):
    """What went wrong, in OpenAI's format."""

    message: str
    type: str
    param: str | None = None
    code: str


class OpenAIError(Wire):
    """An error in OpenAI's format."""

    error: OpenAIErrorBody
