"""Holes neither close before what was missed is fetched nor stay open for ever, whatever happens meanwhile."""

from dataclasses import replace
from typing import Any

import pytest

from fadearena.adapters.hyperliquid.limits import Lane, Purpose
from fadearena.adapters.hyperliquid.wallet_feed import HyperliquidWallets, WalletOptions
from fadearena.kit.jumping import run_jumping
from fadearena.model.command import ReadSource
from fadearena.model.event import RepairStage, SourceFills, SourceRepair
from fadearena.model.units import HOUR_MS
from fadearena.ports.wallet_feed import Roster
from tests.support.hyperliquid import ALICE, BOB, BROKEN, NOW, Listener, fill, shape, state
from tests.support.tape import OffClock
from tests.unit.adapters.hyperliquid.test_wallet_tape import OTHER, Street, stages, trade


def test_a_reading_within_a_hole_does_not_spare_the_fetch_of_what_was_missed() -> None:
    """Where a round of snapshots saw during a loss that a wallet moved, its fills are fetched once the tape is back."""
    street = Street()
    size = "1.0"
    street.desk.answers["clearinghouseState"] = lambda _: state(street.desk.clock.now_ms(), BTC=size)
    wallets = HyperliquidWallets(street.desk.line(), WalletOptions(streams_max=0, period_ms=5_000))

    async def story() -> list[Any]:
        nonlocal size
        wallets.follow(Roster(followed=(ALICE,)))
        async with Listener(aiter(wallets), street.desk.clock) as listener:
            await listener.wait(12_000)
            hear, street.desk.net.hear = street.desk.net.hear, lambda *_: None
            street.desk.net.hearing("trades").drop()
            await listener.wait(1_000)
            street.trades += [trade(13_000 + n, buyer=OTHER) for n in range(5)]
            size, street.desk.answers["userFillsByTime"] = "2.0", [fill(NOW + 13_001, start="1.0")]
            await listener.wait(12_000)
            street.desk.net.hear = hear
            await listener.wait(60_000)
            return listener.told

    told = run_jumping(story(), street.desk.clock)
    assert [event.fills[0].time for event in told if isinstance(event, SourceFills)] == [NOW + 13_001]


def test_what_moved_unseen_is_fetched_although_an_answer_showed_it_first() -> None:
    """A reading that was asked for is a reading like any other: fills that explain it come before it counts."""
    street = Street()
    size = "1.0"
    street.desk.answers["clearinghouseState"] = lambda _: state(street.desk.clock.now_ms(), BTC=size)
    wallets = HyperliquidWallets(street.desk.line(), WalletOptions(streams_max=0))

    async def story() -> list[Any]:
        nonlocal size
        wallets.follow(Roster(followed=(ALICE,)))
        async with Listener(aiter(wallets), street.desk.clock) as listener:
            await listener.wait(15_000)
            size, street.desk.answers["userFillsByTime"] = "2.0", [fill(NOW + 15_001, start="1.0")]
            await listener.wait(1_000)
            await wallets.read(ReadSource(wallet=ALICE, dex=""))
            return await listener.wait(20_000)

    told = run_jumping(story(), street.desk.clock)
    assert [event.fills[0].time for event in told if isinstance(event, SourceFills)] == [NOW + 15_001]


def test_a_wallet_that_was_told_no_longer_for_a_moment_is_repaired_afterwards() -> None:
    """Switched off and on while a reading was about to be explained, it is followed like any other."""
    street = Street()
    size = "1.0"
    street.desk.answers["clearinghouseState"] = lambda _: state(street.desk.clock.now_ms(), BTC=size)
    wallets = HyperliquidWallets(street.desk.line(), WalletOptions(streams_max=0))

    async def story() -> list[Any]:
        nonlocal size
        wallets.follow(Roster(followed=(ALICE,)))
        async with Listener(aiter(wallets), street.desk.clock) as listener:
            await listener.wait(9_500)
            size = "2.0"
            await listener.wait(1_000)
            wallets.follow(Roster(watched=(ALICE,)))
            await listener.wait(3_000)
            wallets.follow(Roster(followed=(ALICE,)))
            await listener.wait(30_000)
            street.desk.net.hearing("trades").drop()
            return await listener.wait(20_000)

    told = run_jumping(story(), street.desk.clock)
    assert stages(told) == [(ALICE, RepairStage.STARTED), (ALICE, RepairStage.DONE)]


