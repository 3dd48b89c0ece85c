"""
What can be asked of the sandbox itself, and never of an exchange: its clock, its truth, faults, an account's accidents.

1. The shapes are part of what `fadearena demo` and tests read; money and sizes are strings.
2. What is told changes something, at one moment of time; it is kept before that, as signed actions are.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec

from fadearena.kit.clock import AffineClock
from fadearena.kit.decimals import plain
from fadearena.model.error import InvalidInput
from fadearena.model.ids import Address, Coin
from fadearena.sandbox import told
from fadearena.sandbox.clock import BoxClock, moment
from fadearena.sandbox.exchange.crowd import TEMPERAMENT
from fadearena.sandbox.exchange.shown import AccountTruth as ExchangeTruth
from fadearena.sandbox.gateway.acting import status_row
from fadearena.sandbox.gateway.answers.trades import OrderUpdate, order_history
from fadearena.sandbox.gateway.faults import Fault
from fadearena.sandbox.gateway.gateway import Gateway
from fadearena.sandbox.gateway.proofs import Exposure
from fadearena.sandbox.nouns import ActionRefused, Refused

_AT_ONCE = 100


class AccountTruth(msgspec.Struct, frozen=True, rename="camel"):
    """
    What an account really holds, and where it comes from.

    Money in each balance, size and cost of each position, and the cash that isolated ones have locked. Cash and locked
    margin sum up to `cameIn + realised + funding - fees`.
    """

    cash: dict[str, str]
    positions: dict[Coin, str]
    costs: dict[Coin, str]
    margins: dict[Coin, str]
    came_in: str
    realised: str
    funding: str
    fees: str


class TrackedOrder(msgspec.Struct, frozen=True, rename="camel"):
    """An order and what became of it; when it was accepted, by the machine's steady clock, null where it never was."""

    order: object
    status: str
    status_timestamp: int
    accepted_ns: int | None


class TraderLine(msgspec.Struct, frozen=True):
    """A trader whose wallet can be followed."""

    wallet: Address
    name: str
    temperament: str


class Asked(msgspec.Struct, frozen=True):
    """How often each request came, what each signer signed, and the weight of the last minute."""

    counts: dict[str, int]
    signed: dict[Address, dict[str, int]]
    weight: int


class Control:
    """Answers what is asked of the sandbox itself, and does what it is told."""

    def __init__(self, gateway: Gateway, line: AffineClock) -> None:
        self.keep: Callable[[str, bytes], None] = lambda _name, _body: None
        self.gateway = gateway
        self.exchange = gateway.exchange
        self._line = line

    def clock(self) -> dict[str, object]:
        """Return the three numbers from which everybody computes the same time."""
        line, clock = self._line, self.gateway.clock
        stepped = clock.offset_ms if isinstance(clock, BoxClock) else 0
        return {
            "originMs": line.origin_ms + stepped,
            "wallOriginMs": line.wall_origin_ms,
            "speed": plain(line.speed),
        }

    def truth(self) -> dict[Address, AccountTruth]:
        """Return what every account holds."""
        return {user: _truth(account) for user, account in self.exchange.truth().accounts.items()}

    def orders(self) -> dict[Address, list[TrackedOrder]]:
        """Return the orders of all who acted through the gateway, newest first."""
        accepted = self.gateway.proofs.accepted
        return {
            user: [_tracked(order_history(one), accepted.get(one.order_id)) for one in orders]
            for user, orders in self.gateway.orders.items()
        }

    def exposure(self) -> dict[Address, list[Exposure]]:
        """Return what clients were exposed to after each fill that added to a position, oldest first."""
        return self.gateway.proofs.exposures

    def requests(self) -> Asked:
        """Return what was asked so far."""
        return Asked(dict(self.gateway.requests), self.gateway.proofs.signed, self.gateway.weight_used)

    async def positions(self) -> dict[str, object]:
        """Return what everybody holds at one moment."""
        with moment(self.gateway.clock):
            self.gateway.advance()
            view, time = self.exchange.view, self.exchange.now
            held, fills = view.positions(), view.fill_counts()
        told: dict[Address, dict[Coin, str]] = {}
        for number, (user, sizes) in enumerate(held.items()):
            told[user] = {coin: plain(size) for coin, size in sizes.items()}
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
        return {"time": time, "positions": told, "fills": fills}

    def regulars(self) -> list[TraderLine]:
        """Return the traders with a temperament."""
        return [TraderLine(one.wallet, one.bot, one.temperament) for one in self.exchange.traders]

    def traders(self) -> list[TraderLine]:
        """Return whose wallets can be followed: those, and the crowd."""
        crowd = (TraderLine(one.account.address, one.name, TEMPERAMENT) for one in self.exchange.crowd)
        return [*self.regulars(), *crowd]

    def tell(self, name: str, body: bytes) -> object:
        """
        Do what a door takes, by the door's name, and return the answer.

        Raises:
            msgspec.DecodeError: That is not what the door takes.
            InvalidInput: It cannot be done, and why.
        """
        kind, do = TAKEN[name]
        what = None if kind is None else msgspec.json.decode(body, type=kind)
        with moment(self.gateway.clock):
            self.keep(name, body)
            try:
                answer = do(self, what)
            except ActionRefused as refused:
                raise InvalidInput(str(refused)) from refused
            self.gateway.advance()
        return answer

    def trade(self, trade: told.Trade) -> object:
        """
        Trade at the market for somebody, and return the order's status.

        Raises:
            InvalidInput: It was refused, and why.
        """
        status = self.exchange.trade(trade.user, trade.coin, trade.side, trade.quantity)
        if isinstance(status, Refused):
            raise InvalidInput(status.text)
        return status_row(status)

    def approve(self, agent: told.Agent) -> None:
        """Let a wallet act for somebody."""
        self.exchange.approve_agent(agent.user, agent.agent, agent.name, agent.valid_until)

    def transfer(self, transfer: told.Transfer) -> None:
        """Move somebody's money."""
        receiver = transfer.user if transfer.to is None else transfer.to
        self.exchange.send_asset(transfer.user, transfer.source, receiver, transfer.destination, transfer.usd)


