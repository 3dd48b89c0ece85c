"""Watched wallets: told once, in order, repaired after each new connection; a failed read is told as failed."""

from typing import Any

from fadearena.adapters.hyperliquid.wallet_feed import HyperliquidWallets, WalletOptions
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.event import (
    Event,
    InputRejected,
    Notice,
    RepairStage,
    SourceFills,
    SourceRepair,
    SourceSnapshot,
)
from fadearena.model.wallet import Feed
from fadearena.ports.wallet_feed import Roster
from tests.support.hyperliquid import (
    ALICE,
    BOB,
    BROKEN,
    NOW,
    Desk,
    Listener,
    fill,
    fills_message,
    shape,
    told_of,
)
from tests.support.wire_net import Frame, WireSocket, polite

CALM = WalletOptions(period_ms=3_600_000)
"""No polls but the first: for stories of streams."""


def test_a_stream_is_repaired_once_it_is_confirmed_and_then_tells_each_fill_once() -> None:
    """What the snapshot and a second message repeat is not told again; TWAP slices are streamed, too."""
    desk = Desk(ManualClock(NOW))
    wallets = HyperliquidWallets(desk.line(), CALM)
    slices = {"user": ALICE, "twapSliceFills": [{"fill": fill(NOW + 2_500, coin="ETH"), "twapId": 9}]}

    async def story() -> tuple[list[Any], list[Any]]:
        wallets.follow(Roster(followed=(ALICE,)))
        async with Listener(aiter(wallets), desk.clock) as listener:
            first = await listener.wait(2_000)
            socket = desk.net.hearing("userFills")
            old, new = fill(NOW - 3_600_000), fill(NOW + 2_000)
            socket.say(fills_message(old, fill(NOW - 1_000), is_snapshot=True))
            socket.say(fills_message(new))
            socket.say(fills_message(new))
            socket.say({"channel": "userTwapSliceFills", "data": slices})
            return first, await listener.wait(1_000)

    first, told = run_jumping(story(), desk.clock)
    assert shape(first) == ["source-snapshot", "repair started", "repair done"]
    assert [(event.feed, [each.time - NOW for each in event.fills]) for event in told] == [
        (Feed.USER, [-1_000]),
        (Feed.USER, [2_000]),
        (Feed.USER, [2_500]),
    ]
    assert told[2].fills[0].is_twap


def test_after_a_lost_connection_what_was_missed_is_fetched_and_told() -> None:
    """First subscribed again, then fetched from the last fill that was known without a hole."""
    desk = Desk(ManualClock(NOW))
    wallets = HyperliquidWallets(desk.line(), CALM)

    async def story() -> list[Any]:
        wallets.follow(Roster(followed=(ALICE,)))
        async with Listener(aiter(wallets), desk.clock) as listener:
            await listener.wait(2_000)
            desk.net.hearing("userFills").say(fills_message(fill(NOW + 2_000)))
            await listener.wait(100_000)
            desk.answers["userFillsByTime"] = [fill(NOW + 2_000), fill(NOW + 102_500, start="1.0")]
            desk.net.hearing("userFills").drop()
            return await listener.wait(10_000)

    told = run_jumping(story(), desk.clock)
    assert isinstance(told[0], Notice)
    assert shape(told) == ["repair started", "source-fills", "repair done"]
    (fills,) = [event for event in told if isinstance(event, SourceFills)]
    assert (fills.feed, [each.time - NOW for each in fills.fills]) == (Feed.POLL, [102_500])
    assert desk.asked("userFillsByTime")[1]["startTime"] <= NOW + 2_000


