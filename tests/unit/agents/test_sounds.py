"""What is heard in a video comes as lines with times, and what is not heard is said too."""

from __future__ import annotations

import pytest

from agents.evidence import Finding
from agents.evidence.known_questions import known_questions
from agents.evidence.sounds import END, LONG, START, THERE, WHEN, answer_by_sounds, sound_passages
from app.core.types import AnswerStatus, MediaInfo, Segment, SegmentKind, TimeSpan, Video, VideoId
from gpu_workers.language.fakes import FakeChat
from tests.unit.agents.parts import SMALL, Desk

ASKED = known_questions("sounds").facts

VIDEO = Video(VideoId("a" * 64), "Concert", "/x", MediaInfo("mp4", 100.0, 0.0, 1, None))


class Heard:
    """The sounds of one video."""

    def __init__(self, *spans):
        self._spans = spans

    def segments(self, id, *, kinds=None, window=None):
        assert tuple(kinds) == (SegmentKind.SOUND,)
        return [
            Segment(f"s{start}", VIDEO.id, SegmentKind.SOUND, TimeSpan(start, end), name, "tagger")
            for name, start, end in self._spans
        ]


def test_each_sound_has_a_line_with_its_times_and_the_span_of_the_first():
    library = Heard(("speech", 0, 10), ("music", 10, 42), ("music", 60, 70))
    (speech,) = [p for p in sound_passages(library, VIDEO, VIDEO.media.whole) if p.text.startswith("speech")]
    (music,) = [p for p in sound_passages(library, VIDEO, VIDEO.media.whole) if p.text.startswith("music")]
    assert speech.span == TimeSpan(0, 10)
    assert music.span == TimeSpan(10, 42) and "0:10" in music.text and "1:10" in music.text
    assert music.line.startswith("heard: music")


def test_what_is_never_heard_is_said_only_where_sounds_are_known():
    texts = [one.text for one in sound_passages(Heard(("music", 10, 42)), VIDEO, VIDEO.media.whole)]
    assert "no singing" in texts and sound_passages(Heard(), VIDEO, VIDEO.media.whole) == []


def test_a_sound_outside_the_span_is_not_heard_in_it():
    texts = [p.text for p in sound_passages(Heard(("music", 10, 42)), VIDEO, TimeSpan(50, 60))]
    assert texts == ["no music and no singing"]


def answered(question: str, *spans: tuple[str, float, float], scope: TimeSpan = VIDEO.media.whole) -> Finding | None:
    made = Desk(duration_s=100)
    segments = [
        Segment(f"s{start}", made.video.id, SegmentKind.SOUND, TimeSpan(start, end), name, "tagger")
        for name, start, end in spans
    ]
    made.library.add_segments(segments)
    return answer_by_sounds(made.context().work, question, [(made.video, scope)])


MUSIC = (("speech", 0, 10), ("music", 10, 42), ("silence", 42, 60), ("music", 60, 70))


@pytest.mark.parametrize(
    ("fact", "text"),
    [
        (START, "0:10, 1:00"),
        (END, "0:42, 1:10"),
        (LONG, "42 s (0:10-0:42, 1:00-1:10)"),
        (THERE, "Yes (0:10-0:42, 1:00-1:10)"),
        (WHEN, "0:10-0:42, 1:00-1:10"),
    ],
)
def test_code_answers_when_a_sound_is_heard_and_cites_it(fact, text):
    finding = answered(ASKED[fact][-1].format("music"), *MUSIC)
    assert finding is not None and finding.text == text
    (passage,) = finding.passages
    assert passage.kind is SegmentKind.SOUND and passage.span == TimeSpan(10, 42)


@pytest.mark.parametrize(
    ("scope", "text"),
    [
        (TimeSpan(0, 20), "10 s (0:10-0:20)"),
        (TimeSpan(30, 60), "12 s (0:30-0:42)"),
        (TimeSpan(29.5, 31), "32 s (0:10-0:42)"),
    ],
    ids=["in the first 20 seconds", "in the second half minute", "at 0:30"],
)
def test_how_long_a_sound_is_heard_in_a_part_counts_only_that_part(scope, text):
    finding = answered(ASKED[LONG][-1].format("music"), *MUSIC, scope=scope)
    assert finding is not None and finding.text == text


def test_a_sound_that_every_tagger_knows_and_none_heard_is_not_there():
    finding = answered("Is somebody singing?", *MUSIC)
    assert finding is not None and finding.text == "No"
    assert finding.passages[0].text == "no singing" and finding.passages[0].span == TimeSpan(0, 100)


def test_what_no_times_of_a_sound_answer_is_left_to_others():
    for question in ("Who wrote the music?", "Why did the music stop?", "When does the concert start?", "When?"):
        assert answered(question, *MUSIC) is None
    assert answered("When does the music start?") is None and answered("When does the singing start?", *MUSIC) is None


def test_the_pipeline_answers_about_sounds_with_a_verified_citation():
    made = Desk(duration_s=100)
    made.library.add_segments([Segment("s", made.video.id, SegmentKind.SOUND, TimeSpan(10, 42), "music", "tagger")])
    answer = made.ask("When does the music start?")
    assert (answer.status, answer.text) == (AnswerStatus.ANSWERED, "0:10")
    assert answer.citations[0].verified and answer.citations[0].span == TimeSpan(10, 42)


def test_a_small_model_is_not_shown_which_sounds_are_heard_or_not():
    chat = FakeChat([], capabilities=SMALL, weights=lambda _, labels: {labels[0]: 0.9, labels[1]: 0.1})
    made = Desk([(0, 5, "Hello everybody.")], duration_s=100, chat=chat)
    made.library.add_segments([Segment("s", made.video.id, SegmentKind.SOUND, TimeSpan(10, 42), "music", "tagger")])
    made.ask("Who wrote the song?")
    (lines,) = [request.text for request in chat.requests if "Hello everybody." in request.text]
    assert "no singing" not in lines and "heard: music" not in lines
