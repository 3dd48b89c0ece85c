"""
A small world around `step`: tells stories in a few lines and checks every invariant after every event.

    world = World().started()
    world.source("BTC", buy="1", at="100000")
    assert world.order.terms.side is Side.SELL
    world.fill()
    assert world.sleeve("BTC") == D("-0.05")
"""

from decimal import Decimal
from typing import Any, Self, TypeVar

from fadearena.core.engine import Turned, step
from fadearena.core.invariants import violations
from fadearena.core.state import State
from fadearena.model.account import AccountMode, DexState, OpenOrder, OwnPosition
from fadearena.model.command import Command, PlaceOrder, ReadLeverage, ReadSource, SetLeverage
from fadearena.model.event import (
    AccountRead,
    ActionAnswered,
    BudgetRead,
    ClockRead,
    Event,
    Instruments,
    LeverageRead,
    Marks,
    Operator,
    OperatorAction,
    OrderAnswered,
    OwnFills,
    RoleRead,
    SetPolicy,
    SourceEquity,
    SourceFills,
    SourceSnapshot,
    SourceUnreadable,
    Started,
    Woke,
)
from fadearena.model.ids import dex_of
from fadearena.model.instrument import Instrument
from fadearena.model.margin import MarginTier
from fadearena.model.market import Quote
from fadearena.model.order import ActionKind, ActionOutcome, Filled, NoAnswer, OwnFill, Refused, RejectCode
from fadearena.model.policy import AccountPolicy, BotPolicy, Policy
from fadearena.model.record import Alert, Check, Decision, Effect, Outcome, Record
from fadearena.model.units import Side
from fadearena.model.wallet import Feed, SourceFill, SourcePosition, WalletRole

T0 = 1_760_000_000_000
WALLET = "0x" + "a1" * 20
OTHER = "0x" + "b2" * 20
MAIN = "0x" + "0c" * 20
AGENT = "0x" + "0d" * 20
D = Decimal
R = TypeVar("R")


def market(coin: str, asset_id: int, decimals: int, leverage: int = 50, **more: Any) -> Instrument:
    """Return a market with one margin tier."""
    return Instrument(
        coin=coin,
        asset_id=asset_id,
        size_decimals=decimals,
        max_leverage=leverage,
        margin_tiers=(MarginTier(D(0), leverage),),
        **more,
    )


MARKETS = (market("BTC", 0, 5), market("ETH", 1, 4), market("SOL", 5, 2), market("xyz:NVDA", 110002, 3))


def bot(name: str = "bot", wallet: str = WALLET, **more: Any) -> BotPolicy:
    """Return a bot; unless said otherwise it is faded at 0.05."""
    return BotPolicy(id=name, name=name, wallet=wallet, **more)


def settings(*bots: BotPolicy, **more: Any) -> Policy:
    """Return settings with one account `main`."""
    account = AccountPolicy(id="main", address=MAIN, signer=AGENT, max_leverage=20)
    return Policy(bots=bots or (bot(),), accounts=more.pop("accounts", (account,)), **more)


