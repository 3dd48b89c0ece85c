"""
Looks at a story of faulty feeds from its end: what was believed, moment by moment, against what was so.

1. After the last fault what is believed becomes the truth, of all who are followed and of all who are watched.
2. What was missed on the way shows: a fill that comes late is announced by a repair, a gap or a position change.
3. Nothing is believed flat that was not, unless a fill said so that closes what was believed.
4. Every fill that the exchange tells whoever asks is listed once; slices of TWAP orders at most once.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import msgspec

from fadearena.core.engine import step
from fadearena.core.invariants import violations
from fadearena.core.state import State
from fadearena.model.event import (
    Event,
    RepairStage,
    SourceFills,
    SourceRepair,
    SourceSnapshot,
)
from fadearena.model.ids import Address, BotId, Coin, Dex, dex_of
from fadearena.model.record import BotTrade, Gap, PositionChange
from fadearena.model.units import MINUTE_MS, SECOND_MS, EpochMs, Size
from fadearena.ports.journal import JournalEntry
from tests.support.feed_play import START_MS, FeedPlay
from tests.support.feed_script import AHEAD, CLOCK_OFF_MS
from tests.support.feed_truth import ZERO
from tests.support.feed_watched import WatchedJudge

_IN_TIME_MS = 8 * SECOND_MS
"""Longer than the longest delay of a frame, which nobody can tell from a fill that happened later."""
_SIGN_MS = MINUTE_MS
_READS = 2
CONVERGED_MS = 90 * SECOND_MS
"""A round of snapshots of those that are only watched, a minute, and what a refusal for the rate limit adds."""
_LOOK_BACK_MS = 60 * SECOND_MS

Belief = dict[tuple[Address, Coin], Size]


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong, and how long after the last fault all that was believed had become true."""

    problems: tuple[str, ...]
    converged_ms: EpochMs
    faults: tuple[str, ...]
    fills: int
    late: int


