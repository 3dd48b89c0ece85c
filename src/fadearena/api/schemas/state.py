"""How things stand: `GET /api/state`, and `state-update` of the WebSocket."""

from pydantic import ConfigDict, Field

from fadearena.api.schemas.common import Money, Shape, Time
from fadearena.model.policy import Mode
from fadearena.model.trading import TradingState


class EquityShape(Shape):
    """Equity at present."""

    total: Money | None = Field(description="The same as `fadeArena`, USD: bots' money and ours are never added up.")
    bots_aggregate: Money | None = Field(
        description="Sum of the last known equity of the enabled bots' own wallets, USD; those whose equity was never "
        "read are left out, null while none was."
    )
    fade_arena: Money | None = Field(
        description="Equity of all our accounts, USD; null while that of one of them is unknown."
    )


class OpenPositionsShape(Shape):
    """What we hold for bots."""

    count: int = Field(ge=0, description="Sleeves (a bot's part of a book, by coin) that hold something.")
    total_notional: Money | None = Field(
        description="Sum of |size| x mark of these, USD; null while the mark of one of them is unknown."
    )


class SystemStatusShape(Shape):
    """Whether anything comes in and goes out."""

    hyperliquid_connected: bool = Field(description="Whether a worker lives that receives data of the exchange.")
    last_event_time: Time | None = Field(
        description="When a fill of a bot was journaled last, ms UTC; null while there was none."
    )
    last_order_time: Time | None = Field(
        description="When an order of ours changed last, ms UTC; null while there was none."
    )
    uptime: int = Field(ge=0, description="Seconds since the worker started; 0 while none lives.")


class DailyPnLShape(Shape):
    """What was earned and lost since 00:00 UTC."""

    bots: Money | None = Field(
        description="Change of the enabled bots' own equity, USD, deposits included; bots of which one end is unknown "
        "are left out, null where all are."
    )
    fade_arena: Money | None = Field(
        description="PnL of our mirrors of the bots in the settings, net of fees, with funding, USD; what belongs to "
        "none of them (residue, bots that were removed) is not in it; null where it was not summed up since 00:00 UTC."
    )


class StateShape(Shape):
    """How things stand."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "mode": "simulation",
                    "killSwitch": False,
                    "tradingState": "active",
                    "equity": {"total": 10012.5, "botsAggregate": 61250.1, "fadeArena": 10012.5},
                    "openPositions": {"count": 1, "totalNotional": 2475.25},
                    "systemStatus": {
                        "hyperliquidConnected": True,
                        "lastEventTime": 1767268800000,
                        "lastOrderTime": None,
                        "uptime": 12,
                    },
                    "dailyPnL": {"bots": -103.2, "fadeArena": 12.5},
                }
            ]
        }
    )

    mode: Mode = Field(description="Where orders go: `simulation` is on paper, `live` real money.")
    kill_switch: bool = Field(description="Whether the kill switch is on.")
    trading_state: TradingState = Field(
        description="The strictest state of the whole: `active`, `reducing` (nothing grows), `halted` (nothing is "
        "sent), `flattening` (everything is being closed)."
    )
    equity: EquityShape = Field(description="Equity at present.")
    open_positions: OpenPositionsShape = Field(description="What we hold for bots.")
    system_status: SystemStatusShape = Field(description="Whether anything comes in and goes out.")
    daily_pnl: DailyPnLShape = Field(description="What was earned and lost since 00:00 UTC.")
