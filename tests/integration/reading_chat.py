"""A chat model without weights that reads as a small one does: it quotes the line that shares most words."""

from __future__ import annotations

import json
import re

import pytest

from gpu_workers.language.fakes import ChatRequest, FakeChat, smallest, words


def connect(monkeypatch: pytest.MonkeyPatch, *rewritten: str) -> FakeChat:
    """Makes it the language model of the product. Follow-up questions are written out as `rewritten` says, in order."""
    left = list(rewritten)

    def reply(request: ChatRequest) -> str:
        wanted = (request.schema or {}).get("properties", {})
        if "answers" in wanted:
            return json.dumps({"answers": [_closest_line(request.messages[-1].text)]})
        if "question" in wanted:
            return json.dumps({"question": left.pop(0)})
        if "verdict" in wanted:
            return json.dumps({"reason": "The line says so.", "verdict": "yes"})
        return json.dumps(smallest(request.schema)) if request.schema is not None else "yes"

    chat = FakeChat(rule=reply)
    monkeypatch.setattr(FakeChat, "from_settings", lambda settings, workers: chat)
    monkeypatch.setenv("LONGREEL_MODELS__LANGUAGE_MODEL", "fake")
    return chat


def _closest_line(asked: str) -> dict[str, object]:
    lines = re.findall(r"^(E\d+) (.+)$", asked, re.MULTILINE)
    question = set(words(asked.rsplit("Question:", 1)[-1]))
    id, line = max(lines, key=lambda one: len(question & set(words(one[1]))))
    return {"evidence": [id], "answer": line.rsplit(": ", 1)[-1]}
