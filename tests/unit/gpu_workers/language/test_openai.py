"""Models behind a server, against a real one on this machine that behaves in many ways."""

from __future__ import annotations

import base64
import io
import itertools
import logging
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image
from pydantic import SecretStr

from app.core.errors import Cancelled, MissingPart, ToolRefused, WorkerFailed
from app.core.settings import Settings
from app.core.types import Completion, Frame, Message
from gpu_workers.language.openai import TRIES, ChatServer, OpenAICompatibleModel, OpenAICompatibleVisionModel
from tests.unit.gpu_workers.language.chat_server import Reply, chat_service, completion

ASK = [Message("system", "Be brief."), Message("user", "Where is the cup?")]
KEY = "sk-very-secret"


class Asked:
    """A client of a served answer, and what it waited."""

    def __init__(self, url, timeout_s=5.0):
        self.waits = []
        self.server = ChatServer(url, "tiny", SecretStr(KEY), timeout_s=timeout_s, sleep=self.waits.append)
        self.model = OpenAICompatibleModel(self.server)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.model.unload()

    def complete(self, **options):
        return self.model.complete(ASK, max_tokens=20, **options)


def test_a_good_server_gets_the_prompt_and_gives_text_and_counts():
    schema = {"type": "object"}
    with chat_service(lambda *_: completion("On the table.")) as service, Asked(service.url + "/") as asked:
        assert asked.complete(schema=schema) == Completion("On the table.", 7, 3)
        counted = asked.model.counters
        assert (counted.items, counted.tokens) == (1, 3) and counted.seconds > 0
    (sent,) = service.requests
    assert sent["path"] == "/v1/chat/completions"
    assert sent["messages"] == [{"role": m.role, "content": m.content} for m in ASK]
    assert (sent["model"], sent["max_tokens"], sent["temperature"]) == ("tiny", 20, 0)
    assert sent["response_format"]["json_schema"]["schema"] == schema
    assert service.headers[0]["authorization"] == f"Bearer {KEY}"


def test_a_server_that_takes_no_bounds_in_a_schema_is_asked_without_them():
    bounded = {"type": "object", "properties": {"a": {"type": "array", "maxItems": 2, "items": {"maxLength": 9}}}}

    def strict(request, earlier):
        sent = request["response_format"]["json_schema"]["schema"]["properties"]["a"]
        if "maxItems" in sent or "maxLength" in sent["items"]:
            return Reply(400, {"error": {"message": "Invalid schema: 'maxLength' is not permitted."}})
        return completion("{}")

    with chat_service(strict) as service, Asked(service.url) as asked:
        for _ in range(2):
            assert asked.complete(schema=bounded).text == "{}"
        assert len(service.requests) == 3 and asked.waits == []
        assert service.requests[-1]["response_format"]["json_schema"]["schema"] == {
            "type": "object", "properties": {"a": {"type": "array", "items": {}}}
        }  # fmt: skip


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_busy_server_is_asked_again_after_longer_waits(status):
    def answer(request, earlier):
        return completion("yes") if earlier == 2 else Reply(status, {"error": "busy"})

    with chat_service(answer) as service, Asked(service.url) as asked:
        assert asked.complete().text == "yes"
    assert len(asked.waits) == 2
    assert asked.waits[1] > asked.waits[0] > 0


def test_the_server_says_how_long_to_wait():
    def answer(request, earlier):
        return completion("yes") if earlier else Reply(429, {}, {"retry-after": "3"})

    with chat_service(answer) as service, Asked(service.url) as asked:
        asked.complete()
    assert asked.waits == [3.0]


def test_the_log_says_why_a_server_is_asked_again(caplog):
    def answer(request, earlier):
        return completion("yes") if earlier else Reply(503)

    with caplog.at_level(logging.INFO), chat_service(answer) as service, Asked(service.url) as asked:
        asked.complete()
    assert "it answers 503" in caplog.text


def test_a_broken_connection_is_tried_again():
    with (
        chat_service(lambda _, earlier: completion("yes") if earlier else Reply(hang_up=True)) as service,
        Asked(service.url) as asked,
    ):
        assert asked.complete().text == "yes"


def test_a_server_that_keeps_failing_is_given_up():
    with (
        chat_service(lambda *_: Reply(503, {})) as service,
        Asked(service.url) as asked,
        pytest.raises(WorkerFailed, match="503") as failed,
    ):
        asked.complete()
    assert len(service.requests) == TRIES
    assert failed.value.retryable


def test_a_server_that_is_away_is_a_missing_part():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    with Asked(url) as asked, pytest.raises(MissingPart, match="no model server at") as missing:
        asked.complete()
    assert "LONGREEL_LLM_URL" in missing.value.hint


