"""Compares what callers show with the API key, and slows down those who guess it.

Guesses from one address are answered one after the other, over however many connections they come. Nobody learns
anything before it is their turn. An address that the right key came from before is that of honest callers, perhaps of
many behind one proxy: from there the right key never waits for wrong ones.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
from collections import Counter, OrderedDict, defaultdict
from contextlib import suppress

from app.core.errors import LongreelError

WRONG_KEY_S = 0.3
"""How long a wrong key waits for its answer once it is its turn."""
MOST_GUESSES = 20
"""Guesses of one address that may wait."""
MOST_ADDRESSES = 10_000
"""Addresses of honest callers that are remembered."""


class TooManyGuesses(LongreelError):
    """An address sends more wrong keys than are answered."""

    code = "too_many_guesses"
    http_status = 429
    retryable = True


class KeyCheck:
    """Says whether a key is that of the server."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()
        self._honest: OrderedDict[str, None] = OrderedDict()
        self._waiting: Counter[str] = Counter()
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def is_right(self, key: str, address: str) -> bool:
        """Whether this is the key; `address` shows it. Raises TooManyGuesses."""
        site = address
        with suppress(ValueError):
            number = ipaddress.ip_address(address)
            if isinstance(number, ipaddress.IPv6Address) and number.ipv4_mapped is None:
                site = str(ipaddress.ip_network((number, 64), strict=False))  # its addresses are all one person's
        right = hmac.compare_digest(key.encode(), self._key)
        if right and (site in self._honest or not self._waiting[site]):
            self._remember(site)
            return True
        if self._waiting[site] >= MOST_GUESSES:
            raise TooManyGuesses("Too many wrong keys come from this address.", "Wait some seconds.")
        self._waiting[site] += 1
        try:
            async with self._turns[site]:
                if not right:
                    await asyncio.sleep(WRONG_KEY_S)
        finally:
            self._waiting[site] -= 1
            if not self._waiting[site]:
                del self._waiting[site], self._turns[site]
        if right:
            self._remember(site)
        return right

    def _remember(self, site: str) -> None:
        self._honest[site] = None
        self._honest.move_to_end(site)
        if len(self._honest) > MOST_ADDRESSES:
            self._honest.popitem(last=False)
