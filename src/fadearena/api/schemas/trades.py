"""Trades of bots and of ours: `GET /api/trades`."""

from enum import StrEnum

from pydantic import ConfigDict, Field

from fadearena.api.schemas.common import Amount, Money, Rate, Shape, Time
from fadearena.api.schemas.models import Holding
from fadearena.ports.archive import TradeKind


class Wanted(StrEnum):
    """Which trades are wanted."""

    ALL = "all"
    BOT = "bot"
    MINE = "mine"


class TradeShape(Shape):
    """One execution: a followed bot's, or a part of a book of ours that moved."""

    id: str = Field(
        description="Its id: the number of its record, as in `seq` of the WebSocket and of GET /api/events."
    )
    type: TradeKind = Field(description="`bot`: a followed bot's own trade, `mine`: ours.")
    bot_id: str | None = Field(description="The bot; null for a trade of ours that belongs to none.")
    timestamp: Time = Field(description="When it was executed, ms UTC.")
    asset: str = Field(description="The coin, as the exchange names it.")
    side: Holding = Field(description="`long` is a buy, `short` a sell.")
    size: Amount = Field(description="Base units, unsigned.")
    price: Rate = Field(description="USD for one base unit.")
    notional: Money = Field(description="size x price, USD.")
    pnl: Money | None = Field(
        description="What it realised, USD gross of fees; null where nothing was closed, and for trades of bots."
    )
    simulated: bool = Field(description="Whether trades of ours are on paper here; trades of bots are real always.")


class PaginationShape(Shape):
    """Where a page stands among all."""

    page: int = Field(ge=1, description="Number of this page, from 1.")
    limit: int = Field(ge=1, description="Most trades on a page.")
    total: int = Field(ge=0, description="How many trades there are on all pages, exactly.")
    total_pages: int = Field(ge=0, description="How many pages there are.")


class TradesShape(Shape):
    """A page of trades, the newest first."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "trades": [
                        {
                            "id": "4711",
                            "type": "mine",
                            "botId": "grok-4",
                            "timestamp": 1767268800000,
                            "asset": "BTC",
                            "side": "short",
                            "size": 0.025,
                            "price": 99010,
                            "notional": 2475.25,
                            "pnl": None,
                            "simulated": True,
                        }
                    ],
                    "pagination": {"page": 1, "limit": 50, "total": 1, "totalPages": 1},
                }
            ]
        }
    )

    trades: tuple[TradeShape, ...] = Field(description="The trades, the newest first.")
    pagination: PaginationShape = Field(description="Where this page stands.")
