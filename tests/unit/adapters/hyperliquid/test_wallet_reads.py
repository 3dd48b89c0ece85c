"""Questions on watched wallets: complete answers, or errors."""

from decimal import Decimal

import pytest

from fadearena.adapters.hyperliquid.wallet_feed import HyperliquidWallets
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.account import AccountMode
from fadearena.model.command import ReadRole, ReadSource, ReadSourceEquity, RepairSource
from fadearena.model.error import OutcomeUnknown, VenueError, VenueProtocolError, VenueUnavailable
from fadearena.model.event import (
    Event,
    InputRejected,
    RepairStage,
    RoleRead,
    SourceEquity,
    SourceFills,
    SourceRepair,
    SourceSnapshot,
)
from fadearena.model.wallet import Feed, WalletRole
from fadearena.ports.wallet_feed import SourceRead
from tests.support.hyperliquid import ALICE, BROKEN, NOW, Desk, fill, meta, state

EQUITY = ReadSourceEquity(wallet=ALICE)
DEXS = [None, {"name": "xyz"}]
METAS = {"": meta("BTC"), "xyz": meta("xyz:NVDA")}


def asked(desk: Desk, command: SourceRead) -> tuple[Event, ...]:
    """Return the answer to one question, with the markets known."""
    line = desk.line()

    async def story() -> tuple[Event, ...]:
        await line.listing.refresh()
        return tuple(await HyperliquidWallets(line).read(command))

    return run_jumping(story(), desk.clock)


def test_a_snapshot_is_read_on_one_dex_at_the_exchange_s_time() -> None:
    """Positions of that dex, and nothing about others."""
    desk = Desk(ManualClock(NOW), clearinghouseState=state(NOW - 30, xyz__NVDA="-2.0"))
    (snapshot,) = asked(desk, ReadSource(wallet=ALICE, dex="xyz"))
    assert isinstance(snapshot, SourceSnapshot)
    assert (snapshot.time, snapshot.dex, snapshot.heard) == (NOW - 30, "xyz", NOW)
    assert [(held.coin, held.size) for held in snapshot.positions] == [("xyz:NVDA", Decimal(-2))]
    assert desk.asked("clearinghouseState") == [{"type": "clearinghouseState", "user": ALICE, "dex": "xyz"}]


@pytest.mark.parametrize(
    ("answer", "error"),
    [(BROKEN, OutcomeUnknown), (state(NOW) | {"time": None}, VenueProtocolError), ({}, VenueProtocolError)],
)
def test_a_snapshot_that_fails_is_an_error_and_never_empty(answer: object, error: type[VenueError]) -> None:
    """Neither a failure nor an answer without time or positions says that a wallet is flat."""
    with pytest.raises(error):
        asked(Desk(ManualClock(NOW), clearinghouseState=lambda _: answer), ReadSource(wallet=ALICE, dex=""))


def test_a_repair_brings_all_fills_since_a_time_and_then_says_so() -> None:
    """A fill that cannot be read is told as such, before the others."""
    rows = [fill(NOW - 5_000), fill(NOW - 4_000, sz="-1"), fill(NOW - 3_000)]
    desk = Desk(ManualClock(NOW), userFillsByTime=rows)
    rejected, fills, done = asked(desk, RepairSource(wallet=ALICE, since=NOW - 9_000))
    assert isinstance(rejected, InputRejected)
    assert isinstance(fills, SourceFills)
    assert (fills.feed, fills.time, len(fills.fills)) == (Feed.POLL, NOW - 3_000, 2)
    assert isinstance(done, SourceRepair)
    assert done.stage is RepairStage.DONE
    assert desk.asked("userFillsByTime")[0]["startTime"] == NOW - 9_000


def test_a_repair_without_fills_is_done_all_the_same() -> None:
    """Nothing missed is an answer, too."""
    (done,) = asked(Desk(ManualClock(NOW)), RepairSource(wallet=ALICE, since=NOW))
    assert isinstance(done, SourceRepair)


