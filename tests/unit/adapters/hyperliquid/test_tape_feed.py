"""The tape over several connections: what is told of losses and gaps, and how it is known that a socket lies."""

from collections.abc import Callable, Coroutine
from typing import Any

from fadearena.adapters.hyperliquid.limits import Purpose
from fadearena.adapters.hyperliquid.tape_feed import Tape, TapeFills, TapeGap, TapeLost, TapeWhole
from fadearena.kit.jumping import run_jumping
from fadearena.model.units import Side
from fadearena.ports.sightings import FeedState
from tests.support.hyperliquid import ALICE, BOB, NOW, meta
from tests.support.tape import Listening, Street

Story = Callable[[Street, Tape, Listening], Coroutine[Any, Any, None]]


def play(story: Story, *coins: str, wallets: tuple[str, ...] = (ALICE, BOB)) -> None:
    """Have a story happen on an exchange with some coins, of which each has traded before."""
    street = Street(*(coins or ("BTC", "ETH")))

    async def main() -> None:
        for coin in coins or ("BTC", "ETH"):
            street.happen(coin, buyer=ALICE)
        listening = Listening(street, wallets)
        async with listening as tape:
            await street.wait(1_000)
            await story(street, tape, listening)
        for socket in street.sockets:
            assert socket.is_closed

    run_jumping(main(), street.clock)


def test_it_tells_what_watched_wallets_trade() -> None:
    """First the batch of recent trades, then each message; who is watched changes without another socket."""

    async def story(street: Street, tape: Tape, _: Listening) -> None:
        assert street.take() == ["1 fills", "whole BTC", "1 fills", "whole ETH"]
        assert tape.covered_since("BTC") == NOW + 1
        assert tape.covered_since("DOGE") is None
        street.happen("BTC", seller=BOB, count=2)
        street.happen("BTC")
        await street.wait(10)
        (fills,) = street.of(TapeFills)
        assert isinstance(fills, TapeFills)
        assert (fills.wallet, [fill.side for fill in fills.fills]) == (BOB, [Side.SELL, Side.SELL])
        assert tape.heard == street.clock.now_ms() - 10
        tape.watch((ALICE,))
        street.take()
        street.happen("ETH", seller=BOB, buyer=ALICE)
        await street.wait(10)
        assert [type(each) for each in street.told] == [TapeFills]
        assert len(street.sockets) == 1

    play(story)


def test_a_batch_that_reaches_back_bridges_the_loss() -> None:
    """What was missed is told like anything else, once; no gap is told, and all is whole since when it was before."""

    async def story(street: Street, tape: Tape, _: Listening) -> None:
        street.happen("BTC", buyer=ALICE)
        await street.wait(10)
        since = tape.covered_since("BTC")
        street.take()
        street.sockets[0].drop()
        await street.wait(10)
        (lost,) = street.told
        assert isinstance(lost, TapeLost)
        assert (set(lost.coins), lost.since) == ({"BTC", "ETH"}, street.clock.now_ms() - 20)
        assert tape.covered_since("BTC") is None
        street.happen("BTC", buyer=ALICE, count=28)
        street.take()
        await street.wait(2_000)
        assert street.take() == ["28 fills", "whole BTC", "whole ETH"]
        assert (tape.status().counts["lost"], tape.status().counts["bridged"]) == (1, 2)
        assert tape.covered_since("BTC") == since

    play(story)


def test_a_batch_that_does_not_reach_back_leaves_a_gap() -> None:
    """From when it was surely heard up to behind the batch; the gap is told before its fills."""

    async def story(street: Street, tape: Tape, _: Listening) -> None:
        street.happen("BTC", buyer=ALICE)
        sure = street.clock.now_ms()
        await street.wait(10)
        street.sockets[0].drop()
        await street.wait(10)
        street.happen("BTC", buyer=ALICE, count=40)
        missed = street.clock.now_ms()
        street.told.clear()
        await street.wait(2_000)
        gap, fills, whole, other = street.told
        assert gap == TapeGap(("BTC",), sure)
        assert isinstance(fills, TapeFills)
        assert len(fills.fills) == 30
        assert (whole, other) == (TapeWhole(("BTC",), missed + 1), TapeWhole(("ETH",), NOW + 1))
        assert tape.covered_since("BTC") == missed + 1
        assert tape.status().counts["gaps"] == 1

    play(story)


