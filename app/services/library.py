"""The use cases around the videos of the library: find, show, receive, delete and restore."""

from __future__ import annotations

import io
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import regex
from PIL import Image

from app.core.errors import BadInput, NotFound, StorageFull
from app.core.ports import FrameSource, MediaStore, Retriever, TrackStore
from app.core.titles import tidy_title
from app.core.types import Chapter, Digest, Frame, Segment, SegmentKind, TimeSpan, Utterance, Video, VideoId
from app.core.types.objects import ObjectTrack
from app.db.collections import SqlCollections
from app.db.library import Binned, SqlLibrary
from app.db.rules import matching, similar_titles, with_part
from app.db.saved_answers import Rating, SavedAnswer
from app.services.chapters import BY_HAND, Heading, publish, with_headings
from app.services.ingest.calls import thumbnail_key

if TYPE_CHECKING:
    from app.services.deletion import Deletion

PART = ".incoming"
"""The name of an upload until all of it is here. No sender's file has such a name: see `safe_name`."""
SAFE = regex.compile(r"[^\w\p{M}\u200c\u200d.()+ -]+")
NEVER_RESTORED = 0.0
"""The time at which a video came into the bin that is to be forgotten as soon as possible."""
THUMBNAIL_SIDE = 320
"""Pixels of the longest side of a thumbnail that is made again."""
LONGEST_NAME = 200
"""Bytes of a file name; disks take 255, and a letter has up to four."""
WHOLE_ID = regex.compile("[0-9a-f]{64}")


class Incoming:
    """An upload that is being received. Call `discard` unless it was finished."""

    def __init__(self, folder: Path, name: str, max_bytes: int) -> None:
        self._folder = folder
        self._name = name
        self._max_bytes = max_bytes
        self._size = 0
        with _room():
            folder.mkdir(parents=True)
            self._file = (folder / PART).open("wb")

    def write(self, data: bytes) -> None:
        """Adds bytes. Raises BadInput when there are too many, StorageFull."""
        self._size += len(data)
        if self._size > self._max_bytes:
            raise BadInput(
                f"The file is larger than {self._max_bytes / 1e9:.0f} GB.",
                "Raise LONGREEL_SERVER__MAX_UPLOAD_GB or ingest it from the server's disk.",
            )
        with _room():
            self._file.write(data)

    def finish(self) -> Path:
        """Names the file by its content, and returns its path. Raises StorageFull."""
        with _room():
            self._file.close()
            return (self._folder / PART).rename(self._folder / safe_name(self._name))

    def discard(self) -> None:
        """Removes what came."""
        with suppress(OSError):
            self._file.close()
        shutil.rmtree(self._folder, ignore_errors=True)


