from __future__ import annotations

from benchmarks.cross_language import Measured, cases
from gpu_workers.language.fakes import FakeReranker, FakeTextEmbedder


def test_every_case_has_its_question_in_all_languages() -> None:
    assert len(cases()) >= 30
    for case in cases():
        assert set(case.questions) == {"en", "de", "es", "fr", "zh", "ja", "ar"}
        assert case.passage and case.translation


def test_shared_words_are_found_and_other_languages_are_not_by_words_alone() -> None:
    measured = Measured(cases())
    measured.words(FakeReranker())
    measured.dense("fake", FakeTextEmbedder())
    among = {(search, questions, passages): share for search, questions, passages, _, share in measured.rows}
    assert int(among["words", "en", "English"].split()[0]) > 80
    assert int(among["fake", "zh", "English"].split()[0]) < 30
    assert ("words, reranked", "en", "English") in among
