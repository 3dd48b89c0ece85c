"""
The laws of the exchange in a box.

Whatever its users do, money and positions of all accounts sum up; the same calls lead to the same state; and the paper
exchange, given the same books and the same orders, fills, charges and refuses the same.
"""

from decimal import Decimal as D
from random import Random
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from fadearena.adapters.sim.exchange import SimExchange
from fadearena.adapters.sim.paper import PaperAccount
from fadearena.kit.decimals import normalise
from fadearena.model.command import PlaceOrder, SetLeverage
from fadearena.model.event import ActionAnswered, FundingPaid, OrderAnswered, OwnFills
from fadearena.model.instrument import Instrument, MarginMode
from fadearena.model.margin import MarginTier
from fadearena.model.market import BookLevel, FundingRate, OrderBook, Quote
from fadearena.model.order import Filled as PaperFilled
from fadearena.model.order import OrderIdentity, OrderTerms, OwnFill, Purpose, RejectCode
from fadearena.model.order import Refused as PaperRefused
from fadearena.model.units import HOUR_MS, Side
from fadearena.runtime.immediate import immediately
from fadearena.sandbox.listing import ASSETS
from fadearena.sandbox.nouns import ActionRefused, Fill, Filled, Order, Payment, Refused, Status, Tif, Trigger
from tests.support.box import ANN, BOB, BUY, SELL, Box

COINS = ("BTC", "ETH", "DOGE", "kPEPE", "xyz:XYZ100", "xyz:TSLA", "xyz:NVDA")
SIGNER = "0x" + "e5" * 20


