"""Resumable uploads by the tus protocol, as its clients speak it."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.main import create_app
from tests.unit.api.stand_in import StandIn, make, wait_until

TUS = {"Tus-Resumable": "1.0.0"}
PIECE = {**TUS, "Content-Type": "application/offset+octet-stream"}


def metadata(**values: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())


def begin(client: TestClient, length: int = 6, told: str = "") -> str:
    headers = {**TUS, "Upload-Length": str(length), **({"Upload-Metadata": told} if told else {})}
    answer = client.post("/v1/uploads", headers=headers)
    assert answer.status_code == 201 and answer.headers["tus-resumable"] == "1.0.0"
    return answer.headers["location"]


def test_a_file_is_sent_in_pieces_and_read(client: TestClient, parts: StandIn) -> None:
    told = metadata(filename="Erste Vorlesung.mp4", language="de", collection="Lectures", filetype="video/mp4")
    place = begin(client, told=told)
    first = client.patch(place, headers={**PIECE, "Upload-Offset": "0"}, content=b"abcd")
    assert (first.status_code, first.headers["upload-offset"]) == (204, "4")
    assert first.headers["upload-expires"].endswith("GMT")
    head = client.head(place, headers=TUS)
    assert (head.headers["upload-offset"], head.headers["upload-length"]) == ("4", "6")
    assert (head.headers["upload-metadata"], head.headers["cache-control"]) == (told, "no-store")
    last = client.patch(place, headers={**PIECE, "Upload-Offset": "4"}, content=b"ef")
    job = last.headers["longreel-job"]
    wait_until(lambda: client.get(f"/v1/jobs/{job}").json()["state"] == "finished")
    (video,) = client.get("/v1/videos").json()
    assert (video["title"], video["tags"]) == ("Erste Vorlesung", ["Lectures"])
    assert parts.longreel.jobs.get(job).payload["language"] == "de"
    told_now = client.get(place).json()
    assert (told_now["offset"], told_now["job_id"], told_now["expires_at"]) == (6, job, None)
    assert client.head(place, headers=TUS).headers["longreel-job"] == job
    assert client.delete(f"/v1/videos/{video['id']}?now=true").status_code == 204
    assert client.head(place, headers=TUS).status_code == 404


def test_the_name_of_a_file_is_only_a_title_where_nobody_gives_one(client: TestClient, parts: StandIn) -> None:
    for sent in (metadata(filename="C:\\films\\Is it?.mp4"), metadata(filename="Is it?.mp4", title="Talk")):
        client.patch(begin(client, told=sent), headers={**PIECE, "Upload-Offset": "0"}, content=b"abcdef")
    given = {(job.payload["title"], job.payload["name"]) for job in parts.longreel.jobs.list()}
    assert given == {(None, "Is it?"), ("Talk", "Is it?")}


def test_the_protocol_is_told(client: TestClient) -> None:
    told = client.options("/v1/uploads")
    assert told.status_code == 204
    assert (told.headers["tus-version"], told.headers["tus-max-size"]) == ("1.0.0", "20000000000")
    assert {"creation", "expiration", "termination"} == set(told.headers["tus-extension"].split(","))


def test_a_piece_at_the_wrong_place_is_refused(client: TestClient) -> None:
    place = begin(client)
    refused = client.patch(place, headers={**PIECE, "Upload-Offset": "2"}, content=b"cdef")
    assert refused.status_code == 409
    assert refused.headers["tus-resumable"] == "1.0.0"
    assert refused.headers["content-type"] == "application/problem+json"
    assert client.head(place, headers=TUS).headers["upload-offset"] == "0"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upload-Length": "6"}, 412),
        ({**TUS, "Tus-Resumable": "0.2.2", "Upload-Length": "6"}, 412),
        (TUS, 400),
        ({**TUS, "Upload-Length": "-1"}, 400),
        ({**TUS, "Upload-Length": "six"}, 400),
        ({**TUS, "Upload-Defer-Length": "1"}, 400),
        ({**TUS, "Upload-Length": "0"}, 422),
        ({**TUS, "Upload-Length": "20000000001"}, 413),
        ({**TUS, "Upload-Length": "6", "Upload-Metadata": "filename §"}, 400),
        ({**TUS, "Upload-Length": "6", "Upload-Metadata": metadata(language="German")}, 422),
        ({**TUS, "Upload-Length": "6", "Upload-Metadata": metadata(collection="a/b")}, 422),
    ],
)
def test_an_announcement_that_cannot_be_kept_is_refused(
    client: TestClient, headers: dict[str, str], status: int
) -> None:
    answer = client.post("/v1/uploads", headers={name: value.encode() for name, value in headers.items()})  # type: ignore[arg-type]
    assert answer.status_code == status
    assert answer.headers["tus-resumable"] == "1.0.0"
    if status == 412:
        assert answer.headers["tus-version"] == "1.0.0"


def test_a_piece_needs_its_type_and_its_offset(client: TestClient) -> None:
    place = begin(client)
    assert client.patch(place, headers={**TUS, "Upload-Offset": "0"}, content=b"abc").status_code == 415
    assert client.patch(place, headers=PIECE, content=b"abc").status_code == 400
    assert client.patch("/v1/uploads/nope", headers={**PIECE, "Upload-Offset": "0"}, content=b"a").status_code == 404


def test_while_one_request_writes_another_is_told_to_wait(client: TestClient, parts: StandIn) -> None:
    place = begin(client)
    with parts.longreel.uploads.writing(place.rpartition("/")[2]):
        refused = client.patch(place, headers={**PIECE, "Upload-Offset": "0"}, content=b"abc")
    assert refused.status_code == 503
    assert client.patch(place, headers={**PIECE, "Upload-Offset": "0"}, content=b"abc").status_code == 204


def test_an_upload_is_given_up(client: TestClient) -> None:
    place = begin(client)
    assert client.delete(place, headers=TUS).status_code == 204
    assert client.head(place, headers=TUS).status_code == 404


def test_senders_that_know_only_post_are_understood(client: TestClient) -> None:
    place = begin(client)
    piece = {**PIECE, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert client.post(place, headers=piece, content=b"abc").headers["upload-offset"] == "3"
    assert client.post(place, headers=PIECE, content=b"abc").status_code == 405
    assert client.post(place, headers={**TUS, "X-HTTP-Method-Override": "DELETE"}).status_code == 204


def test_another_server_over_the_same_files_goes_on(client: TestClient, parts: StandIn, tmp_path: Path) -> None:
    place = begin(client)
    client.patch(place, headers={**PIECE, "Upload-Offset": "0"}, content=b"abc")
    restarted = make(tmp_path).longreel
    with TestClient(create_app(restarted.settings, restarted, page=False), base_url="http://localhost") as other:
        assert other.head(place, headers=TUS).headers["upload-offset"] == "3"
        last = other.patch(place, headers={**PIECE, "Upload-Offset": "3"}, content=b"def")
        assert restarted.jobs.get(last.headers["longreel-job"]).kind == "ingest"
