"""Polls of watched wallets: where they were seen, fills first, at a rhythm; a failed read is told as failed."""

from decimal import Decimal
from typing import Any

from fadearena.adapters.hyperliquid.wallet_feed import HyperliquidWallets, WalletOptions
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.event import (
    SourceEquity,
    SourceFills,
    SourceSnapshot,
    SourceUnreadable,
)
from fadearena.ports.wallet_feed import Roster
from tests.support.hyperliquid import (
    ALICE,
    BROKEN,
    NOW,
    Desk,
    Listener,
    fill,
    fills_message,
    meta,
    of_dexs,
    shape,
    state,
    told_of,
)

DEXS = [None, {"name": "xyz"}]


def test_positions_are_polled_on_all_dexs_at_first_and_then_where_it_was_seen() -> None:
    """A dex where it holds nothing is not told of; one where it does is polled from then on."""
    desk = Desk(ManualClock(NOW), perpDexs=[*DEXS, {"name": "flx"}], meta=lambda f: meta(f"{f['dex']}:A".lstrip(":")))
    desk.answers["clearinghouseState"] = of_dexs(xyz=lambda: state(desk.clock.now_ms(), xyz__NVDA="3.0"))
    wallets = HyperliquidWallets(desk.line(), WalletOptions(streams_max=0))

    async def story() -> list[Any]:
        async with Listener(aiter(wallets), desk.clock) as listener:
            await listener.wait(500)
            wallets.follow(Roster(followed=(ALICE,)))
            await listener.wait(25_000)
            return listener.of(SourceSnapshot)

    told = run_jumping(story(), desk.clock)
    assert [each["dex"] for each in desk.asked("clearinghouseState")] == ["", "xyz", "flx", "", "xyz", "", "xyz"]
    assert {event.dex for event in told} == {"", "xyz"}
    assert told[1].positions[0].size == Decimal(3)


def test_a_position_that_moved_unseen_has_its_fills_told_before_it() -> None:
    """Where no fill explains what a poll shows, the fills are fetched, and told first."""
    desk = Desk(ManualClock(NOW))
    size = "1.0"
    desk.answers["clearinghouseState"] = lambda _: state(desk.clock.now_ms(), BTC=size)
    wallets = HyperliquidWallets(desk.line(), WalletOptions(streams_max=0))

    async def story() -> tuple[list[Any], list[Any], list[Any]]:
        nonlocal size
        wallets.follow(Roster(followed=(ALICE,)))
        async with Listener(aiter(wallets), desk.clock) as listener:
            first = await listener.wait(15_000)
            assert not desk.asked("userFillsByTime")
            size, desk.answers["userFillsByTime"] = "2.0", [fill(NOW + 16_000, start="1.0")]
            second = await listener.wait(10_000)
            return first, second, await listener.wait(10_000)

    first, second, third = run_jumping(story(), desk.clock)
    assert shape(first) == ["source-snapshot"] * 2
    assert shape(second) == ["repair started", "source-fills", "repair done", "source-snapshot"]
    assert shape(third) == ["source-snapshot"]
    assert second[-1].heard == second[-1].time


def test_a_poll_that_a_streamed_fill_explains_fetches_nothing() -> None:
    """Streams spare the fetch of fills, which costs ten times as much as a poll of positions."""
    desk = Desk(ManualClock(NOW))
    size = "1.0"
    desk.answers["clearinghouseState"] = lambda _: state(desk.clock.now_ms(), BTC=size)
    wallets = HyperliquidWallets(desk.line(), WalletOptions())

    async def story() -> int:
        nonlocal size
        wallets.follow(Roster(followed=(ALICE,)))
        async with Listener(aiter(wallets), desk.clock) as listener:
            await listener.wait(15_000)
            before, size = len(desk.asked("userFillsByTime")), "2.0"
            desk.net.hearing("userFills").say(fills_message(fill(NOW + 15_000, start="1.0")))
            await listener.wait(20_000)
            return len(desk.asked("userFillsByTime")) - before

    assert run_jumping(story(), desk.clock) == 0


def test_fills_are_fetched_from_time_to_time_whatever_positions_say() -> None:
    """What went in and out between two polls is found, too."""
    desk = Desk(ManualClock(NOW), userFillsByTime=[fill(NOW + 1_000), fill(NOW + 1_001, side="A", start="1.0")])
    wallets = HyperliquidWallets(desk.line(), WalletOptions(streams_max=0))

    async def story() -> list[SourceFills]:
        wallets.follow(Roster(followed=(ALICE,)))
        async with Listener(aiter(wallets), desk.clock) as listener:
            await listener.wait(700_000)
            return listener.of(SourceFills)

    (told,) = run_jumping(story(), desk.clock)
    assert len(told.fills) == 2


