from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.api.chat import message_of, videos_of
from app.api.schemas import AnswerOut
from app.api.schemas.chat import ChatIn
from app.core.errors import BadInput
from tests.unit.api.stand_in import SAID, StandIn

USER = {"role": "user", "content": "When?"}


def asked(metadata: Any = None, *urls: str) -> ChatIn:
    parts = [{"type": "video_url", "video_url": {"url": url}} for url in urls]
    messages = [{"role": "user", "content": [{"type": "text", "text": "When?"}, *parts]}]
    return ChatIn.model_validate({"model": "longreel", "messages": messages, "metadata": metadata})


@pytest.mark.parametrize(
    ("metadata", "urls", "names"),
    [
        (None, (), []),
        ({"other": "x"}, (), []),
        ({"videos": "one"}, (), ["one"]),
        ({"videos": " one, two ,, "}, (), ["one", "two"]),
        ({"videos": '["Bridges, old and new", "two"]'}, (), ["Bridges, old and new", "two"]),
        ({"videos": ["one", "two"]}, ("longreel://two", "LONGREEL://My%20film/"), ["one", "two", "My film"]),
        (None, ("abc123", "http: a history"), ["abc123", "http: a history"]),
    ],
)
def test_videos_are_named_in_the_metadata_and_in_parts(metadata: Any, urls: tuple[str, ...], names: list[str]) -> None:
    assert videos_of(asked(metadata, *urls)) == names


@pytest.mark.parametrize(
    "url", ["https://example.org/a.mp4", "HTTP://x", "data:video/mp4;base64,AA", "file:///etc/passwd"]
)
def test_a_public_address_is_refused_with_what_to_do(url: str) -> None:
    with pytest.raises(BadInput, match="Add the video to the library first"):
        videos_of(asked(None, url))
    with pytest.raises(BadInput):
        videos_of(asked({"videos": [url]}))


@pytest.mark.parametrize("videos", [5, {"a": 1}, [1], "[1]", "[broken", [["a"]]])
def test_metadata_that_names_no_videos_is_refused(videos: Any) -> None:
    with pytest.raises(BadInput):
        videos_of(asked({"videos": videos}))


def test_a_part_of_a_video_is_refused_rather_than_widened() -> None:
    with pytest.raises(BadInput, match="whole videos"):
        videos_of(asked(None, "longreel://abc#t=8,11"))


@pytest.mark.parametrize("given", [{"max_steps": 2, "max_seconds": 7.5}, {"max_steps": "2", "max_seconds": "7.5"}])
def test_the_metadata_bounds_what_an_answer_takes(client: TestClient, parts: StandIn, given: dict[str, Any]) -> None:
    parts.add()
    body = {"model": "longreel", "messages": [USER], "metadata": given}
    assert client.post("/v1/chat/completions", json=body).status_code == 200
    assert parts.agent.limits is not None
    assert (parts.agent.limits.max_steps, parts.agent.limits.max_seconds) == (2, 7.5)


