"""Annotation files: the official rows where they are at hand, and rows written here in the same forms."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import BadInput
from app.core.types import TimeSpan
from app.evaluation.cases import Case
from app.evaluation.datasets.registry import BENCHMARKS, benchmark
from tests.conftest import ROOT
from tests.unit.evaluation.written import file_of


@pytest.fixture(scope="session")
def formats() -> Path:
    """The first rows of official annotation files, which lie beside a developer's checkout only."""
    folder = ROOT.parent / "shared" / "bench" / "formats"
    if not folder.is_dir():
        pytest.skip("the annotation files are not beside this checkout (../shared/bench/formats)")
    return folder


def load(name: str, folder: Path, file: str, truth: str | None = None) -> list[Case]:
    return list(benchmark(name).loaded(folder / file, folder / truth if truth else None).cases)


OFFICIAL = [
    ("video-mme", "videorag_videomme.json", None, 9),
    ("video-mme", "avp_eval_videomme.json", None, 3),
    ("longvideobench", "avp_eval_lvb.json", None, 3),
    ("mlvu", "videorag_MLVU_Dev.json", None, 3),
    ("mlvu", "avp_eval_mlvu.json", None, 3),
    ("lvbench", "avp_eval_lvbench.json", None, 3),
    ("minerva", "avp_eval_minerva.json", None, 3),
    ("nextqa", "nextqa_val.csv", None, 3),
    ("nextqa", "nextqa_test.csv", None, 3),
    ("nextgqa", "nextgqa_val.csv", "nextgqa_gsub_val.json", 3),
    ("nextgqa", "nextgqa_test.csv", "nextgqa_gsub_test.json", 3),
    ("egoschema", "akeys_demo_anno.json", None, 1),
]


@pytest.mark.parametrize(("name", "file", "truth", "count"), OFFICIAL)
def test_official_rows_are_read_with_truth_and_plain_options(
    formats: Path, name: str, file: str, truth: str | None, count: int
) -> None:
    cases = load(name, formats, file, truth)
    assert len(cases) == count
    for one in cases:
        assert one.question and one.videos and one.answer is not None
        assert 4 <= len(one.options) <= 5
        assert not any(option.startswith(("A. ", "B. ", "(A)")) for option in one.options)


def test_both_forms_of_video_mme_give_the_same_questions(formats: Path) -> None:
    nested, flat = (load("video-mme", formats, f"{name}_videomme.json") for name in ("videorag", "avp_eval"))
    for one, other in zip(nested, flat, strict=False):
        assert (one.id, one.question, one.options, one.answer) == (
            other.id,
            other.question,
            other.options,
            other.answer,
        )
        assert one.values("length") == other.values("length") == ("short",)
        assert one.videos[0] == other.videos[0] == "fFjv93ACGo8"


def test_both_forms_of_mlvu_give_the_same_questions(formats: Path) -> None:
    own, common = load("mlvu", formats, "videorag_MLVU_Dev.json"), load("mlvu", formats, "avp_eval_mlvu.json")
    assert [(c.question, c.options, c.answer) for c in own] == [(c.question, c.options, c.answer) for c in common]


def test_lvbench_times_are_spans(formats: Path) -> None:
    assert load("lvbench", formats, "avp_eval_lvbench.json")[0].evidence == (TimeSpan(15, 19),)


def test_a_file_of_another_benchmark_gets_one_clear_error(formats: Path) -> None:
    for name in set(BENCHMARKS) - {"m3-bench"}:
        truth = formats / "nextgqa_gsub_val.json" if name == "nextgqa" else None
        with pytest.raises(BadInput, match=r"m3bench_web\.json") as caught:
            benchmark(name).loaded(formats / "m3bench_web.json", truth)
        assert "Efk3K4epEzg" in str(caught.value) or "row " in str(caught.value)


OPTIONS = ["one", "two", "three", "four"]


def test_lvbench_takes_the_options_out_of_the_question(tmp_path: Path) -> None:
    asked = {
        "uid": "7", "question": "What year is it?\n(A) 1636\n(B) 1366\n(C) 1363\n(D) 1633", "answer": "C",
        "question_type": ["key information retrieval", "event understanding"], "time_reference": "01:02:03-01:02:10",
    }  # fmt: skip
    line = {"key": "Cm73ma6Ibcs", "type": "cartoon", "qa": [asked]}
    (one,) = load("lvbench", file_of(tmp_path, "video_info.meta.jsonl", line).parent, "video_info.meta.jsonl")
    assert (one.question, one.options, one.answer) == ("What year is it?", ("1636", "1366", "1363", "1633"), 2)
    assert one.values("ability") == ("key information retrieval", "event understanding")
    assert one.evidence == (TimeSpan(3723, 3730),)


