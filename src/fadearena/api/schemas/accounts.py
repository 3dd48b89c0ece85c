"""Our accounts: `GET /api/accounts`."""

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from fadearena.api.schemas.common import Amount, Money, Rate, Shape, Time
from fadearena.model.finding import Level
from fadearena.model.trading import TradingState


class PartShape(Shape):
    """One bot's part of a position."""

    bot_id: str = Field(description="The bot.")
    size: Amount = Field(description="Signed base units: long > 0.")
    target: Amount = Field(description="What it should be, signed base units.")


class DriftShape(Shape):
    """The exchange holds something else than we sum up."""

    ours: Amount = Field(description="Our sum when it was found, signed base units.")
    theirs: Amount = Field(description="What the exchange held, signed base units.")
    since: Time = Field(description="Since when, ms UTC.")


class AccountPositionShape(Shape):
    """What one account holds of one coin, by our sum."""

    asset: str = Field(description="The coin, as the exchange names it.")
    size: Amount = Field(description="Sleeves + residue + external, signed base units: long > 0.")
    sleeves: tuple[PartShape, ...] = Field(description="The parts that are held because of bots.")
    residue: Amount = Field(description="What is left of sleeves too small to trade, signed base units.")
    external: Amount = Field(description="What was there before, or what people traded by hand, signed base units.")
    mark: Rate | None = Field(description="The newest mark price that was journaled, USD; null before the first.")
    notional: Money | None = Field(description="|size| x mark, USD; null while no mark was heard.")
    drift: DriftShape | None = Field(description="Where the exchange disagrees; null where it does not.")


class MarginShape(Shape):
    """What the positions need of the equity, by our sum; the exchange's own figures are not recorded."""

    notional: Money | None = Field(description="Sum of the positions' notional, USD; null while a mark is missing.")
    required: Money | None = Field(
        description="What they lock at `maxLeverage`, USD: the least that the exchange takes."
    )
    leverage: Rate | None = Field(description="notional / equity; null while one of them is unknown or none is left.")
    max_leverage: int = Field(ge=1, description="Highest leverage that the settings allow.")


class PreflightCheckShape(Shape):
    """One thing that was looked at."""

    check: str = Field(description="What was looked at.")
    level: Level = Field(description="What it came to.")
    text: str = Field(description="What was found.")
    advice: str = Field(description="What to do about it; empty where there is nothing to do.")


class PreflightShape(Shape):
    """What was found when live trading was asked for last."""

    timestamp: Time = Field(description="When that was, ms UTC.")
    passed: bool = Field(description="Whether nothing speaks against live trading.")
    checks: tuple[PreflightCheckShape, ...] = Field(description="Everything that was looked at.")


class AccountShape(Shape):
    """One account of ours."""

    id: str = Field(description="Its id.")
    address: str = Field(description="Its public address.")
    signer: str = Field(description="The public address that signs for it.")
    state: TradingState = Field(description="What may be sent for it: the strictest of its own and all's.")
    equity: Money | None = Field(description="Its equity, USD; null while it is unknown.")
    equity_time: Time | None = Field(description="When that was recorded, ms UTC; null before the first time.")
    bots: tuple[str, ...] = Field(description="Ids of the bots that it trades for.")
    margin: MarginShape = Field(description="What the positions need of the equity.")
    positions: tuple[AccountPositionShape, ...] = Field(description="What it holds, by coin.")


_EXAMPLE: JsonDict = {
    "accounts": [
        {
            "id": "main",
            "address": "0x0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c",
            "signer": "0x0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d",
            "state": "active",
            "equity": 10000,
            "equityTime": 1767268800000,
            "bots": ["grok-4"],
            "margin": {"notional": 2475, "required": 495, "leverage": 0.2475, "maxLeverage": 5},
            "positions": [
                {
                    "asset": "BTC",
                    "size": -0.025,
                    "sleeves": [{"botId": "grok-4", "size": -0.025, "target": -0.025}],
                    "residue": 0,
                    "external": 0,
                    "mark": 99000,
                    "notional": 2475,
                    "drift": None,
                }
            ],
        }
    ],
    "preflight": None,
}


class AccountsShape(Shape):
    """Our accounts."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    accounts: tuple[AccountShape, ...] = Field(description="The accounts, in the order of the settings.")
    preflight: PreflightShape | None = Field(
        description="What was found when live trading was asked for last in this process; null where it never was."
    )
