"""The description of the API is complete: programs and people need nothing beside it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from fadearena.api.app import description
from fadearena.cli.describing import openapi
from tests.support.api import ApiRoom, in_room

FOUND = json.loads(json.dumps(description()))
METHODS = {"get", "post", "put", "patch", "delete"}
PAGE = Path(__file__).parents[3] / "web" / "openapi.json"


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each operation with how it is called."""
    for path, methods in FOUND["paths"].items():
        for method, operation in methods.items():
            assert method in METHODS
            yield f"{method.upper()} {path}", operation


def fields() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each field of each shape with its name."""
    for name, shape in FOUND["components"]["schemas"].items():
        for field, schema in shape.get("properties", {}).items():
            yield f"{name}.{field}", schema


def explained(schema: dict[str, Any]) -> bool:
    """Tell whether a field says what it means, by itself or by its shape."""
    shape = FOUND["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], {})
    return bool(schema.get("description") or shape.get("description"))


def test_it_is_of_the_version_that_programs_read() -> None:
    """OpenAPI 3.1, with a title, a version and what holds for everything."""
    assert FOUND["openapi"].startswith("3.1.")
    assert set(FOUND["info"]) >= {"title", "version", "description"}


def test_every_operation_is_named_and_explained() -> None:
    """Names are unique; each has a summary, a tag, and says of each answer what it means."""
    names = [operation["operationId"] for _, operation in operations()]
    assert sorted(names) == sorted(set(names))
    wrong = [
        f"{call}: {status}"
        for call, operation in operations()
        for status, answer in operation["responses"].items()
        if not answer["description"]
    ]
    assert wrong == []
    assert [call for call, operation in operations() if not (operation.get("summary") and operation.get("tags"))] == []


def test_every_parameter_is_explained() -> None:
    """Each says what it is for."""
    assert [
        f"{call}: {parameter['name']}"
        for call, operation in operations()
        for parameter in operation.get("parameters", [])
        if not (parameter.get("description") or parameter["schema"].get("description"))
    ] == []


def test_every_field_is_explained() -> None:
    """Each says what it means, with its unit."""
    assert [name for name, schema in fields() if not explained(schema)] == []


def test_every_error_is_a_problem() -> None:
    """Errors are declared as `application/problem+json`, whoever has to be somebody is told so with 401."""
    wrong = [
        f"{call}: {status}"
        for call, operation in operations()
        for status, answer in operation["responses"].items()
        if status >= "400" and "application/problem+json" not in answer.get("content", {})
    ]
    assert wrong == []
    open_to_all = {call for call, operation in operations() if "401" not in operation["responses"]}
    assert open_to_all <= {"GET /healthz", "GET /readyz", "POST /api/login", "POST /api/logout", "GET /api/me"}


@pytest.mark.parametrize("name", sorted(FOUND["components"]["schemas"]))
def test_examples_are_of_their_shape(name: str) -> None:
    """What stands there as an example is valid."""
    validator = jsonschema_rs.validator_for({"$ref": f"#/components/schemas/{name}", "components": FOUND["components"]})
    for example in FOUND["components"]["schemas"][name].get("examples", []):
        assert [str(error) for error in validator.iter_errors(example)] == []


def test_every_answer_has_an_example() -> None:
    """The shapes that whole answers have."""
    answers = {
        content["schema"]["$ref"].rpartition("/")[2]
        for _, operation in operations()
        for status, answer in operation["responses"].items()
        if status < "300"
        for media, content in answer.get("content", {}).items()
        if media == "application/json" and "$ref" in content["schema"]
    }
    shapes = FOUND["components"]["schemas"]
    assert [name for name in sorted(answers) if not shapes[name].get("examples")] == []


def test_it_is_served_and_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """The same at `/openapi.json` and by `fadearena openapi`."""
    openapi()
    assert json.loads(capsys.readouterr().out) == FOUND

    async def story(room: ApiRoom) -> None:
        served = await room.get("/openapi.json")
        assert (served.status, served.json) == (200, FOUND)

    in_room(story)


def test_the_page_is_made_of_it() -> None:
    """What the web page's types are made of is what the API is: `fadearena openapi > web/openapi.json` refreshes it."""
    assert json.loads(PAGE.read_text()) == FOUND