def test_the_first_gap_of_a_new_iteration_is_repaired() -> None:
    """After a recovery the tape finds out what was missed meanwhile, perhaps in one coin only."""
    street = Street()
    street.trades = [trade(-1, buyer=OTHER)]
    wallets = HyperliquidWallets(street.desk.line(), WalletOptions(streams_max=0, period_ms=3_600_000))

    async def story() -> list[Any]:
        wallets.follow(Roster(held=(ALICE,), followed=(BOB,)))
        async with Listener(aiter(wallets), street.desk.clock) as listener:
            await listener.wait(10_000)
        street.trades += [trade(10_000 + n, buyer=OTHER) for n in range(5)]
        street.desk.answers["userFillsByTime"] = [fill(NOW + 10_001)]
        async with Listener(aiter(wallets), street.desk.clock) as listener:
            return await listener.wait(20_000)

    told = run_jumping(story(), street.desk.clock)
    assert (ALICE, RepairStage.DONE) in stages(told), shape(told)


def streamed(street: Street) -> set[str]:
    """Return whose fills are streamed over the newest connection."""
    asked = street.desk.net.hearing("userFills").asked()
    return {frame["user"] for frame in asked if frame["type"] == "userFills"}


class Own:
    """What a session of our own accounts wants: one user."""

    users = frozenset({"0x" + "0f" * 20})

    def __len__(self) -> int:
        return 2


def test_a_place_that_our_own_account_needs_is_given_free() -> None:
    """The exchange counts a user until the connection closes: it is made anew, or our own stream stays refused."""
    street = Street()
    line = street.desk.line()
    wallets = HyperliquidWallets(line, WalletOptions(period_ms=3_600_000))

    async def story() -> tuple[int, int]:
        wallets.follow(Roster(followed=tuple(f"0x{number:040x}" for number in range(1, 13))))
        async with Listener(aiter(wallets), street.desk.clock) as listener:
            await listener.wait(5_000)
            before = len(streamed(street))
            with line.limits.rooms.taken(Purpose.OWN, Own()):
                old = street.desk.net.hearing("userFills")
                await listener.wait(5_000)
                assert old.is_closed
                return before, len(streamed(street))

    assert run_jumping(story(), street.desk.clock) == (10, 9)


def test_wallets_are_read_also_after_our_clock_was_set_back() -> None:
    """Nobody waits for the hour to come again, and until positions are read they are not said to be fresh."""
    street = Street()
    clock = OffClock(street.desk.clock)
    wallets = HyperliquidWallets(replace(street.desk.line(), clock=clock), WalletOptions(streams_max=0))

    async def story() -> list[int]:
        wallets.follow(Roster(held=(ALICE,), followed=(BOB,), watched=(OTHER,)))
        async with Listener(aiter(wallets), street.desk.clock) as listener:
            await listener.wait(30_000)
            before = len(street.desk.asked("clearinghouseState"))
            clock.off_ms = -HOUR_MS
            await listener.wait(120_000)
            return [before, len(street.desk.asked("clearinghouseState"))]

    before, after = run_jumping(story(), street.desk.clock)
    assert after - before > 12


def test_a_wallet_that_is_promoted_holds_up_nobody() -> None:
    """A wallet that was only watched came round once a minute; what is told comes round every ten seconds."""
    street = Street()
    wallets = HyperliquidWallets(street.desk.line(), WalletOptions(streams_max=0))

    async def story() -> list[int]:
        wallets.follow(Roster(followed=(BOB,), watched=(ALICE,)))
        async with Listener(aiter(wallets), street.desk.clock) as listener:
            await listener.wait(10_500)
            wallets.follow(Roster(followed=(ALICE, BOB)))
            await listener.wait(20_000)
            before = len(street.desk.asked("clearinghouseState"))
            await listener.wait(20_000)
            return [before, len(street.desk.asked("clearinghouseState"))]

    before, after = run_jumping(story(), street.desk.clock)
    assert after - before == 4


def test_a_repair_that_fetched_nothing_speaks_for_the_hole_only() -> None:
    """Who asked for what was missed before still waits for that."""
    street = Street()
    street.desk.answers["clearinghouseState"] = lambda _: state(street.desk.clock.now_ms(), BTC="1.0")
    wallets = HyperliquidWallets(street.desk.line(), WalletOptions(streams_max=0))

    async def story() -> list[Any]:
        wallets.follow(Roster(followed=(ALICE,)))
        async with Listener(aiter(wallets), street.desk.clock) as listener:
            await listener.wait(15_000)
            street.trades += [trade(15_000 + n, buyer=OTHER) for n in range(5)]
            street.desk.net.hearing("trades").drop()
            return await listener.wait(20_000)

    told = run_jumping(story(), street.desk.clock)
    (done,) = [event for event in told if isinstance(event, SourceRepair) and event.stage is RepairStage.DONE]
    assert not street.desk.asked("userFillsByTime")
    assert done.since == NOW + 15_000


