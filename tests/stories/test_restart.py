"""Start, takeover and recovery: nothing is decided before everything is settled and read (rules 7.10, 7.11, 10)."""

from fadearena.core.state import decode, encode
from fadearena.model.command import QueryOrder, ReadAccount, ReadOwnFills, ReadRole, ReadSource, RepairSource, WakeAt
from fadearena.model.event import SourceFills
from fadearena.model.order import OrderStatus
from fadearena.model.record import BotTrade, OrderUpdate, PositionChange
from fadearena.model.wallet import Feed, ForcedKind
from tests.support.story import Story, begun
from tests.support.world import OTHER, T0, WALLET, D, bot, settings


def test_state_is_the_same_after_being_written_and_read() -> None:
    """A state that was written and read back is the same, byte for byte."""
    story = begun(settings(bot(), bot("two", OTHER))).holding("BTC", "1").holding("ETH", "10", "2000", wallet=OTHER)
    story.lose(story.opened("BTC", "1", "100000"))
    text = encode(story.state)
    assert encode(decode(text)) == text


def test_first_start_asks_for_everything() -> None:
    """A first start reads accounts, roles and sources, but no fills from before."""
    story = Story()
    story.tell_settings()
    story.takes_over("w1")
    assert [c.account for c in story.all(ReadAccount)] == ["main"]
    assert (len(story.all(ReadRole)), [c.dex for c in story.all(ReadSource)]) == (1, [""])
    assert story.all(ReadOwnFills) == []
    story.read_account()
    assert story.since() == [T0]
    assert not story.is_settling()


def test_takeover_settles_orders_that_were_in_flight() -> None:
    """At a takeover every order in flight becomes unknown and gets its noop; its answer may still come."""
    story = begun()
    pending, sent = story.opened("BTC", "1", "100000"), story.opened("ETH", "10", "2000")
    story.sent(sent).crash().takes_over()
    assert sorted(story.burns()) == sorted(order.identity.cloid for order in (pending, sent))
    assert {update.status for update in story.all(OrderUpdate)} == {OrderStatus.UNKNOWN}
    assert all("w2 took over" in update.reason for update in story.all(OrderUpdate))
    assert story.orders == []


def test_noop_that_was_recorded_but_not_sent_is_sent_again() -> None:
    """An unknown order's noop is sent again at a takeover, since the first may never have left."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    story.lose(order).crash().takes_over()
    assert story.burns() == [order.identity.cloid]


def test_nothing_is_decided_before_orders_are_settled() -> None:
    """While an order is unsettled nothing is decided; once it is, what is wanted is."""
    story = begun().holding()
    order = story.opened("ETH", "10", "2000")
    story.crash().takes_over().read_all()
    assert story.source("BTC", "-1", "100000").orders == []
    assert story.is_settling()
    story.burnt(order)
    assert not story.is_settling()
    assert "BTC" in [released.terms.coin for released in story.orders]


def test_order_that_cannot_be_settled_stops_nobody_for_ever() -> None:
    """Past its deadline (last `expiresAfter` + 5 s) an order that is still unknown no longer holds the others up."""
    story = begun().holding()
    order = story.opened("ETH", "10", "2000")
    story.crash().takes_over().read_all()
    story.processed(order).source("BTC", "-1", "100000")
    story.wait(order.identity.expires_after + 4_999 - story.now)
    assert story.is_settling()
    story.wait(1)
    story.mark("BTC", "100000")
    assert not story.is_settling()
    assert any(
        c.terms.coin == "BTC" for _, turned in story.journal[-3:] for c in turned.commands if hasattr(c, "terms")
    )


def test_nothing_is_decided_before_positions_and_fills_were_read() -> None:
    """Both a complete reading and all fills since the last known are needed before the first decision."""
    story = begun().holding()
    story.crash()
    story.now += 60_000
    story.takes_over()
    assert story.since() == [story.state.accounts["main"].fills_to]
    assert story.source("BTC", "-1", "100000").orders == []
    story.read_account()
    assert story.is_settling()
    story.fills(complete=True)
    assert story.order.terms.reduce_only


def test_fills_are_asked_for_again_while_they_are_missing() -> None:
    """A fetch of fills that failed is repeated with the next reading while everything waits for it."""
    story = begun().holding()
    story.crash().takes_over()
    story.wait(30_001)
    asked = [c for _, turned in story.journal[-12:] for c in turned.commands if isinstance(c, ReadOwnFills)]
    assert len(asked) >= 2


def test_liquidation_while_down_is_booked_before_the_first_decision() -> None:
    """What happened to us while nobody looked is booked first: the target is compared with what is really there."""
    story = begun().holding()
    story.crash()
    story.now += 60_000
    story.takes_over().read_account(BTC="0")
    story.fills(
        story.own_fill("BTC", "0.05", "110000", forced=ForcedKind.LIQUIDATION, time=story.now - 30_000), complete=True
    )
    assert (story.sleeve("BTC"), story.orders) == (D(0), [])


def test_wakes_are_asked_for_again() -> None:
    """A timer forgets with its process: every wake that is still wanted is asked for again."""
    story = begun().holding()
    wanted = dict(story.state.wakes)
    story.crash().takes_over()
    again = {wake.key: wake.at_ms for wake in story.all(WakeAt)}
    assert wanted.items() <= again.items()


def test_sources_are_read_in_every_dex_where_they_were_seen() -> None:
    """At a start every followed wallet is read in each dex where it was seen; reduces of meanwhile go at once."""
    story = begun()
    story.source("xyz:NVDA", "100", "180")
    story.crash().takes_over()
    assert [command.dex for command in story.all(ReadSource)] == ["", "xyz"]


def test_reduces_of_meanwhile_go_at_once_increases_are_not_made_up_for() -> None:
    """After an outage what the source closed is closed at once; what it opened too long ago is not followed."""
    story = begun().holding().holding("ETH", "10", "2000")
    story.crash()
    story.now += 600_000
    story.restarted()
    closed = story.source("BTC", "-1", "100000", time=story.now - 300_000).orders
    assert [order.terms.reduce_only for order in closed] == [True]
    assert story.source("ETH", "10", "2000", time=story.now - 300_000).orders == []


def test_restart_is_no_new_start() -> None:
    """A restart keeps baseline, anchor, sleeve and target."""
    story = begun().holding()
    before = (story.followed("BTC"), story.target("BTC"), story.sleeve("BTC"))
    story.restarted()
    assert (story.followed("BTC"), story.target("BTC"), story.sleeve("BTC")) == before
    assert story.source("BTC", "1", "100000").reasons == ["execute:increase"]


def test_bot_that_is_off_and_holds_nothing_is_not_asked_for() -> None:
    """A bot that is switched off and was never seen anywhere is not read at a start."""
    story = Story(settings(bot(enabled=False)))
    story.tell_settings()
    assert story.takes_over("w1").all(ReadRole) == []


def test_look_ups_go_on_after_a_takeover() -> None:
    """An unknown order is looked up after a takeover until it is settled."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    story.lose(order).processed(order).crash().takes_over()
    story.wait(1_000)
    assert any(isinstance(c, QueryOrder) for _, turned in story.journal[-2:] for c in turned.commands)
    story.fills(story.fill_for(order, "0.05", "100000"))
    assert (story.status(order), story.sleeve("BTC")) == (OrderStatus.FILLED, D("-0.05"))


