"""Our accounts on a sandbox: signed orders of a master and of a sub-account, their fills, readings, lost answers."""

from decimal import Decimal
from typing import Any

import pytest

from fadearena.adapters.hyperliquid.market_feed import HyperliquidMarkets
from fadearena.model.account import AccountMode
from fadearena.model.command import (
    BurnNonce,
    CancelOrder,
    QueryOrder,
    ReadAccount,
    ReadLeverage,
    ReadOwnFills,
    SetLeverage,
)
from fadearena.model.error import OutcomeUnknown
from fadearena.model.event import AccountRead, BudgetRead, CashMoved, FundingPaid, OwnFills
from fadearena.model.ids import Coin
from fadearena.model.order import ActionOutcome, Filled, Found, Refused, RejectCode
from fadearena.model.units import HOUR_MS, Side
from fadearena.sandbox.gateway.faults import Drop, Reset
from fadearena.sandbox.nouns import Request, Tif
from tests.support.hyperliquid import Listener
from tests.support.venue_play import AGENT, MASTER, START_MS, Play, play


@pytest.mark.parametrize(("account", "coin"), [("main", "ETH"), ("sub", "BTC"), ("main", "xyz:NVDA")])
def test_an_order_fills_is_pushed_and_is_what_the_account_holds(account: str, coin: Coin) -> None:
    """Answer, pushed fills, fetched fills and the account's position agree, with fees to the last digit."""

    async def story(stage: Play) -> None:
        if coin.startswith("xyz"):
            stage.exchange.send_asset(MASTER.address, "", MASTER.address, "xyz", Decimal(5_000))
        async with Listener(aiter(stage.venue), stage.clock) as listener:
            await listener.wait(2_000)
            order = await stage.order(coin, "0.5", account)
            told = await stage.execute(order)
            assert isinstance(told.answer, Filled)
            await listener.wait(5_000)
            pushed = [fill for event in listener.of(OwnFills) for fill in event.fills]
            read = await stage.execute(ReadOwnFills(account=account, since=START_MS))
            state = await stage.execute(ReadAccount(account=account))
            found = await stage.execute(QueryOrder(account=account, cloid=order.identity.cloid))
        assert tuple(pushed) == read.fills
        assert sum(fill.quantity for fill in pushed) == told.answer.quantity == Decimal("0.5")
        assert {fill.cloid for fill in pushed} == {order.identity.cloid}
        assert {fill.account for fill in pushed} == {account}
        assert read.is_complete_to == stage.clock.now_ms() - 2_000
        assert isinstance(state, AccountRead)
        assert {held.coin: held.size for dex in state.dexs for held in dex.positions} == {coin: Decimal("0.5")}
        address = stage.sub if account == "sub" else MASTER.address
        assert stage.exchange.truth().accounts[address].positions[coin].size == Decimal("0.5")
        assert state.mode is AccountMode.STANDARD
        assert (found[-1].found, found[-1].quantity, found[-1].order_id) == (
            Found.FILLED,
            Decimal("0.5"),
            told.answer.order_id,
        )

    play(story)


def test_what_the_exchange_refuses_comes_back_as_our_codes() -> None:
    """Too small, not reducing, too much leverage: a clear no each time, and nothing traded."""

    async def story(stage: Play) -> list[RejectCode]:
        small = await stage.execute(await stage.order("ETH", "0.001"))
        reduce = await stage.execute(await stage.order("ETH", "0.5", reduce_only=True))
        huge = await stage.execute(await stage.order("BTC", "900"))
        assert (await stage.execute(ReadOwnFills(account="main", since=START_MS))).fills == ()
        return [each.answer.code for each in (small, reduce, huge) if isinstance(each.answer, Refused)]

    assert play(story) == [RejectCode.MINIMUM_NOTIONAL, RejectCode.REDUCE_ONLY, RejectCode.MARGIN]


