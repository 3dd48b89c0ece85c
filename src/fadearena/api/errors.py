"""Errors as RFC 9457 has them, with `error` beside `detail` for older clients. None shows what only we should see."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

MEDIA_TYPE: Final = "application/problem+json"
_KILL_SWITCH: Final = "/api/kill-switch"
_ALWAYS: Final = (401, 422, 500, 503)
_MEANINGS: Final = {
    400: "What is asked for makes no sense; `detail` says why.",
    401: "A token or a login is needed.",
    403: "Whoever asks may not do this.",
    404: "There is no such thing.",
    408: "The body took too long.",
    409: "It does not fit with how things stand; `detail` says what to do first.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    421: "The Host header names somebody else.",
    422: "A field is missing, unknown or wrong; `errors` names each.",
    429: "Too much was asked for; `Retry-After` says when to try again.",
    431: "The head of the request is too large.",
    500: "A mistake of the program; the log says more.",
    503: "The database or the worker is away; try again.",
}


class Problem(Exception):
    """An answer that is an error: its status, and a sentence that says what to do next."""

    def __init__(
        self, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **members: object
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
        self.members = members

    @property
    def body(self) -> dict[str, object]:
        """The answer's body."""
        title = HTTPStatus(self.status).phrase
        known = {"type": "about:blank", "title": title, "status": self.status, "detail": self.detail}
        return {**known, "error": self.detail, **self.members}


def database_away(path: str) -> Problem:
    """Return what is answered while the database is away; who wants to stop is told how it goes without one."""
    detail = "The database does not answer at the moment: try again"
    if path == _KILL_SWITCH:
        detail += ", or create the file KILL in the worker's data directory, which stops it without a database"
    return Problem(503, detail, headers={"Retry-After": "1"})


def declared(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return these errors, and those that every endpoint has, as an endpoint declares them."""
    return {status: declaration(status) for status in sorted({*statuses, *_ALWAYS})}


def declaration(status: int) -> dict[str, Any]:
    """Return one error as it is declared."""
    return {
        "description": _MEANINGS.get(status, HTTPStatus(status).phrase),
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
