"""Databases for the tests: SQLite files, and a real PostgreSQL server from the machine's own package."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.db.database import Database, sqlite_url
from app.db.tables import metadata

KINDS = ("sqlite", pytest.param("postgres", marks=pytest.mark.postgres))
"""What a test of a database is parametrised over."""

ACCOUNTS = ("postgres", "nobody")
"""PostgreSQL refuses to run as root; tests that run as root start it as the first of these that exists."""


def programs() -> Path | None:
    """The folder with initdb and postgres: the newest of the package, else from PATH."""
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    on_path = [Path(found).resolve().parent for name in ("postgres", "initdb") if (found := shutil.which(name))]
    complete = (path for path in [*packaged, *on_path] if (path / "initdb").exists() and (path / "postgres").exists())
    return next(complete, None)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a running server, without a database name: postgresql://user@/{database}?host=folder."""
    folder = programs()
    if folder is None:
        pytest.skip("no PostgreSQL server program here (Debian: apt-get install postgresql)")
    home = Path(tempfile.mkdtemp(prefix="longreel-pg-", dir="/tmp"))
    account = _account()
    if account is not None:
        os.chown(home, account.pw_uid, account.pw_gid)
    try:
        with _running(folder, home, account):
            yield f"postgresql://longreel@/{{database}}?host={home}"
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def empty_postgres_url(postgres_server: str) -> Iterator[str]:
    """The address of a database without tables."""
    import psycopg

    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(postgres_server.format(database="postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            yield postgres_server.format(database=name)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres_tables(postgres_server: str) -> str:
    """The address of the database that the tests share, with tables."""
    url = postgres_server.format(database="postgres")
    database = Database(url)
    database.migrate()
    database.close()
    return url


@pytest.fixture
def postgres_url(postgres_tables: str) -> str:
    """The address of a database with empty tables: emptying one is quicker than making one."""
    import psycopg

    names = ", ".join(metadata.tables)
    with psycopg.connect(postgres_tables, autocommit=True) as connection:
        connection.execute(f"TRUNCATE {names} RESTART IDENTITY")
    return postgres_tables


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    """The address of a SQLite file that is not there yet."""
    return sqlite_url(tmp_path / "library" / "longreel.db")


@pytest.fixture
def sqlite_file_url(empty_sqlite_url: str) -> str:
    """The address of a SQLite file with empty tables."""
    database = Database(empty_sqlite_url)
    database.migrate()
    database.close()
    return empty_sqlite_url


@contextlib.contextmanager
def open_database(request: pytest.FixtureRequest, kind: str) -> Iterator[Database]:
    """A database with empty tables: `kind` is "sqlite" or "postgres"."""
    database = Database(request.getfixturevalue("postgres_url" if kind == "postgres" else "sqlite_file_url"))
    try:
        yield database
    finally:
        database.close()


@contextlib.contextmanager
def _running(folder: Path, home: Path, account: pwd.struct_passwd | None) -> Iterator[None]:
    who = {} if account is None else {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": ()}
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "HOME": str(home)}
    data, log = home / "data", home / "log"
    common = {"cwd": home, "env": environment, **who}
    made = subprocess.run(
        [folder / "initdb", "-D", data, "-U", "longreel", "-A", "trust", "-E", "UTF8", "--no-sync"],
        capture_output=True,
        text=True,
        **common,
    )
    assert made.returncode == 0, made.stderr
    options = ("listen_addresses=", f"unix_socket_directories={home}", "fsync=off", "max_connections=200")
    command = [folder / "postgres", "-D", data, *(part for option in options for part in ("-c", option))]
    with log.open("wb") as output:
        server = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, **common)
    try:
        _wait(server, f"postgresql://longreel@/postgres?host={home}", log)
        yield
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    import psycopg

    deadline = time.monotonic() + 60
    while True:
        try:
            psycopg.connect(address).close()
            return
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"PostgreSQL did not start: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)


def _account() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    for name in ACCOUNTS:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    pytest.skip("PostgreSQL refuses to run as root and there is no other account here")
