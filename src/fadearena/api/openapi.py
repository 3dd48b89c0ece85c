"""The description of everything, by which programs are made: `/openapi.json`, OpenAPI 3.1."""

from collections.abc import Iterator
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from fadearena import __version__
from fadearena.api.errors import declaration
from fadearena.api.schemas.common import Asked, ProblemShape, Shape

_TITLE: Final = "FadeArena"
_ABOUT: Final = """\
Shows what FadeArena recorded, and takes what people order.

* Times are milliseconds UTC since 1970, money is USD, sizes are in base units of the coin.
* Decimals are JSON numbers, or with `?decimals=string` exact texts. What is not known is null, never 0.
* Errors are RFC 9457 problems; `error` repeats `detail`.
* What is asked for again and again has an `ETag`: with `If-None-Match` an answer that did not change is 304.
"""
_SCHEMES: Final = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A token: `fadearena token create` makes one."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "fadearena_session",
        "description": "The cookie of a login. Requests that change something need a matching Origin beside it.",
    },
}
_READS: Final = frozenset({"get", "head"})
_BEFORE_ALL: Final = (400, 421, 431)
_BEFORE_CHANGES: Final = (403, 408, 413, 415)


def description_of(app: FastAPI) -> dict[str, Any]:
    """Return the description of an application."""
    found = get_openapi(title=_TITLE, version=__version__, description=_ABOUT, routes=app.routes)
    parts = found.setdefault("components", {})
    problem = ProblemShape.model_json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
    shapes = parts.setdefault("schemas", {})
    shapes |= problem.pop("$defs", {})
    shapes["Problem"] = problem
    _restore_examples(shapes)
    parts["securitySchemes"] = _SCHEMES
    for path in found["paths"].values():
        for method, operation in path.items():
            _complete(method, operation)
    return found


def _restore_examples(shapes: dict[str, Any]) -> None:
    """Put examples back as they were written: FastAPI leaves out what is null in them."""
    for kind in (*_kinds(Shape), *_kinds(Asked)):
        extra = kind.model_config.get("json_schema_extra")
        if kind.__name__ in shapes and isinstance(extra, dict) and "examples" in extra:
            shapes[kind.__name__]["examples"] = extra["examples"]


def _kinds(kind: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for each in kind.__subclasses__():
        yield each
        yield from _kinds(each)


def _complete(method: str, operation: dict[str, Any]) -> None:
    """Say who may do it, what stands before every endpoint, and that what did not change is not sent again."""
    responses = operation["responses"]
    for status in _BEFORE_ALL if method in _READS else (*_BEFORE_ALL, *_BEFORE_CHANGES):
        _add(responses, status)
    if method in _READS and "application/json" in responses.get("200", {}).get("content", {}):
        responses["304"] = {"description": "It is what `If-None-Match` names: nothing changed."}
    operation["responses"] = dict(sorted(responses.items()))
    if "401" in responses and "security" not in operation:
        operation["security"] = [{"bearer": []}, {"session": []}, *([{}] if method in _READS else [])]


def _add(responses: dict[str, Any], status: int) -> None:
    """Declare an error, beside another form that the endpoint itself may give it."""
    made = declaration(status)
    known = responses.setdefault(str(status), made)
    known["content"] = {**known.get("content", {}), **made["content"]}
