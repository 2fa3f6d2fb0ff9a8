"""One database: SQLite in WAL mode, or PostgreSQL. Transactions, migrations, translated errors.

A writing transaction on SQLite takes the write lock at its start. One that read first and took the
lock later would fail at once when another had written in between, whatever the busy timeout.
"""

from __future__ import annotations

import errno
import functools
import importlib.util
import logging
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, QueuePool, Table, create_engine, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, OperationalError

from app.core.errors import BadSettings, LongreelError, MissingPart, StorageFull, WorkerFailed
from app.db.errors import translated, where
from app.db.tables import metadata

logger = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_S = 30.0
"""How long a writer waits for another on SQLite, in seconds."""
IDLE_S = 60.0
"""For how long PostgreSQL lets a process that has stopped in the middle of a transaction hold its locks."""

_TABLE_WAIT_S = 5
"""How long a table of PostgreSQL may stay in use when it is to be written anew; who comes later waits as long."""

_fence: ContextVar[Callable[[Connection], None] | None] = ContextVar("fence", default=None)

_MIGRATION_LOCK = 7_061_826
"""The key of PostgreSQL's advisory lock that lets one process migrate at a time."""


def sqlite_url(path: Path) -> str:
    """The address of a SQLite file."""
    return URL.create("sqlite", database=str(path.absolute())).render_as_string()


