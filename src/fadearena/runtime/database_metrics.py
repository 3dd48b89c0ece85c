"""How long transactions on the read store take in this process, and how many failed."""

from prometheus_client import CollectorRegistry, Counter, Histogram

from fadearena.runtime.buckets import SECONDS


class DatabaseMetrics:
    """The metrics of a process's transactions; `process` tells it from the others of an installation."""

    def __init__(self, registry: CollectorRegistry, process: str) -> None:
        self._process = process
        self._seconds = Histogram(
            "fadearena_database_seconds",
            "Time of one transaction on the read store, its wait for its turn included, by process and lane.",
            ["process", "lane"],
            buckets=SECONDS,
            registry=registry,
        )
        self._failures = Counter(
            "fadearena_database_failures",
            "Transactions on the read store that failed, by process and lane.",
            ["process", "lane"],
            registry=registry,
        )
        for lane in ("read", "write"):
            self._failures.labels(process, lane)

    def __call__(self, lane: str, seconds: float, *, failed: bool) -> None:
        """Take note of a transaction."""
        self._seconds.labels(self._process, lane).observe(seconds)
        if failed:
            self._failures.labels(self._process, lane).inc()
