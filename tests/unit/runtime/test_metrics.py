"""Metrics count what was journaled, under labels of which there are only so many."""

from decimal import Decimal

from fadearena.model.record import Check, Decision, Effect, Outcome
from fadearena.model.wallet import Feed
from fadearena.ports.journal import JournalEntry
from fadearena.ports.sightings import FeedState, FeedStatus, LaneUse, RateUse, Sight
from fadearena.runtime.metrics import Metrics
from tests.support.room import Room, notice


def decided(outcome: Outcome, reason: str, *failed: str) -> Decision:
    """Return a decision with some checks that did not pass, and one that did."""
    checks = [Check(name=name, passed=False, value="", effect=Effect.SKIP) for name in failed]
    checks.append(Check(name="order_rate", passed=True, value="", effect=Effect.NONE))
    nothing = Decimal(0)
    return Decision(
        bot="bot",
        account="main",
        coin="BTC",
        outcome=outcome,
        reason=reason,
        delta=nothing,
        target=nothing,
        sleeve=nothing,
        checks=tuple(checks),
    )


def test_decisions_are_counted_by_outcome_reason_and_failed_check() -> None:
    """An execution bears no reason."""
    metrics = Metrics()
    records = (decided(Outcome.EXECUTE, "increase"), decided(Outcome.SKIP, "chase", "chase", "clock_ok"))
    metrics.count([JournalEntry(seq=7, event=notice(), records=records)])
    value = metrics.registry.get_sample_value
    assert value("fadearena_decisions_total", {"outcome": "execute", "reason": ""}) == 1
    assert value("fadearena_decisions_total", {"outcome": "skip", "reason": "chase"}) == 1
    assert value("fadearena_failed_checks_total", {"check": "clock_ok"}) == 1
    assert value("fadearena_failed_checks_total", {"check": "order_rate"}) is None


def test_registries_are_apart() -> None:
    """Two workers of one process do not count for each other."""
    one, other = Metrics(), Metrics()
    one.recoveries.inc()
    assert "fadearena_recoveries_total 1.0" in one.text()
    assert "fadearena_recoveries_total 0.0" in other.text()


def test_no_label_names_a_coin_a_bot_an_order_or_a_wallet() -> None:
    """A worker that has traded has no more series than kinds of things."""
    room = Room()

    async def story(room: Room) -> None:
        await room.settled()
        room.wallets.trade("BTC", "1")
        await room.wait(1_000)

    room.play(story)
    assert room.venue.orders
    text = room.metrics.text()
    assert 'fadearena_order_updates_total{status="filled"} 1.0' in text
    for named in ("BTC", 'bot"', "main", "0x"):
        assert named not in text


def test_which_feed_is_later_is_timed() -> None:
    """By the feed that was first and the one that came later."""
    metrics = Metrics()
    metrics.sight.seen(Feed.TAPE, Feed.USER, 250)
    labels = {"first": "tape", "later": "user"}
    assert metrics.registry.get_sample_value("fadearena_fill_later_seconds_sum", labels) == 0.25


def test_what_feeds_count_only_grows() -> None:
    """Totals are taken over as they are told, also where a feed begins anew."""
    metrics = Metrics()
    for total in (3, 5, 2, 4):
        feed = FeedStatus(name="tape", state=FeedState.OK, counts={"gaps": total})
        metrics.sight.show(Sight(time=0, now=0, feeds=(feed,)), ())
    labels = {"feed": "tape", "what": "gaps"}
    assert metrics.registry.get_sample_value("fadearena_feed_counted_total", labels) == 7


def test_feeds_and_the_budget_are_told_as_they_are() -> None:
    """A feed that was never heard has no age, and only one that fell silent is stale."""
    metrics = Metrics()
    feeds = (
        FeedStatus(name="tape", state=FeedState.STALE, heard=4_000),
        FeedStatus(name="user", state=FeedState.STARTING),
    )
    rate = RateUse(per_minute=1_200, used=300, lanes=(LaneUse(lane="own", most=900, used=300),))
    metrics.sight.show(Sight(time=0, now=10_000, feeds=feeds, rate=rate), ())
    value = metrics.registry.get_sample_value
    assert value("fadearena_feed_age_seconds", {"feed": "tape"}) == 6
    assert value("fadearena_feed_age_seconds", {"feed": "user"}) is None
    assert [value("fadearena_feed_stale", {"feed": name}) for name in ("tape", "user")] == [1, 0]
    assert value("fadearena_rate_weight", {"lane": "own"}) == 300
    assert value("fadearena_rate_weight_per_minute") == 1_200
