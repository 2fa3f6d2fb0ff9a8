"""What every store of collections promises."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from app.core.errors import BadInput, NotFound
from app.core.types import VideoId
from app.db.collections import SqlCollections
from app.db.library import SqlLibrary
from tests.contract.test_video_library import A, B, video
from tests.postgres import KINDS, open_database


class Stores(NamedTuple):
    collections: SqlCollections
    library: SqlLibrary

    def names(self, id: VideoId) -> tuple[str, ...]:
        return self.library.video(id).tags


@pytest.fixture(params=KINDS)
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    with open_database(request, request.param) as database:
        yield _filled(Stores(SqlCollections(database), SqlLibrary(database)))


def _filled(stores: Stores) -> Stores:
    stores.library.add_video(video(A))
    stores.library.add_video(video(B, "Two"))
    return stores


def test_collections_are_listed_by_name_with_the_number_of_their_videos(stores: Stores) -> None:
    late, early = stores.collections.create("tea"), stores.collections.create("Cups")
    assert stores.collections.add(late.id, A).size == 1
    stores.collections.add(late.id, A)
    stores.collections.add(late.id, B)
    assert [(one.id, one.name, one.size) for one in stores.collections.all()] == [
        (early.id, "Cups", 0),
        (late.id, "tea", 2),
    ]
    stores.library.bin_video(B)
    assert stores.collections.find("TEA").size == 1
    stores.library.delete_video(A)
    assert stores.collections.find(late.id).size == 0


def test_a_collection_is_found_by_its_id_and_by_its_name_in_any_letter_case(stores: Stores) -> None:
    made = stores.collections.create("Straße  Zwei")
    assert made.name == "Straße Zwei"
    for name in (made.id, "straße zwei", "STRASSE ZWEI"):
        assert stores.collections.find(name).id == made.id
    with pytest.raises(NotFound, match="no collection"):
        stores.collections.find("Strasse")


def test_a_name_belongs_to_one_collection(stores: Stores) -> None:
    first, second = stores.collections.create("Tea"), stores.collections.create("Cups")
    with pytest.raises(BadInput, match="already"):
        stores.collections.create("TEA")
    with pytest.raises(BadInput, match="already"):
        stores.collections.rename(second.id, "tea")
    assert stores.collections.rename(first.id, "TEA").name == "TEA"
    for wrong in ("", " \x00 ", "a/b", ".", " .. ", "x" * 101):
        with pytest.raises(BadInput, match="cannot be the name"):
            stores.collections.create(wrong)


def test_a_video_has_the_names_of_its_collections_as_tags(stores: Stores) -> None:
    tea = stores.collections.create("Tea")
    stores.collections.add(tea.id, A)
    stores.collections.set_tags(B, ["new", "TEA", "New"])
    assert (stores.names(A), stores.names(B)) == (("Tea",), ("new", "Tea"))
    stores.collections.rename(tea.id, "Green tea")
    assert stores.names(A) == ("Green tea",)
    stores.collections.remove(tea.id, A)
    stores.collections.remove(tea.id, A)
    assert stores.names(A) == ()
    stores.collections.delete(tea.id)
    assert stores.names(B) == ("new",)
    stores.collections.set_tags(B, [])
    assert [one.name for one in stores.collections.all()] == ["new"]
    assert {one.tags for one in stores.library.videos()} == {()}


def test_wrong_tags_change_nothing(stores: Stores) -> None:
    stores.collections.set_tags(A, ["Tea"])
    with pytest.raises(BadInput):
        stores.collections.set_tags(A, ["Cups", "a/b"])
    assert stores.names(A) == ("Tea",)
    assert [one.name for one in stores.collections.all()] == ["Tea"]


def test_what_is_not_there_is_told(stores: Stores) -> None:
    tea = stores.collections.create("Tea")
    stores.library.bin_video(B)
    for call in (
        lambda: stores.collections.add(tea.id, VideoId("c" * 64)),
        lambda: stores.collections.add(tea.id, B),
        lambda: stores.collections.set_tags(B, ["Tea"]),
        lambda: stores.collections.add("none", A),
        lambda: stores.collections.rename("none", "x"),
        lambda: stores.collections.delete("none"),
    ):
        with pytest.raises(NotFound):
            call()
