"""What counts as right, as on the evidence, and as refused."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.answer_time import percentile
from benchmarks.ingest_speed import verdicts
from benchmarks.quality import markdown
from benchmarks.scoring import Asked, choice_right, citations_on_evidence, open_right, summary

ASKED = {
    "video": "talk.mp4",
    "question": "Who?",
    "answer": "Mirela",
    "options": ["Bo", "Mirela"],
    "correct_index": 1,
    "evidence": [[10.0, 12.0], [40.0, 41.0]],
    "modality": "speech",
    "answerable": True,
    "accept": ["mirela", "ostrander"],
}
TRAP = {**ASKED, "evidence": [], "modality": "unanswerable", "answerable": False, "correct_index": 0}


def reply(status: str = "answered", text: str = "", option: int | None = None, *spans: tuple[float, float]) -> Any:
    citations = [{"start_s": start, "end_s": end} for start, end in spans]
    usage = {"seconds": 2.0}
    return {"status": status, "text": text, "option_index": option, "citations": citations, "usage": usage}


def test_any_accepted_expression_makes_an_open_answer_right_whatever_its_case() -> None:
    assert open_right(ASKED, reply(text="It was MIRELA."))
    assert open_right(ASKED, reply(text="Comet Ostrander"))
    assert not open_right(ASKED, reply(text="It was Bo."))


def test_an_answer_that_is_not_given_as_one_is_not_right() -> None:
    assert not open_right(ASKED, reply("not_in_video", "Mirela is not in the video."))
    assert not open_right(ASKED, {"error": {"message": "Mirela.mp4 not found"}})


def test_only_a_refusal_is_right_for_an_open_question_without_answer() -> None:
    assert open_right(TRAP, reply("not_in_video"))
    assert not open_right(TRAP, reply(text="Mirela"))
    assert not open_right(TRAP, {"error": {}})


def test_the_chosen_option_decides_a_multiple_choice_question() -> None:
    assert choice_right(ASKED, reply(option=1))
    assert not choice_right(ASKED, reply(option=0))
    assert not choice_right(ASKED, reply("not_in_video"))


def test_refusing_and_choosing_that_the_video_does_not_say_are_both_right() -> None:
    assert choice_right(TRAP, reply("not_in_video"))
    assert choice_right(TRAP, reply(option=0))
    assert not choice_right(TRAP, reply(option=1))
    assert not choice_right(TRAP, {"error": {}})


def test_a_citation_counts_when_it_overlaps_any_span_within_a_second() -> None:
    answer = reply("answered", "", None, (12.9, 14.0), (20.0, 30.0), (39.5, 39.9))
    assert citations_on_evidence(ASKED, answer) == (2, 3)
    assert citations_on_evidence(ASKED, reply()) == (0, 0)


def test_a_summary_counts_by_modality_and_separates_both_kinds_of_refusal() -> None:
    asked = [
        Asked(ASKED, reply("answered", "Mirela", None, (10, 11), (70, 71)), reply(option=1)),
        Asked(ASKED, reply("not_in_video"), reply(option=0)),
        Asked(TRAP, reply("answered", "Bo", None, (1, 2)), reply("not_in_video")),
        Asked(TRAP, reply("not_in_video"), {"error": {"message": "broken"}}),
    ]
    result = summary(asked)
    assert result["by_modality"]["speech"] == {"questions": 2, "open": 0.5, "choice": 0.5}
    assert result["by_modality"]["unanswerable"] == {"questions": 2, "open": 0.5, "choice": 0.5}
    assert (result["citations"], result["citations_on_evidence"]) == (2, 0.5)
    assert result["unanswerable_refused"] == result["answerable_refused"] == 0.5
    assert (result["errors"], result["median_s"]) == (1, 2.0)
    assert "| speech | 2 | 50% | 50% |" in markdown(result)


def test_a_summary_of_nothing_has_no_shares() -> None:
    result = summary([])
    assert result["all"] == {"questions": 0, "open": None, "choice": None}
    assert result["citations_on_evidence"] is None and result["median_s"] is None


def test_the_percentile_is_a_measured_value() -> None:
    values = [float(number) for number in range(1, 21)]
    assert percentile(values, 0.95) == 19.0
    assert percentile(values, 1.0) == 20.0
    assert percentile([3.0], 0.5) == 3.0
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


def test_budgets_are_judged_by_what_was_measured() -> None:
    short = {"ingest_peak_gb": 2.0, "ask_peak_gb": 3.0, "speed": 9.0, "language_model_tokens": 300}
    kept = verdicts(short, {**short, "speed": 6.0}, {**short, "ingest_peak_gb": 2.3})
    assert [verdict for _, _, verdict in kept] == ["kept", "kept", "kept"]
    missed = verdicts(short, {**short, "speed": 5.9}, {**short, "ingest_peak_gb": 4.1})
    assert [verdict for _, _, verdict in missed] == ["missed", "missed", "missed"]


def test_the_memory_budget_is_not_called_kept_when_no_language_model_was_used() -> None:
    item = {"ingest_peak_gb": 2.0, "ask_peak_gb": 3.0, "speed": 9.0, "language_model_tokens": 0}
    assert verdicts(item, item, item)[2][2].startswith("not shown")
