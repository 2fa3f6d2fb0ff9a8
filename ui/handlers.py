"""The page's event handlers: one method each, from the REST API to the parts of the page."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, TypedDict, cast

import gradio as gr
import httpx
from markupsafe import Markup
from pydantic import SecretStr

from app.api.schemas import AnswerOut, VideoOut
from app.api.schemas.plans import PlanBody, ScopeBody
from app.api.schemas.summaries import Length, Style
from app.client import Longreel
from app.core.errors import Cancelled, Conflict, LongreelError, NotFound
from app.core.events import Delta, Event, StageProgress
from app.core.requests import AskRequest, DrawnBox
from app.core.timecode import clock
from app.core.types import SegmentKind
from app.core.types.entities import EntityKind
from ui.render import answers, batches, library, markup, summaries, together, watch
from ui.render.conversations import conversations
from ui.render.entities import entities
from ui.render.evaluations import evaluations
from ui.render.queue import ACTIVE, queue
from ui.render.relevance import relevance
from ui.render.status import settings, status

MOST_JOBS, MOST_WAITING, MOST_THREADS = 50, 1000, 20
MOST_TABS = 10_000
"""Of so many tabs it is remembered which question they follow."""
WRITING_EVERY_S = 0.25
"""How often the text that a model is writing is updated."""
STOPPED = "Stopped."

SOURCES = {
    "speech": [SegmentKind.SPEECH],
    "screen_text": [SegmentKind.SCREEN_TEXT],
    "visual": [SegmentKind.VISUAL, SegmentKind.CAPTION, SegmentKind.EVENT, SegmentKind.OBJECT],
}
"""The segment kinds of each option in the question form."""
SHOWN = (SegmentKind.SCREEN_TEXT, SegmentKind.CAPTION, SegmentKind.EVENT, SegmentKind.VISUAL, SegmentKind.SOUND)
"""The segment kinds that the page lists and draws for the pictures of a video."""

Listed = tuple[str, str, str]
"""Background jobs, the videos, where to look."""
Watched = tuple[str, str, str, str, str]
"""Player, timeline, lists about the open video, its summary, example questions."""
Answered = tuple[Any, Any, Any]
"""Answer, evidence, conversations."""
Viewed = tuple[Any, Any, Any, Any, Any]
"""Status, evaluations, the summary of a collection, the form of a batch, the batches."""


class _SummaryOptions(TypedDict):
    length: Length
    style: Style
    language: str | None


class Page:
    """The handlers of one mounted page."""

    def __init__(self, key: SecretStr | None) -> None:
        self._key = key.get_secret_value() if key else ""
        self._newest: dict[str | None, float] = {}
        """By tab, the number of the question that it follows, and a half more once it shows something else."""

    def _client(self, request: gr.Request) -> Longreel:
        host, port = request.request.scope["server"]
        name = f"[{host}]" if ":" in host else host
        return Longreel(f"http://{name}:{port}", self._key, transport=httpx.HTTPTransport())  # never through a proxy

    def start(self, request: gr.Request) -> tuple[Any, ...]:
        """The page as first shown: the library, and what the address asks for."""
        query = dict(request.query_params)
        listed = self._library(request, query.get("video", ""))
        watched = self._watched(request, query.get("video", ""), _seconds(query.get("t", "")), play=False)
        is_rejoining = bool(query.get("run")) and not query.get("answer")  # the answer to come is the one to show
        answered = self._conversation(
            request, query.get("thread", ""), query.get("answer", ""), with_last=not is_rejoining
        )
        return (*listed, *watched, *answered, *self._viewed(request, query.get("view", "")))

    def changed(self, event: gr.EventData, request: gr.Request) -> Listed:
        """Background jobs, the library and the choice of videos as they are now."""
        return self._library(request, str(_payload(event).get("video", "")))

    def _library(self, request: gr.Request, opened: str) -> Listed:
        try:
            with self._client(request) as client:
                # Active jobs of any age, and the most recent others; newest first.
                recent = client.jobs(kind="ingest", limit=MOST_JOBS)
                active = [client.jobs(state, kind="ingest", limit=MOST_WAITING) for state in ACTIVE]
                by_id = {job.id: job for found in (recent, *active) for job in found}
                jobs, watched = sorted(by_id.values(), key=lambda job: job.created_at, reverse=True), client.schedules()
                videos, binned = client.videos(), client.binned()
        except LongreelError as error:
            return "", markup.problem(error), ""
        ids = [video.id for video in videos if opened and video.id.startswith(opened)]
        return queue(jobs, watched), library.grid(videos, jobs, binned), library.choices(videos, ids[0] if ids else "")

    def open(self, event: gr.EventData, request: gr.Request) -> tuple[Any, ...]:
        """Opens a video in the player, with an answer if one is named. With `keep` the answer stays as it is."""
        payload = _payload(event)
        id = str(payload.get("video", ""))
        if not payload.get("keep"):
            self._leave(event, request)
        watched = self._watched(request, id, _seconds(payload.get("t", 0)), bool(payload.get("play")))
        named = str(payload.get("thread", "")), str(payload.get("answer", ""))
        answered = (gr.skip(),) * 3 if payload.get("keep") else self._conversation(request, *named)
        return (self._library(request, id)[2], *watched, *answered)

    def _watched(self, request: gr.Request, id: str, start_s: float, play: bool) -> Watched:
        none = watch.examples(None, [])
        try:
            with self._client(request) as client:
                if not id:
                    return watch.recent(client.videos()), "", "", "", watch.examples(None, client.entities())
                video = client.video(id)
                sentences, shown, chapters = (
                    client.transcript(video.id),
                    client.segments(video.id, kinds=SHOWN),
                    client.chapters(video.id),
                )
                speakers, earlier = client.speakers(video.id), answers.asked_before(client.answers(video.id))
                mentioned = client.entities(videos=[video.id])
                summary = None
                with suppress(NotFound):  # ingest has not finished yet
                    summary = client.summary(video.id)
        except LongreelError as error:
            return markup.problem(error), "", "", "", none
        facts = [one for one in shown if one.kind is SegmentKind.VISUAL or not one.guessed]
        names = [one for one in mentioned if one.kind is EntityKind.NAME]
        if any(one.kind is SegmentKind.CAPTION for one in facts):
            names = mentioned  # a model has described the pictures, so the things are more than guesses
        written = any(one.kind is SegmentKind.SCREEN_TEXT for one in facts)
        return (
            watch.player(video, start_s, play, bool(sentences)),
            watch.timeline(video, chapters, sentences, facts),
            watch.about(video, sentences, facts, chapters, speakers, entities(names)),
            summaries.panel(summaries.stored(video, summary), summaries.SummaryForm()),
            watch.examples(video, names, written, earlier),
        )

    def chapters(self, event: gr.EventData, request: gr.Request) -> tuple[str, str, str]:
        """The open video's timeline, lists and summary after its chapters were edited or a speaker was named."""
        return self._watched(request, str(_payload(event).get("video", "")), 0.0, play=False)[1:4]

    def summarize(self, event: gr.EventData, request: gr.Request) -> Iterator[str]:
        """Writes the summary that the form describes."""
        form = {name: str(value) for name, value in _payload(event).items()}
        chosen = summaries.SummaryForm(form.get("length", ""), form.get("style", ""), form.get("language", ""))
        yield summaries.panel(summaries.waiting(), chosen, busy=True)
        try:
            with self._client(request) as client:
                video = client.video(form.get("video", ""))
                summary = client.summarize(video.id, **_options(chosen))
        except LongreelError as error:
            yield summaries.panel(markup.problem(error), chosen)
            return
        yield summaries.panel(summaries.written(summary, {video.id: video}), chosen)

    def together(self, event: gr.EventData, request: gr.Request) -> Iterator[str]:
        """The progress of the job that summarizes a collection, then the summary."""
        form = {name: str(value) for name, value in _payload(event).items()}
        chosen = summaries.SummaryForm(form.get("length", ""), form.get("style", ""), form.get("language", ""))
        opened, collections = form.get("collection", ""), []
        try:
            with self._client(request) as client:
                collections = client.collections()
                job = client.start_summary(opened, **_options(chosen))
                yield together.panel(collections, opened, chosen, together.waiting(None), busy=True)
                for progress in client.follow(job.id):
                    if isinstance(progress, StageProgress):
                        yield together.panel(collections, opened, chosen, together.waiting(progress), busy=True)
                client.wait(job.id)  # raises the error that it failed with
                videos = client.videos(collection=opened)
                summary = client.collection_summary(opened, **_options(chosen))
        except LongreelError as error:
            yield together.panel(collections, opened, chosen, markup.problem(error))
            return
        yield together.panel(collections, opened, chosen, together.written(summary, videos))

    def show(self, event: gr.EventData, request: gr.Request) -> tuple[Any, Any]:
        """An earlier answer."""
        self._leave(event, request)
        payload = _payload(event)
        try:
            with self._client(request) as client:
                return _saved(client, str(payload.get("answer", "")), str(payload.get("thread", "")))
        except LongreelError as error:
            return markup.problem(error), _no_evidence()

    def thread(self, event: gr.EventData, request: gr.Request) -> Answered:
        """Another conversation, with the named answer or its last one; an empty name ends the open one."""
        self._leave(event, request)
        payload = _payload(event)
        return self._conversation(request, str(payload.get("thread", "")), str(payload.get("answer", "")))

    def threads(self, event: gr.EventData, request: gr.Request) -> str:
        """The conversations as they are now."""
        return str(self._conversation(request, str(_payload(event).get("thread", "")), "")[2])

    def _conversation(self, request: gr.Request, thread: str, answer: str, *, with_last: bool = True) -> Answered:
        """An answer, or the last one of a thread, and the list of conversations, also where one of them is gone."""
        shown: tuple[str, str] = ("", _no_evidence())
        opened = None
        try:
            with self._client(request) as client:
                try:
                    opened = client.thread(thread) if thread else None
                    last = opened.turns[-1].answer.id if opened and opened.turns and with_last else ""
                    if answer or last:
                        shown = _saved(client, answer or last, thread)
                except NotFound as error:
                    shown = markup.problem(error), _no_evidence()
                return (*shown, conversations(opened, client.threads(limit=MOST_THREADS)))
        except LongreelError as error:
            return markup.problem(error), _no_evidence(), ""

    def ask(self, event: gr.EventData, request: gr.Request) -> Iterator[Answered]:
        """The agent's steps as they happen, then the answer, each with its evidence.

        Each carries the number of the question, which shows the page's script that the question has arrived.
        """
        yield from self._follow(event, request, self._answering(_payload(event), request))

    def stop(self, event: gr.EventData, request: gr.Request) -> str:
        """Ends what `ask` and `rejoin` show; the page's script ends the question itself."""
        self._leave(event, request)
        return markup.note(STOPPED)

    def _follow(self, event: gr.EventData, request: gr.Request, steps: Iterator[Answered]) -> Iterator[Answered]:
        """Shows a question until the tab shows something else.

        The framework's own `cancels` is no way to do it: it ends every call of a handler, the next one too.
        """
        number, tab = int(_payload(event).get("number", 0)), request.session_hash
        self._newest[tab] = max(number, self._newest.get(tab, 0))  # events arrive in any order
        if len(self._newest) > MOST_TABS:
            self._newest.pop(next(iter(self._newest)), None)
        for shown, evidence, talk in steps:
            if self._newest.get(tab) != number:
                yield (gr.skip(),) * 3  # the framework shows what comes last once more
                return
            yield answers.numbered(number, shown), evidence, talk
        if self._newest.get(tab) == number:
            self._newest.pop(tab, None)

    def _leave(self, event: gr.EventData, request: gr.Request) -> None:
        """Shows no more of the questions up to the number that the event names, else of any so far."""
        newest = self._newest.get(request.session_hash, 0)
        if newest:
            left = int(_payload(event).get("number", newest)) + 0.5
            self._newest[request.session_hash] = max(newest, left)

    def rejoin(self, event: gr.EventData, request: gr.Request) -> Iterator[Answered]:
        """The steps and the answer of a question that was asked before a reload or a lost connection."""
        yield from self._follow(event, request, self._rejoined(str(_payload(event).get("run", "")), request))

    def _rejoined(self, run: str, request: gr.Request) -> Iterator[Answered]:
        try:
            with self._client(request) as client:
                known = client.question(run)
                yield from _progress(client, client.rejoin(run), known.question, (), known.thread_id or "")
        except NotFound:
            note = markup.note("This question was interrupted. Ask it again.")
            yield answers.ended(note, "unknown"), gr.skip(), gr.skip()
        except LongreelError as error:
            yield answers.ended(_why_it_ended(error), "failed"), gr.skip(), gr.skip()

    def _answering(self, payload: dict[str, Any], request: gr.Request) -> Iterator[Answered]:
        question = str(payload.get("question", "")).strip()
        options = [line.strip() for line in str(payload.get("options", "")).splitlines() if line.strip()]
        names = [str(name) for name in payload.get("videos", [])]
        run = str(payload.get("run", ""))
        yield answers.thinking(question, [], {}), _no_evidence(), gr.skip()
        try:
            with self._client(request) as client:
                thread, opened = "", str(payload.get("thread", ""))
                with suppress(NotFound):  # the open conversation may have been deleted
                    thread = client.thread(opened).id if opened else ""
                thread = thread or client.start_thread().id
                plan = _plan(client, question, thread, payload)
                asked = AskRequest(
                    question,
                    tuple(names),
                    options=tuple(options),
                    thread=thread,
                    plan=plan.model_dump(mode="json") if plan else None,
                    run=run,
                    max_steps=payload.get("steps"),
                    max_seconds=payload.get("seconds"),
                    keep=bool(run),
                    box=DrawnBox(**payload["box"]) if payload.get("box") else None,
                )
                yield from _progress(client, client.ask_pulse(asked), question, options, thread)
        except Conflict:  # the page lost its connection and asked again, but the question had arrived
            yield from self._rejoined(run, request)
        except LongreelError as error:
            yield _why_it_ended(error), gr.skip(), gr.skip()

    def view(self, event: gr.EventData, request: gr.Request) -> Viewed:
        """Fetches a view when it is opened."""
        return self._viewed(request, str(_payload(event).get("view", "")))

    def _viewed(self, request: gr.Request, view: str) -> Viewed:
        """The parts of a view; those of other views stay as they are."""
        skip = gr.skip()
        try:
            with self._client(request) as client:
                if view == "status":
                    report = client.status()
                    checks = status(report) + settings(client.settings(), can_change=report.can_connect)
                    return checks, evaluations(client.evaluations()), skip, skip, skip
                if view == "batches":
                    videos = client.videos()
                    ready = [video for video in videos if video.ready]
                    short = together.panel(client.collections(), "", summaries.SummaryForm())
                    return skip, skip, short, batches.form(ready), batches.batches(client.batches(), videos)
        except LongreelError as error:
            problem = markup.problem(error)
            return (problem, skip, skip, skip, skip) if view == "status" else (skip, skip, problem, skip, skip)
        return skip, skip, skip, skip, skip

    def batches(self, request: gr.Request) -> str:
        """The batches as they are now."""
        try:
            with self._client(request) as client:
                return batches.batches(client.batches(), client.videos())
        except LongreelError as error:
            return markup.problem(error)


