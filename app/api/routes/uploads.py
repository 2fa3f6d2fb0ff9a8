"""Resumable uploads by the tus protocol 1.0.0 (tus.io), with creation, expiration and termination.

Any tus client works: it announces a file, sends it in as many pieces as the line allows, and asks how far it
was when the line broke. A complete file becomes the same job as a plain upload.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Coroutine
from email.utils import formatdate
from functools import partial
from pathlib import PurePath
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.routing import APIRoute
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from app.api.deps import LongreelDep
from app.api.problems import bad_fields, plain_problem, problem_response
from app.api.schemas import problem_of
from app.api.schemas.collections import utc
from app.api.schemas.uploads import UploadOut, UploadWish
from app.api.uploads import blocks, on_disk
from app.core.errors import LongreelError
from app.services.uploads import Upload, UploadService

VERSION = "1.0.0"
EXTENSIONS = "creation,expiration,termination"
PIECE = "application/offset+octet-stream"
RESUMABLE = {"Tus-Resumable": VERSION}


def _described(*sent: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The headers that a request must have, for the description; the protocol's version first."""
    version = {"name": "Tus-Resumable", "schema": {"type": "string", "const": VERSION}}
    return {"parameters": [{"in": "header", "required": True, **header} for header in (version, *sent)], **more}


def _bytes(name: str, example: int) -> dict[str, Any]:
    return {"name": name, "schema": {"type": "integer", "minimum": 0, "examples": [example]}}


METADATA = {"name": "Upload-Metadata", "required": False, "schema": {"type": "string"}, "example": "filename YS5tcDQ="}
PIECES = {"required": True, "content": {PIECE: {"schema": {"type": "string", "format": "binary"}}}}


class TusRoute(APIRoute):
    """Answers by the rules of the protocol, errors too: its version is in every request and answer."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler with the version checked before it and named after it."""
        handle = super().get_route_handler()

        async def tus(request: Request) -> Response:
            try:
                if request.method not in ("GET", "OPTIONS") and request.headers.get("tus-resumable") != VERSION:
                    raise HTTPException(412, f"Send Tus-Resumable: {VERSION}.", {"Tus-Version": VERSION})
                response = await handle(request)
            except LongreelError as error:
                response = problem_response(problem_of(error))
            except HTTPException as error:
                response = problem_response(plain_problem(error.status_code, error.detail), dict(error.headers or {}))
            response.headers.update(RESUMABLE)
            return response

        return tus


router = APIRouter(prefix="/uploads", tags=["videos"], route_class=TusRoute)


def uploads_of(longreel: LongreelDep) -> UploadService:
    """The service for uploads."""
    return longreel.uploads


UploadsDep = Annotated[UploadService, Depends(uploads_of)]


@router.options("", include_in_schema=False)
@router.options("/{upload}", include_in_schema=False)
def tell_protocol(uploads: UploadsDep) -> Response:
    """What of the protocol there is."""
    headers = {"Tus-Version": VERSION, "Tus-Extension": EXTENSIONS, "Tus-Max-Size": str(uploads.max_bytes())}
    return Response(status_code=204, headers=headers)


@router.post(
    "",
    status_code=201,
    summary="Begin a resumable upload (tus)",
    response_class=Response,
    openapi_extra=_described(_bytes("Upload-Length", 734003200), METADATA),
)
def create_upload(request: Request, uploads: UploadsDep) -> Response:
    """`Upload-Length` announces the size of the file; `Upload-Metadata` may contain filename, title, language and
    collection. Send the pieces to the address in `Location`. An upload that does not grow for a day is removed.
    """
    length = _number(request, "upload-length")
    if length > uploads.max_bytes():
        raise HTTPException(413, f"At most {uploads.max_bytes() / 1e9:g} GB can be uploaded.")
    metadata = request.headers.get("upload-metadata", "")
    pairs = {}  # of a key and base64, with commas between
    for pair in filter(None, (one.strip() for one in metadata.split(","))):
        key, _, value = pair.partition(" ")
        try:
            pairs[key] = base64.b64decode(value, validate=True).decode().strip()
        except ValueError:
            raise HTTPException(400, f"The value of {key} in Upload-Metadata is not base64 of UTF-8.") from None
    try:
        wish = UploadWish.model_validate({name: pairs[name] for name in UploadWish.model_fields if pairs.get(name)})
    except ValidationError as error:
        raise bad_fields(error) from error
    created = uploads.create(
        Upload(
            id="",
            name=wish.filename,
            length=length,
            title=wish.title,
            stem=PurePath(wish.filename.replace("\\", "/")).stem,
            language=wish.language,
            tags=(wish.collection,) if wish.collection else (),
            metadata=metadata,
        )
    )
    return Response(status_code=201, headers={"Location": f"/v1/uploads/{created.id}", **_headers(created)})