def test_longvideobench_counts_its_answer_from_0_and_may_have_none(tmp_path: Path) -> None:
    rows = [
        {"id": "v_0", "video_id": "v", "video_path": "v.mp4", "question": "Who?", "candidates": OPTIONS,
         "correct_choice": 0, "duration_group": 600, "question_category": "E2O"},
        {"id": "v_1", "video_id": "v", "question": "Who?", **{f"option{i}": o for i, o in enumerate(OPTIONS)}},
    ]  # fmt: skip
    file_of(tmp_path, "val.json", rows)
    first, second = load("longvideobench", tmp_path, "val.json")
    assert (first.answer, first.values("length"), first.values("task")) == (0, ("600",), ("E2O",))
    assert (second.answer, second.options, second.has_truth) == (None, tuple(OPTIONS), False)


def test_mlvu_may_be_a_folder_with_generative_tasks(tmp_path: Path) -> None:
    row = {"video": "a.mp4", "question": "Which?", "candidates": OPTIONS, "answer": "two", "question_type": "ego"}
    file_of(tmp_path, "4_count.json", [row])
    file_of(tmp_path, "9_summary.json", [{"video": "a.mp4", "question": "Summarise.", "answer": "A film."}])
    cases = benchmark("mlvu").loaded(tmp_path).cases
    assert [(c.id, c.reference) for c in cases] == [("4_count/1", ""), ("9_summary/1", "A film.")]


def test_a_letter_is_a_letter_even_where_an_option_is_called_so(tmp_path: Path) -> None:
    row = {"videoID": "x", "question_id": "1", "question": "Which letter?", "duration": "long", "answer": "D"}
    file_of(tmp_path, "mme.json", [{**row, "options": ["A. D", "B. C", "C. B", "D. A"]}])
    (one,) = load("video-mme", tmp_path, "mme.json")
    assert (one.options, one.answer) == (("D", "C", "B", "A"), 3)


NEXT = "{video},frame_count,width,height,question,answer,qid,type,a0,a1,a2,a3,a4\n"


def test_next_qa_answers_may_be_numbers_or_texts(tmp_path: Path) -> None:
    by_number = NEXT.format(video="video") + "77,10,1,1,how many,1,0,DC,0,2,1,3,4\n77,10,1,1,why,4,1,CW,a,b,c,d,e\n"
    by_text = NEXT.format(video="video_id") + "77,10,1,1,how many,1,0,DC,0,2,1,3,4\n"
    file_of(tmp_path, "number.csv", by_number)
    file_of(tmp_path, "text.csv", by_text)
    assert [c.answer for c in load("nextqa", tmp_path, "number.csv")] == [1, 4]
    (one,) = load("nextqa", tmp_path, "text.csv")
    assert (one.answer, one.options[2], one.values("group")) == (2, "1", ("descriptive",))


def test_next_gqa_finds_the_spans_of_a_question(tmp_path: Path) -> None:
    file_of(tmp_path, "val.csv", NEXT.format(video="video_id") + "77,10,1,1,why,c,1,CW,a,b,c,d,e\n")
    file_of(tmp_path, "gsub.json", {"77": {"duration": 34, "location": {"1": [[1.2, 5.8], [12.1, 17]]}}})
    (one,) = load("nextgqa", tmp_path, "val.csv", "gsub.json")
    assert one.evidence == (TimeSpan(1.2, 5.8), TimeSpan(12.1, 17))
    with pytest.raises(BadInput, match="--truth"):
        load("nextgqa", tmp_path, "val.csv")


def test_egoschema_takes_its_answers_from_their_own_file(tmp_path: Path) -> None:
    row: dict[str, Any] = {"q_uid": "u-1", "question": "Why?", **{f"option {i}": f"because {i}" for i in range(5)}}
    file_of(tmp_path, "questions.json", [row, {**row, "q_uid": "u-2"}])
    file_of(tmp_path, "answers.json", {"u-1": 4})
    known, unknown = load("egoschema", tmp_path, "questions.json", "answers.json")
    assert (known.answer, known.options[4], unknown.has_truth) == (4, "because 4", False)


def test_haystack_options_are_in_the_order_of_their_letters(tmp_path: Path) -> None:
    row = {
        "video_id": "ego", "vclip_id": "c1", "question": "Where?", "options": {"B": "sink", "A": "table", "C": "door"},
        "answer": "B", "frame_indexes_video": [300, 30], "video_metadata": {"frame_rate": 30.0},
    }  # fmt: skip
    file_of(tmp_path, "haystack.jsonl", row)
    (one,) = load("lv-haystack", tmp_path, "haystack.jsonl")
    assert (one.options, one.answer, one.moments_s) == (("table", "sink", "door"), 1, (1.0, 10.0))


