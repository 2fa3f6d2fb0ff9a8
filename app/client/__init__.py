"""Longreel from Python programs: `from app.client import Longreel, AsyncLongreel`.

    with Longreel("http://127.0.0.1:7860") as longreel:
        video = longreel.ingest("lecture.mp4")
        answer = longreel.ask("When is the budget mentioned?", [video.id])
        print(answer.text, answer.citations[0].start_s)

Speaks HTTP to a running server and needs httpx and pydantic only. Results are the wire types of
`app.api.schemas`; errors are the tree of `app.core.errors`.
"""

from app.client.aio import AsyncLongreel
from app.client.blocking import Longreel

__all__ = ["AsyncLongreel", "Longreel"]