class Users:
    """Ann and Bob, who do anything."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.box = Box(seed, traders=2, cash="3000")
        for user in (ANN, BOB):
            self.box.exchange.send_asset(user, "", user, "xyz", D(1_500))

    def do(self, move: str) -> None:
        """Do one thing; what is refused changes nothing."""
        box, rng = self.box, self.rng
        user, coin, side = rng.choice((ANN, BOB)), rng.choice(COINS), rng.choice((BUY, SELL))
        asset = ASSETS[coin]
        try:
            match move:
                case "take":
                    box.place(user, coin, side, self.size(coin), reduce_only=rng.random() < 0.3)
                case "rest":
                    limit = box.near(coin, side, rng.choice(("0.005", "0.05", "-0.02")))
                    tif = rng.choice((Tif.GTC, Tif.ALO))
                    box.place(user, coin, side, self.size(coin), limit, tif=tif, reduce_only=rng.random() < 0.3)
                case "cancel":
                    for order in list(box.account(user).open.values()):
                        box.exchange.cancel(user, ASSETS[order.coin].asset_id, order.order_id)
                case "leverage":
                    box.exchange.set_leverage(user, asset.asset_id, rng.randint(1, 12), is_cross=rng.random() < 0.5)
                case "margin":
                    box.exchange.add_isolated_margin(user, asset.asset_id, D(rng.randint(-50, 50)))
                case "move":
                    box.exchange.send_asset(user, rng.choice(("", "xyz")), user, rng.choice(("", "xyz")), D(100))
                case "deposit":
                    box.exchange.deposit(user, D(rng.randint(1, 500)))
                case "crash":
                    box.crash(coin, rng.choice(("0.9", "0.97", "1.03", "1.12")))
                case "hour":
                    box.wait(3_600_000)
                case "wait":
                    box.wait(rng.randint(1, 5_000))
                case _:
                    self.meddle(move, user, coin)
        except ActionRefused:
            pass

    def meddle(self, move: str, user: str, coin: str) -> None:
        """Do one of the things that do not happen every day."""
        box, rng, held = self.box, self.rng, self.box.size(user, coin)
        match move:
            case "stop":
                away = rng.choice(("0.99", "1.01"))
                price = box.exchange._floor.market.instruments[coin].price_down(box.mark(coin) * D(away))
                trigger = Trigger(price=price, is_market=rng.random() < 0.7, is_take_profit=rng.random() < 0.5)
                side = SELL if held > 0 else BUY
                box.place(user, coin, side, str(abs(held)), box.far(coin, side), reduce_only=True, trigger=trigger)
            case "push":
                away = rng.choice(("0.97", "0.99", "1.01", "1.03"))
                price = box.exchange._floor.market.instruments[coin].price_down(box.mark(coin) * D(away))
                box.exchange.push_price(coin, price, rng.choice((0, 4_000)))
            case "deleverage":
                box.exchange.deleverage(user, coin, abs(held))
            case "withdraw":
                box.exchange.withdraw(user, D(rng.randint(1, 500)), rng.choice(("", "xyz", "spot")))
            case _:
                box.exchange.set_mode(user, rng.choice(("disabled", "unifiedAccount", "portfolioMargin")))

    def size(self, coin: str) -> str:
        """Return a size for a few hundred dollars up to tens of thousands."""
        usd = self.rng.choice((20, 500, 4_000, 30_000))
        return str((D(usd) / self.box.mark(coin)).quantize(D(1).scaleb(-ASSETS[coin].size_decimals)))


RARE = ("stop", "push", "deleverage", "withdraw", "mode")
MOVES = ("take", "rest", "cancel", "leverage", "margin", "move", "deposit", "crash", "hour", "wait", *RARE)


@given(seed=st.integers(0, 10_000), moves=st.lists(st.sampled_from(MOVES), max_size=30))
def test_money_and_positions_sum_up(seed: int, moves: list[str]) -> None:
    """
    After every step sizes sum up to zero, what all own to deposits less fees, and what each has to what it got.

    No fill of a reduce-only order ever makes a position larger.
    """
    users = Users(seed)
    for move in moves:
        users.do(move)
        users.box.check()
    orders = {news.order_id: news for news in users.box.news if isinstance(news, Order)}
    for fill in users.box.news:
        if isinstance(fill, Fill) and fill.order_id in orders and orders[fill.order_id].reduce_only:
            assert abs(fill.start + fill.side.signed(fill.quantity)) < abs(fill.start)


@settings(max_examples=10)
@given(seed=st.integers(0, 10_000), moves=st.lists(st.sampled_from(MOVES), max_size=25), cut=st.integers(0, 25))
def test_a_dump_goes_on_as_the_exchange_would_have(seed: int, moves: list[str], cut: int) -> None:
    """The same calls lead to the same state, also where it was written down and read in between."""
    one, other = Users(seed), Users(seed)
    for number, move in enumerate(moves):
        if number == cut:
            loaded = type(other.box.exchange).load(other.box.clock, other.box.exchange.dump())
            other.box.exchange = loaded
        one.do(move)
        other.do(move)
    one.box.wait(30_000)
    other.box.wait(30_000)
    assert one.box.exchange.dump() == other.box.exchange.dump()


def instrument(coin: str) -> Instrument:
    """Return a coin as the paper exchange knows it."""
    asset = ASSETS[coin]
    return Instrument(
        coin=coin,
        asset_id=asset.asset_id,
        size_decimals=asset.size_decimals,
        max_leverage=asset.max_leverage,
        margin_tiers=tuple(MarginTier(tier.lower_bound, tier.max_leverage) for tier in asset.table.tiers),
        margin_mode=MarginMode(asset.restriction or "cross"),
        deployer_fee_scale=asset.fee_scale,
        growth_mode=asset.growth_mode,
        is_delisted=asset.is_delisted,
    )


PAIRED = ("BTC", "ETH", "DOGE", "kPEPE", "xyz:XYZ100", "xyz:TSLA", "xyz:NVDA", "MATIC")
CODES = {
    "Price must be divisible by tick size.": RejectCode.TICK,
    "Order has invalid price.": RejectCode.TICK,
    "Order has invalid size.": RejectCode.LOT,
    "Order must have minimum value of $10.": RejectCode.MINIMUM_NOTIONAL,
    "Insufficient margin to place order.": RejectCode.MARGIN,
    "Order would cause position to exceed margin tier limit at current leverage.": RejectCode.MARGIN_TIER,
    "Reduce only order would increase position.": RejectCode.REDUCE_ONLY,
    "Order could not immediately match against any resting orders.": RejectCode.NO_MATCH,
    "Order price cannot be more than 80% away from the reference price": RejectCode.PRICE_BAND,
    "Trading is halted.": RejectCode.HALTED,
}


class Pair:
    """The sandbox and the paper exchange, side by side: one book, one account, the same orders."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.box = Box(seed, cash="20000")
        self.box.exchange.set_mode(ANN, "unifiedAccount")
        account = PaperAccount(id="main", start_usd=D(20_000))
        markets = [instrument(coin) for coin in PAIRED]
        self.paper = SimExchange(self.box.clock, [account], markets, waits_for_rates=True)
        self.nonce = 0

    def show(self) -> None:
        """Let the paper exchange see the sandbox's books as they stand."""
        now = self.box.clock.now_ms()
        for coin in PAIRED:
            book = self.box.exchange.view.book(coin)
            if not book.bids or not book.asks:
                continue
            bids = tuple(BookLevel(level.price, level.quantity) for level in book.bids)
            asks = tuple(BookLevel(level.price, level.quantity) for level in book.asks)
            mark = self.box.mark(coin)
            self.paper.on_quote(Quote(coin=coin, mark=mark, mark_time=now))
            self.paper.on_book(OrderBook(coin=coin, time=now, bids=bids, asks=asks))

    def order(self) -> None:
        """Send both the same random order and compare what they say and do."""
        rng, box = self.rng, self.box
        coin, side = rng.choice((*PAIRED[:-1] * 3, PAIRED[-1])), rng.choice((BUY, SELL))
        asset = ASSETS[coin]
        mark = box.mark(coin) or D("0.5")
        held = abs(box.size(ANN, coin)) if mark and not asset.is_delisted else D(0)
        usd = D(rng.choice((5, 9, 10, 11, 300, 300, 4_000, 4_000, 60_000, 400_000, 200_000_000)))
        lot = D(1).scaleb(-asset.size_decimals)
        size = rng.choice(
            (
                held,
                held / 2 // lot * lot,
                (usd / mark).quantize(lot),
                (usd / mark).quantize(lot),
                (usd / mark).quantize(lot / rng.choice((1, 10))),
            )
        )
        limit = mark * (
            1 + side.sign * D(rng.choice(("0.05", "0.05", "0.0003", "0.0001", "0", "-0.01", "0.01", "-0.9", "5")))
        )
        digits = rng.choice((4, 5, 5, 5, 6))
        limit = normalise(limit.quantize(D(1).scaleb(max(limit.adjusted() + 1 - digits, asset.size_decimals - 6))))
        if not size or limit <= 0:
            return
        self.send(coin, side, size, limit, reduce_only=rng.random() < 0.25)

    def send(self, coin: str, side: Side, size: D, limit: D, *, reduce_only: bool = False) -> None:
        """Send both the same order and compare what they say and do."""
        request = self.box.ask(coin, side, str(size), limit, tif=Tif.IOC, reduce_only=reduce_only)
        self.show()
        before = len(self.fills())
        status = self.box.exchange.place(ANN, [request])[0]
        events = immediately(self.paper.execute(self.command(coin, request)))
        answer = next(event.answer for event in events if isinstance(event, OrderAnswered))
        booked = [fill for event in events if isinstance(event, OwnFills) for fill in event.fills]
        assert said(status) == heard(answer)
        assert [facts(fill) for fill in self.fills()[before:]] == [paper_facts(fill) for fill in booked]

    def command(self, coin: str, request: Any) -> PlaceOrder:
        """Return an order as the paper exchange takes it."""
        self.nonce += 1
        terms = OrderTerms(
            account="main",
            coin=coin,
            asset_id=request.asset_id,
            side=request.side,
            quantity=request.quantity,
            limit=request.limit,
            reduce_only=request.reduce_only,
            purpose=Purpose.INCREASE,
            bot=None,
            residue_quantity=D(0),
        )
        now = self.box.clock.now_ms()
        identity = OrderIdentity(
            cloid=f"0x{self.nonce:032x}", label="", signer=SIGNER, nonce=now + self.nonce, expires_after=now + 10_000
        )
        return PlaceOrder(terms=terms, identity=identity)

    def leverage(self) -> None:
        """Set both the same leverage, save where paper has its own rule: no less of it behind an isolated position."""
        rng, now = self.rng, self.box.clock.now_ms()
        coin, value, is_cross = rng.choice(PAIRED[:-1]), rng.choice((0, 1, 3, 10, 20, 25, 40, 50)), rng.random() < 0.6
        present = self.box.account(ANN).leverage(ASSETS[coin])
        if self.box.size(ANN, coin) and not present.is_cross and not is_cross and value < present.value:
            return
        self.show()
        self.nonce += 1
        command = SetLeverage(
            account="main",
            signer=SIGNER,
            coin=coin,
            asset_id=ASSETS[coin].asset_id,
            leverage=value,
            is_cross=is_cross,
            nonce=now + self.nonce,
            expires_after=now + 10_000,
        )
        events = immediately(self.paper.execute(command))
        text = next(event.text for event in events if isinstance(event, ActionAnswered))
        said = ""
        try:
            self.box.exchange.set_leverage(ANN, ASSETS[coin].asset_id, value, is_cross=is_cross)
        except ActionRefused as refused:
            said = str(refused)
        assert text == said

    def fills(self) -> list[Fill]:
        """Return what the sandbox filled for Ann."""
        return list(self.box.account(ANN).fills)


