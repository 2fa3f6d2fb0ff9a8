"""Descriptions of segments by a real server on this machine that behaves well or badly."""

from __future__ import annotations

import json
import threading
import time

import numpy as np
import pytest

from app.core.errors import Cancelled, MissingPart, WorkerFailed
from app.core.ports import Captioner, scene_describer
from app.core.settings import Settings
from app.core.types import Frame, TimeSpan
from app.core.types.scenes import Subject
from gpu_workers.language import openai_server
from gpu_workers.registry import Workers
from gpu_workers.vision import openai_captions
from gpu_workers.vision.openai_captions import OpenAICaptioner
from tests.served_models import describe, pictures_of, words_of
from tests.unit.gpu_workers.language.chat_server import Reply, chat_service, completion, message, refusal

SPAN = TimeSpan(10.0, 20.0)
COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}
KEY = "sk-very-secret"


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    monkeypatch.setattr(openai_server, "FIRST_WAIT_S", 0.02)


@pytest.fixture
def captioner():
    """Makes a captioner for an address."""
    made = []

    def make(url, **settings):
        chosen = Settings(vlm_url=url, vlm_model="tiny", vlm_key=KEY, **settings)
        made.append(OpenAICaptioner.from_settings(chosen, None))
        return made[-1]

    yield make
    for one in made:
        one.unload()


def frames(*names, every_s=1.5, size=(360, 640)):
    return [Frame(10.0 + every_s * at, np.full((*size, 3), COLOURS[name], np.uint8)) for at, name in enumerate(names)]


def scene(events=(), caption="A card.", subjects=()):
    given = [{"what": what, "first_frame": first, "last_frame": last} for what, first, last in events]
    named = [{"name": name, "description": description} for name, description in subjects]
    return completion(json.dumps({"caption": caption, "subjects": named, "events": given}))


def test_full_frames_go_to_the_server_with_their_numbers_and_come_back_as_times(captioner):
    shown = frames("red", "red", "green", "green", "green", "green", "blue", "blue")
    with chat_service(describe) as service:
        caption = captioner(service.url).describe(shown, SPAN)
        (sent,) = service.requests
        (asked,) = sent["messages"]
        assert service.headers[0]["authorization"] == f"Bearer {KEY}"
    assert [picture.image.shape for picture in pictures_of(asked)] == [(360, 640, 3)] * 8
    assert "Frame 3, at 0:13.0:" in words_of(asked)
    assert caption.text == "Cards are shown: red, green, blue."
    assert caption.subjects[0] == Subject("red card", "a card that is red")
    assert [(event.text, event.span) for event in caption.events] == [
        ("The red card turns green.", TimeSpan(11.5, 13.0)),
        ("The green card turns blue.", TimeSpan(17.5, 19.0)),
    ]
    assert {event.frame_s for event in caption.events} <= {frame.pts_s for frame in shown}


@pytest.mark.parametrize(
    ("first", "last", "span"),
    [
        (1, 3, TimeSpan(10.0, 13.0)),
        (3, 1, TimeSpan(10.0, 13.0)),
        (2, 2, TimeSpan(11.5, 13.0)),
        (4, 4, TimeSpan(14.5, 20.0)),
        (-5, 2, TimeSpan(10.0, 11.5)),
        (3, 10**12, TimeSpan(13.0, 14.5)),
        (0, 0, None),
        (5, 900, None),
    ],
)
def test_an_event_lies_within_the_frames_that_were_shown(captioner, first, last, span):
    with chat_service(lambda *_: scene([("It turns.", first, last)])) as service:
        caption = captioner(service.url).describe(frames("red", "red", "green", "blue"), SPAN)
    assert [event.span for event in caption.events] == ([span] if span else [])


def test_a_frame_that_stands_since_before_the_segment_begins_counts_from_its_start(captioner):
    standing = [Frame(4.0, np.zeros((9, 16, 3), np.uint8))]
    with chat_service(lambda *_: scene([("Nothing moves.", 1, 1)])) as service:
        caption = captioner(service.url).describe(standing, SPAN)
    assert caption.events[0].span == SPAN


