"""What a worker sees is shown every few seconds, whole; what could not be shown is shown the next time."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import pairwise

import msgspec
import structlog

from fadearena.adapters.memory.sightings import MemorySightings
from fadearena.kit.jumping import run_jumping
from fadearena.model.error import StorageUnavailable
from fadearena.model.ids import Address
from fadearena.model.policy import Policy
from fadearena.model.units import DAY_MS
from fadearena.ports.sightings import FeedState, FeedStatus, LaneUse, RateUse, Sight, Sighting
from fadearena.runtime.immediate import immediately
from fadearena.runtime.lookout import Lookout
from fadearena.runtime.metrics import Metrics
from tests.support.room import Room
from tests.support.room_doors import Wallets
from tests.support.world import T0, WALLET, bot, settings

ELSE = "0x" + "e1" * 20
RATE = RateUse(per_minute=1_200, used=2, lanes=(LaneUse(lane="snapshot", most=840, used=2),))
TAPE = FeedStatus(name="tape", state=FeedState.OK, heard=T0, counts={"gaps": 1})


class Board(MemorySightings):
    """Sightings that remember what they were shown, and can be away."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[tuple[Sight, list[Address]]] = []
        self.is_away = False

    async def show(self, sight: Sight, changed: Collection[Sighting]) -> None:
        """Replace, unless it is away."""
        if self.is_away:
            raise StorageUnavailable("away")
        self.shown.append((sight, [one.wallet for one in changed]))
        await super().show(sight, changed)


class InParts(Wallets):
    """Wallets of which news are told one at a time."""

    def sightings(self) -> Sequence[Sighting]:
        """Return what is known of one wallet."""
        return [self.seen.pop(0)] if self.seen else ()


class Tower:
    """A lookout above a room in which nothing happens."""

    def __init__(self) -> None:
        self.room, self.board = Room(), Board()
        self.doors = replace(self.room.doors, sightings=self.board, rate=lambda: RATE)
        self.metrics = Metrics()
        self.lookout = Lookout(self.doors, self.metrics)
        self.policy = settings()

    def see(self, *seen: Sighting, now: int = T0) -> None:
        """Let a feed have news of wallets, and look."""
        self.room.wallets.seen += seen
        run_jumping(self.lookout.look(now, self.policy), self.room.clock)

    @property
    def kept(self) -> dict[Address, Sighting]:
        """What others see."""
        return {one.wallet: one for one in immediately(self.board.wallets())}


def seen(wallet: Address = WALLET, **more: int | None) -> Sighting:
    """Return what is known of a wallet."""
    return Sighting(wallet=wallet, since=T0, **more)  # type: ignore[arg-type]  # times only


def test_what_is_seen_is_shown_whole() -> None:
    """Feeds of all doors, the rate budget, both clocks, and only those wallets that changed."""
    tower = Tower()
    tower.room.wallets.statuses = (TAPE,)
    tower.room.prices.statuses = (msgspec.structs.replace(TAPE, name="markets"),)
    tower.see(seen(), now=T0 + 7)
    tower.see()
    sight, changed = tower.board.shown[0]
    assert (sight.time, sight.now, sight.rate) == (T0, T0 + 7, RATE)
    assert [feed.name for feed in sight.feeds] == ["tape", "markets"]
    assert [changed, tower.board.shown[1][1]] == [[WALLET], []]


def test_news_that_come_in_parts_are_shown_at_once() -> None:
    """A feed need not tell of thousands in one breath, and nobody waits for the rest until the next look."""
    tower = Tower()
    wallets = [f"0x{number:040x}" for number in range(50)]
    tower.room.wallets = InParts(tower.room.clock)
    tower.lookout = Lookout(replace(tower.doors, wallets=tower.room.wallets), tower.metrics)
    tower.policy = settings(*(bot(f"bot-{number}", wallet) for number, wallet in enumerate(wallets)))
    tower.see(*map(seen, wallets))
    assert [changed for _, changed in tower.board.shown] == [wallets]


def test_what_could_not_be_shown_is_shown_the_next_time() -> None:
    """As it is then: what changed again meanwhile is shown once."""
    tower = Tower()
    tower.board.is_away = True
    tower.see(seen(heard=1))
    tower.see(seen(heard=2))
    assert not tower.kept
    tower.board.is_away = False
    tower.see()
    assert tower.kept[WALLET].heard == 2
    assert [changed for _, changed in tower.board.shown] == [[WALLET]]


def test_wallets_that_left_the_roster_are_forgotten() -> None:
    """Also those that an earlier worker showed; what is said of them late is not shown any more."""
    tower = Tower()
    immediately(tower.board.show(Sight(time=0, now=0), [seen("0xold")]))
    tower.see(seen())
    assert set(tower.kept) == {WALLET}
    tower.policy = msgspec.structs.replace(tower.policy, bots=())
    tower.see()
    assert not tower.kept


def test_a_worker_looks_every_five_seconds_of_wall_time() -> None:
    """From its start on, and after a recovery again; nothing of it is journaled."""
    room, board = Room(), Board()
    room.sightings = board
    room.wallets.statuses = (TAPE,)
    room.play(lambda room: room.wait(21_000))
    times = [sight.time - T0 for sight, _ in board.shown]
    assert [later - earlier for earlier, later in pairwise(times)] == [5_000] * (len(times) - 1)
    assert len(times) == 5
    assert not [event for event in room.events if "Sight" in type(event).__name__]


def test_idle_bots_are_named_when_that_changed() -> None:
    """Only those of whom it is known that they did not trade for a week; once, and again when one more is."""
    tower = Tower()
    now = T0 + 8 * DAY_MS
    with structlog.testing.capture_logs() as logs:
        tower.see(seen(), now=now)
        assert not logs
        tower.see(seen(last_trade=T0), now=now)
        tower.see(now=now)
        tower.room.clock.move_by(60_000)
        tower.see(seen(last_trade=now), now=now)
    assert [(entry["event"], entry.get("bots")) for entry in logs] == [
        ("bots_idle", tower.policy.bots[0].id),
        ("bots_trade_again", None),
    ]
    assert "fadearena bots discover" in logs[0]["advice"]


def test_bots_that_are_not_followed_are_not_named() -> None:
    """A long list of watched wallets says nothing."""
    tower = Tower()
    bots = tuple(msgspec.structs.replace(bot, enabled=False) for bot in tower.policy.bots)
    tower.policy = Policy(bots=bots)
    with structlog.testing.capture_logs() as logs:
        tower.see(seen(last_trade=T0), now=T0 + 8 * DAY_MS)
    assert not logs


def test_metrics_tell_ages_and_counts() -> None:
    """Wallets by whether they were ever read, feeds by age, lanes by use; without a board, too."""
    tower = Tower()
    tower.room.wallets.statuses = (TAPE,)
    tower.lookout = Lookout(replace(tower.doors, sightings=None), tower.metrics)
    tower.see(seen(read=T0), now=T0 + 1_500)
    text = tower.metrics.text()
    for line in (
        'fadearena_feed_age_seconds{feed="tape"} 1.5',
        'fadearena_feed_counted_total{feed="tape",what="gaps"} 1.0',
        'fadearena_rate_weight{lane="snapshot"} 2.0',
        'fadearena_wallets{state="read"} 1.0',
        "fadearena_wallet_oldest_read_seconds 1.5",
        'fadearena_wallets{state="never_read"} 0.0',
    ):
        assert line in text