class Database:
    """The door to the SQL store. Making one opens nothing; threads may share it, forked processes may not."""

    def __init__(self, url: str) -> None:
        """`url`: sqlite:///file, or postgresql://user:password@host/name. Raises BadSettings, MissingPart."""
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise BadSettings(
                "The database address cannot be read.", "Write postgresql://user:password@host/name or sqlite:///file."
            ) from error
        if parsed.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
            if importlib.util.find_spec("psycopg") is None:
                raise MissingPart("PostgreSQL needs the package psycopg.", "pip install 'longreel[postgres]'")
            parsed = parsed.set(drivername="postgresql+psycopg")
        elif parsed.drivername != "sqlite":
            raise BadSettings(f"Longreel does not know the database {parsed.drivername}.", "Use sqlite or postgresql.")
        elif parsed.database in (None, "", ":memory:"):
            raise BadSettings("A database in memory is lost at the end.", "Name a file: sqlite:////path/to/file.")
        self._use(parsed)

    def _use(self, url: URL) -> None:
        self._url = url
        self._engine = _engine(url)
        self._writer = self._engine.execution_options(begin="BEGIN IMMEDIATE")

    @property
    def name(self) -> str:
        """What a person calls it, without a password."""
        return where(self._url)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads: one consistent view."""
        with translated(self._url), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self, *, fenced: bool = True) -> Iterator[Connection]:
        """A transaction that writes; durable when the block has ended, undone when it raises.

        Inside `fence` it raises what the fence raises, unless it is not `fenced`.
        """
        with translated(self._url), self._writer.begin() as connection:
            check = _fence.get() if fenced else None
            if check is not None:
                check(connection)
            yield connection

    def migrate(self, seal: Callable[[str], str] | None = None) -> None:
        """Brings the tables to this version; nothing to do is no error, and several processes may do it at once.

        `seal` locks a secret; tables in which an older version left some as they were given cannot do without it.
        """
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        with translated(self._url):
            if self._url.get_backend_name() == "sqlite":
                self._prepare_file()
        with self.writing() as connection:
            if connection.dialect.name == "postgresql":
                encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
                if encoding not in ("UTF8", "SQL_ASCII"):
                    raise BadSettings(
                        f"The encoding of {self.name} is {encoding}, which lacks the letters of most languages.",
                        "Create it anew: CREATE DATABASE longreel ENCODING 'UTF8' TEMPLATE template0;",
                    )
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
            config.attributes.update(connection=connection, seal=seal)
            try:
                command.upgrade(config, "head")
            except CommandError as error:
                raise MissingPart(f"A newer Longreel created {self.name}.", "Install that version again.") from error
        if config.attributes.get("sealed"):
            try:
                self.compact()
            except LongreelError:
                logger.warning("Secrets are sealed now; run VACUUM on %s to remove their traces.", self.name)

    def close(self) -> None:
        """Closes the idle connections; the next use opens new ones."""
        self._engine.dispose()

    def ping(self) -> None:
        """Raises what keeps the database from being used."""
        with self.reading() as connection:
            connection.execute(text("SELECT count(*) FROM videos"))

    def compact(self) -> None:
        """Writes the database anew, so that what was deleted or replaced in it is in none of its tables.

        PostgreSQL also has a log of all changes, whose files it uses again some time later.
        """
        if self._url.get_backend_name() == "sqlite":
            with translated(self._url), self._engine.connect().execution_options(begin="") as connection:
                connection.exec_driver_sql("VACUUM")
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            return
        alone = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        with translated(self._url), alone.connect() as connection:
            connection.exec_driver_sql(f"SET lock_timeout = '{_TABLE_WAIT_S}s'")
            try:
                for name in metadata.tables:
                    connection.exec_driver_sql(f"VACUUM (FULL) {name}")
            finally:
                connection.exec_driver_sql("RESET lock_timeout")

    def _prepare_file(self) -> None:
        try:
            Path(self._url.database or "").parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            kind = StorageFull if error.errno == errno.ENOSPC else MissingPart
            message = f"The folder of {self.name} cannot be created: {error.strerror}."
            raise kind(message, "Set LONGREEL_DATA.") from error
        deadline = time.monotonic() + BUSY_S
        while True:
            try:
                with self._engine.connect().execution_options(begin="") as connection:
                    connection.exec_driver_sql("PRAGMA journal_mode = WAL")
                return
            except OperationalError as error:
                # SQLite refuses at once, without waiting, while another process has the file open.
                if getattr(error.orig, "sqlite_errorcode", None) != sqlite3.SQLITE_BUSY:
                    raise
                if time.monotonic() > deadline:
                    busy = f"Another program keeps {self.name} busy."
                    raise WorkerFailed(busy, "Try again in a moment.") from error
            time.sleep(0.05)


class MemoryDatabase(Database):
    """A SQLite database in memory with empty tables, for tests and for work that need not be remembered.

    Its threads take turns: it has one connection.
    """

    def __init__(self) -> None:
        self._use(make_url("sqlite://"))


@contextmanager
def fence(check: Callable[[Connection], None]) -> Iterator[None]:
    """Runs a check at the beginning of each writing transaction of the block, in this context of the thread."""
    before = _fence.set(check)
    try:
        yield
    finally:
        _fence.reset(before)


def time_of(connection: Connection) -> float:
    """The database's time, seconds since 1970; a file's is that of this machine."""
    if connection.dialect.name == "postgresql":
        return float(connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())
    return time.time()


def upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], key: Sequence[str]) -> None:
    """Inserts rows; a row whose `key` columns exist replaces the old values."""
    if not rows:
        return
    statement = insert_for(connection, table)
    changed = {name: statement.excluded[name] for name in rows[0] if name not in key}
    connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=changed), list(rows))


def insert_for(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that knows ON CONFLICT."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "postgresql":
        # a database without an encoding would give bytes
        how = {"connect_timeout": 10, "client_encoding": "utf8"}
        engine = create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=20, connect_args=how)

        @event.listens_for(engine, "connect")
        def limit_idle(connection: Any, record: object) -> None:  # noqa: ARG001
            with connection.cursor() as cursor:
                cursor.execute(f"SET idle_in_transaction_session_timeout = '{IDLE_S * 1000:.0f}'")
            connection.commit()

        return engine
    if url.database:
        engine = create_engine(url, pool_size=10, max_overflow=20, connect_args={"timeout": BUSY_S})
    else:
        one = {"poolclass": QueuePool, "pool_size": 1, "max_overflow": 0}
        engine = create_engine(url, **one, connect_args={"check_same_thread": False})

    @event.listens_for(engine, "connect")
    def configure(connection: Any, record: object) -> None:  # noqa: ARG001
        if not url.database:
            connection.deserialize(_empty_tables())
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "foreign_keys = ON",
            f"busy_timeout = {int(BUSY_S * 1000)}",
            "synchronous = FULL",
            "secure_delete = ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        statement = connection.get_execution_options().get("begin", "BEGIN")
        if statement:
            connection.exec_driver_sql(statement)

    return engine


@functools.cache
def _empty_tables() -> bytes:
    """A SQLite database with empty tables, ready to be copied: creating them takes 30 times as long."""
    file = sqlite3.connect(":memory:")
    metadata.create_all(create_engine("sqlite://", creator=lambda: file))
    return file.serialize()