def test_a_fill_that_comes_before_what_was_missed_does_not_hide_it() -> None:
    """What the new connection brings at once does not move the time from which is fetched."""
    desk = Desk(ManualClock(NOW))
    wallets = HyperliquidWallets(desk.line(), CALM)
    desk.net.hear = lambda socket, frame: None if frame["method"] == "subscribe" else polite(socket, frame)

    async def story() -> list[Any]:
        wallets.follow(Roster(followed=(ALICE,)))
        async with Listener(aiter(wallets), desk.clock) as listener:
            await listener.wait(1_000)
            socket = desk.net.hearing("userFills")
            socket.say(fills_message(fill(NOW + 300_000)))
            await listener.wait(1_000)
            desk.answers["userFillsByTime"] = [fill(NOW + 500), fill(NOW + 300_000)]
            polite(socket, {"method": "subscribe", "subscription": {"type": "userFills", "user": ALICE.upper()}})
            return await listener.wait(2_000)

    told = run_jumping(story(), desk.clock)
    (missed,) = [event for event in told if isinstance(event, SourceFills)]
    assert [each.time - NOW for each in missed.fills] == [500]


def test_a_repair_that_fails_is_told_once_and_tried_until_it_succeeds() -> None:
    """STARTED, FAILED after a minute, and DONE as soon as the exchange answers, with what was missed before it."""
    desk = Desk(ManualClock(NOW), userFillsByTime=BROKEN)
    wallets = HyperliquidWallets(desk.line(), CALM)

    async def story() -> list[Any]:
        wallets.follow(Roster(followed=(ALICE,)))
        async with Listener(aiter(wallets), desk.clock) as listener:
            await listener.wait(50_000)
            assert [event.stage for event in listener.of(SourceRepair)] == [RepairStage.STARTED]
            await listener.wait(50_000)
            desk.answers["userFillsByTime"] = [fill(NOW + 1_000)]
            await listener.wait(60_000)
            return [*listener.of(SourceRepair), *listener.of(SourceFills)]

    *stages, fills = run_jumping(story(), desk.clock)
    assert [event.stage for event in stages] == [
        RepairStage.STARTED,
        RepairStage.FAILED,
        RepairStage.STARTED,
        RepairStage.DONE,
    ]
    assert len(fills.fills) == 1


def test_a_fill_that_cannot_be_read_is_told_once_and_the_others_go_on() -> None:
    """Whether its numbers or its form are wrong, and however often it comes."""
    desk = Desk(ManualClock(NOW))
    bad = [fill(NOW + 1, px="free"), {"coin": "BTC"}]
    desk.answers["userFillsByTime"] = [fill(NOW + 1, px="free"), {"coin": "ETH"}, fill(NOW + 2)]
    wallets = HyperliquidWallets(desk.line(), CALM)

    async def story() -> list[Any]:
        wallets.follow(Roster(followed=(ALICE,)))
        async with Listener(aiter(wallets), desk.clock) as listener:
            await listener.wait(2_000)
            desk.net.hearing("userFills").say(fills_message(*bad, fill(NOW + 3)))
            desk.net.hearing("userFills").say(fills_message(*bad, fill(NOW + 4)))
            desk.net.hearing("userFills").say({"channel": "userFills", "data": 7})
            desk.net.hearing("userFills").say(b'{"channel":"userFills","data":{"user":"\xff","fills":[]}}')
            desk.net.hearing("userFills").say(fills_message(fill(NOW + 5), user=BOB))
            await listener.wait(1_000)
            return listener.told

    told = run_jumping(story(), desk.clock)
    assert [each.time - NOW for event in told if isinstance(event, SourceFills) for each in event.fills] == [2, 3, 4]
    assert len([event for event in told if isinstance(event, InputRejected)]) == 5


