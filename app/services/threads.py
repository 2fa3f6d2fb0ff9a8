"""The use cases around conversations: start, continue, read and delete them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from app.core.errors import NotFound
from app.core.stored_answers import load_answer
from app.core.types import Turn, Video, VideoId
from app.db.library import SqlLibrary
from app.db.threads import SavedTurn, Thread, ThreadStore

LAST = "last"
"""The name for the most recently used thread."""
MOST = 10_000
REMEMBERED = 4
"""How many turns a question can refer back to."""


class ThreadService:
    """Conversations about videos of the library."""

    def __init__(self, store: ThreadStore, library: SqlLibrary) -> None:
        self._store = store
        self._library = library

    def start(self, videos: Sequence[Video] = (), title: str = "") -> Thread:
        """Starts a conversation; no videos means the whole library, including later additions."""
        return self._store.add(title, [video.id for video in videos])

    def threads(self) -> list[Thread]:
        """All threads worth listing, the most recently used first."""
        return self._store.threads(MOST)

    def find(self, name: str) -> Thread:
        """The thread with this id or id prefix; "last" is the most recently used. Raises NotFound."""
        if name == LAST:
            latest = self._store.threads(1)
            if not latest:
                raise NotFound("There is no conversation yet.", "Start one with --thread new.")
            return latest[0]
        fitting = [one for one in self._store.threads(MOST) if len(name) >= 4 and one.id.startswith(name)]
        return fitting[0] if len(fitting) == 1 else self._store.thread(name)

    def turns(self, thread: Thread) -> list[SavedTurn]:
        """The questions and answers in order. Raises NotFound."""
        return self._store.turns(thread.id)

    def delete(self, thread: Thread) -> None:
        """Deletes a thread; its answers stay. Raises NotFound."""
        self._store.delete(thread.id)

    def videos(self, thread: Thread) -> list[Video]:
        """The videos of a thread that still exist; none means the whole library. Raises NotFound if all are gone."""
        known: dict[VideoId, Video] = {video.id: video for video in self._library.videos()}
        left = [known[id] for id in thread.video_ids if id in known]
        if thread.video_ids and not left:
            raise NotFound("The videos of this conversation were deleted.", "Start a new one.")
        return left

    def remembered(self, thread: Thread) -> tuple[Turn, ...]:
        """The last turns, to which a question can refer back."""
        saved = self._store.turns(thread.id)[-REMEMBERED:]
        return tuple(Turn(turn.question, turn.understood, load_answer(turn.answer)) for turn in saved)

    def keep(self, thread: Thread, question: str, answer_id: str) -> None:
        """Adds a question and its answer, unless the thread has been deleted."""
        with suppress(NotFound):
            self._store.add_turn(thread.id, question, answer_id)
