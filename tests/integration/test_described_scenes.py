"""Reading a video whose segments a model behind a server describes: a real file, real stores, a real server."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from app.bootstrap import Services, build
from app.core.events import Event, StageFinished, Warned
from app.core.requests import IngestRequest
from app.core.settings import load_settings
from app.core.types import SegmentKind, TimeSpan, Video
from app.core.types.entities import EntityKind
from gpu_workers.language import openai_server
from gpu_workers.media.video_frames import VideoFrames
from tests.integration.killed import ingest_until_killed
from tests.integration.offline_fakes import environment
from tests.integration.terminal import fork
from tests.served_models import colour_of, describe, pictures_of
from tests.unit.gpu_workers.language.chat_server import ChatService, Reply, chat_service, completion

COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}
CARDS = ["red"] * 15 + ["green"] * 6 + ["blue"] * 9 + ["red"] * 15
"""One for each second. Green and blue are too short to be segments of their own."""
TURNS_BLUE_S = 21.0
FPS = 4
SIZE = (360, 640)
Answer = Callable[[dict[str, Any], int], Reply]


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Coloured cards over which a grey mark moves; nothing is heard."""
    path = tmp_path_factory.mktemp("cards") / "cards.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=FPS, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = SIZE[1], SIZE[0], "yuv420p"
        for number in range(FPS * len(CARDS)):
            image = np.full((*SIZE, 3), COLOURS[CARDS[number // FPS]], np.uint8)
            left = number * 37 % (SIZE[1] - 80)
            image[100:180, left : left + 80] = 128
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts = number
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path


@dataclass
class Served:
    """A library of the test's own, and the server that describes its videos, which answers as `answer` says."""

    longreel: Services
    service: ChatService
    answer: Answer


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setattr(openai_server, "FIRST_WAIT_S", 0.02)
    with chat_service(lambda request, number: found.answer(request, number)) as service:
        chosen = {
            "LONGREEL_MODELS__CAPTIONER": "openai",
            "LONGREEL_VLM_URL": service.url,
            "LONGREEL_VLM_MODEL": "tiny",
            "LONGREEL_SERVER_REQUESTS": "2",
            "LONGREEL_INGEST__SEGMENT_MAX_S": "20",
        }
        for name, value in (environment(tmp_path) | chosen).items():
            monkeypatch.setenv(name, value)
        found = Served(build(load_settings()), service, describe)
        yield found


def scenes(service: ChatService) -> list[Mapping[str, Any]]:
    """The requests for descriptions, without those for groups of subjects and for better replies."""
    return [sent for sent in service.requests if pictures_of(sent["messages"][-1])]


def spans(longreel: Services, video: Video, kind: SegmentKind) -> list[TimeSpan]:
    return [one.span for one in longreel.library.segments(video.id, [kind])]


def test_a_server_sees_full_frames_and_what_it_says_is_found_with_its_times(
    served: Served, cards: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    longreel, service = served.longreel, served.service
    monkeypatch.delattr(VideoFrames, "at")  # every picture was decoded in the one pass over the file
    video = longreel.ingest.run(IngestRequest(cards))
    shown = [[picture.image.shape for picture in pictures_of(sent["messages"][-1])] for sent in scenes(service)]
    assert shown == [[(*SIZE, 3)] * 8] * len(spans(longreel, video, SegmentKind.CAPTION))
    (hit,) = longreel.moments.search("when does the green card turn blue?", kinds=[SegmentKind.EVENT], limit=3)
    assert hit.segment.text == "The green card turns blue."
    assert hit.segment.span.start_s < TURNS_BLUE_S <= hit.segment.span.end_s
    assert hit.segment.span.duration_s < 4
    assert not list(longreel.settings.data.glob("media/*/full/*"))


def test_the_subjects_of_all_segments_are_one_list_with_the_times_at_which_they_are_seen(
    served: Served, cards: Path
) -> None:
    number = count()

    def named_anew(request: dict[str, Any], at: int) -> Reply:
        """The same card has another name in each segment."""
        reply = describe(request, at)
        text = reply.body["choices"][0]["message"]["content"]
        return completion(text.replace(' card", "desc', f' card {next(number)}", "desc'))

    served.answer = named_anew
    entities = served.longreel.entities
    video = served.longreel.ingest.run(IngestRequest(cards))
    found = {}
    for one in entities.find(kinds=[EntityKind.THING]):
        _, mentions = entities.entity(one.id)
        found[mentions[0].quote] = [mention.span for mention in mentions]
    assert set(found) == {f"a card that is {colour}" for colour in COLOURS}
    first, last = found["a card that is red"]
    assert first.start_s == 0
    assert last.end_s == pytest.approx(video.duration_s, abs=0.5)
    assert first.end_s < last.start_s


def test_a_segment_on_which_the_server_talks_nonsense_has_no_caption_until_it_does_better(
    served: Served, cards: Path
) -> None:
    def fails_on_blue(request: dict[str, Any], at: int) -> Reply:
        pictures = [picture for message in request["messages"] for picture in pictures_of(message)]
        return completion("What a day!") if any(colour_of(one) == "blue" for one in pictures) else describe(request, at)

    longreel, service, served.answer = served.longreel, served.service, fails_on_blue
    events: list[Event] = []
    video = longreel.ingest.run(IngestRequest(cards), report=events.append)
    captioned = spans(longreel, video, SegmentKind.CAPTION)
    assert video.ready
    assert 0 < len(captioned) < len(scenes(service))
    (warning,) = [one.message for one in events if isinstance(one, Warned)]
    assert "have no caption" in warning
    assert "does not write JSON that fits" in warning

    asked, served.answer = len(scenes(service)), describe
    again: list[Event] = []
    video = longreel.ingest.run(IngestRequest(cards), report=again.append)
    added = len(spans(longreel, video, SegmentKind.CAPTION)) - len(captioned)
    assert len(scenes(service)) - asked == added > 0
    assert not [one for one in again if isinstance(one, Warned)]
    longreel.ingest.run(IngestRequest(cards), report=again.append)
    assert all(one.reused for one in again[-5:] if isinstance(one, StageFinished))


def test_without_its_server_a_video_is_read_all_the_same(served: Served, cards: Path) -> None:
    longreel, served.answer = served.longreel, lambda *_: Reply(503, {"error": {"message": "loading"}})
    events: list[Event] = []
    video = longreel.ingest.run(IngestRequest(cards), report=events.append)
    assert video.ready
    assert not spans(longreel, video, SegmentKind.CAPTION)
    assert spans(longreel, video, SegmentKind.VISUAL)
    assert any(isinstance(one, Warned) and "may still be loading its model" in one.message for one in events)


def test_a_killed_ingest_asks_only_for_what_it_had_not_stored(served: Served, cards: Path) -> None:
    longreel, service = served.longreel, served.service
    process = fork(ingest_until_killed, cards, "caption", "stage_progress")
    process.join()
    assert process.exitcode == -signal.SIGKILL
    video = longreel.ingest.run(IngestRequest(cards))
    captioned = len(spans(longreel, video, SegmentKind.CAPTION))
    assert captioned > 2
    assert captioned <= len(scenes(service)) <= captioned + 2
