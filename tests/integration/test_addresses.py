"""Videos at addresses, through the command line, the Python client and the tools for language models."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from mcp import Client

from app.client import AsyncLongreel, Longreel
from app.core.errors import BadInput
from app.core.events import StageFinished
from tests.integration.live import serving
from tests.integration.terminal import Terminal
from tests.narrated_file import write_narrated
from tests.unit.api import stand_in
from tests.unit.api.stand_in import StandIn
from tests.unit.services.file_server import FileServer, serving_files


@pytest.fixture
def files() -> Iterator[FileServer]:
    with serving_files() as files:
        yield files


@pytest.fixture
def parts(tmp_path: Path) -> StandIn:
    return stand_in.make(tmp_path, private_addresses=True)


def test_the_command_line_reads_an_address(files: FileServer, tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    address = f"{files.base}/talks/talk.mp4"
    refused = terminal.run("ingest", address, "--json")
    assert refused.returncode == 3 and "private network" in json.loads(refused.stdout)["failed"][0]["detail"]
    files.data = write_narrated(tmp_path / "made.mp4", seconds=4).read_bytes()
    files.breaks = [30_000]
    terminal.env["LONGREEL_INGEST__PRIVATE_ADDRESSES"] = "1"
    done = terminal.run("ingest", address, "--json")
    assert done.returncode == 0, done.stderr
    video = json.loads(done.stdout)["videos"][0]
    assert video["ready"] and (video["title"], video["source"]) == ("talk", address)
    assert "bytes=30000-" in files.ranges
    kept = [path for path in (tmp_path / "data" / "uploads").rglob("*") if path.is_file()]
    assert [path.read_bytes() for path in kept] == [files.data]
    files.data = b"these are my notes " * 100
    text = terminal.run("ingest", f"{files.base}/notes.mp4", "--json")
    assert text.returncode == 3
    assert [path for path in (tmp_path / "data" / "uploads").rglob("*") if path.is_file()] == kept


def test_the_python_client_has_an_address_read(parts: StandIn, files: FileServer) -> None:
    heard: list[object] = []
    address = f"{files.base}/pier.mp4"
    with serving(parts) as server:
        with Longreel(server) as longreel:
            video = longreel.ingest(address, on_event=heard.append)
            assert video.ready and (video.title, video.source) == ("pier", address)
            assert any(isinstance(event, StageFinished) and event.stage == "download" for event in heard)
            with pytest.raises(BadInput, match="Subtitles"):
                longreel.ingest(address, subtitles="pier.srt")

        async def again() -> str:
            async with AsyncLongreel(server) as longreel:
                return (await longreel.ingest(address, title="Pier")).id

        assert asyncio.run(again()) == video.id


def test_so_does_the_tool_for_language_models(parts: StandIn, files: FileServer) -> None:
    async def work(server: str) -> dict[str, object]:
        async with Client(f"{server}/mcp", read_timeout_seconds=60) as client:
            job = await client.call_tool("ingest", {"path": f"{files.base}/pier.mp4"})
            assert job.structured_content is not None
            asked = {"job_id": job.structured_content["job_id"], "wait_s": 20}
            return dict((await client.call_tool("job_status", asked)).structured_content or {})

    with serving(parts) as server:
        done = asyncio.run(work(server))
    assert done["state"] == "finished" and done["video_id"] == parts.library.videos()[0].id
