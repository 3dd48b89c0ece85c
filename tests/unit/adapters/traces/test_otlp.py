"""Spans reach a collector as OpenTelemetry has them; where none are wanted nothing of it is loaded."""

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

import fadearena
from fadearena.adapters.traces.otlp import OtlpTraces
from fadearena.bootstrap.tracing import open_traces
from fadearena.config import Config
from fadearena.ports.traces import Span

PACKAGE = Path(fadearena.__file__).parent
TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def kept(*spans: Span) -> Sequence[ReadableSpan]:
    """Return what is exported of spans, in the order in which it ended."""
    exporter = InMemorySpanExporter()
    traces = OtlpTraces("worker", SimpleSpanProcessor(exporter))
    for span in spans:
        traces.keep(span)
    traces.close()
    return exporter.get_finished_spans()


def test_an_order_is_a_trace_with_its_steps() -> None:
    """Times are those that were measured, and the parts hang on the whole."""
    parts = (Span(name="queue", began_ns=100, ended_ns=200), Span(name="decide", began_ns=200, ended_ns=250))
    order = Span(name="order", began_ns=100, ended_ns=900, attributes={"fadearena.cloid": "c1"}, parts=parts)
    queue, decide, whole = kept(order)
    assert (whole.name, whole.start_time, whole.end_time, whole.parent) == ("order", 100, 900, None)
    assert (whole.attributes or {})["fadearena.cloid"] == "c1"
    assert whole.kind is SpanKind.CONSUMER
    assert (queue.start_time, queue.end_time, decide.name) == (100, 200, "decide")
    assert queue.parent is not None
    assert whole.context is not None
    assert queue.parent.span_id == whole.context.span_id
    assert whole.resource.attributes["service.name"] == "fadearena-worker"


def test_a_request_joins_its_callers_trace() -> None:
    """By the header of W3C; one that went wrong says so."""
    attributes: dict[str, str | int] = {"http.route": "/api/state", "http.response.status_code": 503}
    request = Span(
        name="GET /api/state",
        began_ns=1,
        ended_ns=2,
        attributes=attributes,
        caller=f"00-{TRACE}-{CALLER}-01",
        error="status 503",
    )
    (span,) = kept(request)
    assert span.parent is not None
    assert span.context is not None
    assert format(span.context.trace_id, "032x") == TRACE
    assert format(span.parent.span_id, "016x") == CALLER
    assert (span.kind, span.status.status_code) == (SpanKind.SERVER, StatusCode.ERROR)


def test_two_orders_are_two_traces() -> None:
    """What happens one after the other does not hang together."""
    one, other = kept(*(Span(name="order", began_ns=1, ended_ns=2),) * 2)
    assert one.context is not None
    assert other.context is not None
    assert one.context.trace_id != other.context.trace_id


def test_without_a_collector_nothing_is_traced(tmp_path: Path) -> None:
    """Whoever asks for traces gets none."""

    async def story() -> bool:
        async with open_traces(Config(data_dir=tmp_path), "worker") as traces:
            return traces is None

    assert asyncio.run(story())


def test_without_a_collector_nothing_is_loaded() -> None:
    """One room knows the libraries, and one place imports that room, inside of a function."""
    sources = {file.relative_to(PACKAGE).as_posix(): file.read_text() for file in PACKAGE.rglob("*.py")}
    knowing = {
        name for name, text in sources.items() if re.search(r"^\s*(from|import) opentelemetry", text, re.MULTILINE)
    }
    asking = {name: text for name, text in sources.items() if "import" in text and "adapters.traces" in text}
    assert knowing == {"adapters/traces/otlp.py"}
    assert asking.keys() == {"bootstrap/tracing.py"}
    assert re.search(r"^ +from fadearena.adapters.traces", asking["bootstrap/tracing.py"], re.MULTILINE)
