"""The use case: measure Longreel on a benchmark."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.core.errors import BadInput, Cancelled, LongreelError, StorageFull
from app.core.events import Listener, ignore
from app.core.types import Frame, Video
from app.evaluation.cases import GivenChapters, Loaded
from app.evaluation.datasets.registry import Benchmark
from app.evaluation.metrics.chapters import ChapterScores, chapter_scores
from app.evaluation.metrics.scores import JudgedCase
from app.evaluation.modes.agent import Asker
from app.evaluation.modes.material import DEFAULT, ModeMaterial, Subtitles
from app.evaluation.modes.mode import Mode
from app.evaluation.modes.registry import MODES, ModeParts, asker
from app.evaluation.official import PLAIN, Prompt
from app.evaluation.report import FREE, Prices, markdown, report
from app.evaluation.run.footage import Footage, Reader
from app.evaluation.run.judge import ReferenceJudge, no_judge
from app.evaluation.run.results import Result, ResultStore, chosen
from app.evaluation.run.runner import OnProgress, Runner
from app.services.ask import AskService
from app.services.calibration import UNCHANGED

if TYPE_CHECKING:
    from agents.parts import AgentParts


LOOKS_ALIKE = "lv-haystack"
"""The benchmark that compares cited frames with given ones by their looks."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to measure. `folder`: where the videos lie, unless all were imported."""

    benchmark: Benchmark
    annotations: Path
    truth: Path | None
    folder: Path | None
    out: Path
    modes: tuple[Mode, ...]
    limit: int | None = None
    jobs: int = 1
    prices: Prices = FREE
    shown: ModeMaterial = field(default_factory=ModeMaterial)
    """What the modes may see."""

    def __post_init__(self) -> None:
        if self.shown.subtitles is Subtitles.NONE and Mode.TRANSCRIPT in self.modes:
            raise BadInput("The mode transcript has nothing to read without subtitles.", "Leave out --mode transcript.")