def test_a_loss_that_lasts_is_told_once_and_ends_once() -> None:
    """Sockets that are refused or lost before they told anything change nothing of what was known."""

    async def story(street: Street, tape: Tape, _: Listening) -> None:
        street.take()
        street.desk.net.refusals = 2
        street.batch = None
        street.sockets[0].drop()
        await street.wait(100)
        street.happen("BTC", buyer=ALICE)
        while len(street.sockets) < 2:
            await street.wait(10)
        street.sockets[1].drop()
        street.batch = 30
        await street.wait(20_000)
        assert [each for each in street.take() if "fills" not in each] == ["lost BTC ETH", "whole BTC", "whole ETH"]
        assert len(set(street.keys())) == len(street.keys())

    play(story)


def test_a_coin_that_never_traded_is_whole_once_others_are_told() -> None:
    """There is no batch to come; a trade of it later is told, and after a loss nothing of it was missed."""

    async def story(street: Street, tape: Tape, listening: Listening) -> None:
        street.desk.answers["meta"] = meta("BTC", "ETH", "NEW")
        await listening.line.listing.refresh()
        tape.listed()
        await street.wait(100)
        assert tape.covered_since("NEW") is None
        await street.wait(10_000)
        since = tape.covered_since("NEW")
        assert since is not None
        street.take()
        street.sockets[0].drop()
        await street.wait(10_000)
        assert sorted(street.take()) == ["lost BTC ETH NEW", "whole BTC", "whole ETH", "whole NEW"]
        assert tape.covered_since("NEW") == since
        street.happen("NEW", buyer=ALICE)
        await street.wait(10)
        assert street.take() == ["1 fills"]

    play(story)


def test_a_quiet_market_stays_fresh_and_keeps_its_socket() -> None:
    """It is asked for a batch it has shown before: that proves that it would have told more."""

    async def story(street: Street, tape: Tape, _: Listening) -> None:
        street.take()
        for _second in range(30):
            await street.wait(2_000)
            assert street.clock.now_ms() - tape.heard <= 5_000
        assert street.take() == []
        assert len(street.sockets) == 1
        assert tape.status().state is FeedState.OK
        assert 15 <= tape.status().counts["asked"] <= 20
        street.sockets[0].drop()
        await street.wait(10)
        (lost,) = street.told
        assert isinstance(lost, TapeLost)
        assert street.clock.now_ms() - lost.since <= 45_000

    play(story)


def test_a_socket_that_answers_pings_only_is_made_anew() -> None:
    """It confirms and says nothing; the loss is told from when it was surely heard, and the batch bridges it."""

    async def story(street: Street, tape: Tape, _: Listening) -> None:
        await street.wait(3_000)
        street.happen("BTC", buyer=ALICE)
        sure = street.clock.now_ms()
        await street.wait(10)
        street.take()
        street.mute.add(street.sockets[0])
        street.happen("ETH", buyer=ALICE, count=5)
        await street.wait(15_000)
        assert len(street.sockets) == 2
        assert sorted(street.take()) == ["5 fills", "lost BTC ETH", "whole BTC", "whole ETH"]
        assert sure < street.clock.now_ms() - 10_000
        assert tape.status().counts["renewed"] == 1
        street.mute.update(street.sockets)
        street.desk.net.sockets[-1].drop()

    play(story)


def test_a_clock_that_was_ahead_hides_no_silence() -> None:
    """What was heard in its future counts as heard now, once it was set back; nothing is sure beyond what is right."""

    async def story(street: Street, tape: Tape, listening: Listening) -> None:
        listening.clock.off_ms = 30_000
        street.happen("BTC", buyer=ALICE)
        street.sockets[0].drop()
        await street.wait(10_000)
        listening.clock.off_ms = 0
        street.mute.update(street.sockets)
        silent = street.clock.now_ms()
        street.happen("BTC", buyer=ALICE)
        street.take()
        await street.wait(12_000)
        lost, *_ = street.told
        assert isinstance(lost, TapeLost)
        assert lost.since < silent
        assert sorted(street.take()) == ["1 fills", "lost BTC ETH", "whole BTC", "whole ETH"]

    play(story)


