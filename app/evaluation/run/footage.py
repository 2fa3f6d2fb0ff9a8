"""Finds the video of a case, and ingests it if it is not in the library yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from app.core.errors import NotFound
from app.core.events import Listener
from app.core.paths import is_folder
from app.core.requests import IngestRequest
from app.core.types import Video
from app.services.folders import MEDIA_SUFFIXES


class Reader(Protocol):
    """Reads a file into the library: what `IngestService.run` does."""

    def __call__(self, request: IngestRequest, *, report: Listener, cancelled: Callable[[], bool]) -> Video:
        """The video, ready. Raises BadInput, Cancelled."""
        ...


class Footage:
    """The videos of a folder and of the library. `known`: every video of the library."""

    def __init__(self, folder: Path | None, known: Callable[[], Sequence[Video]], read: Reader) -> None:
        self._folder = folder
        self._known = known
        self._read = read
        self._files: dict[str, list[Path]] = defaultdict(list)
        """By their path below the folder, their name, and their stem, in lower case."""
        if folder is None:
            return
        if not is_folder(folder):
            raise NotFound(f"There is no folder {folder}.", "Give the folder of the benchmark's videos.")
        for file in sorted(folder.rglob("*")):
            if file.suffix.lower() in MEDIA_SUFFIXES and file.is_file():
                for name in {file.relative_to(folder).as_posix(), file.name, file.stem}:
                    self._files[name.lower()].append(file)

    def find(self, names: Sequence[str]) -> Path | Video:
        """A file of the folder with one of these names, else a video that was imported under one. Raises NotFound."""
        paths = [name.strip("/").split("/") for name in names]
        # Each name, then without its first folders: a benchmark's paths begin above the folder of videos.
        for name in ("/".join(parts[first:]) for parts in paths for first in range(len(parts))):
            files = self._files.get(name.lower(), ())
            if len(files) > 1:
                listed = ", ".join(str(file) for file in files[:3])
                raise NotFound(f"Several files are called {name}: {listed}.", "Keep one of them in the folder.")
            if files:
                return files[0]
        titles = {Path(name).stem for name in names} | set(names)
        imported = [video for video in self._known() if not video.path and video.title in titles]
        if imported:
            return imported[0]
        where = f" below {self._folder}" if self._folder else " in the library"
        raise NotFound(
            f"There is no video called {' or '.join(names)}{where}.", "Put it there, or import its captions."
        )

    def video(self, names: Sequence[str], report: Listener, cancelled: Callable[[], bool]) -> Video:
        """The video, read. Raises NotFound, BadInput, Cancelled."""
        found = self.find(names)
        if isinstance(found, Video):
            return found
        path = str(found.resolve())
        ready = [video for video in self._known() if video.path == path and video.ready]
        return ready[0] if ready else self._read(IngestRequest(found), report=report, cancelled=cancelled)
