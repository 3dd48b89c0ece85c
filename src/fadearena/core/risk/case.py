"""What risk looks at, and what it says."""

import msgspec

from fadearena.model.ids import AccountId, Coin
from fadearena.model.instrument import Instrument
from fadearena.model.record import Check
from fadearena.model.trading import TradingState
from fadearena.model.units import Bps, Price, Quantity, Ratio, Side, Size, Usd


class Cap(msgspec.Struct, frozen=True, gc=False):
    """A limit on gross notional: what is used of it now, None = unlimited."""

    name: str
    used: Usd
    limit: Usd | None


class MarginFacts(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """
    A margin pool before an order, and how the order's book could un-net.

    `initial` and `maintenance` are of all books of the pool, `worst` is the largest un-netting of this one, as they
    stand before. `own` is the un-netting that the order changes, `other` the one that it leaves as it is; both with
    everything that is in flight.
    """

    equity: Usd | None
    initial: Usd
    maintenance: Usd
    worst: Quantity
    own: Size
    other: Size
    side: Side
    leverage: int
    min_distance: Ratio

    def after(self, quantity: Quantity) -> Size:
        """Return, with its sign, the largest un-netting once `quantity` is filled."""
        return max(self.own + self.side.signed(quantity), self.other, key=abs)


class Case(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """
    Everything that is looked at before an order, gathered by the engine. None is unknown.

    `uncertainty_passes` is set where the source's position will be clear after the next read. Ages are in ms.
    `quantity` is of the sleeve. `price` is the lowest of limit, mark and mid.
    """

    is_increase: bool
    quantity: Quantity
    minimum_exempt: bool
    state: TradingState
    state_why: str
    bot_state: TradingState
    bot_state_why: str
    coin_permitted: bool
    instrument: Instrument | None
    has_collateral: bool | None
    uncertainty: str | None
    uncertainty_passes: bool
    sizing_known: bool
    signal_age: int | None
    max_signal_age: int
    heard_age: int | None
    snapshot_age: int | None
    snapshot_round: int
    snapshot_requested: bool
    touch_age: int | None
    mark_age: int | None
    other_marks_age: int | None
    chase: Bps | None
    chase_max: Bps
    price: Price | None
    mark: Price | None
    caps: tuple[Cap, ...]
    max_order_notional: Usd | None
    margin: MarginFacts | None
    loss_limits: tuple[tuple[str, Usd | Ratio | None, Usd | Ratio | None], ...]
    orders_last_minute: int
    orders_per_minute: int
    actions_left: int | None
    actions_reserve: int
    signer_left: int | None
    paused_ms: int
    unsettled: int
    unknown_only: bool
    is_reconciled: bool
    leverage_ready: bool
    leverage_requested: bool
    clock_offset: int | None
    clock_spread: int | None
    nonce_ahead: int
    minimum: Usd


class StopTerms(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a stop asks of the venue."""

    account: AccountId
    coin: Coin
    asset_id: int
    side: Side
    quantity: Quantity
    trigger: Price
    limit: Price


class Verdict(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What risk says: how much may be ordered (0 = nothing), and why; `is_hold` when it only has to wait."""

    quantity: Quantity
    checks: tuple[Check, ...]
    reason: str = ""
    is_hold: bool = False