def test_a_socket_that_keeps_trades_to_itself_is_made_anew() -> None:
    """What it shows when asked it should have told; a batch that does not reach back says the same."""

    async def story(street: Street, tape: Tape, _: Listening) -> None:
        for count in (2, 50):
            street.take()
            number, socket = len(street.sockets), street.sockets[-1]
            street.mute.add(socket)
            for _trade in range(count):
                street.happen("BTC", buyer=ALICE)
                street.happen("ETH", buyer=ALICE)
                await street.wait(4_000 // count)
            street.mute.remove(socket)
            await street.wait(12_000)
            assert len(street.sockets) == number + 1
            assert len(street.of(TapeLost)) == 1
            assert len(set(street.keys())) == len(street.keys())

    play(story)


def test_a_fresh_socket_that_brings_nothing_is_made_anew_ever_more_slowly() -> None:
    """Coins that have traded before must bring a batch; none is called whole meanwhile."""

    async def story(street: Street, tape: Tape, _: Listening) -> None:
        street.batch = None
        street.sockets[0].drop()
        await street.wait(60_000)
        assert 3 <= len(street.sockets) <= 8
        assert tape.covered_since("BTC") is None
        assert tape.status().state is FeedState.STALE
        street.batch = 30
        street.take()
        await street.wait(40_000)
        assert street.take() == ["whole BTC", "whole ETH"]
        assert tape.status().state is FeedState.OK

    play(story)


def test_a_fresh_socket_that_confirms_nothing_is_made_anew() -> None:
    """It is not waited for as long as one that was heard."""

    async def story(street: Street, tape: Tape, _: Listening) -> None:
        street.desk.net.hear = lambda _socket, _frame: None
        street.sockets[0].drop()
        await street.wait(13_000)
        assert len(street.sockets) == 3
        assert street.sockets[1].is_closed

    play(story)


def test_what_cannot_be_read_is_a_gap_of_its_coin_only() -> None:
    """It is told, the socket stays, and the others go on; where no coin can be read, all are doubted."""

    async def story(street: Street, tape: Tape, _: Listening) -> None:
        street.take()
        await street.wait(500)
        socket = street.sockets[0]
        socket.say({"channel": "trades", "data": [{"coin": "ETH", "px": 5}]})
        await street.wait(10)
        assert street.take() == ["rejected", "gap ETH", "whole ETH"]
        assert tape.covered_since("ETH") == street.clock.now_ms() - 9
        assert tape.covered_since("BTC") == NOW + 1
        socket.say({"channel": "trades", "data": {"coin": "ETH"}})
        await street.wait(10)
        assert street.take() == ["rejected", "gap BTC", "gap ETH", "whole BTC", "whole ETH"]
        street.happen("BTC", buyer=ALICE)
        await street.wait(10)
        assert street.take() == ["1 fills"]
        assert len(street.sockets) == 1

    play(story)


def test_a_refused_coin_takes_no_other_down() -> None:
    """It is named, asked for again, and whole once it is confirmed."""

    async def story(street: Street, tape: Tape, listening: Listening) -> None:
        street.refuse["NEW"] = 'Invalid subscription {"type":"trades","coin":"NEW"}'
        street.desk.answers["meta"] = meta("BTC", "ETH", "NEW", "NEWER")
        await listening.line.listing.refresh()
        tape.listed()
        await street.wait(9_000)
        status = tape.status()
        assert (status.refused, status.wanted, status.confirmed) == (("trades NEW",), 4, 3)
        street.refuse.clear()
        await street.wait(20_000)
        assert (tape.status().refused, tape.status().confirmed) == ((), 4)
        assert tape.covered_since("NEW") is not None

    play(story)


class Prices:
    """What somebody else wants."""

    count = 0
    users = frozenset[str]()

    def __len__(self) -> int:
        return self.count


COINS = tuple(f"C{number}" for number in range(400))


def test_many_coins_are_spread_over_few_connections_within_the_limits() -> None:
    """Where others want more the last ones give their rooms back, are named, and told as a gap; preferred ones stay."""

    async def story(street: Street, tape: Tape, listening: Listening) -> None:
        await street.wait(2_000)
        assert len(street.sockets) == 3
        assert tape.status().confirmed == 400
        assert max(len(socket.asked()) for socket in street.sockets) <= 150
        street.told.clear()
        prices = Prices()
        with listening.line.limits.rooms.taken(Purpose.PRICES, prices):
            tape.prefer(("C399", "C398", "GONE"))
            prices.count = 310
            await street.wait(20_000)
            assert {coin for each in street.of(TapeGap) for coin in each.coins} == set(COINS[378:398])  # type: ignore[union-attr]
            status = tape.status()
            assert (status.confirmed, status.refused[0], status.refused[-1]) == (380, "C378", "C397")
            assert len(street.sockets) == 3
            assert listening.line.limits.rooms.subscriptions == 690
        street.told.clear()
        await street.wait(20_000)
        assert tape.status().confirmed == 400
        assert not street.of(TapeGap)

    play(story, *COINS)


def test_a_delisted_coin_leaves_and_a_connection_too_many_is_given_up() -> None:
    """Coins that move to another connection are whole all the time."""

    async def story(street: Street, tape: Tape, listening: Listening) -> None:
        assert len(street.sockets) == 2
        street.told.clear()
        universe = meta(*COINS[:160])["universe"]
        assert isinstance(universe, list)
        for asset in universe[:60]:
            asset["isDelisted"] = True
        street.desk.answers["meta"] = {"universe": universe, "marginTables": [], "collateralToken": 0}
        await listening.line.listing.refresh()
        tape.listed()
        await street.wait(20_000)
        assert sum(not socket.is_closed for socket in street.sockets) == 1
        assert len(street.of(TapeGap)) == 60
        assert not street.of(TapeLost)
        assert all(tape.covered_since(coin) == NOW + 1 for coin in COINS[60:160])
        assert tape.covered_since("C0") is None

    play(story, *COINS[:160])


def test_without_wallets_it_is_off() -> None:
    """Nothing is subscribed to for nobody; the first wallet begins it, the last one ends it."""

    async def story(street: Street, tape: Tape, _: Listening) -> None:
        assert (tape.status().state, tape.status().connections, street.sockets) == (FeedState.OFF, 0, [])
        tape.watch((ALICE,))
        await street.wait(10)
        assert tape.status().state is FeedState.OK
        assert tape.status().connections == 1
        tape.watch(())
        await street.wait(3_000)
        assert street.listeners("BTC") == []

    play(story, wallets=())


def test_listening_again_tells_nothing_twice() -> None:
    """What was missed between is told, as after any loss."""
    street = Street("BTC")

    async def main() -> None:
        street.happen("BTC", buyer=ALICE)
        listening = Listening(street, (ALICE,))
        for _ in range(3):
            async with listening:
                await street.wait(1_000)
                street.happen("BTC", buyer=ALICE)
                await street.wait(1_000)
            assert listening.tape.covered_since("BTC") is None
            street.happen("BTC", buyer=ALICE)
        assert len(street.keys()) == 6
        assert len(set(street.keys())) == 6
        assert not street.of(TapeGap)

    run_jumping(main(), street.clock)


def test_a_tape_without_room_is_not_off() -> None:
    """Somebody is watched, and nothing is heard: that is no peace, and people are told."""

    async def story(street: Street, tape: Tape, listening: Listening) -> None:
        assert tape.status().state is FeedState.OK
        listening.line.limits.rooms.learn("Cannot subscribe to more than 1 channels.")
        await street.wait(5_000)
        assert tape.status().state is FeedState.STALE
        assert set(tape.status().refused) == {"BTC", "ETH"}

    play(story)
