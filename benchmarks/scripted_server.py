"""The scripted model behind an HTTP server of chat completions, so that a play goes through the real client as well.

It takes pictures as data addresses and knows their times from the text before them, as a model would. One form calls
tools natively; the other refuses tools and response formats, and writes JSON into its text when a prompt asks for it.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import numpy as np

from app.core.types import Frame, Message, ToolCall, ToolSpec
from benchmarks.scripted import ScriptedChat

MODEL = "scripted"
CONTEXT = 200_000
_CLOCK = re.compile(r"\d+(?::\d\d)+(?:\.\d+)?")
_SCHEMA_IN_WORDS = "fit this JSON schema:"
_NOT_SUPPORTED = "{name} is not supported by this model"


class ScriptedServer:
    """Serves one scripted model at a time; a context manager."""

    def __init__(self, *, tools: bool = True) -> None:
        """`tools`: whether tools and response formats are accepted, rather than refused."""
        self.tools = tools
        self.chat: ScriptedChat | None = None
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def refusal(self, body: Mapping[str, Any]) -> str:
        """Why a request is not answered; empty when it is."""
        refused = [name for name in ("tools", "response_format") if name in body and not self.tools]
        return _NOT_SUPPORTED.format(name=refused[0]) if refused else ""

    def reply(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The delta of a streamed reply."""
        messages = read_messages(body["messages"])
        tools = [ToolSpec(one["function"]["name"], "", {}) for one in body.get("tools", ())]
        schema = _schema(body, messages)
        probe = _probed(tools, schema, messages)
        if probe is not None:
            return probe
        assert self.chat is not None
        if schema is not None and "calls" in schema.get("properties", {}):
            (call,) = self.chat.chat(messages, max_output=100, tools=(ToolSpec("look", "", {}),)).calls
            calls = [{"name": call.name, "arguments": json.loads(call.arguments)}]
            return {"content": json.dumps({"calls": calls}, ensure_ascii=False)}
        done = self.chat.chat(messages, max_output=100, tools=tools, schema=schema)
        return {"tool_calls": [_written(call) for call in done.calls]} if done.calls else {"content": done.text}


def read_messages(rows: Sequence[Mapping[str, Any]]) -> list[Message]:
    """Messages from the protocol; pictures get the last time that stands in the text before them."""
    messages = []
    for row in rows:
        parts: list[str | Frame] = []
        content = row.get("content") or ""
        for part in [{"type": "text", "text": content}] if isinstance(content, str) else content:
            if part["type"] == "text":
                parts.append(part["text"])
            else:
                before = next((one for one in reversed(parts) if isinstance(one, str)), "")
                parts.append(Frame(seconds_in(before), np.zeros((1, 1, 3), np.uint8)))
        messages.append(Message(row["role"], tuple(parts), call_id=row.get("tool_call_id", "")))
    return messages


def seconds_in(text: str) -> float:
    """The last clock time of a text, in seconds; 0 where there is none."""
    found = _CLOCK.findall(text)
    seconds = 0.0
    for part in found[-1].split(":") if found else ():
        seconds = 60 * seconds + float(part)
    return seconds


def _schema(body: Mapping[str, Any], messages: Sequence[Message]) -> dict[str, Any] | None:
    """The schema that binds a reply, or is only described in the prompt."""
    if "response_format" in body:
        bound: dict[str, Any] | None = body["response_format"].get("json_schema", {}).get("schema")
        return bound
    for message in reversed(messages):
        _, found, rest = message.text.rpartition(_SCHEMA_IN_WORDS)
        if found:
            described: dict[str, Any] = json.JSONDecoder().raw_decode(rest.strip())[0]
            return described
    return None


def _probed(
    tools: Sequence[ToolSpec], schema: Mapping[str, Any] | None, messages: Sequence[Message]
) -> dict[str, Any] | None:
    """Replies to the small requests by which a client finds out what a server can do."""
    if any(tool.name == "ready" for tool in tools):
        return {"tool_calls": [_written(ToolCall("ready-1", "ready", '{"word": "yes"}'))]}
    if schema is not None and "word" in schema.get("properties", {}):
        return {"content": '{"word": "yes"}'}
    if "Which colour is this picture" in messages[-1].text:
        return {"content": "yellow"}
    return {"content": "yes"} if "Is water wet" in messages[-1].text else None


def _written(call: ToolCall) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.arguments}
    return {"index": 0, "id": call.id, "type": "function", "function": function}


def _handler(server: ScriptedServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            listed = {"object": "list", "data": [{"id": MODEL, "object": "model", "max_model_len": CONTEXT}]}
            self._send(200, "application/json", json.dumps(listed))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            refusal = server.refusal(body)
            if refusal:
                self._send(400, "application/json", json.dumps({"error": {"message": refusal}}))
                return
            delta = server.reply(body)
            ended = "tool_calls" if "tool_calls" in delta else "stop"
            about = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": MODEL}
            usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
            choices = [
                {"index": 0, "delta": {"role": "assistant", **delta}, "finish_reason": None},
                {"index": 0, "delta": {}, "finish_reason": ended},
            ]
            chunks = [{**about, "choices": [choice]} for choice in choices] + [{**about, "choices": [], "usage": usage}]
            lines = [json.dumps(chunk, ensure_ascii=False) for chunk in chunks]
            self._send(200, "text/event-stream", "".join(f"data: {line}\n\n" for line in [*lines, "[DONE]"]))

        def log_message(self, *_: object) -> None:
            """Says nothing."""

        def _send(self, status: int, kind: str, text: str) -> None:
            data = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    return Handler
