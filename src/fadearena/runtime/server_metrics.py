"""What is counted and timed where records are shown and people are told: the projection, and alerts."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from fadearena.runtime.buckets import SECONDS


class ServerMetrics:
    """The metrics of a projector and a courier, in a registry of their own unless one is given."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry = registry or CollectorRegistry()
        self.projected_seq = Gauge(
            "fadearena_projected_seq", "Number of the newest projected entry.", registry=registry
        )
        self.projection = Histogram(
            "fadearena_projection_seconds", "Time of one projected batch.", buckets=SECONDS, registry=registry
        )
        self.alerts = Counter(
            "fadearena_alerts", "Messages to people, by what became of them.", ["state"], registry=registry
        )
        self.alerts_waiting = Gauge("fadearena_alerts_waiting", "Alerts that wait to be told.", registry=registry)
