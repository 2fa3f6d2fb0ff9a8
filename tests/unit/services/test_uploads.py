"""Uploads in pieces: kept over restarts, bounded, given to a worker once, removed when abandoned."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from app.core.errors import BadInput, Cancelled, NotFound, StorageFull, WorkerFailed
from app.db.database import MemoryDatabase
from app.db.jobs import SqlJobStore
from app.jobs.states import JobError
from app.services import uploads
from app.services.uploads import ABANDONED_S, Upload, UploadService
from tests.unit.api.stand_in import Reader


@pytest.fixture
def jobs() -> SqlJobStore:
    return SqlJobStore(MemoryDatabase())


@pytest.fixture
def service(tmp_path: Path, jobs: SqlJobStore) -> UploadService:
    return opened(tmp_path, jobs)


def opened(folder: Path, jobs: SqlJobStore, *files: str) -> UploadService:
    """The service of a server that was just started; `files` are those of the library's videos."""
    reader = Reader(jobs, cast(Any, None), cast(Any, None), cast(Any, None))
    library = SimpleNamespace(files=lambda: set(files))
    return UploadService(folder / "uploads", lambda: 1000, cast(Any, reader), cast(Any, library), jobs)


def send(service: UploadService, id: str, *pieces: bytes) -> Upload:
    with service.writing(id) as writing:
        for piece in pieces:
            writing.write(piece)
    return writing.upload


def wanted(length: int = 6, name: str = "talk.mp4", **more: Any) -> Upload:
    return Upload("", name, length, **more)


def test_a_file_in_pieces_becomes_one_job(service: UploadService, jobs: SqlJobStore) -> None:
    made = service.create(wanted(title="Talk", language="en", tags=("Talks",)))
    assert (made.offset, made.job) == (0, None)
    assert send(service, made.id, b"ab", b"c").offset == 3
    assert jobs.list() == []
    done = send(service, made.id, b"def")
    (job,) = jobs.list()
    assert done.job == job.id == service.find(made.id).job
    assert Path(job.payload["path"]).read_bytes() == b"abcdef"
    assert (job.payload["title"], job.payload["language"], job.payload["tags"]) == ("Talk", "en", ["Talks"])
    assert done.expires_at is None


def test_an_upload_goes_on_after_a_restart(service: UploadService, jobs: SqlJobStore, tmp_path: Path) -> None:
    made = service.create(wanted())
    send(service, made.id, b"abc")
    again = opened(tmp_path, jobs)
    assert again.find(made.id).offset == 3
    send(again, made.id, b"def")
    assert Path(jobs.list()[0].payload["path"]).read_bytes() == b"abcdef"


