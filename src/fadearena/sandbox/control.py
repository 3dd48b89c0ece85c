"""
What can be asked of the sandbox itself, and never of an exchange: its clock, its truth, faults.

The shapes are part of what `fadearena demo` and tests read; money and sizes are strings.
"""

from decimal import Decimal

import msgspec

from fadearena.kit.clock import AffineClock
from fadearena.kit.decimals import plain
from fadearena.model.ids import Address, Coin
from fadearena.sandbox.exchange.shown import AccountTruth as ExchangeTruth
from fadearena.sandbox.gateway import texts
from fadearena.sandbox.gateway.answers.trades import OrderUpdate, order_history
from fadearena.sandbox.gateway.faults import Fault
from fadearena.sandbox.gateway.gateway import Gateway

_MILLIONTH = Decimal("0.000001")


class Deposit(msgspec.Struct, frozen=True):
    """Give an address money."""

    user: Address
    usd: Decimal

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "user", texts.address(self.user))
        if not self.usd.is_finite() or self.usd <= 0 or self.usd % _MILLIONTH:
            raise ValueError(f"{self.usd} is no amount of dollars: above 0, with six places at most")


class AccountTruth(msgspec.Struct, frozen=True):
    """What an account really holds: its money in each balance, and the size of each position."""

    cash: dict[str, str]
    positions: dict[Coin, str]


class TraderLine(msgspec.Struct, frozen=True):
    """A trader whose wallet can be followed."""

    wallet: Address
    name: str
    temperament: str


class Asked(msgspec.Struct, frozen=True):
    """How often each request came, and the weight of the last minute."""

    counts: dict[str, int]
    weight: int


class Control:
    """Answers what is asked of the sandbox itself."""

    def __init__(self, gateway: Gateway, clock: AffineClock) -> None:
        self._gateway = gateway
        self._clock = clock

    def clock(self) -> dict[str, object]:
        """Return the three numbers from which everybody computes the same time."""
        clock = self._clock
        return {"originMs": clock.origin_ms, "wallOriginMs": clock.wall_origin_ms, "speed": plain(clock.speed)}

    def truth(self) -> dict[Address, AccountTruth]:
        """Return what every account holds."""
        accounts = self._gateway.exchange.truth().accounts
        return {user: _truth(account) for user, account in accounts.items()}

    def orders(self) -> dict[Address, list[OrderUpdate]]:
        """Return the orders of all who acted through the gateway, newest first."""
        return {user: [order_history(one) for one in orders] for user, orders in self._gateway.orders.items()}

    def requests(self) -> Asked:
        """Return what was asked so far."""
        return Asked(dict(self._gateway.requests), self._gateway.weight_used)

    def traders(self) -> list[TraderLine]:
        """Return whose wallets can be followed."""
        return [TraderLine(one.wallet, one.bot, one.temperament) for one in self._gateway.exchange.traders]

    def fault(self, fault: Fault) -> None:
        """Let something go wrong."""
        self._gateway.inflict(fault)

    def pause(self) -> None:
        """Let prices and traders stand still; requests are answered."""
        self._gateway.exchange.stand_still()

    def resume(self) -> None:
        """Let prices and traders go on."""
        self._gateway.exchange.go_on()

    def deposit(self, deposit: Deposit) -> None:
        """Give an address money."""
        self._gateway.exchange.deposit(deposit.user, deposit.usd)
        self._gateway.advance()


def _truth(account: ExchangeTruth) -> AccountTruth:
    cash = {balance: plain(usd) for balance, usd in account.cash.items()}
    return AccountTruth(cash, {coin: plain(held.size) for coin, held in account.positions.items()})
