"""Resumable uploads, by the tus protocol 1.0.0."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import httpx

from app.api.schemas import JobOut
from app.api.schemas.uploads import UploadOut
from app.client import files
from app.client.call import Call, model, nothing, quoted
from app.client.calls.jobs import Jobs
from app.core.errors import WorkerFailed
from app.core.paths import readable

TUS = {"Tus-Resumable": "1.0.0"}
PIECE_TYPE = "application/offset+octet-stream"


class Uploads(Jobs):
    """The calls about resumable uploads."""

    async def upload_in_pieces(
        self,
        path: str | Path,
        *,
        title: str | None = None,
        language: str | None = None,
        collection: str | None = None,
        on_progress: files.OnProgress | None = None,
    ) -> JobOut:
        """`upload` for unreliable connections: after a break it resumes behind the last piece that arrived."""
        name = readable(Path(path).name)
        metadata = {"filename": name, "title": title, "language": language, "collection": collection}
        with files.Sending(Path(path), on_progress) as file:
            pairs = (f"{name} {b64encode(value.encode()).decode()}" for name, value in metadata.items() if value)
            headers = {**TUS, "Upload-Length": str(file.size), "Upload-Metadata": ",".join(pairs)}
            id = await self._do(Call("POST", "/v1/uploads", _id, headers=headers))
            while True:
                try:
                    state = await self.upload_state(id)
                    file.reached(state.offset)
                    if state.job_id is not None:
                        return await self.job(state.job_id)
                    headers = {**TUS, "Upload-Offset": str(state.offset), "Content-Type": PIECE_TYPE}
                    piece = file.piece(state.offset)
                    await self._do(Call("PATCH", _upload(id), nothing, content=piece, headers=headers))
                except WorkerFailed as error:
                    await self._transport.pause(file.reconnect.lost(error))

    async def upload_state(self, id: str) -> UploadOut:
        """The progress of an upload in pieces, and its job once it is complete."""
        return await self._do(Call("GET", _upload(id), model(UploadOut)))

    async def give_up_upload(self, id: str) -> None:
        """Removes an incomplete upload."""
        await self._do(Call("DELETE", _upload(id), nothing, headers=TUS))


def _upload(id: str) -> str:
    return f"/v1/uploads/{quoted(id)}"


def _id(response: httpx.Response) -> str:
    return response.headers["location"].rpartition("/")[2]
