"""The use case: ingest a file.

`app.services.ingest.pipeline` lists the stages. Those of the sound and of the pictures run at the same time, since one
waits for the other's cores only part of the time; everything after needs both.
"""

from __future__ import annotations

import errno
import hashlib
import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from app.core.errors import BadInput, LongreelError, NotFound, StorageFull
from app.core.events import IngestFinished, Listener, StageFinished, Warned, ignore
from app.core.ports import SubtitleSource
from app.core.requests import DETECTED, IngestRequest
from app.core.settings import Ingest
from app.core.titles import tidy_title
from app.core.types import (
    AudioMap,
    FrameFeatures,
    MediaInfo,
    Video,
    VideoId,
    from_json,
    to_json,
)
from app.jobs.context import JobContext
from app.jobs.states import Job
from app.jobs.store import JobStore
from app.services import subtitles
from app.services.ingest import pipeline
from app.services.ingest.run import IngestParts, Options, Run
from app.services.ingest.stages import faces, transcribe
from app.services.ingest.stages.audio import AUDIO
from app.services.ingest.stages.sample import SAMPLE
from app.services.ingest.turns import IngestTurn
from app.services.speeds import save_speed

HASH_BLOCK = 1 << 22
PROBE = "2"
"""The version of what probing a file stores."""
PROBES_BEFORE = ("1",)
"""Earlier versions, after which a video can still be asked about."""


