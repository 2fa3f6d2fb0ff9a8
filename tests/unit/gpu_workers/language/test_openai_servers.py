"""What a server can do, how it is set up, and the pictures that it gets."""

from __future__ import annotations

import base64
import io
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image
from pydantic import SecretStr

from app.core.errors import Cancelled, MissingPart, StillLoading, ToolRefused, WorkerFailed
from app.core.settings import Settings
from app.core.types import Capabilities, Frame, Message
from gpu_workers.language import openai_server
from gpu_workers.language.openai import OpenAICompatibleModel, OpenAICompatibleVisionModel
from gpu_workers.language.openai_talk import Known
from gpu_workers.registry import Workers
from tests.unit.gpu_workers.language.asking_server import ASK, KEY, RED, Asked, answered, away
from tests.unit.gpu_workers.language.chat_server import Reply, chat_service, completion, message, refusal


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    monkeypatch.setattr(openai_server, "FIRST_WAIT_S", 0.02)


def whole_server(request, earlier):
    """A server that sees, calls, keeps to schemas and tells probabilities."""
    if request.get("logprobs"):
        likely = [{"token": "Yes", "logprob": -0.1}, {"token": " no", "logprob": -2.3}]
        choice = {
            "message": {"content": "Yes"},
            "logprobs": {"content": [{"top_logprobs": likely}]},
            "finish_reason": "length",
        }
        return Reply(body={"choices": [choice]})
    if request.get("tools"):
        function = {"name": "ready", "arguments": '{"word": "yes"}'}
        return message({"content": None, "tool_calls": [{"id": "a", "function": function}]}, "tool_calls")
    if "response_format" in request:
        return completion('{"word": "yes"}')
    return completion("Yellow.")


def test_frames_are_judged_by_the_probability_of_the_first_token_several_at_a_time():
    def judge(request, earlier):
        content = request["messages"][-1]["content"]
        if not request.get("logprobs") or isinstance(content, str):
            return whole_server(request, earlier)
        image, question = content
        assert question["text"] == "A cup? A. yes B. no"
        red = np.asarray(Image.open(io.BytesIO(base64.b64decode(image["image_url"]["url"].partition(",")[2]))))[..., 0]
        likely = [{"token": "A", "logprob": float(np.log(max(red.mean(), 1) / 255))}, {"token": "B", "logprob": -0.7}]
        choice = {"message": {"content": "B"}, "logprobs": {"content": [{"top_logprobs": likely}]}}
        return Reply(body={"choices": [choice]})

    frames = [Frame(float(t), np.full((16, 16, 3), 40 * t, np.uint8)) for t in range(6)]
    with chat_service(judge) as service:
        model = OpenAICompatibleVisionModel.from_settings(Settings(vlm_url=service.url, vlm_model="tiny"), None)
        sure = model.first_token_probability(frames, "A cup? A. yes B. no", "A")
        model.unload()
    assert np.allclose(sure, [1 / 255, *(40 * t / 255 for t in range(1, 6))], atol=0.01)


def poor_server(request, earlier):
    """A server that only writes."""
    if isinstance(request["messages"][-1]["content"], list):
        return refusal("image input is not supported", 500)
    for name in ("tools", "response_format", "logprobs"):
        if name in request:
            return refusal(f"{name} is not supported")
    return completion("Hello.")


def deaf_server(request, earlier):
    """A server that drops what it does not know."""
    return completion("Hello.")


@pytest.mark.parametrize(("server", "able"), [(whole_server, True), (poor_server, False), (deaf_server, False)])
def test_capabilities_are_found_out_by_tiny_requests(server, able):
    with chat_service(server) as service, Asked(service.url, Known()) as asked:
        service.listed = Reply(body={"data": [{"id": "tiny", "max_model_len": 4711}]})
        with ThreadPoolExecutor(3) as pool:
            first, *others = pool.map(lambda _: asked.model.capabilities, range(3))
        assert others == [first, first]
        assert first == Capabilities(images=able, tools=able, schema=able, weighs=able, context=4711)
        count = len(service.requests)
        assert asked.model.capabilities == first and len(service.requests) == count


def test_settings_come_before_what_a_server_does():
    with chat_service(whole_server) as service, Asked(service.url, Known(False, False, 5000)) as asked:
        known = asked.model.capabilities
    assert (known.images, known.tools, known.context) == (False, False, 5000)
    assert not any("tools" in request for request in service.requests)


