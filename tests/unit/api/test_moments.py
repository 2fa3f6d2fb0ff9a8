from __future__ import annotations

import io
import tempfile
from pathlib import Path

import av
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from app.api.schemas import ChosenOut, FoundOut
from tests.unit.api.stand_in import SAID, StandIn, a_video
from tests.unit.api.tiny_video import write_webm


def test_a_search_finds_the_moment_in_which_it_was_said(client: TestClient, parts: StandIn) -> None:
    video = parts.add()
    found = client.get("/v1/search", params={"q": "bridge opened March", "limit": 2}).json()
    best = FoundOut.model_validate(found[0])
    assert (best.video_id, best.start_s, best.end_s, best.text) == (video.id, 8.0, 11.0, SAID[1][2])
    assert 0 < best.score <= 1 and len(found) <= 2


def test_a_search_keeps_to_the_videos_kinds_and_times_that_are_named(client: TestClient, parts: StandIn) -> None:
    first, second = parts.add(b"one", "One"), parts.add(b"two", "Two")
    only = client.get("/v1/search", params={"q": "bridge", "video": "Two"}).json()
    assert {one["video_id"] for one in only} == {second.id}
    both = client.get("/v1/search", params={"q": "bridge", "video": [first.id, second.id[:10]]}).json()
    assert {one["video_id"] for one in both} == {first.id, second.id}
    seen = client.get("/v1/search", params={"q": "bridge", "kind": "visual"}).json()
    assert {one["kind"] for one in seen} == {"visual"}
    late = client.get("/v1/search", params={"q": "welcome harbour thank watching", "start_s": 12, "end_s": 20}).json()
    assert [one["text"] for one in late if one["kind"] == "speech"] == [SAID[2][2]] * 2


def test_a_video_that_is_deleted_at_once_is_not_found_while_a_worker_still_holds_it(
    client: TestClient, parts: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, left = parts.add(b"one", "One"), parts.add(b"two", "Two")
    monkeypatch.setattr(parts.longreel.library._deletion, "is_busy", lambda video: video.id == gone.id)
    assert client.delete(f"/v1/videos/{gone.id}", params={"now": True}).status_code == 204
    assert {one["video_id"] for one in client.get("/v1/search", params={"q": "bridge"}).json()} == {left.id}


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({}, 422),
        ({"q": ""}, 422),
        ({"q": "  "}, 422),
        ({"q": "x" * 3000}, 422),
        ({"q": "a", "limit": 0}, 422),
        ({"q": "a", "start_s": 9, "end_s": 3}, 422),
        ({"q": "a", "video": "ffffffff"}, 404),
    ],
)
def test_a_search_that_cannot_be_made_is_refused(client: TestClient, query: dict[str, object], status: int) -> None:
    answer = client.get("/v1/search", params=query)
    assert answer.status_code == status and answer.json()["hint"]


def test_a_frame_comes_in_the_size_that_was_asked_with_its_own_time(client: TestClient, parts: StandIn) -> None:
    base = f"/v1/videos/{parts.add().id}/frame"
    answer = client.get(base, params={"t": 9.013, "side": 64})
    assert answer.headers["content-type"] == "image/jpeg"
    assert max(Image.open(io.BytesIO(answer.content)).size) == 64
    assert abs(float(answer.headers["x-frame-time"]) - 9.0) < 0.05
    past = client.get(base, params={"t": 1e9})
    assert past.status_code == 200 and float(past.headers["x-frame-time"]) <= 20.0
    for bad in ("t=-1", "t=nan", "side=1", "side=100000"):
        assert client.get(f"{base}?{bad}").status_code == 422


def test_a_file_with_sound_only_has_no_frame(client: TestClient, parts: StandIn, tmp_path: Path) -> None:
    video = a_video(b"song", "Song", tmp_path / "song.opus")
    media = type(video.media)("ogg", 5.0, 0.0, 4, None, video.media.audio)
    parts.library.add_video(type(video)(video.id, video.title, video.path, media))
    answer = client.get("/v1/videos/Song/frame")
    assert answer.status_code == 404 and "no pictures" in answer.json()["detail"]