def content_id(path: Path) -> VideoId:
    """SHA-256 of the file's bytes. Raises BadInput when it cannot be read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(HASH_BLOCK):
                digest.update(block)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.", "Check the path and its permissions.") from error
    return VideoId(digest.hexdigest())


def content_of_finished(path: Path, size: int) -> VideoId:
    """The id of a file that had this size when it was probed. Raises BadInput when it has grown since."""
    id = content_id(path)
    if path.stat().st_size != size:
        raise BadInput(f"{path.name} is still being written.", "Ingest it when the recording or download has ended.")
    return id


class IngestService:
    """Reads videos, at once or as background jobs."""

    def __init__(self, parts: Callable[[], IngestParts], settings: Callable[[], Ingest], jobs: JobStore) -> None:
        self._make_parts = parts
        self._settings = settings
        self._jobs = jobs

    def submit(
        self,
        request: IngestRequest,
        *,
        webhook: Mapping[str, str] | None = None,
        request_key: str | None = None,
    ) -> Job:
        """Queues a file for a worker. The result is {"video_id": ...}; `webhook` (url, secret) hears of the end.

        The job of a file that the library has read already, with the same settings, is finished at once.

        A job with the same `request_key` is returned instead of queueing another one, also when it has ended.
        """
        payload = request.to_payload()
        if webhook is not None:
            payload["webhook"] = dict(webhook)
        result = None
        with suppress(OSError, LongreelError):  # the worker says why
            size = request.path.stat().st_size
            ready = self._make_parts().library.are_ready(size) if not request.source else set()
            if ready and content_id(request.path) in ready:
                result = _result(self.run(request, only_stored=True))
        return self._jobs.submit("ingest", payload, request_key=request_key, result=result)

    def handle(self, job: Job, context: JobContext) -> dict[str, str]:
        """What a worker does with an ingest job."""
        request = IngestRequest.from_payload(job.payload)
        turn = IngestTurn(self._jobs, job, context)
        video = self.run(request, report=context.report, cancelled=turn.is_over, stored=turn.stored)
        return _result(video)

    def run(
        self,
        request: IngestRequest,
        *,
        report: Listener = ignore,
        cancelled: Callable[[], bool] = lambda: False,
        stored: Callable[[], None] = lambda: None,
        only_stored: bool = False,
    ) -> Video:
        """Reads a video and returns it ready for questions.

        What an earlier run finished is used again, so that the same file twice is no work, and a
        run that was killed goes on where it stopped.
        Raises BadInput for a file that cannot be read, StorageFull, Cancelled; with `only_stored` NotFound if there
        is work to do.
        """
        started = time.monotonic()
        try:
            run = self._begin(request, _options(request, self._make_parts().subtitles), report, cancelled)
            run.stored, run.only_stored = stored, only_stored
            try:
                self._read(run)
            except BaseException:
                # What was still found after a video was deleted for good goes too; nothing else knows that it is there.
                library, id = run.parts.library, run.video.id
                if id not in {one.id for one in (*library.videos(), *(binned.video for binned in library.binned()))}:
                    run.parts.retriever.remove(id)
                    run.parts.media.remove(id)
                raise
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                hint = "Free some space and ingest again: finished work is not repeated."
                raise StorageFull("The disk is full.", hint) from error
            what = error.filename or "A file"
            raise BadInput(f"{what} cannot be used: {error.strerror}.", "Check the path and the disk.") from error
        reused = len(run.versions) > 0 and not run.worked
        seconds = time.monotonic() - started
        if run.worked and not run.resumed:
            save_speed(run.parts.stages, run.video.id, "reading", seconds, run.video.duration_s)
        report(IngestFinished(run.video.id, run.video.title, run.video.duration_s, seconds, reused))
        return run.video

    def features(self, video: Video) -> list[FrameFeatures]:
        """What was seen in each frame when the video was read, in time order. Raises NotFound unless it was."""
        if video.media.video is None:
            raise NotFound("This video has no pictures.", "Choose a video with pictures.")
        run = self._reading_of(video)
        for probe in (PROBE, *PROBES_BEFORE):
            run.versions["probe"] = _version(probe, video.media.picture_track)
            if (sampled := SAMPLE.stored(run)) is not None:
                return sampled.features
        raise NotFound("The pictures of this video were ingested with other settings.", "Ingest it again.")

    def sound(self, video: Video) -> AudioMap:
        """How loud the video is over time; an empty map when it has no sound.

        It was stored when the video was read. Where other settings did that, its track is decoded once more.
        Raises NotFound before the video was read, BadInput when its file is gone.
        """
        if not video.ready:
            raise NotFound("The sound of this video is not ready yet.", "Wait until the video is ready.")
        run = self._reading_of(video)
        run.options = _options_before(run)
        return AUDIO.result(run)

    def _reading_of(self, video: Video) -> Run:
        """Looks up what was found in a video, without reports."""
        return Run(self._make_parts(), self._settings(), video, Path(video.path), Options(), ignore, lambda: False)

    def _begin(self, request: IngestRequest, options: Options, report: Listener, cancelled: Callable[[], bool]) -> Run:
        """Probes the file, and adds it to the library when it is new."""
        path = request.path.expanduser()
        parts = self._make_parts()
        media = parts.probe.probe(path, track=options.video_track)
        started = time.monotonic()
        video_id = content_of_finished(path, media.size_bytes)
        where, tags = str(path.resolve()), request.tags
        now = datetime.now(UTC).isoformat(timespec="seconds")
        video = Video(video_id, "", where, media, added_at=now, tags=tags, source=request.source)
        run = Run(parts, self._settings(), video, path, options, report, cancelled)
        run.check()
        before = _options_before(run)
        speakers = before.speakers if options.speakers is None else options.speakers  # asked by itself
        run.options = replace(before if replace(options, speakers=None) == Options() else options, speakers=speakers)
        if run.options.video_track != options.video_track:
            media = parts.probe.probe(path, track=run.options.video_track)
        version = run.versions["probe"] = _version(PROBE, run.options.video_track)
        stored = parts.stages.finished(video_id, "probe", version)
        if stored is not None:
            media = from_json(MediaInfo, json.loads(stored))
        else:
            parts.stages.finish(video_id, "probe", version, json.dumps(to_json(media)).encode())
            run.worked = True
        for other in parts.library.videos():
            if other.path == where and other.id != video_id:  # the file has grown or was written anew
                change = f"{path.name} has changed since it was ingested as video {other.id[:12]}"
                stays = f"({other.duration_s:.0f} s). That video stays in the library."
                replaced = f"To replace it, ingest again with --replace, or run: longreel delete {other.id[:12]}"
                report(Warned(f"{change} {stays} {replaced}"))
        named = (request.title, tidy_title(media.tags.title), request.name, tidy_title(path.stem), video_id[:12])
        title = next(filter(None, named))
        run.video = parts.library.add_video(replace(video, title=title, media=media))
        picture, sound = media.video, media.audio
        seen = f"{picture.width}x{picture.height} {picture.codec}" if picture else "no picture"
        detail = f"{media.duration_s:.1f} s, {seen}, {sound[0].codec if sound else 'no sound'}"
        report(StageFinished("probe", time.monotonic() - started, detail, reused=stored is not None))
        for warning in media.warnings:
            report(Warned(warning))
        return run

    def _read(self, run: Run) -> None:
        chosen, before = run.options, _options_before(run)
        if not run.only_stored:
            _remember(run, chosen)  # a reading that is killed goes on with them
        try:
            faces.check(run)
            transcribe.check(run)
            with ThreadPoolExecutor(1, thread_name_prefix="pictures") as pool:
                pictures = pool.submit(copy_context().run, _do, pipeline.PICTURES, run)
                try:
                    _do(pipeline.SOUND, run)
                except BaseException:
                    run.stop()
                    raise
                pictures.result()
            _do(pipeline.LIBRARY, run)
        except BadInput:  # they may be why
            _remember(run, before)
            raise
        _remember(run, chosen)
        run.parts.library.set_ready(run.video.id, run.parts.library.video(run.video.id).language)
        if run.worked:
            run.parts.release()
        _do(pipeline.LAST, run)
        run.video = run.parts.library.video(run.video.id)


def _result(video: Video) -> dict[str, str]:
    return {"video_id": video.id, "title": video.title}


def _do(stages: pipeline.Stages, run: Run) -> None:
    for stage in stages:
        stage.do(run)


def _version(probe: str, track: int | None) -> str:
    """The version of a probe of a picture stream."""
    return probe if track is None else f"{probe}/{track}"


def _options(request: IngestRequest, tracks: SubtitleSource | None) -> Options:
    text, name = None, ""
    if request.subtitles is not None:
        spoken = None if request.language == DETECTED else request.language
        text, name = subtitles.read_text(request.subtitles, spoken, tracks), request.subtitles.name
        subtitles.parse(text, fps=subtitles.USUAL_FPS)
    return Options(
        request.language,
        text,
        name,
        request.translate,
        request.speakers,
        request.video_track,
        request.audio_track,
        request.subtitle_track,
        request.terms,
    )


def _options_before(run: Run) -> Options:
    """Those of the last time this video was read."""
    stored = run.parts.stages.finished(run.video.id, "options", "1")
    return Options(**json.loads(stored)) if stored else Options()


def _remember(run: Run, options: Options) -> None:
    """Has the next reading take these where none are given."""
    if options != _options_before(run):
        run.parts.stages.finish(run.video.id, "options", "1", json.dumps(asdict(options)).encode())
