"""What the exchange allows us: weights, lanes, pauses, and the requests of an address."""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from random import Random
from typing import Any

import pytest

from fadearena.adapters.hyperliquid.limits import (
    AddressBudget,
    Lane,
    Purpose,
    RateBudget,
    SocketLimits,
    Window,
    weight_of,
    weight_of_action,
    weight_of_rows,
)
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.error import InvalidInput, VenueUnavailable
from tests.support.tape import OffClock

MINUTE_MS = 60_000


class Gate:
    """A budget on made-up time; `went` is what left: when, and under which name."""

    def __init__(self, per_minute: int = 100) -> None:
        self.clock = ManualClock(1_000_000)
        self.budget = RateBudget(self.clock, per_minute=per_minute, rng=Random(1))
        self.went: list[tuple[int, str]] = []

    def run(self, main: Coroutine[Any, Any, None]) -> None:
        """Run to the end."""
        run_jumping(main, self.clock)

    async def go(self, name: str, lane: Lane, weight: int, deadline: int | None = None) -> None:
        """Take one's turn."""
        await self.budget.take(lane, weight, deadline=deadline)
        self.went.append((self.clock.now_ms() - 1_000_000, name))

    @property
    def order(self) -> list[str]:
        """In which order they left."""
        return [name for _, name in self.went]


def test_weights_are_those_of_the_documentation() -> None:
    """A state costs 2, a role 60, what is not listed 20; long answers cost by their rows, actions by their batch."""
    assert [weight_of(kind) for kind in ("clearinghouseState", "userRole", "meta", "userFills")] == [2, 60, 20, 20]
    assert weight_of_rows("userFillsByTime", 2_000) == 100
    assert weight_of_rows("candleSnapshot", 119) == 1
    assert weight_of_rows("meta", 2_000) == 0
    assert [weight_of_action(batch) for batch in (1, 39, 40, 200)] == [1, 1, 2, 6]


@pytest.mark.parametrize("seed", range(5))
def test_no_minute_holds_more_than_the_limit(seed: int) -> None:
    """However requests come, of no 60 seconds is more used than the exchange allows."""
    gate, random = Gate(), Random(seed)
    taken: list[tuple[int, int]] = []

    async def one(lane: Lane, weight: int, at: int) -> None:
        await gate.clock.sleep_until(at)
        await gate.budget.take(lane, weight)
        taken.append((gate.clock.now_ms(), weight))

    async def main() -> None:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(120):
                at = 1_000_000 + random.randrange(3 * MINUTE_MS)
                tasks.create_task(one(random.choice(list(Lane)), random.choice([1, 2, 20, 50]), at))

    gate.run(main())
    assert len(taken) == 120
    for at, _ in taken:
        assert sum(weight for other, weight in taken if at <= other < at + MINUTE_MS) <= 100


def test_orders_do_not_wait_behind_snapshots() -> None:
    """Snapshots may fill 70 of 100; an order and a cancel that come then leave at once, more snapshots wait."""
    gate = Gate()

    async def main() -> None:
        async with asyncio.TaskGroup() as tasks:
            for n in range(47):
                tasks.create_task(gate.go(f"snapshot {n}", Lane.SNAPSHOT, 2))
            await asyncio.sleep(1)
            assert len(gate.went) == 35
            use = gate.budget.use()
            assert (use.used, use.per_minute, use.waiting, use.refusals) == (70, 100, 12, 0)
            tasks.create_task(gate.go("order", Lane.ORDER, 1))
            tasks.create_task(gate.go("cancel", Lane.CANCEL, 1))

    gate.run(main())
    assert gate.went[35:37] == [(1_000, "order"), (1_000, "cancel")]
    assert gate.went[37][0] == 61_000
    assert gate.order[37:] == [f"snapshot {n}" for n in range(35, 47)]


