"""Histograms as Prometheus keeps them: how many values were at most so large, for some bounds."""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import msgspec
from prometheus_client.core import Metric


class Bucket(msgspec.Struct, frozen=True):
    """`count` values were at most `bound`; the last bound is infinite."""

    bound: float
    count: int


class Distribution(msgspec.Struct, frozen=True, kw_only=True):
    """How values are spread; `total` is their sum. `labels` tell distributions of the same name apart."""

    name: str
    labels: Mapping[str, str]
    buckets: tuple[Bucket, ...]
    total: float

    @property
    def count(self) -> int:
        """How many values there were."""
        return self.buckets[-1].count if self.buckets else 0

    @property
    def mean(self) -> float | None:
        """Their mean; None where there was none."""
        return self.total / self.count if self.count else None

    def quantile(self, share: float) -> float | None:
        """
        Estimate below which value so large a share of them lies, as `histogram_quantile` of Prometheus does.

        Inside a bucket values count as evenly spread. None where there was no value, or where it lies beyond the last
        finite bound: how far nobody knows.
        """
        rank = share * self.count
        if not self.count:
            return None
        for below, bucket in pairwise((Bucket(0.0, 0), *self.buckets)):
            if bucket.count >= rank and bucket.count > below.count:
                if math.isinf(bucket.bound):
                    return None
                return below.bound + (bucket.bound - below.bound) * (rank - below.count) / (bucket.count - below.count)
        return None


def distributions(metrics: Iterable[Metric]) -> Sequence[Distribution]:
    """Return the histograms among metrics, one for each set of labels."""
    found = []
    for metric in metrics:
        if metric.type == "histogram":
            found += _of(metric)
    return found


def _of(metric: Metric) -> list[Distribution]:
    buckets: dict[tuple[tuple[str, str], ...], list[Bucket]] = {}
    totals: dict[tuple[tuple[str, str], ...], float] = {}
    for sample in metric.samples:
        labels = tuple(sorted((name, text) for name, text in sample.labels.items() if name != "le"))
        if sample.name == f"{metric.name}_bucket":
            buckets.setdefault(labels, []).append(Bucket(float(sample.labels["le"]), int(sample.value)))
        elif sample.name == f"{metric.name}_sum":
            totals[labels] = sample.value
    return [
        Distribution(
            name=metric.name,
            labels=dict(labels),
            buckets=tuple(sorted(parts, key=lambda bucket: bucket.bound)),
            total=totals.get(labels, 0.0),
        )
        for labels, parts in buckets.items()
    ]
