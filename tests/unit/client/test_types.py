"""What a type checker and `help` tell of the client that waits, whose calls are made from those of the other one."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Generator
from typing import assert_type

from app.api.schemas import AnswerOut, FoundOut, VideoOut
from app.client import AsyncLongreel, Longreel
from app.core.events import Event


def waiting(longreel: Longreel) -> None:
    assert_type(longreel.video("x"), VideoOut)
    assert_type(longreel.search("words", ["x"], start_s=1.0), list[FoundOut])
    assert_type(longreel.ask_stream("Why?"), Generator[Event | AnswerOut, None, None])
    longreel.video()  # type: ignore[call-arg]
    longreel.video("x", now=True)  # type: ignore[call-arg]


async def together(longreel: AsyncLongreel) -> None:
    assert_type(await longreel.video("x"), VideoOut)
    assert_type(longreel.ask_stream("Why?"), AsyncGenerator[Event | AnswerOut, None])


def test_help_tells_of_each_call_what_it_takes_and_gives() -> None:
    assert str(inspect.signature(Longreel.video)) == "(self, name: 'str') -> 'VideoOut'"
    assert inspect.signature(Longreel.ask_stream).return_annotation == "Generator[Event | AnswerOut]"
    assert Longreel.ask.__doc__ == AsyncLongreel.ask.__doc__
    assert not inspect.iscoroutinefunction(Longreel.ask)
