"""The use cases around conversations: start one, go on with it, read it again, forget it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from app.core.errors import NotFound
from app.core.stored_answers import load_answer
from app.core.types import Turn, Video, VideoId
from app.db.library import SqlLibrary
from app.db.threads import SavedTurn, Thread, ThreadStore

LAST = "last"
"""The name of the thread that was used last."""
MOST = 10_000
REMEMBERED = 4
"""Turns that a question can point back to."""


class ThreadService:
    """Conversations about videos of the library."""

    def __init__(self, store: ThreadStore, library: SqlLibrary) -> None:
        self._store = store
        self._library = library

    def start(self, videos: Sequence[Video] = (), title: str = "") -> Thread:
        """A new conversation; no videos means the whole library, also what is added to it later."""
        return self._store.add(title, [video.id for video in videos])

    def threads(self) -> list[Thread]:
        """All that are worth a list, the one used last first."""
        return self._store.threads(MOST)

    def find(self, name: str) -> Thread:
        """The thread with this id or beginning of one; "last" is the one used last. Raises NotFound."""
        if name == LAST:
            found = self._store.threads(1)
            if not found:
                raise NotFound("There is no conversation yet.", "Start one with --thread new.")
            return found[0]
        fitting = [one for one in self._store.threads(MOST) if len(name) >= 4 and one.id.startswith(name)]
        return fitting[0] if len(fitting) == 1 else self._store.thread(name)

    def turns(self, thread: Thread) -> list[SavedTurn]:
        """The questions and answers in order. Raises NotFound."""
        return self._store.turns(thread.id)

    def delete(self, thread: Thread) -> None:
        """Forgets a thread; its answers stay. Raises NotFound."""
        self._store.delete(thread.id)

    def videos(self, thread: Thread) -> list[Video]:
        """The videos of a thread that are still there; none: the whole library. Raises NotFound when all are gone."""
        known: dict[VideoId, Video] = {video.id: video for video in self._library.videos()}
        left = [known[id] for id in thread.video_ids if id in known]
        if thread.video_ids and not left:
            raise NotFound("The videos of this conversation were deleted.", "Start a new one.")
        return left

    def remembered(self, thread: Thread) -> tuple[Turn, ...]:
        """The last turns, to which a question can point back."""
        saved = self._store.turns(thread.id)[-REMEMBERED:]
        return tuple(Turn(turn.question, turn.understood, load_answer(turn.answer)) for turn in saved)

    def keep(self, thread: Thread, question: str, answer_id: str) -> None:
        """Adds a question and its answer, unless the thread was deleted meanwhile."""
        with suppress(NotFound):
            self._store.add_turn(thread.id, question, answer_id)
