"""Models behind a server, against a real one on this machine that behaves in many ways."""

from __future__ import annotations

import base64
import io
import json
import logging
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image
from pydantic import SecretStr

from app.core.errors import Cancelled, MissingPart, ToolRefused, WorkerFailed
from app.core.settings import Settings
from app.core.types import Capabilities, Completion, Frame, Message, ToolCall, ToolSpec
from gpu_workers.language import openai_server
from gpu_workers.language.openai import OpenAICompatibleModel, OpenAICompatibleVisionModel
from gpu_workers.language.openai_server import TRIES, ModelServer
from gpu_workers.language.openai_talk import Known, Talk
from gpu_workers.registry import Workers
from tests.unit.gpu_workers.language.chat_server import Reply, chat_service, completion, message, refusal, stream

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


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    monkeypatch.setattr(openai_server, "FIRST_WAIT_S", 0.02)


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


def test_a_good_server_gets_the_prompt_and_gives_text_and_counts():
    with chat_service(lambda *_: completion(FITS)) as service, Asked(service.url + "/") as asked:
        assert asked.chat(schema=SCHEMA) == Completion(FITS, 7, 3)
        counted = asked.model.counters
        assert (counted.items, counted.tokens) == (1, 3) and counted.seconds > 0
    (sent,) = service.requests
    assert sent["path"] == "/v1/chat/completions"
    assert sent["messages"] == [{"role": m.role, "content": m.content} for m in ASK]
    assert (sent["model"], sent["temperature"], sent["stream"]) == ("tiny", 0, True)
    assert sent["max_tokens"] >= 4000  # room for models that think
    assert sent["response_format"]["json_schema"]["schema"] == SCHEMA
    assert service.headers[0]["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("content", [
    "<think>\nIs {\"place\": 1} right?\n</think>\n\nOn the table.",
    "So it is the table.\n</think>\nOn the table.",
    "[THINK]hm[/THINK]On the table.",
    "```\nOn the table.\n```",
    [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "On the table."}],
])  # fmt: skip
def test_thoughts_fences_and_parts_leave_the_visible_text(content):
    reply, _ = answered(message({"content": content, "reasoning_content": "secret"}))
    assert reply.text == "On the table."


@pytest.mark.parametrize(
    "text", [FITS, f"```json\n{FITS}\n```", f"<think>a</think>Here you are: {FITS}", f"\ufeff{FITS}"]
)
def test_json_is_found_in_what_stands_around_it(text):
    reply, _ = answered(completion(text), schema=SCHEMA)
    assert json.loads(reply.text) == {"place": "table"}


def test_a_body_that_begins_with_a_byte_order_mark_is_read():
    body = b"\xef\xbb\xbf" + json.dumps(completion("Yes.").body).encode()
    assert answered(Reply(body=body))[0].text == "Yes."


@pytest.mark.parametrize(("parameter", "words"), [
    ("max_tokens", "Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead."),
    ("temperature", "Unsupported value: 'temperature' does not support 0 with this model."),
    ("stream_options", "Unrecognized request argument supplied: stream_options"),
])  # fmt: skip
def test_a_parameter_that_is_refused_is_left_out_from_then_on(parameter, words):
    def strict(request, earlier):
        return refusal(words) if parameter in request else completion("yes")

    with chat_service(strict) as service, Asked(service.url) as asked:
        assert [asked.chat().text for _ in range(2)] == ["yes", "yes"]
    assert [parameter in request for request in service.requests] == [True, False, False]
    assert (parameter == "max_tokens") == ("max_completion_tokens" in service.requests[-1])


def test_several_callers_learn_at_once_what_a_server_refuses():
    def strict(request, earlier):
        time.sleep(0.1)
        return (
            refusal("Use 'max_completion_tokens' instead of max_tokens.")
            if "max_tokens" in request
            else completion("y")
        )

    with chat_service(strict) as service, Asked(service.url) as asked, ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: asked.chat().text, range(4))) == ["y"] * 4