def test_a_lower_lane_goes_first_and_within_a_lane_the_first() -> None:
    """What waits leaves by lane, then in the order in which it came, whatever it weighs."""
    gate = Gate()

    async def main() -> None:
        for _ in range(10):
            await gate.budget.take(Lane.CANCEL, 10)
            await asyncio.sleep(1)
        async with asyncio.TaskGroup() as tasks:
            for name, lane, weight in (
                ("rest", Lane.REST, 1),
                ("repair heavy", Lane.REPAIR, 50),
                ("repair light", Lane.REPAIR, 1),
                ("order", Lane.ORDER, 1),
            ):
                tasks.create_task(gate.go(name, lane, weight))

    gate.run(main())
    assert gate.order == ["order", "repair heavy", "repair light", "rest"]


def test_heavy_requests_are_not_starved_by_light_ones() -> None:
    """A heavy request waits for room that light ones, which came later, do not take away from it."""
    gate = Gate()

    async def main() -> None:
        async with asyncio.TaskGroup() as tasks:
            for n in range(200):
                tasks.create_task(gate.go("light", Lane.REST, 2))
                if n == 50:
                    tasks.create_task(gate.go("heavy", Lane.REST, 50))
                await asyncio.sleep(0.5)

    gate.run(main())
    assert gate.order.index("heavy") == 51


def test_who_gives_up_takes_nothing_with_him() -> None:
    """A waiter that is cancelled uses nothing, and those behind it leave within seconds of the room there is."""
    gate = Gate()

    async def main() -> None:
        await gate.budget.take(Lane.REST, 30)
        heavy = asyncio.create_task(gate.go("heavy", Lane.REST, 50))
        light = asyncio.create_task(gate.go("light", Lane.REST, 20))
        await asyncio.sleep(1)
        heavy.cancel()
        await light
        assert gate.budget.use().used == 50

    gate.run(main())
    assert gate.went == [(5_000, "light")]


def test_what_comes_too_late_does_not_leave() -> None:
    """A request whose turn would come at its deadline or later fails as soon as that is known, and uses nothing."""
    gate = Gate()

    async def main() -> None:
        await gate.go("at once", Lane.ORDER, 1, deadline=1_005_000)
        with pytest.raises(VenueUnavailable, match="lane ORDER"):
            await gate.go("expired", Lane.ORDER, 1, deadline=1_000_000)
        await gate.budget.take(Lane.CANCEL, 99)
        with pytest.raises(VenueUnavailable, match="nothing left"):
            await gate.go("late", Lane.ORDER, 1, deadline=1_005_000)
        await gate.go("in time", Lane.ORDER, 1, deadline=1_100_000)

    gate.run(main())
    assert gate.went == [(0, "at once"), (61_000, "in time")]


def test_what_never_fits_is_said() -> None:
    """A request heavier than its lane's share is an error at once: it would wait for ever."""
    gate = Gate()

    async def main() -> None:
        with pytest.raises(InvalidInput, match="raise the rate limit"):
            await gate.budget.take(Lane.REST, 61)

    gate.run(main())


def test_rows_of_an_answer_count_too() -> None:
    """What an answer cost beyond its request is used, even beyond the lane's share."""
    gate = Gate()

    async def main() -> None:
        await gate.budget.take(Lane.REST, 20)
        gate.budget.spend(Lane.REST, 90)
        gate.budget.spend(Lane.REST, 0)
        assert gate.budget.use().used == 110
        await gate.go("order", Lane.ORDER, 1)

    gate.run(main())
    assert gate.went == [(61_000, "order")]


