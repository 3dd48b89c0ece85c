"""One bot in full: `GET /api/bots/{id}`."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from fadearena.api.schemas.common import Amount, Money, Rate, Shape, Time
from fadearena.api.schemas.equity import Interval
from fadearena.api.schemas.latches import LatchShape
from fadearena.api.schemas.settings import BOT_EXAMPLE, BotSettingsShape
from fadearena.model.trading import TradingState
from fadearena.model.wallet import Feed


class SightingShape(Shape):
    """How old what is known of its wallet is."""

    feed: Feed | None = Field(description="Which feed told its newest trade; null before the first.")
    heard: Time | None = Field(description="When anything of it was heard or read last, ms UTC; null before that.")
    read: Time | None = Field(description="When all its positions were read last, ms UTC; null before that.")
    last_trade: Time | None = Field(description="Its newest trade that is known, ms UTC; null where there is none.")
    equity: Money | None = Field(description="Its own equity, USD; null where it was not read.")
    equity_time: Time | None = Field(description="When that was read, ms UTC; null where it was not.")


class BotStatisticsShape(Shape):
    """What following it brought, summed up once a minute; null is unknown, or never happened."""

    as_of: Time | None = Field(description="When it was summed up last, ms UTC; null before the first time.")
    net: Money | None = Field(description="Realised + unrealised - fees + funding since the beginning, USD.")
    day_net: Money | None = Field(description="The same since 00:00 UTC, USD; null where nobody summed up since then.")
    roi: Rate | None = Field(description="Net as a ratio of what our account would hold without it.")
    source_roi: Rate | None = Field(
        description="Its own equity, last known against first known, as a ratio of the first; deposits and withdrawals "
        "of its owner count as if they were earned and lost."
    )
    max_drawdown: Money | None = Field(description="Largest fall of our net PnL from it below its peak, USD, unsigned.")
    source_max_drawdown: Rate | None = Field(description="Largest fall of its own equity, as a ratio of the peak.")
    round_trips: int | None = Field(description="How often something that we held because of it came back to zero.")
    win_rate: Rate | None = Field(description="Part of these that earned after fees and funding, 0 to 1.")
    fills: int | None = Field(description="Our executions for it.")
    bot_trades: int = Field(ge=0, description="Its own executions that were recorded.")
    traded: Money | None = Field(description="Notional of our executions for it, USD.")
    reaction_ms: int | None = Field(description="Mean time from its fill to ours, milliseconds.")
    tracking_error: Rate | None = Field(
        description="Sum of |held - wanted| x mark as a ratio of our account's equity; null where one is unknown."
    )


class CostsShape(Shape):
    """What following it cost."""

    fees: Money | None = Field(description="Fees that we paid, USD; negative is a rebate.")
    funding: Money | None = Field(description="Funding that we received, USD; negative was paid.")
    slippage_bps: Rate | None = Field(description="Mean of our prices against its own, bps; positive is worse for us.")
    slippage: Money | None = Field(description="The same on everything that we traded for it, USD.")
    crossing_saved: Money | None = Field(description="What crossings with other bots saved against orders, USD.")
    missed: dict[str, int] = Field(description="How often a decision was to do nothing, by reason.")


class SourceShape(Shape):
    """What it holds itself."""

    size: Amount = Field(description="Signed base units: long > 0.")
    followed: Amount = Field(description="The part of it that is followed, signed base units.")
    baseline: Amount = Field(description="The part that was there before following began, signed base units.")
    confidence: str = Field(description="How sure we are: `confirmed` was read, `provisional` is inferred, ...")
    entry_price: Rate | None = Field(description="Its average entry, USD; null where it is not known.")
    leverage: int | None = Field(description="Leverage of its position; null where it was not read.")
    unrealized_pnl: Money | None = Field(description="Its PnL at the mark, USD; null while entry or mark is unknown.")


class SleeveShape(Shape):
    """What we hold because of it."""

    size: Amount = Field(description="Signed base units: long > 0.")
    target: Amount = Field(description="What it should be, signed base units.")
    gap: Amount = Field(description="target - size, signed base units: what is still to be traded.")
    ratio: Rate | None = Field(description="Our size per unit of what is followed; null before it was anchored.")
    entry_price: Rate | None = Field(description="Average entry, USD; null while nothing is held.")
    notional: Money | None = Field(description="|size| x mark, USD; null while no mark was heard.")
    unrealized_pnl: Money | None = Field(description="PnL at the mark, USD; null while no mark was heard.")
    realised: Money = Field(description="Realised in this coin so far, USD gross of fees.")
    fees: Money = Field(description="Fees paid in this coin so far, USD.")
    funding: Money = Field(description="Funding received in this coin so far, USD; negative was paid.")


class BotPositionShape(Shape):
    """One coin that it or we hold, or that we should."""

    asset: str = Field(description="The coin, as the exchange names it.")
    mark: Rate | None = Field(description="The newest mark price that was journaled, USD; null before the first.")
    mark_time: Time | None = Field(description="When that was heard, ms UTC.")
    source: SourceShape | None = Field(description="What it holds itself; null for nothing.")
    ours: SleeveShape | None = Field(description="What we hold because of it; null for nothing.")


@dataclass(frozen=True, kw_only=True)
class BotPointShape:
    """The last values in one interval: there are hundreds of them, which as models would take long."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    timestamp: Annotated[Time, Field(description="When the interval begins, ms UTC.")]
    source: Annotated[
        Money | None, Field(description="Its own equity, USD; null where it was not recorded in this interval.")
    ]
    mirror: Annotated[Money | None, Field(description="Our net PnL from it, USD; null where it was not recorded.")]