class _Judge:
    def __init__(self, play: FeedPlay) -> None:
        self.play = play
        self.truth = play.truth
        self.converged_ms: EpochMs = 0
        self.problems: list[str] = []
        self.wallets = {bot.id: bot.wallet for bot in play.bots if bot.enabled}
        self.state = State()
        self.now: EpochMs = START_MS
        self.listed: Counter[tuple[BotId, str]] = Counter()
        self.late: list[tuple[EpochMs, BotTrade]] = []
        self._signs: dict[BotId, list[EpochMs]] = defaultdict(list)
        self._spans: dict[BotId, list[tuple[EpochMs, EpochMs]]] = defaultdict(list)
        self._repairing: dict[Address, EpochMs] = {}
        self._bots = {wallet: bot for bot, wallet in self.wallets.items()}
        self._known: dict[tuple[BotId, Dex], EpochMs] = {}

    def walk(self, entries: Sequence[tuple[EpochMs, JournalEntry]]) -> None:
        """Live through the journal again."""
        before: Belief = {}
        last: list[str] = []
        for now, entry in entries:
            self.now = now
            step(self.state, entry.event)
            believed = self._believed()
            self._look_at_flats(entry.event, before, believed)
            self._look_at_records(entry)
            before = believed
            if isinstance(entry.event, SourceSnapshot):
                self._note_dexs(entry.event)
            if now >= self.play.ends:
                last = list(self._wrong(believed))
                self.converged_ms = now - self.play.ends if last else self.converged_ms
        self.problems += [f"never became true: {each}" for each in last]
        self.problems += [f"invariant: {each}" for each in violations(self.state)]
        self.problems += [f"{self._bots[who]}: its repair never ended" for who in self._repairing if who in self._bots]

    def look_at_late(self) -> None:
        """Demand that what was missed is announced: since it happened, and soon after it came at the latest."""
        for told, trade in self.late:
            is_announced = any(trade.time <= sign <= told + _SIGN_MS for sign in self._signs[trade.bot])
            if not is_announced and not any(since <= told <= until for since, until in self._spans[trade.bot]):
                self.problems.append(f"{trade.bot}: the fill {trade.key} came {told - trade.time} ms late, unannounced")

    def look_at_fills(self) -> None:
        """Demand that every fill is listed."""
        for bot, wallet in self.wallets.items():
            for key, fill in self.truth.fills[wallet].items():
                times = self.listed.pop((bot, key), 0)
                is_told = fill.twap_id is None and self._has_to_be_told(bot, fill.coin, fill.time)
                if times > 1 or (is_told and not times):
                    self.problems.append(f"{bot}: the fill {key} is listed {times} times")
        self.problems += [f"{bot}: there was no fill {key}" for bot, key in self.listed]

    def _note_dexs(self, event: SourceSnapshot) -> None:
        """Note from when on a bot is known on a dex: what it traded there before is part of where it begins."""
        if (bot := self._bots.get(event.wallet)) is not None and self.state.bots[bot].views[event.dex].reads >= _READS:
            self._known.setdefault((bot, event.dex), event.time)

    def _has_to_be_told(self, bot: BotId, coin: Coin, time: EpochMs) -> bool:
        """Tell whether a fill is told whatever happens: not if a reading bore a time after it although it was older."""
        return time >= self._known.get((bot, dex_of(coin)), self.play.ends) and not any(
            one.name == AHEAD and one.begins <= time <= one.ends + CLOCK_OFF_MS for one in self.play.script
        )

    def _believed(self) -> Belief:
        return {
            (self.wallets[bot], coin): follow.now.position
            for (bot, coin), follow in self.state.follows.items()
            if bot in self.wallets and follow.now is not None
        }

    def _wrong(self, believed: Belief) -> Iterator[str]:
        for bot, wallet in self.wallets.items():
            held = self.truth.now(wallet)
            mine = {coin: size for (who, coin), size in believed.items() if who == wallet and size}
            for coin in sorted(held.keys() | mine.keys()):
                if held.get(coin, ZERO) != mine.get(coin, ZERO):
                    yield f"{bot} holds {held.get(coin, ZERO)} {coin}, believed are {mine.get(coin, ZERO)}"

    def _look_at_flats(self, event: Event, before: Belief, believed: Belief) -> None:
        for (wallet, coin), size in believed.items():
            if size or not before.get((wallet, coin)):
                continue
            if isinstance(event, SourceFills) and event.wallet == wallet and any(f.coin == coin for f in event.fills):
                continue
            since = event.time - (0 if isinstance(event, SourceSnapshot) else _LOOK_BACK_MS)
            if ZERO not in self.truth.possible(wallet, coin, since, event.time):
                kind = event.__struct_config__.tag
                self.problems.append(f"{self._bots[wallet]}: {coin} became flat by {kind} at {event.time}, and was not")

    def _look_at_records(self, entry: JournalEntry) -> None:
        event = entry.event
        if isinstance(event, SourceRepair) and event.wallet in self._bots:
            bot = self._bots[event.wallet]
            self._signs[bot].append(self.now)
            since = self._repairing.setdefault(event.wallet, self.now)
            if event.stage is RepairStage.DONE:
                self._spans[bot].append((since, self.now))
                del self._repairing[event.wallet]
        for record in entry.records:
            if isinstance(record, Gap | PositionChange):
                self._signs[record.bot].append(self.now)
            elif isinstance(record, BotTrade):
                self.listed[record.bot, record.key] += 1
                if self.now - record.time > _IN_TIME_MS and self._has_to_be_told(record.bot, record.coin, record.time):
                    self.late.append((self.now, record))


def judged(play: FeedPlay) -> Verdict:
    """Judge a story that was played."""
    judge, watched = _Judge(play), WatchedJudge(play)
    judge.walk(play.room.entries)
    judge.look_at_late()
    judge.look_at_fills()
    watched.walk()
    converged_ms = max(judge.converged_ms, watched.converged_ms)
    most_ms = CONVERGED_MS + (CLOCK_OFF_MS if any(one.name == AHEAD for one in play.script) else 0)
    late = [f"it took {converged_ms} ms until all was known again"] if converged_ms > most_ms else []
    return Verdict(
        problems=(*judge.problems, *watched.problems, *late),
        converged_ms=converged_ms,
        faults=tuple(one.name for one in play.script),
        fills=sum(len(play.truth.fills[wallet]) for wallet in judge.wallets.values()),
        late=len(judge.late),
    )
