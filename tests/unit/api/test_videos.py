from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from app.api.schemas import JobOut, VideoOut, WaveformOut
from app.core.types import VideoId
from app.main import create_app
from tests.unit.api import stand_in
from tests.unit.api.stand_in import StandIn, wait_until


def finished(client: TestClient, location: str) -> JobOut:
    def job() -> JobOut:
        return JobOut.model_validate(client.get(location).json())

    wait_until(lambda: job().state not in ("queued", "running"))
    return job()


def test_an_uploaded_video_is_read_in_the_background(client: TestClient, parts: StandIn) -> None:
    data = bytes(range(256)) * 5000
    form = {"title": "My film", "language": "en"}
    answer = client.post("/v1/videos", data=form, files={"file": ("../../böse film.webm", data, "video/webm")})
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/v1/jobs/{answer.json()['id']}"
    job = finished(client, answer.headers["location"])
    assert job.state == "finished" and job.result is not None
    video = VideoOut.model_validate(client.get(f"/v1/videos/{job.result['video_id']}").json())
    assert video.title == "My film" and video.ready
    stored = Path(parts.library.video(parts.library.videos()[0].id).path)
    assert stored.read_bytes() == data
    assert parts.longreel.settings.data / "uploads" in stored.parents


def test_without_a_title_the_file_name_is_the_title(client: TestClient) -> None:
    answer = client.post("/v1/videos", files={"file": ("Lecture 1.mp4", b"x")})
    assert answer.json()["title"] == "Lecture 1"


def test_subtitles_come_along_and_an_empty_choice_is_no_file(client: TestClient, parts: StandIn) -> None:
    parts.reader.hold.clear()
    files = {"file": ("a.mp4", b"x"), "subtitles": ("a.srt", b"1\n")}
    job = client.post("/v1/videos", files=files).json()
    assert Path(parts.longreel.jobs.get(job["id"]).payload["subtitles"]).read_bytes() == b"1\n"
    empty = b'--b\r\nContent-Disposition: form-data; name="subtitles"; filename=""\r\n\r\n\r\n'
    body = empty + b'--b\r\nContent-Disposition: form-data; name="file"; filename="c.mp4"\r\n\r\nxyz\r\n--b--\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    job = client.post("/v1/videos", content=body, headers=headers).json()
    assert parts.longreel.jobs.get(job["id"]).payload["subtitles"] is None


def test_what_was_uploaded_and_is_no_video_of_the_library_goes_once_it_was_read(
    client: TestClient, parts: StandIn
) -> None:
    uploads = parts.longreel.settings.data / "uploads"
    for name in ("first.mp4", "again.mp4"):
        files = {"file": (name, b"the same"), "subtitles": ("a.srt", b"1\n")}
        assert finished(client, client.post("/v1/videos", files=files).headers["location"]).state == "finished"
    (video,) = parts.library.videos()
    wait_until(lambda: list(uploads.rglob("*")) == [Path(video.path).parent, Path(video.path)])
    assert Path(video.path).name == "first.mp4"


