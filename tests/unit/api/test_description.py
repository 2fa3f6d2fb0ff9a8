"""The OpenAPI description tells everything that a program needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator

from app.api.application import create_api
from app.api.description import CONFLICTS

OPEN = {"200", "201", "202", "204"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return create_api(cast("Any", None), str).openapi()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, calls in document["paths"].items():
        for verb, call in calls.items():
            yield path, verb, call


def contents(call: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Where, media type and content of every body that is sent either way."""
    for place, body in [("request", call.get("requestBody", {})), *call["responses"].items()]:
        for kind, content in body.get("content", {}).items():
            yield place, kind, content


def test_every_operation_has_a_name_of_its_own_and_a_summary(document: dict[str, Any]) -> None:
    names = [call["operationId"] for _, _, call in operations(document)]
    assert len(names) == len(set(names)) > 30
    assert [path for path, _, call in operations(document) if not call.get("summary")] == []


def test_every_operation_shows_an_example(document: dict[str, Any]) -> None:
    for path, verb, call in operations(document):
        shown = [place for place, _, content in contents(call) if "example" in content]
        needed = [one for one in call["parameters"] if one.get("required")]
        assert all("example" in one for one in needed), (verb, path)
        good = [place for place in shown if place in OPEN | {"request"}]
        assert good or needed, (verb, path)


def test_every_example_in_json_fits_its_schema(document: dict[str, Any]) -> None:
    checked = 0
    for path, verb, call in operations(document):
        for place, kind, content in contents(call):
            if "schema" in content and "example" in content and "json" in kind:
                schema = {**content["schema"], "components": document["components"]}
                faults = [error.message for error in Draft202012Validator(schema).iter_errors(content["example"])]
                assert not faults, (verb, path, place, faults)
                checked += 1
    assert checked > 200


def test_every_operation_tells_its_problems(document: dict[str, Any]) -> None:
    for path, verb, call in operations(document):
        openai = "openai" in call["tags"]
        wanted = {"401", "429", "503", "default", "400" if openai else "422"}
        wanted |= ({"404"} if "{" in path else set()) | ({"409"} if f"{verb} {path}" in CONFLICTS else set())
        assert wanted <= set(call["responses"]), (verb, path)
        assert "409" in wanted or "409" not in call["responses"], (verb, path)
        for status in wanted:
            [(kind, content)] = call["responses"][status]["content"].items()
            name = "OpenAIError" if openai else "ProblemOut"
            assert kind == ("application/json" if openai else "application/problem+json")
            assert content["schema"]["$ref"].endswith(f"/{name}")
        assert "Retry-After" in call["responses"]["429"]["headers"]


def test_operations_with_conflicts_exist_and_include_all_that_take_a_key(document: dict[str, Any]) -> None:
    known = {f"{verb} {path}" for path, verb, _ in operations(document)}
    with_key = {
        f"{verb} {path}"
        for path, verb, call in operations(document)
        if any(one["name"] == "Idempotency-Key" for one in call["parameters"])
    }
    assert with_key and with_key <= CONFLICTS <= known


def test_the_headers_of_all_operations_are_described(document: dict[str, Any]) -> None:
    def names(path: str, verb: str) -> set[str]:
        return {one["name"] for one in document["paths"][path][verb]["parameters"]}

    assert "Idempotency-Key" in names("/videos", "post")
    listed = document["paths"]["/videos"]["get"]["responses"]
    assert "Link" in listed["200"]["headers"]


def test_all_references_lead_somewhere(document: dict[str, Any]) -> None:
    def references(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                yield value["$ref"]
            for inner in value.values():
                yield from references(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from references(inner)

    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(references(document)) <= known
