"""The use cases around the videos that are there: find, show, receive, delete."""

from __future__ import annotations

import re
import shutil
import uuid
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from app.core.errors import BadInput, NotFound, StorageFull
from app.core.ports import MediaStore, Retriever
from app.core.types import Chapter, Digest, Segment, SegmentKind, TimeSpan, Utterance, Video, VideoId
from app.db.library import Rating, SavedAnswer, SqlLibrary
from app.services.ingest.chunks import thumbnail_key

SAFE = re.compile(r"[^\w.()+ -]+")


class LibraryService:
    """Everything about stored videos that needs no model."""

    def __init__(
        self, library: SqlLibrary, media: MediaStore, retriever: Callable[[], Retriever], uploads: Path, max_bytes: int
    ) -> None:
        self._library = library
        self._media = media
        self._retriever = retriever
        self._uploads = uploads
        self._max_bytes = max_bytes

    def videos(self) -> list[Video]:
        """All videos, newest first."""
        return self._library.videos()

    def find(self, name: str) -> Video:
        """The video with this id, id prefix, path or title. Raises NotFound when none or several fit."""
        found = self._library.find(name)
        if not found and Path(name).expanduser().exists():
            found = self._library.find(str(Path(name).expanduser().resolve()))
        if not found:
            raise NotFound(f"No video is called {name}.", "See the list of videos, or ingest the file first.")
        if len(found) > 1:
            choices = ", ".join(f"{v.id[:12]} ({v.title})" for v in found[:5])
            raise NotFound(f"Several videos fit {name}: {choices}.", "Use the beginning of the id instead.")
        return found[0]

    def utterances(self, id: VideoId, window: TimeSpan | None = None) -> list[Utterance]:
        """What was said, in time order; `window` keeps sentences that overlap it."""
        return self._library.utterances(id, window)

    def segments(self, id: VideoId, kinds: Sequence[SegmentKind] = (), window: TimeSpan | None = None) -> list[Segment]:
        """Segments in time order."""
        return self._library.segments(id, kinds=kinds, window=window)

    def chapters(self, id: VideoId) -> list[Chapter]:
        """Chapters in time order."""
        return self._library.chapters(id)

    def digest(self, id: VideoId) -> Digest | None:
        """Summary and chapters; None before the video was read to its end."""
        return self._library.digest(id)

    def media_path(self, id: VideoId) -> Path:
        """The video's file. Raises NotFound when it was moved or deleted, or never was."""
        stored = self._library.video(id).path
        path = Path(stored)
        if not stored:
            raise NotFound("This video has no file: only its captions or subtitles were imported.")
        if not path.is_file():
            raise NotFound(f"The file {path} is gone.", "Ingest it again from where it is now.")
        return path

    def thumbnail(self, id: VideoId, time_s: float) -> bytes:
        """WebP of the key frame nearest to a time. Raises NotFound for a video without pictures."""
        frames = [s.frame_s for s in self.segments(id, [SegmentKind.VISUAL]) if s.frame_s is not None]
        if not frames:
            raise NotFound("This video has no pictures.")
        return self._media.get(thumbnail_key(id, min(frames, key=lambda t: abs(t - time_s))))

    def answer(self, id: str) -> SavedAnswer:
        """An answer that was given. Raises NotFound."""
        return self._library.answer(id)

    def answers(self, id: VideoId) -> list[SavedAnswer]:
        """What was asked about a video and answered, newest first. Raises NotFound."""
        return self._library.answers(id)

    def rate(self, answer_id: str, verdict: str, note: str = "") -> Rating:
        """Keeps what a person says of an answer, in place of what was said before. Raises NotFound."""
        return self._library.rate(answer_id, verdict, note)

    def ratings(self) -> list[Rating]:
        """What people said of answers, newest first."""
        return self._library.ratings()

    def receive(self, name: str, chunks: Iterable[bytes]) -> Path:
        """Stores an upload under a folder of its own. Raises BadInput when it is too large, StorageFull."""
        safe = SAFE.sub("_", Path(name.replace("\\", "/")).name).lstrip(".") or "video"
        folder = self._uploads / uuid.uuid4().hex
        size = 0
        try:
            folder.mkdir(parents=True)
            with (folder / "incoming.part").open("wb") as file:
                for chunk in chunks:
                    size += len(chunk)
                    if size > self._max_bytes:
                        raise BadInput(
                            f"The file is larger than {self._max_bytes / 1e9:.0f} GB.",
                            "Raise LONGREEL_SERVER__MAX_UPLOAD_GB or ingest it from the server's disk.",
                        )
                    file.write(chunk)
            return (folder / "incoming.part").rename(folder / safe[-200:])
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise StorageFull(f"The upload could not be stored: {error.strerror}.", "Free some space.") from error
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def delete(self, id: VideoId) -> None:
        """Forgets a video: index, pictures and rows, and its upload; a file of the person's own is left alone.

        The row goes last, so that a delete that was killed can be done again.
        """
        path = Path(self._library.video(id).path)
        self._retriever().remove(id)
        self._media.remove(id)
        self._library.delete_video(id)
        if self._uploads.resolve() in path.parents:
            shutil.rmtree(path.parent, ignore_errors=True)
