"""The library and what is in its videos, for programs that wait."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from app.api.schemas import ChapterOut, ChosenOut, JobOut, SegmentOut, SummaryOut, UtteranceOut, VideoOut
from app.api.schemas.batches import Length, Style
from app.api.schemas.speakers import SpeakerOut
from app.api.schemas.summaries import HeadingIn, MadeSummaryOut
from app.client import wire
from app.client.blocking.jobs import Jobs
from app.client.calls import videos as calls
from app.client.calls.call import SUBTITLES, Picture, Webhook, job_of, once
from app.core.errors import BadInput, WorkerFailed
from app.core.events import Event, ignore
from app.core.paths import is_address
from app.core.types import SegmentKind


class Videos(Jobs):
    """The calls about videos."""

    def videos(
        self,
        q: str = "",
        *,
        ready: bool | None = None,
        language: str = "",
        collection: str = "",
        tags: Sequence[str] = (),
    ) -> list[VideoOut]:
        """The library, newest first; `q` is a part of the title, `tags` are collections that all hold a video."""
        return self._all(calls.videos(q, ready, language, collection, tags))

    def video(self, name: str) -> VideoOut:
        """One video."""
        return self._do(calls.video(name))

    def change(self, name: str, *, title: str | None = None, tags: Sequence[str] | None = None) -> VideoOut:
        """Gives a video another title, or the collections that hold it from now on."""
        return self._do(calls.change(name, title, tags))

    def delete(self, name: str, *, now: bool = False) -> None:
        """Puts a video into the bin, or forgets it and its upload at once; a file registered by path stays."""
        self._do(calls.delete(name, now))

    def upload(
        self,
        path: str | Path,
        *,
        title: str | None = None,
        language: str | None = None,
        subtitles: str | Path | None = None,
        collection: str | None = None,
        webhook: Webhook | None = None,
        tell: wire.Tell | None = None,
        idempotency_key: str = "",
    ) -> JobOut:
        """Sends a file of any size; `tell` hears how many bytes of how many are sent. It is read in the background."""
        given = Path(subtitles) if subtitles else None
        told = {
            "title": title,
            "language": language,
            "collection": collection,
            "webhook": webhook.json if webhook else None,
        }
        with wire.upload_form(Path(path), told, given, tell) as form:
            headers = once(idempotency_key)
            with wire.http_errors():
                response = self._http.post("/v1/videos", **form, headers=headers)
        return job_of(wire.check(response))

    def register(
        self,
        path: str | Path,
        *,
        title: str | None = None,
        language: str | None = None,
        subtitles: str | Path | None = None,
        collection: str | None = None,
        webhook: Webhook | None = None,
        idempotency_key: str = "",
    ) -> JobOut:
        """Has a file read that lies on the server's own machine; only a loopback server without a key allows it."""
        given = str(subtitles) if subtitles else None
        told = {"title": title, "language": language, "subtitles": given, "collection": collection}
        return self._do(calls.register(path, told, webhook, idempotency_key))

    def fetch(
        self,
        url: str,
        *,
        title: str | None = None,
        language: str | None = None,
        collection: str | None = None,
        webhook: Webhook | None = None,
        idempotency_key: str = "",
    ) -> JobOut:
        """Has the server download the media file at an http or https address and read it in the background."""
        told = {"title": title, "language": language, "collection": collection}
        return self._do(calls.fetch(url, told, webhook, idempotency_key))

    def ingest(
        self,
        path: str | Path,
        *,
        title: str | None = None,
        language: str | None = None,
        subtitles: str | Path | None = None,
        collection: str | None = None,
        tell: Callable[[Event], None] = ignore,
    ) -> VideoOut:
        """Uploads a file, or has one at an address downloaded, waits until it was read, and returns the video.

        `tell` hears what happens. Raises BadInput for subtitles that shall go with an address.
        """
        if is_address(str(path)):
            if subtitles is not None:
                raise BadInput("Subtitles cannot go with an address.", "Download the video and give both files.")
            job = self.fetch(str(path), title=title, language=language, collection=collection)
        else:
            job = self.upload(path, title=title, language=language, subtitles=subtitles, collection=collection)
        result = self.wait(job.id, tell=tell).result or {}
        return self.video(str(result["video_id"]))

    def transcript(self, name: str, start_s: float = 0.0, end_s: float | None = None) -> list[UtteranceOut]:
        """What was said, in time order; with times the sentences that overlap them."""
        return self._do(calls.transcript(name, start_s, end_s))

    def subtitles(self, name: str, format: SUBTITLES = "srt") -> str:
        """What was said, as the text of a subtitle file."""
        return self._do(calls.subtitles(name, format))

    def speakers(self, name: str) -> list[SpeakerOut]:
        """Who speaks in a video, by first appearance; none when voices were not told apart."""
        return self._do(calls.speakers(name))

    def name_speaker(self, name: str, speaker: str, to: str, *, here_only: bool = False) -> list[SpeakerOut]:
        """Gives a speaker a name, here and wherever the same person speaks; an empty one takes it away."""
        return self._do(calls.name_speaker(name, speaker, to, here_only))

    def segments(
        self, name: str, *, kinds: Sequence[SegmentKind | str] = (), start_s: float = 0.0, end_s: float | None = None
    ) -> list[SegmentOut]:
        """What spans of a video say, show and write, in time order."""
        return self._all(calls.segments(name, kinds, start_s, end_s))

    def chapters(self, name: str) -> list[ChapterOut]:
        """Chapters in time order."""
        return self._do(calls.chapters(name))

    def set_chapters(self, name: str, headings: Sequence[HeadingIn]) -> list[ChapterOut]:
        """Replaces the chapters: where each begins and what it is called. The first begins at 0."""
        return self._do(calls.set_chapters(name, headings))

    def summary(self, name: str) -> SummaryOut:
        """The video in short, with its chapters. Raises NotFound before it was read to its end."""
        return self._do(calls.summary(name))

    def summarize(
        self, name: str, *, length: Length = "paragraph", style: Style = "neutral", language: str | None = None
    ) -> MadeSummaryOut:
        """A summary made for you, each sentence with its moments; with a language model it takes up to minutes."""
        call = calls.summarize(name, length, style, language)
        with wire.http_errors(), self._events(call) as events:
            for event in events:
                made = wire.summary_in(event)
                if made is not None:
                    return made
        raise WorkerFailed("The server ended the stream without a summary.", "Ask for it again.")

    def export(self, name: str, format: str = "md") -> bytes:
        """A video as a file for another program: md, docx, edl, fcpxml and more; an unknown format names them all."""
        return self._do(calls.export(name, format))

    def download(self, name: str, path: str | Path, *, tell: wire.Tell | None = None) -> Path:
        """Saves the video's own file; `tell` hears how many bytes of how many are here. Raises BadInput."""
        with (
            wire.http_errors(),
            self._opened(calls.media(name)) as response,
            wire.saved(Path(path), response, tell) as write,
        ):
            for piece in response.iter_bytes():
                write(piece)
        return Path(path)

    def thumbnail(self, name: str, time_s: float = 0.0) -> bytes:
        """WebP of the key frame nearest to a time."""
        return self._do(calls.thumbnail(name, time_s))

    def frame(self, name: str, time_s: float, *, side: int = 768) -> Picture:
        """The picture that the video shows at a time, at most `side` pixels on its longest side."""
        return self._do(calls.frame(name, time_s, side))

    def frames(
        self,
        name: str,
        question: str = "",
        *,
        method: str = "",
        count: int = 8,
        start_s: float = 0.0,
        end_s: float | None = None,
    ) -> ChosenOut:
        """When frames that stand for a video, or that bear on a question, are shown; `frame` gives the pictures."""
        return self._do(calls.frames(name, question, method, count, start_s, end_s))
