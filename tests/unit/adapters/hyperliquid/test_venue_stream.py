"""What is pushed of our accounts: told once, caught up with after each new connection, never called complete."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.command import SetLeverage
from fadearena.model.error import VenueUnavailable
from fadearena.model.event import BudgetRead, CashMoved, FundingPaid, InputRejected, Notice, OwnFills
from tests.support.hyperliquid import ALICE, BOB, BROKEN, NOW, Desk, Listener, fill, fills_message
from tests.support.hyperliquid_venue import SIGNER, venue_on

HOUR = 3_600_000
LIMIT = {"cumVlm": "100.0", "nRequestsUsed": 40, "nRequestsCap": 10_100, "nRequestsSurplus": 0}
DEPOSIT = {"time": NOW - 50, "hash": "0x" + "22" * 32, "delta": {"type": "deposit", "usdc": "25.0"}}


def desk_of(**answers: object) -> Desk:
    """Return an exchange on which nothing happened so far."""
    quiet = {
        "userFunding": [],
        "userNonFundingLedgerUpdates": [],
        "userRateLimit": LIMIT,
        "userAbstraction": "disabled",
    }
    return Desk(ManualClock(NOW), **quiet | answers)


def payment(time: int, usd: str = "-1.5") -> dict[str, object]:
    """Return a payment of funding as the stream tells it."""
    return {"time": time, "coin": "BTC", "usdc": usd, "szi": "10.0", "fundingRate": "0.001", "nSamples": None}


def pushed(channel: str, rows: Sequence[object], user: str = ALICE) -> dict[str, object]:
    """Return a message of money that came or went."""
    name = "fundings" if channel == "userFundings" else "nonFundingLedgerUpdates"
    return {"channel": channel, "data": {"user": user, name: list(rows), "isSnapshot": True}}


def without_budgets(told: list[Any]) -> list[Any]:
    """Return what was told, without budgets."""
    return [event for event in told if not isinstance(event, BudgetRead)]


def test_each_account_is_told_of_once_under_its_own_name() -> None:
    """Fills, funding and deposits come by the user whom a message names; repetitions say nothing."""
    desk = desk_of()
    venue = venue_on(desk.line())

    async def story() -> list[Any]:
        async with Listener(aiter(venue), desk.clock) as listener:
            await listener.wait(1_000)
            socket = desk.net.hearing("userFills")
            for _ in range(2):
                socket.say(fills_message(fill(NOW + 500), user=BOB))
                socket.say(pushed("userFundings", [payment(NOW - HOUR)]))
                socket.say(pushed("userNonFundingLedgerUpdates", [DEPOSIT]))
                socket.say(fills_message(fill(NOW + 500), user="0x" + "99" * 20))
            return await listener.wait(1_000)

    fills, paid, moved = run_jumping(story(), desk.clock)
    assert isinstance(fills, OwnFills)
    assert (fills.account, fills.is_complete_to, len(fills.fills)) == ("sub", None, 1)
    assert isinstance(paid, FundingPaid)
    assert (paid.account, paid.usd, paid.oracle) == ("main", Decimal("-1.5"), Decimal(150))
    assert isinstance(moved, CashMoved)
    assert (moved.account, moved.usd) == ("main", Decimal(25))


def test_after_each_connection_what_was_missed_is_fetched() -> None:
    """Fills, funding and deposits alike; what was told before is not told again, and nothing is called complete."""
    desk = desk_of()
    venue = venue_on(desk.line())

    async def story() -> list[Any]:
        async with Listener(aiter(venue), desk.clock) as listener:
            await listener.wait(1_000)
            desk.net.hearing("userFills").say(fills_message(fill(NOW + 1_000)))
            await listener.wait(60_000)
            row = {"time": NOW + 61_000, "hash": "0x0", "delta": payment(0) | {"type": "funding"}}
            mine = [fill(NOW + 1_000), fill(NOW + 61_000)]
            desk.answers["userFillsByTime"] = lambda frame: mine if frame["user"] == ALICE else []
            desk.answers["userFunding"] = lambda frame: [row] if frame["user"] == ALICE else []
            desk.answers["userNonFundingLedgerUpdates"] = lambda frame: [DEPOSIT] if frame["user"] == BOB else []
            desk.net.hearing("userFills").drop()
            return await listener.wait(10_000)

    told = without_budgets(run_jumping(story(), desk.clock))
    assert isinstance(told[0], Notice)
    assert sorted(type(event).__name__ for event in told[1:]) == ["CashMoved", "FundingPaid", "OwnFills"]
    (fills,) = [event for event in told if isinstance(event, OwnFills)]
    assert ([each.time - NOW for each in fills.fills], fills.is_complete_to) == ([61_000], None)


def test_what_nobody_took_is_told_by_the_next_iteration() -> None:
    """The exchange tells it once, and its history says nothing of it yet: it waits for whoever listens next."""
    desk = desk_of()
    venue = venue_on(desk.line())

    async def story() -> list[Any]:
        news = aiter(venue)
        assert isinstance(await anext(news), BudgetRead)
        await desk.clock.sleep_until(NOW + 1_000)
        desk.net.hearing("userFills").say(pushed("userFundings", [payment(NOW - HOUR)]))
        await desk.clock.sleep_until(NOW + 2_000)
        await news.aclose()  # type: ignore[attr-defined]  # it is a generator
        async with Listener(aiter(venue), desk.clock) as listener:
            return await listener.wait(1_000)

    told = run_jumping(story(), desk.clock)
    assert [event.usd for event in told if isinstance(event, FundingPaid)] == [Decimal("-1.5")]


def test_a_history_that_cannot_be_read_is_told_and_tried_again() -> None:
    """A notice for each failure, and what was missed as soon as the exchange answers."""
    desk = desk_of(userFunding=BROKEN)
    venue = venue_on(desk.line())

    async def story() -> list[Any]:
        async with Listener(aiter(venue), desk.clock) as listener:
            await listener.wait(3_000)
            desk.answers["userFunding"] = []
            desk.answers["userFillsByTime"] = lambda frame: [fill(NOW)] if frame["user"] == ALICE else []
            await listener.wait(30_000)
            return without_budgets(listener.told)

    assert [type(event) for event in run_jumping(story(), desk.clock)] == [Notice, Notice, OwnFills]


def test_what_cannot_be_read_is_rejected_by_row() -> None:
    """An unknown kind of transfer, a fill without a price, a message of another form."""
    desk = desk_of()
    venue = venue_on(desk.line())
    strange = DEPOSIT | {"delta": {"type": "teleport"}}

    async def story() -> list[Any]:
        async with Listener(aiter(venue), desk.clock) as listener:
            await listener.wait(1_000)
            socket = desk.net.hearing("userFills")
            socket.say(pushed("userNonFundingLedgerUpdates", [strange, DEPOSIT]))
            socket.say(fills_message(fill(NOW, px="-"), fill(NOW + 1)))
            socket.say({"channel": "userFundings", "data": {"user": ALICE, "fundings": 3}})
            return await listener.wait(1_000)

    told = run_jumping(story(), desk.clock)
    assert [type(event) for event in told] == [InputRejected, CashMoved, InputRejected, OwnFills, InputRejected]


def test_what_is_left_of_the_budget_is_told_every_five_minutes() -> None:
    """For each account by its own name."""
    desk = desk_of()
    venue = venue_on(desk.line())

    async def story() -> list[BudgetRead]:
        async with Listener(aiter(venue), desk.clock) as listener:
            await listener.wait(301_000)
            return listener.of(BudgetRead)

    told = run_jumping(story(), desk.clock)
    assert [(event.account, event.actions_left) for event in told] == [("main", 10_060), ("sub", 10_060)] * 2


def test_once_the_budget_is_used_up_an_action_waits_its_ten_seconds_here() -> None:
    """The exchange lets one through every ten seconds; what comes earlier never leaves, and that is certain."""
    desk = desk_of(
        userRateLimit=LIMIT | {"nRequestsUsed": 10_100},
        updateLeverage={"status": "ok", "response": {"type": "default"}},
    )
    venue = venue_on(desk.line())

    async def story() -> list[str]:
        came: list[str] = []
        async with Listener(aiter(venue), desk.clock) as listener:
            await listener.wait(1_000)
            for nonce, pause in ((1, 5_000), (2, 6_000), (3, 0)):
                command = SetLeverage(
                    account="main",
                    signer=SIGNER.address,
                    coin="BTC",
                    asset_id=0,
                    leverage=3,
                    is_cross=True,
                    nonce=NOW + nonce,
                    expires_after=NOW + 60_000,
                )
                try:
                    await venue.execute(command)
                    came.append("done")
                except VenueUnavailable:
                    came.append("kept back")
                await listener.wait(pause)
        return came

    assert run_jumping(story(), desk.clock) == ["kept back" if n == 1 else "done" for n in range(3)]


def test_a_budget_that_cannot_be_read_says_nothing() -> None:
    """The next reading may; until then what was known stays known."""
    desk = desk_of(userRateLimit=BROKEN)
    venue = venue_on(desk.line())

    async def story() -> list[BudgetRead]:
        async with Listener(aiter(venue), desk.clock) as listener:
            await listener.wait(10_000)
            desk.answers["userRateLimit"] = LIMIT
            await listener.wait(300_000)
            return listener.of(BudgetRead)

    assert len(run_jumping(story(), desk.clock)) == 2
