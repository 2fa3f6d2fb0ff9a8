"""Guesses of the key are slow; honest callers are not."""

from __future__ import annotations

import asyncio
import time

import pytest

from app.api import keys
from app.api.keys import MOST_GUESSES, KeyCheck, TooManyGuesses

KEY = "a long secret for tests"
OFFICE, ATTACKER = "192.0.2.7", "192.0.2.66"


@pytest.fixture(autouse=True)
def seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "WRONG_KEY_S", 60.0)


async def guessing(check: KeyCheck, *addresses: str) -> list[asyncio.Task[bool]]:
    """Wrong keys on their way."""
    tasks = [asyncio.create_task(check.is_right("a guess", address)) for address in addresses]
    await asyncio.sleep(0)
    return tasks


def test_parallel_guesses_of_one_address_are_answered_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "WRONG_KEY_S", 0.01)

    async def attack() -> float:
        started = time.monotonic()
        assert not any(await asyncio.gather(*await guessing(KeyCheck(KEY), *[ATTACKER] * 15)))
        return time.monotonic() - started

    assert asyncio.run(attack()) >= 15 * 0.01


@pytest.mark.parametrize("given", [KEY, "another guess"])
def test_more_guesses_than_may_wait_are_refused_unread(given: str) -> None:
    async def attack() -> None:
        check = KeyCheck(KEY)
        tasks = await guessing(check, *[ATTACKER] * MOST_GUESSES)
        with pytest.raises(TooManyGuesses):
            await check.is_right(given, ATTACKER)
        assert await check.is_right(KEY, OFFICE), "another address is free"
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        assert await check.is_right(KEY, ATTACKER), "those who left wait no longer"

    asyncio.run(attack())


def test_a_right_guess_among_wrong_ones_waits_for_its_turn_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "WRONG_KEY_S", 0.01)

    async def attack() -> None:
        check = KeyCheck(KEY)
        tasks = await guessing(check, *[ATTACKER] * 5)
        assert await check.is_right(KEY, ATTACKER)
        assert all(task.done() for task in tasks)

    asyncio.run(attack())


def test_honest_callers_behind_the_proxy_of_an_attacker_do_not_wait() -> None:
    async def attack() -> None:
        check = KeyCheck(KEY)
        assert await check.is_right(KEY, OFFICE)
        tasks = await guessing(check, *[OFFICE] * MOST_GUESSES)
        assert await check.is_right(KEY, OFFICE)
        assert not any(task.done() for task in tasks)

    asyncio.run(attack())


def test_all_addresses_of_one_ipv6_network_are_one_guesser() -> None:
    async def attack() -> None:
        check = KeyCheck(KEY)
        await guessing(check, *(f"2001:db8::{host:x}" for host in range(MOST_GUESSES)))
        with pytest.raises(TooManyGuesses):
            await check.is_right("guess", "2001:db8::ffff")
        assert await check.is_right(KEY, "::ffff:192.0.2.7"), "an IPv4 address in IPv6 is an address of its own"

    asyncio.run(attack())
