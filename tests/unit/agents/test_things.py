"""Numbers of things from tracks: as facts, as answers of the pipeline, and in the tools detect and tally.

The video: three bottles stand there; the left one is away from 10 to 20 s; two persons pass one after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from agents.evidence import Finding, Passage
from agents.evidence.known_questions import known_questions
from agents.evidence.things import (
    ASK,
    SEEN,
    THERE,
    WHEN,
    answer_by_tracks,
    count_passages,
    fact_meant,
    kinds_meant,
)
from app.core.errors import ToolRefused
from app.core.types import AnswerStatus, FrameFeatures, SegmentKind, TimeSpan, VideoId
from app.core.types.objects import ObjectTrack, TimedBox, count_things
from gpu_workers.language.fakes import FakeChat, FakeTextEmbedder
from gpu_workers.vision import coco
from gpu_workers.vision.fakes import FakeObjectDetector
from tests.unit.agents.parts import SMALL, Desk
from tests.unit.agents.test_tools import run

COUNTED = known_questions("things").facts

WHOLE = TimeSpan(0, 60)


def track(name: str, start_s: float, end_s: float, left: float = 0.1, **also: float) -> ObjectTrack:
    boxes = (TimedBox(start_s, (left, 0.3, left + 0.1, 0.8), 0.9), TimedBox(end_s, (left, 0.3, left + 0.1, 0.8), 0.8))
    rest = 1 - sum(also.values())
    return ObjectTrack(name, TimeSpan(start_s, end_s), boxes, ((name, rest), *also.items()))


TRACKS = [
    track("bottle", 0, 10),
    track("bottle", 0, 60, 0.45),
    track("bottle", 0, 60, 0.8),
    track("bottle", 20, 60),
    track("person", 30, 40),
    track("person", 45, 50, 0.8),
]


class MemoryTracks:
    """The tracks of every video."""

    def __init__(self, tracks: Sequence[ObjectTrack]) -> None:
        self._tracks = tracks

    def tracks(self, id: VideoId, window: TimeSpan | None = None) -> list[ObjectTrack]:
        del id
        return [one for one in self._tracks if window is None or one.span.overlaps(window)]


class Closed(FakeObjectDetector):
    """Knows only the classes of COCO, and sees none of them."""

    classes = coco.NAMES


def desk(tracks: Sequence[ObjectTrack] = TRACKS) -> Desk:
    made = Desk(screen=[(0, 60, "x")], duration_s=60)
    made.parts = replace(made.parts, tracks=MemoryTracks(tracks), detector=Closed())
    return made


def answered(question: str, made: Desk) -> Finding | None:
    work = made.context().work
    return answer_by_tracks(work, question, [(made.video, WHOLE)])


def test_numbers_are_told_for_the_beginning_the_end_and_the_extremes_each_with_its_span():
    counts = count_things(TRACKS, "bottle", WHOLE)
    assert counts is not None and counts.exact
    assert (counts.first, counts.fewest[1], counts.most[1]) == ((TimeSpan(0, 10), 3), 2, 3)
    assert counts.fewest[0] == TimeSpan(10, 20) and counts.last == (TimeSpan(20, 60), 3)
    assert [one.span.start_s for one in counts.coming] == [20]


def test_a_thing_that_is_not_seen_in_the_span_has_no_numbers():
    assert count_things(TRACKS, "person", TimeSpan(0, 20)) is None and count_things(TRACKS, "cat", WHOLE) is None


def test_numbers_are_lower_bounds_where_another_track_may_be_the_same_kind():
    doubtful = [track("car", 0, 9), track("truck", 3, 9, 0.5, car=0.4)]
    counts = count_things(doubtful, "car", WHOLE)
    assert counts is not None and not counts.exact
    made = desk(doubtful)
    facts = count_passages(made.context().work, ASK.format("car"), [(made.video, WHOLE)])
    numbers = [one.text for one in facts if "seen" not in one.text]
    assert numbers and all("at least" in text for text in numbers)
    assert answered(COUNTED["most"][0].format("car"), made) is None


def test_a_question_means_the_kind_that_it_names_and_no_other():
    assert kinds_meant("How many bottles are there?", FakeTextEmbedder(), coco.NAMES) == ["bottle"]


@pytest.mark.parametrize("number", ["first", "last", "most", "fewest", SEEN, WHEN])
def test_a_question_asks_for_the_number_that_it_names(number):
    assert fact_meant(COUNTED[number][0].format("bottle"), "bottle", FakeTextEmbedder()) == number


def test_a_question_for_a_colour_asks_for_no_number():
    assert fact_meant("What colour is the bottle?", "bottle", FakeTextEmbedder()) is None


def test_the_answer_is_a_number_in_figures_with_the_fact_and_the_span_that_show_it():
    finding = answered(COUNTED["fewest"][0].format("bottle"), desk())
    assert finding is not None and finding.text == "2"
    (fact,) = finding.passages
    assert fact.text == "bottle: 2 at the same time, the smallest number"
    assert (fact.kind, fact.span) == (SegmentKind.OBJECT, TimeSpan(10, 20)) and fact.frame_s is not None


def test_when_a_thing_is_seen_is_answered_with_all_its_times():
    finding = answered(COUNTED[WHEN][2].format("person"), desk())
    assert finding is not None and finding.text == "0:30-0:40, 0:45-0:50"
    assert finding.passages[0].span == TimeSpan(30, 40) and finding.passages[0].frame_s is not None
    assert answered("When did he buy the bottle?", desk()) is None


def test_how_many_there_are_is_answered_where_all_come_one_by_one_or_none_comes():
    question = COUNTED[SEEN][0].format
    assert (people := answered(question("person"), desk())) is not None and people.text == "2 (0:30, 0:45)"
    still = answered(question("bottle"), desk([track("bottle", 0, 60), track("bottle", 0, 60, 0.45)]))
    assert still is not None and still.text == "2"
    assert answered(question("bottle"), desk()) is None


def test_whether_a_thing_is_there_is_answered_in_the_language_of_the_question_with_its_times():
    finding = answered(COUNTED[THERE][3].format("person"), desk())
    assert finding is not None and finding.text == "Yes (0:30-0:40, 0:45-0:50)"


@pytest.mark.parametrize(("confidence", "is_believed"), [(0.95, True), (0.8, False)])
def test_in_a_cut_film_a_thing_is_there_only_if_it_was_seen_clearly(confidence, is_believed):
    boxes = tuple(TimedBox(at, (0.1, 0.3, 0.2, 0.8), confidence) for at in (1.0, 2.0, 3.0))
    made = desk([ObjectTrack("dog", TimeSpan(1, 3), boxes, (("dog", 1.0),))])
    shots = np.eye(2, dtype=np.float32)
    cuts = [FrameFeatures(float(at), shots[at % 2], shots[at % 2]) for at in range(3)]
    made.parts = replace(made.parts, features=lambda _: cuts)
    assert (answered(COUNTED[THERE][3].format("dog"), made) is not None) is is_believed


def test_what_was_not_followed_is_not_counted():
    assert answered(COUNTED["first"][0].format("dog"), desk()) is None
    assert answered(COUNTED["first"][0].format("bottle"), desk([])) is None


def test_the_pipeline_answers_a_counting_question_without_a_language_model():
    made = desk()
    made.parts = replace(made.parts, chat=None)
    answer = made.ask(COUNTED["first"][0].format("bottle"))
    assert answer.status is AnswerStatus.ANSWERED and answer.text == "3"
    (citation,) = answer.citations
    assert citation.verified and citation.kind is SegmentKind.OBJECT and citation.span == TimeSpan(0, 10)
    assert made.ask("What colour is the bottle?").status is AnswerStatus.INSUFFICIENT


def test_tally_counts_a_thing_with_a_finding_for_each_number():
    outcome = run(desk(), "tally", thing="bottle")
    findings = [part.text for part in outcome.parts if isinstance(part, Finding)]
    assert "bottle: 3 at the beginning" in findings and "bottle: 2 at the same time, the smallest number" in findings
    with pytest.raises(ToolRefused, match="No dog was followed"):
        run(desk(), "tally", thing="dog")


def test_detect_tells_when_each_thing_comes_and_leaves_and_where_it_is():
    outcome = run(desk(), "detect", video="V1", things=["person"], frames=0)
    lines = [part.text for part in outcome.parts if isinstance(part, Passage)]
    assert lines[-2:] == ["person: left, from 0:30 to 0:40", "person: right, from 0:45 to 0:50"]
    assert any(line.startswith("person: 2 in total") for line in lines)


def test_detect_names_what_it_knows_when_asked_for_something_else():
    with pytest.raises(ToolRefused, match="does not know zeppelin"):
        run(desk(), "detect", video="V1", things=["zeppelin"])


def test_detect_follows_things_closely_where_it_is_asked_to() -> None:
    made = desk()
    asked: list[tuple[TimeSpan, list[str], float]] = []

    def follow(video: object, span: TimeSpan, names: Sequence[str], fps: float, stop: object) -> list[ObjectTrack]:
        asked.append((span, list(names), fps))
        return [track("person", 31, 32)] if names == ["person"] else []

    made.parts = replace(made.parts, follow=follow)
    spans = [{"start_s": 30, "end_s": 34}]
    outcome = run(made, "detect", video="V1", things=["person"], spans=spans, fps=4)
    lines = [part.text for part in outcome.parts if isinstance(part, Passage)]
    assert "person: left, from 0:31 to 0:32" in lines and asked == [(TimeSpan(30, 34), ["person"], 4.0)]
    assert run(made, "detect", video="V1", things=["car"], spans=spans, fps=4).parts == (
        "car: followed in 4 frames a second, and not found.",
    )
    with pytest.raises(ToolRefused, match="60 seconds"):
        run(made, "detect", video="V1", things=["car"], spans=[{"start_s": 0, "end_s": 40}, *spans * 6], fps=4)


@pytest.mark.parametrize(("yes", "status"), [(0.9, AnswerStatus.ANSWERED), (0.7, AnswerStatus.INSUFFICIENT)])
def test_what_a_small_model_reads_out_of_numbers_of_things_has_to_be_supported(yes, status):
    made = desk()

    def weights(_, labels):
        share = yes if "yes" in labels else 0.1
        return {labels[0]: share, labels[1]: 1 - share}

    reply = '{"answers": [{"evidence": ["E2"], "answer": "There are three bottles."}]}'
    made.parts = replace(made.parts, chat=FakeChat([reply], capabilities=SMALL, weights=weights))
    answer = made.ask("What colour is the bottle?")
    assert answer.status is status and all(c.kind is SegmentKind.OBJECT for c in answer.citations)
