"""Finds segments by their words: BM25 in SQLite's FTS5, with a second index of letter triples.

The word index answers nearly every question: words and their Snowball stems without accents, and pairs of characters
for scripts without spaces. A long word that it does not know is looked up in the triple index, which sees a text
without spaces and signs: it finds glued words and reading errors of on-screen text. User text never reaches FTS5 as
syntax: every term is quoted.
"""

from __future__ import annotations

import json
import math
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from app.core.errors import Damaged, StorageFull, WorkerFailed
from app.core.paths import readable
from app.core.types import Segment, SegmentKind, TimeSpan, VideoId
from app.text.languages import guess_language
from retrieval.damage import REINDEX, damage_mark
from retrieval.query import ALIKE, Query, likeness, other_forms, parse, plain_words, squeezed

VERSION = 2
"""Of what the word tables hold. A file of an older version is indexed again, from its own texts, when it is opened."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS segment (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, video_id TEXT NOT NULL, kind TEXT NOT NULL,
    start_s REAL NOT NULL, end_s REAL NOT NULL, text TEXT NOT NULL, model TEXT NOT NULL, frame_s REAL, question TEXT
);
CREATE INDEX IF NOT EXISTS segment_of_video ON segment (video_id);
"""
_WORD_TABLES = (
    "DROP TABLE IF EXISTS words",
    "DROP TABLE IF EXISTS triples",
    "CREATE VIRTUAL TABLE words USING fts5("
    "text, stems, tokenize = \"unicode61 remove_diacritics 2 categories 'L* M* N* Co'\")",
    'CREATE VIRTUAL TABLE triples USING fts5(text, tokenize = "trigram")',
)

_PREFIX_FROM = 5
"""Words of at least this many letters also match longer words that begin with them."""
_UNKNOWN_FROM = 5
"""Least letters of an unknown word to be found inside others, or misread."""
_MAX_UNKNOWN = 6
_BUSY_S = 30.0