class EvaluationService:
    """Runs benchmarks over the library and writes their reports."""

    def __init__(
        self,
        parts: Callable[[], AgentParts],
        service: Callable[[Mode, ModeMaterial], AskService],
        videos: Callable[[], Sequence[Video]],
        read: Reader,
        calibrate: Callable[[float], float] = UNCHANGED,
    ) -> None:
        """`service`: asking without calibration, so that results hold the agent's own confidence."""
        self._parts = parts
        self._service = service
        self._videos = videos
        self._read = read
        self._calibrate = calibrate

    @property
    def parts(self) -> AgentParts:
        """The models and stores that the agent works with."""
        return self._parts()

    def service(self, mode: Mode) -> AskService:
        """The use case of asking, in one mode."""
        return self._service(mode, DEFAULT)

    def asker(self, mode: Mode, prompt: Prompt = PLAIN, shown: ModeMaterial = DEFAULT) -> Asker:
        """A way to answer cases."""
        return asker(mode, ModeParts(self._parts, self._service, prompt, shown))

    def run(
        self,
        order: Order,
        *,
        report: OnProgress = lambda _: None,
        listen: Listener = ignore,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> dict[str, Any]:
        """The report, also written as report.json and report.md. A run that was stopped goes on where it was.

        Raises BadInput for a bad annotation row, NotFound, Cancelled after writing the report of what is done.
        """
        loaded = order.benchmark.loaded(order.annotations, order.truth).limited(order.limit)
        footage = Footage(order.folder, self._videos, self._read)
        store = ResultStore(order.out)
        about = self._about(order)
        store.begin(about)
        askers = {str(mode): self.asker(mode, order.benchmark.prompt, order.shown) for mode in order.modes}
        chat, source = self.parts.chat, self.parts.frames
        judge = ReferenceJudge(chat) if chat is not None else no_judge

        def frames(video: Video, times_s: Sequence[float]) -> Iterable[Frame]:
            return source.at(Path(video.path), times_s, max_side=0, track=video.media.picture_track)

        runner = Runner(
            footage, askers, store, jobs=order.jobs, report=report, listen=listen, cancelled=cancelled, judge=judge,
            frames=frames if order.benchmark.name == LOOKS_ALIKE else None,
        )  # fmt: skip
        try:
            runner.run(loaded.cases)
            chapters = [score for one in loaded.chapters for score in self._chapters(one, footage, listen, cancelled)]
        except Cancelled:
            self._write(order, loaded, store, about)
            raise
        return self._write(order, loaded, store, about, chapters)

    def _chapters(
        self, truth: GivenChapters, footage: Footage, listen: Listener, cancelled: Callable[[], bool]
    ) -> list[ChapterScores]:
        """The scores of one video; none of a video that cannot be had, which its questions report as an error."""
        try:
            video = footage.video((truth.video,), listen, cancelled)
        except Cancelled:
            raise
        except LongreelError:
            return []
        chapters = [(chapter.span, chapter.title) for chapter in self._parts().library.chapters(video.id)]
        return [chapter_scores(truth.video, chapters, truth.chapters)]

    def _about(self, order: Order) -> dict[str, Any]:
        """What must be the same for results to be comparable, and is shown in the report."""
        digest = hashlib.sha256()  # of a folder that of its JSON or Parquet files in order
        for file in filter(None, (order.annotations, order.truth)):
            try:
                inside = sorted([*file.glob("*.json"), *file.glob("*.parquet")])
                for part in inside if file.is_dir() else [file]:
                    digest.update(part.read_bytes())
            except OSError as error:
                raise BadInput(f"{file} cannot be read: {error.strerror}.", "Check the path.") from error
        parts = self._parts()
        models = (parts.chat, parts.vision)
        written, seen = (model.model if model else "none" for model in models)
        budget = hashlib.sha256(parts.settings.model_dump_json().encode()).hexdigest()[:8]
        return {
            "benchmark": order.benchmark.name,
            "annotations": f"{order.annotations.name} ({digest.hexdigest()[:12]})",
            "language model": written,
            "vision model": seen,
            "agent settings": budget,
            "shown": str(order.shown),
        }

    def _write(
        self,
        order: Order,
        loaded: Loaded,
        store: ResultStore,
        about: Mapping[str, Any],
        chapters: Sequence[ChapterScores] = (),
    ) -> dict[str, Any]:
        results = store.results()
        modes = {str(mode): judged(loaded, results, str(mode)) for mode in order.modes}
        notes = [*loaded.notes, *(f"{mode}: {MODES[mode].note}." for mode in order.modes)]
        if order.limit is not None:
            notes.append(f"Only the first {len(loaded.cases)} questions were asked.")
        unknown = sum(not case.has_truth for case in loaded.cases)
        if unknown:
            notes.append(f"{unknown} questions have no public answer; they count only where they have spans.")
        if any(case.reference for case in loaded.cases):
            notes.append(
                "Open answers are right where the language model gives them 4 of 5 points beside the reference; "
                "without a language model they are not judged. Official figures come from another judge."
            )
        content = report(
            order.benchmark, modes, about=about, notes=notes,
            prices=order.prices, shown=self._calibrate, chapters=chapters,
        )  # fmt: skip
        try:
            (order.out / "report.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
            (order.out / "report.md").write_text(markdown(content), "utf-8")
            # EgoSchema's full set is judged by a server, which takes {q_uid: option} without refused questions.
            for mode in modes if order.benchmark.name == "egoschema" else ():
                options = {case: one.option_index for (name, case), one in results.items() if name == mode}
                named = {case: index for case, index in options.items() if index is not None}
                (order.out / f"predictions-{mode}.json").write_text(json.dumps(named, indent=1) + "\n", "utf-8")
        except OSError as error:
            raise StorageFull(f"{order.out} cannot be written: {error.strerror}.", "Free some space.") from error
        return content


def judged(loaded: Loaded, results: Mapping[tuple[str, str], Result], mode: str) -> list[JudgedCase]:
    """The cases that were asked in a mode, with their results."""
    by_id = {case.id: case for case in loaded.cases}
    return [JudgedCase(by_id[result.case], result) for result in chosen(results, mode, by_id)]
