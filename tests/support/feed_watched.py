"""What a worker shows of wallets that it only watches, moment by moment, against what was so."""

from collections.abc import Iterator

from fadearena.model.ids import Address, Coin
from fadearena.model.units import MINUTE_MS, EpochMs, Size
from fadearena.ports.sightings import Sighting
from tests.support.feed_play import FeedPlay
from tests.support.feed_truth import ZERO

_LOOK_BACK_MS = MINUTE_MS

Held = dict[Coin, Size]


class WatchedJudge:
    """Looks at all that was shown, in order."""

    def __init__(self, play: FeedPlay) -> None:
        self.problems: list[str] = []
        self.converged_ms: EpochMs = 0
        self._play = play
        self._known: dict[Address, Held] = {bot.wallet: {} for bot in play.bots if not bot.enabled}

    def walk(self) -> None:
        """Look."""
        last: list[str] = []
        for now, _, changed in self._play.room.shown:
            for sighting in changed:
                if sighting.wallet in self._known and sighting.read is not None:
                    self._take(sighting, now)
            if now >= self._play.ends and (last := list(self._wrong())):
                self.converged_ms = now - self._play.ends
        self.problems += [f"never became true: {each}" for each in last]

    def _take(self, sighting: Sighting, now: EpochMs) -> None:
        wallet, held = sighting.wallet, {each.coin: each.size for each in sighting.positions}
        for coin, size in self._known[wallet].items():
            if coin not in held and not self._was_closed(wallet, coin, size, now):
                self.problems.append(f"watched {wallet}: {coin} became flat at {now}, and was not")
        self._known[wallet] = held

    def _was_closed(self, wallet: Address, coin: Coin, size: Size, now: EpochMs) -> bool:
        """Tell whether it was flat lately, or one fill closes what was believed."""
        since = now - _LOOK_BACK_MS
        if ZERO in self._play.truth.possible(wallet, coin, since, now):
            return True
        return any(
            fill.coin == coin and since <= fill.time <= now and fill.side.signed(fill.quantity) == -size
            for fill in self._play.truth.fills[wallet].values()
        )

    def _wrong(self) -> Iterator[str]:
        for wallet, known in self._known.items():
            held = self._play.truth.now(wallet)
            for coin in sorted(held.keys() | known.keys()):
                if held.get(coin, ZERO) != known.get(coin, ZERO):
                    yield f"watched {wallet} holds {held.get(coin, ZERO)} {coin}, {known.get(coin, ZERO)} is shown"
