"""
Stage 9: who stopped what, since when, until when.

The state of a scope is the strictest of its latches; each has its own end, so that the end of one never undoes
another. Nothing here ends by itself but a daily loss at 00:00 UTC.
"""

from bisect import insort
from enum import StrEnum

import msgspec

from fadearena.model.ids import AccountId, BotId
from fadearena.model.trading import TradingState
from fadearena.model.units import EpochMs


class LatchKind(StrEnum):
    """Reasons to stop."""

    PAUSE = "pause"
    DISABLED = "disabled"
    KILL = "kill"
    FLATTEN = "flatten"
    DAILY_LOSS = "daily_loss"
    DRAWDOWN = "drawdown"
    BOT_LOSS = "bot_loss"
    OWN_LIQUIDATION = "own_liquidation"
    TWO_WRITERS = "two_writers"
    QUARANTINE = "quarantine"


STATE_OF = {
    LatchKind.PAUSE: TradingState.REDUCING,
    LatchKind.DISABLED: TradingState.REDUCING,
    LatchKind.DAILY_LOSS: TradingState.REDUCING,
    LatchKind.DRAWDOWN: TradingState.REDUCING,
    LatchKind.BOT_LOSS: TradingState.REDUCING,
    LatchKind.OWN_LIQUIDATION: TradingState.REDUCING,
    LatchKind.KILL: TradingState.HALTED,
    LatchKind.TWO_WRITERS: TradingState.HALTED,
    LatchKind.QUARANTINE: TradingState.HALTED,
    LatchKind.FLATTEN: TradingState.FLATTENING,
}
ENDED_BY_RESUME = frozenset(
    {
        LatchKind.PAUSE,
        LatchKind.DAILY_LOSS,
        LatchKind.DRAWDOWN,
        LatchKind.BOT_LOSS,
        LatchKind.OWN_LIQUIDATION,
    }
)
ENDED_BY_RELEASE = frozenset({LatchKind.KILL, LatchKind.TWO_WRITERS, LatchKind.QUARANTINE})


class Latch(msgspec.Struct, frozen=True, kw_only=True):
    """One reason to stop. `until_ms` is set only where time ends it."""

    scope: str
    kind: LatchKind
    actor: str
    since: EpochMs
    reason: str = ""
    until_ms: EpochMs | None = None


ALL = "all"


def bot_scope(bot: BotId) -> str:
    """Return the scope of one bot."""
    return f"bot:{bot}"


def account_scope(account: AccountId) -> str:
    """Return the scope of one account."""
    return f"account:{account}"


class Latches(msgspec.Struct, kw_only=True):
    """
    All latches that are set, by scope. `flattening` are the scopes that are being closed.

    What a scope holds is replaced, never changed in place, so that a copy of `by_scope` stays as it is.
    """

    by_scope: dict[str, dict[LatchKind, Latch]] = {}
    flattening: list[str] = []

    def set(self, latch: Latch) -> bool:
        """Set a latch; tell whether it was not set before. The first reason stays."""
        held = self.by_scope.get(latch.scope, {})
        if latch.kind in held:
            return False
        self.by_scope[latch.scope] = {**held, latch.kind: latch}
        if latch.kind is LatchKind.FLATTEN:
            insort(self.flattening, latch.scope)
        return True

    def end(self, scope: str, kind: LatchKind) -> bool:
        """End a latch; tell whether it was set."""
        held = self.by_scope.get(scope, {})
        if kind not in held:
            return False
        rest = {other: latch for other, latch in held.items() if other is not kind}
        if rest:
            self.by_scope[scope] = rest
        else:
            del self.by_scope[scope]
        if kind is LatchKind.FLATTEN:
            self.flattening.remove(scope)
        return True

    def has(self, scope: str, kind: LatchKind) -> bool:
        """Tell whether a latch is set."""
        return kind in self.by_scope.get(scope, {})

    def state(self, scope: str) -> TradingState:
        """Return the state of one scope by its own latches."""
        held = self.by_scope.get(scope)
        if not held:
            return TradingState.ACTIVE
        return max((STATE_OF[kind] for kind in held), key=lambda state: state.severity)

    def strictest(self, *scopes: str) -> TradingState:
        """Return the strictest state of several scopes."""
        if not self.by_scope:
            return TradingState.ACTIVE
        return max((self.state(scope) for scope in scopes), key=lambda state: state.severity)

    def why(self, *scopes: str) -> str:
        """Name the latches of several scopes, for people."""
        return ", ".join(f"{kind} ({scope})" for scope in scopes for kind in sorted(self.by_scope.get(scope, ())))

    def due(self, now: EpochMs) -> list[Latch]:
        """Return the latches whose time is over, by scope and kind."""
        return [
            latch
            for _, held in sorted(self.by_scope.items())
            for _, latch in sorted(held.items())
            if latch.until_ms is not None and now >= latch.until_ms
        ]