def test_a_server_that_takes_no_bounds_in_a_schema_is_asked_without_them():
    def strict(request, earlier):
        place = request["response_format"]["json_schema"]["schema"]["properties"]["place"]
        return refusal("Invalid schema: 'maxLength' is not permitted.") if "maxLength" in place else completion(FITS)

    with chat_service(strict) as service, Asked(service.url) as asked:
        assert [asked.chat(schema=SCHEMA).text for _ in range(2)] == [FITS, FITS]
        assert len(service.requests) == 3


@pytest.mark.parametrize("lowest", ["json_object", "words"])
def test_a_server_without_schemas_is_told_the_schema_in_words(lowest):
    def strict(request, earlier):
        form = request.get("response_format", {}).get("type", "words")
        taken = {"json_object": ("json_object", "words"), "words": ("words",)}[lowest]
        return completion(FITS) if form in taken else refusal(f"response_format type '{form}' is not supported")

    with chat_service(strict) as service, Asked(service.url) as asked:
        assert [asked.chat(schema=SCHEMA).text for _ in range(2)] == [FITS, FITS]
    forms = [request.get("response_format", {}).get("type") for request in service.requests]
    assert forms == {
        "json_object": ["json_schema", "json_object", "json_object"],
        "words": ["json_schema", "json_object", None, None],
    }[lowest]  # fmt: skip
    assert '"maxLength": 20' in service.requests[-1]["messages"][0]["content"]


def test_json_that_does_not_fit_is_repaired_once():
    replies = ['{"place": 4}', FITS]
    reply, requests = answered(lambda _, earlier: completion(replies[earlier]), schema=SCHEMA)
    assert reply == Completion(FITS, 14, 6)
    assert requests[1]["messages"][-2] == {"role": "assistant", "content": '{"place": 4}'}
    assert "4 is not of type 'string'" in requests[1]["messages"][-1]["content"]


def test_json_that_cannot_be_repaired_is_an_error():
    with pytest.raises(WorkerFailed, match="does not write JSON that fits"):
        answered(completion('{"place": 4}'), schema=SCHEMA)


def test_json_that_was_cut_is_given_as_it_is():
    reply, requests = answered(message({"content": '{"place": "ta'}, "length"), schema=SCHEMA)
    assert (reply.text, reply.finish, len(requests)) == ('{"place": "ta', "length", 1)


def test_a_server_without_system_messages_gets_them_with_the_first_question():
    def strict(request, earlier):
        has_system = request["messages"][0]["role"] == "system"
        return refusal("System role not supported", 500) if has_system else completion("yes")

    reply, requests = answered(strict)
    assert reply.text == "yes"
    assert requests[-1]["messages"] == [{"role": "user", "content": "Be brief.\n\nWhere is the cup?"}]


@pytest.mark.parametrize(("content", "ended", "words"), [
    (None, "stop", "no visible text"),
    ("", "length", "token limit while thinking"),
    ("<think>so long", "length", "token limit while thinking"),
    (None, "content_filter", "content filter"),
])  # fmt: skip
def test_an_empty_reply_is_asked_for_once_more_and_then_an_error(content, ended, words):
    with (
        chat_service(lambda *_: message({"content": content, "reasoning_content": "hm"}, ended)) as service,
        Asked(service.url) as asked,
        pytest.raises(WorkerFailed, match=words),
    ):
        asked.chat()
    first, second = service.requests
    assert (second["max_tokens"] > first["max_tokens"]) == (ended == "length")


def test_a_model_that_declines_is_told_as_such():
    with pytest.raises(WorkerFailed, match="declined to answer: I cannot help"):
        answered(message({"content": None, "refusal": "I cannot help with that."}))


def test_an_error_in_a_good_answer_is_a_failure():
    with pytest.raises(WorkerFailed, match="model overloaded"):
        answered(Reply(200, {"error": {"message": "model overloaded", "code": 503}}))


def test_without_counts_the_size_is_estimated():
    reply, _ = answered(stream("On ", "the ", "table."))
    assert reply.text == "On the table." and reply.output_tokens == 3 and reply.prompt_tokens > 3


