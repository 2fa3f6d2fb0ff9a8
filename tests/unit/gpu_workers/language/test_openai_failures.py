"""Servers that are busy, away, slow or refuse."""

from __future__ import annotations

import json
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.core.errors import MissingPart, ToolRefused, WorkerFailed
from app.core.settings import Hardware, Settings
from app.core.types import Message
from gpu_workers.base import ModelWorker
from gpu_workers.language import openai_server
from gpu_workers.language.openai_server import TRIES
from gpu_workers.registry import Workers
from tests.unit.gpu_workers.language.asking_server import KEY, Asked, answered, away
from tests.unit.gpu_workers.language.chat_server import Reply, chat_service, completion, refusal


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    monkeypatch.setattr(openai_server, "FIRST_WAIT_S", 0.02)


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_busy_server_is_asked_again(status, caplog):
    def answer(request, earlier):
        return completion("yes") if earlier == 2 else Reply(status, {"error": "busy"})

    with caplog.at_level(logging.INFO, "gpu_workers"):
        reply, requests = answered(answer)
    assert reply.text == "yes" and len(requests) == 3
    assert f"it answers {status}" in caplog.text


@pytest.mark.parametrize("asked_wait", ["0.4", "date"])
def test_the_server_says_how_long_to_wait(asked_wait):
    def answer(request, earlier):
        after = (
            time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 2))
            if asked_wait == "date"
            else asked_wait
        )
        return completion("yes") if earlier else Reply(429, {}, {"retry-after": after})

    started = time.monotonic()
    assert answered(answer)[0].text == "yes"
    assert time.monotonic() - started > 0.4


@pytest.mark.parametrize("hardware", [Hardware(idle_unload_s=0.1), Hardware(memory_gb=1.0)])
def test_an_answer_is_finished_though_models_are_freed_when_idle_or_for_others(hardware):
    class Large(ModelWorker[str]):
        def _load(self):
            return "loaded"

        def _expected_bytes(self):
            return 2 * 10**9

    def answer(request, earlier):
        time.sleep(0.4)
        return completion("yes") if earlier else Reply(503, {})

    with chat_service(answer) as service, ThreadPoolExecutor(1) as pool:
        workers = Workers(Settings(profile="remote", llm_url=service.url, llm_model="m", hardware=hardware))
        chat = workers.get("language_model")
        asked = pool.submit(chat.chat, [Message("user", "Is it?")], max_output=5)
        time.sleep(0.2)
        workers.shared("large", lambda: Large("large")).warm_up()
        assert asked.result().text == "yes"
        chat.unload()


def test_a_server_that_wants_a_long_pause_is_given_up():
    with (
        chat_service(lambda *_: Reply(429, {}, {"retry-after": "3600"})) as service,
        Asked(service.url) as asked,
        pytest.raises(WorkerFailed, match="429"),
    ):
        asked.chat()
    assert len(service.requests) == 1


def test_a_broken_connection_is_tried_again():
    assert answered(lambda _, earlier: completion("yes") if earlier else Reply(hang_up=True))[0].text == "yes"


def test_a_server_that_keeps_failing_is_given_up():
    with (
        chat_service(lambda *_: Reply(503, {})) as service,
        Asked(service.url) as asked,
        pytest.raises(WorkerFailed, match="503") as failed,
    ):
        asked.chat()
    assert len(service.requests) == TRIES == 4
    assert failed.value.retryable


def test_a_server_that_is_away_can_be_tried_later():
    with Asked(away()) as asked, pytest.raises(WorkerFailed, match="no model server at") as failed:
        asked.chat()
    assert "LONGREEL_LLM_URL" in failed.value.hint


def test_a_server_that_hangs_is_left():
    with (
        chat_service(lambda *_: Reply(delay_s=0.4)) as service,
        Asked(service.url, timeout_s=0.1) as asked,
        pytest.raises(WorkerFailed, match="did not answer in"),
    ):
        asked.chat()


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        (Reply(401, {"error": "bad key"}), MissingPart, "refuses the key"),
        (Reply(404, {"error": "nothing here"}), MissingPart, "no model 'tiny'"),
        (refusal("unknown field"), WorkerFailed, "unknown field"),
        (Reply(200, b"<html>hello</html>"), WorkerFailed, "not answer like"),
        (Reply(200, {"choices": []}), WorkerFailed, "not answer like"),
        (Reply(200, ["odd"]), WorkerFailed, "not answer like"),
    ],
)
def test_what_a_server_refuses_or_garbles_is_told_at_once(reply, error, words):
    with chat_service(lambda *_: reply) as service, Asked(service.url) as asked, pytest.raises(error, match=words):
        asked.chat()
    assert len(service.requests) == 1


def test_a_prompt_is_too_long_only_when_it_does_not_fit_beside_the_visible_answer():
    def small(request, earlier):
        return refusal("maximum context length is 4096 tokens") if request["max_tokens"] > 20 else completion("yes")

    assert answered(small)[0].text == "yes"
    with pytest.raises(ToolRefused, match="longer than"):
        answered(refusal("maximum context length is 4096 tokens"))


def test_keys_and_passwords_stay_out_of_logs_errors_and_names(caplog, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-somebody-else")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-somebody-else")
    caplog.set_level(logging.DEBUG, "gpu_workers")
    with (
        chat_service(lambda *_: Reply(500, {})) as service,
        Asked(service.url.replace("http://", "http://me:hunter2@")) as asked,
        pytest.raises(WorkerFailed) as failed,
    ):
        asked.chat()
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("gpu_workers")]
    shown = " ".join([*ours, str(failed.value), asked.model.model, repr(asked.server)])
    assert ours
    assert KEY not in shown and "hunter2" not in shown
    assert "somebody-else" not in json.dumps(service.headers)


def test_several_callers_are_served_at_once():
    def slow(request, earlier):
        time.sleep(1.0)
        return completion("yes")

    with chat_service(slow) as service, Asked(service.url) as asked, ThreadPoolExecutor(4) as pool:
        started = time.monotonic()
        list(pool.map(lambda _: asked.chat(), range(4)))
        assert time.monotonic() - started < 3.0


def test_a_model_that_is_freed_ends_what_is_under_way_and_opens_again():
    before = set(threading.enumerate())
    with (
        chat_service(lambda *_: Reply(**vars(completion("yes")) | {"delay_s": 0.3})) as service,
        Asked(service.url) as asked,
        ThreadPoolExecutor(1) as pool,
    ):
        under_way = pool.submit(asked.chat)
        while not service.requests:
            time.sleep(0.01)
        asked.model.unload()
        assert under_way.result().text == "yes"
        assert asked.chat().text == "yes"
    assert not [one for one in set(threading.enumerate()) - before if one.name == "chat-server"]
