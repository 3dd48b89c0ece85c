"""Our fills: `GET /api/fills`."""

from typing import Self

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from fadearena.api.schemas.common import Amount, Money, NextCursor, Rate, Shape, Time
from fadearena.model.record import FillKind, PartKind
from fadearena.model.units import Side
from fadearena.ports.archive import LoggedFill


class FillShape(Shape):
    """A part of a book of ours that moved."""

    seq: int = Field(ge=1, description="Number of its record.")
    timestamp: Time = Field(description="When it was executed, ms UTC.")
    account: str = Field(description="Id of the account of ours.")
    asset: str = Field(description="The coin, as the exchange names it.")
    part: PartKind = Field(description="`sleeve`: a bot's; `residue`: dust of sleeves; `external`: what others hold.")
    bot_id: str | None = Field(description="The bot of a sleeve; else null.")
    kind: FillKind = Field(description="Why it moved: an order, a crossing, a correction, what others did.")
    side: Side = Field(description="`buy` adds to the part, `sell` takes from it.")
    size: Amount = Field(description="Base units; 0 for a correction, which moves only money.")
    price: Rate = Field(description="USD for one base unit.")
    notional: Money = Field(description="size x price, USD.")
    fee: Money = Field(
        description="What was paid for the whole execution, USD, in the first of its rows; negative is a rebate."
    )
    realised: Money = Field(description="Realised PnL at average cost, gross of the fee, USD.")
    crossing_saved: Money = Field(description="What a crossing saved against an order, USD.")
    cloid: str | None = Field(description="The order's client order id; null where no order of ours moved it.")
    key: str = Field(description="The execution's key: the same in every record of it.")

    @classmethod
    def of(cls, logged: LoggedFill) -> Self:
        """Return the shape of a fill."""
        fill = logged.fill
        return cls.model_construct(
            seq=logged.record_seq,
            timestamp=logged.time,
            account=fill.account,
            asset=fill.coin,
            part=fill.part,
            bot_id=fill.bot,
            kind=fill.kind,
            side=fill.side,
            size=fill.quantity,
            price=fill.price,
            notional=fill.quantity * fill.price,
            fee=fill.fee,
            realised=fill.realised,
            crossing_saved=fill.saved,
            cloid=fill.cloid,
            key=fill.key,
        )


FILL: JsonDict = {
    "seq": 4715,
    "timestamp": 1767268800120,
    "account": "main",
    "asset": "BTC",
    "part": "sleeve",
    "botId": "grok-4",
    "kind": "order",
    "side": "sell",
    "size": 0.025,
    "price": 99010,
    "notional": 2475.25,
    "fee": 1.1138625,
    "realised": 0,
    "crossingSaved": 0,
    "cloid": "0x6d1f4b0c9a3e48d2b7c5e1f00a9d8c7b",
    "key": "98431:0",
}
"""An example."""


class FillsShape(Shape):
    """A page of fills."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"fills": [FILL], "nextCursor": None}]})

    fills: tuple[FillShape, ...] = Field(description="The fills, the newest first by record.")
    next_cursor: NextCursor
