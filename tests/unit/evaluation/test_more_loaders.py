"""Annotation files in the forms of further benchmarks, and Parquet files as the hub gives them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import BadInput, MissingPart
from app.core.types import TimeSpan
from app.evaluation.cases import Case, Group, Loaded
from app.evaluation.datasets.registry import benchmark
from tests.unit.evaluation.written import file_of


def loaded(name: str, folder: Path, content: Any, file: str = "rows.json") -> Loaded:
    return benchmark(name).loaded(file_of(folder, file, content))


def truth(one: Case) -> tuple[str, tuple[str, ...], int | None]:
    return one.question, one.options, one.answer


def test_v_niah_has_choices_and_words_and_knows_where_its_needle_lies(tmp_path: Path) -> None:
    rows = [
        {"video": "n1.mp4", "prompt": "\nFind the note. Which?\nA. Rome\nB. Bonn\nAnswer with the letter.",
         "answer": "B", "frames": 300, "depth": 0.5, "start_s": 150},
        {"video": "n2.mp4", "question": "Find the balloon. Which colour?\nAnswer with one word.",
         "answer": "Yellow"},
    ]  # fmt: skip
    choice, word = loaded("v-niah", tmp_path, rows).cases
    assert truth(choice) == ("Find the note. Which?", ("Rome", "Bonn"), 1)
    assert choice.evidence == (TimeSpan(150, 151),) and choice.values("length") == ("300",)
    assert (word.question, word.accept) == ("Find the balloon. Which colour?", (r"\bYellow\b",))


def test_niavh_asks_its_one_question_and_finds_the_needle_by_depth(tmp_path: Path) -> None:
    rows = [{"video": "a.mp4", "context_length": 200, "depth_percent": 55, "needle": "he is reading a book"}]
    (one,) = loaded("niavh", tmp_path, rows).cases
    assert one.question.startswith("What is the young man seated on a cloud")
    assert (one.reference, one.evidence) == ("he is reading a book", (TimeSpan(110, 111),))


def test_et_bench_has_choices_spans_and_leaves_dense_captions_out(tmp_path: Path) -> None:
    common = {"version": 1.0, "source": "s", "video": "s/v.mp4", "duration": 35.0}
    rows = [
        {**common, "idx": 0, "task": "gvq", "q": "What? (A) x (B) y", "o": ["x", "y"], "p": 1, "tgt": [[1.5, 4]]},
        {**common, "idx": 1, "task": "tvg", "q": "When does it fall?", "tgt": [15.0, 31.0]},
        {**common, "idx": 2, "task": "vhd", "q": "Find the highlight.", "tgt": [4, 9]},
        {**common, "idx": 3, "task": "slc", "q": "Describe.", "g": ["a"], "tgt": [[1, 2]]},
    ]
    found = loaded("etbench", tmp_path, rows)
    choice, span, highlight = found.cases
    assert truth(choice) == ("What? (A) x (B) y", ("x", "y"), 1) and choice.asked == choice.question
    assert (choice.evidence, span.evidence) == ((TimeSpan(1.5, 4),), (TimeSpan(15, 31),))
    assert highlight.evidence == (TimeSpan(4, 4), TimeSpan(9, 9)) and not span.has_truth
    assert found.notes == ("1 dense captions were left out: their official scores compare whole texts.",)


def test_temp_compass_reads_all_ways_to_list_options(tmp_path: Path) -> None:
    files = {
        "multi-choice": {"question": "What is he doing?\nA. running\nB. sitting", "answer": "B. sitting"},
        "yes_no": {"question": "Is he running?", "answer": "no"},
        "caption_matching": {"question": "Which?\nOption 1: He runs.\nOption 2: She.", "answer": "Option 2: She."},
        "captioning": {"question": "Write it.\nInformation A: {}\nGenerated Caption:", "answer": "B. sitting"},
    }  # fmt: skip
    for name, one in files.items():
        file_of(tmp_path, f"{name}.json", {"77": {"action": [one]}})
    found = benchmark("tempcompass").loaded(tmp_path)
    assert {one.values("task")[0]: truth(one) for one in found.cases} == {
        "multi-choice": ("What is he doing?", ("running", "sitting"), 1),
        "yes_no": ("Is he running?", ("yes", "no"), 1),
        "caption_matching": ("Which?", ("He runs.", "She."), 1),
    }
    assert {one.asked.rsplit("\n", 1)[1] for one in found.cases} == {
        "Please answer yes or no:",
        "Please directly give the best option:",
    }
    assert "1 captioning questions were left out" in found.notes[0]


def test_video_vista_leaves_out_questions_with_a_picture_of_their_own(tmp_path: Path) -> None:
    row = {
        "question_id": 5, "video_name": "a.0.mp4", "Question": "Why?", "Answer_Choices": ["x", "y"], "Answer": 1,
        "Type": "Causal Reasoning", "category": "Film", "time": 70,
    }  # fmt: skip
    found = loaded("videovista", tmp_path, [row, {**row, "question_id": 6, "Type": "Relation Reasoning-Image"}])
    (one,) = found.cases
    assert truth(one) == ("Why?", ("x", "y"), 1) and one.values("group") == ("reasoning",)
    assert "1 questions about a picture" in found.notes[0]


def test_m3_bench_questions_have_a_reference(tmp_path: Path) -> None:
    asked = {"question": "Who?", "answer": "Lily.", "question_id": "Q1", "type": ["Person"], "timestamp": "16:10"}
    found = loaded("m3-bench", tmp_path, {"room": {"video_path": "data/robot/room.mp4", "qa_list": [asked]}})
    (one,) = found.cases
    assert (one.reference, one.videos) == ("Lily.", ("data/robot/room.mp4", "room.mp4", "room"))
    assert "1 questions are officially asked before the end" in found.notes[0]


def test_the_given_m3_bench_files_are_read() -> None:
    from tests.conftest import ROOT

    folder = ROOT.parent / "shared" / "bench" / "formats"
    if not folder.is_dir():
        pytest.skip("the annotation files are not beside this checkout (../shared/bench/formats)")
    for name in ("m3bench_robot.json", "m3bench_web.json"):
        cases = benchmark("m3-bench").loaded(folder / name).cases
        assert len(cases) >= 5 and all(one.reference and one.has_truth for one in cases)


def test_eg_vqa_takes_an_answer_in_any_form_with_its_evidence(tmp_path: Path) -> None:
    row = {"video": "a.mp4", "question": "Which?", "options": ["one", "two"], "evidence": [[1, 2], [4, 5.5]]}
    rows = [{**row, "answer": answer} for answer in ("two", "1", "B")]
    open_row = {"video": "a.mp4", "question": "Why?", "answer": "It rains.", "evidence": [[0, 3]]}
    *chosen, told = loaded("eg-vqa", tmp_path, [*rows, open_row]).cases
    assert [one.answer for one in chosen] == [1, 1, 1] and told.reference == "It rains."
    assert chosen[0].evidence == (TimeSpan(1, 2), TimeSpan(4, 5.5))
    with pytest.raises(BadInput, match="could not be verified"):
        loaded("eg-vqa", tmp_path, [{"video": "a.mp4", "question": "Why?", "answer": "It rains."}])


def mme_v2(number: int, **more: Any) -> dict[str, Any]:
    return {
        "video_id": "001", "url": "https://youtu.be/abcdefgh", "question_id": f"001-{number}", "question": "Which?",
        "options": "A. x\nB. y\nC. z", "answer": "B", "level": "2", "second_head": "order", "third_head": "count",
        "group_type": "logic", "group_structure": "[1, [2,3], 4]", **more,
    }  # fmt: skip


def test_four_questions_of_video_mme_v2_are_a_group(tmp_path: Path) -> None:
    rows = [mme_v2(n) for n in range(4)] + [mme_v2(n, group_type="relevance") for n in range(4, 8)]
    cases = loaded("video-mme-v2", tmp_path, rows).cases
    assert truth(cases[0]) == ("Which?", ("x", "y", "z"), 1)
    assert [one.group for one in (cases[3], cases[4])] == [Group(0, "[1, [2, 3], 4]"), Group(1, "relevance")]
    assert cases[0].videos == ("001", "abcdefgh")
    with pytest.raises(BadInput, match="group_structure is no list"):
        loaded("video-mme-v2", tmp_path, [mme_v2(1, group_structure="[1, 2")])


@pytest.fixture
def parquet(tmp_path: Path) -> Path:
    """A split in two parts, with a column of pictures as the hub stores them."""
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    for part in range(2):
        row = {
            "videoID": f"v{part}", "question_id": f"{part}-1", "question": "Which?", "answer": "B",
            "options": ["A. red", "B. blue"], "duration": "short", "image": {"bytes": b"\x89PNG", "path": "a.png"},
        }  # fmt: skip
        pq.write_table(pa.Table.from_pylist([row]), tmp_path / f"test-{part:05d}-of-00002.parquet")
    return tmp_path


def test_parquet_files_are_read_as_the_hub_gives_them(parquet: Path) -> None:
    cases = benchmark("video-mme").loaded(parquet).cases
    assert [(one.id, one.videos, *truth(one)) for one in cases] == [
        (f"{part}-1", (f"v{part}",), "Which?", ("red", "blue"), 1) for part in range(2)
    ]
    (one,) = benchmark("video-mme").loaded(parquet / "test-00001-of-00002.parquet").cases
    assert one.id == "1-1"


def test_a_broken_parquet_file_and_a_missing_library_are_one_clear_sentence(
    parquet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = parquet / "broken.parquet"
    broken.write_bytes(b"PAR1" + b"\x00" * 40)
    with pytest.raises(BadInput, match=r"broken\.parquet cannot be read"):
        benchmark("video-mme").loaded(broken)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingPart, match="pyarrow"):
        benchmark("video-mme").loaded(parquet)


HUB = [
    ("egoschema", {"video_idx": "u", "question": "Why?", "option": ["A. a", "B. b"], "answer": "1"}, ("a", "b"), 1),
    ("lvbench", {"key": "v", "uid": "7", "question": "Who?\n(A) a\n(B) b", "answer": "B", "question_type": ["ER"],
                 "time_reference": "00:15-00:19"}, ("a", "b"), 1),
    ("mlvu", {"video_name": "v.mp4", "question": "Who?", "candidates": ["a", "b"], "answer": "b", "task_type": "ego"},
     ("a", "b"), 1),
    ("longvideobench", {"id": "1", "video_path": "v.mp4", "question": "Who?", "option0": "a", "option1": "b",
                        "option2": "N/A", "correct_choice": 1}, ("a", "b"), 1),
    ("nextqa", {"video": 12, "question": "why", "answer": 1, "qid": "3", "type": "CW", "a0": "a", "a1": "b", "a2": "c",
                "a3": "d", "a4": "e"}, ("a", "b", "c", "d", "e"), 1),
    ("tempcompass", {"video_id": "1", "dim": "speed", "question": "Is it fast?", "answer": "no"}, ("yes", "no"), 1),
]  # fmt: skip


@pytest.mark.parametrize(("name", "row", "options", "answer"), HUB, ids=[one[0] for one in HUB])
def test_the_columns_of_the_hub_are_known(
    name: str, row: dict[str, Any], options: tuple[str, ...], answer: int, tmp_path: Path
) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "test.parquet")
    (one,) = benchmark(name).loaded(tmp_path / "test.parquet").cases
    assert (one.options, one.answer) == (options, answer)


@pytest.mark.parametrize("odd", ["nan", 1e400, -5, [1], "late"])
def test_a_needle_at_no_time_is_refused_by_row(odd: Any, tmp_path: Path) -> None:
    row = {"video": "a.mp4", "question": "Which?", "answer": "Red", "start_s": odd}
    with pytest.raises(BadInput, match=r"rows\.json, row 1: "):
        loaded("v-niah", tmp_path, [row])
