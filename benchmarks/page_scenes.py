"""Servers over libraries of their own, filled with what a picture of the page is to show: the same each time."""

from __future__ import annotations

import hashlib
import io
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from app.client import Longreel
from app.core.errors import LongreelError
from app.core.events import StageFinished, StageProgress, StageStarted
from app.core.settings import PREFIX
from app.core.types import (
    AudioStream,
    MediaInfo,
    Segment,
    SegmentKind,
    TimeSpan,
    Video,
    VideoId,
    VideoStream,
    to_json,
)
from app.db.database import Database, sqlite_url
from app.db.jobs import SqlJobStore
from app.db.library import SqlLibrary
from app.jobs.states import JobError
from app.services.ingest.calls import thumbnail_key
from benchmarks.sample.pictures import draw
from benchmarks.sample.script import Scene
from gpu_workers.media.store import FolderMediaStore

START_S = 600.0
KIND = "ingest"
CAMERA = "camera"
HOME = "LONGREEL_HOME"
"""The one setting that is kept: prepared models are not prepared again."""
FILMS: tuple[tuple[str, str | tuple[str, ...], tuple[str, ...], int], ...] = (
    ("How comets move", ("Lecture 4", "Ice, dust and long ellipses"), ("Astronomy", "Lectures"), 2710),
    ("Harbour council, March", ("1  The old crane", "2  Ferry timetable", "3  Summer festival"), ("Reports",), 5320),
    ("A walk through Oakley", "coffee", ("Tours",), 1835),
    ("The cats of the quay", "chelsea", ("Tours",), 640),
    ("The year at Varden Ridge", ("Annual report of the observatory", "Season 2031"), ("Astronomy", "Reports"), 740),
)
"""Title, lines of the first slide or the name of a photo, tags, seconds."""


Filling = Callable[[Database, Path], None]
"""Puts something into a library and its folder."""


@contextmanager
def own_server(fill: Filling | None = None, **environment: str) -> Iterator[str]:
    """The address of a server over a library of its own, in which nothing is read by itself."""
    with tempfile.TemporaryDirectory(prefix="longreel-pictures-") as folder:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        usual = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX) or name == HOME}
        own = {"LONGREEL_DATA": folder, "LONGREEL_SERVER__WORKERS": "0", **environment}
        command = [sys.executable, "-m", "app.cli", "serve", "--port", str(port)]
        server = subprocess.Popen(command, env={**usual, **own}, stderr=subprocess.DEVNULL)
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_until_up(url)
            if fill:
                database = Database(sqlite_url(Path(folder) / "longreel.sqlite"))
                fill(database, Path(folder))
                database.close()
            yield url
        finally:
            server.terminate()
            server.wait()


def _wait_until_up(url: str) -> None:
    until = time.monotonic() + START_S
    with Longreel(url) as client:
        while True:
            try:
                client.health()
                return
            except LongreelError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)


def a_library(database: Database, folder: Path) -> None:
    """Videos with pictures and tags."""
    library, media = SqlLibrary(database), FolderMediaStore(folder / "media")
    for day, (title, shown, tags, seconds) in enumerate(FILMS, 1):
        id = VideoId(hashlib.sha256(title.encode()).hexdigest())
        streams = VideoStream("h264", 1280, 720, 0, 25.0), (AudioStream(0, "aac", 2, 48000),)
        info = MediaInfo("mp4", float(seconds), 0.0, seconds * 60_000, *streams)
        when = f"2026-03-{day:02}T09:00:00+00:00"
        library.add_video(Video(id, title, str(folder / f"{title}.mp4"), info, added_at=when, tags=tags))
        span = TimeSpan(0.0, float(seconds))
        library.add_segments([Segment(f"{id}-visual-0", id, SegmentKind.VISUAL, span, "", CAMERA, 0.0)])
        photo = shown if isinstance(shown, str) else ""
        lines = () if isinstance(shown, str) else shown
        picture = draw(Scene("photo" if photo else "slide", title=title, lines=lines, name=photo))
        picture.thumbnail((640, 360))
        picture.save(file := io.BytesIO(), "webp")
        media.put(thumbnail_key(id, 0.0), file.getvalue())
        library.set_ready(id, "en")


def a_queue(database: Database, _: Path) -> None:
    """A job that runs, others that wait, and one that failed."""
    jobs = SqlJobStore(database, lease_s=3600)
    jobs.submit(KIND, {"title": "Interview, second take"})
    if broken := jobs.claim(CAMERA, [KIND]):
        hint = "Copy it again from the camera."
        jobs.fail(broken, CAMERA, JobError("bad_input", "The file is cut off: it has no index of its frames.", hint))
    for title in ("Lecture 3: proofs", "Lecture 4: graphs", "Town meeting, March", "The harbour, a film"):
        jobs.submit(KIND, {"title": title})
    running = jobs.claim(CAMERA, [KIND])
    for event in (
        StageStarted("probe", 1, "file"),
        StageFinished("probe", 0.4, "1:12:40, 1920x1080, sound"),
        StageStarted("transcribe", 4360, "s"),
        StageProgress("transcribe", 2180, 4360, "s", speed=11.5, left_s=190),
    ):
        if running:
            jobs.heartbeat(running, CAMERA, to_json(event))
