"""Wallets by the tape: everybody in sight, gaps repaired, what a later feed knows more of told again."""

from decimal import Decimal
from typing import Any

from fadearena.adapters.hyperliquid.wallet_feed import HyperliquidWallets, WalletOptions
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.event import RepairStage, SnapshotRound, SourceFills, SourceRepair, SourceSnapshot
from fadearena.model.ids import Address
from fadearena.model.wallet import Feed
from fadearena.ports.sightings import FeedState
from fadearena.ports.wallet_feed import Roster
from tests.support.hyperliquid import ALICE, BOB, BROKEN, NOW, Desk, Listener, fill, fills_message, shape, state
from tests.support.wire_net import Frame, WireSocket, polite

OTHER = "0x" + "00" * 20
CALM = WalletOptions(streams_max=0, period_ms=3_600_000, watched_ms=3_600_000)
"""Nobody is streamed, and nobody is read twice: for stories of the tape."""


def trade(at: int, size: str = "1.0", *, buyer: str = ALICE, seller: str = OTHER, coin: str = "BTC") -> Frame:
    """Return a trade of the tape, `at` ms after the beginning, as a fill of the same moment has it."""
    time = NOW + at
    return {
        "coin": coin,
        "side": "B",
        "px": "100.0",
        "sz": size,
        "time": time,
        "hash": "0x" + "00" * 32,
        "tid": time % 1_000_000,
        "users": [buyer, seller],
    }


class Street:
    """A desk whose tape begins each subscription with the newest trades of its coin."""

    def __init__(self, **answers: Any) -> None:
        self.desk = Desk(ManualClock(NOW), userAbstraction="disabled", **answers)
        self.trades: list[Frame] = [trade(-1, buyer=OTHER), trade(-1, buyer=OTHER, coin="ETH")]
        self.desk.net.hear = self._hear

    def print(self, *trades: Frame) -> None:
        """Let trades happen, and those hear of it who listen."""
        self.trades += trades
        for each in trades:
            self.desk.net.hearing("trades").say({"channel": "trades", "data": [each]})

    def _hear(self, socket: WireSocket, frame: Frame) -> None:
        polite(socket, frame)
        asked = frame.get("subscription", {})
        if frame["method"] == "subscribe" and asked["type"] == "trades":
            recent = [each for each in self.trades if each["coin"] == asked["coin"]][-2:]
            socket.say({"channel": "trades", "data": recent})


def stages(events: list[Any]) -> list[tuple[Address, RepairStage]]:
    """Return what was told of repairs."""
    return [(event.wallet, event.stage) for event in events if isinstance(event, SourceRepair)]


def test_the_tape_tells_of_who_is_followed_and_keeps_in_sight_who_is_watched() -> None:
    """Of a wallet that is only watched nothing is told; what it holds is known all the same."""
    street = Street()
    wallets = HyperliquidWallets(street.desk.line(), CALM)

    async def story() -> list[SourceFills]:
        wallets.follow(Roster(followed=(ALICE,), watched=(BOB,)))
        async with Listener(aiter(wallets), street.desk.clock) as listener:
            await listener.wait(3_000)
            street.print(trade(3_000, buyer=ALICE, seller=BOB), trade(3_001, "2.0", buyer=OTHER, seller=BOB))
            await listener.wait(100)
            return listener.of(SourceFills)

    (told,) = run_jumping(story(), street.desk.clock)
    assert (told.wallet, told.feed, told.time, told.heard) == (ALICE, Feed.TAPE, NOW + 3_000, NOW + 3_000)
    assert wallets.positions(ALICE) == {"BTC": Decimal(1)}
    assert wallets.positions(BOB) == {"BTC": Decimal(-3)}
    assert wallets.positions(OTHER) is None


