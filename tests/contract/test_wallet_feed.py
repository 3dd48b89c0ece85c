"""What every `WalletFeed` does: it tells of who is followed, answers questions, and says what it sees, once."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from fadearena.adapters.hyperliquid.wallet_feed import HyperliquidWallets, WalletOptions
from fadearena.adapters.sim.arena import START_MS
from fadearena.adapters.sim.live import LiveArena
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.command import ReadRole, ReadSource, ReadSourceEquity, RepairSource
from fadearena.model.event import RepairStage, RoleRead, SourceEquity, SourceRepair, SourceSnapshot
from fadearena.model.ids import Address
from fadearena.ports.wallet_feed import Roster, WalletFeed
from tests.support.hyperliquid import ALICE, NOW, Desk, Listener, fill
from tests.support.room_doors import Wallets

Story = Callable[[WalletFeed, ManualClock, Address], Coroutine[Any, Any, None]]


def play(kind: str, story: Story) -> None:
    """Play a story with a feed of some kind, in which one wallet trades."""
    clock = ManualClock(START_MS if kind == "arena" else NOW)
    feed, wallet = _feed(kind, clock)
    run_jumping(story(feed, clock, wallet), clock)


def _feed(kind: str, clock: ManualClock) -> tuple[WalletFeed, Address]:
    match kind:
        case "arena":
            return LiveArena(clock, seed=1, wallets={"grok-4": ALICE}).wallets, ALICE
        case "fake":
            wallets = Wallets(clock)
            wallets.fills("BTC", "1", ALICE)
            return wallets, ALICE
        case _:
            answers = {"userAbstraction": "disabled", "userRole": {"role": "user"}, "userFillsByTime": [fill(NOW - 1)]}
            desk = Desk(clock, **answers)
            return HyperliquidWallets(desk.line(), WalletOptions()), ALICE


KINDS = ("hyperliquid", "arena", "fake")


@pytest.mark.parametrize("kind", KINDS)
def test_questions_are_answered_about_the_wallet_that_was_asked_for(kind: str) -> None:
    """Of a wallet on the roster: positions, role, balances, and fills that end with the word that they are all."""

    async def story(feed: WalletFeed, clock: ManualClock, wallet: Address) -> None:
        feed.follow(Roster(followed=(wallet,)))
        async with Listener(aiter(feed), clock) as listener:
            await listener.wait(1_000)
            (snapshot,) = await feed.read(ReadSource(wallet=wallet, dex=""))
            assert isinstance(snapshot, SourceSnapshot)
            (role,) = await feed.read(ReadRole(wallet=wallet))
            assert isinstance(role, RoleRead)
            (equity,) = await feed.read(ReadSourceEquity(wallet=wallet))
            assert isinstance(equity, SourceEquity)
            *told, done = await feed.read(RepairSource(wallet=wallet, since=0))
            assert isinstance(done, SourceRepair)
            assert done.stage is RepairStage.DONE
            answers = (snapshot, role, equity, *told, done)
            assert {getattr(event, "wallet", wallet) for event in answers} == {wallet}

    play(kind, story)


@pytest.mark.parametrize("kind", KINDS)
def test_a_roster_may_change_at_any_time(kind: str) -> None:
    """Before anybody listens, while somebody does, and to nobody."""

    async def story(feed: WalletFeed, clock: ManualClock, wallet: Address) -> None:
        feed.follow(Roster(watched=(wallet,)))
        async with Listener(aiter(feed), clock) as listener:
            for roster in (Roster(followed=(wallet,)), Roster(held=(wallet,)), Roster(), Roster(held=(wallet,))):
                feed.follow(roster)
                await listener.wait(2_000)

    play(kind, story)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_seen_of_wallets_is_returned_once(kind: str) -> None:
    """Asked again at once there is nothing new; each feed behind it has a name of its own."""

    async def story(feed: WalletFeed, clock: ManualClock, wallet: Address) -> None:
        feed.follow(Roster(watched=(wallet,)))
        async with Listener(aiter(feed), clock) as listener:
            await listener.wait(5_000)
            assert {seen.wallet for seen in feed.sightings()} <= {wallet}
            assert not feed.sightings()
            names = [status.name for status in feed.feeds()]
            assert len(names) == len(set(names))
            assert set(names) <= {"tape", "user", "snapshots", "equity"}

    play(kind, story)


@pytest.mark.parametrize("kind", KINDS)
def test_who_listens_again_is_told_again(kind: str) -> None:
    """All work ends with the listener, and begins with the next one."""

    async def story(feed: WalletFeed, clock: ManualClock, wallet: Address) -> None:
        feed.follow(Roster(followed=(wallet,)))
        for _ in range(2):
            async with Listener(aiter(feed), clock) as listener:
                await listener.wait(1_000)
            assert len(asyncio.all_tasks()) <= 2

    play(kind, story)
