"""Misheard words: corrected once, right in the search and after the video was heard anew."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import Mock

import pytest

from app.core.errors import BadInput, Conflict, NotFound, StorageFull
from app.core.types import MediaInfo, Segment, SegmentKind, TimeSpan, Utterance, Video, VideoId, Word
from app.db.corrections import SqlCorrections
from app.db.database import MemoryDatabase
from app.db.library import SqlLibrary
from app.db.stages import SqlStageStore
from app.services.corrections import CorrectionService, apply_corrections
from retrieval.fakes import MemoryRetriever

ID = VideoId("a" * 64)
HEARD = "Pope and Tsar, Metinik and Guizhou."
RIGHT = "Pope and Tsar, Metternich and Guizot."


def said(text: str, start_s: float = 10.0) -> Utterance:
    """A sentence of a word a second."""
    words = text.split()
    spans = [TimeSpan(start_s + n, start_s + n + 1) for n in range(len(words))]
    timed = tuple(Word(word, span, 0.5) for word, span in zip(words, spans, strict=True))
    return Utterance(TimeSpan(start_s, start_s + len(words)), text, timed)


class Desk:
    """A library with one video of three sentences, and what corrects them."""

    def __init__(self) -> None:
        database = MemoryDatabase()
        self.library, self.stages, self.retriever = SqlLibrary(database), SqlStageStore(database), MemoryRetriever()
        video = Video(ID, "Talk", "/talk.mp4", MediaInfo("mp4", 60.0, 0.0, 1, None), ready=True)
        self.video = self.library.add_video(video)
        heard = [said("Preamble.", 1), said(HEARD), said("Yes.", 30), said("Yes.", 31)]
        self.library.save_utterances(ID, heard)
        one = Segment("s", ID, SegmentKind.SPEECH, TimeSpan(1, 32), " ".join(u.text for u in heard), "ears")
        self.library.replace_segments(ID, [SegmentKind.SPEECH], [one])
        self.retriever.add([one])
        self.service = CorrectionService(self.library, SqlCorrections(database), lambda: self.retriever)

    def hear_anew(self, *heard: Utterance) -> list[str]:
        """What ingest does with what was heard; the texts that go on to the index, which are those of the library."""
        self.library.save_utterances(ID, heard)
        fixed = apply_corrections(heard, ID, self.stages, self.library)
        assert self.library.utterances(ID) == fixed
        return [one.text for one in fixed]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_corrected_sentence_is_in_the_transcript_and_found_by_its_words(desk: Desk) -> None:
    fixed = desk.service.correct(desk.video, 10.001, f"  {RIGHT} ")
    assert desk.library.utterances(ID)[1] == fixed
    assert (fixed.text, [word.text for word in fixed.words]) == (RIGHT, RIGHT.split())
    assert [word.span for word in fixed.words] == [word.span for word in said(HEARD).words]
    assert RIGHT in desk.library.segments(ID)[0].text and HEARD not in desk.library.segments(ID)[0].text
    assert RIGHT in desk.retriever.search("Metternich", limit=1)[0].segment.text
    assert "Metinik" not in desk.retriever.search("Metternich", limit=1)[0].segment.text


@pytest.mark.parametrize(
    ("heard", "at_s", "right", "search_text"),
    [
        (["I know now", "no"], 3, "yes", "I know now yes"),
        (["Yes.", "No.", "Yes.", "Good."], 2, "Maybe.", "Yes. No. Maybe. Good."),
    ],
    ids=["its word is a part of other words", "it is said twice"],
)
def test_a_corrected_sentence_leaves_the_others_of_its_segment_as_they_are(
    desk: Desk, heard: list[str], at_s: float, right: str, search_text: str
) -> None:
    starts = [sum(len(one.split()) for one in heard[:n]) for n in range(len(heard))]
    desk.library.save_utterances(ID, [said(text, start) for text, start in zip(heard, starts, strict=True)])
    whole = Segment("s", ID, SegmentKind.SPEECH, TimeSpan(0, 4), " ".join(heard), "ears")
    desk.library.replace_segments(ID, [SegmentKind.SPEECH], [whole])
    desk.service.correct(desk.video, at_s, right)
    assert [one.text for one in desk.library.segments(ID)] == [search_text]


def test_corrections_are_applied_when_the_same_is_heard_again(desk: Desk) -> None:
    desk.service.correct(desk.video, 10, RIGHT)
    desk.service.correct(desk.video, 30, "No.")
    again = desk.hear_anew(said("Preamble.", 1), said(HEARD), said("Yes.", 30), said("Yes.", 31))
    assert again == ["Preamble.", RIGHT, "No.", "Yes."]


def test_where_another_model_hears_and_cuts_otherwise_only_the_wrong_words_change(desk: Desk) -> None:
    desk.service.correct(desk.video, 10, RIGHT)
    assert desk.hear_anew(said("The Pope and the Tsar, Metinik and Guizot, all of them.", 9.5)) == [
        "The Pope and the Tsar, Metternich and Guizot, all of them."
    ]
    assert desk.hear_anew(said("Metternich and Guizot.", 12)) == ["Metternich and Guizot."]
    assert desk.hear_anew(said("Metinik was elsewhere.", 40)) == ["Metinik was elsewhere."]


def test_a_sentence_may_grow_and_shrink_and_be_put_back(desk: Desk) -> None:
    longer = desk.service.correct(desk.video, 10, "Pope and Tsar, Prince von Metternich.")
    assert [word.text for word in longer.words] == longer.text.split()
    ends = [word.span.end_s for word in longer.words]
    assert ends == sorted(ends) and ends[-1] == 16
    desk.service.correct(desk.video, 10, RIGHT)
    assert desk.hear_anew(said(HEARD)) == [RIGHT]
    desk.service.correct(desk.video, 10, HEARD)
    assert desk.hear_anew(said(HEARD)) == [HEARD]


def test_of_two_who_correct_a_sentence_at_once_one_is_refused_and_nothing_is_mixed(desk: Desk) -> None:
    texts = ["Pope and Tsar, Metternich and Guizhou.", "Pope and Tsar, Metinik and Guizot."]
    start = threading.Barrier(2)

    def correct(text: str) -> str | None:
        start.wait()
        try:
            return desk.service.correct(desk.video, 10, text, HEARD).text
        except Conflict as error:
            assert "Somebody else has just changed this sentence" in str(error)
            return None

    with ThreadPoolExecutor(2) as pool:
        corrected = list(pool.map(correct, texts))
    assert sorted(map(bool, corrected)) == [False, True]
    winner = next(filter(None, corrected))
    assert desk.library.utterances(ID)[1].text == winner
    assert winner in desk.library.segments(ID)[0].text
    assert desk.hear_anew(said(HEARD)) == [winner]


def test_many_corrections_of_one_segment_at_once_are_all_there(desk: Desk) -> None:
    heard = [said(f"Sentence {number}.", 2 * number) for number in range(12)]
    desk.library.save_utterances(ID, heard)
    whole = Segment("s", ID, SegmentKind.SPEECH, TimeSpan(0, 30), " ".join(one.text for one in heard), "ears")
    desk.library.replace_segments(ID, [SegmentKind.SPEECH], [whole])
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda one: desk.service.correct(desk.video, one.span.start_s, f"Right: {one.text}"), heard))
    right = [f"Right: {one.text}" for one in heard]
    assert [one.text for one in desk.library.utterances(ID)] == right
    assert desk.library.segments(ID)[0].text == " ".join(right)
    assert desk.retriever.search("sentence", limit=1)[0].segment.text == " ".join(right)
    assert desk.hear_anew(*heard) == right


def test_a_correction_that_failed_half_way_is_made_whole_by_trying_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as full:
        full.setattr(desk.retriever, "add", Mock(side_effect=StorageFull("The disk is full.")))
        with pytest.raises(StorageFull):
            desk.service.correct(desk.video, 10, RIGHT, HEARD)
    desk.service.correct(desk.video, 10, RIGHT, HEARD)
    assert RIGHT in desk.retriever.search("Metternich", limit=1)[0].segment.text


def test_a_correction_that_cannot_be_stored_changes_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    before = desk.library.utterances(ID), desk.library.segments(ID)
    monkeypatch.setattr("app.db.corrections.upsert", Mock(side_effect=StorageFull("The disk is full.")))
    with pytest.raises(StorageFull):
        desk.service.correct(desk.video, 10, RIGHT)
    assert (desk.library.utterances(ID), desk.library.segments(ID)) == before
    assert desk.hear_anew(said(HEARD)) == [HEARD]


def test_what_cannot_be_corrected_is_refused(desk: Desk) -> None:
    with pytest.raises(NotFound, match="No sentence begins at 5 s"):
        desk.service.correct(desk.video, 5, "Hello.")
    for text in ("  ", "x" * 2001):
        with pytest.raises(BadInput, match="1 to 2000 characters"):
            desk.service.correct(desk.video, 10, text)
    unread = Video(ID, "Talk", "/talk.mp4", desk.video.media)
    with pytest.raises(BadInput, match="still being ingested"):
        desk.service.correct(unread, 10, RIGHT)
