"""What is visible of raw text, at the end and on the way there; JSON and calls in it."""

from __future__ import annotations

import json

import pytest

from app.core.errors import WorkerFailed
from app.core.types import Message, ToolCall, ToolSpec
from gpu_workers.language.replies import VisibleText, fitting_json, shares, visible
from gpu_workers.language.text_calls import as_text, calls_schema, read_calls

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
SEARCH = ToolSpec("search", "Searches.", {"type": "object", "properties": {"query": {"type": "string"}}})


@pytest.mark.parametrize(("raw", "text"), [
    ("<think>a</think>b", "b"),
    ("<think>a</think>b<think>c</think>d", "bd"),
    ("a</think>b", "b"),
    ("<think>cut", ""),
    ("b <think>cut", "b"),
    ("<reasoning>a</reasoning>\nb", "b"),
    ("```python\nx = 1\n```", "x = 1"),
    ("See:\n```\nx = 1\n```\nSo it is.", "See:\n```\nx = 1\n```\nSo it is."),
    ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
])  # fmt: skip
def test_the_visible_text(raw, text):
    assert visible(raw) == text


@pytest.mark.parametrize("raw", [
    "<think>a b</think>So it is.",
    "So <b>it</b> is [1] a < b.",
    "```\nx = 1\n```",
    "  Spaces around,  and within. ",
    "Über 5 °C\n\nund mehr",
])  # fmt: skip
def test_the_pieces_that_are_told_make_up_the_visible_text(raw):
    for size in (1, 2, 5):
        text = VisibleText(tools=False)
        pieces = [text.feed(raw[at : at + size]) for at in range(0, len(raw), size)]
        assert "".join([*pieces, text.finish(visible(raw))]) == visible(raw)


@pytest.mark.parametrize("raw", ["<think>a thought", '<tool_call>{"name": "search"}</tool_call>', '{"calls": []}'])
def test_thoughts_and_calls_are_never_told(raw):
    text = VisibleText(tools=True)
    assert "".join(text.feed(letter) for letter in raw) == ""


@pytest.mark.parametrize(
    "raw", ['{"n": 1}', '```json\n{"n": 1}\n```', 'Here:\n```json\n{"n": 1}\n```', 'It is {"n": 1}.']
)
def test_json_is_found(raw):
    assert fitting_json(raw, SCHEMA) == '{"n": 1}'


def test_half_a_character_in_a_reply_does_no_harm():
    found = fitting_json('{"n": 1, "text": "\\ud83d"}', {"type": "object"})
    assert found.encode() == b'{"n": 1, "text": "?"}'


@pytest.mark.parametrize(("raw", "fault"), [
    ("no", "not JSON"), ('{"n": ', "not valid JSON"), ('{"n": "a"}', r"at \$\.n: 'a' is not of type"),
    ("{}", "required"), ("[" * 5000, "nested too deeply"), ('{"n":' * 5000, "nested too deeply"),
])  # fmt: skip
def test_json_that_does_not_fit_is_a_fault_in_words(raw, fault):
    with pytest.raises(ValueError, match=fault):
        fitting_json(raw, SCHEMA)


def test_a_schema_that_makes_no_sense_is_an_error():
    with pytest.raises(WorkerFailed, match="schema"):
        fitting_json("{}", {"type": "nonsense"})


@pytest.mark.parametrize(("raw", "text", "arguments"), [
    ('{"calls": [{"name": "search", "arguments": {"query": "a"}}]}', "", ['{"query": "a"}']),
    ('{"calls": [{"name": "search", "arguments": "{}"}, {"name": "search"}]}', "", ["{}", "{}"]),
    ('{"calls": [], "text": "Hello."}', "Hello.", []),
    ('So.<tool_call>{"name": "search", "parameters": {}}</tool_call>', "So.", ["{}"]),
    ('<tool_call>{"name": "search", "arguments": {"query": "a"}}', "", ['{"query": "a"}']),
    ('{"name": "search", "arguments": {"query": "a"}}', "", ['{"query": "a"}']),
    ('[{"name": "Anna"}]', '[{"name": "Anna"}]', []),
    ('{"calls": [{"name": "sea', "", []),
    ("Hello.", "Hello.", []),
])  # fmt: skip
def test_calls_in_text(raw, text, arguments):
    words, calls = read_calls(raw, [SEARCH], [])
    assert (words, [call.arguments for call in calls]) == (text, arguments)
    assert [(call.id, call.name) for call in calls] == [(f"call_{n + 1}", "search") for n in range(len(arguments))]


def test_a_conversation_with_calls_reads_as_text_and_its_form_fits_the_schema():
    messages = [
        Message("user", "Where?"),
        Message("assistant", "", (ToolCall("call_1", "search", '{"query": "a"}'),)),
        Message("tool", "Here.", call_id="call_1"),
        Message("user", "Sure?"),
    ]
    system, user, assistant, result = as_text(messages, [SEARCH])
    assert (system.role, user.text) == ("system", "Where?") and "Searches." in system.text
    assert json.loads(fitting_json(assistant.text, calls_schema([SEARCH])))["calls"][0]["name"] == "search"
    assert (result.role, result.text) == ("user", "Result of search (call_1):\nHere.\nSure?")


def test_shares_ignore_case_and_are_equal_where_nothing_is_known():
    tokens = [{"token": "Yes", "logprob": -1.0}, {"token": " yes", "logprob": -1.0}, {"token": "NO", "logprob": -1.0}]
    assert shares(tokens, ["yes", "no"]) == pytest.approx({"yes": 2 / 3, "no": 1 / 3})
    assert shares([], ["A", "B"]) == {"A": 0.5, "B": 0.5}
