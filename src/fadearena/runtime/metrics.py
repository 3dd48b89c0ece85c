"""What a worker counts and times, in Prometheus' terms. Each worker has a registry of its own."""

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from fadearena.kit.exposition import text_of
from fadearena.model.record import Decision, OrderUpdate, Outcome
from fadearena.ports.journal import JournalEntry
from fadearena.ports.traces import Traces
from fadearena.runtime.buckets import SECONDS
from fadearena.runtime.sight_metrics import SightMetrics
from fadearena.runtime.state_metrics import StateMetrics
from fadearena.runtime.stopwatch import Stopwatch

_BATCH = (1, 2, 5, 10, 20, 50, 100, 200)


class Metrics:
    """All metrics of a worker; `traces` is told what became of fills that were followed."""

    def __init__(self, traces: Traces | None = None) -> None:
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
            "fadearena_feed_heard_timestamp_seconds",
            "When a feed was heard last, seconds UTC.",
            ["feed"],
            registry=registry,
        )
        self.queue = Gauge("fadearena_queue_length", "What waits, by queue.", ["queue"], registry=registry)
        self.journal_seq = Gauge("fadearena_journal_seq", "Number of the newest journal entry.", registry=registry)
        self.recoveries = Counter("fadearena_recoveries", "Times that the state was recovered.", registry=registry)
        self.snapshots = Counter("fadearena_snapshots", "Snapshots, by outcome.", ["outcome"], registry=registry)
        self.batch = Histogram("fadearena_commit_entries", "Entries in one commit.", buckets=_BATCH, registry=registry)
        self.commit = Histogram(
            "fadearena_commit_seconds", "Time of one journal commit.", buckets=SECONDS, registry=registry
        )
        self.step = Histogram("fadearena_step_seconds", "Time of one step.", buckets=SECONDS, registry=registry)
        self.dispatch = Histogram(
            "fadearena_dispatch_seconds",
            "From the commit of a signed command to its hand-over to the venue.",
            buckets=SECONDS,
            registry=registry,
        )
        self.answer = Histogram(
            "fadearena_answer_seconds",
            "Time until the venue answered, by command.",
            ["kind"],
            buckets=SECONDS,
            registry=registry,
        )
        self.storage_failures = Counter(
            "fadearena_storage_failures", "Times that the journal or its lease failed the worker.", registry=registry
        )
        self.sight = SightMetrics(registry)
        self.state = StateMetrics(registry)
        self.stopwatch = Stopwatch(registry, traces)

    def count(self, entries: Sequence[JournalEntry]) -> None:
        """Count what is journaled."""
        self.batch.observe(len(entries))
        self.stopwatch.count(entries)
        for entry in entries:
            self.state.count(entry.records)
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
        return text_of(self.registry)

    def _count_decision(self, decision: Decision) -> None:
        reason = "" if decision.outcome is Outcome.EXECUTE else decision.reason
        self.decisions.labels(decision.outcome.value, reason).inc()
        for check in decision.checks:
            if not check.passed:
                self.failed_checks.labels(check.name).inc()
