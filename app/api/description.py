"""The OpenAPI description, completed: what FastAPI cannot know of headers, problems and examples.

What all routes share is written here once: which problems it may answer with, where the next page is, and how a
request is made safe to repeat.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from fastapi import FastAPI

from app.api.examples import Examples
from app.api.problems import MEDIA_TYPE, plain_problem
from app.api.schemas import ProblemOut, problem_of
from app.core.errors import BadInput, Conflict, NotFound, WorkerFailed

Data: TypeAlias = dict[str, Any]

JSON = "application/json"

PROBLEMS: dict[int, tuple[str, ProblemOut]] = {
    401: ("The API key is missing or wrong", plain_problem(401, "This server needs an API key.")),
    404: (
        "It does not exist",
        problem_of(NotFound("No video is called 3f2a.", "See the list of videos, or ingest the file first.")),
    ),
    409: (
        "The state of the job, upload or run, or another request with this key, does not allow it",
        problem_of(Conflict("Job 3f2a is finished and cannot be tried again.", "Look at the job's state first.")),
    ),
    422: (
        "The request cannot be used",
        problem_of(BadInput("limit: Input should be greater than or equal to 1.", "Correct the request.")),
    ),
    429: (
        "Too many requests in this minute",
        plain_problem(429, "Too many requests in this minute.", hint="Wait 42 s."),
    ),
    503: ("A model or a store failed", problem_of(WorkerFailed("The database is busy.", "Try again in a moment."))),
}
"""What each status means, with an example."""

CONFLICTS = {
    "post /videos", "post /batches", "post /summaries", "post /ask", "post /jobs/{job}/next", "post /jobs/{job}/retry",
    "post /jobs/{job}/dismiss", "delete /jobs/{job}", "post /batches/{batch}/retry", "delete /batches/{batch}",
    "patch /uploads/{upload}", "delete /uploads/{upload}", "patch /videos/{video}/transcript",
}  # fmt: skip
"""The operations that may answer 409."""

RETRY_AFTER = {"Retry-After": {"schema": {"type": "integer"}, "description": "seconds to wait"}}
LINK = {"Link": {"schema": {"type": "string"}, "description": 'the next page, with rel="next"; absent on the last'}}


class DescribedApi(FastAPI):
    """FastAPI with the completed description."""

    def openapi(self) -> Data:
        """The description, made once."""
        if self.openapi_schema is None:
            complete(super().openapi())
        return self.openapi_schema or {}


def complete(document: Data) -> None:
    """Adds to every operation what holds for all of them."""
    schemas = document["components"]["schemas"]
    examples = Examples(schemas)
    for path, operations in document["paths"].items():
        for verb, operation in operations.items():
            _add_problems(operation, path, verb)
            parameters = operation.setdefault("parameters", [])
            if verb == "get" and any(parameter["name"] == "cursor" for parameter in parameters):
                good = operation["responses"]["200"]
                good["headers"] = {**good.get("headers", {}), **LINK}
            for parameter in parameters:
                if parameter.get("required"):
                    parameter["example"] = examples.of(parameter["schema"], parameter["name"])
            for body in (operation.get("requestBody", {}), *operation["responses"].values()):
                content = body.get("content", {}).get(JSON, {})
                if "schema" in content and "example" not in content:
                    content["example"] = examples.of(content["schema"])


def _add_problems(operation: Data, path: str, verb: str) -> None:
    responses = operation["responses"]
    default = responses.pop("default")
    openai = "OpenAIError" in str(default)
    kind = JSON if openai else MEDIA_TYPE
    schema = {"$ref": f"#/components/schemas/{'OpenAIError' if openai else 'ProblemOut'}"}
    for status, (text, problem) in PROBLEMS.items():
        if (status == 404 and "{" not in path) or (status == 409 and f"{verb} {path}" not in CONFLICTS):
            continue
        content: Data = {"schema": schema} if openai else {"schema": schema, "example": problem.model_dump()}
        response = responses.setdefault("400" if openai and status == 422 else str(status), {"description": text})
        response["content"] = {kind: content}
        if status == 429:
            response["headers"] = RETRY_AFTER
    responses["default"] = {"description": default["description"], "content": {kind: {"schema": schema}}}
