"""Conversations in memory: for tests."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from app.core.errors import NotFound
from app.core.types import VideoId
from app.db.library import SavedAnswer
from app.db.threads import TITLE_LENGTH, SavedTurn, Thread, made_thread, no_such_thread, without_video


class AnswerKeeper(Protocol):
    """What keeps the answers that turns point to."""

    def answer(self, id: str) -> SavedAnswer:
        """One answer that was given. Raises NotFound."""
        ...


class MemoryThreads:
    """The port ThreadStore in dictionaries, over a library that keeps the answers."""

    def __init__(self, library: AnswerKeeper) -> None:
        self._library = library
        self._lock = threading.RLock()
        self._threads: dict[str, Thread] = {}
        self._turns: dict[str, list[tuple[str, str]]] = {}

    def add(self, title: str, videos: Sequence[VideoId]) -> Thread:
        """A new one without turns."""
        made = made_thread(title, videos)
        with self._lock:
            self._threads[made.id] = made
            self._turns[made.id] = []
        return made

    def threads(self, limit: int) -> list[Thread]:
        """Those that were used last, first."""
        with self._lock:
            latest = [self.thread(id) for id in reversed(self._threads)]
        return sorted(latest, key=lambda thread: -thread.used_at)[:limit]

    def thread(self, id: str) -> Thread:
        """One. Raises NotFound."""
        with self._lock:
            return replace(self._thread(id), turn_count=len(self.turns(id)))

    def turns(self, id: str) -> list[SavedTurn]:
        """The questions of a thread in order. Raises NotFound."""
        with self._lock:
            self._thread(id)
            kept = [(asked, self._answer(answer_id)) for asked, answer_id in self._turns[id]]
        return [
            SavedTurn(asked, saved.question, saved.id, saved.answer, saved.trace, saved.created_at)
            for asked, saved in kept
            if saved is not None
        ]

    def add_turn(self, id: str, question: str, answer_id: str) -> None:
        """Adds a question with its stored answer at the end. Raises NotFound."""
        with self._lock:
            thread = self._thread(id)
            self._turns[id].append((question, answer_id))
            self._threads[id] = replace(thread, title=thread.title or question[:TITLE_LENGTH], used_at=time.time())

    def delete(self, id: str) -> None:
        """Forgets a thread; its answers stay. Raises NotFound."""
        with self._lock:
            self._thread(id)
            del self._threads[id], self._turns[id]

    def forget_video(self, video: VideoId) -> list[str]:
        """Deletes the turns about a video, and returns the ids of the threads that went with it."""
        gone = []
        with self._lock:
            for id, thread in list(self._threads.items()):
                about = [self._is_about(answer, video) for _, answer in self._turns[id]]
                lost = [asked for (asked, _), is_lost in zip(self._turns[id], about, strict=True) if is_lost]
                left = [turn for turn, is_lost in zip(self._turns[id], about, strict=True) if not is_lost]
                stays = without_video(thread, video, lost, [asked for asked, _ in left])
                if stays is None:
                    del self._threads[id], self._turns[id]
                    gone.append(id)
                else:
                    self._threads[id], self._turns[id] = stays, left
        return gone

    def _is_about(self, answer_id: str, video: VideoId) -> bool:
        answer = self._answer(answer_id)
        return answer is not None and video in answer.video_ids

    def _thread(self, id: str) -> Thread:
        if id not in self._threads:
            raise no_such_thread(id)
        return self._threads[id]

    def _answer(self, id: str) -> SavedAnswer | None:
        try:
            return self._library.answer(id)
        except NotFound:
            return None