@pytest.mark.parametrize(("entry", "context"), [
    ({"context_length": 1000}, 1000), ({"context_window": 2000}, 2000), ({"meta": {"n_ctx_train": 3000}}, 3000),
    ({}, 32768),
])  # fmt: skip
def test_the_context_is_what_the_server_says(entry, context):
    with chat_service(deaf_server) as service, Asked(service.url, Known(True, True)) as asked:
        service.listed = Reply(body={"data": [{"id": "tiny"} | entry, {"id": "other", "context_length": 1}]})
        assert asked.model.capabilities.context == context


@pytest.mark.parametrize("name", ["tiny", "tiny:latest"])
def test_the_context_of_a_model_that_ollama_has_loaded_is_what_it_was_started_with(name):
    with chat_service(deaf_server) as service, Asked(service.url, Known(True, True)) as asked:
        service.listed = Reply(
            body={"object": "list", "data": [{"id": name, "object": "model", "owned_by": "library"}]}
        )
        running = [{"name": "other:1b", "context_length": 32768}, {"name": name, "model": name, "context_length": 4096}]
        service.pages["/api/ps"] = Reply(body={"models": running})
        assert asked.model.capabilities.context == 4096


def test_capabilities_of_a_server_that_is_away_are_asked_for_again():
    state = {"away": True}
    with (
        chat_service(lambda *given: Reply(503) if state["away"] else whole_server(*given)) as service,
        Asked(service.url, Known()) as asked,
    ):
        with pytest.raises(WorkerFailed, match="503"):
            _ = asked.model.capabilities
        state["away"] = False
        assert asked.model.capabilities.tools


def test_labels_are_weighed_by_their_first_tokens():
    with chat_service(whole_server) as service, Asked(service.url) as asked:
        shares, size = asked.model.weigh(ASK, ["yes", "no"])
    assert shares["yes"] == pytest.approx(0.9, abs=0.01) and sum(shares.values()) == pytest.approx(1)
    assert size.text == "Yes"


def test_a_server_without_probabilities_weighs_nothing():
    with (
        chat_service(deaf_server) as service,
        Asked(service.url) as asked,
        pytest.raises(ToolRefused, match="not give probabilities"),
    ):
        asked.model.weigh(ASK, ["yes", "no"])


def test_pictures_are_never_sent_to_a_model_without():
    with (
        chat_service(deaf_server) as service,
        Asked(service.url, Known(images=False)) as asked,
        pytest.raises(ToolRefused, match="does not accept pictures"),
    ):
        asked.chat([Message("user", ("What is it?", RED))])
    assert not any(isinstance(turn["content"], list) for request in service.requests for turn in request["messages"])


def test_a_server_that_takes_fewer_pictures_says_so():
    with pytest.raises(ToolRefused, match="At most 1 image"):
        answered(
            lambda request, _: (
                refusal("At most 1 image(s) may be provided in one prompt.")
                if isinstance(request["messages"][-1]["content"], list)
                else completion("Hello.")
            ),
            messages=[Message("user", (RED, RED))],
        )


def test_frames_go_as_pictures_each_after_its_time():
    frames = [RED, Frame(13.54, RED.image)]
    with chat_service(lambda *_: completion("Red.")) as service:
        model = OpenAICompatibleVisionModel.from_settings(Settings(vlm_url=service.url, vlm_model="eyes"), None)
        assert model.look(frames, "Which colour?").text == "Red."
        model.unload()
    content = service.requests[0]["messages"][0]["content"]
    assert [part["text"] for part in content if part["type"] == "text"] == ["t=12.0s", "t=13.5s", "Which colour?"]
    assert [part["type"] for part in content] == ["text", "image_url", "text", "image_url", "text"]
    url = content[1]["image_url"]["url"]
    sent = Image.open(io.BytesIO(base64.b64decode(url.removeprefix("data:image/jpeg;base64,"))))
    assert sent.size == (32, 24)
    assert np.abs(np.asarray(sent).astype(int) - RED.image).max() < 12


