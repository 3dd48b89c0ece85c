"""What a worker sees, in Prometheus' terms: ages of feeds, use of the rate budget, which feed is the first."""

from collections.abc import Collection

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from fadearena.model.units import SECOND_MS, EpochMs
from fadearena.model.wallet import Feed
from fadearena.ports.sightings import FeedState, FeedStatus, LaneUse, Sight, Sighting

_LATER_S = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 60.0, 300.0)


class SightMetrics:
    """The metrics of feeds, lanes and wallets."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.age = Gauge("fadearena_feed_age_seconds", "Age of a feed's newest data.", ["feed"], registry=registry)
        self.stale = Gauge(
            "fadearena_feed_stale", "Whether nothing came of a feed for too long: 1 or 0.", ["feed"], registry=registry
        )
        self.connections = Gauge("fadearena_feed_connections", "Open sockets of a feed.", ["feed"], registry=registry)
        self.subscriptions = Gauge(
            "fadearena_feed_subscriptions",
            "What a feed subscribed to (of snapshots: wallets), by whether it is wanted, confirmed or refused.",
            ["feed", "state"],
            registry=registry,
        )
        self.round = Gauge("fadearena_feed_round_seconds", "Length of a feed's round.", ["feed"], registry=registry)
        self.counted = Counter(
            "fadearena_feed_counted", "What a feed counts: trades, gaps and more.", ["feed", "what"], registry=registry
        )
        self.later = Histogram(
            "fadearena_fill_later_seconds",
            "How much later a feed told a fill than the first one did.",
            ["first", "later"],
            buckets=_LATER_S,
            registry=registry,
        )
        self.weight = Gauge("fadearena_rate_weight", "Weight of the last minute, by lane.", ["lane"], registry=registry)
        self.limit = Gauge(
            "fadearena_rate_weight_limit", "Weight that a minute may have, by lane.", ["lane"], registry=registry
        )
        self.per_minute = Gauge(
            "fadearena_rate_weight_per_minute", "Weight that all lanes together may use in a minute.", registry=registry
        )
        self.waiting = Gauge("fadearena_rate_waiting", "Requests that wait, by lane.", ["lane"], registry=registry)
        self.paused = Gauge(
            "fadearena_rate_paused_seconds", "For how long a lane is still paused.", ["lane"], registry=registry
        )
        self.refusals = Counter(
            "fadearena_rate_refusals", "Requests refused as too many, by lane.", ["lane"], registry=registry
        )
        self.wallets = Gauge("fadearena_wallets", "Wallets, by what is known.", ["state"], registry=registry)
        self.oldest = Gauge(
            "fadearena_wallet_oldest_read_seconds",
            "How long ago the wallet was read that waits longest for its next reading.",
            registry=registry,
        )
        self._counted: dict[tuple[str, str], int] = {}
        self._refused: dict[str, int] = {}

    def show(self, sight: Sight, wallets: Collection[Sighting]) -> None:
        """Take over what is seen."""
        for feed in sight.feeds:
            self._show_feed(feed, sight.now)
        if sight.rate is not None:
            self.per_minute.set(sight.rate.per_minute)
            for lane in sight.rate.lanes:
                self._show_lane(lane, sight.now)
        read = [one.read for one in wallets if one.read is not None]
        self.wallets.labels("read").set(len(read))
        self.wallets.labels("never_read").set(len(wallets) - len(read))
        self.oldest.set(max(sight.now - min(read), 0) / SECOND_MS if read else 0)

    def seen(self, first: Feed, later: Feed, ms: EpochMs) -> None:
        """Take note of how much later than the first feed another one told a fill."""
        self.later.labels(first.value, later.value).observe(ms / SECOND_MS)

    def _show_feed(self, feed: FeedStatus, now: EpochMs) -> None:
        if feed.heard is not None:
            self.age.labels(feed.name).set(max(now - feed.heard, 0) / SECOND_MS)
        self.stale.labels(feed.name).set(int(feed.state is FeedState.STALE))
        self.connections.labels(feed.name).set(feed.connections)
        if feed.round_ms is not None:
            self.round.labels(feed.name).set(feed.round_ms / SECOND_MS)
        for state, count in (("wanted", feed.wanted), ("confirmed", feed.confirmed), ("refused", len(feed.refused))):
            self.subscriptions.labels(feed.name, state).set(count)
        for what, total in feed.counts.items():
            before = self._counted.get((feed.name, what), 0)
            self.counted.labels(feed.name, what).inc(max(total - before, 0))
            self._counted[feed.name, what] = total

    def _show_lane(self, lane: LaneUse, now: EpochMs) -> None:
        self.weight.labels(lane.lane).set(lane.used)
        self.limit.labels(lane.lane).set(lane.most)
        self.waiting.labels(lane.lane).set(lane.waiting)
        self.paused.labels(lane.lane).set(0 if lane.paused_until is None else (lane.paused_until - now) / SECOND_MS)
        self.refusals.labels(lane.lane).inc(lane.refusals - self._refused.get(lane.lane, 0))
        self._refused[lane.lane] = lane.refusals
