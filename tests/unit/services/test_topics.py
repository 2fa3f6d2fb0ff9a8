"""Chapters begin where the topic changes, and where editors mark it."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.core.types import SegmentKind, TimeSpan
from app.services.topics import CHAPTER_MIN_S, MOST_CHAPTERS, Sentence, chapter_spans

TALK_S = 10.0


def _talk(*topics: tuple[int, int]) -> tuple[list[Sentence], np.ndarray]:
    """(topic, minutes) one after the other, as a sentence each 10 s; a topic is a direction with a little noise."""
    dice = np.random.default_rng(1)
    vectors = []
    for topic, minutes in topics:
        for _ in range(minutes * 6):
            vector = dice.normal(0, 0.1, 32)
            vector[topic] += 1.0
            vectors.append(vector / np.linalg.norm(vector))
    spans = [TimeSpan(TALK_S * n, TALK_S * n + 9.0) for n in range(len(vectors))]
    said = [Sentence(span, SegmentKind.SPEECH, f"Sentence {n}.") for n, span in enumerate(spans)]
    return said, np.array(vectors, np.float32)


def _borders(spans: list[TimeSpan]) -> list[float]:
    return [span.start_s for span in spans[1:]]


def test_a_border_lies_where_the_topic_changes():
    said, vectors = _talk((0, 3), (1, 3), (2, 3), (3, 3))
    assert {180.0, 360.0, 540.0} <= set(_borders(chapter_spans(720.0, said, vectors)))


def test_where_a_topic_gives_way_slowly_a_title_on_the_screen_marks_the_border():
    said, vectors = _talk((0, 3), (0, 2), (1, 3))
    share = np.linspace(1.0, 0.0, 12)[:, None]
    vectors[18:30] = share * vectors[:12] + (1 - share) * vectors[36:48]
    card = Sentence(TimeSpan(220.0, 225.0), SegmentKind.SCREEN_TEXT, "Part two\nBread")
    with_card = chapter_spans(480.0, [*said, card], np.vstack([vectors, vectors[22:23]]))
    assert 220.0 in _borders(with_card)
    assert 220.0 not in _borders(chapter_spans(480.0, said, vectors))


def test_a_clip_of_a_minute_is_one_chapter():
    said, vectors = _talk((0, 1), (1, 1))
    assert chapter_spans(110.0, said[:11], vectors[:11]) == [TimeSpan(0.0, 110.0)]


def test_hours_have_few_chapters_that_are_spread():
    said, vectors = _talk(*((n % 32, 2) for n in range(90)))
    spans = chapter_spans(3 * 3600.0, said, vectors)
    assert len(spans) <= MOST_CHAPTERS
    assert all(span.duration_s >= 3 * 3600.0 / (2 * MOST_CHAPTERS) for span in spans)
    assert spans[-1].start_s > 2.5 * 3600


SAID = st.lists(st.tuples(st.floats(0, 900), st.floats(0, 60), st.integers(0, 3)), max_size=40)


@given(said=SAID, duration_s=st.floats(1, 900))
def test_chapters_cover_a_video_without_gap_and_none_is_too_short(said, duration_s):
    kinds = (SegmentKind.SPEECH, SegmentKind.SCREEN_TEXT)
    sentences = [Sentence(TimeSpan(a, a + b), kinds[topic % 2], "Some words") for a, b, topic in said]
    vectors = np.eye(4, dtype=np.float32)[[topic for *_, topic in said]]
    spans = chapter_spans(duration_s, sentences, vectors)
    assert (spans[0].start_s, spans[-1].end_s) == (0.0, duration_s)
    assert all(a.end_s == b.start_s for a, b in itertools.pairwise(spans))
    assert len(spans) == 1 or all(span.duration_s >= CHAPTER_MIN_S for span in spans)
