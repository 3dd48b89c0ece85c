"""What the sandbox remembers of its clients to judge them by, and an exchange would not tell."""

from collections.abc import Callable, Iterable
from decimal import Decimal

import msgspec

from fadearena.model.ids import Address, Coin
from fadearena.model.units import ZERO, EpochMs, Price, Usd
from fadearena.sandbox.exchange.state import Account
from fadearena.sandbox.nouns import Fill, Refused, Status

_ORDERS_KEPT = 50_000
_ROWS_KEPT = 10_000


class Exposure(msgspec.Struct, frozen=True, rename="camel"):
    """What an account was exposed to after a fill that added to a position: in that coin, and in all."""

    time: EpochMs
    coin: Coin
    coin_usd: Usd
    gross_usd: Usd
    order_id: int


class Proofs(msgspec.Struct):
    """Who signed what, which orders were accepted when, and what each was exposed to after every increase."""

    signed: dict[Address, dict[str, int]] = {}
    clients: dict[Address, None] = {}
    accepted: dict[int, int] = {}
    exposures: dict[Address, list[Exposure]] = {}

    def sign(self, signer: Address, action: str) -> None:
        """Count a signed request; who signed is known whether it may or not."""
        counts = self.signed.setdefault(signer, {})
        counts[action] = counts.get(action, 0) + 1

    def meet(self, user: Address) -> None:
        """Take note of somebody for whom is acted."""
        self.clients[user] = None

    def accept(self, statuses: Iterable[Status], wall_ns: int) -> None:
        """Take note of when orders were accepted, by the machine's steady clock."""
        for status in statuses:
            if not isinstance(status, Refused):
                self.accepted[status.order_id] = wall_ns
        while len(self.accepted) > _ORDERS_KEPT:
            del self.accepted[next(iter(self.accepted))]

    def hear(self, fill: Fill, account: Account | None, mark_of: Callable[[Coin], Price]) -> None:
        """Take note of a client's fill; one that only takes from a position is none of an increase."""
        after = fill.start + fill.side.signed(fill.quantity)
        if (
            account is None
            or fill.user not in self.clients
            or (after * fill.start >= 0 and abs(after) <= abs(fill.start))
        ):
            return
        worth = {coin: abs(held.size) * mark_of(coin) for coin, held in account.positions.items()}
        rows = self.exposures.setdefault(fill.user, [])
        gross = sum(worth.values(), start=Decimal(0))
        rows.append(Exposure(fill.time, fill.coin, worth.get(fill.coin, ZERO), gross, fill.order_id))
        if len(rows) > _ROWS_KEPT * 5 // 4:
            del rows[:-_ROWS_KEPT]