def test_takeover_fetches_what_the_bots_did() -> None:
    """A takeover asks for the fills since the newest known one, a little before it; a first start for none."""
    story = Story()
    story.tell_settings()
    assert story.takes_over("w1").all(RepairSource) == []
    story = begun(settings(bot(), bot("two", OTHER)))
    story.later(20_000)
    story.holding()
    traded = story.now - 2_001
    story.crash().takes_over()
    assert [(c.wallet, c.since) for c in story.all(RepairSource)] == [(WALLET, traded - 5_000), (OTHER, T0)]


def test_missed_fills_come_before_a_snapshot_that_holds_them() -> None:
    """Of two snapshots that show what was missed one counts only after a takeover: the fills are counted first."""
    story = begun().holding()
    story.snapshot(BTC="3").crash().wait(2_500)
    missed = story.fill_of("BTC", "2", "100000", "1", time=story.now - 3_000)
    story.takes_over().snapshot(BTC="3")
    assert story.all(PositionChange) == []
    told = SourceFills(time=missed.time, received=story.now, wallet=WALLET, feed=Feed.POLL, fills=(missed,))
    story.send(told)
    assert [record.key for record in story.all(BotTrade)] == [missed.key]
    assert story.followed("BTC") == D(3)


def test_no_snapshot_overrules_the_fills_before_what_was_missed_was_fetched() -> None:
    """However often a snapshot is read after a takeover: missed fills are told as fills, increases wait for them."""
    story = begun().holding().crash().wait(2_500)
    missed = story.fill_of("BTC", "2", "100000", "1", time=story.now - 3_000)
    story.takes_over().read_all()
    for _ in range(3):
        story.snapshot(BTC="3").wait(100)
    assert story.followed("BTC") == D(1)
    assert story.source("ETH", "10", "2000").orders == []
    told = SourceFills(time=missed.time, received=story.now, wallet=WALLET, feed=Feed.POLL, fills=(missed,))
    story.send(told)
    assert [record.key for record in story.all(BotTrade)] == [missed.key]
    assert [order.terms.coin for order in story.repaired().orders] == ["BTC", "ETH"]


def test_a_snapshot_that_agrees_hides_no_round_trip_that_was_missed() -> None:
    """A bot that opened and closed meanwhile stands where it stood: both fills are counted once they are fetched."""
    story = begun().read_all().wait(60_000).crash().wait(30_000)
    opened = story.fill_of("ETH", "10", "2000", "0", time=story.now - 20_000)
    closed = story.fill_of("ETH", "-10", "2000", "10", time=story.now - 10_000)
    story.takes_over().read_all()
    for _ in range(2):
        story.snapshot(BTC="1").wait(100)
    told = SourceFills(time=closed.time, received=story.now, wallet=WALLET, feed=Feed.POLL, fills=(opened, closed))
    story.send(told)
    assert [record.key for record in story.all(BotTrade)] == [opened.key, closed.key]
    assert story.followed("ETH") == D(0)


def test_what_could_not_be_fetched_is_fetched_by_the_next_start() -> None:
    """A worker that died before all missed fills came leaves their beginning behind; one that had them does not."""
    story = begun().holding().crash()
    story.takes_over()
    (asked,) = story.all(RepairSource)
    story.wait(60_000).source("ETH", "10", "2000").crash()
    assert story.takes_over().all(RepairSource) == [asked]
    story.repaired().wait(60_000).source("ETH", "10", "2000")
    traded = story.now
    (again,) = story.crash().takes_over().all(RepairSource)
    assert asked.since < traded - 5_000 <= again.since


def test_bot_that_was_switched_off_meanwhile_is_not_waited_for() -> None:
    """The answer to a question for missed fills counts, whether the bot is still followed or not."""
    story = begun()
    story.crash().takes_over()
    story.change(settings(bot(enabled=False))).repaired()
    assert not story.state.bots["bot"].is_repairing
