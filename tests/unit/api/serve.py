"""Serves a stand-in on a free port of loopback: python -m tests.unit.api.serve FOLDER [KEY].

It prints its port. Then each line of its input is a wish, answered by a line when it is done; the end of its input ends
it.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
from pathlib import Path

import uvicorn
from pydantic import SecretStr

from app.core.types import TimeSpan
from app.core.types.objects import ObjectTrack, TimedBox
from app.db.tracks import SqlTracks
from app.jobs.states import ENDED
from app.main import create_app
from gpu_workers.cluster.states import PoolState
from tests.unit.api import stand_in
from tests.unit.api.tiny_video import write_webm

FILM = "Harbour film"
STOP_S = 20.0
THINGS = [
    ObjectTrack("boat", TimeSpan(2, 8), (TimedBox(2, (0, 0.4, 0.2, 0.6), 0.9), TimedBox(8, (0.8, 0.4, 1, 0.6), 0.9))),
    ObjectTrack("boat", TimeSpan(14, 20), (TimedBox(14, (0.1, 0.4, 0.3, 0.6), 0.9),)),
    ObjectTrack("bird", TimeSpan(4, 6), (TimedBox(4, (0.5, 0.1, 0.6, 0.2), 0.9),)),
]
"""A boat that crosses the picture and one that stays later on, and a bird."""


def main(folder: Path, key: str = "") -> None:
    """Prints the port, then serves."""
    film = write_webm(folder / "harbour.webm")
    (folder / "library").mkdir()
    api_key = SecretStr(key) if key else None
    # It stands idle most of the time, and looking for jobs more often would take a quarter of a core.
    parts = stand_in.make(
        folder / "library", hold=True, pace_s=0.2, poll_s=0.2, private_addresses=True, api_key=api_key
    )
    parts.add(film.read_bytes(), FILM, film)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    app = create_app(parts.longreel.settings, parts.longreel)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))

    def obey() -> None:
        for line in sys.stdin:
            _say(_done(line.strip(), parts, film))
        server.should_exit = True

    threading.Thread(target=obey, daemon=True).start()
    _say(str(listening.getsockname()[1]))
    asyncio.run(server.serve(sockets=[listening]))


def _done(wish: str, parts: stand_in.StandIn, film: Path) -> str:
    """What was done about a wish."""
    if wish == "read":
        parts.reader.hold.set()
        return "reading"
    if wish == "voices":
        stand_in.give_voices(parts, parts.longreel.library.find(FILM))
        return "told apart"
    if wish == "pools":
        parts.longreel.pools = lambda: [PoolState("transcriber", 2, 1, 8, 3, 5, 4, ())]
        return "running"
    if wish == "limits" and parts.agent.limits:
        return f"{parts.agent.limits.max_steps} {parts.agent.limits.max_seconds}"
    if wish == "things":
        SqlTracks(parts.database).save(parts.longreel.library.find(FILM).id, THINGS)
        return "followed"
    if wish == "region":
        return repr(parts.agent.region)
    if wish == "answer":
        parts.agent.go_on.set()
        return "going on"
    if wish == "stopped":
        return "stopped" if parts.agent.stopped.wait(STOP_S) else "still at work"
    _make_fresh(parts, film)
    return "fresh"


def _make_fresh(parts: stand_in.StandIn, film: Path) -> None:
    """One video, nothing at work, a reader that waits at half of its way."""
    longreel = parts.longreel
    for job in longreel.jobs.list():
        if job.state not in ENDED:
            longreel.jobs.cancel(job.id)
    stand_in.wait_until(lambda: all(job.state in ENDED for job in longreel.jobs.list()), seconds=60)
    longreel.jobs.dismiss_ended()
    for video in longreel.library.videos():
        longreel.library.delete(video.id, now=True)
    for gone in longreel.library.binned():
        longreel.library.purge(gone.video.id)
    for thread in longreel.ask.threads.threads():
        longreel.ask.threads.delete(thread)
    for schedule in longreel.schedules.all():
        longreel.schedules.remove(schedule.id)
    for collection in longreel.library.collections.all():
        longreel.library.collections.delete(collection.id)
    parts.longreel.speakers.remember(parts.add(film.read_bytes(), FILM, film).id, [])
    parts.longreel.pools = list
    parts.reader.hold.clear()
    parts.agent.round += 1
    parts.agent.go_on.clear()
    parts.agent.stopped.clear()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
