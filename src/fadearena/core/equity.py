"""
Stage 8: positions x marks -> equity; readings that must be confirmed; daily loss and drawdown.

1. Equity is cash + positions at mark, the identity that the exchange uses too. Cash moves with every execution,
   fee, funding payment and deposit; a confirmed reading sets it right.
2. Zero, or a jump of more than 30 %, needs a second reading before anything is sized on it.
"""

import msgspec

from fadearena.model.units import ZERO, EpochMs, Ratio, Usd


class Reading(msgspec.Struct, kw_only=True):
    """The last confirmed equity of somebody, and a candidate that is not believed yet."""

    confirmed: Usd | None = None
    time: EpochMs = 0
    candidate: Usd | None = None


def believe(reading: Reading, usd: Usd, time: EpochMs, reference: Usd | None, jump: Ratio) -> bool:
    """
    Take a reading of equity; tell whether it is confirmed.

    Args:
        reading: Changed in place.
        usd: What was read.
        time: When, by the exchange.
        reference: What it is compared with (our own sum, else the last confirmed); None for a first reading.
        jump: The relative change that needs a second reading.
    """
    odd = usd <= 0 or (reference is not None and _differs(usd, reference, jump))
    if odd and (reading.candidate is None or _differs(usd, reading.candidate, jump)):
        reading.candidate = usd
        return False
    reading.confirmed, reading.time, reading.candidate = usd, time, None
    return True


def _differs(usd: Usd, reference: Usd, jump: Ratio) -> bool:
    return abs(usd - reference) > jump * abs(reference)


class Pool(msgspec.Struct, kw_only=True):
    """
    Collateral that stands for the same positions: one dex, or one collateral token of a pooled account.

    `cash` is None until a reading was confirmed. `holdings` is the sum of positions at the price at which each
    was last valued; `initial` and `maintenance` are the margins of the worst un-netting of each book.
    """

    cash: Usd | None = None
    holdings: Usd = ZERO
    initial: Usd = ZERO
    maintenance: Usd = ZERO

    @property
    def equity(self) -> Usd | None:
        """Cash and positions; None while it is not known."""
        return None if self.cash is None else self.cash + self.holdings

    def pay(self, usd: Usd) -> None:
        """Let cash flow out (> 0) or in (< 0) for a trade, a fee, funding or a withdrawal."""
        if self.cash is not None:
            self.cash -= usd

    def settle(self, equity: Usd) -> Usd:
        """Set cash so that equity equals a confirmed reading; return by how much it was off."""
        off = ZERO if self.cash is None else equity - self.cash - self.holdings
        self.cash = equity - self.holdings
        return off


class Purse(msgspec.Struct, kw_only=True):
    """
    Money of one account, by pool.

    `day_open` is the last confirmed equity at or before 00:00 UTC of `day`, however old; on the very first day the
    first that was confirmed. `opening`, `deposits` and `adjusted` tie equity to the PnL of all parts:
    equity = opening + deposits + adjusted + PnL.
    """

    pools: dict[str, Pool] = {}
    opening: Usd | None = None
    deposits: Usd = ZERO
    adjusted: Usd = ZERO
    reading: Reading = msgspec.field(default_factory=Reading)
    day: EpochMs = 0
    day_open: Usd | None = None
    day_deposits: Usd = ZERO

    def pool(self, name: str) -> Pool:
        """Return a pool, made if there is none."""
        pool = self.pools.get(name)
        if pool is None:
            pool = self.pools[name] = Pool()
        return pool

    @property
    def equity(self) -> Usd | None:
        """Equity over all pools that were ever confirmed; None while none was."""
        if self.reading.confirmed is None:
            return None
        return sum((pool.equity for pool in self.pools.values() if pool.equity is not None), start=ZERO)

    def turn_day(self, today: EpochMs) -> None:
        """Begin a new day at 00:00 UTC `today`, if it is one."""
        if today > self.day:
            self.day, self.day_open, self.day_deposits = today, self.reading.confirmed, ZERO

    def day_profit(self) -> Usd | None:
        """Return the PnL since 00:00 UTC; None while equity or its base is not known."""
        now = self.equity
        return None if now is None or self.day_open is None else now - self.day_open - self.day_deposits


class Peak(msgspec.Struct, kw_only=True):
    """The high-water mark of total equity; deposits lift it, withdrawals lower it."""

    usd: Usd | None = None

    def see(self, equity: Usd) -> Ratio:
        """Take notice of an equity; return the drawdown from the peak as a ratio."""
        if self.usd is None or equity > self.usd:
            self.usd = equity
        return (self.usd - equity) / self.usd if self.usd > 0 else ZERO

    def shift(self, usd: Usd) -> None:
        """Move with a deposit or withdrawal."""
        if self.usd is not None:
            self.usd += usd

    def rebase(self, equity: Usd | None) -> None:
        """Begin anew from here, as an operator's resume does."""
        self.usd = equity
