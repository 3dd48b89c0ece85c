"""Each request has a name, a line in the log, a place in the metrics and, where wanted, a trace."""

from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry
from starlette.types import Receive, Scope, Send
from structlog.contextvars import get_contextvars
from structlog.testing import capture_logs

from fadearena.api.app import windows
from fadearena.api.callers import Caller
from fadearena.api.metrics.requests import RequestLog
from fadearena.kit.jumping import run_jumping
from fadearena.ports.access import Role
from fadearena.ports.traces import Span
from tests.support.api import Answer, api_room, ask


class Kept:
    """Keeps traces for a test."""

    def __init__(self) -> None:
        self.spans: list[Span] = []

    def keep(self, span: Span) -> None:
        """Take a span."""
        self.spans.append(span)


ROOM = api_room()
"""Making an application takes a while: one serves all these tests."""


class Front:
    """An application with a log of its requests around it."""

    def __init__(self) -> None:
        self.traces = Kept()
        self.doors = replace(ROOM.doors, registry=CollectorRegistry(), traces=self.traces)
        inner = windows(ROOM.app)

        async def known(scope: Scope, receive: Receive, send: Send) -> None:
            scope["state"]["caller"] = Caller(actor="token:ann", role=Role.VIEWER, address="10.0.0.1")
            self.bound = get_contextvars()
            await inner(scope, receive, send)

        self.app = RequestLog(known, self.doors)

    def ask(self, method: str, path: str, query: dict[str, object] | None = None, **headers: str) -> Answer:
        """Send a request."""
        given = {name.replace("_", "-"): text for name, text in headers.items()}
        return run_jumping(ask(self.app, method, path, query=query, headers=given), ROOM.clock)

    def count(self, method: str, route: str, status: int) -> float | None:
        """Return how many such requests were counted."""
        labels = {"method": method, "route": route, "status": str(status)}
        return self.doors.registry.get_sample_value("fadearena_http_requests_total", labels)


def test_a_request_keeps_its_name() -> None:
    """What the asker called it stands in the answer, and in every line that is logged meanwhile."""
    front = Front()
    answer = front.ask("GET", "/healthz", x_request_id="job-7.a_b")
    assert answer.headers["x-request-id"] == "job-7.a_b"
    assert front.bound["request_id"] == "job-7.a_b"


def test_a_bad_name_is_replaced() -> None:
    """Nothing that is not a plain word reaches logs and answers."""
    front = Front()
    for name in ("", "a b", "x" * 65, "line\rbreak", "ünknown", '"quoted"'):
        answer = front.ask("GET", "/healthz", x_request_id=name)
        assert len(answer.headers["x-request-id"]) == 16
        assert answer.headers["x-request-id"] != name


def test_requests_are_counted_by_their_templates() -> None:
    """Whatever stands in the path; what leads nowhere is one kind, and HEAD counts under its path."""
    front = Front()
    for path in ("/healthz", "/nowhere/1", "/nowhere/2"):
        front.ask("GET", path)
    front.ask("HEAD", "/healthz")
    front.ask("BREW", "/healthz")
    assert front.count("GET", "/healthz", 200) == 1
    assert front.count("HEAD", "/healthz", 200) == 1
    assert front.count("GET", "(none)", 404) == 2
    assert front.count("other", "/healthz", 405) == 1
    labels = {"method": "GET", "route": "/healthz"}
    assert front.doors.registry.get_sample_value("fadearena_http_request_seconds_count", labels) == 1
    assert front.doors.registry.get_sample_value("fadearena_http_requests_running") == 0


def test_a_line_tells_who_asked_for_what_and_never_the_query() -> None:
    """Reads that went well are said quietly."""
    front = Front()
    with capture_logs() as lines:
        front.ask("GET", "/healthz", {"token": "tell-nobody"}, authorization="Bearer tell-nobody")
        front.ask("GET", "/nowhere", {"token": "tell-nobody"})
    quiet, loud = [line for line in lines if line["event"] == "http_request"]
    assert (quiet["log_level"], quiet["path"], quiet["status"], quiet["actor"]) == (
        "debug",
        "/healthz",
        200,
        "token:ann",
    )
    assert (loud["log_level"], loud["status"], loud["method"]) == ("info", 404, "GET")
    assert "tell-nobody" not in str(lines)


def test_what_breaks_inside_is_a_warning_and_is_counted() -> None:
    """Also where no answer came at all."""
    registry = CollectorRegistry()

    async def broken(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise RuntimeError("inside")

    app = RequestLog(broken, replace(ROOM.doors, registry=registry))
    with capture_logs() as lines, pytest.raises(RuntimeError):
        run_jumping(ask(app, "GET", "/healthz"), ROOM.clock)
    assert [(line["log_level"], line["status"]) for line in lines] == [("warning", 500)]
    labels = {"method": "GET", "route": "(none)", "status": "500"}
    assert registry.get_sample_value("fadearena_http_requests_total", labels) == 1


def test_a_request_is_a_span_of_its_callers_trace() -> None:
    """Named by its template; a header that is none of W3C's is left out."""
    front = Front()
    caller = f"00-{'a' * 32}-{'b' * 16}-01"
    front.ask("GET", "/healthz", traceparent=caller)
    front.ask("GET", "/nowhere", traceparent="nonsense")
    known, lost = front.traces.spans
    assert (known.name, known.caller, known.error) == ("GET /healthz", caller, "")
    assert known.attributes["http.response.status_code"] == 200
    assert known.began_ns <= known.ended_ns
    assert (lost.name, lost.caller) == ("GET (none)", "")


def test_only_requests_are_counted() -> None:
    """A WebSocket lives for hours and only gets its name; what is neither passes as it is."""
    registry = CollectorRegistry()
    seen: list[tuple[str, str | None]] = []

    async def inner(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append((scope["type"], scope.get("state", {}).get("request_id")))

    async def receive() -> dict[str, object]:
        raise AssertionError

    async def send(message: object) -> None:
        raise AssertionError

    app = RequestLog(inner, replace(ROOM.doors, registry=registry))
    socket: Scope = {"type": "websocket", "path": "/ws", "headers": [(b"x-request-id", b"me")]}
    run_jumping(app(socket, receive, send), ROOM.clock)
    run_jumping(app({"type": "lifespan"}, receive, send), ROOM.clock)
    assert seen == [("websocket", "me"), ("lifespan", None)]
    assert not [one for metric in registry.collect() for one in metric.samples if one.name.endswith("_total")]
