"""What becomes of the replies of a server, against a real one on this machine that behaves in many ways."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.core.errors import Cancelled, WorkerFailed
from app.core.types import Capabilities, Completion, Message, ToolCall
from gpu_workers.language import openai_server
from tests.unit.gpu_workers.language.asking_server import ASK, FITS, KEY, RED, SCHEMA, SEARCH, Asked, answered
from tests.unit.gpu_workers.language.chat_server import Reply, chat_service, completion, message, refusal, stream


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    monkeypatch.setattr(openai_server, "FIRST_WAIT_S", 0.02)


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


def test_a_schema_whose_limits_are_too_many_for_the_server_still_binds_the_reply_without_them():
    refused = {"error": {"code": 400, "message": "Failed to initialize samplers: failed to parse grammar"}}
    small = {"type": "object", "properties": {"short": {"type": "string", "maxLength": 3}}, "required": ["short"]}

    def ollama(request, earlier):
        properties = request["response_format"]["json_schema"]["schema"]["properties"]
        if "short" in properties:
            return completion('{"short": "yes"}')
        return refusal(json.dumps(refused)) if "maxLength" in properties["place"] else completion(FITS)

    with chat_service(ollama) as service, Asked(service.url) as asked:
        assert [asked.chat(schema=SCHEMA).text for _ in range(2)] == [FITS, FITS]
        assert len(service.requests) == 3
        asked.chat(schema=small)
        assert "maxLength" in json.dumps(service.requests[-1])


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
