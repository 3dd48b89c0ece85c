"""Questions on wallets are answered one after the other, and never stop the worker."""

import asyncio

from fadearena.adapters.memory.inquiries import MemoryInquiries
from fadearena.adapters.sim.arena import START_MS
from fadearena.adapters.sim.live import LiveArena
from fadearena.bootstrap.seed import SEASON_1_5
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.error import StorageUnavailable, VenueUnavailable
from fadearena.model.ids import Address
from fadearena.model.wallet import WalletRole
from fadearena.ports.inquiries import WalletLook
from fadearena.runtime.looks import FeedLooker, Looks
from tests.support.world import OTHER, T0, WALLET


class Eyes:
    """Looks at one at a time, and sees nothing of one."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.busy = self.most = 0

    async def look(self, wallet: Address) -> WalletLook:
        """Take a second to look."""
        self.busy += 1
        self.most = max(self.most, self.busy)
        await self.clock.sleep_until(self.clock.now_ms() + 1_000)
        self.busy -= 1
        if wallet == OTHER:
            raise VenueUnavailable("no connection")
        return WalletLook(wallet=wallet, time=self.clock.now_ms())


class Flaky(MemoryInquiries):
    """A queue whose database is away at first."""

    is_away = True

    async def take(self, now: int) -> tuple[tuple[int, Address], ...]:
        """Fail once."""
        if self.is_away:
            self.is_away = False
            raise StorageUnavailable("away")
        return tuple(await super().take(now))


def test_each_is_answered_in_its_turn() -> None:
    """One at a time; what cannot be read is answered, too; a database that was away is asked again."""
    clock = ManualClock(T0)
    inquiries, eyes = Flaky(), Eyes(clock)

    async def story() -> list[WalletLook | None]:
        asked = [await inquiries.ask(wallet, T0) for wallet in (WALLET, OTHER, WALLET)]
        running = asyncio.create_task(Looks(inquiries, eyes, clock).run())
        await clock.sleep_until(T0 + 10_000)
        running.cancel()
        return [await inquiries.answer_to(number) for number in asked if number is not None]

    first, failed, last = run_jumping(story(), clock)
    assert first is not None
    assert failed is not None
    assert last is not None
    assert (first.error, failed.error, last.time - first.time, eyes.most) == ("", "no connection", 2_000, 1)


def test_the_arena_tells_the_truth_of_its_wallets() -> None:
    """Role, positions and equity of one that trades there; one that does not is missing."""
    clock = ManualClock(START_MS + 3_600_000)
    bot, _, wallet = SEASON_1_5[0]
    looker = FeedLooker(LiveArena(clock, seed=1, wallets={bot: wallet}, latency_ms=0).wallets)

    async def story() -> tuple[WalletLook, WalletLook]:
        return await looker.look(wallet), await looker.look(OTHER)

    known, stranger = run_jumping(story(), clock)
    assert (known.role, known.equity is not None, bool(known.positions)) == (WalletRole.USER, True, True)
    assert (stranger.role, stranger.equity, stranger.positions) == (WalletRole.MISSING, None, ())
