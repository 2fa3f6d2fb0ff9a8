"""Any name that a person gives comes back from REST, the exports and the page as it was given."""

from __future__ import annotations

import json

import pytest
from fastapi.testclient import TestClient

from app.services.exports import FORMATS, file_stem
from app.services.library import safe_name
from tests.unit.api.stand_in import StandIn
from ui.render.markup import note

NAMES = [
    "Council session, 3 May (part 1/2)",
    "C:\\films\\a.b: what? *all* <b>bold</b> & \"quotes\" 'single' | pipe",
    "橋の費用は九十二万円です",
    "Привет, мир — «мост»",
    "הגשר נפתח",
    "हिन्दी में बात",
    "می\u200cخواهم",
    "👩\u200d🚀 in space",
    "e\u0301te\u0301",
    "../../etc/passwd",
    "%s {0} ${HOME} `x` {{7*7}}",
    "-rf",
    "=1+1",
    "a" * 300,
]
WRITTEN = [
    name
    for name, format in FORMATS.items()
    if format.media_type.startswith(("text/", "application/json")) and not format.shows_slides
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_comes_back_from_every_door(client: TestClient, parts: StandIn, name: str) -> None:
    video = parts.add()
    renamed = client.patch(f"/v1/videos/{video.id}", json={"title": name})
    assert renamed.json()["title"] == name
    assert client.get(f"/v1/videos/{video.id}").json()["title"] == name
    assert [one["title"] for one in client.get("/v1/videos", params={"q": name}).json()] == [name]
    for format in WRITTEN:
        assert client.get(f"/v1/videos/{video.id}/export", params={"format": format}).status_code == 200
    exported = json.dumps(client.get(f"/v1/videos/{video.id}/export", params={"format": "json"}).json())
    assert json.dumps(name)[1:-1] in exported
    assert "<b>" not in note(name) and "{" not in note(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_makes_a_file_name_that_stays_in_its_folder(name: str) -> None:
    for made in (file_stem(name), safe_name(f"{name}.mp4")):
        assert made and not set(made) & set('/\\:*?"<>|\0') and made not in (".", "..") and len(made.encode()) <= 255


@pytest.mark.parametrize(
    ("name", "title"), [('say "hello".webm', 'say "hello"'), ("two\nlines.webm", "two lines"), ("   .webm", "video")]
)
def test_the_file_name_in_a_form_is_the_title(client: TestClient, name: str, title: str) -> None:
    response = client.post("/v1/videos", files={"file": (name, b"film", "video/webm")})
    assert response.status_code == 202 and response.json()["title"] == title


@pytest.mark.parametrize(
    ("name", "safe"), [("   .mp4", "video.mp4"), ("....mp4", "video.mp4"), (". .mp4", "video.mp4")]
)
def test_a_file_without_a_visible_name_is_called_video(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@pytest.mark.parametrize(
    ("title", "stem"),
    [
        ("CON", "_CON"),
        ("nul.tar", "_nul.tar"),
        ("Lpt1", "_Lpt1"),
        ("Connect", "Connect"),
        ("--help", "help"),
        ("- . -", "video"),
        ("...", "video"),
        ("a. . .", "a"),
        ("x" * 119 + ". y", "x" * 119),
    ],
)
def test_a_file_name_is_no_device_no_option_and_ends_in_no_dot(title: str, stem: str) -> None:
    assert file_stem(title) == stem


@pytest.mark.parametrize("name", ["हिन्दी में बात", "می\u200cخواهم", "e\u0301te\u0301"])
def test_marks_and_joiners_stay_in_a_file_name(name: str) -> None:
    assert file_stem(name) == name and safe_name(f"{name}.mp4") == f"{name}.mp4"


@pytest.mark.parametrize(
    "given", ["Council\nsession", "Council\u2028session", "Council \u202esession\u202c", "\tCouncil\x00session "]
)
def test_line_breaks_and_directions_never_reach_a_title(client: TestClient, parts: StandIn, given: str) -> None:
    video = parts.add()
    assert client.patch(f"/v1/videos/{video.id}", json={"title": given}).json()["title"] == "Council session"
