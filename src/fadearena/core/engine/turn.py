"""One turn of `step`: the state, the event, and what comes of it."""

from bisect import insort

import msgspec

from fadearena.core.latches import ALL, Latch, LatchKind, account_scope, bot_scope
from fadearena.core.state import BookMemory, Sleeve, State
from fadearena.model.command import Command, WakeAt
from fadearena.model.event import Header, Marks
from fadearena.model.ids import AccountId, Address, BookKey, BotId, Coin
from fadearena.model.record import Alert, Record, TradingStateChange
from fadearena.model.trading import TradingState
from fadearena.model.units import EpochMs


class Turned(msgspec.Struct, kw_only=True, gc=False):
    """What one event brought: what is to be done, and what is to be shown."""

    commands: list[Command]
    records: list[Record]


class Turn:
    """
    The working place of one event. Handlers change `state`, and call the methods for everything that leaves.

    `dirty` are the books that are looked at before the turn ends, `guarded` those whose stops are, `repriced` those
    that hold something at another mark now, `traded` the accounts whose money fills of ours moved. `is_money_moved` is
    set unless the event brought nothing but prices of coins that nobody holds.
    """

    __slots__ = (
        "commands",
        "dirty",
        "event",
        "guarded",
        "is_money_moved",
        "now",
        "records",
        "repriced",
        "state",
        "traded",
    )

    def __init__(self, state: State, event: Header) -> None:
        self.state = state
        self.event = event
        self.now: EpochMs = event.received
        self.commands: list[Command] = []
        self.records: list[Record] = []
        self.dirty: set[BookKey] = set()
        self.guarded: set[BookKey] = set()
        self.repriced: set[BookKey] = set()
        self.traded: set[AccountId] = set()
        self.is_money_moved = not isinstance(event, Marks)

    def alert(self, level: str, category: str, subject: str, text: str) -> None:
        """Tell people."""
        self.records.append(Alert(level=level, category=category, subject=subject, text=text))

    def alert_once(self, level: str, category: str, subject: str, text: str) -> None:
        """Tell people, unless they were told already and nobody said since that it is over."""
        key = f"{category} {subject}"
        if key not in self.state.told:
            self.state.told[key] = self.now
            self.alert(level, category, subject, text)

    def all_clear(self, category: str, subject: str) -> None:
        """What people were told of is over: when it comes again they are told again."""
        self.state.told.pop(f"{category} {subject}", None)

    def wake(self, key: str, at_ms: EpochMs) -> None:
        """Ask to be woken at `at_ms`, unless that was asked already for an earlier moment."""
        known = self.state.wakes.get(key)
        if known is None or at_ms < known:
            self.state.wakes[key] = at_ms
            self.commands.append(WakeAt(at_ms=at_ms, key=key))

    def book(self, account: AccountId, coin: Coin) -> BookMemory:
        """Return the memory of a book, made if there is none."""
        key = (account, coin)
        memory = self.state.books.get(key)
        if memory is None:
            memory = self.state.books[key] = BookMemory()
            coins = self.state.accounts[account].coins
            coins.append(coin)
            coins.sort()
        return memory

    def sleeve(self, bot: BotId, coin: Coin) -> Sleeve:
        """Return the memory of a sleeve, made if there is none."""
        key = (bot, coin)
        memory = self.state.sleeves.get(key)
        if memory is None:
            account = self.state.bot_policies[bot].account
            memory = self.state.sleeves[key] = Sleeve(account=account)
            insort(self.book(account, coin).bots, bot)
            self.sum_up(bot, coin)
        return memory

    def sum_up(self, bot: BotId, coin: Coin) -> None:
        """Have a sleeve counted in its bot's kept sums, if the bot has a limit on them."""
        memory = self.book(self.state.sleeves[bot, coin].account, coin)
        if self.state.bot_policies[bot].is_limited and bot not in memory.limited:
            memory.book.sleeve(bot)
            insort(memory.limited, bot)

    def trading_state(self, account: AccountId) -> TradingState:
        """Return what may be sent for an account, whatever the bot."""
        return self.state.latches.strictest(ALL, account_scope(account))

    def set_latch(self, scope: str, kind: LatchKind, actor: str, reason: str, until_ms: EpochMs | None = None) -> bool:
        """Set a latch, and show it; tell whether it is new."""
        latch = Latch(scope=scope, kind=kind, actor=actor, since=self.now, reason=reason, until_ms=until_ms)
        if not self.state.latches.set(latch):
            return False
        self._show(scope, kind, actor, reason, is_set=True)
        return True

    def end_latch(self, scope: str, kind: LatchKind, actor: str, reason: str) -> bool:
        """End a latch, and show it; tell whether it was set."""
        if not self.state.latches.end(scope, kind):
            return False
        self._show(scope, kind, actor, reason, is_set=False)
        return True

    def next_nonce(self, signer: Address) -> int:
        """Return the nonce of the signer's next action: max(received, last + 1)."""
        nonce = max(self.now, self.state.nonces.get(signer, 0) + 1)
        self.state.nonces[signer] = nonce
        return nonce

    def scopes(self, bot: BotId, account: AccountId) -> tuple[str, str, str]:
        """Return the scopes whose latches bind a bot's sleeve."""
        return ALL, account_scope(account), bot_scope(bot)

    def _show(self, scope: str, kind: LatchKind, actor: str, reason: str, *, is_set: bool) -> None:
        self.records.append(
            TradingStateChange(
                scope=scope,
                state=self.state.latches.state(scope),
                latch=kind,
                is_set=is_set,
                actor=actor,
                reason=reason,
            )
        )
