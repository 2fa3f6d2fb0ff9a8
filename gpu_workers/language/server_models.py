"""What an OpenAI-compatible server offers: its address, its models, and which of them see."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
from pydantic import SecretStr

from app.core.errors import BadInput, MissingPart, StillLoading, WorkerFailed
from app.core.paths import readable
from app.core.types import Capabilities, Message
from gpu_workers.language.openai import OpenAICompatibleModel
from gpu_workers.language.openai_server import ModelServer, shown_address
from gpu_workers.language.openai_talk import Known, Talk

TIMEOUT_S = 10.0
MOST_BYTES = 16_000_000
"""A longer list of models is nonsense."""


@dataclass(frozen=True, slots=True)
class ServedModel:
    """One model of a server's list."""

    name: str
    sees: bool | None = None
    """Whether it accepts pictures, as the server describes it; None if it does not say."""
    chats: bool = True
    """False for models that the server describes as something else, such as embeddings."""


@dataclass(frozen=True, slots=True)
class ServerOffer:
    """A server and its models."""

    url: str
    """The address below which the API is, such as http://127.0.0.1:11434/v1."""
    models: tuple[ServedModel, ...]


def list_models(address: str, key: str = "") -> ServerOffer:
    """The models of the server at an address, with or without /v1.

    Raises BadInput, MissingPart or WorkerFailed; each says what to do.
    """
    given = _complete(address)
    # An address with a path, such as https://openrouter.ai/api/v1, is tried as it is first.
    for url in dict.fromkeys((given if urlsplit(given).path else f"{given}/v1", given, f"{given}/v1")):
        entries = _entries(url, key)
        if entries is not None:
            if any(entry.get("owned_by") == "longreel" for entry in entries):
                raise BadInput(
                    f"{shown_address(url)} is Longreel itself.",
                    "Give the address of a server of models, such as Ollama.",
                )
            if not entries:
                raise MissingPart(
                    f"The server at {shown_address(url)} has no models.",
                    "Load one there first, for example: ollama pull qwen3-vl:8b",
                )
            hints = _hints(url, key, entries)
            return ServerOffer(url, tuple(ServedModel(entry["id"], *hints[entry["id"]]) for entry in entries))
    raise BadInput(
        f"The server at {shown_address(given)} is not OpenAI-compatible: it has no list of models.",
        "Check the address. Usual ones: http://localhost:11434 (Ollama), http://localhost:1234 (LM Studio), "
        "http://localhost:8000 (vLLM).",
    )


def try_model(url: str, model: str, key: str = "") -> Capabilities:
    """What a model can do, found out with a few small requests, one of them with a picture. Raises LongreelError."""
    server = OpenAICompatibleModel(Talk(ModelServer(url, model, SecretStr(key) if key else None), Known()))
    try:
        can = server.capabilities
        if not (can.images or can.tools or can.schema or can.weighs):
            server.chat([Message("user", "Say yes.")], max_output=8)  # a model of vectors refuses this too
        return can
    finally:
        server.unload()


def loaded_context(url: str, model: str) -> int:
    """How many tokens Ollama reads at once with a loaded model; 0 if the server is not Ollama.

    Ollama cuts longer prompts without an error, and lists no context length in OpenAI's API.
    """
    try:
        _, running = _answer(f"{_root(url)}/api/ps")
        return next((int(one["context_length"]) for one in running["models"] if one["name"] == model), 0)
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return 0


def _complete(address: str) -> str:
    """The address with a scheme, without a slash at the end. Raises BadInput."""
    whole = address.strip() if "://" in address else f"http://{address.strip()}"
    try:
        parts = urlsplit(whole)
        is_valid = parts.scheme in ("http", "https") and bool(httpx.URL(whole).host) and (parts.port or 1) > 0
    except (ValueError, httpx.InvalidURL):
        is_valid = False
    if not is_valid:
        raise BadInput(f"{shown_address(address)} is not an http address.", "Write it like http://localhost:11434.")
    path = parts.path.rstrip("/").removesuffix("/models").removesuffix("/chat/completions")
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def _root(url: str) -> str:
    return url.removesuffix("/v1")


