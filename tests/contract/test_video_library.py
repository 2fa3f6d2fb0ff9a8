"""What every VideoLibrary promises, and the writing side that ours share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.errors import NotFound
from app.core.ports import VideoLibrary
from app.core.types import (
    AudioStream,
    Chapter,
    Citation,
    Digest,
    MediaInfo,
    Segment,
    SegmentKind,
    TimeSpan,
    Utterance,
    Video,
    VideoId,
    VideoStream,
    Word,
)
from app.db.library import SqlLibrary
from tests.postgres import KINDS, open_database

Library = SqlLibrary

MEDIA = MediaInfo(
    "mp4", 61.25, 0.04, 123_456_789_012, VideoStream("h264", 1280, 720, 90, 29.97), (AudioStream(0, "aac", 2, 48_000),)
)
A, B = VideoId("abcd" + "0" * 60), VideoId("abce" + "0" * 60)
SPEECH, CAPTION, TEXT = SegmentKind.SPEECH, SegmentKind.CAPTION, SegmentKind.SCREEN_TEXT


@pytest.fixture(params=KINDS)
def library(request: pytest.FixtureRequest) -> Iterator[Library]:
    with open_database(request, request.param) as database:
        yield SqlLibrary(database)


def video(id: VideoId, title: str = "Tea", path: str = "/videos/tea.mp4", added_at: str = "") -> Video:
    return Video(id, title, path, MEDIA, added_at=added_at)


def segment(id: str, start_s: float, end_s: float, kind: SegmentKind = SPEECH, *, of: VideoId = A) -> Segment:
    return Segment(id, of, kind, TimeSpan(start_s, end_s), f"text of {id}", "model-1")


def test_it_is_a_video_library(library: Library) -> None:
    assert isinstance(library, VideoLibrary)
    assert library.videos() == []


def test_ready_videos_are_known_by_the_size_of_their_files(library: Library) -> None:
    for id in (A, B):
        library.add_video(video(id))
        assert library.are_ready(MEDIA.size_bytes) == set()
    for id in (A, B):
        library.set_ready(id, "en")
    assert library.are_ready(MEDIA.size_bytes) == {A, B}
    library.bin_video(A)
    assert library.are_ready(MEDIA.size_bytes) == {B}
    assert library.are_ready(1000) == set()


def test_a_video_comes_back_as_it_was_with_the_date_of_adding(library: Library) -> None:
    stored = library.add_video(video(A))
    assert stored.added_at.endswith("+00:00")
    assert stored == replace(video(A), added_at=stored.added_at)
    assert library.video(A) == stored
    assert library.videos() == [stored]


def test_the_newest_video_comes_first_also_within_one_second(library: Library) -> None:
    first = library.add_video(video(A, added_at="2025-01-02T00:00:00+00:00"))
    second = library.add_video(video(B, added_at="2025-01-02T00:00:00+00:00"))
    old = library.add_video(video(VideoId("c" * 64), added_at="2025-01-01T00:00:00+00:00"))
    assert library.videos() == [second, first, old]


def test_the_same_video_again_keeps_path_and_title_while_the_old_file_is_there(
    library: Library, tmp_path: Path
) -> None:
    old = tmp_path / "old.mp4"
    old.write_bytes(b"x")
    library.add_video(video(A, "Old", str(old)))
    library.set_ready(A, "en")
    again = library.add_video(video(A, "New", "/elsewhere/new.mp4"))
    assert (again.title, again.path, again.ready, again.language) == ("Old", str(old), True, "en")
    old.unlink()
    moved = library.add_video(video(A, "New", "/elsewhere/new.mp4"))
    assert (moved.title, moved.path, moved.ready, moved.language) == ("New", "/elsewhere/new.mp4", True, "en")
    assert library.videos() == [moved]


def test_the_address_a_video_came_from_is_kept_until_it_comes_from_another(library: Library) -> None:
    library.add_video(replace(video(A), source="https://example.org/tea.mp4"))
    assert library.video(A).source == "https://example.org/tea.mp4"
    assert library.add_video(video(A)).source == "https://example.org/tea.mp4"
    assert library.add_video(replace(video(A), source="https://b.example/1")).source == "https://b.example/1"


def test_a_video_becomes_ready_and_its_language_can_be_corrected(library: Library) -> None:
    library.add_video(video(A))
    assert library.video(A).ready is False
    library.set_ready(A, None)
    assert library.video(A).ready is True
    library.set_language(A, "de")
    assert library.video(A).language == "de"


def test_an_unknown_video_is_not_found_by_any_method(library: Library) -> None:
    calls = [
        lambda: library.video(A),
        lambda: library.utterances(A),
        lambda: library.segments(A),
        lambda: library.chapters(A),
        lambda: library.digest(A),
        lambda: library.answers(A),
        lambda: library.set_ready(A, None),
        lambda: library.set_language(A, "en"),
        lambda: library.delete_video(A),
        lambda: library.save_utterances(A, []),
        lambda: library.add_segments([segment("s", 0, 1)]),
        lambda: library.replace_segments(A, [SPEECH], []),
        lambda: library.save_digest(A, Digest("", ())),
        lambda: library.save_answer("Why?", [A], {}, []),
    ]
    for call in calls:
        with pytest.raises(NotFound):
            call()


def test_what_was_said_comes_back_in_time_order_with_its_words(library: Library) -> None:
    library.add_video(video(A))
    words = (Word("Guten", TimeSpan(3.1, 3.4), 0.9), Word("Tag 🍵", TimeSpan(3.4, 3.9)))
    late = Utterance(TimeSpan(3.1, 3.9), "Guten Tag 🍵", words, speaker="S1", confidence=0.75)
    early = Utterance(TimeSpan(0.1 + 0.2, 1.0), "Hello.")
    library.save_utterances(A, [late, early])
    assert library.utterances(A) == [early, late]
    library.save_utterances(A, [early])
    assert library.utterances(A) == [early]


def test_a_window_keeps_what_overlaps_it_borders_included(library: Library) -> None:
    library.add_video(video(A))
    said = [Utterance(TimeSpan(start, start + 2.0), f"At {start}.") for start in (0.0, 2.0, 4.0, 6.5)]
    library.save_utterances(A, said)
    library.add_segments([segment(f"s{start}", start, start + 2.0) for start in (0.0, 2.0, 4.0, 6.5)])
    assert library.utterances(A, TimeSpan(4.0, 6.0)) == said[1:3]
    assert [one.id for one in library.segments(A, window=TimeSpan(4.0, 6.0))] == ["s2.0", "s4.0"]


def test_segments_come_in_time_order_and_by_kind(library: Library) -> None:
    library.add_video(video(A))
    library.add_video(video(B))
    shown = replace(segment("c", 5.0, 9.0, CAPTION), frame_s=6.04, question="What is in the cup?")
    library.add_segments([segment("z", 5.0, 9.0), shown, segment("y", 0.0, 12.0), segment("b", 0.0, 1.0, of=B)])
    assert [one.id for one in library.segments(A)] == ["y", "c", "z"]
    assert library.segments(A, kinds=[CAPTION]) == [shown]
    assert [one.id for one in library.segments(A, kinds=[CAPTION, SPEECH])] == ["y", "c", "z"]
    assert library.segments(A, kinds=[TEXT]) == []


def test_a_segment_with_the_same_id_replaces_the_old_also_within_one_call(library: Library) -> None:
    library.add_video(video(A))
    library.add_segments([segment("s", 0.0, 1.0)])
    library.add_segments([segment("s", 0.0, 2.0), segment("s", 0.0, 3.0)])
    library.add_segments([])
    assert [one.span.end_s for one in library.segments(A)] == [3.0]


def test_replacing_segments_touches_only_these_kinds_and_not_what_an_agent_learned(library: Library) -> None:
    library.add_video(video(A))
    learned = replace(segment("learned", 2.0, 3.0, TEXT), question="What does the sign say?")
    library.add_segments([segment("speech", 0.0, 1.0), segment("old", 1.0, 2.0, TEXT), learned])
    library.replace_segments(A, [TEXT], [segment("new", 4.0, 5.0, TEXT)])
    assert [one.id for one in library.segments(A)] == ["speech", "learned", "new"]
    library.replace_segments(A, [TEXT, SPEECH], [])
    assert library.segments(A) == [learned]


def test_a_segment_that_the_next_replacement_would_miss_is_refused(library: Library) -> None:
    library.add_video(video(A))
    for stray in (segment("s", 0.0, 1.0, CAPTION), segment("s", 0.0, 1.0, of=B)):
        with pytest.raises(ValueError, match="does not belong"):
            library.replace_segments(A, [SPEECH], [stray])


def test_a_digest_comes_back_with_its_citations_and_is_replaced_whole(library: Library) -> None:
    library.add_video(video(A))
    assert library.digest(A) is None
    assert library.chapters(A) == []
    cited = Citation(A, TimeSpan(1.0, 2.5), SPEECH, "tea at noon", frame_s=1.5, verified=True)
    chapters = (
        Chapter(TimeSpan(0.0, 30.0), "Tea", "How tea is made.", (cited,)),
        Chapter(TimeSpan(30.0, 61.25), "", ""),
    )
    library.save_digest(A, Digest("About tea.", chapters, (cited,)))
    assert library.digest(A) == Digest("About tea.", chapters, (cited,))
    assert library.chapters(A) == list(chapters)
    library.save_digest(A, Digest("Nothing.", ()))
    assert library.digest(A) == Digest("Nothing.", ())
    assert library.chapters(A) == []


def test_answers_come_back_newest_first_for_each_of_their_videos(library: Library) -> None:
    library.add_video(video(A))
    library.add_video(video(B))
    first = library.save_answer("When?", [A], {"status": "answered", "citations": [1, None]}, [{"type": "planned"}])
    second = library.save_answer("Why?", [B, A, B], {"status": "not_in_video"}, [])
    assert [saved.id for saved in library.answers(A)] == [second, first]
    assert [saved.id for saved in library.answers(B)] == [second]
    newest, oldest = library.answers(A)
    assert newest.video_ids == (B, A)
    assert oldest.question == "When?"
    assert oldest.answer == {"status": "answered", "citations": [1, None]}
    assert oldest.trace == [{"type": "planned"}]
    assert 0 < oldest.created_at <= newest.created_at


def test_an_answer_is_kept_without_what_came_from_a_video_that_was_deleted_meanwhile(library: Library) -> None:
    library.add_video(video(A))
    library.add_video(video(B))
    library.bin_video(B)
    steps = [{"type": "planned"}, {"type": "searched", "hits": [{"video_id": B, "text": "secret"}]}]
    for also in (B, VideoId("c" * 64)):
        saved = library.answer(library.save_answer("Who?", [also, A], {"citations": [{"video_id": A}]}, steps))
        assert saved.video_ids == (A,)
    library.delete_video(B)
    saved = library.answer(library.save_answer("Who?", [B, A], {}, steps))
    assert (saved.video_ids, saved.trace) == ((A,), steps[:1])
    for about, cited in (([A, B], B), ([B], A)):
        with pytest.raises(NotFound, match="There is no video abce"):
            library.save_answer("Who?", about, {"citations": [{"video_id": cited}]}, [])


def test_deleting_a_video_deletes_all_that_is_known_of_it_and_nothing_else(library: Library) -> None:
    for id in (A, B):
        library.add_video(video(id))
        library.save_utterances(id, [Utterance(TimeSpan(0.0, 1.0), "Hello.")])
        library.add_segments([segment(f"s-{id}", 0.0, 1.0, of=id)])
        library.save_digest(id, Digest("Short.", (Chapter(TimeSpan(0.0, 1.0), "t", "s"),)))
        library.save_answer("Why?", [id], {}, [])
    library.save_answer("Both?", [A, B], {}, [])
    library.delete_video(A)
    assert [one.id for one in library.videos()] == [B]
    assert [saved.question for saved in library.answers(B)] == ["Why?"]
    assert len(library.segments(B)) == len(library.utterances(B)) == len(library.chapters(B)) == 1
    library.add_video(video(A))
    assert library.segments(A) == library.utterances(A) == library.chapters(A) == library.answers(A) == []
    assert library.digest(A) is None


@pytest.mark.parametrize(
    ("name", "found"),
    [
        (A, [A]),
        (A.upper(), [A]),
        ("abcd", [A]),
        ("ABCD0", [A]),
        ("abc", []),
        ("abcd1", []),
        ("/videos/one.mp4", [A]),
        ("/videos/../videos/two.mp4", [B]),
        ("one", [A]),
        ("TWO", [B]),
        ("One.mp4", [A]),
        ("ne.mp4", []),
        ("o%", []),
        ("", []),
    ],
)
def test_a_video_is_found_by_what_a_person_would_type(library: Library, name: str, found: list[VideoId]) -> None:
    library.add_video(video(A, "One", "/videos/one.mp4"))
    library.add_video(video(B, "Two", "/videos/two.mp4"))
    assert [one.id for one in library.find(name)] == found


def test_the_name_of_a_file_that_lies_here_means_no_other_file(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.add_video(video(A, "One", "/videos/one.mp4"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.mp4").touch()
    assert library.find("one.mp4") == []


def test_a_name_that_fits_several_gives_them_all(library: Library) -> None:
    library.add_video(video(A, "Tea"))
    library.add_video(video(VideoId("abcd" + "1" * 60), "Tea"))
    assert len(library.find("Tea")) == 2
    assert len(library.find("abcd")) == 2


def test_an_exact_title_wins_over_the_beginning_of_an_id(library: Library) -> None:
    library.add_video(video(A, "Tea"))
    library.add_video(video(B, "abcd"))
    assert [one.id for one in library.find("abcd")] == [B]


def test_a_file_name_that_is_not_unicode_survives(library: Library) -> None:
    path = b"/videos/caf\xe9.mp4".decode("utf-8", "surrogateescape")
    library.add_video(video(A, path=path))
    assert library.video(A).path == path
    assert [one.id for one in library.find(path)] == [A]


def test_ratings_are_kept_one_for_each_answer_newest_first(library: Library) -> None:
    library.add_video(video(A))
    first, second = (library.save_answer(question, [A], {"status": "x"}, []) for question in ("When?", "Why?"))
    library.rate(first, "right", "")
    library.rate(second, "wrong", "later")
    again = library.rate(first, "wrong_time", "at 1:23")
    assert [(one.answer_id, one.question, one.verdict, one.note) for one in library.ratings()] == [
        (first, "When?", "wrong_time", "at 1:23"),
        (second, "Why?", "wrong", "later"),
    ]
    assert again in library.ratings()
    assert library.answer(second).question == "Why?"


def test_ratings_go_with_their_answers(library: Library) -> None:
    library.add_video(video(A))
    id = library.save_answer("When?", [A], {}, [])
    library.rate(id, "right", "")
    library.delete_video(A)
    assert library.ratings() == []
    for missing in (lambda: library.answer(id), lambda: library.rate(id, "right", "")):
        with pytest.raises(NotFound, match="There is no answer"):
            missing()


def test_a_video_in_the_bin_is_in_no_list_and_comes_back_as_it_was(library: Library) -> None:
    library.add_video(replace(video(A), tags=("Tea",)))
    library.add_video(video(B, "Two"))
    library.save_utterances(A, [Utterance(TimeSpan(0.0, 1.0), "Hello.")])
    answer = library.save_answer("Why?", [A, B], {}, [])
    library.rate(answer, "right", "")
    before = library.video(A)
    library.bin_video(A)
    assert [one.id for one in library.videos()] == [B]
    assert library.find(A) == []
    assert [one.video for one in library.binned()] == [before]
    assert library.answers(B) == library.ratings() == []
    for call in (
        lambda: library.video(A),
        lambda: library.utterances(A),
        lambda: library.bin_video(A),
        lambda: library.answer(answer),
        lambda: library.set_title(A, "x"),
    ):
        with pytest.raises(NotFound):
            call()
    assert library.restore_video(A) == before == library.video(A)
    assert library.binned() == []
    assert [one.text for one in library.utterances(A)] == ["Hello."]
    assert library.answer(answer).question == "Why?"


def test_the_same_video_again_leaves_the_bin_with_its_tags_and_new_ones(library: Library) -> None:
    library.add_video(replace(video(A), tags=("Tea",)))
    library.bin_video(A)
    assert library.add_video(replace(video(A), tags=("tea", "Cups"))).tags == ("Cups", "Tea")
    assert library.binned() == []


def test_a_video_in_the_bin_can_be_deleted_for_good(library: Library) -> None:
    library.add_video(video(A))
    library.bin_video(A)
    library.delete_video(A)
    assert library.binned() == []
    for call in (lambda: library.restore_video(A), lambda: library.delete_video(A)):
        with pytest.raises(NotFound):
            call()


def test_a_title_can_be_changed(library: Library) -> None:
    library.add_video(video(A))
    library.set_title(A, "Green tea")
    assert library.video(A).title == "Green tea"
    assert [one.id for one in library.find("green tea")] == [A]
