"""The bots with what they hold and brought: `GET /api/models`."""

from enum import StrEnum

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from fadearena.api.schemas.common import Amount, Money, Rate, Shape
from fadearena.model.units import Direction


class Holding(StrEnum):
    """Which way a position or a trade points."""

    LONG = "long"
    SHORT = "short"


class MirroredShape(Shape):
    """What we hold because of a bot."""

    asset: str = Field(description="The coin, as the exchange names it.")
    side: Holding = Field(description="`long` earns when the price rises, `short` when it falls.")
    size: Amount = Field(description="Base units, unsigned.")
    notional: Money | None = Field(description="size x mark, USD; null while no mark was heard.")
    entry_price: Rate | None = Field(description="Average price of what is held, USD; null where it is not known.")
    unrealized_pnl: Money | None = Field(description="PnL at the mark, USD; null while entry or mark is unknown.")


class PositionShape(MirroredShape):
    """What a bot holds itself."""

    leverage: int | None = Field(description="Leverage of its position; null where it was not read.")


class StatsShape(Shape):
    """What a bot brought us; null is not summed up yet. It is summed up once a minute."""

    total_trades: int | None = Field(description="Our executions for it.")
    win_rate: Rate | None = Field(description="Part of the round trips that earned, net, 0 to 1; null without one.")
    total_pnl: Money | None = Field(description="Realised + unrealised - fees + funding, USD.")
    daily_pnl: Money | None = Field(
        description="The same since 00:00 UTC, USD; null where nobody summed up since then."
    )
    fees: Money | None = Field(description="Fees that we paid, USD; negative is a rebate.")
    funding: Money | None = Field(description="Funding that we received, USD; negative was paid.")
    tracking_error: Rate | None = Field(
        description="Sum of |held - wanted| x mark as a ratio of our account's equity; null where one is unknown."
    )


class ModelShape(Shape):
    """One followed bot."""

    id: str = Field(description="Its id.")
    name: str = Field(description="Its name, for people.")
    wallet_address: str = Field(description="Its public wallet.")
    enabled: bool = Field(description="Whether it is followed.")
    direction: Direction = Field(description="`fade` holds the opposite of the bot, `copy` the same.")
    leverage_multiplier: Rate = Field(description="Our size per unit of the bot's, with sizing `multiplier`.")
    account: str = Field(description="Id of the account of ours that trades for it.")
    current_positions: tuple[PositionShape, ...] = Field(description="What it holds itself, as far as it is known.")
    my_mirrored_positions: tuple[MirroredShape, ...] = Field(description="What we hold because of it.")
    stats: StatsShape = Field(description="What it brought us.")


_EXAMPLE: JsonDict = {
    "bots": [
        {
            "id": "deepseek-chat-v3.1",
            "name": "DeepSeek Chat v3.1",
            "walletAddress": "0xc20ac4dc4188660cbf555448af52694ca62b0734",
            "enabled": True,
            "direction": "fade",
            "leverageMultiplier": 0.05,
            "account": "main",
            "currentPositions": [
                {
                    "asset": "BTC",
                    "side": "long",
                    "size": 0.5,
                    "notional": 50000,
                    "entryPrice": 99000,
                    "unrealizedPnl": 500,
                    "leverage": 10,
                }
            ],
            "myMirroredPositions": [
                {
                    "asset": "BTC",
                    "side": "short",
                    "size": 0.025,
                    "notional": 2500,
                    "entryPrice": 99010,
                    "unrealizedPnl": -24.75,
                }
            ],
            "stats": {
                "totalTrades": 4,
                "winRate": 0.5,
                "totalPnL": 12.5,
                "dailyPnL": 3.1,
                "fees": 1.2,
                "funding": 0.1,
                "trackingError": 0.001,
            },
        }
    ]
}


class ModelsShape(Shape):
    """All bots of the settings."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    bots: tuple[ModelShape, ...] = Field(description="The bots, in the order of the settings.")