def test_fewer_users_than_hoped_are_streamed_and_the_others_polled() -> None:
    """The limit is read out of the exchange's words, whoever is beyond it gives its place up, people are told."""
    desk = Desk(ManualClock(NOW))
    wallets = HyperliquidWallets(desk.line(), CALM)
    crowd = [f"0x{number:040x}" for number in range(1, 5)]

    async def story() -> list[Any]:
        wallets.follow(Roster(followed=tuple(crowd)))
        async with Listener(aiter(wallets), desk.clock) as listener:
            await listener.wait(1_000)
            desk.net.hearing("userFills").say({"channel": "error", "data": "Cannot track more than 2 total users."})
            return await listener.wait(2_000)

    told = run_jumping(story(), desk.clock)
    assert [event.text for event in told if isinstance(event, Notice)] == [
        "the exchange streams 2 users at most: 2 are followed without a stream of their own",
        (
            "the socket of the wallets was lost (the exchange gives a user's place free with its connection only); "
            "what is missed is fetched again"
        ),
    ]
    assert {each["user"] for each in desk.net.hearing("userFills").asked()} == set(crowd[:2])


def test_who_is_not_followed_any_more_is_neither_streamed_nor_polled() -> None:
    """Who comes later takes the free place, on a new connection: only with the old one the exchange gives it free."""
    desk = Desk(ManualClock(NOW))
    wallets = HyperliquidWallets(desk.line(), WalletOptions(streams_max=1))

    async def story() -> tuple[list[Event], WireSocket]:
        wallets.follow(
            Roster(
                followed=(
                    ALICE,
                    BOB,
                )
            )
        )
        async with Listener(aiter(wallets), desk.clock) as listener:
            await listener.wait(15_000)
            wallets.follow(Roster(followed=(BOB,)))
            return await listener.wait(15_000), desk.net.hearing("userFills")

    told, socket = run_jumping(story(), desk.clock)
    assert {event.wallet for event in told_of(told)} == {BOB}
    assert {each["user"] for each in socket.asked()} == {BOB}
    assert [each["user"] for old in desk.net.sockets for each in old.asked() if each["type"] == "userFills"] == [
        ALICE,
        BOB,
    ]


def test_sleeves_that_come_and_go_do_not_renew_the_connection_again_and_again() -> None:
    """Who has a sleeve takes the place of one who has none; the next swap waits until ten minutes are over."""
    desk = Desk(ManualClock(NOW))
    wallets = HyperliquidWallets(desk.line(), WalletOptions(streams_max=1))

    def streamed() -> list[str]:
        return [each["user"] for old in desk.net.sockets for each in old.asked() if each["type"] == "userFills"]

    async def story() -> None:
        wallets.follow(Roster(followed=(ALICE, BOB)))
        async with Listener(aiter(wallets), desk.clock) as listener:
            for held, other in ((BOB, ALICE), (ALICE, BOB), (BOB, ALICE), (ALICE, BOB)):
                await listener.wait(60_000)
                wallets.follow(Roster(held=(held,), followed=(other,)))
            await listener.wait(400_000)
            assert streamed() == [ALICE, BOB]
            await listener.wait(60_000)
            assert streamed() == [ALICE, BOB, ALICE]

    run_jumping(story(), desk.clock)


def test_events_say_when_the_socket_was_last_heard() -> None:
    """Polls go on over a dead socket, but do not make it look alive."""
    desk = Desk(ManualClock(NOW))
    wallets = HyperliquidWallets(desk.line(), WalletOptions())

    async def story() -> list[SourceSnapshot]:
        wallets.follow(Roster(followed=(ALICE,)))
        async with Listener(aiter(wallets), desk.clock) as listener:
            await listener.wait(1_000)
            desk.net.hear = lambda *_: None
            await listener.wait(35_000)
            return listener.of(SourceSnapshot)

    told = run_jumping(story(), desk.clock)
    assert max(event.heard or 0 for event in told) < NOW + 1_000
    assert told[-1].time >= NOW + 30_000


def test_what_was_learnt_stays_for_the_next_listener() -> None:
    """A fill that the first listener was told is not told to the second."""
    desk = Desk(ManualClock(NOW), userFillsByTime=[fill(NOW)])
    wallets = HyperliquidWallets(desk.line(), CALM)

    async def story() -> list[int]:
        wallets.follow(Roster(followed=(ALICE,)))
        counts: list[int] = []
        for _ in range(2):
            async with Listener(aiter(wallets), desk.clock) as listener:
                await listener.wait(5_000)
                counts.append(len(listener.of(SourceFills)))
                assert RepairStage.DONE in {event.stage for event in listener.of(SourceRepair)}
        return counts

    assert run_jumping(story(), desk.clock) == [1, 0]