def test_what_is_long_empty_or_repeated_is_tidied(captioner):
    subjects = [("red\n card", "x"), (" ", "nameless"), *((f"card {n}", "y" * 5000) for n in range(40))]
    reply = scene([(" ", 1, 1), *(("It turns.", 1, 1) for _ in range(40))], " A\n card. ", subjects)
    with chat_service(lambda *_: reply) as service:
        caption = captioner(service.url).describe(frames("red"), SPAN)
    assert caption.text == "A card."
    assert [one.name for one in caption.subjects[:2]] == ["red card", "card 0"]
    assert len(caption.subjects) == openai_captions.MOST_SUBJECTS
    assert len(caption.events) == openai_captions.MOST_EVENTS
    assert max(len(one.description) for one in caption.subjects) <= openai_captions.MOST_CHARACTERS


@pytest.mark.parametrize(
    "reply",
    [
        completion("I see a lovely card."),
        completion('{"caption": "A card."}'),
        completion('{"caption": "A card.", "subjects": null, "events": [{"what": "x", "first_frame": "soon"}]}'),
        completion("[]"),
        completion(""),
        message({"content": '{"caption": "A card and a card and a'}, ended="length"),
        message({"content": None, "refusal": "I cannot help with that."}),
        Reply(body=b"<html>hello</html>"),
        Reply(200, {"choices": []}),
        Reply(500, {"error": {"message": "out of memory"}}),
        Reply(hang_up=True),
    ],
)
def test_nonsense_is_one_clear_error(captioner, reply):
    with chat_service(lambda *_: reply) as service, pytest.raises(WorkerFailed) as caught:
        captioner(service.url).describe(frames("red"), SPAN)
    assert caught.value.message and KEY not in str(caught.value)


def test_a_server_that_takes_fewer_pictures_is_shown_fewer_from_then_on(captioner):
    def four_at_most(request, number):
        too_many = len(pictures_of(request["messages"][0])) > 4
        return refusal("At most 4 image(s) may be provided in one request.") if too_many else describe(request, number)

    with chat_service(four_at_most) as service:
        one = captioner(service.url)
        shown = frames(*["red"] * 4, *["blue"] * 4, every_s=1.0)
        assert [event.span for event in one.describe(shown, SPAN).events] == [TimeSpan(13.0, 15.0)]
        one.describe(shown, SPAN)
        assert [len(pictures_of(sent["messages"][0])) for sent in service.requests] == [8, 4, 4]


def test_a_model_that_takes_no_pictures_says_so(captioner):
    reply = refusal("this model does not support image input")
    with chat_service(lambda *_: reply) as service, pytest.raises(MissingPart, match="image input") as caught:
        captioner(service.url).describe(frames("red", "blue"), SPAN)
    assert "LONGREEL_VLM_URL" in caught.value.hint


def test_a_description_that_nobody_waits_for_is_given_up(captioner):
    with chat_service(lambda *_: Reply(delay_s=2.0, body={})) as service:
        stopped = threading.Event()
        threading.Timer(0.2, stopped.set).start()
        began = time.monotonic()
        with pytest.raises(Cancelled):
            captioner(service.url).describe(frames("red"), SPAN, stopped.is_set)
        assert time.monotonic() - began < 1.5


def test_subjects_that_are_the_same_are_grouped_over_several_requests(captioner, monkeypatch):
    monkeypatch.setattr(openai_captions, "GROUPED_AT_ONCE", 3)
    colours = ["red", "blue", "red", "green", "red", "blue", "black"]
    subjects = [Subject(f"card {number}", f"a card that is {colour}") for number, colour in enumerate(colours)]
    with chat_service(describe) as service:
        assert captioner(service.url).group(subjects) == [[0, 2, 4], [1, 5]]
        assert len(service.requests) == 3


def test_groups_of_numbers_that_were_not_given_are_no_groups(captioner):
    reply = completion('{"groups": [[1, 1, 9], [0, -3], [2, 3], [3, 4], []]}')
    subjects = [Subject(f"card {number}", "") for number in range(4)]
    with chat_service(lambda *_: reply) as service:
        assert captioner(service.url).group(subjects) == [[1, 2]]


def test_the_version_is_known_without_the_server_and_names_model_and_prompt():
    settings = Settings(profile="remote", llm_url="http://127.0.0.1:9/v1", llm_model="tiny")
    captioner = Workers(settings).get("captioner")
    assert isinstance(captioner, Captioner)
    assert scene_describer(captioner) is captioner
    assert captioner.model == "tiny/scenes-1"
    unnamed = Workers(Settings(profile="remote", llm_url="http://me:secret@127.0.0.1:9/v1")).get("captioner")
    assert unnamed.model == "http://127.0.0.1:9/v1/scenes-1"
    with pytest.raises(MissingPart, match="LONGREEL_LLM_URL"):
        Workers(Settings(profile="remote")).get("captioner")