def test_who_is_only_watched_is_read_again_soon_where_a_snapshot_may_lack_a_trade() -> None:
    """A trade of the very millisecond of a snapshot may be in it or not; two seconds later that is known."""
    street = Street()
    wallets = HyperliquidWallets(street.desk.line(), CALM)

    async def story() -> None:
        wallets.follow(Roster(watched=(BOB,)))
        async with Listener(aiter(wallets), street.desk.clock) as listener:
            await listener.wait(10_000)
            (seen,) = wallets.sightings()
            assert seen.read is not None
            street.desk.answers["clearinghouseState"] = state(NOW + 10_000, BTC="-1.0")
            street.print(trade(seen.read - NOW, buyer=OTHER, seller=BOB))
            await listener.wait(3_000)
            assert wallets.positions(BOB) == {"BTC": Decimal(-1)}

    run_jumping(story(), street.desk.clock)


def test_a_fill_that_two_feeds_tell_is_told_twice_where_the_second_knows_more_and_never_a_third_time() -> None:
    """First as the tape has it, then with the position before it; how much later is measured."""
    street = Street()
    wallets = HyperliquidWallets(street.desk.line(), WalletOptions(period_ms=3_600_000))
    seen: list[tuple[Feed, Feed, int]] = []
    wallets.on_seen = lambda first, later, ms: seen.append((first, later, ms))

    async def story() -> list[SourceFills]:
        wallets.follow(Roster(followed=(ALICE,)))
        async with Listener(aiter(wallets), street.desk.clock) as listener:
            await listener.wait(3_000)
            street.print(trade(3_000), trade(3_000))
            await listener.wait(40)
            for _ in range(2):
                street.desk.net.hearing("userFills").say(fills_message(fill(NOW + 3_000)))
            await listener.wait(100)
            return listener.of(SourceFills)

    told = run_jumping(story(), street.desk.clock)
    assert [(event.feed, event.fills[0].start_position) for event in told] == [
        (Feed.TAPE, None),
        (Feed.USER, Decimal(0)),
    ]
    assert seen == [(Feed.TAPE, Feed.USER, 40)]
    assert wallets.positions(ALICE) == {"BTC": Decimal(1)}
    user = next(status for status in wallets.feeds() if status.name == "user")
    assert (user.counts["first"], user.counts["late"]) == (0, 1)


def test_after_a_gap_held_wallets_are_fetched_and_others_only_where_something_moved() -> None:
    """All wait from the loss on. Who is only watched waits for nothing."""
    street = Street()
    crowd = [f"0x{number:040x}" for number in range(1, 4)]
    held, moved, still = crowd
    sizes = dict.fromkeys(crowd, "1.0")
    street.desk.answers["clearinghouseState"] = lambda frame: state(
        street.desk.clock.now_ms(), BTC=sizes.get(frame["user"], "1.0")
    )
    wallets = HyperliquidWallets(street.desk.line(), CALM)

    async def story() -> tuple[list[Any], list[Any]]:
        wallets.follow(Roster(held=(held,), followed=(moved, still), watched=(ALICE,)))
        async with Listener(aiter(wallets), street.desk.clock) as listener:
            await listener.wait(10_000)
            street.trades += [trade(10_000 + n, buyer=OTHER) for n in range(5)]
            sizes[moved] = "2.0"
            street.desk.answers["userFillsByTime"] = lambda frame: (
                [fill(NOW + 10_001, start="1.0")] if frame["user"] == moved else []
            )
            street.desk.net.hearing("trades").drop()
            return await listener.wait(1), await listener.wait(20_000)

    lost, told = run_jumping(story(), street.desk.clock)
    assert stages(lost) == [(wallet, RepairStage.STARTED) for wallet in crowd]
    assert sorted(stages(told)) == [(wallet, RepairStage.DONE) for wallet in crowd]
    assert {frame["user"] for frame in street.desk.asked("userFillsByTime")} == {held, moved}
    assert shape([event for event in told if getattr(event, "wallet", "") == moved])[:2] == [
        "source-fills",
        "repair done",
    ]
    assert wallets.positions(moved) == {"BTC": Decimal(2)}