def test_coins_that_wallets_trade_become_wanted_and_listed() -> None:
    """Prices and lists follow what is seen, without spot pairs; a refusal for lack of room is told."""
    desk = Desk(ManualClock(NOW))
    line = desk.line(coins_max=1)
    wallets = HyperliquidWallets(line, CALM)

    async def story() -> list[Notice]:
        wallets.follow(Roster(followed=(ALICE,)))
        async with Listener(aiter(wallets), desk.clock) as listener:
            await listener.wait(2_000)
            news = [fill(NOW + n, coin=coin) for n, coin in enumerate(("BTC", "@107", "xyz:NVDA"))]
            desk.net.hearing("userFills").say(fills_message(*news))
            await listener.wait(1_000)
            return listener.of(Notice)

    (notice,) = run_jumping(story(), desk.clock)
    assert {*line.interest.coins, *line.interest.refused} == {"BTC", "xyz:NVDA"}
    assert "not streamed" in notice.text


def test_a_connection_that_is_lost_during_a_repair_is_repaired_again() -> None:
    """What was fetched does not vouch for what was missed meanwhile."""
    desk = Desk(ManualClock(NOW))
    wallets = HyperliquidWallets(desk.line(attempts=9), CALM)
    answers = iter([BROKEN] * 5)

    def slow(_: Frame) -> object:
        if len(desk.net.sockets) == 1:
            desk.net.sockets[0].drop()
        return next(answers, [])

    desk.answers["userFillsByTime"] = slow

    async def story() -> list[RepairStage]:
        wallets.follow(Roster(followed=(ALICE,)))
        async with Listener(aiter(wallets), desk.clock) as listener:
            await listener.wait(60_000)
            return [event.stage for event in listener.of(SourceRepair)]

    assert run_jumping(story(), desk.clock) == [RepairStage.STARTED, RepairStage.DONE]


def test_slices_of_which_one_cannot_be_read_are_told_without_it() -> None:
    """As with plain fills; and a message on somebody else is nobody's."""
    desk = Desk(ManualClock(NOW))
    wallets = HyperliquidWallets(desk.line(), CALM)
    rows = [{"fill": fill(NOW + 1), "twapId": 4}, {"fill": {}, "twapId": 4}]

    async def story() -> list[Any]:
        wallets.follow(Roster(followed=(ALICE,)))
        async with Listener(aiter(wallets), desk.clock) as listener:
            await listener.wait(2_000)
            for user in (ALICE, BOB):
                data = {"user": user, "twapSliceFills": rows}
                desk.net.hearing("userFills").say({"channel": "userTwapSliceFills", "data": data})
            desk.net.hearing("userFills").say({"channel": "notification", "data": {"notification": "hello"}})
            return await listener.wait(1_000)

    assert shape(run_jumping(story(), desk.clock)) == ["input-rejected", "source-fills"]


def test_a_fill_of_an_impossible_time_does_not_hide_what_is_missed_later() -> None:
    """However far ahead its time is, what is fetched after a lost connection begins where it should."""
    desk = Desk(ManualClock(NOW))
    wallets = HyperliquidWallets(desk.line(), CALM)

    async def story() -> None:
        wallets.follow(Roster(followed=(ALICE,)))
        async with Listener(aiter(wallets), desk.clock) as listener:
            await listener.wait(2_000)
            desk.net.hearing("userFills").say(fills_message(fill(NOW + 86_400_000)))
            await listener.wait(1_000)
            desk.net.hearing("userFills").drop()
            await listener.wait(5_000)

    run_jumping(story(), desk.clock)
    assert desk.asked("userFillsByTime")[-1]["startTime"] <= NOW + 2_000
