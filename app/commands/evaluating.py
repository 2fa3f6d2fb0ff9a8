"""Commands for benchmarks: eval runs one, import adds captions or subtitles in place of a video."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from app.api.schemas import VideoOut
from app.commands.start import JsonOption, interruptible, lock_library
from app.core.errors import BadInput
from app.core.settings import Settings, load_settings
from app.core.timecode import clock
from app.core.types import Video
from app.evaluation.datasets.registry import BENCHMARKS, benchmark
from app.evaluation.modes.material import ModeMaterial, Subtitles
from app.evaluation.modes.mode import COMPARED, Mode
from app.evaluation.report import Prices, markdown
from app.evaluation.run.runner import EvaluationProgress
from app.evaluation.run.service import Order
from app.terminal import IngestDisplay, Tenths, consoles

if TYPE_CHECKING:
    from app.bootstrap import Measuring


ALL = "all"
"""The agent, its baselines, and the agent over one source alone."""


def evaluate(
    name: Annotated[str, typer.Argument(help=f"One of: {', '.join(BENCHMARKS)}.", metavar="BENCHMARK")],
    annotations: Annotated[Path, typer.Option(help="The benchmark's annotation file.")],
    videos: Annotated[Path | None, typer.Option(help="Folder with its videos; not needed for imported ones.")] = None,
    truth: Annotated[Path | None, typer.Option(help="EgoSchema: public answers. NExT-GQA: gsub_*.json.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the report; default: in the library, where the page shows it.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only this many questions, from the first.")] = None,
    mode: Annotated[
        list[str],
        typer.Option(metavar="MODE", help=f"How to answer; repeat to compare. One of: {', '.join([*Mode, ALL])}."),
    ] = [Mode.FULL],  # noqa: B006 - never changed
    frames: Annotated[
        int | None, typer.Option(min=0, help="Frames that a question may use; default: that of each mode.")
    ] = None,
    subtitles: Annotated[
        Subtitles, typer.Option(help="How much of the transcript to use: all, only the lines at the frames, or none.")
    ] = Subtitles.ALL,
    official_prompt: Annotated[
        bool, typer.Option("--official-prompt", help="no-agent sends only the benchmark's own prompt.")
    ] = False,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="Questions to ask in parallel.")] = 1,
    price_prompt: Annotated[float, typer.Option(min=0, help="Price per million prompt tokens.")] = 0.0,
    price_output: Annotated[float, typer.Option(min=0, help="Price per million output tokens.")] = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Evaluate Longreel on a benchmark, from local files. Resumes an earlier run, and asks again what failed.

    Modes: full (the agent as configured), loop or pipeline (the agent, forced), transcript or captions (the agent over
    these alone), llovi, videoagent, videotree, dvd, avp, drvideo, lifelongmemory (published agents over the same
    models), no-agent (the same model, evenly spaced frames and the transcript in one prompt), none (no language model;
    always included), all (full and its baselines).

    Videos that are not in the library are ingested first. LONGREEL_AGENT__ALWAYS_CHOOSE=true picks the likeliest
    option when none is proven, as published tables do; without it such a question counts as wrong.

    Example: longreel eval own --annotations qa.jsonl --videos . --mode all
    """
    chosen = benchmark(name)
    modes = _modes(mode)
    settings = load_settings()
    folder = out or settings.data / "evaluations" / chosen.name
    prices = Prices(price_prompt, price_output)
    order = Order(
        chosen,
        annotations,
        truth,
        videos,
        folder,
        modes,
        limit,
        jobs,
        prices,
        ModeMaterial(frames, subtitles, official_prompt),
    )
    console, err = consoles()
    measuring = _open(settings, "longreel eval")
    with interruptible() as cancelled, IngestDisplay(err) as ingesting:
        report = measuring.evaluation.run(order, report=_Progress(err), listen=ingesting, cancelled=cancelled)
    if as_json:
        console.print_json(data=report)
        return
    console.print(markdown(report), markup=False, soft_wrap=True)
    err.print(f"The report is in {escape(str(order.out))}: report.md and report.json.", soft_wrap=True)


def _modes(names: Sequence[str]) -> tuple[Mode, ...]:
    """The modes of a run, each once, with none (no language model) last. Raises BadInput for unknown names."""
    unknown = [name for name in names if name not in [*Mode, ALL]]
    if unknown:
        raise BadInput(f"There is no mode {unknown[0]}.", f"Choose from: {', '.join([*Mode, ALL])}.")
    modes = COMPARED if ALL in names else tuple(map(Mode, names))
    return tuple(dict.fromkeys((*modes, Mode.NONE)))


def import_words(
    path: Annotated[Path, typer.Argument(help="Captions (JSON) or subtitles (SRT, WebVTT, whisperX and others).")],
    title: Annotated[str | None, typer.Option(help="Title; default: the file's name.")] = None,
    language: Annotated[str | None, typer.Option(help="Language, such as en.")] = None,
    every: Annotated[float, typer.Option(help="Seconds that a caption without times covers.")] = 1.0,
    as_json: JsonOption = False,
) -> None:
    """Add captions or subtitles in place of a video: you can ask about them, but there are no pictures to see.

    JSON is [caption, ...] for one video or {"name": [caption, ...]} for many, where a caption is a text or
    {"start_s": 0, "end_s": 1, "text": "..."}.
    """
    console, err = consoles()
    measuring = _open(load_settings(), "longreel import")

    def report(done: int, total: int, video: Video) -> None:
        err.print(f"  {done}/{total}  {escape(video.title)}  {clock(video.duration_s)}", soft_wrap=True)

    tenths = Tenths()

    def progress(step: str, done: int, total: int) -> None:
        if not done:
            tenths.begin(step)
        elif share := tenths.passed(step, done, total):
            err.print(f"  {step:<12} {share}")

    def warn(warning: str) -> None:
        err.print(f"  [yellow]![/] {escape(warning)}", soft_wrap=True)

    with interruptible() as cancelled:
        videos = measuring.imports.run(
            path,
            title=title,
            language=language,
            every_s=every,
            report=report,
            progress=progress,
            warn=warn,
            cancelled=cancelled,
        )
    if as_json:
        console.print_json(data=[VideoOut.of(video).model_dump(mode="json") for video in videos])


def _open(settings: Settings, command: str) -> Measuring:
    from app.bootstrap import build_measuring

    lock_library(settings, command)
    return build_measuring(settings)


class _Progress:
    """Reports a run's progress: every question on a terminal, every tenth elsewhere, and every error."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._tenths = Tenths()

    def __call__(self, progress: EvaluationProgress) -> None:
        """Shows one step."""
        result, done, total = progress.result, progress.done, progress.total
        if result is None:
            if progress.note:
                self._console.print(f"  video {done + 1}/{total}  {escape(progress.note)}")
        elif result.failed:
            self._console.print(f"  [red]error[/] {escape(result.case)}: {escape(result.error)}", soft_wrap=True)
        elif self._console.is_terminal or done == total or self._tenths.passed("questions", done, total):
            ended = f"{result.status} in {result.usage.seconds:.1f} s"
            self._console.print(f"  {done}/{total}  {result.mode} {escape(result.case)}: {ended}")
