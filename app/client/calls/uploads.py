"""Calls about resumable uploads, by the tus protocol 1.0.0."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping

import httpx

from app.api.schemas.uploads import UploadOut
from app.client.calls.call import Call, model, nothing, quoted

TUS = {"Tus-Resumable": "1.0.0"}


def begin_upload(length: int, told: Mapping[str, str | None]) -> Call[str]:
    """Announces a file of so many bytes; gives the id of its upload."""
    pairs = (f"{name} {b64encode(value.encode()).decode()}" for name, value in told.items() if value)
    headers = {**TUS, "Upload-Length": str(length), "Upload-Metadata": ",".join(pairs)}
    return Call("POST", "/v1/uploads", _id, headers=headers)


def send_piece(id: str, offset: int, piece: bytes) -> Call[None]:
    """The bytes of a file from an offset on."""
    headers = {**TUS, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
    return Call("PATCH", _upload(id), nothing, content=piece, headers=headers)


def upload_state(id: str) -> Call[UploadOut]:
    """How far an upload is."""
    return Call("GET", _upload(id), model(UploadOut))


def give_up_upload(id: str) -> Call[None]:
    """Removes an upload that is not complete."""
    return Call("DELETE", _upload(id), nothing, headers=TUS)


def _upload(id: str) -> str:
    return f"/v1/uploads/{quoted(id)}"


def _id(response: httpx.Response) -> str:
    return response.headers["location"].rpartition("/")[2]