def test_each_mark_in_the_text_has_its_annotation(client: TestClient, parts: StandIn) -> None:
    video = parts.add(title="Harbour")
    answer = AnswerOut.model_validate(client.post("/v1/ask", json={"question": "When?"}).json())
    message = message_of(answer, {video.id: "Harbour"})
    assert message.content == f"It opened in {{1932}} <b>.\n\nSources:\n[1] Harbour, 0:08-0:11: {SAID[1][2]}"
    (annotation,) = message.annotations
    cited = annotation.url_citation
    assert message.content[cited.start_index : cited.end_index] == "[1]"
    assert cited.url == f"longreel://{video.id}#t=8.000,11.000" and cited.title == "Harbour, 0:08-0:11"


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ({"model": "gpt-9", "messages": [USER]}, 404, "called longreel"),
        ({"model": "longreel", "messages": []}, 400, "messages"),
        ({"model": "longreel", "messages": [USER, {"role": "assistant", "content": "x"}]}, 400, "not the user's"),
        ({"model": "longreel", "messages": [{"role": "user", "content": "  "}]}, 400, "empty"),
        ({"model": "longreel", "messages": [{"role": "user"}]}, 400, "empty"),
        ({"model": "longreel", "messages": [USER], "n": 2}, 400, "one answer"),
        ({"model": "longreel", "messages": [USER], "tools": [{"type": "function"}]}, 400, "cannot call your tools"),
        ({"model": "longreel", "messages": [USER], "response_format": {"type": "json_object"}}, 400, "text"),
        ({"model": "longreel", "messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, 400, "image_url"),
        (
            {
                "model": "longreel",
                "messages": [
                    {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://127.0.0.1/a.png"}}]}
                ],
            },
            400,
            "not fetched from an address",
        ),
        ({"model": "longreel", "messages": [{"role": "user", "content": [{"type": "video_url"}]}]}, 400, "video_url"),
        ({"model": "longreel", "messages": [USER], "metadata": {"videos": "none such"}}, 404, "none such"),
        ({"model": "longreel", "messages": [USER], "metadata": {"collection": "none such"}}, 404, "none such"),
        ({"model": "longreel", "messages": [USER], "metadata": {"collection": ["a"]}}, 400, "not a name"),
        ({"model": "longreel", "messages": [USER], "metadata": {"max_seconds": "soon"}}, 400, "max_seconds"),
        ({"model": "longreel", "messages": [USER], "metadata": {"max_steps": 0}}, 400, "max_steps"),
        ({"messages": [USER]}, 400, "model"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_openais_form(
    client: TestClient, parts: StandIn, body: dict[str, Any], status: int, told: str
) -> None:
    parts.add()
    answer = client.post("/v1/chat/completions", json=body)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert told in error["message"] and error["type"] == "invalid_request_error"


@pytest.mark.parametrize("stream", [False, True])
def test_a_picture_is_found_in_the_video_that_shows_it(client: TestClient, parts: StandIn, stream: bool) -> None:
    video = parts.add()
    frame = client.get(f"/v1/videos/{video.id}/frame", params={"t": 12}).content
    picture = {"url": f"data:image/jpeg;base64,{base64.b64encode(frame).decode()}"}
    content = [{"type": "text", "text": "Where is this?"}, {"type": "image_url", "image_url": picture}]
    body = {"model": "longreel", "messages": [{"role": "user", "content": content}], "stream": stream}
    answer = client.post("/v1/chat/completions", json=body)
    assert answer.status_code == 200
    if stream:
        chunks = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: {")]
        last = next(one["longreel"] for one in chunks if one.get("longreel", {}).get("status"))
    else:
        last = answer.json()["longreel"]
        assert f"in {video.title}" in answer.json()["choices"][0]["message"]["content"]
    assert last["status"] == "answered" and 10 <= last["citations"][0]["frame_s"] < 20
    assert client.get(f"/v1/answers/{last['answer_id']}").json()["question"] == "Where is this?"
    two = {**body, "messages": [{"role": "user", "content": [content[1], content[1]]}]}
    assert "one picture" in client.post("/v1/chat/completions", json=two).json()["error"]["message"].lower()


def test_broken_json_is_told_in_openais_form(client: TestClient) -> None:
    headers = {"Content-Type": "application/json"}
    answer = client.post("/v1/chat/completions", content=b"{", headers=headers)
    assert answer.status_code == 400 and answer.json()["error"]["code"] == "bad_input"


def test_what_other_models_are_told_is_ignored(client: TestClient, parts: StandIn) -> None:
    parts.add()
    body = {"model": "longreel", "messages": [USER], "temperature": 0.3, "max_tokens": 5, "user": "me", "seed": 1}
    answer = client.post("/v1/chat/completions", json=body)
    assert answer.status_code == 200 and answer.json()["choices"][0]["finish_reason"] == "stop"


def test_a_list_of_videos_that_is_nested_too_deeply_is_bad_input() -> None:
    with pytest.raises(BadInput, match="not a JSON list"):
        videos_of(asked({"videos": "[" * 100_000}))
