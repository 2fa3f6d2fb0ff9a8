"""Asks the cases of a benchmark in every chosen mode, and stores the results.

Videos are read one after the other, questions may be asked several at a time; one thread writes the results. An
error of one question is its result, and the next run asks it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal

from app.core.errors import Cancelled, LongreelError
from app.core.events import Listener, ignore
from app.core.types import Frame, Video
from app.evaluation.cases import Case
from app.evaluation.metrics.grounding import times
from app.evaluation.metrics.visual import visual_scores
from app.evaluation.modes.agent import Asker
from app.evaluation.run.footage import Footage
from app.evaluation.run.judge import AnswerJudge, no_judge
from app.evaluation.run.results import Result, ResultStore, result_of


@dataclass(frozen=True, slots=True)
class EvaluationProgress:
    """How far a run is: videos read or questions asked. `result`: the question that was just done."""

    doing: Literal["reading", "asking"]
    done: int
    total: int
    note: str = ""
    result: Result | None = None


OnProgress = Callable[[EvaluationProgress], None]
Frames = Callable[[Video, Sequence[float]], Iterable[Frame]]
"""The frame shown at each time."""


class Runner:
    """One run of a benchmark. `askers`: by the name of their mode."""

    def __init__(
        self,
        footage: Footage,
        askers: Mapping[str, Asker],
        store: ResultStore,
        *,
        jobs: int = 1,
        report: OnProgress = lambda _: None,
        listen: Listener = ignore,
        cancelled: Callable[[], bool] = lambda: False,
        judge: AnswerJudge = no_judge,
        frames: Frames | None = None,
    ) -> None:
        """`frames`: given where cited and given frames are to be compared by their looks."""
        self._judge = judge
        self._frames = frames
        self._footage = footage
        self._askers = askers
        self._store = store
        self._jobs = jobs
        self._report = report
        self._listen = listen
        self._cancelled = cancelled

    def run(self, cases: Sequence[Case]) -> dict[tuple[str, str], Result]:
        """Every result, earlier ones included. Raises Cancelled, StorageFull; what was done by then is kept."""
        results = self._store.results()
        waiting = [
            (mode, case) for case in cases for mode in self._askers if _open(results.get((mode, case.id)))
        ]  # a case in all modes before the next: a run that is stopped compares like with like
        total = len(cases) * len(self._askers)
        names_of_videos = list(dict.fromkeys(case.videos for _, case in waiting))
        videos: dict[tuple[str, ...], Video] = {}
        failed: dict[tuple[str, ...], LongreelError] = {}
        for number, names in enumerate(names_of_videos):
            self._check()
            self._report(EvaluationProgress("reading", number, len(names_of_videos), names[0]))
            try:
                videos[names] = self._footage.video(names, self._listen, self._cancelled)
            except Cancelled:
                raise
            except LongreelError as error:
                failed[names] = error
        self._report(EvaluationProgress("reading", len(names_of_videos), len(names_of_videos)))
        for result in failed_results(waiting, failed):
            self._keep(results, result, total)
        todo = [(mode, case) for mode, case in waiting if case.videos in videos]
        for result in self._asked(todo, videos):
            self._keep(results, result, total)
        return results

    def _keep(self, results: dict[tuple[str, str], Result], result: Result, total: int) -> None:
        self._store.add(result)
        results[result.mode, result.case] = result
        done = sum(not _open(one) for one in results.values())
        self._report(EvaluationProgress("asking", min(done, total), total, result.error, result))

    def _asked(self, todo: Sequence[tuple[str, Case]], videos: Mapping[tuple[str, ...], Video]) -> Iterator[Result]:
        """Results as they come. At most `jobs` questions are under way, so that a stop loses no more."""
        queue = iter(todo)
        running: set[Future[Result]] = set()
        with ThreadPoolExecutor(self._jobs, thread_name_prefix="ask") as pool:
            while True:
                while len(running) < self._jobs and not self._cancelled() and (item := next(queue, None)) is not None:
                    running.add(pool.submit(self._ask, *item, videos[item[1].videos]))
                if not running:
                    break
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    with suppress(Cancelled):  # a question that was cancelled on the way has no result
                        yield future.result()
        self._check()

    def _ask(self, mode: str, case: Case, video: Video) -> Result:
        try:
            result = result_of(case.id, mode, self._askers[mode](case, video, self._cancelled))
            if case.reference and result.answered:
                return replace(result, score=self._judge(case, result.text, self._cancelled))
            if self._frames is not None and case.moments_s and video.path:
                found, given = (
                    [frame.image for frame in self._frames(video, at)] if at else []
                    for at in (times(result), case.moments_s if result.citations else ())
                )
                return replace(result, visual=visual_scores(found, given))
            return result
        except Cancelled:
            raise
        except LongreelError as error:
            return Result(case.id, mode, None, error=str(error))

    def _check(self) -> None:
        if self._cancelled():
            raise Cancelled("The evaluation was stopped.", "Run it again to resume.")


def _open(result: Result | None) -> bool:
    return result is None or result.failed


def failed_results(
    waiting: Sequence[tuple[str, Case]], failed: Mapping[tuple[str, ...], LongreelError]
) -> list[Result]:
    """The results of cases whose video cannot be had."""
    return [
        Result(case.id, mode, None, error=str(failed[case.videos])) for mode, case in waiting if case.videos in failed
    ]
