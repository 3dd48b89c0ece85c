"""What is measured of the WebSocket's clients."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class StreamMetrics:
    """
    The metrics of a stream, made once for a registry.

    `clients` are connected now, `longest` is the length of the longest queue of one of them, `closed` counts by the
    code that a connection was closed with, `messages` what was queued for clients.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.clients = Gauge("fadearena_websocket_clients", "WebSocket clients that are connected.", registry=registry)
        self.longest = Gauge(
            "fadearena_websocket_queue_length_max", "Messages that wait for the slowest client.", registry=registry
        )
        self.closed = Counter(
            "fadearena_websocket_closed",
            "WebSocket connections that were closed, by code.",
            ["code"],
            registry=registry,
        )
        self.messages = Counter(
            "fadearena_websocket_messages", "Messages that were queued for WebSocket clients.", registry=registry
        )