def test_a_server_that_hangs_is_left():
    with (
        chat_service(lambda *_: Reply(delay_s=0.4)) as service,
        Asked(service.url, timeout_s=0.1) as asked,
        pytest.raises(WorkerFailed, match="did not answer in"),
    ):
        asked.complete()


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        (Reply(401, {"error": "bad key"}), MissingPart, "refuses the key"),
        (Reply(404, {"error": "no model"}), MissingPart, "no model 'tiny'"),
        (Reply(400, {"error": {"message": "maximum context length is 4096"}}), ToolRefused, "longer than"),
        (Reply(400, {"error": "unknown field"}), WorkerFailed, "unknown field"),
        (Reply(200, b"<html>hello</html>"), WorkerFailed, "not answer like"),
        (Reply(200, {"choices": []}), WorkerFailed, "not answer like"),
        (Reply(200, ["odd"]), WorkerFailed, "not answer like"),
    ],
)
def test_what_a_server_refuses_or_garbles_is_told_at_once(reply, error, words):
    with chat_service(lambda *_: reply) as service, Asked(service.url) as asked, pytest.raises(error, match=words):
        asked.complete()
    assert len(service.requests) == 1


def test_an_answer_without_text_or_counts_is_empty():
    bare = Reply(200, {"choices": [{"message": {"content": None}}], "usage": None})
    with chat_service(lambda *_: bare) as service, Asked(service.url) as asked:
        assert asked.complete() == Completion("", 0, 0)


def test_keys_and_passwords_stay_out_of_logs_errors_and_names(caplog):
    caplog.set_level(logging.DEBUG)
    with (
        chat_service(lambda *_: Reply(500, {})) as service,
        Asked(service.url.replace("http://", "http://me:hunter2@")) as asked,
        pytest.raises(WorkerFailed) as failed,
    ):
        asked.complete()
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("gpu_workers")]
    shown = " ".join([*ours, str(failed.value), asked.model.model, repr(asked.server)])
    assert ours
    assert KEY not in shown and "hunter2" not in shown


def test_several_callers_are_served_at_once():
    with (
        chat_service(lambda *_: Reply(**vars(completion("yes")) | {"delay_s": 1.0})) as service,
        Asked(service.url) as asked,
        ThreadPoolExecutor(4) as pool,
    ):
        started = time.monotonic()
        list(pool.map(lambda _: asked.complete(), range(4)))
        assert time.monotonic() - started < 3.0


def test_frames_go_as_pictures_each_after_its_time():
    image = np.zeros((24, 32, 3), np.uint8)
    image[..., 0] = 250
    frames = [Frame(12.0, image), Frame(13.54, image)]
    with chat_service(lambda *_: completion("Red.")) as service:
        model = OpenAICompatibleVisionModel(ChatServer(service.url, "eyes"))
        assert model.look(frames, "Which colour?").text == "Red."
        model.unload()
    content = service.requests[0]["messages"][0]["content"]
    assert [part["text"] for part in content if part["type"] == "text"] == ["t=12.0s", "t=13.5s", "Which colour?"]
    assert [part["type"] for part in content] == ["text", "image_url", "text", "image_url", "text"]
    url = content[1]["image_url"]["url"]
    sent = Image.open(io.BytesIO(base64.b64decode(url.removeprefix("data:image/jpeg;base64,"))))
    assert sent.size == (32, 24)
    assert np.abs(np.asarray(sent).astype(int) - image).max() < 12


def test_frames_may_go_as_one_picture_that_keeps_all_times():
    frames = [Frame(second + 0.5, np.zeros((24, 32, 3), np.uint8)) for second in range(6)]
    settings = {"vlm_model": "eyes", "vlm_presentation": "grid"}
    with chat_service(lambda *_: completion("Dark.")) as service:
        model = OpenAICompatibleVisionModel.from_settings(Settings(vlm_url=service.url, **settings), None)
        model.look(frames, "Which colour?")
        model.unload()
    content = service.requests[0]["messages"][0]["content"]
    assert [part["type"] for part in content] == ["text", "image_url", "text"]
    assert all(f"t={second}.5s" in content[0]["text"] for second in range(6))
    assert model.model == f"eyes@{service.url}/grid"


@pytest.mark.parametrize("kind", [OpenAICompatibleModel, OpenAICompatibleVisionModel])
def test_a_server_that_was_not_set_is_a_missing_part(kind):
    with pytest.raises(MissingPart, match=r"LONGREEL_.LM_URL is empty"):
        kind.from_settings(Settings(), None)
    with pytest.raises(MissingPart, match=r"LONGREEL_.LM_MODEL is empty"):
        kind.from_settings(Settings(llm_url="http://x/v1", vlm_url="http://x/v1"), None)


def test_settings_name_the_server():
    settings = Settings(llm_url="http://x/v1", llm_model="m", llm_key=SecretStr(KEY))
    assert OpenAICompatibleModel.from_settings(settings, None).model == "m@http://x/v1"


def test_a_caller_that_stops_does_not_wait_for_a_slow_server():
    with chat_service(lambda *_: Reply(delay_s=2.0)) as service, Asked(service.url) as asked:
        asks = itertools.count()
        started = time.monotonic()
        with pytest.raises(Cancelled):
            asked.complete(stop=lambda: next(asks) > 1)
        assert time.monotonic() - started < 1.5
