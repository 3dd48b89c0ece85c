"""What a source holds when following starts, or starts again, is not followed by accident."""

from decimal import Decimal as D

import msgspec

from fadearena.model.event import Instruments, SetPolicy, SourceFills
from fadearena.model.wallet import Feed
from tests.support.world import WALLET, World, bot, market


def switch(world: World, *, on: bool) -> World:
    """Switch the bot off or on."""
    policy = msgspec.structs.replace(world.policy, bots=(bot(enabled=on),))
    return world.order_by(SetPolicy(policy=policy))


def test_old_fills_begin_nothing() -> None:
    """A page of fills from before following was switched on leaves the position unknown until snapshots tell it."""
    world = World().started(snapshots=False)
    page = (world.fill_of("BTC", "5", "100000", "0", time=world.now - 90_000),)
    world.send(SourceFills(time=world.now, received=world.now, wallet=WALLET, feed=Feed.USER, fills=page))
    assert world.state.follows["bot", "BTC"].now is None
    assert world.reads() == []
    world.snapshot(BTC="5").wait(2_500).snapshot()
    assert world.followed("BTC") == 0
    world.source("BTC", "1", "100000")
    assert world.order.terms.quantity == D("0.05")


def test_a_bot_that_is_switched_on_again_keeps_its_sleeve() -> None:
    """While its source is read anew nothing is closed, and what it holds is no growth."""
    world = World().started().source("BTC", "1", "100000")
    world.fill()
    switch(world, on=False)
    switch(world, on=True)
    assert world.followed("BTC") == 1
    finer = msgspec.structs.replace(market("BTC", 0, 5), max_leverage=40)
    world.send(Instruments(time=world.now, received=world.now, instruments=(finer,)))
    assert (world.orders, world.target("BTC")) == ([], D("-0.05"))
    world.wait(2_500).snapshot(BTC="3").wait(2_500).snapshot()
    assert (world.orders, world.target("BTC"), world.followed("BTC")) == ([], D("-0.05"), D(1))
    world.source("BTC", "-3", "100000")
    assert world.order.terms.quantity == D("0.05")
