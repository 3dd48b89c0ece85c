"""Every metric that an installation may give out, by the name that Prometheus knows."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import Metric

from fadearena.api.metrics.http import HttpMetrics
from fadearena.api.metrics.standing import documented
from fadearena.api.metrics.stream import StreamMetrics
from fadearena.bootstrap.measuring import measure_disk
from fadearena.runtime.database_metrics import DatabaseMetrics
from fadearena.runtime.metrics import Metrics
from fadearena.runtime.server_metrics import ServerMetrics


class Told(NamedTuple):
    """What is told of a metric."""

    type: str
    meaning: str


def all_metrics() -> dict[str, Told]:
    """Return all metrics of ours with their types and meanings; those of the processes themselves are left out."""
    worker, server = Metrics(), ServerMetrics()
    DatabaseMetrics(server.registry, "api")
    HttpMetrics(server.registry)
    StreamMetrics(server.registry)
    measure_disk(server.registry, Path())
    metrics = [*worker.registry.collect(), *worker.state.describe(), *server.registry.collect(), *documented()]
    return {_name(metric): Told(metric.type, metric.documentation) for metric in metrics}


def process_metrics() -> set[str]:
    """Return the names of what each process tells of itself, on this system."""
    found: list[Metric] = []
    for namespace in ("", "fadearena_worker"):
        registry = CollectorRegistry()
        ProcessCollector(namespace=namespace, registry=registry)
        found += registry.collect()
    return {_name(metric) for metric in found}


def series(names: Iterable[str], types: dict[str, Told]) -> set[str]:
    """Return the names that may stand in a query: of a histogram its three."""
    return {
        name + end
        for name in names
        for end in (("_bucket", "_count", "_sum") if types[name].type == "histogram" else ("",))
    }


def _name(metric: Metric) -> str:
    return f"{metric.name}_total" if metric.type == "counter" else metric.name