def test_a_429_pauses_its_lane_and_those_after_it() -> None:
    """The lanes before it go on; the pause doubles where it comes again, and starts over after a quiet minute."""
    gate = Gate()
    pauses: list[int] = []

    async def refused() -> None:
        gate.budget.refused(Lane.OWN)
        gate.budget.refused(Lane.OWN)  # another one that was on its way then
        before = gate.clock.now_ms()
        await gate.budget.take(Lane.ORDER, 1)
        assert gate.clock.now_ms() == before
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(gate.budget.take(Lane.SNAPSHOT, 1))
            await gate.budget.take(Lane.OWN, 1)
        pauses.append(gate.clock.now_ms() - before)

    async def main() -> None:
        for _ in range(5):
            await refused()
        await asyncio.sleep(61)
        await refused()

    gate.run(main())
    for pause, least in zip(pauses, [10, 20, 40, 60, 60, 10], strict=True):
        assert least * 1_000 <= pause < least * 1_250
    assert gate.budget.use().refusals == 12


def test_a_clock_that_is_set_back_stops_nothing() -> None:
    """What was used counts for a minute from the moment to which the clock was set, not until that comes again."""
    clock = ManualClock(10 * MINUTE_MS)
    window = Window(clock, 10)
    window.add(10)
    free = [window.free_at(1)]
    window._clock = ManualClock(5 * MINUTE_MS)
    free.append(window.free_at(1))
    assert free == [10 * MINUTE_MS + 61_000, 5 * MINUTE_MS + 61_000]
    assert window.used == 10


def test_sockets_share_connections_and_messages() -> None:
    """The 31st connection of a minute waits for the next one."""
    clock = ManualClock()
    limits = SocketLimits(clock)

    async def main() -> None:
        for _ in range(31):
            await limits.connections.take()

    run_jumping(main(), clock)
    assert clock.now_ms() == 61_000


def test_a_quarter_of_the_messages_is_kept_for_orders_and_our_accounts() -> None:
    """Three are for others; the fourth waits until the first are a minute old, and ours does not."""
    clock = ManualClock()
    limits = SocketLimits(clock, messages=4)

    async def leaving(purpose: Purpose) -> int:
        await limits.message(purpose)
        return clock.now_ms()

    async def main() -> list[int]:
        first = [await leaving(Purpose.TAPE) for _ in range(3)]
        return [*first, *await asyncio.gather(leaving(Purpose.PRICES), leaving(Purpose.OWN))]

    assert run_jumping(main(), clock) == [0, 0, 0, 61_000, 0]


def test_an_address_that_has_used_up_its_requests_gets_one_every_ten_seconds() -> None:
    """Until it was read all may go; then requests are counted down, and once there are none they are spread."""
    clock = ManualClock()
    budget = AddressBudget(clock)
    budget.spend(Lane.ORDER)
    left = [budget.left]
    budget.learn(used=9_998, limit=10_000)
    budget.spend(Lane.ORDER)
    budget.spend(Lane.ORDER)
    left.append(budget.left)
    assert left == [None, 0]
    with pytest.raises(VenueUnavailable, match="every 10 s"):
        budget.spend(Lane.ORDER)
    budget.spend(Lane.CANCEL)
    clock.move_by(10_000)
    budget.spend(Lane.ORDER)
    with pytest.raises(VenueUnavailable):
        budget.spend(Lane.ORDER)
    budget.learn(used=10_000, limit=10_000, surplus=5)
    budget.spend(Lane.ORDER, 5)
    assert budget.left == 0


def test_a_429_holds_an_exit_up_for_less_than_it_lives() -> None:
    """A close that comes next waits for its turn, again and again; what opens something waits as long as always."""
    gate = Gate()

    async def main() -> None:
        for _ in range(3):
            gate.budget.refused(Lane.CANCEL)
            now = gate.clock.now_ms()
            with pytest.raises(VenueUnavailable):
                await gate.budget.take(Lane.ORDER, 1, deadline=now + 5_000)
            await gate.budget.take(Lane.CANCEL, 1, deadline=now + 5_000)
            assert gate.clock.now_ms() == now + 2_000
        await gate.budget.take(Lane.ORDER, 1)

    gate.run(main())
    assert gate.clock.now_ms() >= 1_010_000