def test_what_moved_while_the_tape_was_away_is_fetched_although_a_snapshot_told_of_it_meanwhile() -> None:
    """After that snapshot nothing seems to have moved, but its fill is still missing."""
    street = Street()
    size = "1.0"
    street.desk.answers["clearinghouseState"] = lambda _: state(street.desk.clock.now_ms(), BTC=size)
    wallets = HyperliquidWallets(street.desk.line(), WalletOptions(streams_max=0))

    async def story() -> list[Any]:
        nonlocal size
        wallets.follow(Roster(followed=(ALICE,)))
        async with Listener(aiter(wallets), street.desk.clock) as listener:
            await listener.wait(10_500)
            street.desk.net.refusals = 6
            street.trades += [trade(10_000 + n, buyer=OTHER) for n in range(5)]
            size, street.desk.answers["userFillsByTime"] = "2.0", [fill(NOW + 10_001, start="1.0")]
            street.desk.net.hearing("trades").drop()
            return await listener.wait(90_000)

    told = shape(run_jumping(story(), street.desk.clock))
    assert told[:2] == ["repair started", "source-snapshot"]
    assert "source-fills" in told[: told.index("repair done")]


def test_a_loss_that_is_bridged_is_over_once_the_tape_is_back() -> None:
    """What the first message of the new connection holds was not missed, and nothing is fetched."""
    street = Street()
    wallets = HyperliquidWallets(street.desk.line(), CALM)

    async def story() -> list[Any]:
        wallets.follow(Roster(held=(ALICE,)))
        async with Listener(aiter(wallets), street.desk.clock) as listener:
            await listener.wait(10_000)
            street.trades.append(trade(9_999))
            street.desk.net.hearing("trades").drop()
            return await listener.wait(20_000)

    told = run_jumping(story(), street.desk.clock)
    assert shape(told) == ["repair started", "source-fills", "repair done"]
    assert not street.desk.asked("userFillsByTime")


def test_streams_go_to_who_holds_a_sleeve_first() -> None:
    """When a sleeve is opened its wallet takes the place of one that has none."""
    street = Street()
    wallets = HyperliquidWallets(street.desk.line(), WalletOptions(streams_max=1, period_ms=3_600_000))

    async def story() -> tuple[Address, Address]:
        wallets.follow(Roster(followed=(ALICE, BOB)))
        async with Listener(aiter(wallets), street.desk.clock) as listener:
            await listener.wait(5_000)
            first = street.desk.net.hearing("userFills").asked()[0]["user"]
            wallets.follow(Roster(held=(BOB,), followed=(ALICE,)))
            await listener.wait(5_000)
            return first, street.desk.net.hearing("userFills").asked()[0]["user"]

    assert run_jumping(story(), street.desk.clock) == (ALICE, BOB)


def test_a_read_that_fails_makes_nobody_flat_and_is_told_of_who_is_followed() -> None:
    """Neither a failure nor one answer without the position does."""
    street = Street()
    answers: list[object] = []
    street.desk.answers["clearinghouseState"] = lambda _: (
        answers.pop(0) if answers else state(street.desk.clock.now_ms(), BTC="3.0")
    )
    wallets = HyperliquidWallets(street.desk.line(), WalletOptions(streams_max=0))

    async def story() -> list[Any]:
        wallets.follow(Roster(followed=(ALICE,), watched=(BOB,)))
        async with Listener(aiter(wallets), street.desk.clock) as listener:
            await listener.wait(5_000)
            answers.extend([BROKEN] * 3)
            await listener.wait(10_000)
            answers.append(state(street.desk.clock.now_ms() + 5_000))
            await listener.wait(10_000)
            return listener.told

    told = run_jumping(story(), street.desk.clock)
    assert "source-unreadable" in shape(told)
    assert wallets.positions(ALICE) == wallets.positions(BOB) == {"BTC": Decimal(3)}


