"""Orphans: sleeves whose source cannot be read any more."""

from fadearena.model.command import ReadSource
from fadearena.model.units import MINUTE_MS, SECOND_MS
from tests.support.world import D, World, bot, settings

PROBE_MS = 5 * SECOND_MS


def test_a_silent_source_is_asked_and_then_alerted() -> None:
    """Ten minutes without a reading while a sleeve is open: one more read, then an alert; nothing is closed."""
    world = World().started().holding("BTC", "1", "100000").wait(10 * MINUTE_MS)
    assert world.all(ReadSource)
    world.wait(PROBE_MS)
    assert world.alerts == ["source_silent"]
    world.wait(60 * MINUTE_MS)
    assert world.sleeve("BTC") == D("-0.05")
    assert world.target("BTC") == D("-0.05")


def test_a_source_that_answers_is_not_alerted() -> None:
    """The read that is asked for may bring the answer."""
    world = World().started().holding("BTC", "1", "100000").wait(10 * MINUTE_MS).snapshot().wait(PROBE_MS)
    assert world.alerts == []
    assert not world.state.bots["bot"].silence_alerted


def test_without_a_sleeve_silence_is_no_matter() -> None:
    """A source in which we hold nothing may be silent."""
    world = World().started().holding("BTC", "1", "100000").source("BTC", "-1", "100000").fill()
    world.wait(30 * MINUTE_MS)
    assert not world.state.bots["bot"].silence_alerted


def test_after_orphan_after_the_sleeves_are_reduced_to_zero() -> None:
    """With `orphan_after` set, a source that stays unreadable is given up."""
    world = World(settings(bot(orphan_after_ms=30 * MINUTE_MS))).started().holding("BTC", "1", "100000")
    world.wait(25 * MINUTE_MS)
    assert world.target("BTC") == D("-0.05")
    while world.target("BTC"):
        world.wait(SECOND_MS)
    assert world.now - world.state.bots["bot"].last_read <= 30 * MINUTE_MS + 2 * PROBE_MS
    world.mark("BTC", "100000")
    assert world.order.terms.quantity == D("0.05")
    world.fill(world.order)
    assert world.sleeve("BTC") == 0


def test_a_source_that_comes_back_is_followed_with_its_next_growth() -> None:
    """A reading ends the orphanage; what was closed is not opened by time, but by a growth."""
    world = World(settings(bot(orphan_after_ms=10 * MINUTE_MS))).started().holding("BTC", "1", "100000")
    world.wait(10 * MINUTE_MS + PROBE_MS).mark("BTC", "100000")
    world.fill(world.order)
    assert world.sleeve("BTC") == 0
    world.snapshot().mark("BTC", "100000")
    assert (world.orders, world.target("BTC")) == ([], D("-0.05"))
    world.source("BTC", "1", "100000")
    assert world.order.terms.quantity == D("0.1")


def test_among_many_only_the_silent_source_is_alerted() -> None:
    """Of hundreds that are followed some are held: those that are heard, by a fill or a reading, hide nobody."""
    bots = tuple(bot(f"bot-{number}", f"0x{number:040x}") for number in range(200))
    held = [each.wallet for each in bots[:3]]
    world = World(settings(*bots)).started()
    for wallet in held:
        world.source("BTC", "1", "100000", wallet=wallet).fill()
    began = world.now
    while world.now < began + 11 * MINUTE_MS:
        world.wait(MINUTE_MS).snapshot(wallet=held[1]).source("ETH", "0.001", "4000", wallet=held[2])
        for other in bots[3:10]:
            world.snapshot(wallet=other.wallet)
    alerted = [each.id for each in bots if world.state.bots[each.id].silence_alerted]
    assert alerted == ["bot-0"]
