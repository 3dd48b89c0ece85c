"""
A crowd of bots around `step`: the core alone, with a venue that fills every order at once.

A decision is the whole way: a source's fill, the decision with all its checks, the order, its answer, our own fill.
Bots grow and shrink their positions in turn, so that half of the decisions increase and half of them reduce.
Every limit is set, and far away.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from itertools import cycle
from random import Random

from fadearena.core.engine import step
from fadearena.core.invariants import violations
from fadearena.core.state import State
from fadearena.model.account import AccountMode, DexState
from fadearena.model.command import Command, PlaceOrder
from fadearena.model.error import InvariantBroken
from fadearena.model.event import (
    AccountRead,
    BudgetRead,
    ClockRead,
    Event,
    Instruments,
    LeverageRead,
    Marks,
    Operator,
    OrderAnswered,
    OrderSent,
    OwnFills,
    RoleRead,
    SetPolicy,
    SourceFills,
    SourceSnapshot,
    Started,
)
from fadearena.model.ids import Address, BotId, Coin
from fadearena.model.instrument import Instrument
from fadearena.model.margin import MarginTier
from fadearena.model.market import Quote
from fadearena.model.order import Filled, OwnFill
from fadearena.model.policy import AccountPolicy, BotPolicy, Policy, Tuning
from fadearena.model.units import DAY_MS, ZERO, EpochMs, Price, Ratio, Side, Size, Usd, side_of
from fadearena.model.wallet import Feed, SourceFill, WalletRole

START_MS: EpochMs = 1_760_796_000_000
EVENT_MS = 5
DECISION_MS = 100
ACCOUNT = "main"
_OURS = "0x" + "0c" * 20
EQUITY = FAR = Usd(1_000_000_000)
_LEVERAGE = 20
_OPEN, _STEP = Size(100), Size(40)
TICK = Price("0.01")
START_PRICE, _LOWEST, _HIGHEST = Price(100), Price(90), Price(110)
MANY = 1_000_000


class Crowd:
    """
    Bots, coins and open sleeves, brought to where decisions are made.

    Args:
        seed: Two crowds with one seed do the same.
        bots: How many wallets are watched.
        coins: How many markets are listed.
        sleeves: Who trades what, as numbers of bot and coin; each of them is opened.
    """

    def __init__(self, seed: int, bots: int, coins: int, sleeves: Iterable[tuple[int, int]]) -> None:
        self.state = State()
        self.events = 0
        self._rng = Random(seed)
        self._now = START_MS
        self._prices: dict[Coin, Price] = {f"C{n}": START_PRICE for n in range(coins)}
        self._coins = tuple(self._prices)
        self._round = cycle(self._coins)
        self._wallets: dict[BotId, Address] = wallets_of(bots)
        self._held: dict[tuple[BotId, Coin], Size] = {}
        self._count = 0
        self._start()
        for bot, coin in sleeves:
            self._trade(f"bot-{bot}", f"C{coin}", _OPEN)
        self._sleeves = tuple(self._held)
        self._settings(2, FAR)
        if broken := violations(self.state):
            raise InvariantBroken(broken[0])

    def refresh(self) -> None:
        """Let every price be heard again, so that none is stale."""
        self._step(Marks(time=self._now, received=self._now, quotes=tuple(map(self._quote, self._coins))))

    def prices(self, count: int) -> None:
        """Let the prices of held coins move, one in each event; nothing is decided."""
        for _ in range(count):
            self._now += EVENT_MS
            _, coin = self._rng.choice(self._sleeves)
            self._move(coin)
            self._step(Marks(time=self._now, received=self._now, quotes=(self._quote(coin),)))

    def tell(self, count: int) -> None:
        """Let the prices of the next so many coins be heard, one in each event: all of them come round in turn."""
        for _ in range(count):
            self._now += EVENT_MS
            quotes = (self._quote(next(self._round)),)
            self._step(Marks(time=self._now, received=self._now, quotes=quotes))

    def decisions(self, count: int) -> None:
        """Let sources trade, and carry every decision through to our own fill."""
        for _ in range(count):
            self._now += DECISION_MS - EVENT_MS
            bot, coin = self._rng.choice(self._sleeves)
            self._move(coin)
            self._trade(bot, coin, _STEP if self._held[bot, coin] == _OPEN else -_STEP)

    def mix(self, decisions: int, prices: int) -> None:
        """Let a decision come after every so many price events."""
        for _ in range(decisions):
            self.prices(prices)
            self.decisions(1)

    def _start(self) -> None:
        now = self._now
        self._settings(1, None)
        self._step(Instruments(time=now, received=now, instruments=tuple(map(market, range(len(self._coins))))))
        self._step(ClockRead(time=now, received=now, offset_ms=0, spread_ms=0))
        self._step(Started(time=now, received=now, rules_version=1, worker="bench"))
        self._step(BudgetRead(time=now, received=now, account=ACCOUNT, actions_left=MANY))
        books = (DexState(dex="", value=ZERO),)
        self._step(
            AccountRead(time=now, received=now, account=ACCOUNT, mode=AccountMode.UNIFIED, dexs=books, spot=EQUITY)
        )
        for wallet in self._wallets.values():
            self._step(RoleRead(time=now, received=now, wallet=wallet, role=WalletRole.USER))
        for _ in range(2):
            self._now += 2_500
            for wallet in self._wallets.values():
                self._step(SourceSnapshot(time=self._now, received=self._now, wallet=wallet, dex="", positions=()))
        for coin in self._coins:
            self._step(
                LeverageRead(
                    time=self._now,
                    received=self._now,
                    account=ACCOUNT,
                    coin=coin,
                    leverage=_LEVERAGE,
                    is_cross=True,
                )
            )
        self.refresh()

    def _settings(self, number: int, limit: Usd | None) -> None:
        """Set every limit to the same amount; without limits a crowd gathers faster."""
        now, action = self._now, SetPolicy(policy=settings(self._wallets, self._coins, limit))
        self._step(Operator(time=now, received=now, control_id=number, actor="bench", action=action))

    def _step(self, event: Event) -> list[Command]:
        self.events += 1
        return step(self.state, event).commands

    def _move(self, coin: Coin) -> None:
        price = self._prices[coin] + self._rng.choice((-TICK, TICK))
        self._prices[coin] = min(max(price, _LOWEST), _HIGHEST)

    def _quote(self, coin: Coin) -> Quote:
        price, now = self._prices[coin], self._now
        return Quote(
            coin=coin,
            mark=price,
            mark_time=now,
            bid=price - TICK,
            ask=price + TICK,
            touch_time=now,
            oracle=price,
        )

    def _trade(self, bot: BotId, coin: Coin, change: Size) -> None:
        """Let a source trade; answer and fill the order that comes of it."""
        self._now += EVENT_MS
        self._count += 1
        now, side, before = self._now, side_of(change), self._held.get((bot, coin), ZERO)
        self._held[bot, coin] = before + change
        fill = SourceFill(
            key=f"{now}:{coin}:{self._count}:{side}",
            coin=coin,
            time=now,
            side=side,
            price=self._prices[coin],
            quantity=abs(change),
            start_position=before,
        )
        commands = self._step(
            SourceFills(
                time=now,
                received=now,
                quotes=(self._quote(coin),),
                wallet=self._wallets[bot],
                feed=Feed.USER,
                fills=(fill,),
            )
        )
        orders = [command for command in commands if isinstance(command, PlaceOrder)]
        if len(orders) != 1:
            raise InvariantBroken(f"a source's fill brought {len(orders)} orders")
        self._fill(orders[0])

    def _fill(self, order: PlaceOrder) -> None:
        now, terms, cloid = self._now, order.terms, order.identity.cloid
        price = self._prices[terms.coin] + (TICK if terms.side is Side.BUY else -TICK)
        self._step(OrderSent(time=now, received=now, cloid=cloid))
        answer = Filled(quantity=terms.quantity, average_price=price, order_id=self._count)
        self._step(OrderAnswered(time=now, received=now, cloid=cloid, answer=answer))
        fill = OwnFill(
            key=f"own:{self._count}",
            account=ACCOUNT,
            coin=terms.coin,
            time=now,
            side=terms.side,
            price=price,
            quantity=terms.quantity,
            fee=terms.quantity * price * Decimal("0.00045"),
            closed_pnl=ZERO,
            order_id=self._count,
            cloid=cloid,
        )
        self._step(OwnFills(time=now, received=now, account=ACCOUNT, fills=(fill,)))


def settings(wallets: Mapping[BotId, Address], coins: Iterable[Coin], limit: Usd | None) -> Policy:
    """Return settings that follow all these wallets on one account, with every limit at the same amount."""
    bots = tuple(
        BotPolicy(id=bot, name=bot, wallet=wallet, exposure_cap=limit, loss_limit=limit)
        for bot, wallet in wallets.items()
    )
    return Policy(
        bots=bots,
        accounts=(AccountPolicy(id=ACCOUNT, address=_OURS, signer=_OURS, max_leverage=_LEVERAGE),),
        global_exposure_cap=limit,
        asset_exposure_caps={} if limit is None else dict.fromkeys(coins, limit),
        max_order_notional=limit,
        daily_loss_limit=limit,
        max_drawdown=None if limit is None else Ratio("0.9"),
        tuning=Tuning(snapshot_round_ms=DAY_MS, orders_per_minute=MANY),
    )


def wallets_of(bots: int) -> dict[BotId, Address]:
    """Return so many bots with their wallets."""
    return {f"bot-{n}": f"0x{n:040x}" for n in range(bots)}


def market(number: int) -> Instrument:
    """Return the market of one coin."""
    return Instrument(
        coin=f"C{number}",
        asset_id=number,
        size_decimals=2,
        max_leverage=50,
        margin_tiers=(MarginTier(ZERO, 50),),
    )
