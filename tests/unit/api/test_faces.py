"""Faces over REST: listed with their times, named, deleted."""

from __future__ import annotations

import numpy as np
from fastapi.testclient import TestClient

from app.api.schemas.faces import FaceOut
from app.core.types import TimeSpan, Video, Voice
from tests.unit.api.stand_in import StandIn


def seen(parts: StandIn, data: bytes = b"a film", title: str = "Film") -> Video:
    """A video in which two persons are seen."""
    video = parts.add(data, title)
    vectors = np.eye(4, dtype=np.float32)
    faces = [Voice(f"Person {i + 1}", 3.0, "eyes", vectors[i], (TimeSpan(i, i + 3),)) for i in range(2)]
    parts.longreel.people.remember(video.id, faces)
    return video


def test_faces_are_listed_with_their_times_and_named(client: TestClient, parts: StandIn) -> None:
    base = f"/v1/videos/{seen(parts).id}/faces"
    first, second = (FaceOut.model_validate(one) for one in client.get(base).json())
    assert (first.label, first.seen[0].start_s, first.seen[0].end_s) == ("Person 1", 0.0, 3.0)
    assert second.label == "Person 2" and second.name is None
    assert client.patch(f"{base}/Person 2", json={"name": "Anna"}).json()[1]["name"] == "Anna"
    assert client.patch(f"{base}/Nobody", json={"name": "Anna"}).status_code == 404


def test_a_face_is_deleted_here_or_everywhere(client: TestClient, parts: StandIn) -> None:
    one, two = (f"/v1/videos/{seen(parts, title.encode(), title).id}/faces" for title in ("One", "Two"))
    client.patch(f"{one}/Person 1", json={"name": "Anna"})
    assert [face["name"] for face in client.get(two).json()] == ["Anna", None]
    assert client.delete(f"{one}/Person 2").status_code == 204
    assert [face["label"] for face in client.get(one).json()] == ["Person 1"]
    assert len(client.get(two).json()) == 2
    assert client.delete(f"{one}/Anna", params={"everywhere": True}).status_code == 204
    assert client.get(one).json() == [] and [face["label"] for face in client.get(two).json()] == ["Person 2"]
    assert client.delete(f"{one}/Anna").status_code == 404


def test_a_video_whose_faces_were_not_looked_for_has_none(client: TestClient, parts: StandIn) -> None:
    assert client.get(f"/v1/videos/{parts.add().id}/faces").json() == []
