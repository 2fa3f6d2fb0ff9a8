"""The use case: many videos at once. New ones are ingested; all are summarized and asked the same questions.

Each step stores its results under a version key (ingest's stages, the summary's units, the answers
here), so a second run reuses everything and a killed one loses at most one unit. The command line
runs `one` for each video; a server queues a job with a child for each (see `app.services.batch_jobs`).
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from app.core.errors import BadInput, LongreelError, NotFound
from app.core.events import Answered as AnsweredEvent
from app.core.events import Listener, StageFinished, StageProgress, StageStarted, Warned, ignore
from app.core.paths import existing, is_folder
from app.core.ports import MediaProbe, StageStore
from app.core.requests import AskRequest, IngestRequest, SummaryRequest
from app.core.stored_answers import load_answer
from app.core.text_files import read_text
from app.core.types import Video
from app.services.ask import AskService
from app.services.exports import (
    FORMATS,
    AnsweredQuestion,
    Material,
    Source,
    file_stem,
    heard_by,
    link_from,
    named,
    of_summary,
    with_slides,
)
from app.services.exports.markdown import short_answer
from app.services.exports.overview import Entry
from app.services.folders import MEDIA_SUFFIXES, media_files, split_growing
from app.services.ingest import IngestService
from app.services.library import LibraryService
from app.services.speeds import recent_speed, save_speed
from app.services.summarize import CollectionSummary, SummarizeService

ASKING = "answer"
ANSWER_TOKENS, SUMMARY_TOKENS = 1500, 900
"""Rough sizes for the estimate, from measured answers of the offline profile."""
DISK_A_SECOND = 6_000
"""Bytes of database, index and thumbnails per second of video: 20 MB an hour."""
MOST_VIDEOS, MOST_QUESTIONS = 1000, 100


@dataclass(frozen=True, slots=True)
class Item:
    """One video as the user named it: a file to ingest, or a video of the library."""

    name: str
    title: str | None = None
    language: str | None = None
    subtitles: str | None = None
    tags: tuple[str, ...] = ()
    """The collections that a file joins when it is ingested."""


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """What to do with all the videos."""

    items: tuple[Item, ...]
    questions: tuple[str, ...] = ()
    wanted: SummaryRequest = field(default_factory=SummaryRequest)
    formats: tuple[str, ...] = ("md", "json")

    def key(self) -> str:
        """The key that equal requests share."""
        return hashlib.sha256(repr(self).encode("utf-8", "replace")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of a batch. Times and sizes of videos not yet ingested are estimates."""

    videos: int
    new: int
    new_s: float
    """Seconds of video to ingest."""
    known_s: float
    work_s: float
    disk_bytes: int
    tokens: int
    measured: int = 0
    """On how many earlier videos of this machine the time rests; 0: on those of another one."""


@dataclass(frozen=True, slots=True)
class Done:
    """One video of a batch, finished."""

    video: Video
    material: Material

    def files(self, formats: Sequence[str]) -> dict[str, tuple[str, bytes]]:
        """Name and content of each file, by format. Repeating the same work gives the same names."""
        stem = f"{file_stem(self.video.title)}-{self.video.id[:8]}"
        return {name: (f"{stem}.{FORMATS[name].suffix}", FORMATS[name].write(self.material)) for name in formats}

    def entry(self, files: dict[str, str]) -> Entry:
        """The video's entry in the overview."""
        answers = {one.question: short_answer(one.answer) for one in self.material.answers}
        return Entry(self.video.id, self.video.title, self.video.duration_s, files, answers)