def test_a_server_that_died_before_it_queued_the_job_queues_it_later(
    service: UploadService, jobs: SqlJobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = service.create(wanted())
    monkeypatch.setattr(jobs, "submit", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        send(service, made.id, b"abcdef")
    monkeypatch.undo()
    again = opened(tmp_path, jobs)
    found = again.find(made.id)
    assert (found.offset, found.job) == (6, None)
    with again.writing(made.id) as writing:
        pass
    settled = again.settle(writing.upload)
    assert settled == writing.upload
    assert [job.id for job in jobs.list()] == [settled.job]


def test_what_came_before_the_line_broke_is_kept(service: UploadService) -> None:
    made = service.create(wanted())
    with pytest.raises(Cancelled), service.writing(made.id) as writing:
        writing.write(b"abcd")
        raise Cancelled("The upload was cut off.")
    assert service.find(made.id).offset == 4


def test_more_than_was_announced_is_refused_and_nothing_is_queued(service: UploadService, jobs: SqlJobStore) -> None:
    made = service.create(wanted(length=3))
    with pytest.raises(BadInput, match="More bytes"):
        send(service, made.id, b"ab", b"cd")
    assert service.find(made.id).offset == 2
    assert jobs.list() == []


@pytest.mark.parametrize("length", [0, -1, 1001])
def test_a_size_that_is_not_taken_leaves_nothing(service: UploadService, tmp_path: Path, length: int) -> None:
    with pytest.raises(BadInput, match="cannot be uploaded"):
        service.create(wanted(length=length))
    assert not (tmp_path / "uploads").exists()


def test_a_file_that_the_disk_cannot_hold_is_refused_at_once(
    service: UploadService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(uploads.shutil, "disk_usage", lambda _: usage._replace(free=5))
    with pytest.raises(StorageFull, match="no room"):
        service.create(wanted(length=6))
    assert list((tmp_path / "uploads").iterdir()) == []
    assert service.create(wanted(length=5)).length == 5
    with pytest.raises(StorageFull, match="uploads in progress"):
        service.create(wanted(length=1))


def test_two_senders_do_not_mix(service: UploadService) -> None:
    made = service.create(wanted())
    with service.writing(made.id) as writing:
        with pytest.raises(WorkerFailed, match="Another request"), service.writing(made.id):
            pass
        writing.write(b"abc")
    assert send(service, made.id, b"def").job


@pytest.mark.parametrize(
    "name", [".upload.json", "upload.json", "../../.incoming", ".lock", "böse/\\film?.mp4", "", "..."]
)
def test_no_file_name_reaches_what_an_upload_is_made_of(
    service: UploadService, jobs: SqlJobStore, tmp_path: Path, name: str
) -> None:
    made = service.create(wanted(name=name))
    send(service, made.id, b"abcdef")
    path = Path(jobs.list()[0].payload["path"])
    assert path.parent == tmp_path / "uploads" / made.id
    assert path.read_bytes() == b"abcdef"
    assert service.find(made.id).offset == 6


def test_only_ids_name_uploads(service: UploadService, tmp_path: Path) -> None:
    (tmp_path / ".upload.json").write_text("{}", encoding="utf-8")
    for id in ("..", "../uploads", "0" * 32, ""):
        with pytest.raises(NotFound):
            service.find(id)


def test_an_upload_whose_record_a_power_cut_emptied_begins_again(service: UploadService, tmp_path: Path) -> None:
    made = service.create(wanted())
    (tmp_path / "uploads" / made.id / ".upload.json").write_bytes(b"")
    with pytest.raises(NotFound):
        service.find(made.id)


def test_an_upload_can_be_given_up_until_it_is_complete(service: UploadService, tmp_path: Path) -> None:
    given_up, complete = service.create(wanted()), service.create(wanted())
    service.remove(given_up.id)
    with pytest.raises(NotFound):
        service.find(given_up.id)
    send(service, complete.id, b"abcdef")
    with pytest.raises(BadInput, match="already complete"):
        service.remove(complete.id)


def test_only_what_nothing_was_added_to_for_a_day_is_swept_away(
    service: UploadService, jobs: SqlJobStore, tmp_path: Path
) -> None:
    service.sweep()
    old, new, complete = (service.create(wanted()) for _ in range(3))
    send(service, complete.id, b"abcdef")
    plain = tmp_path / "uploads" / "plain"
    plain.mkdir()
    (plain / ".incoming").write_bytes(b"ab")
    past = time.time() - ABANDONED_S - 1
    for place in (plain, tmp_path / "uploads" / old.id):
        os.utime(place / ".incoming", (past, past))
    os.utime(jobs.list()[0].payload["path"], (past, past))
    service.sweep()
    left = {place.name for place in (tmp_path / "uploads").iterdir()}
    assert left == {new.id, complete.id}
    assert service.find(new.id).expires_at == pytest.approx(time.time() + ABANDONED_S, abs=60)


def received(tmp_path: Path, service: UploadService, jobs: SqlJobStore) -> tuple[Path, str]:
    """A whole file that came more than a day ago, and the job that reads it."""
    made = service.create(wanted())
    job = send(service, made.id, b"abcdef").job
    assert job
    path = Path(jobs.get(job).payload["path"])
    past = time.time() - ABANDONED_S - 1
    os.utime(path.parent, (past, past))
    return path, job


def test_a_file_of_which_no_video_was_made_goes_when_its_job_is_dismissed(
    service: UploadService, jobs: SqlJobStore, tmp_path: Path
) -> None:
    path, id = received(tmp_path, service, jobs)
    for step in (lambda: None, lambda: fail(jobs, id), lambda: jobs.retry(id), lambda: fail(jobs, id)):
        step()
        opened(tmp_path, jobs).sweep()
        assert path.is_file()
    jobs.dismiss(id)
    opened(tmp_path, jobs).sweep()
    assert not path.parent.exists()


def fail(jobs: SqlJobStore, id: str) -> None:
    job = jobs.claim("w", ["ingest"])
    assert job and job.id == id
    jobs.fail(job, "w", JobError("bad_input", "This is no video."))


def test_the_file_of_a_video_stays_whatever_became_of_its_job(
    service: UploadService, jobs: SqlJobStore, tmp_path: Path
) -> None:
    path, id = received(tmp_path, service, jobs)
    fail(jobs, id)
    jobs.dismiss(id)
    opened(tmp_path, jobs, str(path)).sweep()
    assert path.is_file()


def test_a_file_that_came_today_stays_until_tomorrow(service: UploadService, jobs: SqlJobStore, tmp_path: Path) -> None:
    made = service.create(wanted())
    id = send(service, made.id, b"abcdef").job
    assert id
    jobs.cancel(id)
    jobs.dismiss(id)
    service.sweep()
    assert Path(jobs.get(id).payload["path"]).is_file()
