"""The command line: longreel ingest | ask | list | show | delete | serve | worker | doctor.

Results go to standard output, progress and errors to standard error. Exit codes: 0 done, 2 wrong
usage, 3 bad input, 4 not found, 5 a needed part is missing, 1 anything else.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.api.schemas import AnswerOut, SegmentOut, SummaryOut, VideoOut, problem_of
from app.core.errors import BadInput, Cancelled, LongreelError
from app.core.events import EVENT, Answered, Event, IngestFinished
from app.core.settings import Settings, load_settings
from app.core.types import Video
from app.terminal import IngestDisplay, clock, consoles, show_answer, show_step

if TYPE_CHECKING:
    from app.bootstrap import Longreel

app = typer.Typer(
    help="Ask long videos questions, and see where in the video each answer comes from.",
    epilog="Start with: longreel ingest talk.mp4, then: longreel ask talk.mp4 'What is said about costs?'",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object for programs.")]


def main() -> None:
    """The `longreel` program: runs a command and turns errors into a sentence and an exit code."""
    # Threads that wait for work must not spin: several models share the cores (see gpu_workers.sessions).
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    logging.basicConfig(level=os.environ.get("LOGLEVEL", "ERROR").upper(), format="%(levelname)s %(name)s %(message)s")
    try:
        app()
    except LongreelError as error:
        _fail(error, as_json="--json" in sys.argv)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _fail(error: LongreelError, *, as_json: bool) -> None:
    out, err = consoles()
    if as_json:
        out.print_json(data=problem_of(error).model_dump(mode="json"))
    err.print(f"[red]error[/] {escape(error.message)} {escape(error.hint)}".rstrip(), soft_wrap=True)
    sys.exit(error.exit_code)


def _longreel() -> Longreel:
    from app.bootstrap import build

    return build(load_settings())


@contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """Ctrl-C asks the work to stop at its next unit; a second Ctrl-C ends the program at once."""
    asked = threading.Event()

    def stop(*_: object) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)


@app.command()
def ingest(
    paths: Annotated[list[Path], typer.Argument(help="Video or audio files.", metavar="PATH...")],
    subtitles: Annotated[Path | None, typer.Option(help="SRT or WebVTT file to use instead of listening.")] = None,
    language: Annotated[str | None, typer.Option(help="Spoken language, such as en; detected when not given.")] = None,
    title: Annotated[str | None, typer.Option(help="Title to use instead of the file's name.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Read videos, so that they can be asked about. Goes on where an earlier run stopped."""
    if subtitles and len(paths) > 1:
        raise typer.BadParameter("--subtitles goes with one video")
    out, err = consoles()
    longreel = _longreel()
    done: list[dict[str, Any]] = []
    failed: list[tuple[Path, LongreelError]] = []
    with _interruptible() as cancelled:
        for path in paths:
            if not as_json or err.is_terminal:
                err.print(f"[bold]{escape(str(path))}[/]")
            try:
                done.append(_ingest_one(longreel, err, path, title, subtitles, language, cancelled))
            except Cancelled:
                raise
            except LongreelError as error:
                failed.append((path, error))
                err.print(f"[red]error[/] {escape(str(error))}", soft_wrap=True)
    if as_json:
        problems = [{"path": str(p), **problem_of(e).model_dump(mode="json")} for p, e in failed]
        out.print_json(data={"videos": done, "failed": problems})
    if failed:
        raise typer.Exit(failed[0][1].exit_code)


def _ingest_one(
    longreel: Longreel,
    err: Console,
    path: Path,
    title: str | None,
    subtitles: Path | None,
    language: str | None,
    cancelled: Callable[[], bool],
) -> dict[str, Any]:
    ends: list[IngestFinished] = []
    with IngestDisplay(err) as display:

        def tell(event: Event) -> None:
            display(event)
            if isinstance(event, IngestFinished):
                ends.append(event)

        video = longreel.ingest.run(
            path, title=title, subtitles=subtitles, language=language, tell=tell, cancelled=cancelled
        )
    end = ends[-1]
    return {**VideoOut.of(video).model_dump(mode="json"), "seconds": end.seconds, "reused": end.reused}


