"""Writes docs/talks.md: what programs and a running server say to each other, over MCP and in OpenAI's form.

python -m benchmarks.protocol_transcripts VIDEO QUESTION [--url http://127.0.0.1:7860]
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openai
from mcp import Client
from mcp.types import ContentBlock, ImageContent, TextContent

from app.client.wire import HOME

PAGE = Path(__file__).parents[1] / "docs" / "talks.md"
MOST_ITEMS = 2
MOST_CHARACTERS = 160

HEAD = """<!-- Made by `python -m benchmarks.protocol_transcripts` from a running server. Do not edit. -->

# Example calls

What an assistant or a program sends to Longreel, and what it gets back. Long lists and texts are cut at "…", numbers
are rounded, and null values are left out. How to connect: [mcp.md](mcp.md) and [openai.md](openai.md).
"""


def main() -> int:
    """Holds both talks and writes the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", help="id or title of a video that was read")
    parser.add_argument("question")
    parser.add_argument("--url", default=HOME)
    asked = parser.parse_args()
    parts = [HEAD, "## An assistant with the MCP tools", ""]
    parts += asyncio.run(_tools(asked.url, asked.video, asked.question))
    parts += ["## A program with the openai package", "", *_chat(asked.url, asked.video, asked.question)]
    PAGE.write_text("\n".join(parts), "utf-8")
    return 0


async def _tools(url: str, video: str, question: str) -> list[str]:
    """The calls that an assistant makes to answer a question and to see the moment itself."""
    lines: list[str] = []
    async with Client(f"{url}/mcp", read_timeout_seconds=300) as client:

        async def call(tool: str, **arguments: Any) -> Any:
            result = await client.call_tool(tool, arguments)
            lines.extend([f"`{tool}`", "", *_block(arguments)])
            content = (result.structured_content or {}).get("result", result.structured_content)
            lines.extend(_block(content if content is not None else [_content(block) for block in result.content]))
            return content

        await call("list_videos")
        await call("summarize", video=video)
        await call("search", query=question, videos=[video], limit=5)
        answer = await call("ask", question=question, videos=[video])
        for cited in answer["citations"][:1]:
            await call("get_transcript", video=video, start_s=cited["start_s"], end_s=cited["end_s"])
            await call("get_frames", video=video, times_s=[cited["start_s"]], side=320)
    return lines


def _chat(url: str, video: str, question: str) -> list[str]:
    with openai.OpenAI(base_url=f"{url}/v1", api_key="none", timeout=300) as client:
        completion = client.chat.completions.create(
            model="longreel", messages=[{"role": "user", "content": question}], metadata={"videos": video}
        )
    asked = {
        "model": "longreel",
        "messages": [{"role": "user", "content": question}],
        "metadata": {"videos": video},
    }
    return ["`client.chat.completions.create(...)`", "", *_block(asked), *_block(completion.model_dump(mode="json"))]


def _content(block: ContentBlock) -> Any:
    if isinstance(block, TextContent):
        return block.text
    if isinstance(block, ImageContent):
        return f"({block.mime_type}, {len(block.data) * 3 // 4:,} bytes)"
    return block.type


def _block(value: Any) -> list[str]:
    return ["```json", json.dumps(_cut(value), indent=1, ensure_ascii=False), "```", ""]


def _cut(value: Any) -> Any:
    if isinstance(value, str) and len(value) > MOST_CHARACTERS:
        return f"{value[:MOST_CHARACTERS]}…"
    if isinstance(value, float):
        return round(value, 2)
    if isinstance(value, dict):
        return {name: _cut(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_cut(inner) for inner in value[:MOST_ITEMS]] + (["…"] if len(value) > MOST_ITEMS else [])
    return value


if __name__ == "__main__":
    raise SystemExit(main())
