"""What the page shows of a conversation when a part of it is gone, over a real server and without a browser."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlsplit

import pytest

from app.client import Longreel
from tests.unit.api.stand_in import StandIn
from ui.handlers import Page


@pytest.mark.parametrize("answer", ["", "gone"])
def test_the_conversations_are_listed_where_an_answer_is_gone(parts: StandIn, address: str, answer: str) -> None:
    kept, deleted = parts.add(b"kept", "Kept"), parts.add(b"deleted", "Deleted")
    with Longreel(address) as longreel:
        thread = longreel.start_thread()
        longreel.ask("When did the bridge open?", thread=thread.id, videos=[deleted.id])
        longreel.ask("When did the harbour open?", thread=longreel.start_thread().id, videos=[kept.id])
        longreel.delete(deleted.id)
    place = urlsplit(address)
    request = cast(Any, SimpleNamespace(request=SimpleNamespace(scope={"server": (place.hostname, place.port)})))
    shown, _, listed = Page(None)._conversation(request, thread.id, answer)
    assert "1932" not in shown and ("There is no answer gone" in shown) == bool(answer)
    assert "When did the harbour open?" in listed
