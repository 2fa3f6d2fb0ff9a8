from __future__ import annotations

from gpu_workers.vision.text_layout import TextBox, lines_of, plain, with_spaces


def box(text, left, top, right, bottom, confidence=0.95) -> TextBox:
    return TextBox(text, confidence, (left, top, right, bottom), bottom - top)


def texts(boxes):
    return [line.text for line in lines_of(boxes, 100, 100)]


def test_boxes_beside_each_other_become_one_line():
    boxes = [box("Director", 60, 21, 90, 31), box("SACHA", 10, 20, 40, 30), box("Team", 30, 2, 60, 12)]
    assert texts(boxes) == ["Team", "SACHA Director"]


def test_a_joined_line_covers_its_boxes_and_weighs_their_confidence_by_length():
    (line,) = lines_of([box("abcdef", 10, 20, 40, 30, 0.7), box("xyz", 60, 20, 90, 30, 1.0)], 100, 200)
    assert line.box == (0.1, 0.1, 0.9, 0.15)
    assert abs(line.confidence - 0.8) < 1e-9


def test_boxes_one_above_the_other_stay_apart_even_when_they_touch():
    assert texts([box("second", 10, 26, 60, 38), box("first", 10, 15, 60, 27)]) == ["first", "second"]


def test_letters_of_very_different_size_are_not_joined():
    assert texts([box("HUGE", 0, 0, 50, 40), box("small", 60, 15, 90, 25)]) == ["HUGE", "small"]


def test_doubtful_and_meaningless_boxes_are_dropped():
    boxes = [
        box("fog", 0, 0, 30, 10, 0.5),
        box("X", 0, 20, 10, 30, 0.8),
        box("* *", 0, 40, 10, 50),
        box("ok", 0, 60, 9, 70),
    ]
    assert texts(boxes) == ["ok"]


def test_boxes_outside_the_picture_are_clipped_to_it():
    assert lines_of([box("edge", -5, -5, 120, 20)], 100, 100)[0].box == (0.0, 0.0, 1.0, 0.2)


def test_a_wide_gap_between_letters_is_a_space():
    centres = [0, 10, 20, 30, 60, 70, 80]
    assert with_spaces("keys(em", centres, height=15) == "keys (em"


def test_evenly_spread_letters_get_no_spaces():
    assert with_spaces("TITLES", [0, 40, 80, 120, 160, 200], height=20) == "TITLES"


def test_spaces_that_are_there_are_not_doubled():
    assert with_spaces("keys em", [0, 10, 20, 30, 60, 70], height=15) == "keys em"


def test_centres_that_do_not_fit_the_text_change_nothing():
    assert with_spaces("keys(em", [1.0, 2.0], height=15) == "keys(em"


def test_full_width_signs_become_ascii_outside_east_asian_text():
    assert plain("\uff21\uff08b\uff09  c") == "A(b) c"
    assert plain("\u4ef7\u683c\uff08\u5143\uff09") == "\u4ef7\u683c\uff08\u5143\uff09"
