"""Baseline: the part of a source position that was there before we followed it."""

import pytest

from fadearena.model.event import Kill, Rejoin, Release
from fadearena.model.policy import StartPolicy
from fadearena.model.units import Direction
from tests.support.world import WALLET, D, World, bot, settings


def starting(
    policy: StartPolicy,
    size: str = "10",
    *,
    price: str = "100",
    entry: str = "100",
    direction: Direction = Direction.FADE,
) -> World:
    """A bot that holds `size` SOL when following starts."""
    world = World(settings(bot(start_policy=policy, direction=direction)), equity="100000").started(snapshots=False)
    world.mark("SOL", price).snapshot(SOL=size, entry={"SOL": entry}).wait(2_500)
    return world.mark("SOL", price).snapshot(SOL=size, entry={"SOL": entry}).later(1)


@pytest.mark.parametrize(
    ("change", "followed"),
    [(["5"], "5"), (["5", "-3"], "2"), (["5", "-3", "-4"], "0"), (["-2"], "0"), (["-2", "2"], "2"), (["-13"], "-3")],
)
def test_follow_changes_only_shrinks_its_baseline(change: list[str], followed: str) -> None:
    """From +10: 15 -> 5, 12 -> 2, 8 -> 0, then 10 -> 2, -3 -> -3."""
    world = starting(StartPolicy.FOLLOW_CHANGES)
    assert world.followed("SOL") == 0
    for each in change:
        world.source("SOL", each, "100")
    assert world.followed("SOL") == D(followed)


def test_follow_changes_as_one_story() -> None:
    """15 -> +5, 12 -> +2, 8 -> 0 with baseline 8, 10 -> +2, -3 -> -3; our sleeve goes along."""
    world = starting(StartPolicy.FOLLOW_CHANGES)
    for change, followed, baseline, sleeve in (
        ("5", "5", "10", "-0.25"),
        ("-3", "2", "10", "0"),
        ("-4", "0", "8", "0"),
        ("2", "2", "8", "0"),
        ("-13", "-3", "0", "0.15"),
    ):
        world.source("SOL", change, "100")
        while world.orders:
            world.fill(world.order)
        assert world.followed("SOL") == D(followed)
        assert world.state.follows["bot", "SOL"].now.baseline == D(baseline)  # type: ignore[union-attr]
        assert world.sleeve("SOL") == D(sleeve)


def test_ignore_until_flat_follows_nothing_until_flat_or_flipped_once() -> None:
    """Growing and shrinking say nothing; after flat everything is followed, and a flip counts as flat."""
    world = starting(StartPolicy.IGNORE_UNTIL_FLAT)
    for change in ("5", "-12"):
        assert world.source("SOL", change, "100").orders == []
        assert world.followed("SOL") == 0
    world.source("SOL", "-3", "100").source("SOL", "5", "100")
    assert world.followed("SOL") == 5
    flipped = starting(StartPolicy.IGNORE_UNTIL_FLAT).source("SOL", "-14", "100")
    assert flipped.followed("SOL") == -4


def test_join_takes_up_what_the_source_holds() -> None:
    """A join needs no fill of the source and no reference price: it opens with the sure reading."""
    world = starting(StartPolicy.JOIN)
    assert world.followed("SOL") == 10
    assert world.order.terms.quantity == D("0.5")
    assert world.check("chase").passed


@pytest.mark.parametrize(
    ("direction", "size", "price", "joins"),
    [
        (Direction.FADE, "10", "100", True),
        (Direction.FADE, "10", "101", True),
        (Direction.FADE, "10", "99.5", True),
        (Direction.FADE, "10", "99.4", False),
        (Direction.FADE, "-10", "100.5", True),
        (Direction.FADE, "-10", "100.6", False),
        (Direction.COPY, "10", "100.5", True),
        (Direction.COPY, "10", "100.6", False),
        (Direction.COPY, "-10", "99.5", True),
        (Direction.COPY, "-10", "99.4", False),
    ],
)
def test_join_if_better(direction: Direction, size: str, price: str, joins: bool) -> None:
    """Joined where the mark is at least as good for us as the source's entry, within 50 bps; else only changes."""
    world = starting(StartPolicy.JOIN_IF_BETTER, size, price=price, direction=direction)
    assert world.followed("SOL") == (D(size) if joins else 0)
    assert bool(world.orders) is joins


def test_a_bot_that_is_flat_at_the_start_is_followed_from_zero() -> None:
    """A coin that two complete readings do not show begins at zero, whatever the policy."""
    for policy in StartPolicy:
        world = World(settings(bot(start_policy=policy))).started().source("SOL", "40", "100")
        assert world.followed("SOL") == 40
        assert world.order.terms.quantity == 2


def test_a_first_fill_can_tell_the_start_too() -> None:
    """Without a snapshot a fill's own `startPosition` is the position at the start."""
    world = World().started(snapshots=False).source("SOL", "5", "100", start="10")
    assert world.followed("SOL") == 5


def test_a_release_after_a_flatten_is_a_new_start() -> None:
    """What the source holds at the release becomes baseline; its changes are followed again."""
    world = World().started().holding("SOL", "40", "100").order_by(Kill(flatten=True, bot="bot")).fill()
    world.order_by(Release(bot="bot")).mark("SOL", "100")
    assert (world.orders, world.followed("SOL")) == ([], D(0))
    world.wait(1).source("SOL", "20", "100")
    assert (world.followed("SOL"), world.order.terms.quantity) == (D(20), D(1))


def test_a_release_with_rejoin_takes_up_the_positions_again() -> None:
    """With `rejoin` the sleeve is opened again without a growth of the source."""
    world = World().started().holding("SOL", "40", "100").order_by(Kill(flatten=True, bot="bot")).fill()
    world.mark("SOL", "100").order_by(Release(bot="bot", rejoin=True))
    assert (world.followed("SOL"), world.order.terms.quantity) == (D(40), D(2))


def test_an_operators_rejoin_makes_up_for_what_was_missed() -> None:
    """An increase that was skipped is decided again when a person orders it, without a reference price."""
    world = World().started().source("SOL", "40", "100", fresh=False)
    assert world.orders == []
    world.mark("SOL", "120").order_by(Rejoin(bot="bot"))
    assert world.order.terms.quantity == 2
    assert any(key == f"source:{world.policy.bots[0].id}" for key in world.state.wakes)


def test_a_wallet_of_nobody_is_not_followed() -> None:
    """Fills of a wallet that no bot has change nothing."""
    stranger = "0x" + "ee" * 20
    assert stranger != WALLET
    world = World().started().source("SOL", "40", "100", wallet=stranger)
    assert world.turn.records == []
