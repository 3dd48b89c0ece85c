"""
A world with an exchange that can be told what to do: answers that get lost, fills of others, readings, restarts.

    story = begun()
    order = story.opened("BTC", "1", "100000")
    story.lose(order).burnt(order)
"""

from typing import Any

import msgspec

from fadearena.core.engine import step
from fadearena.core.state import State, decode, encode
from fadearena.model.account import AccountMode, DexState, OwnPosition
from fadearena.model.command import BurnNonce, CancelOrder, PlaceOrder, ReadOwnFills
from fadearena.model.event import (
    AccountRead,
    ActionAnswered,
    CashMoved,
    FundingPaid,
    Instruments,
    OrderAnswered,
    OrderFound,
    OrderSent,
    OwnFills,
    RepairStage,
    SetPolicy,
    SourceRepair,
    Started,
)
from fadearena.model.ids import dex_of
from fadearena.model.order import (
    ActionKind,
    ActionOutcome,
    Answer,
    Dropped,
    Filled,
    Found,
    NoAnswer,
    OrderStatus,
    OwnFill,
    Refused,
    RejectCode,
)
from fadearena.model.policy import Policy
from fadearena.model.record import Alert, ControlAnswer, OrderUpdate, TradingStateChange
from fadearena.model.units import Side
from tests.support.world import D, World


