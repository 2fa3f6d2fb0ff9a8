"""The migrations make exactly the tables that the code uses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.engine import make_url

from app.core.errors import MissingPart, StorageFull
from app.db.database import Database, sqlite_url
from app.db.jobs import SqlJobStore
from app.db.tables import metadata
from tests.postgres import KINDS

MIGRATE = "import sys; from app.db.database import Database; Database(sys.argv[1]).migrate()"


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"empty_{request.param}_url"))


def differences(database: Database) -> list[object]:
    with database.reading() as connection:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))


def indexes(database: Database) -> dict[str, set[tuple[str | None, ...]]]:
    with database.reading() as connection:
        inspector = inspect(connection)
        return {
            table: {tuple(index["column_names"]) for index in inspector.get_indexes(table)} for table in metadata.tables
        }


def test_an_empty_database_gets_exactly_the_tables_of_the_code(url: str) -> None:
    database = Database(url)
    database.migrate()
    assert differences(database) == []
    for name, found in indexes(database).items():
        assert {tuple(column.name for column in index.columns) for index in metadata.tables[name].indexes} <= found
    database.close()


def test_migrating_again_changes_nothing_and_loses_nothing(url: str) -> None:
    database = Database(url)
    database.migrate()
    with database.writing() as connection:
        connection.execute(metadata.tables["stage_results"].insert(), [_row()])
    database.migrate()
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM stage_results")).scalar_one() == 1
        assert connection.execute(text("SELECT count(*) FROM alembic_version")).scalar_one() == 1
    assert differences(database) == []
    database.close()


def test_processes_that_migrate_at_once_all_succeed(url: str) -> None:
    started = [
        subprocess.Popen([sys.executable, "-c", MIGRATE, url], stderr=subprocess.PIPE, text=True) for _ in range(3)
    ]
    for process in started:
        _, complaints = process.communicate(timeout=120)
        assert process.returncode == 0, complaints
    database = Database(url)
    assert differences(database) == []
    database.close()


def test_a_database_of_a_newer_version_is_refused_with_advice(url: str) -> None:
    database = Database(url)
    database.migrate()
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(MissingPart, match="newer Longreel"):
        database.migrate()
    database.close()


def test_secrets_that_an_older_version_stored_are_sealed_and_leave_no_trace(url: str) -> None:
    database = Database(url)
    database.migrate()
    store = SqlJobStore(database)
    for secret in ("whsec_first", "whsec_second"):
        webhook = {"url": "https://example.org", "secret": secret}
        job = store.submit("ingest", {"title": "Film", "webhook": webhook})
        store.add_event(job.id, {"type": "note"})
    plain = store.submit("ingest", {"title": "whsec_ is how a secret begins"})
    with database.writing() as connection:
        connection.execute(text("DROP TABLE faces"))
        connection.execute(text("DROP TABLE object_tracks"))
        connection.execute(text("ALTER TABLE jobs DROP COLUMN dismissed"))
        connection.execute(text("ALTER TABLE utterances DROP COLUMN language"))
        connection.execute(text("DROP INDEX uq_jobs_request_key"))
        connection.execute(text("ALTER TABLE jobs DROP COLUMN request_key"))
        connection.execute(text("CREATE TABLE replies (key VARCHAR)"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0010'"))
    database.migrate(lambda secret: secret[::-1])
    hooks = [job.payload.get("webhook") for job in store.list()]
    sealed = [{"url": "https://example.org", "secret": secret} for secret in ("dnoces_ceshw", "tsrif_ceshw")]
    assert hooks == [None, *sealed]
    assert store.get(plain.id).payload == plain.payload
    if url.startswith("sqlite"):
        files = Path(make_url(url).database or "").parent.iterdir()
        stored = b"".join(file.read_bytes() for file in files)
        assert b"dnoces_ceshw" in stored and b"whsec_second" not in stored
    database.close()


def test_the_file_of_a_new_library_is_made_with_its_folders_and_uses_wal(tmp_path: Path) -> None:
    file = tmp_path / "a b" / "100%" / "longreel.db"
    database = Database(sqlite_url(file))
    database.migrate()
    with database.reading() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
        assert connection.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
        assert connection.execute(text("PRAGMA synchronous")).scalar_one() == 2
    database.close()
    assert file.exists()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(MissingPart, match="cannot be created") as caught:
        Database(sqlite_url(tmp_path / "file" / "longreel.db")).migrate()
    assert not isinstance(caught.value, StorageFull)


def _row() -> dict[str, object]:
    return {"video_id": "a" * 64, "stage": "probe", "version": "v1", "payload": b"x"}