def test_text_is_told_while_it_is_written_once_the_models_ways_are_known():
    heard = []
    replies = [stream("Hello."), stream("<thi", "nk>no</think>", "On ", "the ", "table.", pause_s=0.02)]
    with chat_service(lambda _, earlier: replies[earlier]) as service, Asked(service.url) as asked:
        asked.chat(on_text=heard.append)
        assert heard == ["Hello."]
        heard.clear()
        assert asked.chat(on_text=heard.append).text == "On the table."
    assert heard == ["On", " the", " table."]


def test_neither_thoughts_nor_json_nor_calls_are_told():
    heard = []
    replies = [
        stream("I think", "</think>", "Yes."),
        stream("I think again", "</think>", "No."),
        stream('{"place": ', '"table"}'),
        stream("I look.", "<tool_call>", '{"name": "search", "arguments": {}}', "</tool_call>"),
    ]
    with (
        chat_service(lambda _, earlier: replies[earlier] if earlier < 3 else completion("ready")) as service,
        Asked(service.url) as asked,
    ):
        for options in ({}, {}, {"schema": SCHEMA}):
            asked.chat(on_text=heard.append, **options)
    assert heard == ["Yes.", "No."]


def test_more_than_was_wanted_is_cut_and_the_server_is_left():
    def answer(request, earlier):
        return stream(*["word "] * 400, pause_s=0.01) if earlier else completion("Hello.")

    with chat_service(answer) as service, Asked(service.url) as asked:
        asked.chat()
        reply = asked.chat(max_output=5)
        assert service.left.wait(5)
    assert (reply.text, reply.finish, reply.output_tokens) == ("word word word word word", "length", 6)


@pytest.mark.parametrize("reply", [Reply(delay_s=2.0), stream(*["word "] * 400, pause_s=0.01), Reply(503)])
def test_a_caller_that_stops_is_not_kept_waiting(reply, monkeypatch):
    monkeypatch.setattr(openai_server, "FIRST_WAIT_S", 30)
    with chat_service(lambda *_: reply) as service, Asked(service.url) as asked:
        stopped: list[float] = []

        def stop() -> bool:
            if service.requests:
                stopped.append(time.monotonic())
            return bool(stopped) and time.monotonic() - stopped[0] > 0.2

        with pytest.raises(Cancelled):
            asked.chat(max_output=400, stop=stop)
        assert time.monotonic() - stopped[-1] < 1.5
        assert not reply.pieces or service.left.wait(5)
        assert len(service.requests) == 1


def test_a_caller_that_never_wanted_it_sends_nothing():
    with chat_service(lambda *_: completion("yes")) as service, Asked(service.url) as asked:
        with pytest.raises(Cancelled):
            asked.chat(stop=lambda: True)
        assert service.requests == []


def test_native_calls_come_in_pieces_and_get_ids_of_their_own():
    def call(index, **function):
        return {"tool_calls": [{"index": index, "function": function}]}

    pieces = [
        call(0, name="search", arguments=""), call(0, arguments='{"query":'), call(0, arguments='"cup"}'),
        call(0, name="search", arguments={"query": "mug"}),
    ]  # fmt: skip
    with chat_service(lambda *_: stream(*pieces, ended="tool_calls")) as service, Asked(service.url) as asked:
        asked.model._talk._probed = Capabilities(tools=True)
        reply = asked.chat(tools=[SEARCH])
    assert reply.calls == (
        ToolCall("call_1", "search", '{"query":"cup"}'),
        ToolCall("call_2", "search", '{"query": "mug"}'),
    )
    assert reply.finish == "calls"
    assert service.requests[0]["tools"][0]["function"]["name"] == "search"


CALLED = [
    *ASK,
    Message("assistant", "I search.", (ToolCall("call_1", "search", '{"query": "cup"}'),)),
    Message("tool", ("At 12 s a cup.", RED), call_id="call_1"),
]