class Story(World):
    """A world in which the exchange, too, is told what to do."""

    # --- orders and their answers

    def opened(self, coin: str, change: str, at: str, **more: Any) -> PlaceOrder:
        """Let the source trade; return the order that follows."""
        self.source(coin, change, at, **more)
        return self.order

    def holding(self, coin: str = "BTC", change: str = "1", at: str = "100000", **more: Any) -> "Story":
        """Let the source trade and our order be filled; two seconds later readings count again."""
        self.fill(self.opened(coin, change, at, **more)).wait(2_001)
        return self

    def sent(self, order: PlaceOrder) -> "Story":
        """Hand an order over."""
        self.send(OrderSent(time=self.now, received=self.now, cloid=order.identity.cloid))
        return self

    def answer(self, order: PlaceOrder, answer: Answer) -> "Story":
        """Answer an order."""
        self.send(OrderAnswered(time=self.now, received=self.now, cloid=order.identity.cloid, answer=answer))
        return self

    def filled(self, order: PlaceOrder, quantity: str, price: str, order_id: int = 7) -> "Story":
        """Answer that an order traded; its fills are reported apart."""
        return self.answer(order, Filled(quantity=D(quantity), average_price=D(price), order_id=order_id))

    def reject(self, order: PlaceOrder, code: RejectCode = RejectCode.NO_MATCH) -> "Story":
        """Answer a clear no."""
        return self.answer(order, Refused(code=code, text=code))

    def drop(self, order: PlaceOrder) -> "Story":
        """Say that an order never left the process."""
        return self.answer(order, Dropped(reason="too late"))

    def lose(self, order: PlaceOrder) -> "Story":
        """Lose the answer to an order."""
        return self.answer(order, NoAnswer(reason="timeout"))

    def action(self, subject: str, outcome: ActionOutcome, kind: ActionKind = ActionKind.NOOP) -> "Story":
        """Answer a signed action that is no order."""
        now = self.now
        self.send(
            ActionAnswered(
                time=now, received=now, account="main", kind=kind, subject=subject, outcome=outcome, text="x"
            )
        )
        return self

    def burnt(self, order: PlaceOrder) -> "Story":
        """Accept the noop with an order's nonce."""
        return self.action(order.identity.cloid, ActionOutcome.ACCEPTED)

    def processed(self, order: PlaceOrder) -> "Story":
        """Refuse the noop with an order's nonce as a duplicate."""
        return self.action(order.identity.cloid, ActionOutcome.DUPLICATE_NONCE)

    def found(
        self, order: PlaceOrder, found: Found, quantity: str | None = None, order_id: int | None = None
    ) -> "Story":
        """Answer a look-up."""
        size = None if quantity is None else D(quantity)
        cloid = order.identity.cloid
        self.send(
            OrderFound(time=self.now, received=self.now, cloid=cloid, found=found, quantity=size, order_id=order_id)
        )
        return self

    # --- fills

    def own_fill(self, coin: str, change: str, at: str, **more: Any) -> OwnFill:
        """Return an execution on our account; `change` is signed."""
        self.tid += 1
        size = D(change)
        facts: dict[str, Any] = {
            "key": f"own:{self.tid}",
            "account": "main",
            "time": self.now,
            "fee": D(0),
            "closed_pnl": D(0),
        }
        side = Side.BUY if size > 0 else Side.SELL
        return OwnFill(coin=coin, side=side, quantity=abs(size), price=D(at), **facts | more)

    def fill_for(self, order: PlaceOrder, quantity: str, at: str, **more: Any) -> OwnFill:
        """Return an execution of an order of ours."""
        size = order.terms.side.signed(D(quantity))
        return self.own_fill(order.terms.coin, str(size), at, **{"cloid": order.identity.cloid} | more)

    def fills(self, *fills: OwnFill, complete: bool = False, account: str = "main") -> "Story":
        """Let executions be reported; `complete` says that nothing was left out up to now."""
        to = self.now if complete else None
        self.send(OwnFills(time=self.now, received=self.now, account=account, fills=fills, is_complete_to=to))
        return self

    def read_all(self, **sizes: str) -> "Story":
        """Let a complete fetch of our fills and a complete reading of the account arrive."""
        self.fills(complete=True)
        self.read_account(**sizes)
        return self

    def reading(
        self, *, mode: AccountMode, spot: str | None = None, account: str = "main", **dexs: tuple[str, dict[str, str]]
    ) -> "Story":
        """Let a reading arrive in full: (value, sizes by coin) by dex; the exchange's own dex is `own`."""
        rows = tuple(
            DexState(
                dex="" if dex == "own" else dex,
                value=D(value),
                positions=tuple(OwnPosition(coin=coin, size=D(size)) for coin, size in sorted(sizes.items())),
            )
            for dex, (value, sizes) in dexs.items()
        )
        assert all(dex_of(p.coin) == row.dex for row in rows for p in row.positions)
        usd = None if spot is None else D(spot)
        self.send(AccountRead(time=self.now, received=self.now, account=account, mode=mode, dexs=rows, spot=usd))
        return self

    def unknown_mode(self) -> "Story":
        """Let a reading arrive whose mode is not understood."""
        held = {c: str(m.book.position) for (_, c), m in self.state.books.items() if m.book.position}
        own = {c: size for c, size in held.items() if not dex_of(c)}
        return self.reading(mode=AccountMode.UNKNOWN, own=("0", own))

    # --- money

    def cash(self, usd: str, *, key: str = "", ago: int = 0, account: str = "main") -> "Story":
        """Let a deposit (> 0) or withdrawal become known, made `ago` ms before."""
        self.tid += 1
        time = self.now - ago
        self.send(CashMoved(time=time, received=self.now, key=key or f"cash:{self.tid}", account=account, usd=D(usd)))
        return self

    def funding(self, coin: str, usd: str, rate: str, oracle: str, *, key: str = "") -> "Story":
        """Let an hour's funding become known."""
        self.tid += 1
        self.send(
            FundingPaid(
                time=self.now,
                received=self.now,
                key=key or f"funding:{self.tid}",
                account="main",
                coin=coin,
                usd=D(usd),
                rate=D(rate),
                oracle=D(oracle),
            )
        )
        return self

    # --- the process

    def crash(self) -> "Story":
        """Lose the process, and bring its state back from its text."""
        self.state = decode(encode(self.state))
        return self

    def takes_over(self, worker: str = "w2") -> "Story":
        """Let a worker take over."""
        self.send(Started(time=self.now, received=self.now, rules_version=1, worker=worker))
        return self

    def repaired(self, wallet: str | None = None) -> "Story":
        """Let all missed fills of a wallet, or of every wallet, be fetched: there were none beside those that came."""
        for name in [bot.wallet for bot in self.policy.bots] if wallet is None else [wallet]:
            self.send(SourceRepair(time=self.now, received=self.now, wallet=name, stage=RepairStage.DONE))
        return self

    def restarted(self) -> "Story":
        """Crash, take over, read everything."""
        self.crash().takes_over()
        return self.repaired().read_all()

    def tell_settings(self) -> "Story":
        """Tell settings and markets, and nothing else yet."""
        self.order_by(SetPolicy(policy=self.policy))
        self.send(Instruments(time=self.now, received=self.now, instruments=tuple(self.markets)))
        return self

    def change(self, policy: Policy) -> "Story":
        """Let a person replace the settings."""
        self.policy = policy
        self.order_by(SetPolicy(policy=policy))
        return self

    def remove(self, name: str) -> "Story":
        """Let a person remove a bot."""
        rest = tuple(each for each in self.policy.bots if each.id != name)
        return self.change(msgspec.structs.replace(self.policy, bots=rest))

    # --- what came of it

    def since(self) -> list[int]:
        """From when on the last event asked for our fills."""
        return [command.since for command in self.all(ReadOwnFills)]

    def placed(self, cloid: str) -> PlaceOrder:
        """The command that made an order."""
        known = self.state.orders[cloid]
        return PlaceOrder(terms=known.terms, identity=known.identity)

    def status(self, order: PlaceOrder) -> OrderStatus:
        """The state of an order."""
        return self.state.orders[order.identity.cloid].status

    def is_settling(self) -> bool:
        """Whether nothing is decided yet after a start."""
        return self.state.settling

    def burns(self) -> list[str]:
        """The orders of which the last event burnt the nonce."""
        return [command.cloid for command in self.all(BurnNonce)]

    def cancels(self) -> list[CancelOrder]:
        """The cancels that the last event released."""
        return self.all(CancelOrder)

    def updates(self) -> list[str]:
        """The transitions of orders that the last event recorded."""
        return [update.status for update in self.all(OrderUpdate)]

    def latches(self) -> list[str]:
        """Every latch that is set, as `scope kind`."""
        held = self.state.latches.by_scope
        return [f"{scope} {kind}" for scope in sorted(held) for kind in sorted(held[scope])]

    def changes(self) -> list[str]:
        """The latches that the last event set (+) or ended (-)."""
        return [f"{'+' if c.is_set else '-'}{c.scope} {c.latch}" for c in self.all(TradingStateChange)]

    def alerts_of(self, *categories: str) -> list[str]:
        """The texts of all alerts of some categories in the whole story."""
        alerts = [r for _, turned in self.journal for r in turned.records if isinstance(r, Alert)]
        return [alert.text for alert in alerts if alert.category in categories]

    def told(self) -> list[str]:
        """The texts of the alerts that the last event raised."""
        return [alert.text for alert in self.all(Alert)]

    def refusal(self) -> str:
        """Why the last command of a person was refused; empty if it was not."""
        (answer,) = self.all(ControlAnswer)
        assert answer.accepted is not bool(answer.reasons)
        return "; ".join(answer.reasons)

    def equity_of(self, account: str = "main") -> D:
        """What an account is worth by our sum."""
        usd = self.state.accounts[account].purse.equity
        assert usd is not None
        return usd

    def part(self, name: str, coin: str = "BTC", account: str = "main") -> D:
        """The size of `residue` or `external`, or of a bot's sleeve."""
        book = self.state.books[account, coin].book
        return {"residue": book.residue.size, "external": book.external.size}.get(name, book.size_of(name))

    def position(self, coin: str = "BTC", account: str = "main") -> D:
        """The position of a book."""
        return self.state.books[account, coin].book.position


def begun(policy: Policy | None = None, **more: Any) -> Story:
    """Return a story that has come to where decisions are made."""
    story = Story(policy, **more)
    story.started()
    return story


def replay(world: World, recover_every: int = 0) -> State:
    """
    Step a world's journal again on a fresh state; return the state, after every command and record agreed.

    `recover_every` writes the state and reads it back after so many events.
    """
    state = State()
    for number, (event, turned) in enumerate(world.journal):
        again = step(state, event)
        for recorded, computed in ((turned.commands, again.commands), (turned.records, again.records)):
            assert msgspec.json.encode(recorded) == msgspec.json.encode(computed), event
        if recover_every and number % recover_every == 0:
            state = decode(encode(state))
    return state