def said(status: Status) -> object:
    """Return what counts of the sandbox's answer."""
    if isinstance(status, Filled):
        return normalise(status.quantity), normalise(status.average_price)
    assert isinstance(status, Refused)
    return CODES[status.text.partition(" asset=")[0]]


def heard(answer: object) -> object:
    """Return what counts of the paper exchange's answer."""
    if isinstance(answer, PaperFilled):
        return answer.quantity, answer.average_price
    assert isinstance(answer, PaperRefused)
    return answer.code


def facts(fill: Fill) -> tuple[object, ...]:
    """Return what counts of a fill of the sandbox."""
    pnl = fill.closed_pnl.quantize(D("0.001"))
    numbers = (fill.price, fill.quantity, fill.fee, fill.start)
    return (fill.coin, fill.side, *map(normalise, numbers), normalise(pnl))


def paper_facts(fill: OwnFill) -> tuple[object, ...]:
    """Return the same of a fill on paper."""
    start, pnl = fill.start_position or D(0), fill.closed_pnl.quantize(D("0.001"))
    return (fill.coin, fill.side, fill.price, fill.quantity, fill.fee, start, normalise(pnl))


@given(seed=st.integers(0, 100_000), steps=st.integers(1, 40))
def test_sandbox_and_paper_exchange_do_the_same(seed: int, steps: int) -> None:
    """The same IOC orders on the same books: same fills, fees, positions, refusals; leverage and margin mode, too."""
    pair = Pair(seed)
    for _ in range(steps):
        if pair.rng.random() < 0.15:
            pair.leverage()
        elif pair.rng.random() < 0.3:
            pair.box.wait(pair.rng.randint(100, 2_500))
        else:
            pair.order()