class World:
    """One state and its surroundings; `turn` is what the last event brought."""

    def __init__(self, policy: Policy | None = None, *, equity: str = "10000", markets: Any = MARKETS) -> None:
        self.policy = policy or settings()
        self.state = State()
        self.now = T0
        self.equity = D(equity)
        self.markets = markets
        self.prices: dict[str, D] = {}
        self.positions: dict[tuple[str, str], D] = {}
        self.turn = Turned(commands=[], records=[])
        self.journal: list[tuple[Event, Turned]] = []
        self.resting: list[OpenOrder] = []
        self.control = 0
        self.tid = 0

    # --- time and events

    def send(self, event: Event) -> Self:
        """Step once, and check every invariant."""
        self.turn = step(self.state, event)
        self.journal.append((event, self.turn))
        assert violations(self.state) == []
        return self

    def wait(self, ms: int) -> Self:
        """Let time pass; wakes that become due are delivered in order."""
        end = self.now + ms
        while True:
            due = [(at, key) for key, at in self.state.wakes.items() if at <= end]
            if not due:
                break
            at, key = min(due)
            self.now = max(self.now, at)
            self.send(Woke(time=at, received=self.now, key=key))
        self.now = end
        return self

    def later(self, ms: int) -> "World":
        """Let time pass without an event; `turn` stays what it was."""
        self.now += ms
        return self

    def order_by(self, action: OperatorAction, actor: str = "ann") -> Self:
        """Let a person give a command."""
        self.control += 1
        return self.send(
            Operator(time=self.now, received=self.now, control_id=self.control, actor=actor, action=action)
        )

    def started(self, *, snapshots: bool = True, leverage: bool = True) -> Self:
        """Bring everything to where decisions are made: settings, markets, clock, account, roles, snapshots."""
        self.order_by(SetPolicy(policy=self.policy))
        self.send(Instruments(time=self.now, received=self.now, instruments=tuple(self.markets)))
        self.send(ClockRead(time=self.now, received=self.now, offset_ms=3, spread_ms=5))
        self.send(Started(time=self.now, received=self.now, rules_version=1, worker="w1"))
        for account in self.policy.accounts:
            self.send(
                BudgetRead(time=self.now, received=self.now, account=account.id, actions_left=10_000)
            ).read_account(account=account.id)
        for each in self.policy.bots:
            self.send(RoleRead(time=self.now, received=self.now, wallet=each.wallet, role=WalletRole.USER))
            if snapshots:
                self.snapshot(wallet=each.wallet)
        if snapshots:
            self.wait(2_500)
            for each in self.policy.bots:
                self.snapshot(wallet=each.wallet)
        if leverage:
            for account in self.policy.accounts:
                for each_market in self.markets:
                    self.leverage(each_market.coin, account=account.id)
        return self

    # --- the market and the source

    def quote(self, coin: str, price: str | D, *, spread: str = "0", age: int = 0) -> Quote:
        """Return a fresh quote; it becomes the coin's price in this world."""
        mid, half = D(price), D(spread) / 2
        self.prices[coin] = mid
        at = self.now - age
        return Quote(coin=coin, mark=mid, mark_time=at, bid=mid - half, ask=mid + half, touch_time=at, oracle=mid)

    def mark(self, coin: str, price: str | D, **more: Any) -> Self:
        """Let a coin's price become known."""
        quote = self.quote(coin, price, **more)
        return self.send(Marks(time=self.now, received=self.now, quotes=(quote,)))

    def fill_of(
        self, coin: str, change: str | D, price: str | D, start: str | D | None = None, **more: Any
    ) -> SourceFill:
        """Return a source fill; `change` is signed."""
        self.tid += 1
        size = D(change)
        side = Side.BUY if size > 0 else Side.SELL
        time = more.pop("time", self.now)
        return SourceFill(
            key=more.pop("key", f"{time}:{coin}:{self.tid}:{side}"),
            coin=coin,
            time=time,
            side=side,
            price=D(price),
            quantity=abs(size),
            start_position=None if start is None else D(start),
            **more,
        )

    def source(
        self,
        coin: str,
        change: str | D,
        at: str | D,
        *,
        wallet: str = WALLET,
        start: str | D | None = None,
        feed: Feed = Feed.USER,
        fresh: bool = True,
        **more: Any,
    ) -> Self:
        """Let a watched wallet trade; without `start` its chain goes on unbroken (pass feed=TAPE for none)."""
        key = (wallet, coin)
        before = self.positions.get(key, D(0)) if start is None else D(start)
        self.positions[key] = before + D(change)
        fill = self.fill_of(coin, change, at, None if feed is Feed.TAPE else before, **more)
        quotes = (self.quote(coin, at),) if fresh else ()
        return self.send(
            SourceFills(time=fill.time, received=self.now, quotes=quotes, wallet=wallet, feed=feed, fills=(fill,))
        )

    def snapshot(
        self, *, wallet: str = WALLET, dex: str = "", entry: dict[str, str] | None = None, **sizes: str
    ) -> Self:
        """Let a complete snapshot of a wallet arrive: what its fills say, or `sizes` by coin instead."""
        held = {coin: size for (who, coin), size in self.positions.items() if who == wallet and dex_of(coin) == dex}
        held |= {coin.replace("_", ":"): D(size) for coin, size in sizes.items()}
        for coin, size in held.items():
            self.positions[wallet, coin] = size
        rows = tuple(
            SourcePosition(coin=coin, size=size, entry=D(entry[coin]) if entry and coin in entry else None)
            for coin, size in sorted(held.items())
            if size
        )
        return self.send(
            SourceSnapshot(time=self.now, received=self.now, heard=self.now, wallet=wallet, dex=dex, positions=rows)
        )

    # --- our account

    def leverage(self, coin: str, value: int = 20, *, account: str = "main", cross: bool = True) -> Self:
        """Let the exchange say what leverage a book has."""
        return self.send(
            LeverageRead(time=self.now, received=self.now, account=account, coin=coin, leverage=value, is_cross=cross)
        )

    def answer_leverage(self) -> Self:
        """Accept every leverage action of the last turn, and read it back."""
        for command in self.all(SetLeverage):
            self.send(
                ActionAnswered(
                    time=self.now,
                    received=self.now,
                    account=command.account,
                    kind=ActionKind.LEVERAGE,
                    subject=command.coin,
                    outcome=ActionOutcome.ACCEPTED,
                )
            )
            assert self.all(ReadLeverage)
            self.leverage(command.coin, command.leverage, cross=command.is_cross)
        return self

    def read_account(self, *, account: str = "main", equity: str | D | None = None, **sizes: str) -> Self:
        """Let a complete reading of an account arrive: what our books say, or `sizes` by coin, and what rests."""
        held = {c: m.book.position for (who, c), m in self.state.books.items() if who == account}
        held |= {coin.replace("_", ":"): D(size) for coin, size in sizes.items()}
        known = self.state.accounts[account].purse.equity
        value = D(equity) if equity is not None else (known if known is not None else self.equity)
        rows = tuple(OwnPosition(coin=coin, size=size) for coin, size in sorted(held.items()) if size)
        return self.send(
            AccountRead(
                time=self.now,
                received=self.now,
                account=account,
                mode=AccountMode.UNIFIED,
                dexs=(DexState(dex="", value=D(0), positions=rows),),
                orders=tuple(self.resting),
                spot=value,
            )
        )

    def fill(
        self,
        order: PlaceOrder | None = None,
        *,
        quantity: str | D | None = None,
        price: str | D | None = None,
        fee: str = "0",
    ) -> Self:
        """Let the venue execute an order (the last one) and report its fill."""
        order = order or self.order
        terms, size = order.terms, D(quantity) if quantity is not None else order.terms.quantity
        at = D(price) if price is not None else self.prices[terms.coin]
        cloid = order.identity.cloid
        self.send(
            OrderAnswered(
                time=self.now,
                received=self.now,
                cloid=cloid,
                answer=Filled(quantity=size, average_price=at, order_id=7),
            )
        )
        answered = self.turn
        self.tid += 1
        self.send(
            OwnFills(
                time=self.now,
                received=self.now,
                account=terms.account,
                fills=(
                    OwnFill(
                        key=f"own:{self.tid}",
                        account=terms.account,
                        coin=terms.coin,
                        time=self.now,
                        side=terms.side,
                        price=at,
                        quantity=size,
                        fee=D(fee),
                        closed_pnl=D(0),
                        order_id=7,
                        cloid=cloid,
                    ),
                ),
            )
        )
        self.turn = Turned(
            commands=[*answered.commands, *self.turn.commands], records=[*answered.records, *self.turn.records]
        )
        return self

    def refuse(self, order: PlaceOrder | None = None, code: RejectCode = RejectCode.NO_MATCH) -> Self:
        """Let the venue refuse an order (the last one)."""
        order = order or self.order
        answer = Refused(code=code, text=code)
        return self.send(OrderAnswered(time=self.now, received=self.now, cloid=order.identity.cloid, answer=answer))

    # --- what came of it

    def all(self, kind: type[R]) -> list[R]:
        """Return the commands or records of a kind that the last event brought."""
        things: list[Command | Record] = [*self.turn.commands, *self.turn.records]
        return [thing for thing in things if isinstance(thing, kind)]

    @property
    def orders(self) -> list[PlaceOrder]:
        """The orders that the last event released."""
        return self.all(PlaceOrder)

    @property
    def order(self) -> PlaceOrder:
        """The one order that the last event released."""
        assert len(self.orders) == 1, self.all(Decision)
        return self.orders[0]

    @property
    def reasons(self) -> list[str]:
        """Outcome and reason of the decisions that the last event recorded."""
        return [f"{decision.outcome}:{decision.reason}" for decision in self.all(Decision)]

    @property
    def alerts(self) -> list[str]:
        """Categories of the alerts that the last event raised."""
        return [alert.category for alert in self.all(Alert)]

    def sleeve(self, coin: str, name: str = "bot", account: str = "main") -> D:
        """The size of a sleeve."""
        memory = self.state.books.get((account, coin))
        return memory.book.size_of(name) if memory else D(0)

    def target(self, coin: str, name: str = "bot") -> D:
        """The target of a sleeve."""
        return self.state.sleeves[name, coin].target

    def followed(self, coin: str, name: str = "bot") -> D:
        """What is followed of a source position."""
        return self.state.follows[name, coin].followed

    def reads(self) -> list[ReadSource]:
        """The snapshots that the last event asked for."""
        return self.all(ReadSource)

    @property
    def decision(self) -> Decision:
        """The one decision that the last event recorded."""
        decisions = self.all(Decision)
        assert len(decisions) == 1, decisions
        return decisions[0]

    def check(self, name: str) -> Check:
        """One check of the last event's decision."""
        return next(check for check in self.decision.checks if check.name == name)

    def holding(self, coin: str, change: str, at: str, **more: Any) -> Self:
        """Let a watched wallet trade, and our order of it be filled."""
        return self.source(coin, change, at, **more).fill()

    def no_answer(self, order: PlaceOrder | None = None) -> Self:
        """Let nobody know what became of an order (the last one)."""
        cloid = (order or self.order).identity.cloid
        return self.send(
            OrderAnswered(time=self.now, received=self.now, cloid=cloid, answer=NoAnswer(reason="timeout"))
        )

    def source_equity(self, usd: str, *, wallet: str = WALLET) -> Self:
        """Let the equity of a watched wallet become known."""
        return self.send(
            SourceEquity(time=self.now, received=self.now, wallet=wallet, mode=AccountMode.UNIFIED, spot=D(usd))
        )

    def unreadable(self, *, wallet: str = WALLET, dex: str | None = "") -> Self:
        """Let a read of a watched wallet fail."""
        return self.send(SourceUnreadable(time=self.now, received=self.now, wallet=wallet, reason="timeout", dex=dex))

    def refused(self, name: str) -> bool:
        """Tell whether the last decision is a skip because of this check, which shows it."""
        decision, check = self.decision, self.check(name)
        stopped = not self.orders and decision.outcome is Outcome.SKIP and decision.reason == name
        return stopped and not check.passed and check.effect is Effect.SKIP
