"""What is measured of requests. Paths are counted by their templates, so that there are only so many."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.3, 1.0, 5.0, 30.0)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class HttpMetrics:
    """The metrics of requests, made once for a registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.running = Gauge(
            "fadearena_http_requests_running", "Requests that are being answered now.", registry=registry
        )
        self._requests = Counter(
            "fadearena_http_requests",
            "Requests that were answered, by method, template of the path and status.",
            ["method", "route", "status"],
            registry=registry,
        )
        self._seconds = Histogram(
            "fadearena_http_request_seconds",
            "Time until a request was answered whole, by method and template of the path.",
            ["method", "route"],
            buckets=_SECONDS,
            registry=registry,
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Take note of a request that was answered."""
        known = method if method in _METHODS else "other"
        self._requests.labels(known, route, str(status)).inc()
        self._seconds.labels(known, route).observe(seconds)