class SqliteLexicalIndex:
    """LexicalIndex in one SQLite file, which threads and processes may share. Nothing is opened before the first call.

    Raises StorageFull when the disk is full and WorkerFailed when the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._ready = False

    def add(self, segments: Sequence[Segment]) -> None:
        """Adds or replaces segments, all or none."""
        with self._connection() as connection, _transaction(connection):
            for segment in segments:
                _delete(connection, "SELECT number FROM segment WHERE id = ?", (segment.id,))
                span = segment.span
                known = (segment.id, segment.video_id, segment.kind.value, span.start_s, span.end_s)
                question = None if segment.question is None else readable(segment.question)
                number = connection.execute(
                    "INSERT INTO segment (id, video_id, kind, start_s, end_s, text, model, frame_s, question)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (*known, readable(segment.text), segment.model, segment.frame_s, question),
                ).lastrowid
                _add_words(connection, number, segment.text)

    def search(
        self,
        text: str,
        *,
        limit: int,
        videos: Sequence[VideoId] = (),
        window: TimeSpan | None = None,
        kinds: Sequence[SegmentKind] = (),
    ) -> list[tuple[Segment, float]]:
        """Segments that share words with `text` with their score (above 0), best first. Any text is safe."""
        query = parse(text)
        if limit <= 0 or not query.words:
            return []
        # Any word or stem, any phrase, the beginning of a long word; what matches twice counts twice.
        terms = [_quoted(word) for word in (*query.words, *other_forms(query.words, query.language))]
        terms += [_quoted(" ".join(words)) for phrase in query.phrases if (words := plain_words(phrase))]
        long = [word for word in query.words if len(word) >= _PREFIX_FROM and word.isalpha() and word.isascii()]
        terms += [f"{_quoted(word)} *" for word in long]
        where, values = _filters(videos, window, kinds)
        with self._connection() as connection:
            scores = _find(connection, "words", " OR ".join(terms), where, values, limit)
            for word in _unknown(connection, query):
                for number, score in _find_alike(connection, word, where, values, limit).items():
                    scores[number] = scores.get(number, 0.0) + score
            best = sorted(scores, key=lambda number: (-scores[number], number))[:limit]
            return [(_segment(connection, number), scores[number]) for number in best]

    def videos(self) -> frozenset[VideoId]:
        """The videos of which anything is indexed."""
        with self._connection() as connection:
            return frozenset(VideoId(video) for (video,) in connection.execute("SELECT DISTINCT video_id FROM segment"))

    def segments(self, video: VideoId) -> list[Segment]:
        """Everything that is indexed of a video, in the order in which it was added."""
        with self._connection() as connection:
            numbers = connection.execute("SELECT number FROM segment WHERE video_id = ? ORDER BY number", (video,))
            return [_segment(connection, number) for (number,) in numbers.fetchall()]

    def check(self) -> None:
        """Reads the whole file. Raises Damaged."""
        with self._connection() as connection:
            problem = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if problem != "ok":
                raise Damaged(f"The word index {self._path.name} is damaged: {problem}.", REINDEX)
            for table in ("words", "triples"):
                connection.execute(f"INSERT INTO {table} ({table}) VALUES ('integrity-check')")  # noqa: S608 - names of ours

    def set_aside(self) -> None:
        """Gives the file another name; the next call begins a new one."""
        self.close()
        mark = damage_mark()
        for end in ("", "-wal", "-shm"):
            path = self._path.with_name(self._path.name + end)
            with suppress(FileNotFoundError):
                path.rename(path.with_name(f"{self._path.name}.{mark}{end}"))

    def remove(self, video: VideoId, kinds: Sequence[SegmentKind] = ()) -> None:
        """Forgets the segments of a video, all or those of some kinds; no error when there are none."""
        where, values = _filters([video], None, kinds)
        with self._connection() as connection, _transaction(connection):
            _delete(connection, f"SELECT s.number FROM segment s WHERE TRUE{where}", values)  # noqa: S608 - clauses of ours

    def compact(self) -> None:
        """Writes the file anew, so that what was removed is nowhere on the disk."""
        with self._connection() as connection:
            for table in ("words", "triples"):
                connection.execute(f"INSERT INTO {table} ({table}) VALUES ('optimize')")  # noqa: S608 - names of ours
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Closes the file; the next call opens it again."""
        with self._lock:
            while self._idle:
                self._idle.pop().close()
            self._ready = False

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """A connection that no other thread uses meanwhile; SQLite's errors in our words."""
        try:
            connection = self._borrow()
            try:
                yield connection
            finally:
                with self._lock:
                    self._idle.append(connection)
        except (sqlite3.Error, OSError) as error:
            name, reason = self._path.name, str(error)
            if "full" in reason or "No space left" in reason:
                raise StorageFull(
                    f"There is no space left for the word index {name}.", "Free some space, then resume."
                ) from error
            if "readonly" in reason or "unable to open" in reason or isinstance(error, OSError):
                raise WorkerFailed(
                    f"The word index {name} cannot be opened for writing: {reason}.",
                    "Check the folder and its permissions.",
                ) from error
            if isinstance(error, sqlite3.DatabaseError) and ("malformed" in reason or "not a database" in reason):
                raise Damaged(f"The word index {name} is damaged: {reason}.", REINDEX) from error
            raise WorkerFailed(f"The word index {name} failed: {reason}.", "Try again; see the log.") from error

    def _borrow(self) -> sqlite3.Connection:
        with self._lock:
            if self._idle:
                return self._idle.pop()
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(
                self._path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False, cached_statements=32
            )
            try:
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute("PRAGMA secure_delete = ON")
                if not self._ready:
                    connection.execute("PRAGMA journal_mode = WAL")
                    connection.executescript(_SCHEMA)
                    _renew(connection)
                    self._ready = True
            except BaseException:
                connection.close()
                raise
            return connection


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _renew(connection: sqlite3.Connection) -> None:
    """Fills the word tables again if an older version made them."""
    if _version(connection) >= VERSION:
        return
    with _transaction(connection):
        if _version(connection) >= VERSION:  # another process was faster
            return
        for statement in _WORD_TABLES:
            connection.execute(statement)
        for number, text in connection.execute("SELECT number, text FROM segment"):
            _add_words(connection, number, text)
        connection.execute(f"PRAGMA user_version = {VERSION}")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _add_words(connection: sqlite3.Connection, number: int | None, text: str) -> None:
    words = plain_words(text, single_characters=True)
    forms = other_forms(words, guess_language(text))
    connection.execute(
        "INSERT INTO words (rowid, text, stems) VALUES (?, ?, ?)", (number, " ".join(words), " ".join(forms))
    )
    connection.execute("INSERT INTO triples (rowid, text) VALUES (?, ?)", (number, squeezed(text)))


