"""The client for programs that wait: each call as `app.client.calls` describes it, run to its end."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from contextlib import suppress
from functools import wraps
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

import httpx

from app.client import wire
from app.client.calls import Calls
from app.client.transport import SyncTransport

Params = ParamSpec("Params")
Result = TypeVar("Result")


def waits(
    call: Callable[Concatenate[Calls, Params], Coroutine[Any, Any, Result]],
) -> Callable[Concatenate[Longreel, Params], Result]:
    """Turns a call into a method that returns when it is done."""

    @wraps(call)
    def waiting(longreel: Longreel, /, *args: Params.args, **kwargs: Params.kwargs) -> Result:
        return _finished(call(longreel._calls, *args, **kwargs))

    return waiting


def streams(
    call: Callable[Concatenate[Calls, Params], AsyncGenerator[Result]],
) -> Callable[Concatenate[Longreel, Params], Generator[Result, None, None]]:
    """Turns a stream into one for a plain loop."""

    @wraps(call)
    def reading(longreel: Longreel, /, *args: Params.args, **kwargs: Params.kwargs) -> Generator[Result, None, None]:
        stream = call(longreel._calls, *args, **kwargs)
        try:
            with suppress(StopAsyncIteration):
                while True:
                    yield _finished(stream.__anext__())
        finally:
            _finished(stream.aclose())

    signature = inspect.signature(call)
    shown = signature.replace(return_annotation=str(signature.return_annotation).removeprefix("Async"))
    reading.__signature__ = shown  # type: ignore[attr-defined]
    return reading


def _finished(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """The result of a coroutine over a `SyncTransport`, which finishes in its first step."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: Result = end.value
        return result
    coroutine.close()
    raise AssertionError("A call waited for an event loop.")


class Longreel:
    """A client of one server, for programs that block. A video may be named by its id, the beginning of its id, or its
    title. Every call may raise the LongreelError of the server's response, and WorkerFailed if the server does not
    answer. Threads may share it.
    """

    def __init__(
        self, base_url: str = wire.HOME, key: str = "", *, transport: httpx.BaseTransport | None = None
    ) -> None:
        """`key` is the server's LONGREEL_SERVER__API_KEY, if it has one."""
        self._calls = Calls(SyncTransport(**wire.client_options(base_url, key), transport=transport))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    close = waits(Calls.close)

    videos = waits(Calls.videos)
    video = waits(Calls.video)
    change = waits(Calls.change)
    delete = waits(Calls.delete)
    upload = waits(Calls.upload)
    register = waits(Calls.register)
    fetch = waits(Calls.fetch)
    ingest = waits(Calls.ingest)
    transcript = waits(Calls.transcript)
    subtitles = waits(Calls.subtitles)
    things = waits(Calls.things)
    speakers = waits(Calls.speakers)
    name_speaker = waits(Calls.name_speaker)
    faces = waits(Calls.faces)
    name_face = waits(Calls.name_face)
    delete_face = waits(Calls.delete_face)
    segments = waits(Calls.segments)
    chapters = waits(Calls.chapters)
    correct = waits(Calls.correct)
    set_chapters = waits(Calls.set_chapters)
    summary = waits(Calls.summary)
    summarize = waits(Calls.summarize)
    export = waits(Calls.export)
    download = waits(Calls.download)
    thumbnail = waits(Calls.thumbnail)
    waveform = waits(Calls.waveform)
    clip = waits(Calls.clip)
    frame = waits(Calls.frame)
    frames = waits(Calls.frames)

    jobs = waits(Calls.jobs)
    job = waits(Calls.job)
    run_next = waits(Calls.run_next)
    cancel = waits(Calls.cancel)
    retry = waits(Calls.retry)
    dismiss = waits(Calls.dismiss)
    dismiss_ended = waits(Calls.dismiss_ended)
    deliveries = waits(Calls.deliveries)
    follow = streams(Calls.follow)
    wait = waits(Calls.wait)

    upload_in_pieces = waits(Calls.upload_in_pieces)
    upload_state = waits(Calls.upload_state)
    give_up_upload = waits(Calls.give_up_upload)

    collections = waits(Calls.collections)
    collection = waits(Calls.collection)
    create_collection = waits(Calls.create_collection)
    rename_collection = waits(Calls.rename_collection)
    delete_collection = waits(Calls.delete_collection)
    collect = waits(Calls.collect)
    uncollect = waits(Calls.uncollect)
    binned = waits(Calls.binned)
    restore = waits(Calls.restore)
    purge = waits(Calls.purge)

    entities = waits(Calls.entities)
    entity = waits(Calls.entity)
    search = waits(Calls.search)
    plan = waits(Calls.plan)
    ask = waits(Calls.ask)
    ask_stream = streams(Calls.ask_stream)
    ask_pulse = streams(Calls.ask_pulse)
    question = waits(Calls.question)
    rejoin = streams(Calls.rejoin)
    cancel_question = waits(Calls.cancel_question)
    start_thread = waits(Calls.start_thread)
    threads = waits(Calls.threads)
    thread = waits(Calls.thread)
    delete_thread = waits(Calls.delete_thread)
    answer = waits(Calls.answer)
    answers = waits(Calls.answers)
    rate = waits(Calls.rate)
    ratings = waits(Calls.ratings)

    start_batch = waits(Calls.start_batch)
    cost = waits(Calls.cost)
    batches = waits(Calls.batches)
    batch = waits(Calls.batch)
    cancel_batch = waits(Calls.cancel_batch)
    retry_batch = waits(Calls.retry_batch)
    follow_batch = streams(Calls.follow_batch)
    wait_batch = waits(Calls.wait_batch)
    batch_results = waits(Calls.batch_results)

    summarize_collection = waits(Calls.summarize_collection)
    start_summary = waits(Calls.start_summary)
    collection_summary = waits(Calls.collection_summary)

    schedules = waits(Calls.schedules)
    add_schedule = waits(Calls.add_schedule)
    schedule = waits(Calls.schedule)
    change_schedule = waits(Calls.change_schedule)
    run_schedule = waits(Calls.run_schedule)
    delete_schedule = waits(Calls.delete_schedule)

    health = waits(Calls.health)
    status = waits(Calls.status)
    connect = waits(Calls.connect)
    change_settings = waits(Calls.change_settings)
    settings = waits(Calls.settings)
    evaluations = waits(Calls.evaluations)
