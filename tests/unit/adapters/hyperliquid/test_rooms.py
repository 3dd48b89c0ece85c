"""Connections, subscriptions and users of one address: who gets them where they are scarce."""

from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fadearena.adapters.hyperliquid.limits import Purpose, Rooms, TapeRoom


@dataclass
class Wants:
    """So many subscriptions, of these users."""

    count: int = 0
    users: frozenset[str] = field(default_factory=frozenset)

    def __len__(self) -> int:
        return self.count


@pytest.mark.parametrize(
    ("coins", "room"),
    [
        (0, TapeRoom()),
        (150, TapeRoom(coins=150, connections=1, each=150)),
        (400, TapeRoom(coins=400, connections=3, each=150)),
        (700, TapeRoom(coins=590, connections=4, each=150)),
    ],
)
def test_the_tape_gets_what_accounts_and_prices_leave(coins: int, room: TapeRoom) -> None:
    """All that is wanted, and once more the largest connection, stay within a thousand: 590 + 10 + 200 + 200."""
    rooms = Rooms()
    with rooms.taken(Purpose.OWN, Wants(10)), rooms.taken(Purpose.PRICES, Wants(200)):
        assert rooms.tape(coins) == room


def test_the_tapes_own_connections_are_not_in_its_way() -> None:
    """What it has is not counted against it; what others want grows before it."""
    rooms, prices = Rooms(subscriptions=100, connections=4), Wants(10)
    with rooms.taken(Purpose.PRICES, prices), rooms.taken(Purpose.TAPE, Wants(45)), rooms.taken(Purpose.TAPE, Wants(3)):
        assert rooms.tape(200) == TapeRoom(coins=60, connections=2, each=30)
        prices.count = 40
        assert rooms.tape(200) == TapeRoom(coins=20, connections=1, each=40)
        assert (rooms.subscriptions, rooms.connections) == (88, 3)
        prices.count = 60
        assert rooms.tape(200) == TapeRoom()
    assert (rooms.subscriptions, rooms.connections) == (0, 0)


def test_users_that_our_accounts_leave_are_for_wallets() -> None:
    """Each user counts once, and the number is the exchange's, where it told one."""
    rooms = Rooms()
    own, others = Wants(8, frozenset("ab")), Wants(20, frozenset("cdefghij"))
    with rooms.taken(Purpose.OWN, own), rooms.taken(Purpose.WALLETS, others):
        assert rooms.wallets() == 8
        rooms.learn("Cannot track more than 15 total users.")
        assert rooms.wallets() == 13
        rooms.learn("Cannot track more than 1 total users.")
        assert rooms.wallets() == 0
        rooms.learn("Cannot subscribe to more than 60 channels.")
        rooms.learn("Already subscribed")
        assert rooms.tape(100) == TapeRoom(coins=12, connections=1, each=20)


@given(
    others=st.lists(st.integers(0, 300), max_size=6),
    subscriptions=st.integers(1, 2000),
    wanted=st.integers(0, 2000),
)
def test_the_rule_holds_whatever_is_wanted(others: list[int], subscriptions: int, wanted: int) -> None:
    """No connection, counted twice, goes beyond the limit; one stays free; every coin has a place."""
    rooms = Rooms(subscriptions=subscriptions)
    with ExitStack() as stack:
        for count in others:
            stack.enter_context(rooms.taken(Purpose.OWN, Wants(count)))
        room = rooms.tape(wanted)
    assert room.coins <= wanted
    assert room.coins <= room.connections * room.each
    if room.coins:
        assert room.coins + sum(others) + max(room.each, *others, 0) <= subscriptions
        assert room.connections + len(others) < 10
