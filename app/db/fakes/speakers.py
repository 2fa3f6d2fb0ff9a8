"""The voices of the library in memory: for tests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from app.core.types import VideoId
from app.db.fakes.library import MemoryLibrary
from app.db.speakers import KnownVoice


class MemorySpeakers:
    """Like `SqlSpeakers`, with an in-memory library whose sentences name the speakers; `faces` have none."""

    def __init__(self, library: MemoryLibrary, *, faces: bool = False) -> None:
        self._library = library
        self._faces = faces
        self._voices: list[KnownVoice] = []

    def save(self, video: VideoId, found: Sequence[KnownVoice]) -> None:
        """Replaces the voices of a video. Raises NotFound."""
        self._library.video(video)
        self._keep([*(one for one in self._voices if one.video_id != video), *found])

    def of(self, video: VideoId) -> list[KnownVoice]:
        """The voices of a video in the order in which they were saved. Raises NotFound."""
        self._library.video(video)
        return [one for one in self._voices if one.video_id == video]

    def all(self, model: str, *, named: bool) -> list[KnownVoice]:
        """Every voice of the library that a model heard, with or without a name, oldest first."""
        there = {video.id for video in self._library.videos()}
        found = [one for one in self._voices if one.video_id in there and one.voice.model == model]
        return [one for one in found if (one.name is not None) == named]

    def name(self, video: VideoId, label: str, name: str | None, *, recognised: bool = False) -> None:
        """Names one voice, or takes its name away; nothing happens when there is no such voice."""
        self._keep(
            replace(one, name=name, recognised=recognised) if (one.video_id, one.voice.label) == (video, label) else one
            for one in self._voices
        )

    def forget(self, video: VideoId, label: str) -> None:
        """Deletes one voice of a video; nothing happens when there is no such voice."""
        self._keep(one for one in self._voices if (one.video_id, one.voice.label) != (video, label))

    def forget_named(self, name: str) -> None:
        """Deletes every voice of a person."""
        self._keep(one for one in self._voices if one.name != name)

    def rename(self, old: str, new: str | None) -> None:
        """Gives a person another name in every video, or none."""
        self._keep(replace(one, name=new) if one.name == old else one for one in self._voices)

    def _keep(self, voices: Iterable[KnownVoice]) -> None:
        self._voices = list(voices)
        if self._faces:
            return
        for id in {one.video_id for one in self._voices}:
            names = {one.voice.label: one.name for one in self._voices if one.video_id == id and one.name}
            self._library.name_speakers(id, names)
