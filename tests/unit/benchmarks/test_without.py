"""What an answer is like with a part left out, and what is forgotten before it is measured."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import retrieval.retriever
from app.bootstrap import build_measuring
from app.core.events import Searched
from app.core.settings import Models, Settings
from app.core.types import AnswerStatus, MediaInfo, Segment, SegmentKind, TimeSpan, Video, VideoId, VideoStream
from benchmarks.forget import forget
from benchmarks.without import main, without
from gpu_workers.language.fakes import FakeLanguageModel, FakeTextEmbedder
from retrieval.fakes import MemoryLexicalIndex, MemorySegmentIndex
from tests.unit.agents.parts import Desk, names

VIDEO = VideoId("a" * 64)


def test_without_checks_a_claim_with_a_wrong_number_is_told() -> None:
    desk = Desk(
        [(10.0, 14.0, "The bridge cost 400 crowns.")], model=FakeLanguageModel(rule=names("crowns", "900 crowns"))
    )
    question = "How much did the bridge cost?"
    with without("checks"):
        unchecked = desk.ask(question)
    assert unchecked.status is AnswerStatus.ANSWERED and "900" in unchecked.text and unchecked.citations
    assert "900" not in desk.ask(question).text


@pytest.mark.parametrize(("part", "found_by"), [("words", {"dense"}), ("vectors", {"lexical"})])
def test_without_an_index_the_others_find_alone(part: str, found_by: set[str]) -> None:
    with without(part):
        retriever = retrieval.retriever.HybridRetriever(
            FakeTextEmbedder(), None, MemorySegmentIndex(), MemoryLexicalIndex()
        )
    retriever.add([_segment("1", "The bridge is green.")])
    assert {way for one in retriever.search("green bridge", limit=3) for way in one.found_by} == found_by


def test_without_the_stop_rule_a_search_goes_on_after_what_fits() -> None:
    desk = Desk([(10.0, 14.0, "The bridge cost 400 crowns.")])

    def searches() -> int:
        return sum(isinstance(event, Searched) for event in desk.events("How much did the bridge cost?"))

    usual = searches()
    with without("stop"):
        assert searches() > usual


def test_a_part_that_nothing_can_leave_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["without", "sound", "list"])
    with pytest.raises(SystemExit, match="checks, vectors, words, stop"):
        main()


def test_what_looks_have_learned_is_forgotten_by_the_library_and_its_search(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, models=Models(text_embedder="fake", frame_embedder="fake"))
    parts = build_measuring(settings).evaluation.parts
    media = MediaInfo("mp4", 60.0, 0.0, 1, VideoStream("h264", 160, 90, 0, 25.0))
    parts.library.add_video(Video(VIDEO, "v", "/v.mp4", media, "en", "", True))
    found = [_segment("1", "Tower bridge"), _segment("2", "Tower gate", question="What is written there?")]
    parts.library.add_segments(found)
    parts.retriever.add(found)

    assert forget(settings) == 1
    after = build_measuring(settings).evaluation.parts
    assert [one.id for one in after.library.segments(VIDEO)] == ["1"]
    assert [one.segment.id for one in after.retriever.search("tower", limit=5)] == ["1"]


def _segment(id: str, text: str, question: str | None = None) -> Segment:
    return Segment(id, VIDEO, SegmentKind.SCREEN_TEXT, TimeSpan(1.0, 2.0), text, "test", 1.0, question)
