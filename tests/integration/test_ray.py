"""A video read over a real Ray cluster of two raylets, with an actor killed on the way."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from app.bootstrap import Longreel, build
from app.core.events import Event, StageProgress
from app.core.settings import Ray, Settings, load_settings
from app.core.types import Video
from tests.integration.offline_fakes import environment
from tests.narrated_file import write_narrated
from tests.ray_cluster import ray_cluster  # noqa: F401

pytestmark = pytest.mark.slow


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    return load_settings()


def _found(longreel: Longreel, video: Video) -> list[str]:
    found = longreel.library.segments(video.id)
    said = [str(u.span) + u.text for u in longreel.library.utterances(video.id)]
    return sorted(f"{s.kind} {s.span} {s.text} {s.frame_s}" for s in found) + said


def _actor_pids(cluster: Any) -> list[int]:
    """Actors of this cluster that run now: children of its raylets; Ray names a process after what it runs."""
    raylets = {info.process.pid for node in cluster.list_all_nodes() for info in node.all_processes["raylet"]}
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").strip()
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if line.startswith(b"ray::Actor") and parent in raylets:
            found.append(int(folder.name))
    return found


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="finds the actors in /proc")
def test_a_video_read_over_ray_with_an_actor_killed_is_the_same(
    ray_cluster,  # noqa: F811
    settings: Settings,
    tmp_path: Path,
) -> None:
    talk = write_narrated(tmp_path / "talk.mp4", seconds=75)
    alone = build(settings.model_copy(update={"data": tmp_path / "alone"}))
    expected = _found(alone, alone.ingest.run(talk))
    killed: list[int] = []

    def tell(event: Event) -> None:
        if (
            not killed
            and isinstance(event, StageProgress)
            and event.stage == "sample"
            and (pids := _actor_pids(ray_cluster))
        ):
            os.kill(pids[0], signal.SIGKILL)
            killed.append(pids[0])

    many = build(settings.model_copy(update={"runtime": "ray", "ray": Ray(replicas=2, cpus=1)}))
    video = many.ingest.run(talk, tell=tell)
    assert killed
    assert _found(many, video) == expected
