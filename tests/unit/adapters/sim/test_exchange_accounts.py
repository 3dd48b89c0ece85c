"""The paper exchange pays funding, liquidates, and shows its accounts; it is rebuilt from a journal."""

import asyncio
from decimal import Decimal

import pytest

from fadearena.adapters.sim.exchange import SimExchange
from fadearena.adapters.sim.paper import PaperAccount
from fadearena.kit.clock import ManualClock
from fadearena.model.account import AccountMode, DexState, OwnPosition
from fadearena.model.command import (
    BurnNonce,
    QueryOrder,
    ReadAccount,
    ReadBook,
    ReadLeverage,
    ReadOwnFills,
)
from fadearena.model.error import InvalidInput, VenueRefused
from fadearena.model.event import (
    AccountRead,
    Event,
    FundingPaid,
    Marks,
    OrderAnswered,
    OwnFills,
    QuoteUnreadable,
)
from fadearena.model.market import FundingRate
from fadearena.model.order import Refused, RejectCode
from fadearena.model.units import HOUR_MS
from fadearena.model.wallet import ForcedKind
from fadearena.ports.journal import KEPT_KINDS
from fadearena.ports.venue import VenueCommand
from tests.support.paper import (
    ETH,
    START,
    Paper,
    answer_of,
    fresh_exchange,
    read_account,
    set_leverage,
)


def test_funding_is_paid_every_full_hour_on_the_oracle_price() -> None:
    """A long pays size x oracle x rate for each full hour passed, each under a key of its own."""
    paper = Paper()
    paper.quote("ETH", "2000", "2000")
    paper.trade("0.1", "2000")
    rate = FundingRate(coin="ETH", rate=Decimal("0.0001"), oracle=Decimal(1990))
    paper.exchange.on_funding(rate)
    before = paper.exchange.equity("main")
    assert paper.exchange.advance(START + HOUR_MS - 1) == []
    paid = paper.exchange.advance(START + 2 * HOUR_MS)
    assert [event.usd for event in paid if isinstance(event, FundingPaid)] == [Decimal("-0.0199")] * 2
    assert [event.time for event in paid] == [START + HOUR_MS, START + 2 * HOUR_MS]
    assert len({event.key for event in paid if isinstance(event, FundingPaid)}) == 2
    assert paper.exchange.advance(START + 2 * HOUR_MS) == []
    assert paper.exchange.equity("main") == before - Decimal("0.0398")


def test_command_brings_the_exchange_up_to_the_present_first() -> None:
    """A command after a full hour is answered after the funding of that hour."""
    paper = Paper()
    paper.quote("ETH", "2000", "2000")
    paper.trade("0.1", "2000")
    paper.exchange.on_funding(FundingRate(coin="ETH", rate=Decimal("-0.0001"), oracle=Decimal(2000)))
    paper.clock.move_by(HOUR_MS)
    funding, read = paper.do(ReadAccount(account="main"))
    assert isinstance(funding, FundingPaid)
    assert funding.usd == Decimal("0.02")
    assert isinstance(read, AccountRead)
    assert read.dexs[0].value == Decimal(1000) - Decimal("0.09") + Decimal("0.02")


def test_account_below_maintenance_is_liquidated() -> None:
    """When equity falls below maintenance margin every position is closed at its mark, by force."""
    paper = Paper("110")
    paper.quote("ETH", "2000", "2000")
    paper.trade("1", "2000")
    paper.quote("ETH", "1940", "1940")
    assert paper.exchange.advance(paper.clock.now_ms()) == []
    paper.quote("ETH", "1920", "1920")
    (event,) = paper.exchange.advance(paper.clock.now_ms())
    assert isinstance(event, OwnFills)
    (fill,) = event.fills
    assert (fill.forced, fill.price, fill.closed_pnl) == (ForcedKind.LIQUIDATION, Decimal(1920), Decimal(-80))
    assert fill.cloid is None
    assert read_account(paper).dexs[0].positions == ()


def test_account_is_reported_by_dex() -> None:
    """The first dex holds the cash and is always there; another one appears with its positions."""
    paper = Paper()
    paper.quote("xyz:GOLD", "4000", "4000")
    assert read_account(paper).mode is AccountMode.STANDARD
    assert read_account(paper).dexs == (DexState(dex="", value=Decimal(1000)),)
    paper.trade("0.1", "4000", coin="xyz:GOLD")
    paper.quote("xyz:GOLD", "4010", "4010")
    first, xyz = read_account(paper).dexs
    assert first == DexState(dex="", value=Decimal(1000) - Decimal("0.36"))
    assert xyz.value == 1
    assert xyz.positions == (OwnPosition(coin="xyz:GOLD", size=Decimal("0.1"), entry=Decimal(4000)),)


