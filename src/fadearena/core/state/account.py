"""What is remembered of an account of ours between two events. Whatever could grow without end has a limit."""

import msgspec

from fadearena.core.equity import Purse
from fadearena.core.signer import SignerView
from fadearena.model.account import AccountMode
from fadearena.model.ids import Coin
from fadearena.model.units import EpochMs

FILL_KEYS_MAX = 10_000


class Seen(msgspec.Struct, kw_only=True):
    """
    Which executions or payments were booked already, by key with their time.

    Beyond `FILL_KEYS_MAX` the older half is forgotten; what is older than `horizon` counts as booked.
    """

    keys: dict[str, EpochMs] = {}
    horizon: EpochMs = 0

    def take(self, key: str, time: EpochMs) -> bool:
        """Tell whether something was not booked yet, and remember it."""
        if key in self.keys or time < self.horizon:
            return False
        self.keys[key] = time
        if len(self.keys) > FILL_KEYS_MAX:
            self.horizon = sorted(self.keys.values())[FILL_KEYS_MAX // 2]
            self.keys = {key: time for key, time in self.keys.items() if time >= self.horizon}
        return True


class DeadMan(msgspec.Struct, kw_only=True):
    """When the exchange was last asked to cancel everything, and until when it is not asked again."""

    asked_to: EpochMs = 0
    refused_until: EpochMs = 0


class AccountMemory(msgspec.Struct, kw_only=True):
    """
    What is remembered of an account of ours.

    `flying` are the coins with unsettled orders. `awaits_positions` and `awaits_fills` say that they were not read
    completely since the last start. `fills_to` is up to when our fills are known without a hole,
    `flat_since` when a complete reading first showed nothing while everything is being closed, `flat_to` the newest
    such reading. `foreign_to` is the newest order of somebody else that was shown.
    """

    mode: AccountMode = AccountMode.UNKNOWN
    purse: Purse = msgspec.field(default_factory=Purse)
    coins: list[Coin] = []
    flying: list[Coin] = []
    is_read: bool = False
    awaits_positions: bool = True
    awaits_fills: bool = True
    read_time: EpochMs = 0
    fills_to: EpochMs = 0
    last_fill: EpochMs = 0
    last_settled: EpochMs = 0
    actions_left: int | None = None
    flat_since: EpochMs | None = None
    flat_to: EpochMs = 0
    fills: Seen = msgspec.field(default_factory=Seen)
    payments: Seen = msgspec.field(default_factory=Seen)
    signer: SignerView = msgspec.field(default_factory=SignerView)
    dead_man: DeadMan = msgspec.field(default_factory=DeadMan)
    foreign_to: int = 0
