"""What is measured of every process of ours: itself, its transactions on the read store, and the disk."""

import math
import shutil
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, ProcessCollector

from fadearena.adapters.sql.read_store import ReadDatabase
from fadearena.bootstrap.places import Places
from fadearena.runtime.database_metrics import DatabaseMetrics


def measure_worker(registry: CollectorRegistry, read: ReadDatabase) -> None:
    """Measure a worker: its metrics are given out by another process, so those of its own process bear its name."""
    ProcessCollector(namespace="fadearena_worker", registry=registry)
    read.time(DatabaseMetrics(registry, "worker"))


def measure_api(registry: CollectorRegistry, read: ReadDatabase, places: Places) -> None:
    """Measure a process that is asked for metrics itself."""
    ProcessCollector(registry=registry)
    read.time(DatabaseMetrics(registry, "api"))
    measure_disk(registry, places.data_dir)


def measure_disk(registry: CollectorRegistry, directory: Path) -> None:
    """Measure what is free where a directory is; where it is not there, that is no number."""

    def free() -> float:
        try:
            return shutil.disk_usage(directory).free
        except OSError:
            return math.nan

    gauge = Gauge("fadearena_disk_free_bytes", "What is free where the data directory is.", registry=registry)
    gauge.set_function(free)
