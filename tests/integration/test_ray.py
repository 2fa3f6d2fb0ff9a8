"""Videos read over a real Ray cluster of two raylets; an actor, a machine and a worker are killed on the way."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from threadpoolctl import threadpool_limits

from app.bootstrap import Services, build
from app.core.events import Event, StageProgress
from app.core.requests import IngestRequest
from app.core.settings import Ray, RayPool, Settings, load_settings
from app.core.types import Video
from app.jobs.states import JobState
from benchmarks.sample.make import Request, make
from tests.integration.offline_fakes import SMALL_UNITS, environment
from tests.media_files import steady, write_media
from tests.narrated_file import write_narrated
from tests.ray_cluster import NODE, ROOT, ray_cluster  # noqa: F401

pytestmark = pytest.mark.slow

FILES = 12
THREADS = 2


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    return load_settings()


@pytest.fixture
def real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The models of the offline profile; the digest without a language model, which no chunk needs."""
    alone = {"LONGREEL_DATA": str(tmp_path / "data"), "LONGREEL_THREADS": "1"}
    for name, value in {**SMALL_UNITS, **alone, "LONGREEL_MODELS__LANGUAGE_MODEL": "none"}.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def _found(longreel: Services, video: Video) -> list[str]:
    found = longreel.library.segments(video.id)
    said = [str(u.span) + u.text for u in longreel.library.utterances(video.id)]
    return sorted(f"{s.kind} {s.span} {s.text} {s.frame_s}" for s in found) + said


@contextmanager
def _over_ray(settings: Settings, ray: Ray) -> Iterator[Services]:
    """Longreel over the cluster; its actors end with the block."""
    many = build(settings.model_copy(update={"runtime": "ray", "ray": ray}))
    try:
        yield many
    finally:
        many.ingest._make_parts().runtime.close()  # type: ignore[attr-defined]


def _actor_pids(nodes: list[Any], title: bytes = b"ray::Actor") -> list[int]:
    """Actors of these machines that run now: children of their raylets; Ray names a process after what it runs."""
    raylets = {info.process.pid for node in nodes for info in node.all_processes["raylet"]}
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").strip()
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if line.startswith(title) and parent in raylets:
            found.append(int(folder.name))
    return found


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="finds the actors in /proc")
@pytest.mark.timeout(600)
def test_the_sample_read_over_ray_by_real_models_with_an_actor_killed_is_the_same(
    ray_cluster,  # noqa: F811
    real: Settings,
    tmp_path: Path,
) -> None:
    sample = tmp_path / "sample.mp4"
    make(Request(minutes=0.4), sample, tmp_path / "voice", lambda *_: None)
    alone = build(real.model_copy(update={"data": tmp_path / "alone"}))
    with threadpool_limits(1):  # as in an actor of one core: a model rounds otherwise with more threads
        expected = _found(alone, alone.ingest.run(IngestRequest(sample)))
    killed: list[int] = []

    def report(event: Event) -> None:
        if (
            not killed
            and isinstance(event, StageProgress)
            and event.stage == "sample"
            and (pids := _actor_pids(ray_cluster.list_all_nodes()))
        ):
            os.kill(pids[0], signal.SIGKILL)
            killed.append(pids[0])

    words = RayPool(cpus=0.5, at_once=4, window_ms=2)
    with _over_ray(real, Ray(replicas=2, cpus=1, pools={"text_embedder": words})) as many:
        video = many.ingest.run(IngestRequest(sample), report=report)
        assert killed
        assert _found(many, video) == expected
        states = {state.name: state for state in many.pools()}
        assert states.keys() == {"", "text_embedder"}
        assert sum(state.restarts for state in states.values()) == 1
        hits = many.moments.search("a lighthouse", [video.id])
        assert hits and hits == alone.moments.search("a lighthouse", [video.id])


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="finds the actors in /proc")
def test_a_video_read_over_ray_with_a_machine_lost_is_the_same(
    ray_cluster,  # noqa: F811
    settings: Settings,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    talk = write_narrated(tmp_path / "talk.mp4", seconds=120)
    alone = build(settings.model_copy(update={"data": tmp_path / "alone"}))
    expected = _found(alone, alone.ingest.run(IngestRequest(talk)))
    doomed = ray_cluster.add_node(**NODE)
    lost: list[int] = []
    lock = threading.Lock()

    def report(event: Event) -> None:
        with lock:  # sound and pictures are read at the same time
            if not lost and (pids := _actor_pids([doomed], b"ray::Actor.work")):
                lost.extend(pids)
                for pid in pids:
                    os.kill(pid, signal.SIGKILL)
                ray_cluster.remove_node(doomed, allow_graceful=False)

    with _over_ray(settings, Ray(replicas=3, cpus=2)) as many:  # one actor a machine
        video = many.ingest.run(IngestRequest(talk), report=report)
        assert lost and "lost its actor" in caplog.text
        assert _found(many, video) == expected


@pytest.mark.timeout(600)
def test_a_library_of_files_is_read_once_each_though_the_worker_is_killed(
    ray_cluster,  # noqa: F811
    settings: Settings,
    tmp_path: Path,
) -> None:
    many = build(settings)
    films = [_tiny(tmp_path / f"clip{number}.mp4", number) for number in range(FILES)]
    ids = [many.ingest.submit(IngestRequest(film)).id for film in films]
    (tmp_path / "copy.mp4").write_bytes(films[0].read_bytes())
    ids.append(many.ingest.submit(IngestRequest(tmp_path / "copy.mp4")).id)

    def finished() -> dict[str, float | None]:
        return {job.id: job.finished_at for job in many.jobs.list(JobState.FINISHED, limit=2 * FILES)}

    with _worker(ray_cluster.address) as worker:
        _wait(lambda: len(finished()) >= FILES // 3)
        worker.kill()
        worker.wait()
    before = finished()
    assert len(before) < len(ids)
    with _worker(ray_cluster.address):
        _wait(lambda: len(finished()) == len(ids))
    assert {id: finished()[id] for id in before} == before
    attempts = [many.jobs.get(id).attempts for id in ids]
    assert sum(attempts) <= len(ids) + THREADS  # only what was under way
    videos = many.library.videos()
    assert sorted(video.title for video in videos) == sorted(film.stem for film in films)
    assert all(video.ready for video in videos)
    alone = build(settings.model_copy(update={"data": tmp_path / "alone"}))
    for film in films[:: FILES // 4]:
        video = alone.ingest.run(IngestRequest(film))
        assert _found(many, video) == _found(alone, video)


def _tiny(path: Path, number: int) -> Path:
    """A file of 1.5 s that no other number gives."""
    return write_media(path, times_s=steady(1.5, 5), tones_hz=[200 + 5 * number], sound_s=1.5)


@contextmanager
def _worker(address: str) -> Iterator[subprocess.Popen[bytes]]:
    """`longreel worker` over the cluster, with the test's settings."""
    over = {"LONGREEL_RUNTIME": "ray", "LONGREEL_RAY__ADDRESS": address, "LONGREEL_RAY__REPLICAS": "2"}
    over["LONGREEL_SERVER__WORKERS"] = str(THREADS)
    short = {"LONGREEL_JOBS__LEASE_S": "3", "LONGREEL_JOBS__HEARTBEAT_S": "0.5"}
    command = [sys.executable, "-m", "app.cli", "worker"]
    worker = subprocess.Popen(command, env={**os.environ, **over, **short}, cwd=ROOT)
    try:
        yield worker
    finally:
        worker.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            worker.wait(30)
        worker.kill()
        worker.wait()


def _wait(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 240
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)