def test_a_failed_poll_is_unreadable_and_never_flat() -> None:
    """Each dex fails by itself; what could be read is told."""
    desk = Desk(ManualClock(NOW), perpDexs=DEXS, meta=lambda f: meta("xyz:NVDA" if f["dex"] else "BTC"))
    broken = False
    held = lambda: BROKEN if broken else state(desk.clock.now_ms(), xyz__NVDA="3.0")  # noqa: E731 - one expression
    desk.answers["clearinghouseState"] = of_dexs(xyz=held)
    wallets = HyperliquidWallets(desk.line(), WalletOptions(streams_max=0))

    async def story() -> list[Any]:
        nonlocal broken
        async with Listener(aiter(wallets), desk.clock) as listener:
            await listener.wait(500)
            wallets.follow(Roster(followed=(ALICE,)))
            await listener.wait(5_000)
            broken = True
            return await listener.wait(10_000)

    told = told_of(run_jumping(story(), desk.clock))
    assert [(type(event), event.dex) for event in told] == [(SourceSnapshot, ""), (SourceUnreadable, "xyz")]


def test_positions_are_told_although_the_fills_that_led_to_them_cannot_be_fetched() -> None:
    """A snapshot is the truth, with or without them; that they are missing was told before."""
    desk = Desk(ManualClock(NOW))
    size = "1.0"
    desk.answers["clearinghouseState"] = lambda _: state(desk.clock.now_ms(), BTC=size)
    wallets = HyperliquidWallets(desk.line(), WalletOptions(streams_max=0))

    async def story() -> list[Any]:
        nonlocal size
        wallets.follow(Roster(followed=(ALICE,)))
        async with Listener(aiter(wallets), desk.clock) as listener:
            await listener.wait(5_000)
            size, desk.answers["userFillsByTime"] = "2.0", BROKEN
            return await listener.wait(10_000)

    assert shape(run_jumping(story(), desk.clock))[:2] == ["repair started", "source-snapshot"]


def test_many_wallets_are_polled_less_often() -> None:
    """All polls together stay within their number a minute."""
    desk = Desk(ManualClock(NOW))
    wallets = HyperliquidWallets(desk.line(), WalletOptions(streams_max=0, polls_per_minute=60))

    async def story() -> None:
        wallets.follow(Roster(followed=tuple(f"0x{number:040x}" for number in range(1, 31))))
        async with Listener(aiter(wallets), desk.clock) as listener:
            await listener.wait(60_000)

    run_jumping(story(), desk.clock)
    assert 58 <= len(desk.asked("clearinghouseState")) <= 62


def test_the_equity_of_a_wallet_is_told_once_a_minute() -> None:
    """Over all dexs; a reading that fails says nothing, and the next one does."""
    desk = Desk(ManualClock(NOW), userAbstraction="disabled")
    wallets = HyperliquidWallets(desk.line(), WalletOptions(streams_max=0))

    async def story() -> tuple[list[SourceEquity], list[Any], list[Any]]:
        async with Listener(aiter(wallets), desk.clock) as listener:
            await listener.wait(500)
            wallets.follow(Roster(followed=(ALICE,)))
            await listener.wait(65_000)
            told = listener.of(SourceEquity)
            desk.answers["clearinghouseState"] = BROKEN
            silent = await listener.wait(60_000)
            desk.answers["clearinghouseState"] = lambda _: state(desk.clock.now_ms())
            return told, silent, await listener.wait(60_000)

    told, silent, again = run_jumping(story(), desk.clock)
    assert [event.dex_values for event in told] == [(Decimal(1000),)] * 2
    assert not [event for event in silent if isinstance(event, SourceEquity)]
    assert len([event for event in again if isinstance(event, SourceEquity)]) == 1


def test_a_dex_where_it_begins_to_trade_is_found_within_two_minutes() -> None:
    """Without a stream, by the round over all dexs; one that could not be read is asked again after a minute."""
    desk = Desk(ManualClock(NOW), perpDexs=DEXS, meta=lambda f: meta("xyz:NVDA" if f["dex"] else "BTC"))
    wallets = HyperliquidWallets(desk.line(), WalletOptions(streams_max=0))
    xyz: list[object] = [BROKEN, state(NOW), state(NOW + 700_000, xyz__NVDA="1.0")]
    desk.answers["clearinghouseState"] = of_dexs(xyz=lambda: xyz.pop(0) if len(xyz) > 1 else xyz[0])

    async def story() -> tuple[list[int], list[Any]]:
        async with Listener(aiter(wallets), desk.clock) as listener:
            await listener.wait(500)
            wallets.follow(Roster(followed=(ALICE,)))
            await listener.wait(680_000)
            asked = [at - NOW for at, _, frame in desk.net.asked if frame.get("dex") == "xyz" and "user" in frame]
            return asked[:3], [event for event in listener.told if getattr(event, "dex", None) == "xyz"]

    asked, told = run_jumping(story(), desk.clock)
    assert asked == [500, 60_500, 120_500]
    assert [type(event) for event in told][:2] == [SourceUnreadable, SourceSnapshot]