def test_an_order_whose_answer_is_lost_is_settled_by_its_nonce_and_looked_up() -> None:
    """The outcome is unknown; a noop with its nonce says that it was processed; the look-up says how."""

    async def story(stage: Play) -> None:
        stage.gateway.inflict(Reset(path="/exchange"))
        order = await stage.order("ETH", "0.5")
        with pytest.raises(OutcomeUnknown):
            await stage.execute(order)
        burn = BurnNonce(account="main", signer=AGENT.address, cloid=order.identity.cloid, nonce=order.identity.nonce)
        assert (await stage.execute(burn)).outcome is ActionOutcome.DUPLICATE_NONCE
        await stage.clock.sleep_until(stage.clock.now_ms() + 3_000)
        fills, found = await stage.execute(QueryOrder(account="main", cloid=order.identity.cloid))
        assert sum(fill.quantity for fill in fills.fills) == found.quantity == Decimal("0.5")

    play(story)


def test_a_burnt_nonce_keeps_its_order_from_ever_running() -> None:
    """The noop is accepted; the order that bears the nonce, too, is refused; a look-up knows nothing of it."""

    async def story(stage: Play) -> None:
        order = await stage.order("ETH", "0.5")
        burn = BurnNonce(account="main", signer=AGENT.address, cloid=order.identity.cloid, nonce=order.identity.nonce)
        assert (await stage.execute(burn)).outcome is ActionOutcome.ACCEPTED
        late = await stage.execute(order)
        assert late.answer.code is RejectCode.NONCE
        found = await stage.execute(QueryOrder(account="main", cloid=order.identity.cloid))
        assert found.found is Found.NOT_FOUND

    play(story)


def test_leverage_is_what_was_set() -> None:
    """The exchange says so when it is asked afterwards."""

    async def story(stage: Play) -> None:
        command = SetLeverage(
            account="sub",
            signer=AGENT.address,
            coin="ETH",
            asset_id=1,
            leverage=7,
            is_cross=True,
            nonce=START_MS + 1,
            expires_after=START_MS + 5_000,
        )
        assert (await stage.execute(command)).outcome is ActionOutcome.ACCEPTED
        read = await stage.execute(ReadLeverage(account="sub", coin="ETH"))
        assert (read.leverage, read.is_cross) == (7, True)

    play(story)


def test_an_order_that_rests_is_seen_and_cancelled_by_its_id() -> None:
    """Whoever placed it: here somebody did by hand."""

    async def story(stage: Play) -> None:
        book = await HyperliquidMarkets(stage.line).book("ETH")
        low = Decimal(int(book.bids[0].price * Decimal("0.9")))
        request = Request(asset_id=1, side=Side.BUY, quantity=Decimal("0.1"), limit=low, tif=Tif.GTC)
        (resting,) = stage.exchange.place(stage.sub, [request])
        (order,) = (await stage.execute(ReadAccount(account="sub"))).orders
        assert order.order_id == resting.order_id
        cancel = CancelOrder(
            account="sub",
            signer=AGENT.address,
            order_id=order.order_id,
            asset_id=1,
            nonce=START_MS + 1,
            expires_after=START_MS + 5_000,
        )
        assert (await stage.execute(cancel)).outcome is ActionOutcome.ACCEPTED
        assert (await stage.execute(ReadAccount(account="sub"))).orders == ()

    play(story)


def test_deposits_funding_and_budgets_are_pushed_and_nothing_is_missed_over_a_lost_socket() -> None:
    """What happens while the socket is away is fetched when it is back, and told once."""

    async def story(stage: Play) -> tuple[list[Any], list[Any], list[Any]]:
        async with Listener(aiter(stage.venue), stage.clock) as listener:
            await listener.wait(2_000)
            await stage.execute(await stage.order("ETH", "1.0"))
            await listener.wait(1_000)
            stage.gateway.inflict(Drop())
            stage.exchange.deposit(MASTER.address, Decimal(123))
            await stage.execute(await stage.order("ETH", "-0.4", reduce_only=True))
            await listener.wait(HOUR_MS)
            return listener.of(OwnFills), listener.of(CashMoved), listener.of(FundingPaid) + listener.of(BudgetRead)

    fills, moved, rest = play(story)
    quantities = [(fill.side, fill.quantity) for event in fills for fill in event.fills]
    assert sum(quantity for side, quantity in quantities if side is Side.BUY) == 1
    assert sum(quantity for side, quantity in quantities if side is Side.SELL) == Decimal("0.4")
    assert [event.usd for event in moved if event.account == "main"].count(Decimal(123)) == 1
    assert {event.coin for event in rest if isinstance(event, FundingPaid)} == {"ETH"}
    assert {event.account for event in rest if isinstance(event, BudgetRead)} == {"main", "sub"}
