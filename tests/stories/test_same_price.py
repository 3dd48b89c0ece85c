"""A price that is told again as it was is no news, whether it is the same object or a copy from the journal."""

from typing import Any

import msgspec
import pytest

from fadearena.core.engine import Turned
from fadearena.core.state import encode
from fadearena.model.event import Kill, Marks
from fadearena.model.market import Quote
from tests.support.world import World


def the_same(quote: Quote) -> Quote:
    """Return the quote itself, as a running worker attaches it again."""
    return quote


def a_copy(quote: Quote) -> Quote:
    """Return an equal one, as a replay reads it from the journal."""
    return msgspec.json.decode(msgspec.json.encode(quote), type=Quote)


def waiting() -> World:
    """Return a world in which a kill keeps a reduce back, and the last price is old."""
    world = World().started().source("ETH", "10", "4000").fill().wait(5_000)
    return world.order_by(Kill()).source("ETH", "-5", "4000").later(70_000)


@pytest.mark.parametrize("again", [the_same, a_copy])
def test_the_same_price_again_is_no_news(again: Any) -> None:
    """No book is looked at anew, nothing is asked for and nothing is said."""
    world = waiting()
    quote = again(world.state.quotes["ETH"])
    world.send(Marks(time=world.now, received=world.now, quotes=(quote,)))
    assert world.turn == Turned(commands=[], records=[])


def test_a_replay_ends_where_the_run_ended() -> None:
    """With the object and with the copy the state is the same, byte for byte."""
    states = []
    for again in (the_same, a_copy):
        world = waiting()
        for _ in range(4):
            world.later(2_000)
            quote = again(world.state.quotes["ETH"])
            world.send(Marks(time=world.now, received=world.now, quotes=(quote,)))
        states.append(encode(world.state))
    assert states[0] == states[1]
