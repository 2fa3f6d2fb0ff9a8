"""A client of a model behind a server of this machine, and what it asks."""

from __future__ import annotations

import socket

import numpy as np
from pydantic import SecretStr

from app.core.types import Frame, Message, ToolSpec
from gpu_workers.language.openai import OpenAICompatibleModel
from gpu_workers.language.openai_server import ModelServer
from gpu_workers.language.openai_talk import Known, Talk
from tests.unit.gpu_workers.language.chat_server import chat_service

ASK = [Message("system", "Be brief."), Message("user", "Where is the cup?")]
KEY = "sk-very-secret"
SCHEMA = {
    "type": "object",
    "properties": {"place": {"type": "string", "maxLength": 20}},
    "required": ["place"],
    "additionalProperties": False,
}
FITS = '{"place": "table"}'
SEARCH = ToolSpec("search", "Searches the transcript.", {"type": "object", "properties": {"query": {"type": "string"}}})
RED = Frame(12.0, np.full((24, 32, 3), (250, 0, 0), np.uint8))


class Asked:
    """A client of a served answer whose capabilities are known, unless said otherwise."""

    def __init__(self, url, known=None, timeout_s=5.0, name="tiny"):
        self.server = ModelServer(url, name, SecretStr(KEY), timeout_s=timeout_s)
        self.model = OpenAICompatibleModel(Talk(self.server, known or Known(images=True, tools=True, context=9000)))

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.model.unload()

    def chat(self, messages=ASK, **options):
        return self.model.chat(messages, **{"max_output": 20, **options})


def answered(reply, **options):
    """What one reply of a server becomes, and the requests that were sent."""
    answer = reply if callable(reply) else lambda *_: reply
    with chat_service(answer) as service, Asked(service.url) as asked:
        return asked.chat(**options), service.requests


def away() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/v1"
