"""Rewordings are compared with the first wording of the same question, and an interrupted run goes on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.core.types import Answer, AnswerStatus, Citation, SegmentKind, TimeSpan, VideoId
from benchmarks.questions import AnswerFile, Asked, Wording, ask_missing, read_questions
from benchmarks.wording import gap, report

ROW = {
    "video": "v.mp4",
    "question": "Which colour is it?",
    "answer": "Purple",
    "options": ["Red", "Purple"],
    "correct_index": 1,
    "evidence": [[1, 2]],
    "modality": "visual",
    "answerable": True,
    "accept": ["purple|violet"],
}
GERMAN = {**ROW, "question": "Welche Farbe hat es?", "accept": ["lila"], "variant": "de", "original": ROW["question"]}
CASUAL = {**ROW, "question": "what color", "variant": "casual", "original": ROW["question"]}
TRAP = {**ROW, "question": "Who sings?", "answerable": False, "accept": [], "modality": "unanswerable", "evidence": []}


def question(row: dict[str, object]) -> Wording:
    return Wording.of(row)


def answer(text: str, status: AnswerStatus = AnswerStatus.ANSWERED, option: int | None = None) -> Answer:
    cited = (Citation(VideoId("v"), TimeSpan(1, 2), SegmentKind.VISUAL, ""),)
    answered = status is AnswerStatus.ANSWERED
    return Answer(status, text, 0.9 if answered else None, cited if answered else (), option)


def asked(row: dict[str, object], given: Answer | None, *, choice: bool = False, seconds: float = 1.0) -> Asked:
    return Asked(question(row), choice, given, seconds, "" if given else "broken")


NONE = answer("", AnswerStatus.NOT_IN_VIDEO)
OPEN = answer("", AnswerStatus.INSUFFICIENT)


@pytest.mark.parametrize(
    ("row", "given", "outcome"),
    [
        (ROW, answer("It is violet."), "right"),
        (ROW, answer("It is red."), "wrong"),
        (ROW, NONE, "refused"),
        (ROW, OPEN, "insufficient"),
        (ROW, None, "error"),
        (TRAP, NONE, "right"),
        (TRAP, OPEN, "right"),
        (TRAP, answer("A man."), "wrong"),
        ({**ROW, "accept": [], "answer": "a round orange fruit"}, answer("An orange, round thing."), "right"),
    ],
)
def test_an_open_answer_has_one_of_five_outcomes(row: dict[str, object], given: Answer | None, outcome: str) -> None:
    assert asked(row, given).outcome == outcome


def test_a_choice_is_right_by_its_option() -> None:
    assert asked(ROW, answer("?", option=1), choice=True).outcome == "right"
    assert asked(ROW, answer("Purple", option=0), choice=True).outcome == "wrong"
    assert asked(ROW, answer("Purple"), choice=True).outcome == "wrong"
    assert asked(TRAP, NONE, choice=True).outcome == "right"


def test_a_variant_is_compared_with_the_originals_of_the_same_questions() -> None:
    other = {**ROW, "question": "Another?"}
    answers = [asked(ROW, answer("violet")), asked(other, answer("red")), asked(GERMAN, answer("rot"))]
    assert gap(answers, answers[2:]) == -1.0
    assert gap(answers, [asked(GERMAN, answer("Lila"))]) == 0.0
    assert gap(answers[1:], answers[2:]) is None


def test_the_report_has_every_outcome_and_the_time() -> None:
    answers = [asked(ROW, answer("violet")), asked(GERMAN, NONE, seconds=3.0), asked(CASUAL, answer("violet"))]
    made = report(answers, choice=False, half="")
    languages, variants, modalities = made["tables"]
    assert languages["rows"] == [
        ["de", "1", "0.0%", "100.0%", "0.0%", "0.0%", "0.0%", "-100.0%"],
        ["en", "1", "100.0%", "0.0%", "0.0%", "0.0%", "0.0%", "+0.0%"],
    ]
    assert [row[0] for row in variants["rows"]] == ["original", "de", "casual"]
    assert modalities["rows"] == [["visual", "1 of 1", "0 of 1", "1 of 1"]]
    assert "median 1.0, 95th percentile 3.0" in made["notes"][1]


def test_what_was_answered_is_not_asked_again_and_errors_are(tmp_path: Path) -> None:
    path = tmp_path / "qa.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in (ROW, GERMAN)), "utf-8")
    questions, file = read_questions(path), AnswerFile(tmp_path / "answers.jsonl")
    texts: list[str] = []

    def ask(one: Wording) -> Asked:
        texts.append(one.text)
        first = len(texts) == 1
        return Asked(one, False, answer("violet") if first else None, 1.0, "" if first else "broken")

    assert [one.outcome for one in ask_missing(questions, ask, file)] == ["right", "error"]
    assert [one.outcome for one in ask_missing(questions, ask, file)] == ["right", "error"]
    assert texts == [ROW["question"], GERMAN["question"], GERMAN["question"]]
    assert read_questions(tmp_path / "none.jsonl") == []