def test_frames_may_go_as_one_picture_that_keeps_all_times():
    frames = [Frame(second + 0.5, np.zeros((24, 32, 3), np.uint8)) for second in range(6)]
    settings = {"vlm_model": "eyes", "vlm_presentation": "grid"}
    with chat_service(lambda *_: completion("Dark.")) as service:
        model = OpenAICompatibleVisionModel.from_settings(Settings(vlm_url=service.url, **settings), None)
        model.look(frames, "Which colour?")
        model.unload()
    content = service.requests[0]["messages"][0]["content"]
    assert [part["type"] for part in content] == ["text", "image_url", "text"]
    assert all(f"t={second}.5s" in content[0]["text"] for second in range(6))
    assert model.model == f"eyes@{service.url}/grid"


def test_a_look_can_be_stopped():
    with chat_service(lambda *_: Reply(delay_s=2.0)) as service:
        model = OpenAICompatibleVisionModel.from_settings(Settings(vlm_url=service.url, vlm_model="eyes"), None)
        started = time.monotonic()
        with pytest.raises(Cancelled):
            model.look([RED], "What?", stop=lambda: time.monotonic() - started > 0.2)
        assert time.monotonic() - started < 1.2
        model.unload()


def test_one_address_serves_both_roles():
    with chat_service(whole_server) as service:
        workers = Workers(Settings(profile="remote", llm_url=service.url, llm_model="both"))
        chat, eyes = workers.get("language_model"), workers.get("vision_language_model")
        assert chat.capabilities.images and eyes.look([RED], "Which colour?").text == "Yellow."
        asked = len(service.requests)
        assert eyes.capabilities == chat.capabilities and len(service.requests) == asked
        workers.unload("language_model", "vision_language_model")


def test_a_server_with_one_model_needs_no_name():
    with chat_service(lambda *_: completion("yes")) as service:
        service.listed = Reply(body={"data": [{"id": "only"}]})
        model = Workers(Settings(profile="remote", llm_url=service.url)).get("language_model")
        assert model.chat(ASK, max_output=9).text == "yes"
        assert model.model == f"only@{service.url}" and service.requests[0]["model"] == "only"
        model.unload()


def test_a_server_with_several_models_needs_a_name():
    with chat_service(lambda *_: completion("yes")) as service:
        service.listed = Reply(body={"data": [{"id": "one"}, {"id": "two"}]})
        model = Workers(Settings(profile="remote", llm_url=service.url)).get("language_model")
        with pytest.raises(MissingPart, match=r"2 models \(one, two\)") as missing:
            model.chat(ASK, max_output=9)
        assert "LONGREEL_LLM_MODEL" in missing.value.hint
        model.unload()


def test_a_server_without_a_named_model_that_still_loads_can_be_tried_later():
    with chat_service(lambda *_: completion("yes")) as service:
        service.listed = refusal("Loading model", status=503)
        model = Workers(Settings(profile="remote", llm_url=service.url)).get("language_model")
        with pytest.raises(StillLoading) as loading:
            model.chat(ASK, max_output=9)
        assert loading.value.retryable and model.model == service.url
        service.listed = Reply(body={"data": [{"id": "only"}]})
        assert model.chat(ASK, max_output=9).text == "yes"
        model.unload()


def test_an_address_without_a_list_of_models_may_lack_its_end():
    with chat_service(lambda *_: completion("yes")) as service:
        root = service.url.removesuffix("/v1")
        model = Workers(Settings(profile="remote", llm_url=root)).get("language_model")
        with pytest.raises(MissingPart, match=f"The server at {root} has no /models") as missing:
            model.chat(ASK, max_output=9)
        assert "often ends in /v1" in missing.value.hint and "LONGREEL_LLM_MODEL" in missing.value.hint
        model.unload()


def test_a_model_without_a_name_starts_while_its_server_is_away():
    url = away()
    model = Workers(Settings(profile="remote", llm_url=url)).get("language_model")
    assert model.model == url
    model.unload()


@pytest.mark.parametrize("kind", [OpenAICompatibleModel, OpenAICompatibleVisionModel])
def test_a_server_that_was_not_set_is_a_missing_part(kind):
    with pytest.raises(MissingPart, match="LONGREEL_LLM_URL is empty"):
        kind.from_settings(Settings(), None)


def test_an_address_that_is_none_is_a_missing_part():
    with Asked("http://[::1/v1") as asked, pytest.raises(MissingPart, match="is not valid"):
        asked.chat()


def test_settings_name_the_server():
    settings = Settings(llm_url="http://x/v1", llm_model="m", llm_key=SecretStr(KEY))
    assert OpenAICompatibleModel.from_settings(settings, None).model == "m@http://x/v1"
