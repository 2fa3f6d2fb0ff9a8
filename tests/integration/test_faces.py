"""From files with faces to persons with names, and to nothing when they are deleted."""

from __future__ import annotations

import json
from pathlib import Path

import av
import numpy as np
import pytest
from typer.testing import CliRunner

from app.bootstrap import Services, build
from app.cli import app
from app.core.errors import MissingPart
from app.core.requests import IngestRequest
from app.core.settings import load_settings
from app.core.types import VideoId
from app.db.database import Database, sqlite_url
from tests import tiny_faces
from tests.integration.offline_fakes import environment

ADA, BO = (0, 255, 0), (0, 0, 255)


def film(path: Path, people: list[tuple[tuple[int, int, int], int, int]], seconds: int = 70) -> Path:
    """Each of some people is seen from one second to another, in a place of their own."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=2, options={"crf": "4", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv444p"
        for number in range(2 * seconds):
            image = np.full((240, 320, 3), 20 + number % 40, np.uint8)
            for place, (chin, start, end) in enumerate(people):
                if start <= number / 2 < end:
                    tiny_faces.draw(image, 36 + 96 * place, 60, chin)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
        container.mux(stream.encode(None))
    return path


@pytest.fixture
def variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    files = {
        "LONGREEL_INGEST__FACES": "true",
        "LONGREEL_WEIGHTS__FACE_DETECTOR": str(tiny_faces.detector(tmp_path / "detector.onnx")),
        "LONGREEL_WEIGHTS__FACE_EMBEDDER": str(tiny_faces.embedder(tmp_path / "embedder.onnx")),
    }
    for name, value in {**environment(tmp_path), **files}.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def times(longreel: Services, video: VideoId) -> list[tuple[str, list[tuple[float, float]]]]:
    return [
        (one.title, [(round(span.start_s), round(span.end_s)) for span in one.spans])
        for one in longreel.people.of(video)
    ]


def test_people_are_distinguished_over_all_chunks_and_recognised_in_another_video(
    variables: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    longreel = build(load_settings())
    people = [(ADA, 5, 45), (BO, 20, 30), (ADA, 50, 65)]
    video = longreel.ingest.run(IngestRequest(film(tmp_path / "film.mp4", people))).id
    assert times(longreel, video) == [("Person 1", [(5, 45), (50, 65)]), ("Person 2", [(20, 30)])]
    assert longreel.ingest.run(IngestRequest(tmp_path / "film.mp4")).id == video
    longreel.people.rename(video, "Person 2", "Bo")
    other = longreel.ingest.run(IngestRequest(film(tmp_path / "other.mp4", [(BO, 3, 12)], 20))).id
    assert [(one.title, one.recognised) for one in longreel.people.of(other)] == [("Bo", True)]
    database = Database(sqlite_url(longreel.settings.data / "longreel.sqlite"))
    with database.reading() as connection:
        kept = connection.exec_driver_sql("SELECT unit FROM stage_units WHERE stage = 'faces'").all()
    assert kept == []
    longreel.people.forget(video, "Bo", everywhere=True)
    assert longreel.people.of(other) == [] and [one.title for one in longreel.people.of(video)] == ["Person 1"]
    longreel.ingest.run(IngestRequest(tmp_path / "film.mp4"))
    assert [one.title for one in longreel.people.of(video)] == ["Person 1"]


def test_persons_are_shown_named_and_deleted_in_the_terminal(variables: pytest.MonkeyPatch, tmp_path: Path) -> None:
    build(load_settings()).ingest.run(IngestRequest(film(tmp_path / "film.mp4", [(ADA, 2, 9)], 12)))
    run = CliRunner().invoke
    told = json.loads(run(app, ["faces", "film", "--json"]).stdout)
    assert [(one["label"], round(one["seen"][0]["start_s"])) for one in told] == [("Person 1", 2)]
    assert "Ada" in run(app, ["faces", "rename", "film", "Person 1", "Ada"]).stdout
    assert "0:02" in run(app, ["faces", "film"]).stdout
    assert "No faces are known" in run(app, ["faces", "delete", "film", "Ada"]).stdout


def test_without_a_file_nothing_is_begun(variables: pytest.MonkeyPatch, tmp_path: Path) -> None:
    variables.delenv("LONGREEL_WEIGHTS__FACE_EMBEDDER")
    longreel = build(load_settings())
    with pytest.raises(MissingPart, match="face_recognition_sface"):
        longreel.ingest.run(IngestRequest(film(tmp_path / "film.mp4", [], 4)))


def test_nobody_is_looked_for_unless_it_is_asked_for(variables: pytest.MonkeyPatch, tmp_path: Path) -> None:
    variables.delenv("LONGREEL_INGEST__FACES")
    longreel = build(load_settings())
    video = longreel.ingest.run(IngestRequest(film(tmp_path / "film.mp4", [(ADA, 0, 4)], 4)))
    assert longreel.people.of(video.id) == []
