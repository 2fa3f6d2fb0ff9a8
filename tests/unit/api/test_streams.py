from __future__ import annotations

import json

import httpx

from app.api.streams import server_event
from app.client.following import EventReader


def test_no_character_of_a_text_ends_the_line_of_an_event() -> None:
    told = {"title": "".join(map(chr, range(0x100))) + "\u2028\u2029"}
    sent = server_event(json.dumps(told, ensure_ascii=False), kind="end", number=1)
    reader = EventReader()
    events = [event for line in httpx.Response(200, content=sent).iter_lines() if (event := reader.feed(line))]
    assert [json.loads(event.data) for event in events] == [told]