def test_a_tools_pictures_follow_it_as_those_of_the_user():
    with chat_service(lambda *_: completion("Red.")) as service, Asked(service.url) as asked:
        asked.model._talk._probed = Capabilities(tools=True, images=True)
        assert asked.chat(CALLED, tools=[SEARCH]).text == "Red."
    assistant, tool, user = service.requests[0]["messages"][2:]
    assert assistant["tool_calls"][0]["function"] == {"name": "search", "arguments": '{"query": "cup"}'}
    assert tool["tool_call_id"] == "call_1" and "follows in the next message" in tool["content"]
    assert [part["type"] for part in user["content"]] == ["text", "text", "image_url"]
    assert user["content"][1]["text"] == "At 12 s a cup."


def test_a_server_without_tools_is_told_of_them_in_words():
    reply = '{"calls": [{"name": "search", "arguments": {"query": "mug"}}]}'
    with chat_service(lambda *_: completion(reply)) as service, Asked(service.url) as asked:
        asked.model._talk._probed = Capabilities(schema=True)
        made = asked.chat(
            [m for m in CALLED if m.role != "tool"] + [Message("tool", "A cup.", call_id="call_1")], tools=[SEARCH]
        )
    assert made.calls == (ToolCall("call_2", "search", '{"query": "mug"}'),)
    system, _, assistant, result = service.requests[0]["messages"]
    assert "Searches the transcript." in system["content"]
    assert json.loads(assistant["content"])["calls"] == [{"name": "search", "arguments": {"query": "cup"}}]
    assert result == {"role": "user", "content": "Result of search (call_1):\nA cup."}
    assert "tools" not in service.requests[0]


def test_a_server_that_refuses_tools_after_all_is_told_in_words():
    def strict(request, earlier):
        return (
            refusal('"auto" tool choice requires --enable-auto-tool-choice')
            if "tools" in request
            else completion("Hi.")
        )

    with chat_service(strict) as service, Asked(service.url) as asked:
        asked.model._talk._probed = Capabilities(tools=True)
        assert asked.chat(tools=[SEARCH]).text == "Hi."
        assert not asked.model.capabilities.tools


@pytest.mark.parametrize("text", [
    'I search.<tool_call>\n{"name": "search", "arguments": {"query": "cup"}}\n</tool_call>',
    '```json\n{"name": "search", "arguments": {"query": "cup"}}\n```',
])  # fmt: skip
def test_calls_that_a_server_leaves_in_the_text_are_read(text):
    with chat_service(lambda *_: completion(text)) as service, Asked(service.url) as asked:
        asked.model._talk._probed = Capabilities(tools=True)
        reply = asked.chat(tools=[SEARCH])
    assert [(call.name, json.loads(call.arguments)) for call in reply.calls] == [("search", {"query": "cup"})]
    assert reply.text in ("", "I search.")


def whole_server(request, earlier):
    """A server that sees, calls, keeps to schemas and tells probabilities."""
    if request.get("logprobs"):
        likely = [{"token": "Yes", "logprob": -0.1}, {"token": " no", "logprob": -2.3}]
        choice = {
            "message": {"content": "Yes"},
            "logprobs": {"content": [{"top_logprobs": likely}]},
            "finish_reason": "length",
        }
        return Reply(body={"choices": [choice]})
    if request.get("tools"):
        function = {"name": "ready", "arguments": '{"word": "yes"}'}
        return message({"content": None, "tool_calls": [{"id": "a", "function": function}]}, "tool_calls")
    if "response_format" in request:
        return completion('{"word": "yes"}')
    return completion("Yellow.")


def test_frames_are_judged_by_the_probability_of_the_first_token_several_at_a_time():
    def judge(request, earlier):
        content = request["messages"][-1]["content"]
        if not request.get("logprobs") or isinstance(content, str):
            return whole_server(request, earlier)
        image, question = content
        assert question["text"] == "A cup? A. yes B. no"
        red = np.asarray(Image.open(io.BytesIO(base64.b64decode(image["image_url"]["url"].partition(",")[2]))))[..., 0]
        likely = [{"token": "A", "logprob": float(np.log(max(red.mean(), 1) / 255))}, {"token": "B", "logprob": -0.7}]
        choice = {"message": {"content": "B"}, "logprobs": {"content": [{"top_logprobs": likely}]}}
        return Reply(body={"choices": [choice]})

    frames = [Frame(float(t), np.full((16, 16, 3), 40 * t, np.uint8)) for t in range(6)]
    with chat_service(judge) as service:
        model = OpenAICompatibleVisionModel.from_settings(Settings(vlm_url=service.url, vlm_model="tiny"), None)
        sure = model.first_token_probability(frames, "A cup? A. yes B. no", "A")
        model.unload()
    assert np.allclose(sure, [1 / 255, *(40 * t / 255 for t in range(1, 6))], atol=0.01)