def test_a_repair_is_complete_or_fails() -> None:
    """Where slices of TWAP orders cannot be read, the plain fills alone are no answer."""
    with pytest.raises(OutcomeUnknown):
        asked(Desk(ManualClock(NOW), userTwapSliceFillsByTime=BROKEN), RepairSource(wallet=ALICE, since=NOW))


@pytest.mark.parametrize("role", list(WalletRole))
def test_roles_are_told_in_the_exchange_s_words(role: WalletRole) -> None:
    """Each role that is known comes through; whether it may be followed is not decided here."""
    (read,) = asked(Desk(ManualClock(NOW), userRole={"role": role.value}), ReadRole(wallet=ALICE))
    assert isinstance(read, RoleRead)
    assert read.role is role


def test_an_unknown_role_is_an_error() -> None:
    """It is not taken for a user."""
    with pytest.raises(VenueProtocolError):
        asked(Desk(ManualClock(NOW), userRole={"role": "oracle"}), ReadRole(wallet=ALICE))


def test_the_equity_of_a_standard_account_is_read_on_every_dex() -> None:
    """All values, at the time of the oldest."""
    answers = {"": state(NOW - 50, "1000.5"), "xyz": state(NOW - 20, "20.0")}
    desk = Desk(
        ManualClock(NOW),
        perpDexs=DEXS,
        meta=lambda frame: METAS[frame["dex"]],
        userAbstraction="disabled",
        clearinghouseState=lambda frame: answers[frame["dex"]],
    )
    (read,) = asked(desk, EQUITY)
    assert isinstance(read, SourceEquity)
    assert (read.mode, read.time, read.spot) == (AccountMode.STANDARD, NOW - 50, None)
    assert read.dex_values == (Decimal("1000.5"), Decimal(20))


def test_the_equity_of_a_pooled_account_is_its_spot_balance() -> None:
    """The values of its dexs mean nothing, and are not asked for."""
    balances = [{"coin": "USDC", "token": 0, "total": "77.5", "hold": "7.0", "entryNtl": "0.0"}]
    desk = Desk(ManualClock(NOW), userAbstraction="unifiedAccount", spotClearinghouseState={"balances": balances})
    (read,) = asked(desk, EQUITY)
    assert isinstance(read, SourceEquity)
    assert (read.mode, read.spot, read.dex_values) == (AccountMode.UNIFIED, Decimal("77.5"), ())
    assert not desk.asked("clearinghouseState")


def test_an_equity_of_which_one_dex_is_missing_is_an_error() -> None:
    """A sum that lacks a part is never told."""
    desk = Desk(
        ManualClock(NOW),
        perpDexs=DEXS,
        meta=lambda frame: METAS[frame["dex"]],
        userAbstraction="disabled",
        clearinghouseState=lambda frame: BROKEN if frame["dex"] else state(NOW),
    )
    with pytest.raises(OutcomeUnknown):
        asked(desk, EQUITY)


def test_an_equity_is_not_told_before_the_dexs_are_known() -> None:
    """Without the list nobody knows whether a reading is complete."""
    desk = Desk(ManualClock(NOW), userAbstraction="disabled")
    with pytest.raises(VenueUnavailable):
        run_jumping(HyperliquidWallets(desk.line()).read(EQUITY), desk.clock)


def test_how_a_wallet_pools_its_money_is_asked_every_ten_minutes() -> None:
    """It costs as much as ten polls and hardly ever changes."""
    desk = Desk(ManualClock(NOW), userAbstraction="disabled")
    line = desk.line()

    async def story() -> None:
        await line.listing.refresh()
        wallets = HyperliquidWallets(line)
        for minute in (0, 5, 11):
            await desk.clock.sleep_until(NOW + minute * 60_000)
            await wallets.read(EQUITY)

    run_jumping(story(), desk.clock)
    assert len(desk.asked("userAbstraction")) == 2
