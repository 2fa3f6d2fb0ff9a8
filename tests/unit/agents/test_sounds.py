"""What is heard in a video comes as lines with times, and what is not heard is said too."""

from __future__ import annotations

from agents.evidence.sounds import sound_line, sound_passages
from app.core.types import MediaInfo, Segment, SegmentKind, TimeSpan, Video, VideoId

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
    assert "no singing" in sound_line(Heard(("music", 10, 42)), VIDEO)
    assert sound_passages(Heard(), VIDEO, VIDEO.media.whole) == [] and sound_line(Heard(), VIDEO) == ""


def test_a_sound_outside_the_span_is_not_heard_in_it():
    texts = [p.text for p in sound_passages(Heard(("music", 10, 42)), VIDEO, TimeSpan(50, 60))]
    assert texts == ["no music and no singing"]
