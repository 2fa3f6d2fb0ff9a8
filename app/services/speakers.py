"""The use case: name the speakers, or the faces, of a video, and recognise people across the library.

A name means one person in the whole library. A voice of a new video gets a name automatically only if it sounds
very much like a voice with that name; if it sounds somewhat similar, the name is suggested. Faces work the same way.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.core.errors import BadInput, NotFound
from app.core.titles import tidy_title
from app.core.types import Likeness, Speaker, TimeSpan, VideoId, Voice
from app.db.library import SqlLibrary
from app.db.speakers import KnownVoice, SqlSpeakers

SAME_PERSON = 0.75
"""Cosine above which two voices count as one person."""
LIKE = 0.55
"""Cosine above which one voice is suggested for the other."""
MOST_SUGGESTIONS = 3
LONGEST_NAME = 80


class SpeakerService:
    """Names speakers and stores their voices, or persons and their faces."""

    def __init__(
        self, speakers: SqlSpeakers, library: SqlLibrary, *, same: float = SAME_PERSON, like: float = LIKE
    ) -> None:
        """`same` and `like` are cosines: above `same` two are one person, above `like` that is suggested."""
        self._speakers = speakers
        self._library = library
        self._same = same
        self._like = like

    def remember(self, video: VideoId, voices: Sequence[Voice]) -> None:
        """Stores the voices of a video, replacing earlier ones; recognised voices get their names."""
        known = self._speakers.all(voices[0].model, named=True) if voices else []
        remembered = []
        for voice in voices:
            best = max(known, key=lambda one: _cosine(voice, one.voice), default=None)
            if best is None or _cosine(voice, best.voice) < self._same:
                remembered.append(KnownVoice(video, voice))
            else:
                remembered.append(KnownVoice(video, voice, best.name, best.video_id != video or best.recognised))
        self._speakers.save(video, remembered)

    def of(self, video: VideoId) -> list[Speaker]:
        """The speakers of a video by first appearance. Raises NotFound."""
        found = self._speakers.of(video)
        unnamed = any(one.name is None for one in found)
        known = self._speakers.all(found[0].voice.model, named=True) if unnamed else []
        speakers = []
        for one in found:
            voice = one.voice
            best: dict[str, Likeness] = {}
            for other in () if one.name else known:
                cosine = _cosine(voice, other.voice)
                if other.name and cosine >= max(self._like, best[other.name].cosine if other.name in best else 0.0):
                    best[other.name] = Likeness(other.name, other.video_id, cosine)
            suggestions = tuple(sorted(best.values(), key=lambda likeness: -likeness.cosine)[:MOST_SUGGESTIONS])
            speakers.append(
                Speaker(one.video_id, voice.label, one.name, voice.seconds, one.recognised, suggestions, voice.spans)
            )
        return speakers

    def rename(self, video: VideoId, who: str, name: str, *, here_only: bool = False) -> list[Speaker]:
        """Renames a person; `who` is a label or a name, and an empty `name` removes the name.

        The name changes in every video of the person, unless `here_only`, or unless the old name was assigned
        automatically: then this is a correction. Unnamed voices that sound very similar get the name too. Two voices
        with the same name are one person. Raises NotFound, BadInput.
        """
        called = tidy_title(name) or None
        if called and len(called) > LONGEST_NAME:
            raise BadInput(f"The name is longer than {LONGEST_NAME} characters.", "Shorten it.")
        chosen = self._called(video, who)
        if not here_only:
            for old in {one.name for one in chosen if one.name and not one.recognised}:
                self._speakers.rename(old, called)
        for one in chosen:
            self._speakers.name(video, one.voice.label, called)
            if not called or here_only:
                continue
            for other in self._speakers.all(one.voice.model, named=False):
                if _cosine(one.voice, other.voice) >= self._same:
                    self._speakers.name(other.video_id, other.voice.label, called, recognised=True)
        return self.of(video)

    def forget(self, video: VideoId, who: str, *, everywhere: bool = False) -> list[Speaker]:
        """Deletes a person's data in this video, or with `everywhere` in all videos with the same name.

        Returns the remaining speakers of the video. Raises NotFound.
        """
        for one in self._called(video, who):
            if everywhere and one.name:
                self._speakers.forget_named(one.name)
            self._speakers.forget(video, one.voice.label)
        return self.of(video)

    def _called(self, video: VideoId, who: str) -> list[KnownVoice]:
        """The voices of a video with this label or name. Raises NotFound."""
        chosen = [one for one in self._speakers.of(video) if who.strip() in (one.voice.label, one.name)]
        if not chosen:
            there = ", ".join(speaker.title for speaker in self.of(video)) or "nobody"
            raise NotFound(f"Nobody in this video is called {who}.", f"The names are: {there}.")
        return chosen

    def spans(self, who: str, videos: Sequence[VideoId] = ()) -> dict[VideoId, list[TimeSpan]]:
        """When a person speaks, in time order, in these videos or in all; videos without them are left out."""
        return self._library.spoken_by(who.strip(), videos)


def _cosine(one: Voice, other: Voice) -> float:
    return float(np.dot(one.vector, other.vector)) if one.vector.shape == other.vector.shape else 0.0
