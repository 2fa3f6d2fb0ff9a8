"""The agent is compared with the same model that gets frames and transcript in one prompt."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.bootstrap import build_measuring
from app.core.settings import load_settings
from app.core.types import Answer, AnswerStatus, Citation, SegmentKind, TimeSpan, VideoId
from benchmarks.no_agent import AGENT, CONTROLS, OPTION_CONTROLS, report, rows_of
from benchmarks.questions import Asked, Product, Wording
from tests.integration.offline_fakes import environment

BARE = next(iter(CONTROLS))
QUESTION = Wording.of(
    {
        "video": "v.mp4",
        "question": "Who sings?",
        "answer": "Ada",
        "modality": "speech",
        "options": ["Bo plays", "Ada sings loud"],
        "correct_index": 1,
    }
)


def test_every_row_answers_over_the_same_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**environment(tmp_path), "LONGREEL_MODELS__LANGUAGE_MODEL": "fake"}.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "c.json").write_text(json.dumps({"v": ["Ada sings loud", "Ada sings"]}), "utf-8")
    settings = load_settings()
    build_measuring(settings).imports.run(tmp_path / "c.json")
    rows = rows_of(Product(settings), choice=True)
    assert list(rows) == [AGENT, *OPTION_CONTROLS]
    found = {name: ask(QUESTION) for name, ask in rows.items()}
    assert not any(one.error for one in found.values())
    assert found["nearest option"].right and found["question alone"].right
    openly = rows_of(Product(settings), choice=False)
    assert list(openly) == [AGENT, *CONTROLS]
    assert openly["nearest passage"](QUESTION).right, "the answer is in the passage nearest to the question"


def asked(number: int, right: bool) -> Asked:
    cited = (Citation(VideoId("a"), TimeSpan(0, 1), SegmentKind.SPEECH, ""),)
    row = {"video": "v.mp4", "question": f"Q{number}", "answer": "Ada", "modality": "speech", "accept": ["ada"]}
    return Asked(Wording.of(row), False, Answer(AnswerStatus.ANSWERED, "Ada" if right else "Bo", 0.9, cited), 2.0)


def test_the_report_pairs_the_questions() -> None:
    answers = {
        AGENT: [asked(number, number < 8) for number in range(10)],
        BARE: [asked(number, number == 9) for number in range(10)],
    }
    made = report(answers, choice=False, model="m")
    assert made["right"] == {AGENT: 0.8, BARE: 0.1}
    assert made["tables"][0]["rows"][0][-2:] == ["8 of 10", "2.0"]
    assert made["tables"][1]["rows"] == [["agent - no agent", "10", "8", "1", "+70.0%", "0.039"]]
