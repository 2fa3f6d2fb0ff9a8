"""A run: resumed after a stop, errors asked again, one mode beside another, order kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from app.core.errors import BadInput, Cancelled, WorkerFailed
from app.core.requests import IngestRequest
from app.core.types import Answer, AnswerStatus, MediaInfo, Video
from app.evaluation.cases import Case
from app.evaluation.run.footage import Footage
from app.evaluation.run.results import ResultStore
from app.evaluation.run.runner import Runner
from tests.unit.evaluation.written import REFUSED, VIDEO, case, result

IMPORTED = Video(VIDEO, "v", "", MediaInfo("captions", 10.0, 0.0, 0, None), ready=True)


class Asked:
    """Refuses everything, fails where it is told to, and remembers what it was asked."""

    def __init__(self, broken: frozenset[str] = frozenset()) -> None:
        self.ids: list[str] = []
        self.broken = broken

    def __call__(self, one: Case, video: Video, cancelled: Callable[[], bool]) -> Answer:
        self.ids.append(one.id)
        if one.id in self.broken:
            raise WorkerFailed("The model broke.")
        return Answer(AnswerStatus.NOT_IN_VIDEO, "no", 0.5, (), None)


def footage(folder: Path | None = None) -> Footage:
    def read(request: IngestRequest, **_: object) -> Video:
        raise BadInput(f"{request.path} cannot be read.")

    return Footage(folder, lambda: [IMPORTED], read)


CASES = [case("a"), case("b"), case("c")]


def test_a_stopped_run_goes_on_with_what_is_missing(tmp_path: Path) -> None:
    store, first, second = ResultStore(tmp_path), Asked(), Asked()
    with pytest.raises(Cancelled):
        Runner(footage(), {"full": first}, store, cancelled=lambda: len(first.ids) >= 2).run(CASES)
    found = Runner(footage(), {"full": second}, store).run(CASES)
    assert (first.ids, second.ids) == (["a", "b"], ["c"])
    assert [id for _, id in found] == ["a", "b", "c"]


def test_only_errors_are_asked_again(tmp_path: Path) -> None:
    store, again = ResultStore(tmp_path), Asked()
    broken = Runner(footage(), {"full": Asked(frozenset("b"))}, store).run(CASES)
    assert broken["full", "b"].error == "The model broke."
    found = Runner(footage(), {"full": again}, store).run(CASES)
    assert again.ids == ["b"]
    assert found["full", "b"].status is REFUSED


def test_a_line_cut_off_by_a_kill_is_asked_again_and_spoils_no_other(tmp_path: Path) -> None:
    store, again = ResultStore(tmp_path), Asked()
    store.add(result(0, id="a"))
    lines = tmp_path / "results.jsonl"
    lines.write_text(lines.read_text("utf-8") + '{"case": "b", "mode": "fu', "utf-8")
    store.begin({"benchmark": "x"})
    Runner(footage(), {"full": again}, store).run(CASES)
    assert again.ids == ["b", "c"]
    assert set(ResultStore(tmp_path).results()) == {("full", "a"), ("full", "b"), ("full", "c")}


def test_a_case_is_asked_in_all_modes_before_the_next(tmp_path: Path) -> None:
    both = Asked()
    Runner(footage(), {"full": both, "captions": both}, ResultStore(tmp_path)).run(CASES[:2])
    assert both.ids == ["a", "a", "b", "b"]


def test_several_questions_at_once_give_every_result_once(tmp_path: Path) -> None:
    many = [case(str(number)) for number in range(20)]
    Runner(footage(), {"full": Asked()}, ResultStore(tmp_path), jobs=4).run(many)
    assert len((tmp_path / "results.jsonl").read_text("utf-8").splitlines()) == 20


def test_a_missing_video_is_the_error_of_its_questions_only(tmp_path: Path) -> None:
    lost = Case("lost", ("elsewhere.mp4",), "Which?", ("a", "b"), 0)
    found = Runner(footage(), {"full": Asked()}, ResultStore(tmp_path)).run([lost, *CASES])
    assert "elsewhere.mp4" in found["full", "lost"].error
    assert found["full", "a"].status is REFUSED


def test_results_of_another_run_are_not_mixed(tmp_path: Path) -> None:
    ResultStore(tmp_path).begin({"benchmark": "mlvu", "language model": "one"})
    ResultStore(tmp_path).begin({"benchmark": "mlvu", "language model": "one"})
    with pytest.raises(BadInput, match="another language model"):
        ResultStore(tmp_path).begin({"benchmark": "mlvu", "language model": "two"})


def test_a_video_is_found_below_the_folder_by_the_end_of_its_path(tmp_path: Path) -> None:
    (tmp_path / "1_plotQA").mkdir()
    file = tmp_path / "1_plotQA" / "x.mp4"
    file.touch()
    assert footage(tmp_path).find(["MLVU/video/1_plotQA/x.mp4"]) == file
    assert footage(tmp_path).find(["x"]) == file
    (tmp_path / "x.webm").touch()
    with pytest.raises(Exception, match="Several files"):
        footage(tmp_path).find(["x"])
