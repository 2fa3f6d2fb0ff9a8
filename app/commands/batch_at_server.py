"""`longreel summarize` when a server is running, which then does the work."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from app.api.schemas import problem_of
from app.api.schemas.batches import BatchOut
from app.commands.ingesting import ingest_at, request_of
from app.commands.start import cancelling, name_for_server
from app.core.errors import Cancelled, LongreelError
from app.core.paths import existing, is_address
from app.services.batches import BatchRequest, Item
from app.services.files import write_file
from app.terminal import Tenths

if TYPE_CHECKING:
    from app.client import Longreel


class ServerBatch:
    """One run of `longreel summarize` at a server. `failed` are the videos that could not be ingested or found."""

    def __init__(self, server: Longreel, request: BatchRequest, err: Console, cancelled: Callable[[], bool]) -> None:
        self._server = server
        self._request = request
        self._err = err
        self._cancelled = cancelled
        self._tenths = Tenths()
        self._ended = False
        self.failed: list[tuple[str, LongreelError]] = []

    def run(self) -> dict[str, bytes]:
        """The files of the batch by name: one per video and format, and an overview. Raises LongreelError."""
        ids = [id for item in self._request.items if (id := self._find(item))]
        if not ids:
            raise self.failed[0][1]
        summary = self._request.wanted
        batch = self._server.start_batch(
            ids,
            questions=self._request.questions,
            length=summary.length.value,
            style=summary.style.value,
            language=summary.language,
            formats=tuple(dict.fromkeys((*self._request.formats, "md", "json"))),
        )
        stopped = Cancelled("The batch was cancelled.", "The same command uses what is finished.")
        with cancelling(self._cancelled, stopped, partial(self._server.cancel_batch, batch.id)) as check:
            done = self._server.wait_batch(batch.id, on_event=self._show, on_pulse=check)
        for child in done.children:
            if child.error:
                self._err.print(f"[red]failed[/] {escape(child.title)}: {escape(child.error.message)}", soft_wrap=True)
        with zipfile.ZipFile(io.BytesIO(self._server.batch_results(batch.id))) as packed:
            return {name: packed.read(name) for name in packed.namelist()}

    def _find(self, item: Item) -> str:
        """The video's id; a file or address is ingested first. Empty if that failed."""
        try:
            if is_address(item.name) or existing(item.name):
                subtitles = Path(item.subtitles) if item.subtitles else None
                chosen = {"title": item.title, "language": item.language, "tags": tuple(item.tags)}
                request = request_of(item.name, subtitles=subtitles, **chosen)
                return str(ingest_at(self._server, self._err, request, self._cancelled)["id"])
            return self._server.video(name_for_server(item.name)).id
        except Cancelled:
            raise
        except LongreelError as error:
            self.failed.append((item.name, error))
            self._err.print(f"[red]failed[/] {escape(item.name)}: {escape(str(error))}", soft_wrap=True)
            return ""

    def _show(self, batch: BatchOut) -> None:
        ended = batch.finished + batch.failed == batch.total
        share = "100%" if ended and not self._ended else self._tenths.passed("batch", batch.done_share, 1.0)
        self._ended = ended
        if share:
            self._err.print(f"  {share}  {batch.finished} of {batch.total} videos")


def show_files(
    files: dict[str, bytes],
    batch: ServerBatch,
    request: BatchRequest,
    out: Path | None,
    console: Console,
    as_json: bool,
) -> None:
    """Writes the files into a folder, or prints the videos' summaries."""
    suffixes = tuple(f".{format}" for format in request.formats)
    if out:
        for name, content in files.items():
            if name.endswith(suffixes):
                write_file(out / name, content)
    if as_json:
        overview = files.get("overview.json")
        report: dict[str, Any] = {
            "videos": [json.loads(content) for name, content in files.items() if _is_video(name, ".json")],
            "overview": json.loads(overview) if overview else None,
            "failed": [{"video": name, **problem_of(error).model_dump(mode="json")} for name, error in batch.failed],
        }
        console.print_json(data=report)
    elif out:
        console.print(str(out / "overview.md"), soft_wrap=True, markup=False)
    else:
        for name, content in files.items():
            if _is_video(name, ".md"):
                console.print(content.decode(), soft_wrap=True, markup=False)


def _is_video(name: str, ending: str) -> bool:
    return name.endswith(ending) and not name.startswith("overview.")