class BotCurveShape(Shape):
    """Its curve, and our mirror of it. An interval in which neither was recorded has no point."""

    series: tuple[BotPointShape, ...] = Field(description="The points, the oldest first.")
    interval: Interval = Field(description="How far points lie apart.")
    start_time: Time = Field(description="From when on points are given, ms UTC.")
    end_time: Time = Field(description="Until when points are given, ms UTC.")


POSITION: JsonDict = {
    "asset": "BTC",
    "mark": 99000,
    "markTime": 1767268799000,
    "source": {
        "size": 0.5,
        "followed": 0.5,
        "baseline": 0,
        "confidence": "confirmed",
        "entryPrice": 98000,
        "leverage": 10,
        "unrealizedPnl": 500,
    },
    "ours": {
        "size": -0.025,
        "target": -0.025,
        "gap": 0,
        "ratio": 0.05,
        "entryPrice": 99010,
        "notional": 2475,
        "unrealizedPnl": 0.25,
        "realised": 12.5,
        "fees": 1.2,
        "funding": 0.1,
    },
}
SIGHTING: JsonDict = {
    "feed": "tape",
    "heard": 1767268799000,
    "read": 1767268770000,
    "lastTrade": 1767268000000,
    "equity": 12000,
    "equityTime": 1767268770000,
}
STATISTICS: JsonDict = {
    "asOf": 1767268800000,
    "net": 12.5,
    "dayNet": 3.1,
    "roi": 0.00125,
    "sourceRoi": 0.2,
    "maxDrawdown": 8.75,
    "sourceMaxDrawdown": 0.11,
    "roundTrips": 4,
    "winRate": 0.5,
    "fills": 11,
    "botTrades": 57,
    "traded": 9800,
    "reactionMs": 850,
    "trackingError": 0.001,
}
COSTS: JsonDict = {
    "fees": 1.2,
    "funding": 0.1,
    "slippageBps": 1.5,
    "slippage": 1.47,
    "crossingSaved": 0.4,
    "missed": {"bot_exposure": 3},
}
_EXAMPLE: JsonDict = {
    "settings": {**BOT_EXAMPLE, "exposureCap": 5000},
    "state": "active",
    "latches": [],
    "sighting": SIGHTING,
    "statistics": STATISTICS,
    "costs": COSTS,
    "positions": [POSITION],
    "curve": {
        "series": [{"timestamp": 1767268800000, "source": 12000, "mirror": 12.5}],
        "interval": "5m",
        "startTime": 1767182400000,
        "endTime": 1767268800000,
    },
}


class BotShape(Shape):
    """One bot in full."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    settings: BotSettingsShape = Field(description="Its settings.")
    state: TradingState = Field(description="What may be sent for it: the strictest of its own, its account's, all's.")
    latches: tuple[LatchShape, ...] = Field(description="The reasons to stop that concern it.")
    sighting: SightingShape | None = Field(description="What a worker saw of its wallet; null before one looked.")
    statistics: BotStatisticsShape = Field(description="What following it brought.")
    costs: CostsShape = Field(description="What following it cost.")
    positions: tuple[BotPositionShape, ...] = Field(description="What it and we hold, by coin.")
    curve: BotCurveShape = Field(description="Its equity and our PnL from it over time.")
