"""Errors in OpenAI's format, for the routes that speak it."""

from __future__ import annotations

from fastapi.responses import JSONResponse
from starlette.responses import Response

from app.api.problems import problem_response
from app.api.schemas import ProblemOut
from app.api.schemas.chat import OpenAIError, OpenAIErrorBody

ADDRESSES = ("/v1/chat/", "/v1/models", "/v1/audio/")
KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "invalid_request_error",
    413: "invalid_request_error",
    429: "rate_limit_error",
}


def openai_error(problem: ProblemOut) -> tuple[int, OpenAIError]:
    """Status and body for a problem. What cannot be used is 400 there, not 422."""
    status = 400 if problem.status == 422 else problem.status
    message = f"{problem.detail} {problem.hint}".strip()
    body = OpenAIErrorBody(message=message, type=KINDS.get(status, "server_error"), code=problem.code)
    return status, OpenAIError(error=body)


def error_response(path: str, problem: ProblemOut, headers: dict[str, str] | None = None) -> Response:
    """A problem in the form that clients of the address expect."""
    if not path.startswith(ADDRESSES):
        return problem_response(problem, headers)
    status, body = openai_error(problem)
    return JSONResponse(body.model_dump(), status, headers)
