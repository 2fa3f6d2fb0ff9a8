"""Parts are loaded in the background, one after the other; one that fails keeps no other from it."""

from __future__ import annotations

import threading

from app.core.errors import MissingPart
from app.services.preload import Warmth, WarmUp
from tests.unit.api.stand_in import wait_until


def ended(warm_up: WarmUp) -> Warmth:
    warm_up.start()
    wait_until(lambda: warm_up.now.state != "loading")
    return warm_up.now


def test_it_tells_what_is_being_loaded() -> None:
    go_on, loaded = threading.Event(), []
    warm_up = WarmUp(lambda: {"ears": lambda: loaded.append("ears"), "eyes": lambda: go_on.wait(20)})
    assert warm_up.now == Warmth("off")
    warm_up.start()
    wait_until(lambda: warm_up.now.loading == "eyes")
    assert warm_up.now == Warmth("loading", 1, 2, "eyes") and loaded == ["ears"]
    go_on.set()
    assert warm_up.stop(20)
    assert warm_up.now == Warmth("ready", 2, 2)


def test_what_cannot_be_loaded_is_told_and_the_rest_is_loaded() -> None:
    loaded = []

    def missing() -> None:
        raise MissingPart("No eyes.", "Install some.")

    told = ended(WarmUp(lambda: {"eyes": missing, "nose": lambda: 1 / 0, "ears": lambda: loaded.append("ears")}))
    assert told.state == "failed" and (told.done, told.total) == (3, 3) and loaded == ["ears"]
    assert told.problems == ("eyes: No eyes. Install some.", "nose: It could not be loaded; see the log.")


def test_parts_that_cannot_be_named_are_a_problem_too() -> None:
    def none() -> dict[str, object]:
        raise MissingPart("No such model.", "Name another.")

    assert ended(WarmUp(none)) == Warmth("failed", problems=("No such model. Name another.",))  # type: ignore[arg-type]


def test_stopping_leaves_out_what_was_not_begun() -> None:
    begun, go_on, loaded = threading.Event(), threading.Event(), []

    def slow() -> None:
        begun.set()
        go_on.wait(20)

    warm_up = WarmUp(lambda: {"eyes": slow, "ears": lambda: loaded.append("ears")})
    warm_up.start()
    assert begun.wait(20) and not warm_up.stop(0.01)
    go_on.set()
    assert warm_up.stop(20) and loaded == []