class BatchService:
    """Ingests, summarizes and asks, one video after the other."""

    def __init__(
        self,
        ingest: IngestService,
        library: LibraryService,
        summaries: SummarizeService,
        ask: AskService,
        stages: Callable[[], StageStore],
        probe: Callable[[], MediaProbe],
        models: Callable[[], Sequence[str]],
        server: str = "",
    ) -> None:
        """`models` names the models that answer questions, the one that writes first; when they change, questions are
        asked again. `server` is the address to which times link, if there is one."""
        self._server = server
        self._summaries = summaries
        self._ingest = ingest
        self._library = library
        self._ask = ask
        self._stages = stages
        self._probe = probe
        self._models = models

    def cost(self, request: BatchRequest) -> Cost:
        """Estimates the cost without ingesting; files that cannot be opened cost nothing. Raises BadInput."""
        check(request)
        videos = self._library.videos()
        known = {video.path: video for video in videos}
        new_s, known_s, new = 0.0, 0.0, 0
        for item in request.items:
            path = existing(item.name)
            try:
                if path is None or not path.is_file():
                    video = self._library.find(item.name, videos)
                    length, is_known = video.duration_s, video.ready
                else:
                    there = known.get(str(path.resolve()))
                    is_known = there is not None and there.ready and there.media.size_bytes == path.stat().st_size
                    length = there.duration_s if there and is_known else self._probe().probe(path).duration_s
            except LongreelError:
                continue
            known_s += length if is_known else 0.0
            new_s += 0.0 if is_known else length
            new += not is_known
        count, questions = len(request.items), len(request.questions) * len(request.items)
        stages = self._stages()
        reading, summary, answer = (recent_speed(stages, videos, work) for work in ("reading", "summary", "answer"))
        work_s = new_s * reading.seconds + count * summary.seconds + questions * answer.seconds
        needed = [summary, *([reading] if new_s else []), *([answer] if questions else [])]
        measured = min(speed.videos for speed in needed)
        tokens = count * SUMMARY_TOKENS + questions * ANSWER_TOKENS
        return Cost(count, new, new_s, known_s, work_s, int(new_s * DISK_A_SECOND), tokens, measured)

    def one(
        self,
        item: Item,
        request: BatchRequest,
        *,
        report: Listener = ignore,
        cancelled: Callable[[], bool] = lambda: False,
        out: Path | None = None,
    ) -> Done:
        """Does everything for one video. `out` is the folder that its files will be in, if that is known.

        Raises what ingesting, summarizing and asking raise.
        """
        video = self._read(item, report, cancelled)
        summary = self._summaries.summarize(video, request.wanted, report=report, cancelled=cancelled)
        answers = self._answers(video, request.questions, report, cancelled)
        utterances, chapters = self._library.utterances(video.id), self._library.chapters(video.id)
        media = link_from(out, video.path) if out else ""
        by = self._models()[0] if answers else ""
        source = Source(self._server, media, date.today(), heard_by(self._library, video.id), by)
        material = of_summary(video, utterances, chapters, summary, answers, source)
        if any(FORMATS[name].shows_slides for name in request.formats):
            material = with_slides(self._library, material)
        return Done(video, material)

    def overview(
        self, videos: Sequence[Video], request: BatchRequest, *, cancelled: Callable[[], bool] = lambda: False
    ) -> CollectionSummary | None:
        """A summary of all finished videos together; None if there are none. Raises what summarizing raises."""
        return self._summaries.together(videos, request.wanted, cancelled=cancelled) if videos else None

    def _read(self, item: Item, report: Listener, cancelled: Callable[[], bool]) -> Video:
        path = existing(item.name)
        if path is None or not path.is_file():
            try:
                video = self._library.find(item.name)
            except NotFound as error:
                if Path(item.name).suffix.lower() in MEDIA_SUFFIXES:
                    raise BadInput(f"There is no file {item.name}.", "Check the path.") from error
                raise
            if self._library.digest(video.id) is not None:
                return video
            path = self._library.media_path(video.id)  # an earlier run stopped before its end
        subtitles = Path(item.subtitles).expanduser() if item.subtitles else None
        chosen = IngestRequest(path, item.title, subtitles=subtitles, language=item.language, tags=tuple(item.tags))
        return self._ingest.run(chosen, report=report, cancelled=cancelled)

    def _answers(
        self, video: Video, questions: Sequence[str], report: Listener, cancelled: Callable[[], bool]
    ) -> list[AnsweredQuestion]:
        if not questions:
            return []
        stages = self._stages()
        # changes when the video is ingested again or the models change, but not with what agents learn
        segments = [s for s in self._library.segments(video.id) if s.question is None]
        text = "\n".join([" ".join(self._models()), *(f"{s.id}|{s.model}|{s.text}" for s in segments)])
        version = "1/" + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:24]
        stored = stages.units(video.id, "batch-answers", version)
        report(StageStarted(ASKING, len(questions), "questions"))
        answers: list[AnsweredQuestion] = []
        started, answered = time.monotonic(), 0
        for question in questions:
            unit = hashlib.sha256(question.encode("utf-8", "replace")).hexdigest()[:32]
            if unit not in stored:
                events = list(self._ask.stream(AskRequest(question), [video], cancelled=cancelled))
                if not events or not isinstance(last := events[-1], AnsweredEvent):
                    raise NotFound("The question was not answered.", "Ask it again.")
                stored[unit] = json.dumps(last.answer).encode()
                answered += 1
                if not any(isinstance(event, Warned) for event in events):  # else a model failed: ask again next time
                    stages.save_unit(video.id, "batch-answers", version, unit, stored[unit])
            answers.append(AnsweredQuestion(question, load_answer(json.loads(stored[unit]))))
            report(StageProgress(ASKING, len(answers), len(questions), "questions"))
        seconds = time.monotonic() - started
        save_speed(stages, video.id, "answer", seconds, answered)
        report(StageFinished(ASKING, seconds, f"{len(answers)} questions", reused=not answered))
        return answers


