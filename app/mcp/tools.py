"""The tools that a language model gets. Their descriptions are what it reads to choose between them."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Annotated, ParamSpec, TypeVar

from mcp.server.mcpserver import Context, Image
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from app.api.schemas import AnswerOut, FoundOut, SummaryOut
from app.api.schemas.batches import Length, Style
from app.api.schemas.entities import MentionedOut
from app.api.schemas.summaries import CollectionSummaryOut, MadeSummaryOut
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
"""Of a transcript in one call: about 5,000 tokens."""

VideoName = Annotated[str, Field(description="id, the beginning of an id, or title, as list_videos gives them")]
VideoNames = Annotated[list[str], Field(description="ids or titles; leave empty to cover the whole library")]
Collection = Annotated[str, Field(description="name of a collection, besides the videos named; empty for none")]
Start = Annotated[float, Field(ge=0, description="only what is after this time, seconds")]
End = Annotated[float | None, Field(description="only what is before this time, seconds; leave out for the end")]


def told(tool: Callable[Arguments, Awaitable[Result]]) -> Callable[Arguments, Awaitable[Result]]:
    """The tool, with Longreel's errors as tool errors that say what to do."""

    @functools.wraps(tool)
    async def guarded(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        try:
            return await tool(*args, **kwargs)
        except LongreelError as error:
            raise ToolError(str(error)) from error

    return guarded


class Toolbox:
    """The tools over one server. With `registers` that server reads files by their path; else they are uploaded."""

    def __init__(self, longreel: AsyncLongreel, *, registers: bool) -> None:
        self._longreel = longreel
        self._registers = registers

    @told
    async def list_videos(
        self,
        title: Annotated[str, Field(description="only titles that contain this")] = "",
        collection: Annotated[str, Field(description="only the videos of this collection")] = "",
        limit: Annotated[int, Field(ge=1, le=200)] = 50,
    ) -> VideoList:
        """List the videos that can be searched and asked about, newest first, with id, title, length and state.

        Call this first when you do not know which videos there are. A video with ready=false is still being read.
        """
        videos = await self._longreel.videos(title, collection=collection)
        return VideoList(videos=[VideoEntry.of(video) for video in videos[:limit]], total=len(videos))

    @told
    async def ingest(
        self,
        path: Annotated[str, Field(description="whole path of a video or audio file, or its http(s) address")],
        title: Annotated[str | None, Field(description="the file's name unless given")] = None,
        language: Annotated[str | None, Field(description="such as en, or auto; detected unless given")] = None,
    ) -> JobLine:
        """Start to read a video file into the library: speech, text on the screen, pictures. Returns at once.

        Reading takes minutes. Follow it with job_status until its state is finished, then use the video_id it gives.
        A file that was read before is known by its content and costs almost nothing.
        """
        if is_address(path):
            return JobLine.of(await self._longreel.fetch(path, title=title, language=language))
        add = self._longreel.register if self._registers else self._longreel.upload
        return JobLine.of(await add(Path(path).expanduser(), title=title, language=language))

    @told
    async def job_status(
        self,
        job_id: Annotated[str, Field(description="as ingest returned it")],
        wait_s: Annotated[float, Field(ge=0, le=60, description="wait at most this long for its end, seconds")] = 0,
    ) -> JobLine:
        """Tell how far the reading of a video is, and its video_id once it is finished.

        Use wait_s=30 rather than calling again and again.
        """
        job = await self._longreel.job(job_id)
        if wait_s and job.state not in ENDED:
            try:
                async with aclosing(self._longreel.follow(job_id, timeout_s=wait_s)) as events:
                    async for _ in events:
                        pass
            except WorkerFailed:  # the time is up: how far it is is the answer
                pass
            job = await self._longreel.job(job_id)
        return JobLine.of(job)

    @told
    async def ask(
        self,
        context: Context,
        question: Annotated[str, Field(description="one question, complete in itself: earlier ones are not known")],
        videos: VideoNames = [],  # noqa: B006 - never changed
        options: Annotated[list[str], Field(description="the choices of a multiple-choice question")] = [],  # noqa: B006
        collection: Collection = "",
        max_seconds: Annotated[float | None, Field(ge=1, description="answer with what was found by then")] = None,
    ) -> ToolAnswer:
        """Answer a question about videos, with time-stamped citations that were checked against the video.

        Use this for questions that need understanding or several moments. It takes seconds to a minute; for a quick
        look for words use search. status=not_in_video means the videos do not say: report that, do not guess.
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

    @told
    async def search(
        self,
        query: Annotated[str, Field(description="words that were said or written, or a description of a picture")],
        videos: VideoNames = [],  # noqa: B006 - never changed
        kinds: Annotated[list[SegmentKind], Field(description="only these kinds of finding; empty means all")] = [],  # noqa: B006
        start_s: Start = 0,
        end_s: End = None,
        limit: Annotated[int, Field(ge=1, le=50)] = 10,
        collection: Collection = "",
        speaker: Annotated[str, Field(description="only what this person says, as get_transcript names speakers")] = "",
    ) -> list[FoundOut]:
        """Find the moments that fit words or a description best, within a fraction of a second.

        Use this to locate things and to gather material; the hits are raw findings, not checked answers.
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

    @told
    async def find_name(
        self,
        name: Annotated[str, Field(description="somebody or something, or a part of the name")],
        videos: VideoNames = [],  # noqa: B006 - never changed
    ) -> list[MentionedOut]:
        """Tell in which videos and when a name is said, written on the screen, or speaks; at most five names fit.

        Use this to follow a person, a place or a firm through the library.
        """
        found = await self._longreel.entities(name, videos=videos)
        return [await self._longreel.entity(one.id) for one in found[:5]]

    @told
    async def get_transcript(self, video: VideoName, start_s: Start = 0, end_s: End = None) -> TranscriptPart:
        """Read what was said, sentence by sentence with times; long ones come in parts.

        Give a window of times when you know where to look. When next_start_s is not null, call again from there.
        """
        sentences: list[SaidLine] = []
        size = 0
        for said in await self._longreel.transcript(video, start_s, end_s):
            size += len(said.text)
            if size > MOST_CHARACTERS and said.start_s > start_s and sentences:
                return TranscriptPart(sentences=sentences, next_start_s=said.start_s)
            sentences.append(SaidLine.of(said))
        return TranscriptPart(sentences=sentences, next_start_s=None)

    @told
    async def get_frames(
        self,
        video: VideoName,
        times_s: Annotated[list[float], Field(min_length=1, max_length=8, description="times to look at, seconds")],
        side: Annotated[int, Field(ge=64, le=1920, description="longest side of each picture, pixels")] = 768,
    ) -> list[str | Image]:
        """See the pictures that a video shows at given times, to look for yourself.

        Good after search or ask has told where to look. Raise side to read small text.
        """
        content: list[str | Image] = []
        for time_s in times_s:
            picture = await self._longreel.frame(video, time_s, side=side)
            content += [f"The frame at {picture.pts_s:.3f} s:", Image(data=picture.jpeg, format="jpeg")]
        return content

    @told
    async def summarize(
        self,
        context: Context,
        video: Annotated[str, Field(description="id, the beginning of an id, or title; empty for a collection")] = "",
        length: Annotated[Length | None, Field(description="how much is told; a paragraph unless given")] = None,
        style: Annotated[Style | None, Field(description="minutes of a meeting, study notes, highlights")] = None,
        collection: Annotated[str, Field(description="name of a collection, instead of a video")] = "",
    ) -> SummaryOut | MadeSummaryOut | CollectionSummaryOut:
        """Give the stored summary of a video and its chapters with titles and times: instant.

        Use this to get an overview before searching or asking. With a length or a style the summary is made anew,
        sentence by sentence with the moments that each comes from; that takes up to a minute. With a collection: what
        its videos tell together and each in a sentence; what is not kept from before takes up to a minute a video.
        """
        if bool(video) == bool(collection):
            raise ToolError("Name either a video or a collection.")
        if collection:
            return await self._together(context, collection, length or "paragraph", style or "neutral")
        if length is None and style is None:
            return await self._longreel.summary(video)
        return await self._longreel.summarize(video, length=length or "paragraph", style=style or "neutral")

    async def _together(self, context: Context, collection: str, length: Length, style: Style) -> CollectionSummaryOut:
        job = await self._longreel.start_summary(collection, length=length, style=style)
        async with aclosing(self._longreel.follow(job.id)) as events:
            async for event in events:
                if isinstance(event, StageProgress):
                    await context.report_progress(event.done, event.total)
        await self._longreel.wait(job.id)
        return await self._longreel.collection_summary(collection, length=length, style=style)
