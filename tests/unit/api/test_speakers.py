"""Speakers over REST: listed, named, searched, and in the transcript."""

from __future__ import annotations

from fastapi.testclient import TestClient

from app.api.schemas.speakers import SpeakerOut
from app.core.types import Video
from tests.unit.api.stand_in import SAID, StandIn, give_voices


def talk(parts: StandIn, data: bytes = b"a talk", title: str = "Talk") -> Video:
    """A video whose first sentence is of one voice and whose others are of another."""
    video = parts.add(data, title)
    give_voices(parts, video)
    return video


def test_speakers_are_listed_and_named(client: TestClient, parts: StandIn) -> None:
    base = f"/v1/videos/{talk(parts).id}/speakers"
    assert [SpeakerOut.model_validate(one).label for one in client.get(base).json()] == ["Speaker 1", "Speaker 2"]
    answer = client.patch(f"{base}/Speaker 2", json={"name": "Anna"})
    assert answer.status_code == 200 and [one["name"] for one in answer.json()] == [None, "Anna"]
    assert client.get(base).json() == answer.json()
    assert client.patch(f"{base}/Anna", json={"name": ""}).json()[1]["name"] is None


def test_a_name_that_cannot_be_given_is_refused(client: TestClient, parts: StandIn) -> None:
    base = f"/v1/videos/{talk(parts).id}/speakers"
    assert client.patch(f"{base}/Nobody", json={"name": "Anna"}).status_code == 404
    assert client.patch(f"{base}/Speaker 1", json={}).status_code == 422
    assert client.patch(f"{base}/Speaker 1", json={"name": "x" * 100}).status_code == 422
    assert client.get("/v1/videos/ffffffff/speakers").status_code == 404


def test_the_transcript_tells_who_speaks_in_every_form(client: TestClient, parts: StandIn) -> None:
    video = talk(parts)
    client.patch(f"/v1/videos/{video.id}/speakers/Speaker 2", json={"name": "Anna"})
    address = f"/v1/videos/{video.id}/transcript"
    assert [one["speaker"] for one in client.get(address).json()][:2] == ["Speaker 1", "Anna"]
    assert f"\nAnna: {SAID[1][2]}" in client.get(address, params={"format": "srt"}).text
    assert f"<v Anna>{SAID[2][2]}" in client.get(address, params={"format": "vtt"}).text


def test_a_search_can_be_limited_to_what_one_person_says_in_the_whole_library(
    client: TestClient, parts: StandIn
) -> None:
    one, other = talk(parts, b"one", "One"), talk(parts, b"two", "Two")
    client.patch(f"/v1/videos/{one.id}/speakers/Speaker 2", json={"name": "Anna"})
    everywhere = client.get("/v1/search", params={"q": "bridge opened March", "speaker": "anna"}).json()
    assert {found["video_id"] for found in everywhere} == {one.id, other.id}
    assert {found["text"] for found in everywhere} <= {text for _, _, text in SAID[1:]}
    first = client.get("/v1/search", params={"q": "welcome bridge", "speaker": "Speaker 1"}).json()
    assert {found["text"] for found in first} == {SAID[0][2]}
    assert client.get("/v1/search", params={"q": "bridge", "speaker": "Nobody"}).json() == []
    assert client.get("/v1/search", params={"q": "bridge", "speaker": "Anna", "kind": "visual"}).json() == []
