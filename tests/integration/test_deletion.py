"""A video that was deleted for good is nowhere: not in a store, not in a file, not in the bytes of the disk."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from pathlib import Path

import pytest

from app.bootstrap import Services, build
from app.core.errors import NotFound
from app.core.requests import IngestRequest
from app.core.settings import load_settings
from app.core.types import Answer, AnswerStatus, Video, to_json
from app.jobs.states import JobState
from app.services.batches import BatchRequest, Item
from tests.integration.offline_fakes import environment
from tests.media_files import steady, write_media

SECRET = "quokkasphinx"
SUBTITLES = "".join(
    f"{number}\n00:00:0{number - 1},000 --> 00:00:0{number},000\nNumber {number} is about {{word}}.\n\n"
    for number in (1, 2, 3)
)


@pytest.fixture
def longreel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Services:
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LONGREEL_SERVER__PRIVATE_WEBHOOKS", "true")
    monkeypatch.setenv("LONGREEL_SERVER__WEBHOOK_URL", "http://127.0.0.1:9/heard")
    monkeypatch.setenv("LONGREEL_SERVER__WEBHOOK_SECRET", "whsec_" + "A" * 32)
    return build(load_settings())


def uploaded(longreel: Services, tmp_path: Path, word: str, hue: float) -> Video:
    """A video that came as an upload, with subtitles that say a word, read by a worker."""
    film = write_media(tmp_path / "film.mp4", times_s=steady(3.0), tones_hz=[hue])
    path = longreel.library.receive(f"{word}.mp4", [film.read_bytes()])
    given = longreel.library.receive(f"{word}.srt", [SUBTITLES.format(word=word).encode()])
    job = longreel.ingest.submit(IngestRequest(path, title=f"All of {word}", subtitles=given))
    work_off(longreel)
    return longreel.library.find(longreel.jobs.get(job.id).result["video_id"])


def work_off(longreel: Services) -> None:
    while longreel.worker.run_one():
        pass


def talk_about(longreel: Services, video: Video, word: str) -> None:
    """Asks and rates."""
    thread = longreel.ask.threads.start()
    for _ in range(2):
        said = to_json(Answer(AnswerStatus.INSUFFICIENT, f"Nobody knows {word}."))
        answer = longreel.ask._library.save_answer(
            f"What of {word}?", [video.id], said, [{"type": "delta", "text": word}]
        )
        longreel.ask.threads.keep(thread, f"What of {word}?", answer)
    longreel.library.rate(answer, "wrong", f"It says {word}.")


def traces_of(word: str, folder: Path) -> list[str]:
    """The files below a folder that have a word in their name or anywhere in their bytes."""
    found = []
    for path in sorted(folder.rglob("*")):
        inside = path.is_file() and word.encode() in path.read_bytes().lower()
        if inside or word in str(path.relative_to(folder)).lower():
            found.append(str(path.relative_to(folder)))
    return found


def test_no_byte_of_a_deleted_video_is_left_and_all_of_the_others_stays(longreel: Services, tmp_path: Path) -> None:
    data = longreel.settings.data
    other = uploaded(longreel, tmp_path, "marzipan", 300.0)
    video = uploaded(longreel, tmp_path, SECRET, 500.0)
    talk_about(longreel, other, "marzipan")
    talk_about(longreel, video, SECRET)
    items = tuple(Item(one.id, title=one.title) for one in (video, other))
    longreel.batch_jobs.submit(BatchRequest(items, formats=("json",)))
    work_off(longreel)
    leave_a_run(data / "runs.sqlite")
    before = {path.partition("/")[0].removesuffix("-wal") for path in traces_of(SECRET, data)}
    assert before >= {"longreel.sqlite", "lexical.sqlite", "chroma", "uploads", "media", "runs.sqlite"}
    longreel.library.delete(video.id, now=True)
    assert traces_of(SECRET, data) == []
    # The queue of Chroma's graph names removed segments until the graph is written: their ids, nothing of the content.
    assert traces_of(video.id, data) in ([], ["chroma/chroma.sqlite3"])
    assert [one.id for one in longreel.library.videos()] == [other.id]
    found = longreel.moments.search("marzipan", limit=5)
    assert found and {one.segment.video_id for one in found} == {other.id}
    (batch,) = [job for job in longreel.jobs.list(JobState.FINISHED) if job.kind == "batch"]
    assert [(child.result or {})["video_id"] for child in longreel.jobs.children(batch.id)] == [other.id]
    assert (batch.result or {})["videos"] == 1
    packed = tmp_path / "results.zip"
    packed.write_bytes(longreel.batch_jobs.results(batch))
    shutil.unpack_archive(packed, tmp_path / "results")
    assert traces_of("marzipan", tmp_path / "results") and traces_of(SECRET, tmp_path / "results") == []
    (thread,) = longreel.ask.threads.threads()
    assert len(longreel.ask.threads.turns(thread)) == 2


def test_deleting_while_a_video_is_read_cancels_the_job_and_leaves_no_row(
    longreel: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, go_on = threading.Event(), threading.Event()
    save = longreel.ingest._make_parts().stages.save_unit
    store = longreel.ingest._make_parts().stages

    def pause(*given: object) -> None:
        reached.set()
        go_on.wait(10)
        save(*given)

    monkeypatch.setattr(store, "save_unit", pause)
    film = write_media(tmp_path / "film.mp4", times_s=steady(3.0), tones_hz=[300.0])
    job = longreel.ingest.submit(IngestRequest(longreel.library.receive("film.mp4", [film.read_bytes()])))
    reading = threading.Thread(target=longreel.worker.run_one)
    reading.start()
    assert reached.wait(20)
    (video,) = longreel.library.videos()
    longreel.library.delete(video.id, now=True)
    assert longreel.library.videos() == [] and longreel.library.binned() == []
    assert longreel.jobs.get(job.id).cancel_requested
    go_on.set()
    reading.join(20)
    longreel.library.empty_bin()
    with pytest.raises(NotFound):
        longreel.jobs.get(job.id)
    database = sqlite3.connect(longreel.settings.data / "longreel.sqlite")
    for table in ("videos", "stage_units", "stage_results", "segments", "utterances", "jobs", "job_events"):
        assert database.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table
    database.close()
    assert not any((longreel.settings.data / "uploads").iterdir())


def leave_a_run(path: Path) -> None:
    """A run that was killed: its state is stored and nobody takes it up again."""
    from langgraph.checkpoint.base import empty_checkpoint
    from langgraph.checkpoint.sqlite import SqliteSaver

    connection = sqlite3.connect(path, check_same_thread=False)
    saver = SqliteSaver(connection)
    config = {"configurable": {"thread_id": "killed", "checkpoint_ns": ""}}
    state = empty_checkpoint() | {"channel_values": {"question": f"What of {SECRET}?"}}
    saver.put(config, state, {"step": 1}, {})
    connection.close()
