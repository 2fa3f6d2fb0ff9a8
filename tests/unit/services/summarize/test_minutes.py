"""Motions, votes, decisions, actions and open questions are recognized by what people say, and talk is none of them."""

from __future__ import annotations

import pytest

from app.services.summarize.minutes import kind_of

SAID = {
    "motion": (
        "I'd like to make a motion to approve the consent calendar.",
        "I move approval of the minutes.",
        "Commissioner Hale moved to continue the item to June.",
        "So moved.",
        "We have a motion by Councilmember Diaz and a second.",
    ),
    "vote": (
        "The motion passes six to one.",
        "That passes unanimously.",
        "The ayes have it.",
        "The item was approved 7-0.",
        "It passes on a vote of 4 to 3.",
    ),
    "decision": (
        "We've agreed to meet again in March.",
        "It was agreed that the fee stays at ten dollars.",
        "So we're going with blue.",
    ),
    "action": (
        "Could Dr. Amadi please circulate the slides?",
        "I'll follow up with the vendor.",
        "Maria is going to draft the letter by Friday.",
        "The clerk will notify the neighbors.",
        "We need to schedule another session.",
    ),
    "open question": (
        "We still don't know who owns the easement.",
        "It is yet to be decided whether we rent or buy.",
        "Who will maintain it is still to be determined.",
    ),
}
TALK = (
    "If we approved this, taxes would rise.",
    "We will see what happens.",
    "They voted in 1972 for the first time.",
    "I would never move that we sell.",
    "He asked whether the board had approved it.",
    "She moved to Berlin in 1990.",
    "He moved to the window.",
    "The bill passed Congress in 1964.",
    "The clerk did not send the letter.",
    "I have to make a confession.",
    "The river carried 5 to 10 tons of sand.",
    "Nobody has agreed to anything.",
)


@pytest.mark.parametrize("kind", list(SAID))
def test_what_minutes_hold_is_recognized(kind: str) -> None:
    assert {text: kind_of(text)[0] for text in SAID[kind]} == dict.fromkeys(SAID[kind], kind)


def test_what_is_imagined_denied_or_long_ago_is_talk() -> None:
    assert [text for text in TALK if kind_of(text)[0]] == []


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("Dr. Amadi will send the plan.", "Dr. Amadi"),
        ("Commissioner Hale moved to continue the item.", "Commissioner Hale"),
        ("I move that we adjourn.", "I"),
        ("I'll follow up with the vendor.", "I"),
        ("Please review the document.", ""),
    ],
)
def test_a_sentence_says_who_is_behind_it(text: str, who: str) -> None:
    assert kind_of(text)[1] == who
