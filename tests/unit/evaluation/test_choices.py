"""Official prompts, and replies read strictly: what names no option, or several, is never replaced by chance."""

from __future__ import annotations

import pytest

from app.evaluation.datasets.choices import plain, read_letter
from app.evaluation.datasets.registry import benchmark
from tests.unit.evaluation.written import case

COLOURS = ("red", "green", "blue", "grey")


@pytest.mark.parametrize(
    ("reply", "index"),
    [
        ("B", 1),
        ("B.", 1),
        ("(B)", 1),
        (" b ) ", None),
        ("C. blue", 2),
        ("C\nBecause the sky is blue.", 2),
        ("The best answer is: D", 3),
        ("Answer: (A)", 0),
        ("<answer>B</answer>", 1),
        ("blue", 2),
        ("Blue.", 2),
        ("It shows option C.", 2),
        ("A man walks in.", None),
        ("The answer is A man.", None),
        ("Either (A) or (B).", None),
        ("E", None),
        ("", None),
        ("I cannot tell.", None),
    ],
)
def test_a_reply_names_one_option_or_none(reply: str, index: int | None) -> None:
    assert read_letter(reply, COLOURS) == index


def test_letters_are_taken_from_options_only_if_they_are_in_order() -> None:
    assert plain(["A. red", "B. blue"]) == ("red", "blue")
    assert plain(["(A) red", "(B) blue"]) == ("red", "blue")
    assert plain(["B. Dylan", "A. Lincoln"]) == ("B. Dylan", "A. Lincoln")
    assert plain(["A. Lincoln", "Dylan"]) == ("A. Lincoln", "Dylan")


def test_the_official_prompts_keep_the_order_of_the_options() -> None:
    mme = benchmark("video-mme").prompt.of(case(options=COLOURS))
    assert mme.endswith("A. red\nB. green\nC. blue\nD. grey\nThe best answer is:")
    mlvu = benchmark("mlvu").prompt.of(case(options=COLOURS))
    assert "Which?\nOptions:\n(A) red\n(B) green" in mlvu and mlvu.endswith("Best option: (")
    lvb = benchmark("longvideobench").prompt.of(case(options=COLOURS))
    assert lvb.startswith("Question: Which?\nA. red")
    assert lvb.endswith("Answer with the option's letter from the given choices directly.")


def test_an_open_question_is_asked_as_it_is() -> None:
    assert benchmark("own").prompt.of(case(options=(), answer=None)) == "Which?"
