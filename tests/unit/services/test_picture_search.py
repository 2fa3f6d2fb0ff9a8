"""Where a picture is shown, in real files."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.core.errors import BadInput, NotFound
from app.core.types import Answer, AnswerStatus, FrameFeatures, Video, from_json
from app.db.database import MemoryDatabase
from app.db.library import SqlLibrary
from app.services.picture_search import PictureSearch, picture_in
from gpu_workers.media.video_frames import VideoFrames
from gpu_workers.vision.fakes import FakeFrameEmbedder
from tests.unit.api.stand_in import a_video
from tests.unit.api.tiny_video import write_webm

Locate = Callable[[Image.Image], Answer]


def address(picture: Image.Image, form: str = "JPEG") -> str:
    buffer = io.BytesIO()
    picture.save(buffer, form, **({"quality": 60} if form == "JPEG" else {}))
    return f"data:image/{form.lower()};base64,{base64.b64encode(buffer.getvalue()).decode()}"


def png_that_claims(width: int, height: int) -> str:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return f"data:image/png;base64,{base64.b64encode(data + struct.pack('>I', 9) + b'IDAT' + bytes(40)).decode()}"


def sampled(video: Video) -> list[FrameFeatures]:
    if video.title == "Unknown":
        raise NotFound("It was ingested with other settings.")
    frames = VideoFrames().sample(Path(video.path), span=video.media.whole, every_s=1.0, max_side=64)
    return FakeFrameEmbedder().embed(list(frames))


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_webm(tmp_path_factory.mktemp("film") / "film.webm")


@pytest.fixture
def library(film: Path) -> SqlLibrary:
    library = SqlLibrary(MemoryDatabase())
    video = a_video(b"film", "Film", film)
    library.add_video(video)
    library.set_ready(video.id, "en")
    return library


@pytest.fixture
def locate(library: SqlLibrary, film: Path) -> Locate:
    search = PictureSearch(library, sampled, lambda _: film, VideoFrames, FakeFrameEmbedder)

    def find(picture: Image.Image) -> Answer:
        (event,) = search.locate("Where is it?", picture_in(address(picture)))
        assert library.answer(event.id).question == "Where is it?"
        return from_json(Answer, event.answer)

    return find


@pytest.mark.parametrize("time_s", [3.0, 7.4, 16.2])
def test_a_picture_that_was_cut_shrunk_and_compressed_is_found_where_only_a_bar_moves(
    locate: Locate, film: Path, time_s: float
) -> None:
    frame = Image.fromarray(next(VideoFrames().at(film, [time_s], max_side=320)).image)
    answer = locate(frame.crop((12, 8, 310, 172)).resize((200, 110)))
    assert answer.status is AnswerStatus.ANSWERED and "in Film" in answer.text
    span = answer.citations[0].span
    assert span.start_s - 1 <= time_s <= span.end_s + 1


def test_a_picture_from_elsewhere_is_not_found(locate: Locate) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (90, 160, 3), dtype=np.uint8)
    answer = locate(Image.fromarray(noise))
    assert (answer.status, answer.citations) == (AnswerStatus.INSUFFICIENT, ())
    assert answer.searched == ("The sampled frames of 1 videos",)


def test_a_video_whose_frames_are_not_stored_is_named(library: SqlLibrary, locate: Locate, film: Path) -> None:
    other = a_video(b"other", "Unknown", film)
    library.add_video(other)
    library.set_ready(other.id, "en")
    answer = locate(Image.new("RGB", (64, 64), "white"))
    assert answer.missing == ("The frames of Unknown are not stored: ingest it again.",)


def test_an_empty_library_is_an_error() -> None:
    search = PictureSearch(SqlLibrary(MemoryDatabase()), sampled, Path, VideoFrames, FakeFrameEmbedder)
    with pytest.raises(NotFound, match="no video"):
        list(search.locate("", np.zeros((64, 64, 3), np.uint8)))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP"])
def test_pictures_of_the_usual_formats_are_read_upright_and_in_colour(form: str) -> None:
    assert picture_in(address(Image.new("RGB", (64, 48), "red"), form)).shape == (48, 64, 3)


def test_a_large_picture_is_shrunk_before_it_waits() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    for form in ("JPEG", "PNG"):
        buffer = io.BytesIO()
        Image.new("RGB", (4096, 2048)).save(buffer, form, exif=exif)
        given = f"data:image/{form.lower()};base64,{base64.b64encode(buffer.getvalue()).decode()}"
        assert picture_in(given).shape == (1024, 512, 3)


def test_a_picture_that_a_phone_has_turned_is_turned_back() -> None:
    exif, buffer = Image.Exif(), io.BytesIO()
    exif[0x0112] = 6
    Image.new("RGB", (64, 48)).save(buffer, "JPEG", exif=exif)
    assert picture_in(f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}").shape == (64, 48, 3)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("http://127.0.0.1/a.jpg", "not fetched from an address"),
        ("file:///etc/passwd", "not fetched from an address"),
        ("data:text/html;base64,AAAA", "not fetched from an address"),
        ("data:image/png,AAAA", "not fetched from an address"),
        ("data:image/png;base64,no base64!", "cannot be read"),
        ("data:image/png;base64,AAAA", "cannot be read"),
        ("data:image/svg+xml;base64,PHN2Zy8+", "cannot be read"),
        ("data:image/png;base64," + "A" * 13_400_000, "larger than 10 MB"),
        (address(Image.new("RGB", (8, 500))), "8 x 500 pixels"),
        (png_that_claims(10_000, 10_000), "10000 x 10000 pixels"),
        (png_that_claims(60_000, 60_000), "so many pixels"),
        (address(Image.new("RGB", (64, 64)), "PNG")[:120], "cannot be read"),
    ],
)
def test_what_is_no_picture_is_refused_in_words(given: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        picture_in(given)