def part(name: str, value: bytes, file_name: str = "") -> bytes:
    place = f'; filename="{file_name}"' if file_name else ""
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{place}\r\n\r\n'.encode() + value + b"\r\n"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "incomplete"),
        (b"garbage", "damaged"),
        (part("file", b"x" * 100_000, "a.mp4"), "incomplete"),
        (part("title", b"no file") + b"--b--\r\n", "no file"),
        (part("file", b"x", "a.mp4") + part("other", b"x", "b.mp4") + b"--b--\r\n", "unexpected file"),
        (part("file", b"x", "a.mp4") + part("colour", b"red") + b"--b--\r\n", "colour"),
        (part("file", b"x", "a.mp4") + part("path", b"/etc/passwd") + b"--b--\r\n", "files themselves"),
        (part("file", b"x", "a.mp4") + part("language", b"../..") + b"--b--\r\n", "language"),
        (part("title", b"t" * 5000) + b"--b--\r\n", "title"),
    ],
)
def test_a_bad_form_is_refused_with_a_reason_and_leaves_no_file(
    client: TestClient, parts: StandIn, body: bytes, told: str
) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = client.post("/v1/videos", content=body, headers=headers)
    assert answer.status_code == 422
    assert told in answer.json()["detail"]
    assert parts.longreel.jobs.list() == []
    uploads = parts.longreel.settings.data / "uploads"
    assert list(uploads.rglob("*")) == []


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    parts = stand_in.make(tmp_path, max_upload_gb=1e-5)
    app = create_app(parts.longreel.settings, parts.longreel, page=False)
    client = TestClient(app, base_url="http://localhost")
    told = client.post("/v1/videos", files={"file": ("a.mp4", b"x" * 2_000_000)})
    assert told.status_code == 422 and "larger" in told.json()["detail"]
    streamed = part("file", b"x" * 50_000, "a.mp4") + b"--b--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = client.post("/v1/videos", content=iter([streamed]), headers=headers)
    assert answer.status_code == 422 and "larger" in answer.json()["detail"]
    assert [file for file in (tmp_path / "uploads").rglob("*") if file.is_file()] == []


def test_a_file_of_this_machine_can_be_registered(client: TestClient, tmp_path: Path) -> None:
    path = tmp_path / "mine.mp4"
    path.write_bytes(b"mine")
    answer = client.post("/v1/videos", json={"path": str(path), "title": "Mine"})
    assert answer.status_code == 202
    assert finished(client, answer.headers["location"]).state == "finished"
    assert client.get("/v1/videos").json()[0]["title"] == "Mine"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"path": "/no/such/file.mp4"}, "no file"),
        ({"path": "/tmp"}, "no file"),
        ({"url": "http://169.254.169.254/latest/meta-data"}, "private network"),
        ({"url": "https://example.org/a.mp4", "path": "/tmp/a.mp4"}, "or more than one"),
        ({"url": "file:///etc/passwd"}, "address"),
        ({}, "names no file"),
        ({"path": "/tmp/a", "colour": "red"}, "colour"),
        ([], "body"),
    ],
)
def test_a_bad_registration_is_refused_with_a_reason(client: TestClient, body: object, told: str) -> None:
    answer = client.post("/v1/videos", json=body)
    assert answer.status_code == 422
    assert told in answer.json()["detail"].lower() or told in answer.json()["detail"]
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_server_with_a_key_takes_no_paths(tmp_path: Path) -> None:
    parts = stand_in.make(tmp_path, api_key=SecretStr("secret"))
    path = tmp_path / "mine.mp4"
    path.write_bytes(b"mine")
    app = create_app(parts.longreel.settings, parts.longreel, page=False)
    client = TestClient(app, base_url="http://localhost", headers={"Authorization": "Bearer secret"})
    for name in (str(path), "/no/such/file"):
        answer = client.post("/v1/videos", json={"path": name})
        assert answer.status_code == 422 and "does not accept paths" in answer.json()["detail"]


def test_a_video_is_found_by_id_or_the_beginning_of_it_and_deleted_once(client: TestClient, parts: StandIn) -> None:
    video = parts.add()
    assert client.get(f"/v1/videos/{video.id[:10]}").json()["id"] == video.id
    assert client.delete(f"/v1/videos/{video.id}").status_code == 204
    gone = client.delete(f"/v1/videos/{video.id}")
    assert gone.status_code == 404 and gone.json()["code"] == "not_found"
    assert Path(video.path).exists()


def test_what_was_found_comes_in_time_order_with_filters(client: TestClient, parts: StandIn) -> None:
    base = f"/v1/videos/{parts.add().id}"
    assert [s["kind"] for s in client.get(f"{base}/segments?kind=speech").json()] == ["speech"] * 3
    window = client.get(f"{base}/segments?kind=speech&start_s=9&end_s=10").json()
    assert [s["start_s"] for s in window] == [8.0]
    late = client.get(f"{base}/segments?kind=speech&start_s=14").json()
    assert [s["start_s"] for s in late] == [15.0]
    assert client.get(f"{base}/segments?start_s=5&end_s=1").status_code == 422
    assert client.get(f"{base}/segments?start_s=nan").status_code == 422
    assert client.get(f"{base}/segments?kind=smell").status_code == 422
    assert client.get(f"{base}/chapters").json()[0]["title"] == "The harbour"
    assert client.get(f"{base}/summary").json()["summary"] == "A film about a bridge."


