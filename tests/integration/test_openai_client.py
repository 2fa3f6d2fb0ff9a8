"""The chat completions through the official `openai` package, against a live server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest
from pydantic import SecretStr

from tests.integration.live import serving
from tests.unit.api import stand_in
from tests.unit.api.stand_in import SAID, StandIn
from tests.unit.api.stand_in_agent import SEARCHED
from tests.unit.api.tiny_video import write_webm


@pytest.fixture
def address(address: str) -> str:
    return f"{address}/v1"


@pytest.fixture
def client(address: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=address, api_key="none", max_retries=0, timeout=30) as client:
        yield client


def test_an_answer_comes_with_citations_as_lines_annotations_and_data(client: openai.OpenAI, parts: StandIn) -> None:
    video = parts.add(title="Harbour")
    parts.add(b"other", "Other")
    completion = client.chat.completions.create(
        model="longreel",
        messages=[
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "When did the bridge open?"},
        ],
        metadata={"videos": video.id},
    )
    message = completion.choices[0].message
    assert message.content is not None and SAID[1][2] in message.content and "0:08-0:11" in message.content
    assert message.annotations is not None
    cited = message.annotations[0].url_citation
    assert cited.url == f"longreel://{video.id}#t=8.000,11.000"
    assert message.content[cited.start_index : cited.end_index] == "[1]"
    assert completion.usage is not None and completion.usage.total_tokens == 120
    told = (completion.model_extra or {})["longreel"]
    assert told["status"] == "answered" and told["citations"][0]["start_s"] == 8.0 and told["ignored_messages"] == 1
    assert completion.model == "longreel" and completion.id.startswith("chatcmpl-")


def test_a_video_may_be_named_as_a_part_of_the_message(client: openai.OpenAI, parts: StandIn) -> None:
    parts.add(b"other", "Other")
    video = parts.add(title="My film")
    for url in (f"longreel://{video.id[:16]}", "longreel://My%20film", "My film"):
        part = {"type": "video_url", "video_url": {"url": url}}
        content = [{"type": "text", "text": "When?"}, part]
        completion = client.chat.completions.create(
            model="longreel",
            messages=[{"role": "user", "content": content}],  # type: ignore[misc, list-item]
        )
        assert (completion.model_extra or {})["longreel"]["citations"][0]["video_id"] == video.id


def test_a_collection_may_be_named_in_the_metadata(client: openai.OpenAI, parts: StandIn) -> None:
    film = parts.add(title="Harbour")
    parts.add(b"other", "Other")
    parts.longreel.library.collections.set_tags(film.id, ["Films"])
    completion = client.chat.completions.create(
        model="longreel", messages=[{"role": "user", "content": "When?"}], metadata={"collection": "films"}
    )
    cited = (completion.model_extra or {})["longreel"]["citations"]
    assert [one["video_id"] for one in cited] == [film.id]


def test_the_answer_streams_after_the_steps(client: openai.OpenAI, parts: StandIn) -> None:
    parts.add()
    stream = client.chat.completions.create(
        model="longreel",
        messages=[{"role": "user", "content": "When?"}],
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    steps = [(chunk.model_extra or {}).get("longreel", {}).get("event", {}).get("type") for chunk in chunks]
    assert [step for step in steps if step] == ["planned", "searched", "verified"]
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text.startswith("It opened in {1932} <b>.") and "[1]" in text
    thoughts = [(chunk.choices[0].delta.model_extra or {}).get("reasoning_content") for chunk in chunks[:-1]]
    assert "It opened in 1932." in "".join(thought or "" for thought in thoughts)
    assert "".join(thought or "" for thought in thoughts).count("\n") == 3
    assert sum(bool(chunk.choices and chunk.choices[0].delta.content) for chunk in chunks) > 3
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert (chunks[-2].model_extra or {})["longreel"]["citations"][0]["end_s"] == 11.0
    assert chunks[-1].usage is not None and chunks[-1].usage.completion_tokens == 20
    assert len({chunk.id for chunk in chunks}) == 1


def test_not_in_the_video_is_an_answer_without_sources(client: openai.OpenAI, parts: StandIn) -> None:
    parts.add()
    completion = client.chat.completions.create(
        model="longreel", messages=[{"role": "user", "content": "Where is the cat?"}]
    )
    searched = "Searched: what is said; the text on screen."
    assert completion.choices[0].message.content == f"The video does not say.\n\n{searched}"
    told = (completion.model_extra or {})["longreel"]
    assert (told["status"], told["confidence"], told["searched"]) == ("not_in_video", None, list(SEARCHED))


def test_errors_are_those_of_the_package(client: openai.OpenAI, parts: StandIn) -> None:
    parts.add()

    def ask(question: str, model: str = "longreel", **more: object) -> None:
        client.chat.completions.create(model=model, messages=[{"role": "user", "content": question}], **more)  # type: ignore[call-overload]

    with pytest.raises(openai.NotFoundError, match="called longreel"):
        ask("When?", "gpt-9")
    with pytest.raises(openai.NotFoundError, match="No video is called"):
        ask("When?", metadata={"videos": "ffffffff"})
    with pytest.raises(openai.BadRequestError, match="empty") as caught:
        ask(" ")
    assert caught.value.code == "bad_input" and caught.value.type == "invalid_request_error"
    with pytest.raises(openai.InternalServerError, match="could not run"):
        ask("Will it crash?")
    with pytest.raises(openai.InternalServerError) as inner:
        ask("a bug?")
    assert "secret" not in str(inner.value)
    with pytest.raises(openai.APIError, match="could not run"):
        list(
            client.chat.completions.create(
                model="longreel", messages=[{"role": "user", "content": "Will it crash?"}], stream=True
            )
        )


def test_a_public_video_address_is_refused(client: openai.OpenAI, parts: StandIn) -> None:
    parts.add()
    part = {"type": "video_url", "video_url": {"url": "https://example.org/film.mp4"}}
    with pytest.raises(openai.BadRequestError, match="Add the video to the library first"):
        client.chat.completions.create(model="longreel", messages=[{"role": "user", "content": [part]}])  # type: ignore[list-item, misc]


def test_the_one_model_is_listed(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["longreel"]
    assert client.models.retrieve("longreel").owned_by == "longreel"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-9")


def test_closing_a_stream_cancels_the_question(client: openai.OpenAI, parts: StandIn) -> None:
    parts.add()
    stream = client.chat.completions.create(
        model="longreel", messages=[{"role": "user", "content": "What about eternity?"}], stream=True
    )
    chunks = iter(stream)
    next(chunks)
    assert (next(chunks).model_extra or {})["longreel"]["event"]["type"] == "planned"
    stream.close()
    assert parts.agent.stopped.wait(20)


def test_the_key_is_the_servers_key(tmp_path: Path) -> None:
    parts = stand_in.make(tmp_path, api_key=SecretStr("a secret"))
    with serving(parts) as address:
        with openai.OpenAI(base_url=f"{address}/v1", api_key="a secret", max_retries=0) as client:
            assert client.models.list().data
        with (
            openai.OpenAI(base_url=f"{address}/v1", api_key="wrong", max_retries=0) as client,
            pytest.raises(openai.AuthenticationError, match="API key"),
        ):
            client.models.list()


def test_the_asynchronous_package_works_too(address: str, parts: StandIn) -> None:
    parts.add()

    async def main() -> str:
        async with openai.AsyncOpenAI(base_url=address, api_key="none") as client:
            completion = await client.chat.completions.create(
                model="longreel", messages=[{"role": "user", "content": "When?"}]
            )
            return completion.choices[0].message.content or ""

    assert asyncio.run(main()).startswith("It opened")


def test_earlier_turns_count_and_their_sources_are_not_part_of_them(client: openai.OpenAI, parts: StandIn) -> None:
    parts.add()
    completion = client.chat.completions.create(
        model="longreel",
        messages=[
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "When did the bridge open?"},
            {"role": "assistant", "content": "In 1932.\n\nSources:\n[1] Harbour, 0:08-0:11: It opened."},
            {"role": "user", "content": "And what did it cost?"},
        ],
    )
    told = (completion.model_extra or {})["longreel"]
    assert told["ignored_messages"] == 1
    assert parts.agent.turns[0].question == "When did the bridge open?"
    assert parts.agent.turns[0].answer.text == "In 1932."


def test_a_program_that_wants_a_title_for_the_conversation_gets_one_at_once(
    client: openai.OpenAI, parts: StandIn
) -> None:
    task = (
        "### Task:\nGenerate a concise, 3-5 word title summarizing the chat history.\n"
        'JSON format: { "title": "your concise title here" }\n### Chat History:\n<chat_history>\n'
        "USER: When did the bridge over the harbour open?\nASSISTANT: In 1932.\n</chat_history>"
    )
    reply = client.chat.completions.create(model="longreel", messages=[{"role": "user", "content": task}])
    assert reply.choices[0].message.content == '{"title": "When did the bridge over the"}'
    stream = client.chat.completions.create(
        model="longreel", messages=[{"role": "user", "content": task.replace("title", "tags")}], stream=True
    )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in stream)
    assert text == '{"tags": ["Video"]}'
    assert parts.agent.limits is None  # nothing was asked of the library, which is empty


def test_a_file_is_transcribed_and_does_not_join_the_library(
    client: openai.OpenAI, parts: StandIn, tmp_path: Path
) -> None:
    film = write_webm(tmp_path / "talk.webm", seconds=3)
    with film.open("rb") as file:
        heard = client.audio.transcriptions.create(model="longreel", file=file, response_format="verbose_json")
    assert heard.text == "Somebody speaks." and heard.segments is not None
    assert heard.duration == pytest.approx(3, abs=0.2)
    assert heard.segments[0].start < 0.2 and heard.segments[0].end == pytest.approx(3, abs=0.2)
    with film.open("rb") as file:
        srt = client.audio.transcriptions.create(model="any", file=file, response_format="srt", language="en")
    assert "-->" in srt and "Somebody speaks." in srt
    assert parts.longreel.library.videos() == []
    assert not any((parts.longreel.settings.data / "uploads").rglob("*.*"))
    with pytest.raises(openai.BadRequestError, match="response_format"), film.open("rb") as file:
        client.audio.transcriptions.create(model="longreel", file=file, response_format="docx")  # type: ignore[call-overload]
    with pytest.raises(openai.BadRequestError, match=r"cannot|no sound|not"):
        client.audio.transcriptions.create(model="longreel", file=("x.mp3", b"no sound"))
