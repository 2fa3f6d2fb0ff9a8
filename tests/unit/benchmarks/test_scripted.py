"""The scripted model looks where its case says, answers with what it was shown, and judges honestly."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from app.core.types import Frame, TimeSpan
from app.core.types.chat import Message, ToolSpec
from benchmarks.scripted import (
    CASES,
    NOTHING,
    MadeUpFrames,
    ScriptedCase,
    ScriptedChat,
    ScriptedEyes,
    Sight,
    plain,
    read_cases,
)

TOOLS = (ToolSpec("look", "", {}), ToolSpec("answer", "", {}))
VERDICT = {"type": "object", "properties": {"verdict": {}, "reason": {}}}
OPEN = ScriptedCase(
    "cup",
    "v.mp4",
    "How many cups are there?",
    "en",
    "count",
    (Sight(TimeSpan(10, 14), "Two mugs stand on a tray."),),
    ("Two.", "A pair of them."),
    ("Three.",),
    (TimeSpan(10, 14),),
)
CHOICE = ScriptedCase(
    "hue",
    "v.mp4",
    "Which colour is the mug?",
    "en",
    "fact",
    OPEN.seen,
    ("Red", "It is scarlet."),
    ("Blue", "It is blue."),
    OPEN.evidence,
    ("Blue", "Red"),
    1,
)


def frame(time_s: float) -> Frame:
    return Frame(time_s, np.zeros((4, 4, 3), np.uint8))


def shown(*times_s: float) -> Message:
    parts: list[str | Frame] = []
    for number, time_s in enumerate(times_s, 1):
        parts += [f"[E{number}] V1 at 0:{time_s:04.1f}", frame(time_s)]
    return Message("tool", tuple(parts), call_id="look-1")


def verdict(chat: ScriptedChat, statement: str, *frames: Frame) -> str:
    request = Message("user", (f"Statement: {statement}\nQuestion: {chat.case.question}", *frames))
    text = chat.chat([request], max_output=100, schema=VERDICT).text
    return str(json.loads(text)["verdict"])


def test_it_looks_at_the_seconds_of_its_case_first() -> None:
    (call,) = ScriptedChat(OPEN, "Two.").chat([Message("user", "[V1] v")], max_output=100, tools=TOOLS).calls
    assert call.name == "look"
    assert json.loads(call.arguments)["spans"] == [{"start_s": 10, "end_s": 14}]


def test_it_answers_with_the_frames_of_those_seconds_only() -> None:
    chat = ScriptedChat(OPEN, "A pair of them.")
    (call,) = chat.chat([Message("user", "?"), shown(2.0, 10.2, 13.9, 30.0)], max_output=100, tools=TOOLS).calls
    assert json.loads(call.arguments) == {
        "statements": [{"text": "A pair of them.", "evidence": ["E2", "E3"]}],
        "option": "",
        "stated": "yes",
    }


@pytest.mark.parametrize(("wording", "letter"), [("It is scarlet.", "A"), ("Red", "A"), ("It is blue.", "B")])
def test_it_names_the_option_by_the_letter_of_the_message(wording: str, letter: str) -> None:
    messages = [Message("user", f"{CHOICE.question}\nA. Red\nB. Blue"), shown(11.0)]
    (call,) = ScriptedChat(CHOICE, wording).chat(messages, max_output=100, tools=TOOLS).calls
    assert json.loads(call.arguments)["option"] == letter


def test_a_talker_answers_in_words_until_a_schema_is_given() -> None:
    chat = ScriptedChat(OPEN, "Two.", talks=True)
    said = chat.chat([Message("user", "?"), shown(10.2)], max_output=100, tools=TOOLS)
    assert (said.text, said.calls) == ("Two.", ())
    schema = {"type": "object", "properties": {"statements": {}, "stated": {}}}
    reply = json.loads(chat.chat([Message("user", "?"), shown(10.2)], max_output=100, schema=schema).text)
    assert reply["statements"] == [{"text": "Two.", "evidence": ["E1"]}]


def test_it_gives_up_looking_where_nothing_is_ever_shown() -> None:
    chat = ScriptedChat(OPEN, "Two.")
    names = [chat.chat([Message("user", "?")], max_output=100, tools=TOOLS).calls[0].name for _ in range(4)]
    assert names == ["look", "look", "look", "answer"]


@pytest.mark.parametrize(
    ("statement", "expected"), [("Two.", "yes"), ("two", "yes"), ("Three.", "no"), ("Ten", "unclear")]
)
def test_it_judges_wordings_honestly_when_it_sees_the_evidence(statement: str, expected: str) -> None:
    assert verdict(ScriptedChat(OPEN, "Two."), statement, frame(12.0)) == expected


def test_it_cannot_judge_what_it_does_not_see() -> None:
    assert verdict(ScriptedChat(OPEN, "Two."), "Two.", frame(40.0)) == "unclear"
    assert verdict(ScriptedChat(OPEN, "Two."), "Two.") == "unclear"


def test_options_that_are_listed_are_not_the_statement() -> None:
    chat = ScriptedChat(CHOICE, "Red")
    assert verdict(chat, "Red\nA. Blue\nB. Red", frame(12.0)) == "yes"
    assert verdict(chat, f"{CHOICE.question} Blue", frame(12.0)) == "no"


def test_an_option_and_what_is_said_of_it_are_judged_together() -> None:
    assert CHOICE.truth("Red (It is scarlet)") == "yes"
    assert CHOICE.truth("Red (It is blue)") == "no"
    assert CHOICE.truth("Red (and it has a handle)") == "unclear"


def test_words_about_the_frames_take_the_place_of_frames_for_a_model_without_eyes() -> None:
    chat = ScriptedChat(OPEN, "Two.", images=False)
    told = Message("tool", "[E1] seen: A wall.\n[E4] 0:10-0:14 seen: Two mugs stand on a tray.", call_id="look-1")
    (call,) = chat.chat([Message("user", "?"), told], max_output=100, tools=TOOLS).calls
    assert json.loads(call.arguments)["statements"][0]["evidence"] == ["E4"]
    assert verdict(chat, "Two.\n[E4] seen: Two mugs stand on a tray.") == "yes"


def test_eyes_report_what_the_frames_show_and_nothing_else() -> None:
    eyes = ScriptedEyes(OPEN)
    assert eyes.look([frame(11.0)], "?").text == "Two mugs stand on a tray."
    assert eyes.look([frame(50.0)], "?").text == NOTHING
    assert eyes.look([frame(11.0)], "Question: How many?\nAnswer under test: Three.").text == "NO"
    assert eyes.look([frame(50.0)], "Question: How many?\nAnswer under test: Three.").text == "UNCLEAR"


def test_made_up_frames_keep_their_times_and_differ() -> None:
    first, second, last = MadeUpFrames(20.0).at(Path("/none.mp4"), [1.0, 2.0, 99.0], max_side=64)
    assert (first.pts_s, second.pts_s, last.pts_s) == (1.0, 2.0, 20.0)
    assert (first.image != second.image).any()


def languages(cases: Sequence[ScriptedCase]) -> set[str]:
    return {case.language for case in cases}


def test_the_products_own_cases_are_well_formed() -> None:
    cases = read_cases(CASES)
    assert len({case.id for case in cases}) == len(cases) >= 20
    assert len(languages(cases)) >= 6 and {case.form for case in cases} == {"open", "choice"}
    for case in cases:
        assert not {plain(one) for one in case.right} & {plain(one) for one in case.wrong}, case.id
        assert all(case.truth(one) == "yes" for one in (*case.right, case.parroted)), case.id
        assert all(case.truth(one) == "no" for one in case.wrong), case.id
        assert not case.options or case.right[0] == case.options[case.correct_index or 0], case.id