def poor_server(request, earlier):
    """A server that only writes."""
    if isinstance(request["messages"][-1]["content"], list):
        return refusal("image input is not supported", 500)
    for name in ("tools", "response_format", "logprobs"):
        if name in request:
            return refusal(f"{name} is not supported")
    return completion("Hello.")


def deaf_server(request, earlier):
    """A server that drops what it does not know."""
    return completion("Hello.")


@pytest.mark.parametrize(("server", "able"), [(whole_server, True), (poor_server, False), (deaf_server, False)])
def test_capabilities_are_found_out_by_tiny_requests(server, able):
    with chat_service(server) as service, Asked(service.url, Known()) as asked:
        service.listed = Reply(body={"data": [{"id": "tiny", "max_model_len": 4711}]})
        with ThreadPoolExecutor(3) as pool:
            first, *others = pool.map(lambda _: asked.model.capabilities, range(3))
        assert others == [first, first]
        assert first == Capabilities(images=able, tools=able, schema=able, weighs=able, context=4711)
        count = len(service.requests)
        assert asked.model.capabilities == first and len(service.requests) == count


def test_settings_come_before_what_a_server_does():
    with chat_service(whole_server) as service, Asked(service.url, Known(False, False, 5000)) as asked:
        known = asked.model.capabilities
    assert (known.images, known.tools, known.context) == (False, False, 5000)
    assert not any("tools" in request for request in service.requests)


@pytest.mark.parametrize(("entry", "context"), [
    ({"context_length": 1000}, 1000), ({"context_window": 2000}, 2000), ({"meta": {"n_ctx_train": 3000}}, 3000),
    ({}, 32768),
])  # fmt: skip
def test_the_context_is_what_the_server_says(entry, context):
    with chat_service(deaf_server) as service, Asked(service.url, Known(True, True)) as asked:
        service.listed = Reply(body={"data": [{"id": "tiny"} | entry, {"id": "other", "context_length": 1}]})
        assert asked.model.capabilities.context == context


def test_capabilities_of_a_server_that_is_away_are_asked_for_again():
    state = {"away": True}
    with (
        chat_service(lambda *given: Reply(503) if state["away"] else whole_server(*given)) as service,
        Asked(service.url, Known()) as asked,
    ):
        with pytest.raises(WorkerFailed, match="503"):
            _ = asked.model.capabilities
        state["away"] = False
        assert asked.model.capabilities.tools


def test_labels_are_weighed_by_their_first_tokens():
    with chat_service(whole_server) as service, Asked(service.url) as asked:
        shares, size = asked.model.weigh(ASK, ["yes", "no"])
    assert shares["yes"] == pytest.approx(0.9, abs=0.01) and sum(shares.values()) == pytest.approx(1)
    assert size.text == "Yes"


def test_a_server_without_probabilities_weighs_nothing():
    with (
        chat_service(deaf_server) as service,
        Asked(service.url) as asked,
        pytest.raises(ToolRefused, match="not give probabilities"),
    ):
        asked.model.weigh(ASK, ["yes", "no"])


def test_pictures_are_never_sent_to_a_model_without():
    with (
        chat_service(deaf_server) as service,
        Asked(service.url, Known(images=False)) as asked,
        pytest.raises(ToolRefused, match="does not accept pictures"),
    ):
        asked.chat([Message("user", ("What is it?", RED))])
    assert not any(isinstance(turn["content"], list) for request in service.requests for turn in request["messages"])


def test_a_server_that_takes_fewer_pictures_says_so():
    with pytest.raises(ToolRefused, match="At most 1 image"):
        answered(
            lambda request, _: (
                refusal("At most 1 image(s) may be provided in one prompt.")
                if isinstance(request["messages"][-1]["content"], list)
                else completion("Hello.")
            ),
            messages=[Message("user", (RED, RED))],
        )


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


