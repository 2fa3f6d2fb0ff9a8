"""Runs of the graph that survive a crash: the state is stored after each node, and a killed run resumes from it.

LangGraph keeps the state in tables of its own: in a SQLite file, or in PostgreSQL beside ours. They are read back
with a list of the types that may be built from them, and removed when the answer is stored.
"""

from __future__ import annotations

import functools
import hashlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.types import StreamMode

from agents.budget import Budget
from agents.evidence import Finding, Passage
from agents.graph import Graph, build_graph
from agents.parts import AgentParts, AgentRun
from agents.plans import Plan
from agents.recording import frozen
from agents.state import AgentState, Claim, Coverage, DraftAnswer, JudgedClaim, Note, Observation, Said
from app.core.errors import BadInput, MissingPart, StorageFull, WorkerFailed
from app.core.events import EVENT
from app.core.types import (
    Answer,
    AnswerStatus,
    AudioStream,
    Citation,
    MediaInfo,
    SegmentKind,
    TimeSpan,
    ToolCall,
    Turn,
    Usage,
    Video,
    VideoStream,
)
from app.core.types.media import FileChapter, FileTags, SoundChoice
from app.core.types.objects import Region
from app.text.time_expressions import TimeScope

STORED = (
    *(Claim, DraftAnswer, Finding, Coverage, JudgedClaim, Note, Observation, Passage, Plan, Said, TimeScope, ToolCall),
    *(FileChapter, FileTags, Region, SoundChoice),
    *(Answer, AnswerStatus, AudioStream, Citation, MediaInfo, SegmentKind, TimeSpan, Turn, Usage, Video, VideoStream),
)
"""The types of a stored state; nothing else is built from what a file holds."""
_FIELDS = "|".join(f"{kind.__name__}: {kind.__annotations__}" for kind in (AgentState, *STORED))
FORM = hashlib.sha256(_FIELDS.encode()).hexdigest()[:8]
"""The fields of the state and of the stored types, and their types: a state of another form is not read."""
BUSY_S = 30.0
STREAMED: list[StreamMode] = ["custom", "values"]
"""What a run of the graph streams: its events, and its states."""
_TABLE_WAIT_S = 5
"""How long a table of PostgreSQL may stay in use when it is to be written anew."""


class Checkpoints:
    """The store of runs. Making one opens nothing."""

    def __init__(self, place: Path | str) -> None:
        """`place`: a SQLite file, or the address of a PostgreSQL database."""
        self._place = place
        self._lock = threading.Lock()
        self._opening = threading.RLock()
        self._running: set[str] = set()

    def stream(self, run_id: str, start: AgentState, parts: AgentParts, cancelled: Callable[[], bool]) -> Iterator[Any]:
        """The run's events ("custom") and states ("values"), those before a crash first. Raises BadInput for a run
        that answers another question, or is at work in this process.
        """
        config: RunnableConfig = {"configurable": {"thread_id": _key(run_id)}}
        with self._alone(run_id), self._translated():
            with self._opening:
                graph = self._graph
            snapshot = graph.get_state(config)
            stored = frozen(snapshot.values)
            # The plan keeps the question as it was asked; understanding it changes the one in the state.
            same = all(stored.get(name) == start[name] for name in ("plan", "options", "region"))
            if stored and not (same and [v.id for v in stored["videos"]] == [v.id for v in start["videos"]]):
                raise BadInput("This run id belongs to another question.", "Use another run id.")
            for event in stored.get("events", ()):
                yield "custom", EVENT.validate_python(event)
            if stored:
                yield "values", stored
            if stored and not snapshot.next:
                return
            work = AgentRun(parts, Budget(parts.settings, cancelled, stored.get("spent", Usage())))
            begin = None if stored else start
            yield from graph.stream(begin, config, context=work, stream_mode=STREAMED, durability="sync")

    def forget(self, run_id: str) -> None:
        """Removes what is stored of a run; no error when there is nothing."""
        with self._translated(), self._opening:
            self._saver.delete_thread(_key(run_id))

    def forget_all(self) -> None:
        """Removes all runs but those at work, and leaves nothing of any that was removed in a file.

        A run that was to be taken up again begins anew.
        """
        if isinstance(self._place, Path) and not self._place.exists():
            return
        with self._translated(), self._opening:
            with self._lock:
                at_work = {_key(run_id) for run_id in self._running}
            saver: Any = self._saver
            if isinstance(self._place, str):
                stored = {one.config["configurable"]["thread_id"] for one in saver.list(None)}
            else:
                with saver.cursor() as cursor:
                    stored = {key for (key,) in cursor.execute("SELECT DISTINCT thread_id FROM checkpoints").fetchall()}
            for run in stored - at_work:
                saver.delete_thread(run)
            self._compact()

    def _compact(self) -> None:
        saver: Any = self._saver
        if isinstance(self._place, str):
            with saver.conn.connection() as connection:
                connection.execute(f"SET lock_timeout = '{_TABLE_WAIT_S}s'")
                try:
                    connection.execute("VACUUM (FULL) checkpoints, checkpoint_blobs, checkpoint_writes")
                finally:
                    connection.execute("RESET lock_timeout")
            return
        with saver.lock:
            saver.conn.execute("VACUUM")
            saver.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Closes the connection, if one was opened."""
        opened: Any = self.__dict__.pop("_saver", None)
        self.__dict__.pop("_graph", None)
        if opened is not None:
            opened.conn.close()

    @functools.cached_property
    def _graph(self) -> Graph:
        return build_graph(self._saver)

    @functools.cached_property
    def _saver(self) -> BaseCheckpointSaver[Any]:
        serde = JsonPlusSerializer(allowed_msgpack_modules=[(kind.__module__, kind.__name__) for kind in STORED])
        if isinstance(self._place, str):
            return _postgres(self._place, serde)
        from langgraph.checkpoint.sqlite import SqliteSaver

        self._place.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._place, timeout=BUSY_S, check_same_thread=False)
        connection.execute("PRAGMA secure_delete = ON")
        return SqliteSaver(connection, serde=serde)

    @contextmanager
    def _alone(self, run_id: str) -> Iterator[None]:
        with self._lock:
            if run_id in self._running:
                raise BadInput("This question is already being answered.", "Wait for it, or use another run id.")
            self._running.add(run_id)
        try:
            yield
        finally:
            with self._lock:
                self._running.discard(run_id)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            kind = StorageFull if "full" in str(error) else WorkerFailed
            raise kind(
                f"The state of the answer could not be stored: {error}.", "Free some space, then ask again."
            ) from error
        except Exception as error:
            if type(error).__module__.partition(".")[0] not in ("psycopg", "psycopg_pool"):
                raise
            raise WorkerFailed(f"The database of running answers failed: {error}.", "Ask again.") from error


def _key(run_id: str) -> str:
    return f"{run_id}@{FORM}"


def _postgres(address: str, serde: Any) -> BaseCheckpointSaver[Any]:
    try:
        from langgraph.checkpoint.postgres import PostgresSaver
        from psycopg.rows import dict_row
        from psycopg_pool import ConnectionPool
    except ImportError as error:
        raise MissingPart(
            "Resumable answers need langgraph-checkpoint-postgres.", "pip install 'longreel[postgres]'"
        ) from error
    options = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
    plain = address.replace("+psycopg", "", 1)
    pool: Any = ConnectionPool(
        plain, min_size=0, max_size=4, kwargs=options, open=True, check=ConnectionPool.check_connection
    )
    saver = PostgresSaver(pool, serde=serde)
    saver.setup()
    return saver
