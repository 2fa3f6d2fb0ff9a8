"""The library in SQL: the videos and everything that was found in them."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, Connection, Row, Table, and_, cast, delete, func, insert, or_, select, update

from app.core.types import (
    Chapter,
    Digest,
    MediaInfo,
    Segment,
    SegmentKind,
    TimeSpan,
    Utterance,
    Video,
    VideoId,
    to_json,
)
from app.db import rows
from app.db.collections import add_tags, must_be_there, tags_of
from app.db.database import Database, upsert
from app.db.rules import (
    at_home,
    check_segments,
    dated,
    in_time_order,
    matching,
    no_such_video,
    same_video,
)
from app.db.saved_answers import Rating, SavedAnswer, hidden_answers, saved_answer, saved_answers
from app.db.stages import TOGETHER
from app.db.tables import (
    answer_videos,
    answers,
    chapters,
    digests,
    ratings,
    segments,
    stage_results,
    stage_units,
    utterances,
    videos,
    voices,
)

_NAMED = utterances.outerjoin(
    voices, (voices.c.video_id == utterances.c.video_id) & (voices.c.label == utterances.c.speaker)
)
"""What was said beside the names of who said it."""


@dataclass(frozen=True, slots=True)
class Binned:
    """A video that was deleted and can still be restored."""

    video: Video
    deleted_at: float
    """Seconds since 1970, UTC."""


class SqlLibrary:
    """The port VideoLibrary over a database, and what writes to it."""

    def __init__(self, database: Database, received: Path | None = None) -> None:
        """`received`: where uploads are; their files are found there also after it was moved."""
        self._database = database
        self._received = received.resolve() if received else None

    def videos(self) -> list[Video]:
        """All, newest first."""
        query = select(videos).where(videos.c.deleted_at.is_(None))
        query = query.order_by(videos.c.added_at.desc(), videos.c.number.desc())
        with self._database.reading() as connection:
            tags = tags_of(connection)
            return [self._video(row, tags) for row in connection.execute(query)]

    def video(self, id: VideoId) -> Video:
        """One. Raises NotFound, also for one in the bin."""
        with self._database.reading() as connection:
            return self._one(connection, id)

    def find(self, name: str) -> list[Video]:
        """The videos that a name means: see `app.db.rules.matching`. Several when the name does not decide."""
        return matching(name, self.videos())

    def utterances(self, id: VideoId, window: TimeSpan | None = None) -> list[Utterance]:
        """What was said, in time order; `window` keeps sentences that overlap it. Raises NotFound.

        Speakers are called by their names, where they have one.
        """
        query = _within(utterances, id, window).select_from(_NAMED).add_columns(voices.c.name)
        query = query.order_by(utterances.c.start_s, utterances.c.number)
        with self._database.reading() as connection:
            must_be_there(connection, id)
            return [rows.utterance(row) for row in connection.execute(query)]

    def spoken_by(self, who: str, videos: Sequence[VideoId] = ()) -> dict[VideoId, list[TimeSpan]]:
        """When somebody speaks, in time order, by name or label; in every video unless some are named."""
        speaker = func.coalesce(voices.c.name, utterances.c.speaker)
        query = select(utterances.c.video_id, utterances.c.start_s, utterances.c.end_s).select_from(_NAMED)
        # SQLite lowers only the letters of ASCII.
        query = query.where(or_(speaker == who, func.lower(speaker) == who.lower()))
        if videos:
            query = query.where(utterances.c.video_id.in_(videos))
        spans: dict[VideoId, list[TimeSpan]] = {}
        with self._database.reading() as connection:
            for id, start_s, end_s in connection.execute(query.order_by(utterances.c.start_s)):
                spans.setdefault(VideoId(id), []).append(TimeSpan(start_s, end_s))
        return spans

    def segments(
        self, id: VideoId, *, kinds: Sequence[SegmentKind] = (), window: TimeSpan | None = None
    ) -> list[Segment]:
        """Segments in time order; empty `kinds` means all. Raises NotFound."""
        query = _within(segments, id, window)
        if kinds:
            query = query.where(segments.c.kind.in_([str(kind) for kind in kinds]))
        with self._database.reading() as connection:
            must_be_there(connection, id)
            return in_time_order(rows.segment(row) for row in connection.execute(query))

    def chapters(self, id: VideoId) -> list[Chapter]:
        """Chapters in time order. Raises NotFound."""
        query = _within(chapters, id, None).order_by(chapters.c.start_s, chapters.c.number)
        with self._database.reading() as connection:
            must_be_there(connection, id)
            return [rows.chapter(row) for row in connection.execute(query)]

    def digest(self, id: VideoId) -> Digest | None:
        """Summary and chapters of a video; None before they exist. Raises NotFound."""
        query = select(digests).where(digests.c.video_id == id)
        with self._database.reading() as connection:
            must_be_there(connection, id)
            row = connection.execute(query).one_or_none()
        return None if row is None else Digest(row.summary, tuple(self.chapters(id)), rows.citations(row.citations))

    def answers(self, video: VideoId) -> list[SavedAnswer]:
        """The answers that were given about a video, newest first. Raises NotFound."""
        scope = select(answer_videos.c.answer_id).where(answer_videos.c.video_id == video)
        with self._database.reading() as connection:
            must_be_there(connection, video)
            return saved_answers(connection, scope)

    def answer(self, id: str) -> SavedAnswer:
        """One answer that was given. Raises NotFound."""
        with self._database.reading() as connection:
            return saved_answer(connection, id)

    def add_video(self, video: Video) -> Video:
        """Adds a video to the library and to the collections of its tags, and returns it as stored.

        The same content again keeps its language, date, readiness and tags, and leaves the bin; path and
        title change only when the old file is gone.
        """
        stored = dated(video)
        with self._database.writing() as connection:
            row = connection.execute(select(videos).where(videos.c.id == video.id)).one_or_none()
            if row is not None:
                stored = same_video(self._video(row, {}), stored)
            upsert(connection, videos, [{**rows.of_video(stored), "deleted_at": None}], ("id",))
            add_tags(connection, video.id, video.tags)
            return self._one(connection, video.id)

    def are_ready(self, size: int) -> set[VideoId]:
        """The ids of the videos that are ready and whose files have this many bytes."""
        bytes_of_file = cast(videos.c.media["size_bytes"].as_string(), BigInteger)  # PostgreSQL's integers end at 2 GB
        query = select(videos.c.id).where(videos.c.ready, videos.c.deleted_at.is_(None), bytes_of_file == size)
        with self._database.reading() as connection:
            return {VideoId(id) for id in connection.execute(query).scalars()}

    def set_ready(self, id: VideoId, language: str | None) -> None:
        """Marks a video as read, in the language that was heard. Raises NotFound."""
        self._change(id, {"ready": True, "language": language})

    def set_language(self, id: VideoId, language: str | None) -> None:
        """Sets the language, an ISO 639-1 code. Raises NotFound."""
        self._change(id, {"language": language})

    def set_media(self, id: VideoId, media: MediaInfo) -> None:
        """Stores what was found out about the file of a video. Raises NotFound."""
        self._change(id, {"media": to_json(media)})

    def set_title(self, id: VideoId, title: str) -> None:
        """Gives a video another title. Raises NotFound."""
        self._change(id, {"title": title})

    def bin_video(self, id: VideoId, deleted_at: float | None = None) -> None:
        """Moves a video to the bin: only `binned` lists it, and all its data stays.

        `deleted_at` is now unless given, seconds since 1970. One that is there already gets this time, if one is given.
        Raises NotFound.
        """
        if deleted_at is None:
            return self._change(id, {"deleted_at": time.time()})
        with self._database.writing() as connection:
            changed = update(videos).where(videos.c.id == id).values(deleted_at=deleted_at)
            if not connection.execute(changed).rowcount:
                raise no_such_video(id)

    def binned(self) -> list[Binned]:
        """The videos in the bin, the last deleted first."""
        query = select(videos).where(videos.c.deleted_at.is_not(None)).order_by(videos.c.deleted_at.desc())
        with self._database.reading() as connection:
            tags = tags_of(connection)
            rows = connection.execute(query)
            return [Binned(self._video(row, tags), row.deleted_at) for row in rows]

    def restore_video(self, id: VideoId) -> Video:
        """Takes a video out of the bin; no error when it is not there. Raises NotFound."""
        with self._database.writing() as connection:
            connection.execute(update(videos).where(videos.c.id == id).values(deleted_at=None))
            return self._one(connection, id)

    def delete_video(self, id: VideoId) -> list[str]:
        """Deletes a video, in the bin or not, with all that is known of it, and the answers about it.

        Returns the ids of these answers. Raises NotFound.
        """
        about = select(answer_videos.c.answer_id).where(answer_videos.c.video_id == id)
        with self._database.writing() as connection:
            if connection.execute(select(videos.c.id).where(videos.c.id == id)).one_or_none() is None:
                raise no_such_video(id)
            gone = list(connection.execute(about).scalars())
            connection.execute(delete(answers).where(answers.c.id.in_(gone)))
            for table in (stage_units, stage_results):
                connection.execute(delete(table).where(table.c.video_id == id))
            connection.execute(delete(stage_units).where(stage_units.c.stage.startswith(f"{TOGETHER}-")))
            connection.execute(delete(videos).where(videos.c.id == id))
        return gone

    def save_utterances(self, id: VideoId, said: Sequence[Utterance], window: TimeSpan | None = None) -> None:
        """Replaces what was said, or only what begins in a window, its end left out. Raises NotFound."""
        stale = utterances.c.video_id == id
        if window is not None:
            stale &= (utterances.c.start_s >= window.start_s) & (utterances.c.start_s < window.end_s)
        with self._database.writing() as connection:
            must_be_there(connection, id)
            connection.execute(delete(utterances).where(stale))
            _insert(connection, utterances, [rows.of_utterance(id, one) for one in said])

    def reword(self, id: VideoId, utterance: Utterance) -> None:
        """Replaces text and words of the sentence with this span; its speaker stays. Raises NotFound."""
        row = rows.of_utterance(id, utterance)
        place = utterances.c.video_id == id
        place &= (utterances.c.start_s == utterance.span.start_s) & (utterances.c.end_s == utterance.span.end_s)
        with self._database.writing() as connection:
            must_be_there(connection, id)
            connection.execute(update(utterances).where(place).values(text=row["text"], words=row["words"]))

    def add_segments(self, segments: Sequence[Segment]) -> None:
        """Stores segments that an agent has learned by looking; the same id replaces. Raises NotFound."""
        with self._database.writing() as connection:
            for id in {segment.video_id for segment in segments}:
                must_be_there(connection, id)
            _upsert_segments(connection, segments)

    def replace_segments(self, id: VideoId, kinds: Sequence[SegmentKind], found: Sequence[Segment]) -> None:
        """Replaces the segments of these kinds from ingest; those that agents have learned stay. Raises NotFound."""
        check_segments(id, kinds, found)
        stale = and_(
            segments.c.video_id == id,
            segments.c.kind.in_([str(kind) for kind in kinds]),
            segments.c.question.is_(None),
        )
        with self._database.writing() as connection:
            must_be_there(connection, id)
            connection.execute(delete(segments).where(stale))
            _upsert_segments(connection, found)

    def save_digest(self, id: VideoId, digest: Digest) -> None:
        """Replaces summary and chapters. Raises NotFound."""
        row = {"video_id": id, "summary": digest.summary, "citations": [to_json(one) for one in digest.citations]}
        with self._database.writing() as connection:
            must_be_there(connection, id)
            connection.execute(delete(chapters).where(chapters.c.video_id == id))
            upsert(connection, digests, [row], ("video_id",))
            _insert(connection, chapters, [rows.of_chapter(id, chapter) for chapter in digest.chapters])

    def save_answer(
        self, question: str, video_ids: Sequence[VideoId], answer: Mapping[str, Any], trace: Sequence[Any]
    ) -> str:
        """Keeps an answer about these videos and returns its id.

        One that was deleted meanwhile is left out, with the steps about it. Raises NotFound if the answer cites it, or
        if none is left.
        """
        id = uuid.uuid4().hex
        about = list(dict.fromkeys(video_ids))
        there = select(videos.c.id).where(videos.c.id.in_(about), videos.c.deleted_at.is_(None))
        with self._database.writing() as connection:
            left = set(connection.execute(there).scalars())
            gone = [video_id for video_id in about if video_id not in left]
            for video_id in gone:
                if not left or video_id in json.dumps(answer):
                    raise no_such_video(video_id)
            steps = [step for step in trace if not any(video_id in json.dumps(step) for video_id in gone)]
            row = {"id": id, "question": question, "answer": dict(answer), "trace": steps, "created_at": time.time()}
            connection.execute(insert(answers).values(row))
            links = enumerate(video_id for video_id in about if video_id in left)
            _insert(connection, answer_videos, [{"answer_id": id, "video_id": one, "position": n} for n, one in links])
        return id

    def rate(self, answer_id: str, verdict: str, note: str) -> Rating:
        """Keeps what a person says of an answer, in place of what was said before. Raises NotFound."""
        with self._database.writing() as connection:
            rating = Rating(answer_id, saved_answer(connection, answer_id).question, verdict, note, time.time())
            row = {"answer_id": answer_id, "verdict": verdict, "note": note, "created_at": rating.created_at}
            upsert(connection, ratings, [row], ("answer_id",))
        return rating

    def ratings(self) -> list[Rating]:
        """All ratings, newest first."""
        query = (
            select(ratings, answers.c.question)
            .join(answers, answers.c.id == ratings.c.answer_id)
            .where(answers.c.id.not_in(hidden_answers()))
            .order_by(ratings.c.created_at.desc(), ratings.c.answer_id)
        )
        with self._database.reading() as connection:
            return [
                Rating(row.answer_id, row.question, row.verdict, row.note, row.created_at)
                for row in connection.execute(query)
            ]

    def _one(self, connection: Connection, id: VideoId) -> Video:
        there = select(videos).where(videos.c.id == id, videos.c.deleted_at.is_(None))
        row = connection.execute(there).one_or_none()
        if row is None:
            raise no_such_video(id)
        return self._video(row, tags_of(connection, id))

    def _video(self, row: Row[Any], tags: Mapping[str, tuple[str, ...]]) -> Video:
        return at_home(rows.video(row, tags.get(row.id, ())), self._received)

    def _change(self, id: VideoId, values: dict[str, Any]) -> None:
        with self._database.writing() as connection:
            must_be_there(connection, id)
            connection.execute(update(videos).where(videos.c.id == id).values(values))


def _within(table: Table, id: VideoId, window: TimeSpan | None) -> Any:
    query = select(table).where(table.c.video_id == id)
    if window is None:
        return query
    return query.where(table.c.start_s <= window.end_s, table.c.end_s >= window.start_s)


def _insert(connection: Connection, table: Table, values: Sequence[Mapping[str, Any]]) -> None:
    if values:
        connection.execute(insert(table), list(values))


def _upsert_segments(connection: Connection, found: Sequence[Segment]) -> None:
    by_id = {segment.id: rows.of_segment(segment) for segment in found}
    upsert(connection, segments, list(by_id.values()), ("id",))
