"""A socket that all kinds of things happen to: it comes back whole, and tells no story that cannot be."""

import asyncio
from random import Random

import pytest

from fadearena.adapters.hyperliquid.session import Connected, Lost, Message, News, Subscribed
from tests.support.session_line import Line
from tests.support.wire_net import Frame, WireSocket, polite

WANTED = [{"type": "bbo", "coin": f"C{n}"} for n in range(20)]


@pytest.mark.parametrize("seed", range(10))
def test_whatever_happens_to_it_the_line_comes_back_whole(seed: int) -> None:
    """
    Drops, silence, garbage, refusals and lost confirmations, in any order and at any time.

    Once they end all subscriptions are confirmed; each connection is told from its beginning to its end, nothing comes
    between an end and the next beginning, and no subscription is confirmed twice on one connection.
    """
    random, line = Random(seed), Line()
    for each in WANTED:
        line.session.subscribe(each)

    def forgetful(socket: WireSocket, frame: Frame) -> None:
        if random.random() < 0.8:
            polite(socket, frame)
        socket.say({"channel": "bbo", "data": {}})

    async def story() -> None:
        line.net.hear = forgetful
        for _ in range(30):
            await trouble(line, random)
            await asyncio.sleep(random.randrange(100))
        line.net.hear = polite
        await asyncio.sleep(600)
        assert line.session.is_connected
        assert line.session.unconfirmed == ()

    line.run(story)
    assert confirmed_in(line.told) == {each["coin"] for each in WANTED}


async def trouble(line: Line, random: Random) -> None:
    """Let something happen to the newest socket."""
    socket = await line.net.socket()
    match random.randrange(5):
        case 0:
            socket.drop()
        case 1:
            socket.is_deaf = True
        case 2:
            socket.say("garbage")
        case 3:
            line.net.refusals = random.randrange(4)
            socket.drop()
        case _:
            line.session.unsubscribe(WANTED[-1])
            line.session.subscribe(WANTED[-1])


def confirmed_in(told: list[News]) -> set[str]:
    """Check that the news are a story that can be; return what is confirmed at its end."""
    is_open, confirmed = False, set[str]()
    for news in told:
        if isinstance(news, Connected):
            assert not is_open
            is_open, confirmed = True, set()
        elif isinstance(news, Lost):
            assert is_open
            is_open = False
        elif isinstance(news, Message):
            assert is_open
        elif isinstance(news, Subscribed):
            coin = str(news.subscription["coin"])
            assert is_open
            assert coin not in confirmed or coin == "C19"  # which was wanted anew
            confirmed.add(coin)
    return confirmed
