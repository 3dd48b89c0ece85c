"""
Whose doings the feed has to tell: told to it when the settings changed, and when a sleeve was opened or closed.

Events cost nothing here: what is open is counted from the records of sleeves, and looked up as a whole at a start only.
"""

from collections.abc import Sequence

from fadearena.core.state import State
from fadearena.model.ids import BotId, Coin
from fadearena.model.policy import Policy
from fadearena.model.record import SleeveUpdate
from fadearena.ports.journal import JournalEntry
from fadearena.ports.wallet_feed import Roster


class Rosters:
    """Remembers who holds a sleeve."""

    def __init__(self) -> None:
        self._policy: Policy | None = None
        self._open: dict[BotId, set[Coin]] = {}

    def changed(self, state: State, entries: Sequence[JournalEntry]) -> Roster | None:
        """Return the roster of a state, where these entries, the newest, made it another one; else None."""
        if self._policy is None:
            self._open = _open_in(state)
        moved = self._count(entries)
        if not moved and state.policy is self._policy:
            return None
        self._policy = state.policy
        bots = state.policy.bots
        return Roster(
            held=tuple(bot.wallet for bot in bots if bot.id in self._open),
            followed=tuple(bot.wallet for bot in bots if bot.enabled and bot.id not in self._open),
            watched=tuple(bot.wallet for bot in bots if not bot.enabled and bot.id not in self._open),
        )

    def _count(self, entries: Sequence[JournalEntry]) -> bool:
        """Take over what became of sleeves; tell whether another set of bots holds one."""
        before = set(self._open)
        for entry in entries:
            for record in entry.records:
                if isinstance(record, SleeveUpdate):
                    self._note(record)
        return before != self._open.keys()

    def _note(self, record: SleeveUpdate) -> None:
        coins = self._open.setdefault(record.bot, set())
        if record.size:
            coins.add(record.coin)
        else:
            coins.discard(record.coin)
        if not coins:
            del self._open[record.bot]


def _open_in(state: State) -> dict[BotId, set[Coin]]:
    found: dict[BotId, set[Coin]] = {}
    for name, bot in state.bot_policies.items():
        coins = {coin for coin in state.bots[name].coins if state.books[bot.account, coin].book.size_of(name)}
        if coins:
            found[name] = coins
    return found
