"""The MCP server through the official client: over HTTP to a live server, and over standard input and output."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from PIL import Image
from pydantic import SecretStr

from tests.integration import offline_fakes
from tests.integration.live import serving
from tests.unit.api import stand_in
from tests.unit.api.stand_in import SAID, StandIn, give_voices
from tests.unit.api.tiny_video import write_webm

TOOLS = {
    "list_videos",
    "ingest",
    "ask",
    "search",
    "get_transcript",
    "get_frames",
    "summarize",
    "job_status",
    "find_name",
}


def with_client(server: Any, work: Callable[[Client], Awaitable[None]]) -> None:
    async def main() -> None:
        async with Client(server, read_timeout_seconds=60) as client:
            await work(client)

    asyncio.run(main())


async def called(client: Client, name: str, **arguments: Any) -> Any:
    result = await client.call_tool(name, arguments)
    assert not result.is_error, result.content
    told = result.structured_content or {}
    return told.get("result", told)


async def refused(client: Client, name: str, **arguments: Any) -> str:
    result = await client.call_tool(name, arguments)
    assert result.is_error
    return str(result.content[0].text)


def test_the_tools_teach_when_to_use_which(address: str) -> None:
    async def work(client: Client) -> None:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) == TOOLS
        assert "list_videos" in (client.instructions or "")
        for tool in tools.values():
            assert len(tool.description or "") > 60
            described = tool.input_schema["properties"]
            assert all("description" in one or "default" in one or "maximum" in one for one in described.values())
            assert "context" not in described
        assert tools["ask"].annotations.read_only_hint and not tools["ingest"].annotations.read_only_hint

    with_client(f"{address}/mcp", work)


def test_a_video_is_read_searched_asked_about_and_seen(address: str, parts: StandIn, tmp_path: Path) -> None:
    film = tmp_path / "harbour.mp4"
    film.write_bytes(b"a film")

    async def work(client: Client) -> None:
        job = await called(client, "ingest", path=str(film), title="Harbour")
        done = await called(client, "job_status", job_id=job["job_id"], wait_s=20)
        assert done["state"] == "finished" and done["video_id"]
        listed = await called(client, "list_videos", title="harb")
        assert listed["total"] == 1 and listed["videos"][0]["id"] == done["video_id"]
        found = await called(client, "search", query="bridge opened", videos=["Harbour"], kinds=["speech"])
        assert found[0]["start_s"] == 8.0
        asked = {"question": "When did the bridge open?", "videos": ["Harbour"], "max_seconds": 9}
        answer = await called(client, "ask", **asked)
        assert parts.agent.limits is not None and parts.agent.limits.max_seconds == 9
        assert answer["citations"][0]["quote"] == SAID[1][2] and "trace" not in answer
        part = await called(client, "get_transcript", video="Harbour", start_s=7, end_s=12)
        assert [one["text"] for one in part["sentences"]] == [SAID[1][2]] and part["next_start_s"] is None
        summary = await called(client, "summarize", video="Harbour")
        assert summary["chapters"][0]["title"] == "The harbour"
        minutes = await called(client, "summarize", video="Harbour", style="minutes")
        assert (minutes["style"], minutes["length"]) == ("minutes", "paragraph")
        assert all(point["citations"] for section in minutes["sections"] for point in section["points"])
        frames = await client.call_tool("get_frames", {"video": "Harbour", "times_s": [2.0, 9.0], "side": 128})
        assert [block.type for block in frames.content] == ["text", "image", "text", "image"]
        picture = Image.open(io.BytesIO(base64.b64decode(frames.content[1].data)))
        assert picture.format == "JPEG" and max(picture.size) == 128 and frames.content[1].mime_type == "image/jpeg"

    with_client(f"{address}/mcp", work)


def test_a_collection_is_summarized(address: str, parts: StandIn) -> None:
    films = parts.longreel.library.collections.create("Films")
    for name in ("One", "Two"):
        parts.longreel.library.collections.add(films.id, parts.add(name.encode(), name).id)

    async def work(client: Client) -> None:
        made = await called(client, "summarize", collection="films", length="page")
        assert {line["title"] for line in made["videos"]} == {"One", "Two"}
        cited = [one for section in made["sections"] for point in section["points"] for one in point["citations"]]
        assert cited and all(one["verified"] and one["video_id"] for one in cited)
        assert "either a video or a collection" in await refused(client, "summarize")
        assert "There is no collection" in await refused(client, "summarize", collection="Nothing")

    with_client(f"{address}/mcp", work)


def test_a_search_keeps_to_what_one_person_says(address: str, parts: StandIn) -> None:
    give_voices(parts, parts.add())

    async def work(client: Client) -> None:
        found = await called(client, "search", query="welcome bridge opened", speaker="Speaker 1")
        assert [one["text"] for one in found] == [SAID[0][2]]

    with_client(f"{address}/mcp", work)


def test_a_long_transcript_comes_in_parts(address: str, parts: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    parts.add()
    monkeypatch.setattr("app.mcp.tools.MOST_CHARACTERS", 30)

    async def work(client: Client) -> None:
        part = await called(client, "get_transcript", video="Harbour")
        assert len(part["sentences"]) == 1 and part["next_start_s"] == 8.0
        rest = await called(client, "get_transcript", video="Harbour", start_s=part["next_start_s"])
        assert rest["sentences"][0]["text"] == SAID[1][2]

    with_client(f"{address}/mcp", work)


def test_parts_of_a_transcript_go_on_where_much_is_said_at_once(
    address: str, parts: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = parts.add()
    first, second, third = parts.library.utterances(video.id)
    parts.library.save_utterances(video.id, [first, second, second, second, third])
    monkeypatch.setattr("app.mcp.tools.MOST_CHARACTERS", 30)

    async def work(client: Client) -> None:
        starts: list[float | None] = [0.0]
        while (start := starts[-1]) is not None:
            part = await called(client, "get_transcript", video="Harbour", start_s=start)
            starts.append(part["next_start_s"])
            assert len(starts) < 9
        assert starts == [0.0, 8.0, 15.0, None]

    with_client(f"{address}/mcp", work)


def test_progress_is_told_while_a_question_is_answered(tmp_path: Path) -> None:
    parts = stand_in.make(tmp_path, pace_s=0.2)
    parts.add()
    told: list[str | None] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        told.append(message)

    async def work(client: Client) -> None:
        await client.call_tool("ask", {"question": "When?"}, progress_callback=hear)

    with serving(parts) as address:
        with_client(f"{address}/mcp", work)
    assert told == [
        "Answering in a few fixed steps; searches for “When?”; only what is said",
        "Searched for “When?”: 1 moment",
        "Checked “It opened in 1932.”: supported (the numbers match)",
    ]


def test_a_question_that_is_given_up_is_cancelled(address: str, parts: StandIn) -> None:
    parts.add()

    async def work(client: Client) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.5):
                await client.call_tool("ask", {"question": "What about eternity?"})

    with_client(f"{address}/mcp", work)
    assert parts.agent.stopped.wait(20)


def test_errors_are_tool_errors_with_what_to_do(address: str, parts: StandIn) -> None:
    parts.add()

    async def work(client: Client) -> None:
        assert "See the list of videos" in await refused(client, "ask", question="When?", videos=["ffffffff"])
        assert "Try again" in await refused(client, "ask", question="Will it crash?")
        assert "no file" in await refused(client, "ingest", path="/no/such/file.mp4")
        assert "List the jobs" in await refused(client, "job_status", job_id="none")
        wrong = await refused(client, "get_frames", video="Harbour", times_s=[])
        assert "times_s" in wrong and "validation error" not in wrong and "pydantic" not in wrong
        inner = await refused(client, "ask", question="a bug?")
        assert "secret" not in inner

    with_client(f"{address}/mcp", work)


def test_waiting_for_a_job_ends_in_time(address: str, parts: StandIn, tmp_path: Path) -> None:
    parts.reader.hold.clear()
    film = tmp_path / "film.mp4"
    film.write_bytes(b"film")

    async def work(client: Client) -> None:
        job = await called(client, "ingest", path=str(film))
        line = await called(client, "job_status", job_id=job["job_id"], wait_s=1)
        assert line["state"] == "running" and line["stage"] == "transcribe" and line["stage_done_share"] == 0.5

    with_client(f"{address}/mcp", work)
    parts.reader.hold.set()


def test_the_door_is_behind_the_key(tmp_path: Path) -> None:
    parts = stand_in.make(tmp_path, api_key=SecretStr("a secret"))
    parts.add()

    async def main(address: str) -> None:
        async with (
            create_mcp_http_client(headers={"Authorization": "Bearer a secret"}) as http,
            Client(streamable_http_client(f"{address}/mcp", http_client=http)) as client,
        ):
            assert (await called(client, "list_videos"))["total"] == 1
            assert "Upload the file" in await refused(client, "ingest", path=__file__)
        with pytest.raises(Exception):  # noqa: B017 - which of its errors is the client's affair
            async with Client(f"{address}/mcp") as client:
                await client.list_tools()

    with serving(parts) as address:
        asyncio.run(main(address))


def environment(folder: Path) -> dict[str, str]:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    return {**offline_fakes.environment(folder), "LONGREEL_SERVER__PORT": str(port)}


def test_over_standard_input_the_library_is_opened_and_a_video_read(tmp_path: Path) -> None:
    film = write_webm(tmp_path / "harbour.webm", seconds=12)
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "app.cli", "mcp"], env=environment(tmp_path), cwd=Path.cwd()
    )

    async def work(client: Client) -> None:
        job = await called(client, "ingest", path=str(film))
        for _ in range(4):
            job = await called(client, "job_status", job_id=job["job_id"], wait_s=30)
            if job["state"] not in ("queued", "running"):
                break
        assert job["state"] == "finished", job
        assert (await called(client, "list_videos"))["videos"][0]["id"] == job["video_id"]
        frames = await client.call_tool("get_frames", {"video": "harbour", "times_s": [3.0]})
        assert not frames.is_error and frames.content[1].type == "image"

    with_client(server, work)


def test_over_standard_input_a_running_server_is_used(address: str, parts: StandIn, tmp_path: Path) -> None:
    parts.add()
    command = ["-m", "app.cli", "mcp", "--url", address]
    server = StdioServerParameters(
        command=sys.executable, args=command, env=environment(tmp_path / "other"), cwd=Path.cwd()
    )

    async def work(client: Client) -> None:
        assert (await called(client, "list_videos"))["total"] == 1

    with_client(server, work)
    assert not (tmp_path / "other" / "data").exists()


def test_standard_output_carries_nothing_but_the_protocol(address: str, tmp_path: Path) -> None:
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    asked = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", "mcp", "--url", address],
        input=json.dumps(asked) + "\n",
        capture_output=True,
        text=True,
        timeout=60,
        env={**environment(tmp_path / "other"), "PATH": "", "HOME": str(tmp_path)},
        check=True,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["id"] for line in lines] == [1] and lines[0]["result"]["serverInfo"]["name"] == "longreel"
    assert address in done.stderr


def test_the_library_and_its_transcripts_are_resources(address: str, parts: StandIn) -> None:
    video = parts.add(title="Harbour")

    async def work(client: Client) -> None:
        templates = (await client.list_resource_templates()).resource_templates
        assert {one.uri_template for one in templates} == {
            "longreel://videos/{video}/transcript",
            "longreel://videos/{video}/summary",
        }
        listed = await client.read_resource("longreel://videos")
        assert json.loads(listed.contents[0].text)["videos"][0]["id"] == video.id
        said = await client.read_resource(f"longreel://videos/{video.id}/transcript")
        assert f"0:08 {SAID[1][2]}" in said.contents[0].text.splitlines()
        short = await client.read_resource(f"longreel://videos/{video.id}/summary")
        assert "The harbour" in short.contents[0].text
        with pytest.raises(Exception, match="No video is called"):
            await client.read_resource("longreel://videos/ffffffff/transcript")

    with_client(f"{address}/mcp", work)
