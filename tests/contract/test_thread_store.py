"""What every store of conversations promises."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from app.core.errors import NotFound
from app.core.types import MediaInfo, Video, VideoId
from app.db.library import SqlLibrary
from app.db.threads import SqlThreads, Thread, ThreadStore, without_video
from tests.postgres import KINDS, open_database

VIDEO = VideoId("a" * 64)


@dataclass
class Kept:
    threads: ThreadStore
    library: SqlLibrary

    def answered(self, question: str) -> str:
        return self.library.save_answer(question, [VIDEO], {"text": question.upper()}, [{"type": "warned"}])


@pytest.fixture(params=KINDS)
def kept(request: pytest.FixtureRequest) -> Iterator[Kept]:
    with open_database(request, request.param) as database:
        stored = SqlLibrary(database)
        _fill(stored)
        yield Kept(SqlThreads(database), stored)


def _fill(library: SqlLibrary) -> None:
    library.add_video(Video(VIDEO, "Tea", "/tea.mp4", MediaInfo("mp4", 10.0, 0.0, 1, None), ready=True))


def test_a_new_thread_has_its_videos_once_and_no_turns(kept: Kept) -> None:
    made = kept.threads.add("Tea", [VIDEO, VIDEO])
    assert (made.title, made.video_ids, made.turn_count) == ("Tea", (VIDEO,), 0)
    assert kept.threads.thread(made.id) == made
    assert kept.threads.turns(made.id) == []


def test_turns_come_in_the_order_in_which_they_were_asked(kept: Kept) -> None:
    made = kept.threads.add("", [])
    for asked, whole in (("What is made?", "What is made?"), ("And then?", "What is done after it?")):
        kept.threads.add_turn(made.id, asked, kept.answered(whole))
    told = kept.threads.turns(made.id)
    assert [(turn.question, turn.understood) for turn in told] == [
        ("What is made?", "What is made?"),
        ("And then?", "What is done after it?"),
    ]
    assert told[1].answer == {"text": "WHAT IS DONE AFTER IT?"} and told[1].trace == [{"type": "warned"}]
    assert kept.threads.thread(made.id).turn_count == 2


def test_the_first_question_names_a_thread_without_a_title(kept: Kept) -> None:
    made, named = kept.threads.add("", []), kept.threads.add("About tea", [])
    for thread in (made, named):
        for question in ("What is made?", "By whom?"):
            kept.threads.add_turn(thread.id, question, kept.answered(question))
    assert kept.threads.thread(made.id).title == "What is made?"
    assert kept.threads.thread(named.id).title == "About tea"


def test_the_thread_that_was_used_last_comes_first(kept: Kept) -> None:
    first, second = kept.threads.add("first", []), kept.threads.add("second", [])
    assert [one.id for one in kept.threads.threads(10)] == [second.id, first.id]
    kept.threads.add_turn(first.id, "What is made?", kept.answered("What is made?"))
    assert [one.id for one in kept.threads.threads(10)] == [first.id, second.id]
    assert [one.id for one in kept.threads.threads(1)] == [first.id]


def test_a_turn_goes_with_its_answer(kept: Kept) -> None:
    made = kept.threads.add("", [VIDEO])
    kept.threads.add_turn(made.id, "What is made?", kept.answered("What is made?"))
    kept.library.delete_video(VIDEO)
    assert kept.threads.turns(made.id) == []
    assert kept.threads.thread(made.id).turn_count == 0


def test_a_turn_is_hidden_while_a_video_of_its_answer_is_in_the_bin(kept: Kept) -> None:
    made = kept.threads.add("", [])
    kept.threads.add_turn(made.id, "What is made?", kept.answered("What is made?"))
    kept.library.bin_video(VIDEO)
    assert kept.threads.turns(made.id) == []
    assert kept.threads.thread(made.id).turn_count == 0
    kept.library.restore_video(VIDEO)
    assert len(kept.threads.turns(made.id)) == kept.threads.thread(made.id).turn_count == 1


def test_a_thread_goes_with_its_only_video_and_one_that_stays_is_named_by_what_is_left(kept: Kept) -> None:
    only = kept.threads.add("About tea", [VIDEO])
    lost = kept.threads.add("", [])
    kept.threads.add_turn(lost.id, "What is made?", kept.answered("What is made?"))
    empty = kept.threads.add("Of everything", [])
    assert set(kept.threads.forget_video(VIDEO)) == {only.id, lost.id}
    assert [one.id for one in kept.threads.threads(10)] == [empty.id]


@pytest.mark.parametrize(
    ("title", "videos", "lost", "left", "stays"),
    [
        ("Why?", (VIDEO, "b"), ["Why?"], ["How?"], ("How?", ("b",))),
        ("My own", (VIDEO, "b"), ["Why?"], ["How?"], ("My own", ("b",))),
        ("", (), [], [], ("", ())),
        ("Why?", (), ["Why?"], [], None),
        ("My own", (VIDEO,), [], [], None),
    ],
)
def test_what_stays_of_a_thread_without_a_video(
    title: str, videos: tuple[VideoId, ...], lost: list[str], left: list[str], stays: tuple[str, tuple[str, ...]] | None
) -> None:
    thread = without_video(Thread("id", title, videos, 0.0, 0.0), VIDEO, lost, left)
    assert (thread and (thread.title, thread.video_ids)) == stays


def test_a_deleted_thread_leaves_its_answers(kept: Kept) -> None:
    made = kept.threads.add("", [VIDEO])
    answer = kept.answered("What is made?")
    kept.threads.add_turn(made.id, "What is made?", answer)
    kept.threads.delete(made.id)
    assert kept.threads.threads(10) == []
    assert kept.library.answer(answer).question == "What is made?"


def test_a_thread_that_is_not_there_is_told(kept: Kept) -> None:
    for act in (kept.threads.thread, kept.threads.turns, kept.threads.delete):
        with pytest.raises(NotFound, match="no conversation nowhere"):
            act("nowhere")
    with pytest.raises(NotFound):
        kept.threads.add_turn("nowhere", "What?", kept.answered("What?"))