@app.command()
def ask(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            help="Videos (id, beginning of an id, path or title; none means all), then the question.",
            metavar='[VIDEO]... "QUESTION"',
        ),
    ] = None,
    option: Annotated[list[str] | None, typer.Option(help="One choice of a multiple-choice question; repeat.")] = None,
    questions: Annotated[
        Path | None, typer.Option(help="File of JSON lines with question, options and video; answers them all.")
    ] = None,
    stream: Annotated[bool, typer.Option("--stream", help="Show the steps as they happen.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Answer a question, with the moments that prove it.

    Example: longreel ask talk.mp4 "When does she mention the budget?"
    """
    names = list(words or [])
    if questions is None and not names:
        raise typer.BadParameter("give a question, or a file with --questions")
    asked = _questions(questions, names) if questions else [(names[:-1], names[-1], option or [])]
    out, err = consoles()
    longreel = _longreel()
    with _interruptible() as cancelled:
        for videos, question, options in asked:
            _ask_one(longreel, out, err, (videos, question, options), stream, as_json, questions is not None, cancelled)


def _questions(path: Path, videos: list[str]) -> list[tuple[list[str], str, list[str]]]:
    """The questions of a file of JSON lines. Raises BadInput with the line's number."""
    asked = []
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.", "Check the path.") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
            named = [str(item["video"])] if item.get("video") else videos
            asked.append((named, str(item["question"]), [str(o) for o in item.get("options") or []]))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            hint = 'Each line needs an object like {"question": "...", "options": [...], "video": "..."}.'
            raise BadInput(f"{path}, line {number} is not a question.", hint) from error
    return asked


def _ask_one(
    longreel: Longreel,
    out: Console,
    err: Console,
    asked: tuple[list[str], str, list[str]],
    stream: bool,
    as_json: bool,
    many: bool,
    cancelled: Callable[[], bool],
) -> None:
    names, question, options = asked
    events: list[Event] = []
    try:
        videos = [longreel.library.find(name) for name in names]
        if many and not as_json:
            out.print(f"[bold blue]? {escape(question)}[/]")
        for event in longreel.ask.stream(question, videos, options=options, cancelled=cancelled):
            events.append(event)
            if stream and as_json and not isinstance(event, Answered):
                out.print(json.dumps(EVENT.dump_python(event, mode="json")), soft_wrap=True, markup=False)
            elif stream:
                show_step(err, event)
    except LongreelError as error:
        if not many or isinstance(error, Cancelled):
            raise
        problem = {"question": question, "error": problem_of(error).model_dump(mode="json")}
        if as_json:
            out.print(json.dumps(problem), soft_wrap=True, markup=False)
        else:
            err.print(f"[red]error[/] {escape(str(error))}", soft_wrap=True)
        return
    answer = AnswerOut.from_events(events)
    if as_json:
        out.print(answer.model_dump_json(), soft_wrap=True, markup=False)
    else:
        show_answer(out, answer, _titles(videos or longreel.library.videos()))


def _titles(videos: list[Video]) -> dict[str, tuple[str, str]]:
    return {video.id: (video.title, video.path) for video in videos}


@app.command(name="list")
def list_videos(as_json: JsonOption = False) -> None:
    """List the videos of the library, newest first."""
    out, _ = consoles()
    videos = _longreel().library.videos()
    if as_json:
        out.print_json(data=[VideoOut.of(v).model_dump(mode="json") for v in videos])
        return
    if not videos:
        out.print("The library is empty. Add a video with: longreel ingest PATH")
        return
    table = Table("id", "title", "length", "language", "state", box=None)
    for video in videos:
        state = "ready" if video.ready else "unfinished"
        table.add_row(video.id[:12], escape(video.title), clock(video.duration_s), video.language or "-", state)
    out.print(table)


@app.command()
def show(
    video: Annotated[str, typer.Argument(help="Id, beginning of an id, path or title.")], as_json: JsonOption = False
) -> None:
    """Show a video: summary, chapters, and how much was found in it."""
    out, _ = consoles()
    library = _longreel().library
    found = library.find(video)
    digest = library.digest(found.id)
    segments = library.segments(found.id)
    if as_json:
        data = VideoOut.of(found).model_dump(mode="json")
        data["digest"] = SummaryOut.of(digest).model_dump(mode="json") if digest else None
        data["segments"] = [SegmentOut.of(s).model_dump(mode="json") for s in segments]
        out.print_json(data=data)
        return
    out.print(f"[bold]{escape(found.title)}[/]  {clock(found.duration_s)}  {found.language or ''}\n{found.id}")
    out.print(escape(found.path), soft_wrap=True)
    for warning in found.media.warnings:
        out.print(f"[yellow]note[/] {escape(warning)}")
    if digest:
        out.print(f"\n{escape(digest.summary)}\n")
        for chapter in digest.chapters:
            out.print(f"[cyan]{clock(chapter.span.start_s):>8}[/]  [bold]{escape(chapter.title)}[/]")
            if chapter.summary:
                out.print(f"          {escape(chapter.summary)}")
    kinds = {kind: sum(s.kind == kind for s in segments) for kind in sorted({s.kind for s in segments})}
    out.print("\n" + ", ".join(f"{count} {kind}" for kind, count in kinds.items()))


@app.command()
def delete(
    video: Annotated[str, typer.Argument(help="Id, beginning of an id, path or title.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Forget a video. The file itself stays where it is."""
    longreel = _longreel()
    found = longreel.library.find(video)
    if not yes:
        typer.confirm(f"Forget {found.title} ({clock(found.duration_s)}) and all that was read in it?", abort=True)
    longreel.library.delete(found.id)
    consoles()[1].print(f"Forgot {escape(found.title)}.")


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address; a public one needs LONGREEL_SERVER__API_KEY.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 7860 unless set.")] = None,
) -> None:
    """Start the web page, the REST API and the workers in one process."""
    import uvicorn

    from app.main import create_app

    # Gradio uses a name that Starlette is renaming; people who serve can do nothing about it.
    warnings.filterwarnings("ignore", message=".*HTTP_422_UNPROCESSABLE_ENTITY.*")
    settings = load_settings()
    changes = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = settings.model_copy(update={"server": settings.server.model_copy(update=changes)})
    application = create_app(settings)
    shown = f"http://{settings.server.host}:{settings.server.port}"
    consoles()[1].print(
        f"Longreel is at [link={shown}]{shown}[/link] (API: {shown}/v1/openapi.json). Stop it with Ctrl-C."
    )
    uvicorn.run(
        application,
        host=settings.server.host,
        port=settings.server.port,
        log_level="warning",
        timeout_graceful_shutdown=3,
    )


@app.command()
def worker() -> None:
    """Work on queued jobs until Ctrl-C, next to a server over PostgreSQL and a Chroma server."""
    longreel = _longreel()
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    longreel.worker.start()
    consoles()[1].print("Waiting for jobs. Stop with Ctrl-C.")
    stopped.wait()
    longreel.worker.stop(timeout_s=30.0)


@app.command()
def doctor(
    prepare: Annotated[bool, typer.Option("--prepare", help="Prepare the model files now, with progress.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Tell what is installed, what is missing, and the command that mends it."""
    from app.services.doctor import examine

    out, err = consoles()
    settings = load_settings()
    if prepare:
        _prepare(settings, err)
    checks = examine(settings)
    if as_json:
        out.print_json(data=[asdict(check) for check in checks])
    else:
        table = Table("", "part", "what was found", "to mend it", box=None)
        for check in checks:
            mark = "[green]ok[/]" if check.ok else "[red]missing[/]"
            table.add_row(mark, check.name, escape(check.detail), escape(check.command))
        out.print(table)
    if not all(check.ok for check in checks):
        raise typer.Exit(5)


def _prepare(settings: Settings, err: Console) -> None:
    from gpu_workers import weights

    told: dict[str, int] = {}

    def progress(name: str, done: float, total: float) -> None:
        tenth = int(10 * done / total) if total else 10
        if told.get(name) != tenth:
            told[name] = tenth
            err.print(f"  {name:<28} {tenth * 10:3d}%")

    weights.prepare(settings, progress)


if __name__ == "__main__":
    main()