def away() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/v1"


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
    assert not [thread for thread in threading.enumerate() if thread.name == "chat-server"]


def test_frames_go_as_pictures_each_after_its_time():
    frames = [RED, Frame(13.54, RED.image)]
    with chat_service(lambda *_: completion("Red.")) as service:
        model = OpenAICompatibleVisionModel.from_settings(Settings(vlm_url=service.url, vlm_model="eyes"), None)
        assert model.look(frames, "Which colour?").text == "Red."
        model.unload()
    content = service.requests[0]["messages"][0]["content"]
    assert [part["text"] for part in content if part["type"] == "text"] == ["t=12.0s", "t=13.5s", "Which colour?"]
    assert [part["type"] for part in content] == ["text", "image_url", "text", "image_url", "text"]
    url = content[1]["image_url"]["url"]
    sent = Image.open(io.BytesIO(base64.b64decode(url.removeprefix("data:image/jpeg;base64,"))))
    assert sent.size == (32, 24)
    assert np.abs(np.asarray(sent).astype(int) - RED.image).max() < 12


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


def test_a_look_can_be_stopped():
    with chat_service(lambda *_: Reply(delay_s=2.0)) as service:
        model = OpenAICompatibleVisionModel.from_settings(Settings(vlm_url=service.url, vlm_model="eyes"), None)
        started = time.monotonic()
        with pytest.raises(Cancelled):
            model.look([RED], "What?", stop=lambda: time.monotonic() - started > 0.2)
        assert time.monotonic() - started < 1.2
        model.unload()


def test_one_address_serves_both_roles():
    with chat_service(whole_server) as service:
        workers = Workers(Settings(profile="remote", llm_url=service.url, llm_model="both"))
        chat, eyes = workers.get("language_model"), workers.get("vision_language_model")
        assert chat.capabilities.images and eyes.look([RED], "Which colour?").text == "Yellow."
        asked = len(service.requests)
        assert eyes.capabilities == chat.capabilities and len(service.requests) == asked
        workers.unload("language_model", "vision_language_model")


def test_a_server_with_one_model_needs_no_name():
    with chat_service(lambda *_: completion("yes")) as service:
        service.listed = Reply(body={"data": [{"id": "only"}]})
        model = Workers(Settings(profile="remote", llm_url=service.url)).get("language_model")
        assert model.chat(ASK, max_output=9).text == "yes"
        assert model.model == f"only@{service.url}" and service.requests[0]["model"] == "only"
        model.unload()


def test_a_server_with_several_models_needs_a_name():
    with chat_service(lambda *_: completion("yes")) as service:
        service.listed = Reply(body={"data": [{"id": "one"}, {"id": "two"}]})
        model = Workers(Settings(profile="remote", llm_url=service.url)).get("language_model")
        with pytest.raises(MissingPart, match=r"2 models \(one, two\)") as missing:
            model.chat(ASK, max_output=9)
        assert "LONGREEL_LLM_MODEL" in missing.value.hint
        model.unload()


def test_a_model_without_a_name_starts_while_its_server_is_away():
    url = away()
    model = Workers(Settings(profile="remote", llm_url=url)).get("language_model")
    assert model.model == url
    model.unload()


@pytest.mark.parametrize("kind", [OpenAICompatibleModel, OpenAICompatibleVisionModel])
def test_a_server_that_was_not_set_is_a_missing_part(kind):
    with pytest.raises(MissingPart, match="LONGREEL_LLM_URL is empty"):
        kind.from_settings(Settings(), None)


def test_an_address_that_is_none_is_a_missing_part():
    with Asked("http://[::1/v1") as asked, pytest.raises(MissingPart, match="is not valid"):
        asked.chat()


def test_settings_name_the_server():
    settings = Settings(llm_url="http://x/v1", llm_model="m", llm_key=SecretStr(KEY))
    assert OpenAICompatibleModel.from_settings(settings, None).model == "m@http://x/v1"
