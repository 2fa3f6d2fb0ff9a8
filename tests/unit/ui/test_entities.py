"""Names and things of the open video as HTML."""

from __future__ import annotations

from app.api.schemas.entities import EntityOut
from app.core.types.entities import EntityKind, MentionSource
from tests.unit.ui.samples import NASTY, Tags
from ui.render.entities import MOST_CHIPS, entities


def one(name: str, kind: EntityKind = EntityKind.NAME) -> EntityOut:
    return EntityOut(
        id=f"{kind}-{name}", kind=kind, name=name, video_ids=["v"], mentions=3, sources=[MentionSource.SAID]
    )


def test_names_come_before_things_each_with_a_button_for_its_moments() -> None:
    shown = entities([one("hare", EntityKind.THING), one("Tom Hale")])
    assert [tag["data-entity"] for name, tag in Tags(shown).found if name == "button"] == [
        "name-Tom Hale",
        "thing-hare",
    ]
    assert "Who and what: 2" in shown and "<small>looks like</small> hare <small>3</small>" in shown


def test_nothing_is_shown_of_nothing_and_of_many_not_all() -> None:
    assert entities([]) == ""
    many = entities([one(f"Name {at}") for at in range(MOST_CHIPS + 5)])
    assert many.count("data-entity") == MOST_CHIPS and "and 5 more" in many


def test_a_name_is_only_text() -> None:
    shown = entities([one(NASTY)])
    assert "<img" not in shown and "{{" not in shown and "${" not in shown
