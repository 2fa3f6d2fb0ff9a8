"""The tools for language models, which choose between them by their descriptions."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Annotated, ParamSpec, TypeVar

from mcp.server.mcpserver import Context, Image
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from app.api.schemas import AnswerOut, FoundOut, JobOut, SummaryOut
from app.api.schemas.entities import MentionedOut
from app.api.schemas.summaries import CollectionSummaryOut, Length, MadeSummaryOut, Style
from app.client import AsyncLongreel
from app.core.describe import describe
from app.core.errors import LongreelError, WorkerFailed
from app.core.events import Delta, StageProgress
from app.core.paths import is_address
from app.core.types import SegmentKind
from app.jobs.states import ENDED
from app.mcp.results import JobLine, SaidLine, ToolAnswer, TranscriptPart, VideoEntry, VideoList

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

MOST_CHARACTERS = 20_000
"""The most of a transcript in one call: about 5,000 tokens."""

VideoName = Annotated[str, Field(description="id, the beginning of an id, or title, as list_videos gives them")]
VideoNames = Annotated[list[str], Field(description="ids or titles; leave empty for the whole library")]
Collection = Annotated[str, Field(description="name of a collection, in addition to the videos; empty for none")]
Start = Annotated[float, Field(ge=0, description="only what comes after this time, in seconds")]
End = Annotated[float | None, Field(description="only what comes before this time, in seconds; default: the end")]


def with_tool_errors(tool: Callable[Arguments, Awaitable[Result]]) -> Callable[Arguments, Awaitable[Result]]:
    """Turns Longreel's errors into tool errors, which say what to do."""

    @functools.wraps(tool)
    async def guarded(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        try:
            return await tool(*args, **kwargs)
        except LongreelError as error:
            raise ToolError(str(error)) from error

    return guarded


class Toolbox:
    """The tools over one server. With `registers` the server ingests files by path; otherwise they are uploaded."""

    def __init__(self, longreel: AsyncLongreel, *, registers: bool) -> None:
        self._longreel = longreel
        self._registers = registers

    @with_tool_errors
    async def list_videos(
        self,
        title: Annotated[str, Field(description="only titles that contain this")] = "",
        collection: Annotated[str, Field(description="only the videos of this collection")] = "",
        limit: Annotated[int, Field(ge=1, le=200)] = 50,
    ) -> VideoList:
        """List the videos that can be searched and asked about, newest first, with id, title, length and state.

        Call this first when you do not know which videos there are. A video with ready=false is still being ingested.
        """
        videos = await self._longreel.videos(title, collection=collection)
        return VideoList(videos=[VideoEntry.of(video) for video in videos[:limit]], total=len(videos))

    @with_tool_errors
    async def ingest(
        self,
        path: Annotated[str, Field(description="absolute path of a video or audio file, or its http(s) address")],
        title: Annotated[str | None, Field(description="default: the file's name")] = None,
        language: Annotated[str | None, Field(description="such as en, or auto; default: detected")] = None,
    ) -> JobLine:
        """Start to ingest a video file into the library: speech, text on the screen, pictures. Returns at once.

        Ingest takes minutes. Check job_status until its state is finished, then use the video_id it returns.
        A file that was ingested before is recognized by its content and costs almost nothing.
        """
        if is_address(path):
            return JobLine.of(await self._longreel.fetch(path, title=title, language=language))
        add = self._longreel.register if self._registers else self._longreel.upload
        return JobLine.of(await add(Path(path).expanduser(), title=title, language=language))

    @with_tool_errors
    async def job_status(
        self,
        context: Context,
        job_id: Annotated[str, Field(description="the job_id that ingest returned")],
        wait_s: Annotated[float, Field(ge=0, le=60, description="wait at most this long for its end, in seconds")] = 0,
    ) -> JobLine:
        """Report the progress of a video's ingest, and its video_id once it is finished.

        Use wait_s=30 rather than calling repeatedly.
        """
        job = await self._longreel.job(job_id)
        if wait_s and job.state not in ENDED:
            try:
                async with aclosing(self._longreel.follow(job_id, timeout_s=wait_s)) as events:
                    steps = 0
                    async for event in events:
                        if isinstance(event, JobOut):
                            break
                        steps += 1
                        await context.report_progress(steps, message=describe(event))
            except WorkerFailed:  # the time is up: the job's state is the answer
                pass
            job = await self._longreel.job(job_id)
        return JobLine.of(job)

    @with_tool_errors
    async def ask(
        self,
        context: Context,
        question: Annotated[str, Field(description="one self-contained question: earlier ones are not remembered")],
        videos: VideoNames = [],  # noqa: B006 - never changed
        options: Annotated[list[str], Field(description="the choices of a multiple-choice question")] = [],  # noqa: B006
        collection: Collection = "",
        max_seconds: Annotated[float | None, Field(ge=1, description="time limit, after which it answers")] = None,
    ) -> ToolAnswer:
        """Answer a question about videos, with time-stamped citations that were checked against the video.

        Use this for questions that need understanding or several moments. It takes seconds to a minute; to look
        quickly for words use search. status=not_in_video means the videos do not say: report that, do not guess.
        status=insufficient means it could not be decided; `missing` says what would help. Quote the times of the
        citations to the user; use get_frames to see a cited moment yourself.
        """
        steps = 0
        async with aclosing(
            self._longreel.ask_stream(question, videos, collection=collection, options=options, max_seconds=max_seconds)
        ) as events:
            async for event in events:
                if isinstance(event, AnswerOut):
                    return ToolAnswer.of(event)
                if not isinstance(event, Delta):
                    steps += 1
                    await context.report_progress(steps, message=describe(event))
        raise WorkerFailed("The server ended without an answer.", "Ask again.")

    @with_tool_errors
    async def search(
        self,
        query: Annotated[str, Field(description="words that were said or written, or a description of a picture")],
        videos: VideoNames = [],  # noqa: B006 - never changed
        kinds: Annotated[list[SegmentKind], Field(description="only these kinds of segment; empty means all")] = [],  # noqa: B006
        start_s: Start = 0,
        end_s: End = None,
        limit: Annotated[int, Field(ge=1, le=50)] = 10,
        collection: Collection = "",
        speaker: Annotated[str, Field(description="only what this person says; names as in get_transcript")] = "",
    ) -> list[FoundOut]:
        """Find the segments that best match words or a description, within a fraction of a second.

        Use this to locate things and to gather material; the hits are unchecked.
        """
        return await self._longreel.search(
            query,
            videos,
            collection=collection,
            kinds=kinds,
            speaker=speaker,
            start_s=start_s,
            end_s=end_s,
            limit=limit,
        )

    @with_tool_errors
    async def find_name(
        self,
        name: Annotated[str, Field(description="a person or a thing, or part of the name")],
        videos: VideoNames = [],  # noqa: B006 - never changed
    ) -> list[MentionedOut]:
        """Show in which videos and when a name is said, written on the screen, or speaks; at most five names match.

        Use this to follow a person, a place or a company through the library.
        """
        matches = await self._longreel.entities(name, videos=videos)
        return [await self._longreel.entity(one.id) for one in matches[:5]]

    @with_tool_errors
    async def get_transcript(self, video: VideoName, start_s: Start = 0, end_s: End = None) -> TranscriptPart:
        """Read what was said, sentence by sentence with times; long transcripts come in parts.

        Give start_s and end_s when you know where to look. When next_start_s is not null, call again from there.
        """
        sentences: list[SaidLine] = []
        size = 0
        for sentence in await self._longreel.transcript(video, start_s, end_s):
            size += len(sentence.text)
            if size > MOST_CHARACTERS and sentence.start_s > start_s and sentences:
                return TranscriptPart(sentences=sentences, next_start_s=sentence.start_s)
            sentences.append(SaidLine.of(sentence))
        return TranscriptPart(sentences=sentences, next_start_s=None)

    @with_tool_errors
    async def get_frames(
        self,
        video: VideoName,
        times_s: Annotated[list[float], Field(min_length=1, max_length=8, description="times to look at, in seconds")],
        side: Annotated[int, Field(ge=64, le=1920, description="longest side of each picture, in pixels")] = 768,
    ) -> list[str | Image]:
        """See the frames of a video at given times, to look for yourself.

        Useful after search or ask has returned times. Raise side to read small text.
        """
        content: list[str | Image] = []
        for time_s in times_s:
            picture = await self._longreel.frame(video, time_s, side=side)
            content += [f"The frame at {picture.pts_s:.3f} s:", Image(data=picture.jpeg, format="jpeg")]
        return content

    @with_tool_errors
    async def summarize(
        self,
        context: Context,
        video: Annotated[str, Field(description="id, the beginning of an id, or title; empty for a collection")] = "",
        length: Annotated[Length | None, Field(description="length of the summary; default: a paragraph")] = None,
        style: Annotated[Style | None, Field(description="minutes of a meeting, study notes, highlights")] = None,
        collection: Annotated[str, Field(description="name of a collection, instead of a video")] = "",
    ) -> SummaryOut | MadeSummaryOut | CollectionSummaryOut:
        """Return the stored summary of a video and its chapters with titles and times: instant.

        Use this to get an overview before searching or asking. With a length or a style a new summary is written,
        each sentence with its times; that takes up to a minute. With a collection: a summary of its videos together
        and of each in a sentence; videos not summarized before take up to a minute each.
        """
        if bool(video) == bool(collection):
            raise ToolError("Give either a video or a collection.")
        if collection:
            length, style = length or "paragraph", style or "neutral"
            job = await self._longreel.start_summary(collection, length=length, style=style)
            async with aclosing(self._longreel.follow(job.id)) as events:
                async for event in events:
                    if isinstance(event, StageProgress):
                        await context.report_progress(event.done, event.total)
            await self._longreel.wait(job.id)
            return await self._longreel.collection_summary(collection, length=length, style=style)
        if length is None and style is None:
            return await self._longreel.summary(video)
        return await self._longreel.summarize(video, length=length or "paragraph", style=style or "neutral")