@router.head(
    "/{upload}", summary="Get the progress of an upload (tus)", response_class=Response, openapi_extra=_described()
)
def get_offset(upload: str, uploads: UploadsDep) -> Response:
    """`Upload-Offset` is how many bytes have arrived; `Longreel-Job` names the job of a complete one."""
    state = _settled(uploads, upload)
    headers = {"Upload-Length": str(state.length), "Cache-Control": "no-store", **_headers(state)}
    if state.metadata:
        headers["Upload-Metadata"] = state.metadata
    return Response(headers=headers)


@router.get("/{upload}", summary="Get an upload")
def get_upload(upload: str, uploads: UploadsDep) -> UploadOut:
    """Its progress, and the job that ingests the file once it is complete."""
    state = _settled(uploads, upload)
    return UploadOut(
        id=state.id,
        name=state.name,
        length=state.length,
        offset=state.offset,
        job_id=state.job,
        expires_at=None if state.expires_at is None else utc(state.expires_at),
    )


@router.patch(
    "/{upload}",
    status_code=204,
    summary="Send a piece of an upload (tus)",
    response_class=Response,
    openapi_extra=_described(_bytes("Upload-Offset", 0), requestBody=PIECES),
)
async def append_piece(upload: str, request: Request, longreel: LongreelDep) -> Response:
    """The body is added at the end: `Upload-Offset` must be the number of bytes that have arrived. If the connection
    breaks, what has arrived stays. The response to the last piece names the job in `Longreel-Job`.
    """
    if request.headers.get("content-type", "") != PIECE:
        raise HTTPException(415, f"Send the piece with the type {PIECE}.")
    offset = _number(request, "upload-offset")
    writing = longreel.uploads.writing(upload)
    appending = await on_disk(request, writing.__enter__)
    try:
        if appending.upload.offset != offset:
            raise HTTPException(409, f"{appending.upload.offset} bytes have arrived, not {offset}.")
        async for block in blocks(request):
            await on_disk(request, partial(appending.write, block))
    except BaseException as error:
        with anyio.CancelScope(shield=True):
            await on_disk(request, partial(writing.__exit__, type(error), error, error.__traceback__))
        raise
    await on_disk(request, partial(writing.__exit__, None, None, None))
    return Response(status_code=204, headers=_headers(appending.upload))


@router.delete(
    "/{upload}",
    status_code=204,
    summary="Abort an upload (tus)",
    response_class=Response,
    openapi_extra=_described(),
)
def remove_upload(upload: str, uploads: UploadsDep) -> Response:
    """Only before it is complete; after that, cancel its job or delete its video."""
    uploads.remove(upload)
    return Response(status_code=204)


@router.post("/{upload}", include_in_schema=False)
async def overridden(upload: str, request: Request, longreel: LongreelDep) -> Response:
    """PATCH and DELETE for senders that know only POST."""
    match request.headers.get("x-http-method-override", "").upper():
        case "PATCH":
            return await append_piece(upload, request, longreel)
        case "DELETE":
            return await run_in_threadpool(remove_upload, upload, longreel.uploads)
    raise HTTPException(405, "Send PATCH, or POST with X-HTTP-Method-Override: PATCH.")


def _settled(uploads: UploadService, id: str) -> Upload:
    """The upload; one that became complete when the server was killed is given to a worker now."""
    state = uploads.find(id)
    if state.offset == state.length and state.job is None:
        with uploads.writing(id) as writing:
            pass
        return writing.upload
    return state


def _headers(upload: Upload) -> dict[str, str]:
    headers = {"Upload-Offset": str(upload.offset)}
    if upload.expires_at is not None:
        headers["Upload-Expires"] = formatdate(upload.expires_at, usegmt=True)
    if upload.job is not None:
        headers["Longreel-Job"] = upload.job
    return headers


def _number(request: Request, name: str) -> int:
    value = request.headers.get(name, "")
    if not (value.isascii() and value.isdecimal() and len(value) < 20):
        raise HTTPException(400, f"The header {name} must be a number of bytes.")
    return int(value)
