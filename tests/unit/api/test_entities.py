"""Who and what videos mention, over REST."""

from __future__ import annotations

from fastapi.testclient import TestClient

from app.api.schemas.entities import EntityOut, MentionedOut
from app.core.types import TimeSpan, Video
from app.core.types.entities import EntityKind, Mention, MentionSource
from tests.unit.api.stand_in import StandIn, give_voices


def talk(parts: StandIn, title: str, *names: str) -> Video:
    """A video in which names are written, one every five seconds, and a bottle is seen."""
    video = parts.add(title.encode(), title)
    found = [
        Mention(EntityKind.NAME, name, video.id, TimeSpan(at, at + 2), MentionSource.WRITTEN, f"{name}, host", at + 1.0)
        for at, name in zip(range(0, 100, 5), names, strict=False)
    ]
    bottle = Mention(EntityKind.THING, "bottle", video.id, TimeSpan(0, 9), MentionSource.SEEN, "bottle", 3.0)
    parts.entities.save(video.id, [*found, bottle])
    return video


def names(client: TestClient, **params: str) -> list[str]:
    answer = client.get("/v1/entities", params=params)
    assert answer.status_code == 200, answer.text
    return [one["name"] for one in answer.json()]


def test_entities_of_the_library_are_listed_filtered_and_found_by_a_part_of_the_name(
    client: TestClient, parts: StandIn
) -> None:
    talk(parts, "One", "Tom Hale", "Tom Hale", "Zoë Ek")
    two = talk(parts, "Two", "Tom Hale")
    assert names(client) == ["Tom Hale", "bottle", "Zoë Ek"]
    assert names(client, kind="name") == ["Tom Hale", "Zoë Ek"] and names(client, kind="thing") == ["bottle"]
    assert names(client, q="ZOE e") == ["Zoë Ek"] and names(client, q="nobody") == []
    assert names(client, video="Two") == ["Tom Hale", "bottle"]
    client.post("/v1/collections", json={"name": "Talks"})
    client.put(f"/v1/collections/Talks/videos/{two.id}")
    assert names(client, collection="Talks") == ["Tom Hale", "bottle"]
    assert client.get("/v1/entities", params={"kind": "animal"}).status_code == 422
    assert client.get("/v1/entities", params={"video": "ffff"}).status_code == 404


def test_a_long_list_comes_in_pages(client: TestClient, parts: StandIn) -> None:
    talk(parts, "One", "Ann Lee", "Tom Hale", "Tom Hale", "Zoë Ek")
    first = client.get("/v1/entities", params={"limit": "2"})
    assert [(one["id"], one["mentions"]) for one in first.json()] == [("name-tom-hale", 2), ("name-ann-lee", 1)]
    rest = client.get(first.links["next"]["url"].removeprefix("/"))
    assert [one["id"] for one in rest.json()] == ["name-zoe-ek", "thing-bottle"] and "next" not in rest.links


def test_one_entity_has_its_moments_in_all_videos_and_those_in_which_it_speaks(
    client: TestClient, parts: StandIn
) -> None:
    one, two = talk(parts, "One", "Tom Hale"), talk(parts, "Two")
    give_voices(parts, two)
    client.patch(f"/v1/videos/{two.id}/speakers/Speaker 1", json={"name": "Tom Hale"})
    found = MentionedOut.model_validate(client.get("/v1/entities/name-tom-hale").json())
    listed = EntityOut.model_validate(client.get("/v1/entities", params={"q": "tom"}).json()[0])
    assert listed.model_dump() == found.model_dump(exclude={"moments"})
    told = {one.video_id: (one.source, one.start_s, one.quote, one.frame_s) for one in found.moments}
    assert told == {
        one.id: (MentionSource.WRITTEN, 0.0, "Tom Hale, host", 1.0),
        two.id: (MentionSource.SPEAKS, 2.0, "Welcome to the harbour.", None),
    }
    assert client.get("/v1/entities/name-nobody").status_code == 404