@pytest.mark.parametrize(
    ("fills", "told_of"),
    [
        ([fill(NOW + 312_001, start="2.0", side="A")], [RepairStage.STARTED] * 2),
        ([], [RepairStage.STARTED, RepairStage.STARTED, RepairStage.FAILED]),
    ],
)
def test_what_a_wallet_does_while_no_tape_comes_back_is_told_all_the_same(
    fills: list[Any], told_of: list[RepairStage]
) -> None:
    """For an hour nobody tells of it but snapshots: fills are fetched; where there are none, snapshots have to do."""
    street = Street()
    size = "2.0"
    street.desk.answers["clearinghouseState"] = lambda _: state(street.desk.clock.now_ms(), BTC=size)
    wallets = HyperliquidWallets(street.desk.line(), WalletOptions(streams_max=0))

    async def story() -> list[Any]:
        nonlocal size
        wallets.follow(Roster(held=(ALICE,)))
        async with Listener(aiter(wallets), street.desk.clock) as listener:
            await listener.wait(12_000)
            street.desk.net.refusals = 1_000_000
            for socket in street.desk.net.sockets:
                socket.drop()
            await listener.wait(300_000)
            size, street.desk.answers["userFillsByTime"] = "1.0", fills
            await listener.wait(30_000)
            return listener.told

    told = run_jumping(story(), street.desk.clock)
    assert [stage for _, stage in stages(told)] == told_of
    assert sum(isinstance(event, SourceFills) for event in told) == len(fills)


def test_a_tape_that_is_lost_again_during_a_repair_leaves_the_hole_open() -> None:
    """What was fetched before the second loss does not vouch for what is missed after it."""
    street = Street()
    wallets = HyperliquidWallets(street.desk.line(attempts=9), WalletOptions(streams_max=0, period_ms=3_600_000))
    answers: list[object] = []
    street.desk.answers["userFillsByTime"] = lambda _: answers.pop() if answers else []

    async def story() -> list[Any]:
        wallets.follow(Roster(held=(ALICE,)))
        async with Listener(aiter(wallets), street.desk.clock) as listener:
            await listener.wait(10_000)
            answers.extend([BROKEN] * 4)
            street.trades += [trade(10_000 + n, buyer=OTHER) for n in range(5)]
            street.desk.net.hearing("trades").drop()
            await listener.wait(1_500)
            assert len(answers) < 4
            street.desk.net.refusals = 4
            street.desk.net.hearing("trades").drop()
            await listener.wait(15_000)
            assert not answers
            return listener.told

    told = run_jumping(story(), street.desk.clock)
    assert stages(told) == [(ALICE, RepairStage.STARTED)]


def test_a_fetch_that_outlasts_its_hole_does_not_fail_it_afterwards() -> None:
    """Who hears of a failure waits for an end, which would never come."""
    street = Street()
    line = street.desk.line()
    wallets = HyperliquidWallets(line, WalletOptions(streams_max=0, period_ms=2_000))
    size, pauses = "2.0", [30_000]

    def answer(_: object) -> object:
        if size == "1.0" and pauses:
            line.info.budget.pause(Lane.REPAIR, pauses.pop())
        return state(street.desk.clock.now_ms(), BTC=size)

    street.desk.answers["clearinghouseState"] = answer

    async def story() -> list[Any]:
        nonlocal size
        wallets.follow(Roster(held=(ALICE,)))
        async with Listener(aiter(wallets), street.desk.clock) as listener:
            await listener.wait(12_000)
            street.desk.net.refusals, size = 4, "1.0"
            street.desk.net.hearing("trades").drop()
            return await listener.wait(40_000)

    told = stages(run_jumping(story(), street.desk.clock))
    assert street.desk.asked("userFillsByTime")
    assert [stage for _, stage in told] == [RepairStage.STARTED, RepairStage.STARTED, RepairStage.DONE]


def test_what_is_being_fetched_is_not_fetched_again() -> None:
    """Each reading meanwhile would ask for the same, which would fill the minute of all others."""
    street = Street()
    line = street.desk.line()
    wallets = HyperliquidWallets(line, WalletOptions(streams_max=0, period_ms=2_000))
    size = "2.0"
    street.desk.answers["clearinghouseState"] = lambda _: state(street.desk.clock.now_ms(), BTC=size)

    async def story() -> list[Any]:
        nonlocal size
        wallets.follow(Roster(held=(ALICE,)))
        async with Listener(aiter(wallets), street.desk.clock) as listener:
            await listener.wait(12_000)
            street.desk.net.refusals, size = 1_000, "1.0"
            line.info.budget.spend(Lane.REPAIR, 890)
            street.desk.net.hearing("trades").drop()
            return await listener.wait(63_000)

    run_jumping(story(), street.desk.clock)
    assert len(street.desk.asked("userFillsByTime")) == 1