def test_three_hundred_wallets_are_in_sight_as_soon_as_the_rate_limit_allows() -> None:
    """240 readings a minute: those that are followed within the first second, everybody in the second minute."""
    street = Street()
    crowd = tuple(f"0x{number:040x}" for number in range(1, 301))
    wallets = HyperliquidWallets(street.desk.line(), WalletOptions(streams_max=0))

    async def story() -> tuple[int, list[int]]:
        wallets.follow(Roster(held=crowd[:1], followed=crowd[1:4], watched=crowd[4:]))
        async with Listener(aiter(wallets), street.desk.clock) as listener:
            await listener.wait(1_000)
            soon = len({event.wallet for event in listener.of(SourceSnapshot)})
            await listener.wait(59_000)
            counts = [sum(wallets.positions(wallet) is not None for wallet in crowd)]
            await listener.wait(45_000)
            return soon, [*counts, sum(wallets.positions(wallet) is not None for wallet in crowd)]

    soon, (minute, later) = run_jumping(story(), street.desk.clock)
    assert soon == 4
    assert 180 <= minute <= 240
    assert later == 300
    assert sum(map(len, iter(wallets.sightings, []))) == 300
    asked = [at for at, _, frame in street.desk.net.asked if frame["type"] == "clearinghouseState"]
    assert max(sum(begin <= at < begin + 60_000 for at in asked) for begin in asked) * 2 <= 1_200


def test_a_larger_budget_is_read_with_faster() -> None:
    """Twenty times the weight, twenty times the readings."""
    assert (WalletOptions().pace(1_200), WalletOptions().pace(24_000)) == (240, 4_800)
    assert WalletOptions(polls_per_minute=7).pace(1_200) == 7


def test_the_length_of_a_round_is_told() -> None:
    """So that the core knows for how long a reading is as fresh as it gets."""
    street = Street()
    wallets = HyperliquidWallets(street.desk.line(), WalletOptions(streams_max=0, polls_per_minute=60))

    async def story() -> list[SnapshotRound]:
        wallets.follow(Roster(followed=tuple(f"0x{number:040x}" for number in range(1, 31))))
        async with Listener(aiter(wallets), street.desk.clock) as listener:
            await listener.wait(120_000)
            return listener.of(SnapshotRound)

    (told,) = run_jumping(story(), street.desk.clock)
    assert 27_000 <= told.length_ms <= 33_000


def test_feeds_say_how_they_do_by_the_age_of_what_they_told() -> None:
    """Nothing to follow, not heard yet, well, and silent for too long."""
    street = Street()
    wallets = HyperliquidWallets(street.desk.line(), WalletOptions(period_ms=10_000))

    def states() -> dict[str, FeedState]:
        return {status.name: status.state for status in wallets.feeds()}

    async def story() -> list[dict[str, FeedState]]:
        found = [states()]
        wallets.follow(Roster(followed=(ALICE,)))
        found.append(states())
        async with Listener(aiter(wallets), street.desk.clock) as listener:
            await listener.wait(10_000)
            found.append(states())
            street.desk.net.hear = lambda *_: None
            street.desk.answers["clearinghouseState"] = BROKEN
            await listener.wait(300_000)
            found.append(states())
        return found

    nothing, starting, well, silent = run_jumping(story(), street.desk.clock)
    assert set(nothing.values()) == {FeedState.OFF}
    assert set(starting.values()) == {FeedState.STARTING, FeedState.OFF}
    assert set(well.values()) == {FeedState.OK}
    assert set(silent.values()) == {FeedState.STALE}


def test_a_wallet_that_seems_to_rest_is_asked_for_an_older_trade() -> None:
    """Once a day: with none in a week it is known to be quiet, and unknown is not quiet."""
    street = Street()
    wallets = HyperliquidWallets(street.desk.line(), CALM)
    street.desk.answers["userFillsByTime"] = lambda frame: [fill(NOW - 5_000)] if frame["user"] == ALICE else []

    async def story() -> tuple[Any, ...]:
        wallets.follow(Roster(watched=(ALICE, BOB)))
        async with Listener(aiter(wallets), street.desk.clock) as listener:
            await listener.wait(60_000)
            before = wallets.sightings()
            await listener.wait(700_000)
            return before, {each.wallet: each for each in wallets.sightings()}

    before, after = run_jumping(story(), street.desk.clock)
    assert {(each.last_trade, each.quiet_since) for each in before} == {(None, None)}
    assert after[ALICE].last_trade == NOW - 5_000
    assert after[BOB].quiet_since < NOW - 6 * 86_400_000
    assert after[BOB].equity == Decimal(1_000)
