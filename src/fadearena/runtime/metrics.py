"""What is counted and timed, in Prometheus' terms. Each process has a registry of its own."""

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from fadearena.model.record import Decision, OrderUpdate, Outcome
from fadearena.ports.journal import JournalEntry
from fadearena.runtime.sight_metrics import SightMetrics

_SECONDS = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.015, 0.03, 0.05, 0.1, 0.25, 1.0, 5.0)
_BATCH = (1, 2, 5, 10, 20, 50, 100, 200)


class Metrics:
    """All metrics of a process."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.events = Counter("fadearena_events", "Events that were journaled, by kind.", ["kind"], registry=registry)
        self.decisions = Counter(
            "fadearena_decisions",
            "Recorded decisions, by outcome and reason.",
            ["outcome", "reason"],
            registry=registry,
        )
        self.failed_checks = Counter(
            "fadearena_failed_checks", "Checks that did not pass, by name.", ["check"], registry=registry
        )
        self.orders = Counter(
            "fadearena_order_updates", "Orders that came into a state.", ["status"], registry=registry
        )
        self.refused = Counter(
            "fadearena_gate_refusals", "Commands that were decided and not sent, by kind.", ["kind"], registry=registry
        )
        self.feed_events = Counter("fadearena_feed_events", "What feeds pushed, by feed.", ["feed"], registry=registry)
        self.feed_lost = Counter(
            "fadearena_feed_events_lost",
            "What feeds pushed and the inbox had no room for.",
            ["feed"],
            registry=registry,
        )
        self.feed_heard = Gauge(
            "fadearena_feed_heard_ms", "When a feed was heard last, milliseconds UTC.", ["feed"], registry=registry
        )
        self.queue = Gauge("fadearena_queue_length", "What waits, by queue.", ["queue"], registry=registry)
        self.journal_seq = Gauge("fadearena_journal_seq", "Number of the newest journal entry.", registry=registry)
        self.projected_seq = Gauge(
            "fadearena_projected_seq", "Number of the newest projected entry.", registry=registry
        )
        self.recoveries = Counter("fadearena_recoveries", "Times that the state was recovered.", registry=registry)
        self.snapshots = Counter("fadearena_snapshots", "Snapshots, by outcome.", ["outcome"], registry=registry)
        self.batch = Histogram("fadearena_commit_entries", "Entries in one commit.", buckets=_BATCH, registry=registry)
        self.commit = Histogram(
            "fadearena_commit_seconds", "Time of one journal commit.", buckets=_SECONDS, registry=registry
        )
        self.step = Histogram("fadearena_step_seconds", "Time of one step.", buckets=_SECONDS, registry=registry)
        self.dispatch = Histogram(
            "fadearena_dispatch_seconds",
            "From the commit of a signed command to its hand-over to the venue.",
            buckets=_SECONDS,
            registry=registry,
        )
        self.answer = Histogram(
            "fadearena_answer_seconds",
            "Time until the venue answered, by command.",
            ["kind"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.projection = Histogram(
            "fadearena_projection_seconds", "Time of one projected batch.", buckets=_SECONDS, registry=registry
        )

        self.alerts = Counter(
            "fadearena_alerts", "Messages to people, by what became of them.", ["state"], registry=registry
        )
        self.alerts_waiting = Gauge("fadearena_alerts_waiting", "Alerts that wait to be told.", registry=registry)
        self.sight = SightMetrics(registry)

    def count(self, entries: Sequence[JournalEntry]) -> None:
        """Count what is journaled."""
        self.batch.observe(len(entries))
        for entry in entries:
            self.events.labels(str(entry.event.__struct_config__.tag)).inc()
            for record in entry.records:
                match record:
                    case Decision():
                        self._count_decision(record)
                    case OrderUpdate(status=status):
                        self.orders.labels(status.value).inc()
                    case _:
                        pass

    def text(self) -> str:
        """Return everything in Prometheus' text format."""
        return generate_latest(self.registry).decode()

    def _count_decision(self, decision: Decision) -> None:
        reason = "" if decision.outcome is Outcome.EXECUTE else decision.reason
        self.decisions.labels(decision.outcome.value, reason).inc()
        for check in decision.checks:
            if not check.passed:
                self.failed_checks.labels(check.name).inc()