_Do: TypeAlias = Callable[[Control, Any], object]
SHOWN: Mapping[str, Callable[[Control], object]] = {
    "clock": Control.clock,
    "truth": Control.truth,
    "orders": Control.orders,
    "exposure": Control.exposure,
    "requests": Control.requests,
    "traders": Control.traders,
    "positions": Control.positions,
}
"""What can be asked, by the name of its door."""
TAKEN: Mapping[str, tuple[Any, _Do]] = {
    "faults": (Fault, lambda box, fault: box.gateway.inflict(fault)),
    "deposit": (told.Deposit, lambda box, one: box.exchange.deposit(one.user, one.usd, one.balance)),
    "withdraw": (told.Deposit, lambda box, one: box.exchange.withdraw(one.user, one.usd, one.balance)),
    "transfer": (told.Transfer, Control.transfer),
    "agents": (told.Agent, Control.approve),
    "subaccounts": (told.SubAccount, lambda box, one: box.exchange.create_sub_account(one.user, one.name)),
    "modes": (told.Mode, lambda box, one: box.exchange.set_mode(one.user, one.mode)),
    "volume": (told.Volume, lambda box, one: box.exchange.count_volume(one.user, one.usd)),
    "trade": (told.Trade, Control.trade),
    "mark": (told.Mark, lambda box, one: box.exchange.push_price(one.coin, one.price, one.ms)),
    "deleverage": (told.Deleverage, lambda box, one: box.exchange.deleverage(one.user, one.coin, one.quantity)),
    "traders": (told.Pace, lambda box, one: box.exchange.set_pace(one.trades_per_second)),
    "list": (told.NewCoin, lambda box, one: box.exchange.list_coin(one.coin)),
    "pause": (None, lambda box, _: box.exchange.stand_still()),
    "resume": (None, lambda box, _: box.exchange.go_on()),
}
"""What can be told, by the name of its door: its shape, and what is done."""


def _truth(account: ExchangeTruth) -> AccountTruth:
    positions = account.positions
    return AccountTruth(
        cash={balance: plain(usd) for balance, usd in account.cash.items()},
        positions={coin: plain(held.size) for coin, held in positions.items()},
        costs={coin: plain(held.cost) for coin, held in positions.items()},
        margins={coin: plain(held.margin) for coin, held in positions.items() if held.margin},
        came_in=plain(account.came_in),
        realised=plain(account.realised),
        funding=plain(account.funding),
        fees=plain(account.fees),
    )


def _tracked(update: OrderUpdate, accepted_ns: int | None) -> TrackedOrder:
    return TrackedOrder(update.order, update.status, update.status_timestamp, accepted_ns)
