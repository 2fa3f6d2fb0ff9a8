"""Needles lie at their depths, are asked for, and count when the answer points at them."""

from __future__ import annotations

from app.core.types import TimeSpan
from benchmarks.needles import HIDDEN, cells, depth_of, report, request
from tests.unit.evaluation.written import REFUSED, case, judged, result


def test_needles_are_hidden_near_their_depth_and_not_all_in_one_place() -> None:
    needles = request(60).needles
    assert len(needles) == len({needle.depth for needle in needles}) == len(HIDDEN)
    depths = {one.text: depth_of(one) for one in HIDDEN}
    assert all(abs(needle.depth - depths[needle.text]) <= 0.05 for needle in needles)


def label(text: str) -> tuple[tuple[str, str], ...]:
    return (("modality", text),)


def test_a_needle_is_answered_by_a_right_answer_that_cites_it_and_found_by_its_moment() -> None:
    speech = case("1", None, options=(), accept=("juniper",), evidence=[(100, 104)], labels=label("speech 0.05"))
    asked = [
        judged(speech, result(None, (104.5, 106), text="Juniper")),
        judged(speech, result(None, (300, 304), text="Juniper")),
        judged(speech, result(None, (100, 104), text="Salt")),
        judged(speech, result(None, status=REFUSED)),
    ]
    assert [one["answered"] for one in cells(asked, lambda _: [])] == [True, False, False, False]
    assert cells(asked[:1], lambda _: [TimeSpan(0, 50), TimeSpan(104.9, 130)])[0]["found"]
    assert not cells(asked[:1], lambda _: [TimeSpan(0, 50), TimeSpan(106, 130)])[0]["found"]


def test_maps_have_a_cell_for_every_depth_and_length_in_order() -> None:
    def cell(depth: float, answered: bool) -> dict[str, object]:
        return {"kind": "card", "depth": depth, "answered": answered, "found": True, "seconds": 2.0}

    made = report({"60": [cell(0.05, True), cell(0.05, False)], "10": [cell(0.95, True)]})
    picture = next(one for one in made["pictures"] if one["name"] == "needles-card-answered")
    assert picture["columns"] == ["10", "60"]
    assert picture["values"] == [[None, 0.5], [None, None], [None, None], [None, None], [1.0, None]]
    row = next(row for row in made["tables"][0]["rows"] if row[:2] == ["60", "text on the screen"])
    assert (row[2], row[3], row[5], row[7]) == (2, "50.0%", "100.0%", "2.0")
