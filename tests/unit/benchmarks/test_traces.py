from __future__ import annotations

from app.core.events import Answered, Planned, Understood
from app.core.types import Answer, AnswerStatus, Citation, MediaInfo, SegmentKind, TimeSpan, Video, VideoId, to_json
from benchmarks.traces import HARD, _shown

VIDEO = Video(VideoId("a" * 64), "Tea", "/tea.mp4", MediaInfo("mp4", 10.0, 0.0, 1, None), ready=True)


def test_a_trace_shows_how_the_question_was_understood_its_steps_and_the_proof() -> None:
    cited = Citation(VIDEO.id, TimeSpan(61, 65), SegmentKind.SPEECH, "Pour the water.", None, True)
    answer = Answer(AnswerStatus.ANSWERED, "Water.", 0.8, (cited,))
    whole = 'What is said right after "Warm the pot"?'
    shown = _shown([Understood("And then?", whole), Planned("pipeline", "small"), Answered(to_json(answer))], [VIDEO])
    assert whole in shown.splitlines()[0]
    assert '[1] 1:01-1:05 Tea, speech: "Pour the water." verified' in shown
    assert "\x1b" not in shown


def test_six_kinds_of_questions_are_asked_over_one_video_or_both_and_in_turn() -> None:
    assert len({hard.title for hard in HARD}) == 6
    assert any(hard.both for hard in HARD) and any(len(hard.questions) > 1 for hard in HARD)
