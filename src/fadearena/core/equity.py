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
    candidate_time: EpochMs = 0


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
        reading.candidate, reading.candidate_time = usd, time
        return False
    if odd and time <= reading.candidate_time:
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
    first that was confirmed; `day_time` is of the reading that it stands on. `opening`, `deposits` and `adjusted`
    tie equity to the PnL of all parts: equity = opening + deposits + adjusted + PnL. `is_readable` is False while
    the account's mode is not understood: what it is worth is unknown then, and only our own sum goes on.
    """

    pools: dict[str, Pool] = {}
    opening: Usd | None = None
    deposits: Usd = ZERO
    adjusted: Usd = ZERO
    reading: Reading = msgspec.field(default_factory=Reading)
    day: EpochMs = 0
    day_open: Usd | None = None
    day_time: EpochMs = 0
    day_deposits: Usd = ZERO
    is_readable: bool = True

    def pool(self, name: str) -> Pool:
        """Return a pool, made if there is none: unknown before the first reading, without cash after it."""
        pool = self.pools.get(name)
        if pool is None:
            pool = self.pools[name] = Pool(cash=None if self.opening is None else ZERO)
        return pool

    def open(self, opening: Usd) -> None:
        """Begin to count: a pool of which the first reading says nothing is worth nothing."""
        self.opening = opening
        for pool in self.pools.values():
            if pool.cash is None:
                pool.settle(ZERO)

    def pool_anew(self, main: str) -> None:
        """Bring all cash to the pool `main`, after the mode changed."""
        if self.opening is None:
            return
        cash = [pool.cash for _, pool in sorted(self.pools.items()) if pool.cash is not None]
        for pool in self.pools.values():
            pool.cash = ZERO
        self.pool(main).cash = sum(cash, start=ZERO)

    @property
    def total(self) -> Usd | None:
        """Our own sum over all pools that were ever confirmed; None while none was."""
        if self.reading.confirmed is None:
            return None
        total = ZERO
        for name in self.pools if len(self.pools) == 1 else sorted(self.pools):
            pool = self.pools[name]
            if pool.cash is not None:
                total += pool.cash + pool.holdings
        return total

    @property
    def equity(self) -> Usd | None:
        """What the account is worth; None while that is not known."""
        return self.total if self.is_readable else None

    def take_cash(self, pool: Pool, usd: Usd, time: EpochMs) -> Usd:
        """
        Take a deposit (> 0) or withdrawal (< 0) at `time`, and return as `receive` does: it is no profit of the day.

        It moves the last confirmed equity too, which may become the next day's base. One that the last reading
        holds already was taken for an adjustment then, and is only named now.
        """
        self.deposits += usd
        adjusted = self.receive(pool, usd, time)
        if time > self.reading.time and self.reading.confirmed is not None:
            self.reading.confirmed += usd
        if time > self.day_time:
            self.day_deposits += usd
        return adjusted

    def receive(self, pool: Pool, usd: Usd, time: EpochMs) -> Usd:
        """
        Take money that came (> 0) or went at `time`, unless the last reading holds it already.

        Return by how much that reading's adjustment is taken back.
        """
        if time > self.reading.time:
            pool.pay(-usd)
            return ZERO
        self.adjusted -= usd
        return -usd

    def rebase_day(self, usd: Usd | None) -> None:
        """Count the day's profit from here."""
        self.day_open, self.day_time, self.day_deposits = usd, self.reading.time, ZERO

    def turn_day(self, today: EpochMs) -> None:
        """Begin a new day at 00:00 UTC `today`, if it is one."""
        if today > self.day:
            self.day = today
            self.rebase_day(self.reading.confirmed)

    def day_result(self) -> Usd | None:
        """Return the PnL since 00:00 UTC by our own sum; None while its base is not known."""
        now = self.total
        return None if now is None or self.day_open is None else now - self.day_open - self.day_deposits

    def day_profit(self) -> Usd | None:
        """Return the PnL since 00:00 UTC; None while equity or its base is not known."""
        return self.day_result() if self.is_readable else None


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
