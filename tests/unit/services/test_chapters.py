from __future__ import annotations

import pytest

from app.core.errors import BadInput
from app.core.types import Chapter, Citation, Digest, SegmentKind, TimeSpan, VideoId
from app.services.chapters import Heading, with_headings


def cited(start: float, end: float) -> Citation:
    return Citation(VideoId("v"), TimeSpan(start, end), SegmentKind.SPEECH, "said", None, True)


DIGEST = Digest(
    "All of it.",
    (
        Chapter(TimeSpan(0, 60), "One", "About one.", (cited(10, 20), cited(40, 50))),
        Chapter(TimeSpan(60, 100), "Two", "About two.", (cited(70, 75),)),
    ),
    (cited(10, 20),),
)


def test_a_new_title_changes_nothing_else() -> None:
    made = with_headings(DIGEST, [Heading(0, "First"), Heading(60, "Second")], 100)
    assert [chapter.title for chapter in made.chapters] == ["First", "Second"]
    assert [chapter.summary for chapter in made.chapters] == ["About one.", "About two."]
    assert [chapter.citations for chapter in made.chapters] == [one.citations for one in DIGEST.chapters]
    assert (made.summary, made.citations) == (DIGEST.summary, DIGEST.citations)


def test_a_chapter_that_is_cut_in_two_shares_its_citations() -> None:
    made = with_headings(DIGEST, [Heading(0, "a"), Heading(25, "b"), Heading(60, "c")], 100)
    assert [chapter.span for chapter in made.chapters] == [TimeSpan(0, 25), TimeSpan(25, 60), TimeSpan(60, 100)]
    assert [chapter.citations for chapter in made.chapters] == [(cited(10, 20),), (cited(40, 50),), (cited(70, 75),)]
    assert [chapter.summary for chapter in made.chapters] == ["", "About one.", "About two."]


def test_chapters_that_are_joined_have_no_summary_of_a_part() -> None:
    [made] = with_headings(DIGEST, [Heading(0, "All")], 130).chapters
    assert (made.span, made.summary, len(made.citations)) == (TimeSpan(0, 130), "", 3)


@pytest.mark.parametrize("starts", [[], [5], [0, 50, 50], [0, 60, 30], [0, 100], [0, 200]])
def test_chapters_that_do_not_follow_one_another_are_refused(starts: list[float]) -> None:
    with pytest.raises(BadInput):
        with_headings(DIGEST, [Heading(start, "x") for start in starts], 100)