class LibraryService:
    """Everything about stored videos that needs no model."""

    def __init__(
        self,
        library: SqlLibrary,
        collections: SqlCollections,
        media: MediaStore,
        retriever: Callable[[], Retriever],
        uploads: Path,
        max_bytes: Callable[[], int],
        bin_days: Callable[[], float] = lambda: 7.0,
        *,
        deletion: Deletion,
        frames: Callable[[], FrameSource] | None = None,
        tracks: TrackStore | None = None,
    ) -> None:
        """A deleted video can be restored for `bin_days`; 0 means not at all. `frames` make lost thumbnails again."""
        self._frames = frames
        self._tracks = tracks
        self._deletion = deletion
        self._emptying = threading.Lock()
        self.collections = collections
        self._bin_days = bin_days
        self._library = library
        self._media = media
        self._retriever = retriever
        self._uploads = uploads
        self._max_bytes = max_bytes

    def videos(self) -> list[Video]:
        """All videos, newest first."""
        return self._library.videos()

    def find(self, name: str, videos: Sequence[Video] | None = None) -> Video:
        """The video with this id, id prefix, path, title, or unique part of a title.

        `videos`: those of the library, for a caller who looks up many names. Raises NotFound when none or several fit,
        with the titles that may be meant.
        """
        if videos is None and WHOLE_ID.fullmatch(name):
            with suppress(NotFound):  # it may be a title all the same
                return self._library.video(VideoId(name))
        videos = self._library.videos() if videos is None else videos
        matches = matching(name, videos) or with_part(name, videos)
        near = [] if matches else similar_titles(name, videos)
        hint = f"Did you mean {' or '.join(near)}?" if near else "See the list of videos, or ingest the file first."
        return _only(name, matches, hint)

    def scope(self, names: Sequence[str], collection: str | None = None) -> list[Video]:
        """The videos that are named and those of a collection, each once; none named means none: the whole library.

        Raises NotFound, also for a collection without videos.
        """
        videos = self.videos() if names or collection else []
        chosen = {video.id: video for video in (self.find(name, videos) for name in names)}
        if collection:
            name = self.collections.find(collection).name
            held = {video.id: video for video in videos if name in video.tags}
            if not held:
                raise NotFound(f"The collection {name} has no videos.", "Add some first.")
            chosen |= held
        return list(chosen.values())

    def utterances(self, id: VideoId, window: TimeSpan | None = None) -> list[Utterance]:
        """What was said, in time order; `window` keeps sentences that overlap it."""
        return self._library.utterances(id, window)

    def segments(self, id: VideoId, kinds: Sequence[SegmentKind] = (), window: TimeSpan | None = None) -> list[Segment]:
        """Segments in time order."""
        return self._library.segments(id, kinds=kinds, window=window)

    def things(self, id: VideoId, window: TimeSpan | None = None) -> list[ObjectTrack]:
        """The things that were followed through a video, in order of appearance."""
        return self._tracks.tracks(id, window) if self._tracks else []

    def chapters(self, id: VideoId) -> list[Chapter]:
        """Chapters in time order."""
        return self._library.chapters(id)

    def digest(self, id: VideoId) -> Digest | None:
        """Summary and chapters; None before the video was read to its end."""
        return self._library.digest(id)

    def set_chapters(self, id: VideoId, headings: Sequence[Heading]) -> tuple[Chapter, ...]:
        """Gives a video these chapters, also in the search. Raises NotFound before it was read to its end, BadInput."""
        digest = self._library.digest(id)
        if digest is None:
            raise NotFound("This video has no chapters yet.", "Wait until it has been ingested.")
        edited = with_headings(digest, headings, self._library.video(id).duration_s)
        publish(self._library, self._retriever(), id, edited, BY_HAND)
        return edited.chapters

    def media_path(self, id: VideoId) -> Path:
        """The video's file. Raises NotFound when it was moved or deleted, or never was."""
        stored = self._library.video(id).path
        path = Path(stored)
        if not stored:
            raise NotFound("Only subtitles of this video were imported, not its file.", "Ingest the video to see it.")
        if not path.is_file():
            raise NotFound(f"The file {path.name} is gone.", "Ingest it again from where it is now.")
        return path

    def thumbnail(self, id: VideoId, time_s: float) -> bytes:
        """WebP of the key frame nearest to a time, made again from the file if it was lost.

        Raises NotFound for a video without pictures.
        """
        frames = [s.frame_s for s in self.segments(id, [SegmentKind.VISUAL]) if s.frame_s is not None]
        if not frames:
            raise NotFound("This video has no pictures.", "Choose a video with pictures.")
        frame_s = min(frames, key=lambda t: abs(t - time_s))
        try:
            stored = self._media.get(thumbnail_key(id, frame_s))
        except NotFound:
            if self._frames is None:
                raise
            stored = b""
        if self._frames is None or is_whole_webp(stored):
            return stored
        return self._new_thumbnail(id, frame_s)

    def lost_thumbnails(self, id: VideoId) -> list[float]:
        """The times of key frames whose pictures are lost or cut off; none for a video of which only words are known.

        Raises NotFound.
        """
        times = {one.frame_s for one in self.segments(id, [SegmentKind.VISUAL]) if one.frame_s is not None}
        whole = set()
        for time_s in times:
            with suppress(NotFound):
                if is_whole_webp(self._media.get(thumbnail_key(id, time_s))):
                    whole.add(time_s)
        return sorted(times - whole)

    def mend_thumbnails(self, id: VideoId) -> int:
        """Writes lost pictures again from the file; how many. Raises NotFound, BadInput when the file is gone."""
        lost = self.lost_thumbnails(id)
        for time_s in lost:
            self._new_thumbnail(id, time_s)
        return len(lost)

    def picture(self, id: VideoId, time_s: float, max_side: int) -> bytes:
        """The frame at a time as JPEG. Raises NotFound when the file is gone or cannot be read there."""
        buffer = io.BytesIO()
        Image.fromarray(self._frame(id, time_s, max_side).image).save(buffer, "JPEG", quality=85)
        return buffer.getvalue()

    def _frame(self, id: VideoId, time_s: float, max_side: int) -> Frame:
        if self._frames is None:
            raise NotFound("This picture is lost.", "Ingest the video again.")
        track = self._library.video(id).media.picture_track
        frame = next(iter(self._frames().at(self.media_path(id), [time_s], max_side=max_side, track=track)), None)
        if frame is None:
            raise NotFound("This picture can no longer be read from the file.", "Get a complete copy of the file.")
        return frame

    def _new_thumbnail(self, id: VideoId, frame_s: float) -> bytes:
        webp = io.BytesIO()
        Image.fromarray(self._frame(id, frame_s, THUMBNAIL_SIDE).image).save(webp, "WEBP", quality=75)
        self._media.put(thumbnail_key(id, frame_s), webp.getvalue())
        return webp.getvalue()

    def answer(self, id: str) -> SavedAnswer:
        """An answer that was given. Raises NotFound."""
        return self._library.answer(id)

    def answers(self, id: VideoId) -> list[SavedAnswer]:
        """Questions about a video and their answers, newest first. Raises NotFound."""
        return self._library.answers(id)

    def rate(self, answer_id: str, verdict: str, note: str = "") -> Rating:
        """Keeps what a person says of an answer, in place of what was said before. Raises NotFound."""
        return self._library.rate(answer_id, verdict, note)

    def ratings(self) -> list[Rating]:
        """Ratings of answers, newest first."""
        return self._library.ratings()

    def incoming(self, name: str) -> Incoming:
        """A place for an upload, in a folder of its own. Raises StorageFull."""
        return Incoming(self._uploads / uuid.uuid4().hex, name, self._max_bytes())

    def receive(self, name: str, chunks: Iterable[bytes]) -> Path:
        """Stores an upload whose bytes are there. Raises BadInput when it is too large, StorageFull."""
        incoming = self.incoming(name)
        try:
            for chunk in chunks:
                incoming.write(chunk)
            return incoming.finish()
        except BaseException:
            incoming.discard()
            raise

    def rename(self, id: VideoId, title: str) -> None:
        """Gives a video another title. Raises NotFound, BadInput."""
        tidied = tidy_title(title)
        if not tidied:
            raise BadInput("A title cannot be empty.", "Give at least one character.")
        self._library.set_title(id, tidied)

    def delete(self, id: VideoId, *, now: bool = False) -> None:
        """Puts a video into the bin, from which `restore` takes it, and cancels its jobs. Raises NotFound.

        With `now` nothing of it stays. While a worker still has to let go of it, that takes until the next `empty_bin`.
        """
        video = self._library.video(id)
        self._library.bin_video(id)
        self._deletion.cancel_jobs(video)
        if now or not self._bin_days():
            self._library.bin_video(id, NEVER_RESTORED)
        self.empty_bin()

    def binned(self) -> list[Binned]:
        """The deleted videos that can be restored, the last deleted first."""
        return [one for one in self._library.binned() if self.gone_at(one) > time.time()]

    def files(self) -> set[str]:
        """The paths of the files of all videos, also of those in the bin."""
        return {video.path for video in (*self.videos(), *(one.video for one in self._library.binned()))}

    def deleted_files(self) -> set[tuple[str, int]]:
        """Path and bytes of the files whose videos are in the bin."""
        return {(one.video.path, one.video.media.size_bytes) for one in self._library.binned()}

    def gone_at(self, binned: Binned) -> float:
        """When a deleted video can no longer be restored, seconds since 1970."""
        return binned.deleted_at + self._bin_days() * 86_400

    def find_binned(self, name: str) -> Video:
        """The deleted video with this id, id prefix, path or title. Raises NotFound when none or several fit."""
        matches = matching(name, [one.video for one in self.binned()])
        return _only(name, matches, "See the list of deleted videos; they are removed after some days.")

    def restore(self, name: str) -> Video:
        """Takes a video out of the bin, as it was. Raises NotFound."""
        return self._library.restore_video(self.find_binned(name).id)

    def purge(self, name: str) -> None:
        """Forgets a deleted video for good. Raises NotFound."""
        self._library.bin_video(self.find_binned(name).id, NEVER_RESTORED)
        self.empty_bin()

    def empty_bin(self) -> None:
        """Permanently deletes what has been in the bin for too long, unless a job still uses it."""
        with self._emptying:
            for one in self._library.binned():
                if self.gone_at(one) <= time.time() and not self._deletion.is_busy(one.video):
                    self._deletion.forget(one.video)
            self._deletion.overwrite()


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageFull(f"The upload could not be stored: {error.strerror}.", "Free some space.") from error


def is_whole_webp(data: bytes) -> bool:
    """Whether a picture has the length that its head announces."""
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP" and int.from_bytes(data[4:8], "little") + 8 <= len(data)


def safe_name(name: str) -> str:
    """The last part of a sender's file name, safe on any disk; it never begins with a dot."""
    given = Path(SAFE.sub("_", Path(name.replace("\\", "/")).name))
    shown = given.name if given.stem.strip(". ") else f"video{given.suffix}"
    return shown.encode()[-LONGEST_NAME:].decode("utf-8", "ignore").lstrip(".") or "video"


def _only(name: str, matches: Sequence[Video], hint: str) -> Video:
    if not matches and WHOLE_ID.fullmatch(name):
        raise NotFound("This video is not in the library, or was deleted.", hint)
    if not matches:
        raise NotFound(f"No video is called {name}.", hint)
    if len(matches) > 1:
        choices = ", ".join(f"{v.id[:12]} ({v.title})" for v in matches[:5])
        raise NotFound(f"Several videos match {name}: {choices}.", "Use the beginning of the id instead.")
    return matches[0]
