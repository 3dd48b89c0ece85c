"""
Metrics as texts that Prometheus reads, and back: of one process, and of several put together.

When a counter was made (`_created`) is left out: the process's start time says as much.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Protocol

from prometheus_client import generate_latest
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.parser import text_string_to_metric_families

_CREATED = "_created"


class Source(Protocol):
    """Gives metrics out, as a registry does."""

    def collect(self) -> Iterable[Metric]:
        """Return them."""
        ...


class Families:
    """Metrics that were gathered; those of the same name are one."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._by_name: dict[str, Metric] = {}
        for metric in metrics:
            known = self._by_name.setdefault(metric.name, Metric(metric.name, metric.documentation, metric.type))
            known.samples += [sample for sample in metric.samples if not sample.name.endswith(_CREATED)]

    def collect(self) -> Iterable[Metric]:
        """Return them by name."""
        return [self._by_name[name] for name in sorted(self._by_name)]


def text_of(source: Source) -> str:
    """Return metrics in Prometheus' text format 0.0.4."""
    return generate_latest(Families(source.collect())).decode()


async def text_in_parts(source: Source) -> str:
    """Return the same, one metric after the other, so that everything else gets its turn between them."""
    parts = []
    for metric in source.collect():
        parts.append(generate_latest(Families([metric])).decode())
        await asyncio.sleep(0)
    return "".join(parts)


def negotiated(metrics: Iterable[Metric], accept: str) -> tuple[bytes, str]:
    """Return metrics in the format that the asker understands best, by his `Accept`, and what it is called."""
    encode, content_type = choose_encoder(accept)
    return encode(Families(metrics)), content_type


def parsed(text: str) -> Sequence[Metric]:
    """Return what `text_of` wrote; nothing where it cannot be read."""
    try:
        return tuple(text_string_to_metric_families(text))
    except ValueError:
        return ()