def _answer(url: str, key: str = "", body: object = None) -> tuple[int, Any]:
    """The status and the JSON that comes from an address; None in place of what is no JSON or too long.

    Raises httpx.HTTPError, also for an answer that is not complete in time.
    """

    async def fetched() -> tuple[int, bytes]:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        async with (
            httpx.AsyncClient(headers=headers, timeout=TIMEOUT_S, follow_redirects=True) as http,
            http.stream("GET" if body is None else "POST", url, json=body) as response,
        ):
            data = bytearray()
            async for piece in response.aiter_bytes():
                data += piece
                if len(data) > MOST_BYTES:
                    return response.status_code, b""
            return response.status_code, bytes(data)

    async def in_time() -> tuple[int, bytes]:
        return await asyncio.wait_for(fetched(), TIMEOUT_S)

    try:
        status, data = asyncio.run(in_time())
    except TimeoutError as error:
        raise httpx.ReadTimeout(f"more than {TIMEOUT_S:g} s") from error
    try:
        return status, json.loads(data)
    except (ValueError, RecursionError):
        return status, None


def _entries(url: str, key: str) -> list[dict[str, Any]] | None:
    """The entries of the model list below an address; None if there is no such list. Raises LongreelError."""
    shown = shown_address(url)
    try:
        status, listed = _answer(f"{url}/models", key)
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise WorkerFailed(
            f"There is no server at {shown}.", "Start it first (for example: ollama serve), or correct the address."
        ) from error
    except httpx.TimeoutException as error:
        raise WorkerFailed(f"The server at {shown} did not answer in {TIMEOUT_S:g} s.", "Try again later.") from error
    except httpx.HTTPError as error:
        raise BadInput(
            f"The server at {shown} does not answer over HTTP.", "Check the address and the port."
        ) from error
    if status in (401, 403):
        refused = "refuses the key" if key else "needs a key"
        raise MissingPart(f"The server at {shown} {refused}.", "Give the right one with --key.")
    if status == 503:
        raise StillLoading.of(shown)
    if status >= 500:
        raise WorkerFailed(f"The server at {shown} answers {status}.", "See its log, then try again.")
    if not isinstance(listed, dict) or status >= 300 or "data" not in listed:
        return None
    data = [] if listed["data"] is None else listed["data"]  # Ollama without a model sends null
    if not isinstance(data, list):
        return None
    named = (entry for entry in data if isinstance(entry, dict) and isinstance(entry.get("id"), str))
    return [entry | {"id": readable(entry["id"])} for entry in named if entry["id"]]


def _hints(url: str, key: str, entries: Sequence[Mapping[str, Any]]) -> dict[str, tuple[bool | None, bool]]:
    """Whether each model sees, and whether it chats: OpenRouter and Mistral say it in their list, Ollama on a page for
    each model, and LM Studio in another list."""
    hints: dict[str, tuple[bool | None, bool]] = {}
    for entry in entries:
        architecture, capabilities = entry.get("architecture"), entry.get("capabilities")
        hints[entry["id"]] = (None, True)
        if isinstance(architecture, dict) and isinstance(architecture.get("input_modalities"), list):
            outputs = architecture.get("output_modalities") or ["text"]
            hints[entry["id"]] = "image" in architecture["input_modalities"], "text" in outputs
        elif isinstance(capabilities, dict) and "vision" in capabilities:
            hints[entry["id"]] = bool(capabilities["vision"]), bool(capabilities.get("completion_chat", True))
    of_ollama: dict[str, tuple[bool | None, bool]] = {}
    for name in hints:
        try:
            status, shown = _answer(f"{_root(url)}/api/show", key, {"model": name})
            capabilities = shown["capabilities"] if status < 300 else []
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            break
        if not capabilities:
            break
        of_ollama[name] = ("vision" in capabilities, "completion" in capabilities)
    if of_ollama:
        return hints | of_ollama
    try:
        _, shown = _answer(f"{_root(url)}/api/v0/models", key)
        listed = shown["data"]
        return hints | {str(one["id"]): (one["type"] == "vlm", one["type"] in ("vlm", "llm")) for one in listed}
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return hints
