"""Pictures are well-formed, the same for the same figures, and show every figure."""

from __future__ import annotations

from xml.etree import ElementTree

from benchmarks.plots import svg

HEAT = {
    "kind": "heat",
    "title": "Found <by> depth",
    "axes": "depth by minutes",
    "columns": [10, 60],
    "rows": ["0.1", "0.9"],
    "values": [[1.0, None], [0.25, 0.0]],
}
BINS = [{"confidence": 0.9, "right": 0.5, "answers": 4}, {"confidence": 0.2, "right": 0.0, "answers": 400}]
DIAGRAM = {"kind": "reliability", "title": "Told", "series": [{"name": "before", "error": 0.4, "bins": BINS}]}
NAME = "{http://www.w3.org/2000/svg}"


def test_a_heat_map_tells_every_cell() -> None:
    tree = ElementTree.fromstring(svg(HEAT))
    words = [node.text for node in tree.iter(f"{NAME}text")]
    assert words == ["Found <by> depth", "depth by minutes", "10", "60", "0.1", "100%", "-", "0.9", "25%", "0%"]
    fills = [node.get("fill") for node in tree.iter(f"{NAME}rect")]
    assert len(set(fills)) == 4 and fills.count("#ffffff") == 2
    assert svg(HEAT) == svg(HEAT)


def test_a_dot_lies_at_its_confidence_and_its_share_of_right_answers() -> None:
    tree = ElementTree.fromstring(svg(DIAGRAM))
    first, second = tree.iter(f"{NAME}circle")
    assert (first.get("cx"), first.get("cy")) == ("294.0", "214.0")
    assert float(second.get("r", "0")) > float(first.get("r", "0"))
    assert "404 answers, calibration error 40.0%" in [node.text for node in tree.iter(f"{NAME}text")]