def test_the_transcript_comes_as_json_and_as_subtitles(client: TestClient, parts: StandIn) -> None:
    base = f"/v1/videos/{parts.add().id}/transcript"
    assert client.get(base).json()[1]["text"] == stand_in.SAID[1][2]
    srt = client.get(f"{base}?format=srt")
    assert srt.headers["content-type"].startswith("application/x-subrip")
    assert "00:00:08,000 --> 00:00:11,000" in srt.text
    vtt = client.get(f"{base}?format=vtt")
    assert vtt.text.startswith("WEBVTT") and vtt.headers["content-type"].startswith("text/vtt")
    assert client.get(f"{base}?format=doc").status_code == 422


def test_a_player_may_ask_for_parts_of_the_file(client: TestClient, parts: StandIn) -> None:
    media = f"/v1/videos/{parts.add(b'0123456789').id}/media"
    whole = client.get(media)
    assert whole.content == b"0123456789" and whole.headers["accept-ranges"] == "bytes"
    assert whole.headers["content-type"] == "video/webm"
    piece = client.get(media, headers={"Range": "bytes=2-4"})
    assert piece.status_code == 206 and piece.content == b"234"
    assert piece.headers["content-range"] == "bytes 2-4/10"
    assert client.get(media, headers={"Range": "bytes=50-"}).status_code == 416
    assert client.head(media).headers["content-length"] == "10"


def test_a_file_that_is_no_media_is_never_shown_as_a_page(client: TestClient, parts: StandIn, tmp_path: Path) -> None:
    path = tmp_path / "trick.html"
    path.write_bytes(b"<script>alert(1)</script>")
    video = parts.add(b"trick", "Trick", path)
    assert client.get(f"/v1/videos/{video.id}/media").headers["content-type"] == "application/octet-stream"


def test_a_file_that_was_moved_is_told(client: TestClient, parts: StandIn) -> None:
    video = parts.add()
    Path(video.path).unlink()
    answer = client.get(f"/v1/videos/{video.id}/media")
    assert answer.status_code == 404 and "gone" in answer.json()["detail"]


def test_the_nearest_picture_comes_as_webp(client: TestClient, parts: StandIn) -> None:
    base = f"/v1/videos/{parts.add().id}/thumbnail"
    first, second = client.get(f"{base}?t=1"), client.get(f"{base}?t=8")
    assert first.headers["content-type"] == "image/webp" and first.content[8:12] == b"WEBP"
    assert first.content != second.content
    assert client.get(f"{base}?t=-1").status_code == 422


def test_a_waveform_has_as_many_peaks_as_were_asked_for(client: TestClient, parts: StandIn) -> None:
    base = f"/v1/videos/{parts.add().id}/waveform"
    drawn = WaveformOut.model_validate(client.get(base, params={"points": 40}).json())
    assert drawn.step_s == pytest.approx(0.5) and len(drawn.peaks) == 40
    assert drawn.peaks[7] > 0.2 and drawn.peaks[8:10] == [0, 0]  # 4 s of a tone, 1 s of silence
    assert len(client.get(base).json()["peaks"]) == 200
    assert client.get(base, params={"points": 0}).status_code == 422


def test_a_video_without_sound_has_no_peaks(client: TestClient, parts: StandIn) -> None:
    video = parts.add()
    silent = replace(video, id=VideoId("c" * 64), media=replace(video.media, audio=()))
    parts.library.add_video(silent)
    assert client.get(f"/v1/videos/{silent.id}/waveform").json()["peaks"] == []
