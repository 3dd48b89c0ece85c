"""Metrics become texts and come back, and those of several processes become one text."""

import asyncio

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily

from fadearena.kit.clock import ManualClock
from fadearena.kit.exposition import negotiated, parsed, text_in_parts, text_of
from fadearena.kit.histograms import Bucket, Distribution, distributions
from fadearena.kit.jumping import run_jumping
from fadearena.kit.tasks import cancelled


def registry(process: str = "worker") -> CollectorRegistry:
    """Return some metrics of each kind."""
    made = CollectorRegistry()
    Counter("fills", "Fills.", ["process"], registry=made).labels(process).inc(3)
    Gauge("age_seconds", "Age.", registry=made).set(1.5)
    times = Histogram("step_seconds", "Time.", buckets=(0.1, 1.0), registry=made)
    for seconds in (0.05, 0.5, 0.6, 7.0):
        times.observe(seconds)
    return made


def test_a_text_comes_back_as_it_was() -> None:
    """Nothing is lost on the way but when a counter was made."""
    text = text_of(registry())
    assert 'fills_total{process="worker"} 3.0' in text
    assert "_created" not in text
    assert negotiated(parsed(text), "")[0].decode() == text


def test_others_get_their_turn_while_a_text_is_made() -> None:
    """A worker makes one each second, and orders must not wait for it; the text is the same."""
    turns: list[int] = []

    async def story() -> str:
        async def other() -> None:
            while True:
                turns.append(len(turns))
                await asyncio.sleep(0)

        running = asyncio.create_task(other())
        text = await text_in_parts(registry())
        await cancelled(running)
        return text

    text = run_jumping(story(), ManualClock())
    assert sorted(text.splitlines()) == sorted(text_of(registry()).splitlines())
    assert len(turns) >= 3


def test_metrics_of_one_name_are_one() -> None:
    """Two processes that tell the same are told apart by their labels, and the name is given out once."""
    both = [*registry("worker").collect(), *registry("api").collect()]
    text = negotiated([one for one in both if one.name == "fills"], "")[0].decode()
    assert text.count("# TYPE fills_total counter") == 1
    assert 'fills_total{process="worker"} 3.0' in text
    assert 'fills_total{process="api"} 3.0' in text


def test_the_asker_chooses_the_format() -> None:
    """Prometheus asks for OpenMetrics, which ends with a mark; everybody else gets the plain text."""
    accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
    body, kind = negotiated(registry().collect(), accept)
    assert kind.startswith("application/openmetrics-text; version=1.0.0")
    assert body.endswith(b"# EOF\n")
    body, kind = negotiated(registry().collect(), "text/html")
    assert kind.startswith("text/plain; version=0.0.4")
    assert b"EOF" not in body


def test_what_cannot_be_read_is_nothing() -> None:
    """A heartbeat of another version must not break the whole."""
    assert parsed("# TYPE x{ nonsense\nx{ 1") == ()
    assert parsed("") == ()


def test_a_histogram_is_read_off() -> None:
    """Its buckets, its mean, and estimates as Prometheus makes them."""
    (found,) = distributions(registry().collect())
    assert (found.name, found.count, found.labels) == ("step_seconds", 4, {})
    assert found.buckets == (Bucket(0.1, 1), Bucket(1.0, 3), Bucket(float("inf"), 4))
    assert found.mean == (0.05 + 0.5 + 0.6 + 7.0) / 4
    assert found.quantile(0.25) == 0.1
    assert found.quantile(0.5) == 0.1 + 0.9 / 2
    assert found.quantile(0.99) is None


def test_an_empty_histogram_says_nothing() -> None:
    """Before the first value there is no mean and no median."""
    empty = Distribution(name="x", labels={}, buckets=(Bucket(1.0, 0), Bucket(float("inf"), 0)), total=0.0)
    assert (empty.count, empty.mean, empty.quantile(0.5)) == (0, None, None)
    assert Distribution(name="x", labels={}, buckets=(), total=0.0).count == 0


def test_other_metrics_are_no_histograms() -> None:
    """A gauge is left out."""
    assert distributions([GaugeMetricFamily("x", "X.", value=1)]) == []
