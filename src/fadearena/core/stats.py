"""Stage 11: executions of a bot's sleeves -> round trips, win rate, slippage, reaction time."""

import msgspec

from fadearena.model.units import BPS, ZERO, Bps, EpochMs, Price, Quantity, Ratio, Side, Usd


class BotStats(msgspec.Struct, kw_only=True):
    """
    Counted once for each bot.

    `slippage_usd` is what our executions cost against the source's own price (> 0: worse for us), over
    `slippage_notional`. `reaction_ms` sums from the source's fill to our execution, over `reactions`.
    """

    round_trips: int = 0
    wins: int = 0
    fills: int = 0
    traded_usd: Usd = ZERO
    slippage_usd: Usd = ZERO
    slippage_notional: Usd = ZERO
    reaction_ms: int = 0
    reactions: int = 0
    crossed_saved_usd: Usd = ZERO
    day_base: Usd = ZERO
    day_fills: int = 0
    resumed_at: Usd = ZERO

    @property
    def win_rate(self) -> Ratio | None:
        """Share of round trips that earned after fees and funding; None without one."""
        return Ratio(self.wins) / self.round_trips if self.round_trips else None

    @property
    def slippage_bps(self) -> Bps | None:
        """Average slippage against the source's price; None without an execution."""
        return self.slippage_usd / self.slippage_notional / BPS if self.slippage_notional else None

    @property
    def mean_reaction_ms(self) -> int | None:
        """Average reaction time; None without an execution."""
        return self.reaction_ms // self.reactions if self.reactions else None

    def see_fill(self, side: Side, quantity: Quantity, price: Price, source: Price | None) -> None:
        """Count an execution of ours; `source` is the price that the bot itself had."""
        self.fills += 1
        self.traded_usd += quantity * price
        if source is not None:
            self.slippage_usd += side.sign * quantity * (price - source)
            self.slippage_notional += quantity * source

    def see_reaction(self, source_time: EpochMs, now: EpochMs) -> None:
        """Count how long it took from the source's fill to ours."""
        self.reactions += 1
        self.reaction_ms += max(0, now - source_time)

    def see_round_trip(self, net: Usd) -> None:
        """Count a sleeve that came back to zero, with what it earned after fees and funding."""
        self.round_trips += 1
        self.wins += net > 0
