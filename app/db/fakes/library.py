"""The library in memory: for tests, and for work that does not have to last."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from app.core.types import Chapter, Digest, Segment, SegmentKind, TimeSpan, Utterance, Video, VideoId
from app.db.fakes.collections import MemoryCollections
from app.db.library import Binned, Rating, SavedAnswer
from app.db.rules import (
    check_segments,
    dated,
    in_time_order,
    matching,
    no_such_answer,
    no_such_video,
    same_video,
)


@dataclass
class _Shelf:
    """What is known of one video."""

    video: Video
    utterances: list[Utterance] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    """Of its speakers, by their labels."""
    digest: Digest | None = None
    deleted_at: float | None = None


class MemoryLibrary:
    """The port VideoLibrary in dictionaries, with the same writing methods as `SqlLibrary`."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._shelves: dict[VideoId, _Shelf] = {}
        self._segments: dict[str, Segment] = {}
        self._answers: list[SavedAnswer] = []
        self._ratings: dict[str, Rating] = {}
        self.collections = MemoryCollections(lambda: {video.id for video in self._present()})

    def videos(self) -> list[Video]:
        """All, newest first."""
        with self._lock:
            there = [replace(video, tags=self.collections.tags(video.id)) for video in reversed(self._present())]
            return sorted(there, key=lambda video: video.added_at, reverse=True)

    def video(self, id: VideoId) -> Video:
        """One. Raises NotFound."""
        return replace(self._shelf(id).video, tags=self.collections.tags(id))

    def find(self, name: str) -> list[Video]:
        """The videos that a name means: see `app.db.rules.matching`."""
        return matching(name, self.videos())

    def utterances(self, id: VideoId, window: TimeSpan | None = None) -> list[Utterance]:
        """What was said, in time order. Raises NotFound."""
        shelf = self._shelf(id)
        said = [one for one in shelf.utterances if window is None or one.span.overlaps(window)]
        return [replace(one, speaker=shelf.names.get(one.speaker or "", one.speaker)) for one in said]

    def spoken_by(self, who: str, videos: Sequence[VideoId] = ()) -> dict[VideoId, list[TimeSpan]]:
        """When somebody speaks, in time order, by name or label; in every video unless some are named."""
        spans = {
            video.id: [u.span for u in self.utterances(video.id) if (u.speaker or "").lower() == who.lower()]
            for video in self.videos()
            if not videos or video.id in videos
        }
        return {id: found for id, found in spans.items() if found}

    def segments(
        self, id: VideoId, *, kinds: Sequence[SegmentKind] = (), window: TimeSpan | None = None
    ) -> list[Segment]:
        """Segments in time order; empty `kinds` means all. Raises NotFound."""
        with self._lock:
            self._shelf(id)
            return in_time_order(
                one
                for one in self._segments.values()
                if one.video_id == id
                and (not kinds or one.kind in kinds)
                and (window is None or one.span.overlaps(window))
            )

    def chapters(self, id: VideoId) -> list[Chapter]:
        """Chapters in time order. Raises NotFound."""
        digest = self._shelf(id).digest
        return [] if digest is None else list(digest.chapters)

    def digest(self, id: VideoId) -> Digest | None:
        """Summary and chapters of a video; None before they exist. Raises NotFound."""
        return self._shelf(id).digest

    def answers(self, video: VideoId) -> list[SavedAnswer]:
        """The answers that were given about a video, newest first. Raises NotFound."""
        with self._lock:
            self._shelf(video)
            return [answer for answer in reversed(self._answers) if video in answer.video_ids and self._told(answer)]

    def answer(self, id: str) -> SavedAnswer:
        """One answer that was given. Raises NotFound."""
        with self._lock:
            for answer in self._answers:
                if answer.id == id and self._told(answer):
                    return answer
        raise no_such_answer(id)

    def rate(self, answer_id: str, verdict: str, note: str) -> Rating:
        """Keeps what a person says of an answer, in place of what was said before. Raises NotFound."""
        with self._lock:
            rating = Rating(answer_id, self.answer(answer_id).question, verdict, note, time.time())
            self._ratings.pop(answer_id, None)
            self._ratings[answer_id] = rating
            return rating

    def ratings(self) -> list[Rating]:
        """All ratings, newest first."""
        with self._lock:
            known = {answer.id for answer in self._answers if self._told(answer)}
            return [rating for id, rating in reversed(self._ratings.items()) if id in known]

    def add_video(self, video: Video) -> Video:
        """Adds a video and returns it as stored; see `SqlLibrary.add_video`."""
        with self._lock:
            shelf = self._shelves.setdefault(video.id, _Shelf(dated(video)))
            shelf.video = same_video(shelf.video, video)
            shelf.deleted_at = None
            self.collections.put(video.id, video.tags)
            return self.video(video.id)

    def set_ready(self, id: VideoId, language: str | None) -> None:
        """Marks a video as read, in the language that was heard. Raises NotFound."""
        shelf = self._shelf(id)
        shelf.video = replace(shelf.video, ready=True, language=language)

    def set_language(self, id: VideoId, language: str | None) -> None:
        """Sets the language. Raises NotFound."""
        shelf = self._shelf(id)
        shelf.video = replace(shelf.video, language=language)

    def set_title(self, id: VideoId, title: str) -> None:
        """Gives a video another title. Raises NotFound."""
        shelf = self._shelf(id)
        shelf.video = replace(shelf.video, title=title)

    def bin_video(self, id: VideoId, deleted_at: float | None = None) -> None:
        """Puts a video into the bin, or sets the time at which it came there. Raises NotFound."""
        with self._lock:
            if deleted_at is None or id not in self._shelves:
                self._shelf(id).deleted_at = time.time()
            else:
                self._shelves[id].deleted_at = deleted_at

    def binned(self) -> list[Binned]:
        """The videos in the bin, the last deleted first."""
        with self._lock:
            shelves = self._shelves.values()
            there = [Binned(shelf.video, shelf.deleted_at) for shelf in shelves if shelf.deleted_at is not None]
            return sorted(there, key=lambda one: one.deleted_at, reverse=True)

    def restore_video(self, id: VideoId) -> Video:
        """Takes a video out of the bin; no error when it is not there. Raises NotFound."""
        with self._lock:
            if id in self._shelves:
                self._shelves[id].deleted_at = None
            return self.video(id)

    def delete_video(self, id: VideoId) -> list[str]:
        """Deletes a video, in the bin or not, with all that is known of it, and the answers about it; their ids."""
        with self._lock:
            if id not in self._shelves:
                raise no_such_video(id)
            del self._shelves[id]
            self.collections.forget(id)
            self._segments = {key: one for key, one in self._segments.items() if one.video_id != id}
            gone = [answer.id for answer in self._answers if id in answer.video_ids]
            self._answers = [answer for answer in self._answers if answer.id not in gone]
            return gone

    def save_utterances(self, id: VideoId, said: Sequence[Utterance], window: TimeSpan | None = None) -> None:
        """Replaces what was said, or only what begins in a window, its end left out. Raises NotFound."""
        shelf = self._shelf(id)
        kept = [one for one in shelf.utterances if window and not window.start_s <= one.span.start_s < window.end_s]
        shelf.utterances = sorted([*kept, *said], key=lambda one: one.span.start_s)

    def name_speakers(self, id: VideoId, names: Mapping[str, str]) -> None:
        """What the speakers of a video are called, by their labels. Raises NotFound."""
        self._shelf(id).names = dict(names)

    def add_segments(self, segments: Sequence[Segment]) -> None:
        """Stores segments that an agent has learned by looking; the same id replaces. Raises NotFound."""
        with self._lock:
            for segment in segments:
                self._shelf(segment.video_id)
            self._segments.update({segment.id: segment for segment in segments})

    def replace_segments(self, id: VideoId, kinds: Sequence[SegmentKind], found: Sequence[Segment]) -> None:
        """Replaces the segments of these kinds from ingest; those that agents have learned stay. Raises NotFound."""
        check_segments(id, kinds, found)
        with self._lock:
            self._shelf(id)
            self._segments = {
                key: one
                for key, one in self._segments.items()
                if one.video_id != id or one.kind not in kinds or one.question is not None
            }
            self.add_segments(found)

    def save_digest(self, id: VideoId, digest: Digest) -> None:
        """Replaces summary and chapters. Raises NotFound."""
        in_order = sorted(digest.chapters, key=lambda chapter: chapter.span.start_s)
        self._shelf(id).digest = replace(digest, chapters=tuple(in_order))

    def save_answer(
        self, question: str, video_ids: Sequence[VideoId], answer: Mapping[str, Any], trace: Sequence[Any]
    ) -> str:
        """Keeps an answer about these videos and returns its id. Raises NotFound."""
        about = tuple(dict.fromkeys(video_ids))
        saved = SavedAnswer(uuid.uuid4().hex, question, about, dict(answer), list(trace), time.time())
        with self._lock:
            for video_id in about:
                self._shelf(video_id)
            self._answers.append(saved)
        return saved.id

    def _shelf(self, id: VideoId) -> _Shelf:
        with self._lock:
            if id not in self._shelves or self._shelves[id].deleted_at is not None:
                raise no_such_video(id)
            return self._shelves[id]

    def _present(self) -> list[Video]:
        """The videos that are not in the bin, without their tags."""
        with self._lock:
            return [shelf.video for shelf in self._shelves.values() if shelf.deleted_at is None]

    def _told(self, answer: SavedAnswer) -> bool:
        """Whether none of the answer's videos is in the bin."""
        return all(self._shelves[id].deleted_at is None for id in answer.video_ids)