@settings(max_examples=5)
@given(seed=st.integers(0, 100_000))
def test_sandbox_and_paper_exchange_pay_the_same_funding(seed: int) -> None:
    """For the same positions at the same hours, on the same rates, cross and isolated, to the cent of a cent."""
    pair = Pair(seed)
    for coin, size in (("BTC", "0.01"), ("ETH", "-0.2"), ("xyz:XYZ100", "0.01"), ("xyz:TSLA", "-1")):
        side = BUY if D(size) > 0 else SELL
        pair.send(coin, side, D(size).copy_abs(), pair.box.far(coin, side))
    pair.box.wait(HOUR_MS + 2_000)
    paid_to_ann = (news for news in pair.box.news if isinstance(news, Payment) and news.user == ANN)
    rates = {(news.coin, news.time - news.time % HOUR_MS): news for news in paid_to_ann}
    tapes = msgspec.json.decode(pair.box.exchange.dump())["books"]["tapes"]
    assert len(rates) == 4
    for (coin, hour), paid in rates.items():
        mark = D(dict(tapes[coin]["marks"])[hour])
        pair.paper.on_hour(hour, FundingRate(coin=coin, rate=paid.rate, oracle=mark))
    told = [event for event in pair.paper.advance(pair.box.clock.now_ms()) if isinstance(event, FundingPaid)]
    assert {(e.coin, e.time): e.usd.quantize(D("0.000001")) for e in told} == {
        key: paid.usd for key, paid in rates.items()
    }
    assert pair.paper.dues == ()