def test_unified_account_reports_one_balance() -> None:
    """In unified mode the spot balance is the whole equity."""
    clock = ManualClock(START)
    account = PaperAccount(id="main", start_usd=Decimal(500))
    exchange = SimExchange(clock, [account], [ETH], mode=AccountMode.UNIFIED)
    (event,) = asyncio.run(exchange.execute(ReadAccount(account="main")))
    assert isinstance(event, AccountRead)
    assert (event.mode, event.spot) == (AccountMode.UNIFIED, Decimal(500))


def test_own_fills_are_read_from_a_time_on() -> None:
    """A read of own fills is inclusive, and says up to when it is complete."""
    paper = Paper()
    paper.quote("ETH", "2000", "2000")
    paper.trade("0.1", "2000")
    paper.clock.move_by(1_000)
    paper.trade("-0.1", "2000")
    since = paper.clock.now_ms()
    (event,) = paper.do(ReadOwnFills(account="main", since=since))
    assert isinstance(event, OwnFills)
    assert [fill.time for fill in event.fills] == [since]
    assert event.is_complete_to == since


def test_book_is_read_as_it_stands() -> None:
    """A read of a book gives the present prices with the present time, or says that there are none."""
    paper = Paper()
    paper.quote("ETH", "1999", "2001")
    paper.clock.move_by(60_000)
    (marks,) = asyncio.run(paper.exchange.read(ReadBook(coin="ETH")))
    assert isinstance(marks, Marks)
    (quote,) = marks.quotes
    assert (quote.bid, quote.ask, quote.mark) == (Decimal(1999), Decimal(2001), Decimal(2000))
    assert quote.touch_time == paper.clock.now_ms()
    (missing,) = asyncio.run(paper.exchange.read(ReadBook(coin="BTC")))
    assert isinstance(missing, QuoteUnreadable)


def test_account_that_does_not_exist_is_refused() -> None:
    """Orders for an unknown account are refused as a wrong signer, reads are an error."""
    exchange = SimExchange(ManualClock(START), [], [ETH])
    paper = Paper()
    answer = answer_of(asyncio.run(exchange.execute(paper.order("0.1", "2000"))))
    assert isinstance(answer, Refused)
    assert answer.code is RejectCode.SIGNER
    with pytest.raises(VenueRefused):
        asyncio.run(exchange.execute(ReadAccount(account="main")))


def test_exchange_is_rebuilt_from_the_journal() -> None:
    """What outlives a journal's segments makes the same account, whatever was journaled twice."""
    paper = Paper()
    paper.quote("ETH", "2000", "2000.5")
    paper.exchange.on_funding(FundingRate(coin="ETH", rate=Decimal("0.0001"), oracle=Decimal(1999)))
    first = paper.order("0.3", "2001")
    events: list[Event] = list(paper.do(first))
    events += paper.do(paper.order("-0.1", "2000"))
    paper.clock.move_by(HOUR_MS)
    events += paper.do(ReadOwnFills(account="main", since=START))
    set_leverage(paper, 7)
    events += paper.do(ReadLeverage(account="main", coin="ETH"))

    again = fresh_exchange(paper.clock)
    quote = paper.exchange.markets.quote("ETH", paper.clock.now_ms())
    assert quote is not None
    again.on_quote(quote)
    kept = [event for event in events if event.__struct_config__.tag in KEPT_KINDS]
    again.restore([*kept, *kept])
    reads = (
        ReadAccount(account="main"),
        ReadOwnFills(account="main", since=0),
        ReadLeverage(account="main", coin="ETH"),
        QueryOrder(account="main", cloid=next(iter(e.cloid for e in events if isinstance(e, OrderAnswered)))),
    )
    for read in reads:
        assert asyncio.run(again.execute(read)) == paper.do(read)
    ran, never = first.identity, paper.order("9", "9").identity
    burns = [BurnNonce(account="main", signer=i.signer, cloid=i.cloid, nonce=i.nonce) for i in (ran, never)]
    commands: list[VenueCommand] = [paper.order("0.1", "2001"), *burns]
    for command in commands:
        assert asyncio.run(again.execute(command)) == paper.do(command)


def test_journal_of_other_accounts_is_refused() -> None:
    """A journal that names an account or coin which is not set up is an error, not a silent loss."""
    paper = Paper()
    paper.quote("ETH", "2000", "2000")
    events = paper.do(paper.order("0.1", "2000"))
    account = PaperAccount(id="main", start_usd=Decimal(1))
    for exchange, named in (
        (SimExchange(paper.clock, [], [ETH]), "account main"),
        (SimExchange(paper.clock, [account], []), "ETH"),
    ):
        with pytest.raises(InvalidInput, match=named):
            exchange.restore(events)
