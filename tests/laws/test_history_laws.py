"""The same history gives the same targets, however it was told."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fadearena.model.event import (
    SourceFills,
)
from fadearena.model.units import ZERO
from fadearena.model.wallet import Feed
from tests.support.exchange import WALLETS, policy
from tests.support.world import WALLET, D, World


def history(changes: list[int]) -> list[D]:
    """Positions of a source after each of its fills, from flat."""
    positions = [ZERO]
    for change in changes:
        positions.append(positions[-1] + D(change))
    return positions


def told(changes: list[int], deliveries: list[tuple[int, ...]], polled: tuple[int, ...]) -> World:
    """A world in which messages with the fills of these numbers arrive; at the end what is missing is fetched."""
    world = World(policy(), equity="100000").started().wait(5_000)
    for wallet in WALLETS.values():
        world.snapshot(wallet=wallet)
    world.wait(5_000)
    begun, positions = world.now, history(changes)
    fills = [
        world.fill_of("BTC", D(change), "100000", positions[n], time=begun + 10 * (n // 2), key=f"fill:{n}")
        for n, change in enumerate(changes)
    ]
    world.wait(1_000)
    for numbers, feed in [*((numbers, Feed.USER) for numbers in deliveries), (polled, Feed.POLL)]:
        batch = tuple(fills[n] for n in numbers)
        world.send(
            SourceFills(
                time=world.now,
                received=world.now,
                quotes=(world.quote("BTC", "100000"),),
                wallet=WALLET,
                feed=feed,
                fills=batch,
            )
        )
        world.wait(7)
    return world


@st.composite
def tellings(draw: st.DrawFn) -> tuple[list[int], list[tuple[int, ...]], tuple[int, ...]]:
    """A history; messages that double, shuffle, delay and drop; and a fetch of everything."""
    changes = draw(st.lists(st.sampled_from([-3, -2, -1, 1, 2, 3]), min_size=1, max_size=8))
    numbers = list(range(len(changes)))
    heard = draw(st.lists(st.sampled_from(numbers), max_size=2 * len(numbers)))
    cuts = draw(st.lists(st.integers(1, 3), min_size=len(heard), max_size=len(heard)))
    deliveries, rest = list[tuple[int, ...]](), heard
    for cut in cuts:
        deliveries, rest = [*deliveries, tuple(rest[:cut])] if rest else deliveries, rest[cut:]
    return changes, deliveries, tuple(draw(st.permutations(numbers)))


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(tellings())
def test_the_same_history_gives_the_same_targets(
    telling: tuple[list[int], list[tuple[int, ...]], tuple[int, ...]],
) -> None:
    """Doubled, shuffled, late, or dropped and fetched again: position, followed, baseline and target are the same."""
    changes, deliveries, polled = telling
    numbers = range(len(changes))
    plain = told(changes, [(n,) for n in numbers], tuple(numbers))
    other = told(changes, deliveries, polled)
    key = ("one", "BTC")
    true, heard = plain.state.follows[key], other.state.follows[key]
    assert true.now is not None
    assert heard.now is not None
    assert heard.now.position == true.now.position == history(changes)[-1]
    assert (heard.now.followed, heard.now.baseline) == (true.now.followed, true.now.baseline)
    assert other.state.sleeves[key].target == plain.state.sleeves[key].target
