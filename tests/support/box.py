"""An exchange in a box with a clock that a test moves: no traders unless asked for, and users with money."""

from decimal import Decimal as D
from typing import Any, TypedDict, Unpack

from fadearena.kit.clock import ManualClock
from fadearena.model.ids import Coin
from fadearena.model.units import Side
from fadearena.sandbox.exchange import Exchange
from fadearena.sandbox.exchange.shown import Held
from fadearena.sandbox.exchange.state import Account
from fadearena.sandbox.listing import ASSETS
from fadearena.sandbox.nouns import Filled, News, Order, Refused, Request, Resting, Status, Tif, Trigger

NOON = 1_760_788_800_000
ANN, BOB = "0x" + "a1" * 20, "0x" + "b2" * 20
BUY, SELL = Side.BUY, Side.SELL


class Terms(TypedDict, total=False):
    """What an order may say besides its size and limit."""

    reduce_only: bool
    tif: Tif
    cloid: str
    twap_id: int
    trigger: Trigger


class Box:
    """An exchange that began at `NOON`, with Ann and Bob."""

    def __init__(self, seed: int = 1, *, traders: int = 0, cash: str = "10000", needs_volume: bool = False) -> None:
        self.clock = ManualClock(NOON)
        self.exchange = Exchange(self.clock, seed, traders=traders, history_ms=0, needs_volume=needs_volume)
        self.news: list[News] = []
        self.exchange.listen(self.news.append)
        for user in (ANN, BOB):
            self.exchange.deposit(user, D(cash))

    def wait(self, ms: int) -> None:
        """Let time pass."""
        self.clock.move_by(ms)
        self.exchange.advance()

    def still(self) -> "Box":
        """Let prices stand from now on."""
        self.exchange.stand_still()
        return self

    def crash(self, coin: Coin, ratio: str) -> None:
        """Move a coin's price to `ratio` of what it is, and let a few seconds pass."""
        walk = self.exchange._floor.market.walks[coin]
        walk.nano = int(walk.nano * D(ratio))
        self.exchange._floor.market._marks.clear()
        self.wait(3_000)

    def ask(self, coin: Coin, side: Side, size: str, limit: D | str | None = None, **more: Unpack[Terms]) -> Request:
        """Return an order; without a limit it is an IOC with a percent of slippage."""
        price = self.far(coin, side) if limit is None else D(limit)
        terms: dict[str, Any] = {"tif": Tif.IOC if limit is None else Tif.GTC, **more}
        return Request(asset_id=ASSETS[coin].asset_id, side=side, quantity=D(size), limit=price, **terms)

    def place(
        self, user: str, coin: Coin, side: Side, size: str, limit: D | str | None = None, **more: Unpack[Terms]
    ) -> Status:
        """Place one order."""
        return self.exchange.place(user, [self.ask(coin, side, size, limit, **more)])[0]

    def fill(self, user: str, coin: Coin, side: Side, size: str, **more: Unpack[Terms]) -> Filled:
        """Place an order that trades."""
        status = self.place(user, coin, side, size, **more)
        assert isinstance(status, Filled), status
        return status

    def rest(self, user: str, coin: Coin, side: Side, size: str, limit: D | str, **more: Unpack[Terms]) -> int:
        """Place an order that rests, and return its id."""
        status = self.place(user, coin, side, size, limit, **more)
        assert isinstance(status, Resting), status
        return status.order_id

    def refuse(
        self, user: str, coin: Coin, side: Side, size: str, limit: D | str | None = None, **more: Unpack[Terms]
    ) -> str:
        """Place an order that is refused, and return the text."""
        status = self.place(user, coin, side, size, limit, **more)
        assert isinstance(status, Refused), status
        return status.text

    def far(self, coin: Coin, side: Side, percent: str = "1") -> D:
        """Return a valid price some percent beyond the mark."""
        rules = self.exchange._floor.market.instruments[coin]
        return rules.price_outwards(side, self.mark(coin) * (1 + side.sign * D(percent) / 100))

    def near(self, coin: Coin, side: Side, percent: str = "1") -> D:
        """Return a valid price some percent on the near side of the mark, where an order rests."""
        return self.far(coin, side, str(-D(percent)))

    def mark(self, coin: Coin) -> D:
        """Return a coin's mark."""
        return self.exchange.view.mark(coin)

    def held(self, user: str, coin: Coin) -> Held:
        """Return a position that there is."""
        return next(one for one in self._positions(user, coin) if one.coin == coin)

    def size(self, user: str, coin: Coin) -> D:
        """Return the size of a position; zero when flat."""
        return sum((one.size for one in self._positions(user, coin) if one.coin == coin), start=D(0))

    def account(self, user: str) -> Account:
        """Return an account that there is."""
        account = self.exchange.view.account(user)
        assert account is not None
        return account

    def order(self, user: str, order_id: int) -> Order:
        """Return an order that there is."""
        order = self.account(user).order(order_id)
        assert order is not None
        return order

    def status(self, user: str, order_id: int) -> str:
        """Return what became of an order."""
        return self.order(user, order_id).status

    def _positions(self, user: str, coin: Coin) -> tuple[Held, ...]:
        return self.exchange.view.dex_account(user, ASSETS[coin].dex).positions

    def check(self) -> None:
        """Look whether money and positions of all accounts sum up, and whether each account's money has a source."""
        books_balance(self.exchange)


def books_balance(exchange: Exchange) -> None:
    """Look whether money and positions of all accounts sum up, and whether each account's money has a source."""
    truth = exchange.truth()
    sizes: dict[Coin, D] = {}
    owned = D(0)
    for user, account in truth.accounts.items():
        cash = sum(account.cash.values(), start=D(0))
        for coin, held in account.positions.items():
            sizes[coin] = sizes.get(coin, D(0)) + held.size
            cash += held.margin
            owned -= held.cost
        owned += cash
        assert cash == account.came_in + account.realised + account.funding - account.fees, user
    assert not any(sizes.values()), sizes
    assert owned == truth.deposits - truth.fees