def test_hourvideo_says_that_its_fields_are_unverified(tmp_path: Path) -> None:
    asked = {
        "qid": "q1",
        "task": "summarization/key_events",
        "mcq_test": "What?\nA. x\nB. y",
        "correct_answer_label": "B",
    }
    file_of(tmp_path, "good.json", {"uid": {"video_metadata": {}, "benchmark_dataset": [asked]}})
    (one,) = load("hourvideo", tmp_path, "good.json")
    assert (one.question, one.options, one.answer, one.values("task")) == ("What?", ("x", "y"), 1, ("summarization",))
    file_of(tmp_path, "bad.json", {"uid": {"questions": [asked]}})
    with pytest.raises(BadInput, match="could not be verified"):
        load("hourvideo", tmp_path, "bad.json")


def test_our_own_questions_are_asked_openly_and_with_options(tmp_path: Path) -> None:
    row = {
        "video": "talk.mp4", "question": "Who?", "options": OPTIONS, "correct_index": 1, "evidence": [[1, 2.5]],
        "modality": "speech", "answerable": True, "accept": ["two"],
    }  # fmt: skip
    trap = {**row, "evidence": [], "answerable": False, "accept": []}
    file_of(tmp_path, "qa.jsonl", "\n".join(json.dumps(r) for r in (row, trap)))
    cases = load("own", tmp_path, "qa.jsonl")
    assert [c.id for c in cases] == ["1/open", "1/choice", "2/open", "2/choice"]
    assert (cases[0].options, cases[0].accept, cases[1].answer) == ((), ("two",), 1)
    assert cases[0].evidence == (TimeSpan(1, 2.5),) and not cases[2].answerable


def test_the_truth_of_a_made_sample_gives_questions_and_chapters(tmp_path: Path) -> None:
    asked = {"video": "s.mp4", "question": "Who?", "accept": ["bo"], "evidence": [[1, 2]], "modality": "speech"}
    chapters = [{"start_s": 0, "end_s": 60, "title": "Welcome"}, {"start_s": 60, "end_s": 90.5, "title": "The end"}]
    file = file_of(tmp_path, "s.truth.json", {"video": "s.mp4", "questions": [asked], "chapters": chapters, "said": []})
    loaded = benchmark("own").loaded(file)
    assert [(c.id, c.values("modality")) for c in loaded.cases] == [("1/open", ("speech",))]
    (given,) = loaded.chapters
    assert given.video == "s.mp4"
    assert [(span.start_s, span.end_s, title) for span, title in given.chapters] == [
        (0.0, 60.0, "Welcome"),
        (60.0, 90.5, "The end"),
    ]
    assert loaded.limited(1).chapters == loaded.chapters
    file = file_of(tmp_path, "bad.json", {"video": "s.mp4", "questions": [asked], "chapters": [{"start_s": 5}]})
    with pytest.raises(BadInput, match=r"the whole file, question 1: there is no end_s"):
        benchmark("own").loaded(file)


def test_the_real_questions_are_read(shared_videos: Path) -> None:
    assert len(load("own", shared_videos, "qa.jsonl")) == 94


BAD = [
    ([{"video": "a.mp4", "question": "Which?", "candidates": OPTIONS, "answer": "five"}], "none of the 4 options"),
    ([{"video": "a.mp4", "question": "Which?", "candidates": ["one"], "answer": "one"}], "2 to 26 options"),
    ([{"video": "a.mp4", "candidates": OPTIONS, "answer": "one"}], "there is no question"),
    ([{"question": "Which?", "candidates": OPTIONS, "answer": "one"}], "there is no video"),
    (["not an object"], "no object"),
]


@pytest.mark.parametrize(("rows", "words"), BAD)
def test_a_bad_row_is_told_by_file_and_row(tmp_path: Path, rows: list[Any], words: str) -> None:
    good = {"video": "a.mp4", "question": "Which?", "candidates": OPTIONS, "answer": "one"}
    file_of(tmp_path, "dev.json", [good, *rows])
    with pytest.raises(BadInput, match=words) as caught:
        load("mlvu", tmp_path, "dev.json")
    assert "dev.json, row 2" in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "no json at all", "\x00\xff"])
def test_a_file_without_questions_is_refused(tmp_path: Path, text: str) -> None:
    file_of(tmp_path, "dev.json", text)
    with pytest.raises(BadInput, match=r"dev\.json"):
        load("mlvu", tmp_path, "dev.json")


def test_two_questions_with_one_id_are_refused(tmp_path: Path) -> None:
    row = {"q_uid": "u", "question": "Why?", **{f"option {i}": str(i) for i in range(5)}, "truth": 1}
    file_of(tmp_path, "ego.json", [row, row])
    with pytest.raises(BadInput, match="two questions have the id u"):
        load("egoschema", tmp_path, "ego.json")


def test_a_misspelt_benchmark_gets_the_nearest_name() -> None:
    with pytest.raises(BadInput, match="mean lvbench"):
        benchmark("lvbenhc")