def test_frames_are_chosen_by_the_method_that_is_named(client: TestClient, parts: StandIn) -> None:
    base = f"/v1/videos/{parts.add().id}/frames"

    def chosen(**query: str | int) -> ChosenOut:
        answer = client.get(base, params=query)
        assert answer.status_code == 200, answer.text
        return ChosenOut.model_validate(answer.json())

    even = chosen(method="uniform", count=4)
    assert (even.method, even.considered, even.times_s) == ("uniform", 20, [2.0, 7.0, 12.0, 17.0])
    assert chosen(count=4).method == "maxinfo" and chosen(count=4, question="red").method == "hybrid"
    for method in ("similar", "maxinfo", "hybrid", "top-k", "aks", "cluster-tree"):
        one = chosen(method=method, count=3, question="something red", start_s=5, end_s=12)
        assert one.method == method and one.considered == 8
        assert 1 <= len(one.times_s) <= 3 and one.times_s == sorted(one.times_s)
        assert all(5 <= time_s <= 12 for time_s in one.times_s)


def test_a_method_does_as_its_options_say(client: TestClient, parts: StandIn) -> None:
    base = f"/v1/videos/{parts.add().id}/frames"

    def times(**query: str | float) -> list[float]:
        answer = client.get(base, params={"count": 8, "question": "something red", **query})
        assert answer.status_code == 200, answer.text
        return ChosenOut.model_validate(answer.json()).times_s

    assert client.get(base, params={"form": "slow", "rank": 2}).json()["method"] == "maxinfo-slow"
    assert len(times(method="maxinfo", tolerance=10)) < len(times(method="maxinfo", tolerance=0.01)) == 8
    assert times(method="hybrid", emphasis=5) != times(method="hybrid", emphasis=0) == times(emphasis=0)


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ({"method": "hybrid"}, 422, "question"),
        ({"method": "unifrom"}, 422, "uniform"),
        ({"method": "unifrom", "question": "a cat"}, 422, "uniform"),
        ({"method": "gens", "question": "a cat"}, 503, "vision-language model"),
        ({"count": 0}, 422, ""),
        ({"method": "maxinfo", "rank": 65}, 422, "rank"),
        ({"method": "maxinfo", "rnak": 6}, 422, "rnak"),
        ({"method": "maxinfo", "form": "quick"}, 422, "slow"),
        ({"method": "maxinfo", "emphasis": 1}, 422, "rank, tolerance, form, chunk"),
        ({"emphasis": 1}, 422, "maxinfo has no option emphasis"),
        ({"method": "keyframes", "rank": 6}, 422, "It takes none."),
        ({"start_s": 9, "end_s": 3}, 422, "ends before"),
    ],
)
def test_a_choice_that_cannot_be_made_says_why(
    client: TestClient, parts: StandIn, query: dict[str, str | int], status: int, said: str
) -> None:
    answer = client.get(f"/v1/videos/{parts.add().id}/frames", params=query)
    assert answer.status_code == status
    assert said in answer.json()["detail"] + answer.json()["hint"]


def test_a_clip_of_a_film_begins_at_a_key_frame_and_ends_where_it_was_asked_to(
    client: TestClient, parts: StandIn, tmp_path: Path
) -> None:
    film = write_webm(tmp_path / "film.webm")
    base = f"/v1/videos/{parts.add(film.read_bytes(), 'Film', film).id}/clip"
    answer = client.get(base, params={"start_s": 8, "end_s": 11})
    assert answer.status_code == 200 and "Film%208-11.webm" in answer.headers["content-disposition"]
    start_s = float(answer.headers["x-clip-start"])
    assert 0 <= start_s <= 8
    with av.open(io.BytesIO(answer.content)) as clip:
        shown = [float(frame.pts * frame.time_base) for frame in clip.decode(video=0)]
    assert shown[0] == 0 and start_s + shown[-1] == pytest.approx(11, abs=0.5)


@pytest.mark.parametrize(
    ("wanted", "status"), [("bytes=0-9", 206), ("bytes=999999999-", 416), ("bytes=9-1", 400), ("bytes=x", 400)]
)
def test_nothing_of_a_clip_stays_on_the_server_whatever_part_of_it_is_asked_for(
    client: TestClient, parts: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: str, status: int
) -> None:
    film = write_webm(tmp_path / "film.webm", seconds=4)
    video = parts.add(film.read_bytes(), "Film", film)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    clip = client.get(f"/v1/videos/{video.id}/clip", params={"start_s": 1, "end_s": 3}, headers={"Range": wanted})
    assert clip.status_code == status
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.parametrize(("times", "status"), [((5, 5), 422), ((9, 3), 422), ((0, 1e9), 422), ((1e6, 1e6 + 5), 422)])
def test_times_of_which_no_clip_can_be_made_are_refused(
    client: TestClient, parts: StandIn, times: tuple[float, float], status: int
) -> None:
    answer = client.get(f"/v1/videos/{parts.add().id}/clip", params={"start_s": times[0], "end_s": times[1]})
    assert answer.status_code == status and answer.json()["hint"]
