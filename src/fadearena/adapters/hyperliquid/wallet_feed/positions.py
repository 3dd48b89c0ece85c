"""Snapshots, once they are read: taken over, compared with what the fills said, and told."""

from collections import Counter

from fadearena.adapters.hyperliquid.wallet_feed.rounds import AGAIN_MS, Rounds
from fadearena.adapters.hyperliquid.wallet_feed.telling import Telling
from fadearena.adapters.hyperliquid.wallet_feed.wallet import Watched
from fadearena.kit.clock import Clock
from fadearena.model.event import SourceSnapshot
from fadearena.model.units import EpochMs


class Positions:
    """Keeps what wallets hold in line with what is read of them."""

    def __init__(self, rounds: Rounds, telling: Telling, clock: Clock) -> None:
        self._rounds = rounds
        self._telling = telling
        self._clock = clock
        self.counts: Counter[str] = Counter()
        self.heard: EpochMs = 0

    async def take(self, watched: Watched, snapshot: SourceSnapshot) -> None:
        """Take a reading over and tell it; one that says other than the fills do is read again soon."""
        self.note(watched, snapshot)
        if snapshot.dex in watched.dexs:
            await self._telling.tell(snapshot)

    def hear(self, watched: Watched, snapshot: SourceSnapshot) -> None:
        """Take over what was read for somebody else; where its fills are not told yet it is read again instead."""
        if watched.rank.is_told and watched.unexplained(snapshot):
            self._rounds.again(watched.wallet, snapshot.dex, self._clock.now_ms())
            self._rounds.see(watched, snapshot.dex)
        else:
            self.note(watched, snapshot)

    def note(self, watched: Watched, snapshot: SourceSnapshot) -> None:
        """Take a reading over, without a word."""
        self.heard = now = self._clock.now_ms()
        wrong = watched.take(snapshot, now)
        self.counts["read"] += 1
        self.counts["moved"] += len(wrong or ())
        if wrong and watched.hole is not None:
            watched.hole.has_moved = True
        if wrong is None or wrong:
            self._rounds.again(watched.wallet, snapshot.dex, now + AGAIN_MS)
        if snapshot.dex in watched.dexs:
            self._rounds.see(watched, snapshot.dex)
        self._telling.changed[watched.wallet] = None
