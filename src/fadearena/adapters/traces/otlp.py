"""
Traces as OpenTelemetry has them, sent over HTTP by a thread of their own.

What cannot be sent in time is dropped: nothing ever waits for a trace.
"""

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from fadearena import __version__
from fadearena.ports.traces import Span

_PATH = "/v1/traces"
_CALLER = TraceContextTextMapPropagator()


class OtlpTraces:
    """
    Hands spans to a processor.

    Args:
        process: How this process is called in traces: `worker` or `api`.
        processor: What becomes of spans.
    """

    def __init__(self, process: str, processor: SpanProcessor) -> None:
        resource = Resource({"service.name": f"fadearena-{process}", "service.version": __version__})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(processor)
        self._tracer: Tracer = self._provider.get_tracer("fadearena", __version__)

    def keep(self, span: Span) -> None:
        """Take a span with its parts."""
        caller = _CALLER.extract({"traceparent": span.caller}) if span.caller else Context()
        self._keep(span, caller, SpanKind.SERVER if "http.route" in span.attributes else SpanKind.CONSUMER)

    def close(self) -> None:
        """Send what waits, and end."""
        self._provider.shutdown()

    def _keep(self, span: Span, around: Context, kind: SpanKind) -> None:
        made = self._tracer.start_span(
            span.name, around, kind=kind, attributes=dict(span.attributes), start_time=span.began_ns
        )
        if span.error:
            made.set_status(Status(StatusCode.ERROR, span.error))
        within = set_span_in_context(made, around)
        for part in span.parts:
            self._keep(part, within, SpanKind.INTERNAL)
        made.end(span.ended_ns)


def sent_to(url: str) -> SpanProcessor:
    """Return what sends spans to a collector, whose OTLP port `url` is."""
    endpoint = url if url.endswith(_PATH) else url.rstrip("/") + _PATH
    return BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint, timeout=5))