def _options(chosen: summaries.SummaryForm) -> _SummaryOptions:
    length, style = cast("Length", chosen.length), cast("Style", chosen.style)
    return {"length": length, "style": style, "language": chosen.language or None}


def _progress(
    client: Longreel,
    steps: Iterator[Event | AnswerOut | None],
    question: str,
    options: Sequence[str],
    thread: str,
) -> Iterator[Answered]:
    """What the page shows of a question: its steps as they come, then its answer."""
    videos = _by_id(client.videos())
    trace: list[Event] = []
    written_s = 0.0
    for step in steps:
        if isinstance(step, AnswerOut):
            answer = answers.answer(question, step, videos, options, thread=thread)
            opened = client.thread(thread) if thread else None
            talk = conversations(opened, client.threads(limit=MOST_THREADS))
            yield answer, relevance(step.trace, step.citations, videos), talk
            return
        trace += [step] if step else []
        if isinstance(step, Delta):
            if time.monotonic() - written_s < WRITING_EVERY_S:
                continue
            written_s = time.monotonic()
        evidence = relevance(trace, [], videos) if step and not isinstance(step, Delta) else gr.skip()
        yield answers.thinking(question, trace, videos), evidence, gr.skip()


def _plan(client: Longreel, question: str, thread: str, payload: dict[str, Any]) -> PlanBody | None:
    """The plan for a question if its person has chosen where to look; None otherwise."""
    sources = [kind for name in payload.get("sources", []) for kind in SOURCES[name]]
    start, end = payload.get("from"), payload.get("to")
    changes: dict[str, Any] = {"sources": sources} if sources else {}
    if start is not None or end is not None:
        words = f"between {clock(start or 0)} and {'the end' if end is None else clock(end)}"
        changes["scope"] = ScopeBody(start=start or 0, end=end, words=words)
    return client.plan(question, thread=thread).model_copy(update=changes) if changes else None


def _saved(client: Longreel, id: str, thread: str) -> tuple[str, str]:
    saved, videos = client.answer(id), _by_id(client.videos())
    answer = saved.answer
    shown = answers.answer(saved.question, answer, videos, thread=thread)
    return shown, relevance(answer.trace, answer.citations, videos)


def _no_evidence() -> str:
    return relevance([], [], {})


def _by_id(videos: Sequence[VideoOut]) -> dict[str, VideoOut]:
    return {video.id: video for video in videos}


def _why_it_ended(error: LongreelError) -> Markup:
    """For a question; one that was stopped has not failed."""
    return markup.note(STOPPED) if isinstance(error, Cancelled) else markup.problem(error)


def _payload(event: gr.EventData) -> dict[str, Any]:
    return event._data if isinstance(event._data, dict) else {}


def _seconds(value: Any) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        return 0.0
    return seconds if 0 <= seconds < 1e7 else 0.0
