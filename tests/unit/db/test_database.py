"""What the door to the store refuses, and how it tells what went wrong."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event, text

from app.core.errors import BadSettings, MissingPart, NotFound, StorageFull, WorkerFailed
from app.core.types import MediaInfo, Segment, SegmentKind, TimeSpan, Utterance, Video, VideoId
from app.db.database import Database, sqlite_url
from app.db.library import SqlLibrary
from app.db.stages import SqlStageStore
from app.db.tables import plain
from tests.postgres import KINDS, open_database

VIDEO = VideoId("a" * 64)


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    with open_database(request, request.param) as opened:
        yield opened


@pytest.fixture
def file_database(sqlite_file_url: str) -> Iterator[Database]:
    opened = Database(sqlite_file_url)
    yield opened
    opened.close()


def video() -> Video:
    return Video(VIDEO, "Tea", "/videos/tea.mp4", MediaInfo("mp4", 10.0, 0.0, 1000, None))


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://h/d", "nonsense", "oracle+cx_oracle://h"])
def test_an_address_that_cannot_work_is_refused(url: str) -> None:
    with pytest.raises(BadSettings) as caught:
        Database(url)
    assert caught.value.hint


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_postgresql_is_understood_and_the_password_is_never_shown(scheme: str) -> None:
    database = Database(f"{scheme}://tea:secret-cup@db.example:5433/longreel")
    assert database.name == "the database longreel at db.example"
    assert "secret-cup" not in repr(vars(database))


def test_making_one_opens_nothing(tmp_path: Path) -> None:
    Database(sqlite_url(tmp_path / "x.db"))
    Database("postgresql://nobody@127.0.0.1:1/nothing")
    assert list(tmp_path.iterdir()) == []


def test_a_block_that_raises_leaves_nothing_behind(database: Database) -> None:
    library = SqlLibrary(database)
    library.add_video(video())

    def write_and_fail() -> None:
        with database.writing() as connection:
            connection.execute(text("DELETE FROM videos"))
            raise KeyError

    with pytest.raises(KeyError):
        write_and_fail()
    assert [one.id for one in library.videos()] == [VIDEO]


def test_writers_that_read_first_never_collide(database: Database) -> None:
    library = SqlLibrary(database)
    library.add_video(video())

    def count_up() -> None:
        for _ in range(10):
            with database.writing() as connection:
                title = connection.execute(text(_select(database))).scalar_one()
                number = int("0" + title.removeprefix("Tea"))
                connection.execute(text("UPDATE videos SET title = :t"), {"t": f"Tea{number + 1}"})

    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(count_up) for _ in range(4)]:
            future.result()
    assert library.video(VIDEO).title == "Tea40"


def _select(database: Database) -> str:
    lock = "" if ".db" in database.name else " FOR UPDATE"
    return f"SELECT title FROM videos{lock}"


def test_a_reader_is_not_stopped_by_a_writer(file_database: Database) -> None:
    library = SqlLibrary(file_database)
    library.add_video(video())
    with file_database.writing() as connection:
        connection.execute(text("UPDATE videos SET title = 'Coffee'"))
        assert library.video(VIDEO).title == "Tea"
    assert library.video(VIDEO).title == "Coffee"


def test_text_that_a_database_cannot_hold_is_made_plain(database: Database) -> None:
    library = SqlLibrary(database)
    library.add_video(video())
    span = TimeSpan(0.0, 1.0)
    library.save_utterances(VIDEO, [Utterance(span, "a\x00b\ud800c")])
    library.add_segments([Segment("s", VIDEO, SegmentKind.SPEECH, span, "x\x00", "m")])
    assert library.utterances(VIDEO)[0].text == "ab?c"
    assert library.segments(VIDEO)[0].text == "x"
    assert plain("tea 🍵") == "tea 🍵"


def test_a_row_of_a_video_that_was_just_deleted_is_not_found(database: Database) -> None:
    statement = text("INSERT INTO digests (video_id, summary, citations) VALUES (:id, '', '[]')")

    def write() -> None:
        with database.writing() as connection:
            connection.execute(statement, {"id": VIDEO})

    with pytest.raises(NotFound):
        write()


def test_a_full_disk_is_told_and_what_was_saved_is_kept(file_database: Database) -> None:
    @event.listens_for(file_database._engine, "connect")
    def limit(connection: sqlite3.Connection, record: object) -> None:
        connection.execute("PRAGMA max_page_count = 100")

    store = SqlStageStore(file_database)
    store.save_unit(VIDEO, "sample", "v1", "0", b"x")
    with pytest.raises(StorageFull, match="no room left") as caught:
        store.save_unit(VIDEO, "sample", "v1", "1", b"x" * 1_000_000)
    assert "resume" in caught.value.hint
    assert store.units(VIDEO, "sample", "v1") == {"0": b"x"}


def test_a_really_full_disk_is_told_and_work_goes_on_when_there_is_room(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], capture_output=True
    )
    if not mounted or mounted.returncode != 0:
        pytest.skip("small file systems cannot be mounted here")
    try:
        database = Database(sqlite_url(disk / "longreel.db"))
        database.migrate()
        store = SqlStageStore(database)
        store.save_unit(VIDEO, "sample", "v1", "0", b"x")
        (disk / "filler").write_bytes(b"x" * (shutil.disk_usage(disk).free - 8192))
        with pytest.raises(StorageFull):
            store.save_unit(VIDEO, "sample", "v1", "1", b"x" * 100_000)
        (disk / "filler").unlink()
        store.save_unit(VIDEO, "sample", "v1", "1", b"x" * 100_000)
        assert list(store.units(VIDEO, "sample", "v1")) == ["0", "1"]
        database.close()
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_a_file_that_may_only_be_read_is_told(file_database: Database) -> None:
    @event.listens_for(file_database._engine, "connect")
    def protect(connection: sqlite3.Connection, record: object) -> None:
        connection.execute("PRAGMA query_only = ON")

    with pytest.raises(WorkerFailed, match="Nothing can be written"):
        SqlLibrary(file_database).add_video(video())
    assert SqlLibrary(file_database).videos() == []


def test_a_file_that_another_program_keeps_locked_is_told(
    sqlite_file_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.db.database.BUSY_S", 0.1)
    database, other = Database(sqlite_file_url), Database(sqlite_file_url)
    started = time.monotonic()
    with other.writing(), pytest.raises(WorkerFailed, match="busy") as caught:
        SqlLibrary(database).add_video(video())
    assert caught.value.retryable
    assert time.monotonic() - started < 5
    database.close()
    other.close()


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    file = tmp_path / "longreel.db"
    file.write_bytes(b"This is not a database at all. " * 100)
    with pytest.raises(MissingPart, match="damaged"):
        Database(sqlite_url(file)).migrate()


def test_a_database_without_tables_says_so(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path / "empty.db"))
    with pytest.raises(MissingPart, match="tables"):
        SqlLibrary(database).videos()
    database.close()


def test_a_server_that_does_not_answer_is_told_without_the_password() -> None:
    database = Database("postgresql://tea:secret-cup@127.0.0.1:1/longreel")
    with pytest.raises(WorkerFailed, match="does not answer") as caught:
        SqlLibrary(database).videos()
    assert "secret-cup" not in str(caught.value)
    assert "LONGREEL_DATABASE_URL" in caught.value.hint


@pytest.mark.postgres
def test_a_database_that_the_server_does_not_have_is_told(postgres_server: str) -> None:
    with pytest.raises(WorkerFailed, match="does not answer"):
        Database(postgres_server.format(database="nothing")).migrate()


@pytest.mark.postgres
@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_holds_every_language_or_says_why_not(postgres_server: str, encoding: str) -> None:
    import psycopg

    name = f"encoded_{encoding.lower()}"
    with psycopg.connect(postgres_server.format(database="postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'")
        database = Database(postgres_server.format(database=name))
        try:
            if encoding == "LATIN1":
                with pytest.raises(BadSettings, match="is LATIN1"):
                    database.migrate()
                return
            database.migrate()
            SqlLibrary(database).add_video(replace(video(), title="橋の開通"))
            assert [one.title for one in SqlLibrary(database).videos()] == ["橋の開通"]
        finally:
            database.close()
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.postgres
def test_connections_that_the_server_cut_are_opened_again(postgres_url: str) -> None:
    database = Database(postgres_url)
    library = SqlLibrary(database)
    library.add_video(video())
    other = Database(postgres_url)
    with other.reading() as connection:
        others = "FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
        connection.execute(text(f"SELECT pg_terminate_backend(pid) {others}"))
    assert [one.id for one in library.videos()] == [VIDEO]
    database.close()
    other.close()


def test_a_video_with_much_in_it_is_deleted_quickly(database: Database) -> None:
    library, stages = SqlLibrary(database), SqlStageStore(database)
    other = VideoId("b" * 64)
    for id in (VIDEO, other):
        library.add_video(Video(id, "Tea", "/t.mp4", video().media))
        library.save_utterances(id, [Utterance(TimeSpan(n, n + 1.0), "Some words.") for n in range(5000)])
        spans = [TimeSpan(n, n + 1.0) for n in range(5000)]
        library.add_segments(
            [Segment(f"{id}-{n}", id, SegmentKind.SPEECH, span, "Some words.", "m") for n, span in enumerate(spans)]
        )
    for unit in range(12):
        stages.save_unit(VIDEO, "sample", "v1", str(unit), b"x" * 1_000_000)
    started = time.monotonic()
    library.delete_video(VIDEO)
    assert time.monotonic() - started < 5
    assert stages.units(VIDEO, "sample", "v1") == {}
    assert len(library.segments(other)) == 5000


SAVE = """
import sys
from app.db.database import Database
from app.db.stages import SqlStageStore