def test_what_each_lane_uses_is_told() -> None:
    """What it took and what its answers cost, what waits, what was refused, until when it is paused with the others."""
    gate = Gate()

    async def main() -> None:
        await gate.budget.take(Lane.OWN, 10)
        gate.budget.spend(Lane.OWN, 5)
        await gate.budget.take(Lane.REST, 30)
        waiting = asyncio.create_task(gate.budget.take(Lane.REST, 20))
        await asyncio.sleep(1)
        gate.budget.refused(Lane.SNAPSHOT)
        lanes = {lane.lane: lane for lane in gate.budget.use().lanes}
        assert [lanes[name].used for name in ("cancel", "own", "snapshot", "rest")] == [0, 15, 0, 30]
        assert (lanes["rest"].waiting, lanes["rest"].most, lanes["snapshot"].refusals) == (1, 50, 1)
        assert lanes["rest"].paused_until == lanes["snapshot"].paused_until != lanes["own"].paused_until
        await waiting
        use = gate.budget.use()
        assert (use.used, use.lanes[Lane.REST].used, use.lanes[Lane.REST].paused_until) == (20, 20, None)

    gate.run(main())


def test_a_pause_lasts_no_longer_because_the_clock_is_set_back() -> None:
    """Otherwise exits would wait for the hour to come again."""
    right = ManualClock()
    clock = OffClock(right, 3_600_000)
    budget = RateBudget(clock)

    async def story() -> int:
        for lane in Lane:
            budget.refused(lane)
        clock.off_ms = 0
        for lane in Lane:
            await budget.take(lane, 1)
        return right.now_ms()

    assert run_jumping(story(), right) < 20_000


def test_a_pause_that_is_over_does_not_come_back_with_a_clock_that_is_set_back() -> None:
    """Otherwise nothing would leave for as long as it lasted then."""
    right = ManualClock()
    clock = OffClock(right, 0)
    budget = RateBudget(clock)

    async def story() -> int:
        for lane in Lane:
            budget.refused(lane)
        for lane in Lane:
            await budget.take(lane, 1)
        before, clock.off_ms = right.now_ms(), -30_000
        for lane in Lane:
            await budget.take(lane, 1)
        return right.now_ms() - before

    assert run_jumping(story(), right) == 0


def test_repairs_leave_a_part_of_the_minute_to_snapshots() -> None:
    """However many wait: else nobody sees what wallets hold while feeds fail again and again."""
    gate = Gate()

    async def main() -> None:
        async with asyncio.TaskGroup() as tasks:
            for n in range(30):
                tasks.create_task(gate.go(f"repair {n}", Lane.REPAIR, 5))
            await asyncio.sleep(20)
            for n in range(20):
                tasks.create_task(gate.go(f"snapshot {n}", Lane.SNAPSHOT, 2))

    gate.run(main())
    first = Counter(name.split()[0] for at, name in gate.went if at <= 20_000)
    assert first == {"repair": 11, "snapshot": 10}
    assert len(gate.went) == 50


def test_no_more_is_kept_for_snapshots_than_they_can_use() -> None:
    """With few wallets repairs have the rest of the minute; with many a fifth of it stays for snapshots."""
    clock = ManualClock(0)
    few, many = RateBudget(clock), RateBudget(clock)
    few.keep(24)
    many.keep(100_000)

    async def repairs(budget: RateBudget) -> int:
        asked = (budget.take(Lane.REPAIR, 20, deadline=1) for _ in range(100))
        refused = [each for each in await asyncio.gather(*asked, return_exceptions=True) if each]
        assert all(isinstance(each, VenueUnavailable) for each in refused)
        return budget.use().used

    assert run_jumping(repairs(few), clock) == (1_200 * 75 // 100 - 24) // 20 * 20
    assert run_jumping(repairs(many), clock) == 1_200 * (75 - 20) // 100