def check(request: BatchRequest) -> None:
    """Raises BadInput for an invalid request."""
    if not request.items:
        raise BadInput("There is no video to summarize.", "Name videos, a folder with videos, or a manifest.")
    if len(request.items) > MOST_VIDEOS:
        raise BadInput(f"A batch has at most {MOST_VIDEOS} videos.", "Split it.")
    if len(request.questions) > MOST_QUESTIONS:
        raise BadInput(f"A batch has at most {MOST_QUESTIONS} questions.", "Split them.")
    named(request.formats)


def folder_items(folder: Path, warn: Callable[[str], None] = lambda _: None) -> list[Item]:
    """The media files below a folder, sorted by name; `warn` is called for files that are still being written.

    Raises BadInput if there are none.
    """
    if not is_folder(folder):
        raise BadInput(f"There is no folder {folder}.", "Check the path.")
    complete, growing = split_growing(sorted(media_files(folder)))
    for path in growing:
        warn(f"{path.name} is still being written and was left out.")
    if not complete:
        raise BadInput(
            f"There is no video in {folder}.", f"Video files end in {', '.join(sorted(MEDIA_SUFFIXES)[:6])}, ..."
        )
    return [Item(str(path)) for path in complete]


def manifest_items(path: Path) -> list[Item]:
    """The videos of a CSV file with the columns video, title, language, subtitles (only the first is required).

    Paths may be relative to the manifest. Raises BadInput with the line number.
    """
    rows = csv.DictReader(io.StringIO(read_text(path)))
    items = []
    try:
        if "video" not in (rows.fieldnames or ()):
            raise BadInput(f"{path} has no column named video.", "Start it with a line such as: video,title,language")
        for row in rows:
            values = {name: (value or "").strip() or None for name, value in row.items() if isinstance(name, str)}
            video, subtitles = values["video"], values.get("subtitles")
            if video is None:
                raise BadInput(
                    f"{path}, line {rows.line_num} does not name a video.", "Write a path, a title or an id."
                )
            subtitles = _beside(path, subtitles) if subtitles else None
            items.append(Item(_beside(path, video), values.get("title"), values.get("language"), subtitles))
    except csv.Error as error:
        raise BadInput(f"{path}, line {rows.line_num + 1} is not CSV: {error}.", "Save it as CSV.") from error
    return items


def _beside(manifest: Path, name: str) -> str:
    near = manifest.parent / name
    return str(near) if near.is_file() else name


def read_questions(path: Path) -> list[str]:
    """One question per line, or JSON lines with a field `question`; empty lines are skipped. Raises BadInput."""
    questions = []
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if not line.strip():
            continue
        if not line.lstrip().startswith("{"):
            questions.append(" ".join(line.split()))
            continue
        try:
            questions.append(str(json.loads(line)["question"]))
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput(
                f"{path}, line {number} is not a question.", 'Write plain text, or {"question": "..."}.'
            ) from error
    return list(dict.fromkeys(questions))
