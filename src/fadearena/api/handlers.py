"""From what was raised to the answer that says so. Nothing of the program's inside is shown."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from fadearena.api.errors import MEDIA_TYPE, Problem, database_away
from fadearena.model.error import InvalidInput, StorageError, StorageUnavailable

log = structlog.get_logger(__name__)
_PLACES = frozenset({"body", "query", "path", "header", "cookie"})


def problem_response(problem: Problem) -> Response:
    """Return a problem as an answer."""
    headers = {"Cache-Control": "no-store", **problem.headers}
    return Response(msgspec.json.encode(problem.body), problem.status, headers, media_type=MEDIA_TYPE)


def field_errors(error: RequestValidationError) -> list[dict[str, str]]:
    """Return what is wrong with each field of a request, named as it was written."""
    return [{"field": _field(one), "message": _sentence(one)} for one in error.errors()]


def add_handlers(app: FastAPI) -> None:
    """Let an application answer errors as problems."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(InvalidInput, _invalid)
    app.add_exception_handler(StorageError, _storage)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


async def _problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - it is registered for nothing else
    return problem_response(error)


async def _invalid(_request: Request, error: Exception) -> Response:
    return problem_response(Problem(400, str(error)))


async def _storage(request: Request, error: Exception) -> Response:
    log.warning("request_without_storage", path=request.url.path, error=str(error))
    if isinstance(error, StorageUnavailable):
        return problem_response(database_away(request.url.path))
    return problem_response(Problem(503, "The database cannot be used: the log and `fadearena doctor` say why"))


async def _unreadable(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - it is registered for nothing else
    errors = field_errors(error)
    detail = "; ".join(f"{one['field'] or 'the body'}: {one['message']}" for one in errors)
    return problem_response(Problem(422, detail, errors=errors))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - it is registered for nothing else
    match error.status_code:
        case 404:
            detail = f"There is nothing at {request.url.path}: /openapi.json tells what there is"
        case 405:
            allowed = ", ".join(_methods_at(request)) or (error.headers or {}).get("Allow", "GET")
            detail = f"{request.method} is not possible at {request.url.path}: use {allowed}"
            return problem_response(Problem(405, detail, headers={"Allow": allowed}))
        case _:
            detail = str(error.detail)
    return problem_response(Problem(error.status_code, detail, headers=error.headers))


def _methods_at(request: Request) -> list[str]:
    """Return all methods of a path, as its own endpoints have them; the framework names only those of the first one."""
    endpoints: Sequence[tuple[re.Pattern[str], set[str]]] = request.app.state.endpoints
    there = [(at.groups, methods) for at, methods in endpoints if at.match(request.url.path)]
    closest = min((parameters for parameters, _ in there), default=0)
    return sorted({method for parameters, methods in there if parameters == closest for method in methods})


async def _unexpected(request: Request, error: Exception) -> Response:
    log.error("request_failed", method=request.method, path=request.url.path, exc_info=error)
    request_id = structlog.contextvars.get_contextvars().get("request_id", "")
    named = f"request {request_id}" if request_id else "this request"
    return problem_response(Problem(500, f"Something went wrong inside: the log says more of {named}"))


def _field(problem: Mapping[str, Any]) -> str:
    """Name a field as it was written: `bots[0].leverageMultiplier`, a parameter by its name, the body not at all."""
    path: Sequence[str | int] = problem["loc"]
    if problem["type"] == "json_invalid":
        return ""
    parts = path[1:] if path and path[0] in _PLACES else path
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return name.removeprefix(".")


def _sentence(problem: Mapping[str, Any]) -> str:
    """Say what is wrong; of JSON that cannot be read also where."""
    if problem["type"] == "json_invalid":
        return f"is no JSON: {problem.get('ctx', {}).get('error', 'it cannot be read')}"
    return str(problem["msg"]).removeprefix("Value error, ")
