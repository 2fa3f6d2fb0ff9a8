"""A made meeting of a town council: what is said in it, and what its slides show."""

from __future__ import annotations

from tests.unit.agents.parts import Row

MEETING: list[Row] = [
    (10.0, 14.0, "I call the meeting of the town council to order."),
    (15.0, 18.0, "The first item is the bicycle bridge."),
    (90.0, 94.0, "The cost of the bridge is two point four million euros."),
    (95.0, 98.0, "The county pays sixty percent of that."),
    (300.0, 303.0, "Seven members are in favour, two are against."),
    (420.0, 423.0, "The second item is the library."),
    (424.0, 428.0, "The library will open on Sundays from ten to four."),
    (500.0, 503.0, "We vote on the library in June, the library must wait."),
]
SLIDES: list[Row] = [
    (0.0, 10.0, "TOWN COUNCIL"),
    (88.0, 290.0, "Item 1: Bicycle bridge"),
    (415.0, 480.0, "Item 2: Library hours"),
    (590.0, 600.0, "Minutes: council.example/minutes\nCode: KX-4471"),
]
