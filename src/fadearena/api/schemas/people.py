"""What people order, and what they are answered: stops, releases, bots, repairs."""

from enum import StrEnum
from typing import Literal, Self

from pydantic import ConfigDict, Field, model_validator

from fadearena.api.schemas.common import Amount, Asked, Money, Rate, Shape, Time
from fadearena.model.trading import TradingState
from fadearena.model.wallet import WalletRole


class KillSwitchOrder(Asked):
    """Turns the kill switch on or off."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"active": True, "flatten": True}, {"active": False, "rejoin": False}]}
    )

    active: bool = Field(strict=True, description="Whether everything is to be stopped.")
    flatten: bool = Field(default=False, strict=True, description="With active: close all positions, too.")
    rejoin: bool = Field(
        default=False,
        strict=True,
        description="Without active: take up the positions that the bots hold now, not only new ones.",
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        """Refuse what makes no sense together."""
        if self.flatten and not self.active:
            raise ValueError("flatten goes with active true")
        if self.rejoin and self.active:
            raise ValueError("rejoin goes with active false")
        return self


class KillSwitchAnswer(Shape):
    """How things stand since the worker confirmed it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "success": True,
                    "killSwitch": True,
                    "tradingState": "halted",
                    "flat": False,
                    "message": "No order leaves any more, and positions stay as they are",
                }
            ]
        }
    )

    success: Literal[True] = Field(default=True, description="Always true.")
    kill_switch: bool = Field(description="Whether the kill switch is on.")
    trading_state: TradingState = Field(description="State of everything: what may be sent.")
    flat: bool = Field(
        description="Whether it is halted, no order is open, and our accounts hold nothing, be it a bot's or not; "
        "false while nobody confirmed that."
    )
    message: str = Field(description="What that means, for people.")


class KillSwitchQueued(KillSwitchAnswer):
    """The stop is queued: the first thing that a worker will do. The other fields say how things stand meanwhile."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "success": True,
                    "killSwitch": False,
                    "tradingState": "active",
                    "flat": False,
                    "message": "No worker answered: the stop is queued, NOT confirmed",
                    "confirmed": False,
                }
            ]
        }
    )

    confirmed: Literal[False] = Field(default=False, description="Always false: no worker answered.")


class WantedState(StrEnum):
    """What may happen: `active` all, `reducing` only reduces."""

    ACTIVE = "active"
    REDUCING = "reducing"


class TradingStateOrder(Asked):
    """Pauses, or resumes."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"state": "reducing"}]})

    state: WantedState = Field(
        description="`reducing` pauses increases; `active` ends pauses and breached limits, not a kill switch."
    )


class StateAnswer(Shape):
    """How everything, a bot or an account stands now."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"success": True, "state": "reducing", "confirmed": True, "message": "Positions only shrink"}]
        }
    )

    success: Literal[True] = Field(default=True, description="Always true.")
    state: TradingState = Field(description="The state in which it is, by everything that stops it.")
    confirmed: bool = Field(description="Whether the worker confirmed it; false (202) while a stop is queued.")
    message: str = Field(description="What that means, for people.")


class WantedBotState(StrEnum):
    """What may happen because of a bot: `active` all, `reducing` only reduces, `halted` nothing."""

    ACTIVE = "active"
    REDUCING = "reducing"
    HALTED = "halted"


class BotStateOrder(Asked):
    """Pauses, resumes, kills or releases one bot."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"state": "reducing"}]})

    state: WantedBotState = Field(
        description="`reducing` pauses it, `halted` kills it, `active` releases and resumes it: its limit ends, too."
    )
    rejoin: bool = Field(
        default=False,
        strict=True,
        description="With `active` after `halted`: take up the positions that it holds now, not only new ones.",
    )


class CoinOrder(Asked):
    """Which of a bot's positions; without a body all of them."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"asset": "BTC"}, {}]})

    asset: str | None = Field(default=None, max_length=64, description="Only this coin; null is all of the bot's.")


class DriftOrder(Asked):
    """Which difference is taken over."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"asset": "BTC"}]})

    asset: str = Field(min_length=1, max_length=64, description="The coin whose drift is booked as an operator trade.")


class Done(Shape):
    """The worker did it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"success": True, "message": "Done"}]})

    success: Literal[True] = Field(default=True, description="Always true.")
    message: str = Field(description="What was done, for people.")


class PreviewOrder(Asked):
    """Which wallet is looked at."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"walletAddress": "0x56d652e62998251b56c8398fb11fcfe464c08f84"}]}
    )

    wallet: str = Field(
        max_length=42, description="0x and 40 hex digits; of mixed ones upper and lower case are a checksum."
    )


class PreviewPosition(Shape):
    """A position of the wallet."""

    asset: str = Field(description="The coin.")
    side: Literal["long", "short"] = Field(description="Long or short.")
    size: Amount = Field(description="Size, base units, unsigned.")
    entry_price: Rate | None = Field(description="Average price of entry, USD; null where it is not told.")


class Preview(Shape):
    """What a wallet is and holds, as the worker read it just now."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "walletAddress": "0x56d652e62998251b56c8398fb11fcfe464c08f84",
                    "time": 1767268845296,
                    "role": "user",
                    "mayBeFollowed": True,
                    "botId": None,
                    "equity": 10250.5,
                    "positions": [{"asset": "BTC", "side": "long", "size": 0.5, "entryPrice": 99000}],
                    "dexsLeftOut": [],
                }
            ]
        }
    )

    wallet: str = Field(description="The wallet: 0x and 40 lower-case hex digits.")
    time: Time = Field(description="When it was read, the exchange's time, milliseconds.")
    role: WalletRole | None = Field(description="What the address is to the exchange; null where it is not known.")
    may_be_followed: bool | None = Field(description="Whether it holds positions of its own; null is not known.")
    bot_id: str | None = Field(description="Id of the bot that has this wallet already; null where there is none.")
    equity: Money | None = Field(description="What it is worth, USD; null where that cannot be told.")
    positions: tuple[PreviewPosition, ...] = Field(description="Its positions, by coin.")
    dexs_left_out: tuple[str, ...] = Field(description="Dexs that could not be read in time; it may hold more there.")


class DeadLetterShape(Shape):
    """What no retry could mend."""

    id: str = Field(description="Its id.")
    kind: str = Field(description="What it is: an order, or an input that cannot be read.")
    subject: str = Field(description="What it is about.")
    error: str = Field(description="Why it came to nothing.")
    attempts: int = Field(description="How often it was tried.")
    excerpt: str = Field(description="How an input began that could not be read; else empty.")
    changed: Time = Field(description="When it changed last, milliseconds.")


class DeadLetters(Shape):
    """The dead letters that are open, the oldest first."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "deadLetters": [
                        {
                            "id": "0x3f5a1c",
                            "kind": "order",
                            "subject": "grok-4 BTC",
                            "error": "rejected: lot",
                            "attempts": 3,
                            "excerpt": "",
                            "changed": 1767268845296,
                        }
                    ]
                }
            ]
        }
    )

    dead_letters: tuple[DeadLetterShape, ...] = Field(description="The open ones, the oldest first.")
