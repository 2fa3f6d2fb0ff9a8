"""The table of errors: whatever goes wrong becomes `application/problem+json` (RFC 9457).

Clients see a sentence and a hint, never a traceback; what was not foreseen goes to the log.
"""

from __future__ import annotations

import logging
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from app.api.schemas import ProblemOut, problem_of
from app.core.errors import BadInput, LongreelError

logger = logging.getLogger(__name__)

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
RETRY_S = 10
"""When a caller who came at a bad moment should come back."""
MEDIA_TYPE = "application/problem+json"

HINTS = {
    401: "Send the header 'Authorization: Bearer <key>' with the key in LONGREEL_SERVER__API_KEY.",
    403: "Use the address that the server was started with.",
    404: "See /v1/openapi.json for the addresses that exist.",
    405: "See /v1/openapi.json for the methods of this address.",
    500: "Look at the server's log, then try again.",
}


def plain_problem(status: int, detail: str = "", code: str = "", hint: str = "") -> ProblemOut:
    """A problem that HTTP itself knows, such as 405."""
    phrase = HTTPStatus(status).phrase
    name = code or phrase.lower().replace(" ", "_")
    return ProblemOut(
        type=f"urn:longreel:problem:{name}",
        title=phrase,
        status=status,
        detail=detail or f"{phrase}.",
        code=name,
        hint=hint or HINTS.get(status, ""),
    )


def problem_response(problem: ProblemOut, headers: dict[str, str] | None = None) -> Response:
    """A problem as an HTTP answer."""
    return JSONResponse(problem.model_dump(), problem.status, headers, MEDIA_TYPE)


def problem_for(error: Exception) -> ProblemOut:
    """The problem for any error; a foreign one is logged and reported as an internal fault."""
    if isinstance(error, LongreelError):
        return problem_of(error)
    if isinstance(error, HTTPException):
        return http_problem(error)
    logger.error("An unexpected error", exc_info=error, extra={"action": "unexpected_error"})
    return plain_problem(500, "Longreel failed unexpectedly.", "error")


def http_problem(error: HTTPException) -> ProblemOut:
    """The problem for an error of the web framework, such as a body that is no JSON."""
    detail = "" if error.detail == HTTPStatus(error.status_code).phrase else str(error.detail)
    return plain_problem(error.status_code, detail)


def install_problems(app: FastAPI) -> None:
    """Makes every error of an application a problem."""

    @app.exception_handler(LongreelError)
    def ours(_: Request, error: LongreelError) -> Response:
        problem = problem_of(error)
        return problem_response(problem, {"Retry-After": str(RETRY_S)} if problem.status == 429 else None)

    @app.exception_handler(RequestValidationError)
    def invalid(_: Request, error: RequestValidationError) -> Response:
        return problem_response(problem_of(invalid_request(error)))

    @app.exception_handler(HTTPException)
    def http(request: Request, error: HTTPException) -> Response:
        headers = dict(error.headers or {})
        if error.status_code == 405:
            scope, routes = request.scope, request.app.routes  # the router names the methods of the first route alone
            allowed = [
                method
                for method in METHODS
                if any(route.matches({**scope, "method": method})[0] is Match.FULL for route in routes)
            ]
            headers["Allow"] = ", ".join(sorted(allowed or headers.get("Allow", "").split(", ")))
        return problem_response(http_problem(error), headers)

    @app.exception_handler(Exception)
    def unexpected(_: Request, __: Exception) -> Response:
        return problem_response(plain_problem(500, "Longreel failed unexpectedly.", "error"))


def bad_fields(error: ValidationError) -> BadInput:
    """Our error for data that does not fit its description."""
    fault = error.errors()[0]
    place = ".".join(str(part) for part in fault["loc"]) or "The body"
    return BadInput(f"{place}: {fault['msg']}.", "Correct the request; /v1/openapi.json describes it.")


def invalid_request(error: RequestValidationError) -> BadInput:
    """Our error for a request that does not fit its description."""
    faults = []
    for fault in error.errors()[:5]:
        place = ".".join(str(part) for part in fault["loc"][1:])
        faults.append(f"{place}: {fault['msg']}" if place else str(fault["msg"]))
    return BadInput("; ".join(faults) + ".", "Correct the request; /v1/openapi.json describes it.")
