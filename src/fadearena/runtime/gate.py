"""
The last door before the venue: what may leave at this moment.

1. It closes before a stop is journaled, and opens by what is journaled only.
2. It is read right before each send. What has not left when a stop arrives never leaves.
3. It fails closed: before the first recovery, while the journal cannot be written and once the lease is lost,
   nothing that is signed goes out.
"""

from collections.abc import Hashable, Mapping
from collections.abc import Set as AbstractSet

from fadearena.core.latches import ALL, Latches, account_scope, bot_scope
from fadearena.model.command import BurnNonce, CancelOrder, PlaceOrder
from fadearena.model.order import Purpose
from fadearena.model.trading import TradingState
from fadearena.ports.venue import SignedCommand

_REDUCES = frozenset({TradingState.ACTIVE, TradingState.REDUCING})
_BY_BOOK: Mapping[Purpose, AbstractSet[TradingState]] = {
    Purpose.INCREASE: {TradingState.ACTIVE},
    Purpose.REDUCE: _REDUCES,
    Purpose.PROTECT: _REDUCES,
    Purpose.RESIDUE: _REDUCES,
    Purpose.FLATTEN: {TradingState.FLATTENING},
}
"""In which states of everything and of the account an order may leave."""
_BY_BOT: Mapping[Purpose, AbstractSet[TradingState]] = {Purpose.INCREASE: {TradingState.ACTIVE}}
_BOT_REDUCES = {*_REDUCES, TradingState.FLATTENING}
"""In which states of its bot: one bot is closed by the same reduces that follow its source."""


class Gate:
    """What may be sent, by the journaled latches and by the stops that are under way to the journal."""

    def __init__(self) -> None:
        self._shut = "the worker is starting"
        self._states: dict[str, TradingState] = {}
        self._stops: dict[Hashable, list[tuple[str, TradingState]]] = {}
        self._holds: dict[str, TradingState] = {}

    def shut(self, reason: str) -> None:
        """Let nothing out that is signed."""
        self._shut = reason

    def open(self) -> None:
        """Let out what latches and stops allow."""
        self._shut = ""

    def follow(self, latches: Latches) -> None:
        """Take over the latches as they are journaled."""
        self._states = {scope: latches.state(scope) for scope in latches.by_scope}

    def stop(self, key: Hashable, scope: str, state: TradingState) -> None:
        """Close for a stop that is not journaled yet; several of one key are journaled in their order."""
        self._stops.setdefault(key, []).append((scope, state))

    def journaled(self, key: Hashable) -> None:
        """Forget a stop: it was journaled, and `follow` knows whether it was accepted."""
        held = self._stops.pop(key, [])[1:]
        if held:
            self._stops[key] = held

    def forget_stops(self) -> None:
        """Forget the stops that were under way: after a recovery they are told anew."""
        self._stops.clear()

    def hold(self, reason: str, state: TradingState) -> None:
        """Keep everything in a state, or a stricter one, whatever is journaled, until `let_go`."""
        self._holds[reason] = state

    def let_go(self, reason: str) -> None:
        """End what `hold` began."""
        self._holds.pop(reason, None)

    def ordered(self, *scopes: str) -> TradingState:
        """Return the strictest state of some scopes by what was ordered, journaled or under way."""
        found = [self._states.get(scope, TradingState.ACTIVE) for scope in scopes]
        found += [state for stops in self._stops.values() for scope, state in stops if scope in scopes]
        return max(found, key=lambda state: state.severity)

    def refusal(self, command: SignedCommand) -> str | None:
        """Return why a command may not leave; None where it may."""
        if self._shut:
            return self._shut
        if isinstance(command, CancelOrder | BurnNonce):
            return None
        if not isinstance(command, PlaceOrder):
            state = self._of_book(command.account)
            return None if state.severity < TradingState.HALTED.severity else _refused(state)
        terms = command.terms
        book = self._of_book(terms.account)
        if book not in _BY_BOOK[terms.purpose]:
            return _refused(book)
        bot = TradingState.ACTIVE if terms.bot is None else self.ordered(bot_scope(terms.bot))
        return None if bot in _BY_BOT.get(terms.purpose, _BOT_REDUCES) else _refused(bot)

    def _of_book(self, account: str) -> TradingState:
        states = (self.ordered(ALL, account_scope(account)), *self._holds.values())
        return max(states, key=lambda state: state.severity)


def _refused(state: TradingState) -> str:
    return f"a stop came first: {state}"