store = SqlStageStore(Database(sys.argv[1]))
for unit in range(1_000_000):
    store.save_unit("a" * 64, "sample", "v1", str(unit), str(unit).encode() * 20_000)
    print(unit, flush=True)
"""


def test_every_unit_that_was_saved_is_there_after_a_kill(sqlite_file_url: str) -> None:
    command = [sys.executable, "-c", SAVE, sqlite_file_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        saved = [process.stdout.readline() for _ in range(15)]
        process.kill()
        saved += process.stdout.readlines()
    database = Database(sqlite_file_url)
    units = SqlStageStore(database).units(VIDEO, "sample", "v1")
    database.close()
    assert len(units) - len(saved) in (0, 1)
    assert units == {str(unit): str(unit).encode() * 20_000 for unit in range(len(units))}


def test_a_text_about_several_videos_goes_when_any_of_them_is_deleted(database: Database) -> None:
    library, stages = SqlLibrary(database), SqlStageStore(database)
    library.add_video(video())
    other = VideoId("b" * 64)
    for stage in ("together-text", "summary-text", "togetherness"):
        stages.save_unit(other, stage, "1", "0", b"x")
    library.delete_video(VIDEO)
    kept = {name for name in ("together-text", "summary-text", "togetherness") if stages.units(other, name, "1")}
    assert kept == {"summary-text", "togetherness"}


@pytest.mark.postgres
def test_what_was_removed_is_in_no_file_of_the_tables(postgres_url: str) -> None:
    import psycopg

    word = f"quokka{uuid.uuid4().hex}"
    database = Database(postgres_url)
    library = SqlLibrary(database)
    library.add_video(video())
    library.save_utterances(VIDEO, [Utterance(TimeSpan(n, n + 1.0), f"{word} {n}") for n in range(50)])
    data = Path(postgres_url.partition("host=")[2]) / "data" / "base"

    def files() -> list[str]:
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute("CHECKPOINT")
        return [path.name for path in data.rglob("*") if path.is_file() and word.encode() in path.read_bytes()]

    assert files()
    library.delete_video(VIDEO)
    assert files()
    database.compact()
    assert files() == []
    database.close()


@pytest.mark.postgres
def test_a_table_in_use_is_not_waited_for_long(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.db.database._TABLE_WAIT_S", 1)
    database = Database(postgres_url)
    with database.reading() as other, pytest.raises(WorkerFailed, match="busy"):
        other.execute(text("SELECT count(*) FROM videos"))
        database.compact()
    database.close()