def _delete(connection: sqlite3.Connection, numbers: str, values: Sequence[str | float]) -> None:
    rows = connection.execute(numbers, values).fetchall()
    for table, column in (("words", "rowid"), ("triples", "rowid"), ("segment", "number")):
        connection.executemany(f"DELETE FROM {table} WHERE {column} = ?", rows)  # noqa: S608 - names of ours


def _segment(connection: sqlite3.Connection, number: int) -> Segment:
    columns = "id, video_id, kind, start_s, end_s, text, model, frame_s, question"
    row = connection.execute(f"SELECT {columns} FROM segment WHERE number = ?", (number,)).fetchone()  # noqa: S608
    id_, video, kind, start, end, text, model, frame_s, question = row
    return Segment(id_, VideoId(video), SegmentKind(kind), TimeSpan(start, end), text, model, frame_s, question)


def _filters(
    videos: Sequence[VideoId], window: TimeSpan | None, kinds: Sequence[SegmentKind]
) -> tuple[str, list[str | float]]:
    clauses: list[str] = []
    values: list[str | float] = []
    for column, chosen in (("video_id", [readable(v) for v in videos]), ("kind", [k.value for k in kinds])):
        if chosen:
            clauses.append(f" AND s.{column} IN (SELECT value FROM json_each(?))")  # noqa: S608 - column names of ours
            values.append(json.dumps(chosen))
    if window is not None:
        clauses.append(" AND s.start_s <= ? AND s.end_s >= ?")
        values += [window.end_s, window.start_s]
    return "".join(clauses), values


def _find(
    connection: sqlite3.Connection, table: str, match: str, where: str, values: Sequence[str | float], limit: int
) -> dict[int, float]:
    rows = connection.execute(
        f"SELECT s.number, -bm25({table}) AS score FROM {table} JOIN segment s ON s.number = {table}.rowid"  # noqa: S608
        f" WHERE {table} MATCH ?{where} ORDER BY score DESC, s.number LIMIT ?",
        (match, *values, limit),
    )
    return {number: max(score, 1e-9) for number, score in rows}


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _unknown(connection: sqlite3.Connection, query: Query) -> list[str]:
    """The long words and codes that no text holds in any form, the longest first."""
    unknown: dict[str, None] = {}
    for term in (*query.words, *query.phrases):
        if len(squeezed(term)) < _UNKNOWN_FROM:
            continue
        match = " OR ".join(map(_quoted, (" ".join(plain_words(term)), *other_forms([term], query.language))))
        if connection.execute("SELECT 1 FROM words WHERE words MATCH ? LIMIT 1", (match,)).fetchone() is None:
            unknown[squeezed(term)] = None
    return sorted(unknown, key=len, reverse=True)[:_MAX_UNKNOWN]


def _find_alike(
    connection: sqlite3.Connection, word: str, where: str, values: Sequence[str | float], limit: int
) -> dict[int, float]:
    """Texts that hold the word glued to others, or else a form of it with some letters wrong, at half its weight."""
    glued = _find(connection, "triples", _quoted(word), where, values, limit)
    if glued:
        return glued
    triples = dict.fromkeys(word[i : i + 3] for i in range(len(word) - 2))
    candidates = _find(connection, "triples", " OR ".join(map(_quoted, triples)), where, values, 2 * limit)
    shares: dict[int, float] = {}
    for number in candidates:
        text = connection.execute("SELECT text FROM triples WHERE rowid = ?", (number,)).fetchone()[0]
        share = likeness(word, text)
        if share >= ALIKE:
            shares[number] = share
    total = connection.execute("SELECT count(*) FROM segment").fetchone()[0]
    weight = 0.5 * math.log(1 + total / max(1, len(shares)))
    return {number: weight * share for number, share in shares.items()}
