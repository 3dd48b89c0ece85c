"""Several accounts of ours: each is told of by its own name, its signer is asked for, and they may come and go."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import pytest

from fadearena.adapters.hyperliquid.limits import RateBudget
from fadearena.adapters.hyperliquid.rest import ExchangeClient
from fadearena.adapters.hyperliquid.signing import Signer
from fadearena.adapters.hyperliquid.venue import AccountReader, HyperliquidVenue, VenueAccount
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.command import BurnNonce, SetLeverage
from fadearena.model.error import VenueError
from fadearena.model.event import BudgetRead, Notice, OwnFills, SignerRead
from fadearena.model.order import ActionOutcome
from tests.support.hyperliquid import ALICE, BOB, BROKEN, NOW, Desk, Listener, fill, fills_message
from tests.support.wire_net import Frame, polite

T = TypeVar("T")
CAROL = "0x" + "c3" * 20
FIRST, SECOND = Signer("0x" + "11" * 32), Signer("0x" + "22" * 32)
MAIN = VenueAccount(address=ALICE, signer=FIRST.address)
SUB = VenueAccount(address=BOB, is_vault=True, signer=FIRST.address)
OTHER = VenueAccount(address=CAROL, signer=SECOND.address)
THREE = {"main": MAIN, "sub": SUB, "other": OTHER}
DONE = {"status": "ok", "response": {"type": "default"}}
LIMIT = {"cumVlm": "100.0", "nRequestsUsed": 40, "nRequestsCap": 10_100}
HOUR = 3_600_000


def role(frame: Frame) -> object:
    """Return what addresses are: Bob's is a sub-account of Alice's, the second signer is Carol's agent."""
    return {
        BOB: {"role": "subAccount", "data": {"master": ALICE}},
        SECOND.address: {"role": "agent", "data": {"user": CAROL}},
    }.get(frame["user"], {"role": "user"})


def agents(frame: Frame) -> list[dict[str, object]]:
    """Return who may sign: for Alice the first signer, until tomorrow."""
    named = {"name": "fade-1", "address": FIRST.address.upper().replace("X", "x"), "validUntil": NOW + 24 * HOUR}
    return [named] if frame["user"] == ALICE else []


def desk_of(**answers: object) -> Desk:
    """Return an exchange on which nothing happened so far."""
    quiet = {
        "userFunding": [],
        "userNonFundingLedgerUpdates": [],
        "userAbstraction": "disabled",
        "userRateLimit": LIMIT,
        "userRole": role,
        "extraAgents": agents,
        "updateLeverage": DONE,
        "noop": DONE,
    }
    return Desk(ManualClock(NOW), **quiet | answers)


def venue_of(desk: Desk, accounts: Mapping[str, VenueAccount]) -> HyperliquidVenue:
    """Return a venue with both keys."""
    line, keys = desk.line(), {FIRST.address: FIRST, SECOND.address: SECOND}
    return HyperliquidVenue(line, ExchangeClient(line.transport, RateBudget(line.clock), keys, mainnet=False), accounts)


def play(desk: Desk, venue: HyperliquidVenue, story: Callable[[Listener], Awaitable[T]]) -> T:
    """Tell a story while a venue is listened to."""

    async def tell() -> T:
        async with Listener(aiter(venue), desk.clock) as listener:
            await listener.wait(3_000)
            return await story(listener)

    return run_jumping(tell(), desk.clock)


def leverage(account: str, signer: Signer, nonce: int) -> SetLeverage:
    """Return an action on an account."""
    return SetLeverage(
        account=account,
        signer=signer.address,
        coin="BTC",
        asset_id=0,
        leverage=3,
        is_cross=True,
        nonce=nonce,
        expires_after=NOW + HOUR,
    )


def test_three_accounts_of_two_signers_are_served_at_once() -> None:
    """Each acts for itself, is told of by its name, and has an allowance of its own; one socket hears all orders."""
    desk = desk_of()
    venue = venue_of(desk, THREE)

    async def story(listener: Listener) -> list[Frame]:
        pairs = (("main", FIRST), ("sub", FIRST), ("other", SECOND))
        for number, (account, signer) in enumerate(pairs):
            (told,) = await venue.execute(leverage(account, signer, NOW + number))
            assert (told.account, told.outcome) == (account, ActionOutcome.ACCEPTED)  # type: ignore[union-attr]
        for user in (BOB, CAROL, ALICE):
            desk.net.hearing("userFills").say(fills_message(fill(NOW + 500), user=user))
        await listener.wait(1_000)
        assert [event.account for event in listener.of(OwnFills)] == ["sub", "other", "main"]
        assert {event.account for event in listener.of(BudgetRead)} == set(THREE)
        assert {each["user"] for each in desk.net.hearing("orderUpdates").asked()} == {ALICE, BOB, CAROL}
        return [frame["payload"] for frame in desk.net.hearing("orderUpdates").asked("post")]

    assert [body["vaultAddress"] for body in play(desk, venue, story)] == [None, BOB, None]


def test_whether_signers_may_sign_is_told_at_the_start_and_every_hour() -> None:
    """A named agent with its end, also for the sub-account of its master; one without a name by whose agent it is."""
    desk = desk_of()

    async def story(listener: Listener) -> list[SignerRead]:
        await listener.wait(HOUR)
        return listener.of(SignerRead)

    told = play(desk, venue_of(desk, THREE), story)
    expected = [("main", True, NOW + 24 * HOUR), ("sub", True, NOW + 24 * HOUR), ("other", True, None)]
    assert sorted((each.account, each.is_approved, each.valid_until) for each in told) == sorted(expected * 2, key=str)
    assert len([frame for frame in desk.asked("userRole") if frame["user"] == BOB]) == 1


@pytest.mark.parametrize(
    ("account", "signer", "answers", "approved"),
    [
        (MAIN, ALICE, {}, True),
        (SUB, ALICE, {}, True),
        (OTHER, FIRST.address, {}, False),
        (MAIN, SECOND.address, {}, False),
        (MAIN, FIRST.address, {"extraAgents": [{"address": FIRST.address, "validUntil": NOW}]}, False),
        (MAIN, FIRST.address, {"extraAgents": [{"address": FIRST.address, "validUntil": None}]}, True),
        (SUB, FIRST.address, {"userRole": {"role": "missing"}}, False),
        (SUB, ALICE, {"userRole": {"role": "vault"}, "vaultDetails": {"vaultAddress": BOB, "leader": ALICE}}, True),
        (SUB, ALICE, {"userRole": {"role": "vault"}, "vaultDetails": None}, False),
    ],
)
def test_a_signer_is_the_master_or_his_agent(
    account: VenueAccount, signer: str, answers: dict[str, object], *, approved: bool
) -> None:
    """Of the account itself, of the sub-account's master, of the vault's leader; nobody else, and nobody too late."""
    desk = desk_of(**answers)
    told = run_jumping(AccountReader(desk.line()).signer("main", account, signer), desk.clock)
    assert (told.signer, told.is_approved) == (signer, approved)


def test_a_signer_that_cannot_be_read_is_not_said_to_be_unapproved() -> None:
    """Nothing is told, and it is asked again in five minutes."""
    desk = desk_of(extraAgents=BROKEN)

    async def story(listener: Listener) -> list[bool]:
        before = listener.of(SignerRead)
        desk.answers["extraAgents"] = agents
        await listener.wait(301_000)
        return [bool(before), bool(listener.of(SignerRead))]

    assert play(desk, venue_of(desk, {"main": MAIN}), story) == [False, True]
    with pytest.raises(VenueError):
        run_jumping(AccountReader(desk_of(extraAgents=BROKEN).line()).signer("main", MAIN, BOB), desk.clock)


@pytest.mark.parametrize("is_refused", [True, False])
def test_a_signer_is_asked_for_again_when_there_is_a_reason(*, is_refused: bool) -> None:
    """The exchange did not know who signed, or the socket was lost; but not more often than every five minutes."""
    unknown = {"status": "err", "response": f"User or API Wallet {FIRST.address} does not exist."}
    desk = desk_of(noop=unknown)
    venue = venue_of(desk, {"main": MAIN})

    async def story(listener: Listener) -> list[SignerRead]:
        desk.answers["extraAgents"] = []
        for nonce in range(3):
            if is_refused:
                await venue.execute(
                    BurnNonce(account="main", signer=FIRST.address, cloid="0x" + "ab" * 16, nonce=nonce)
                )
            else:
                desk.net.hearing("userFills").drop()
            await listener.wait(60_000)
        await listener.wait(200_000)
        return listener.of(SignerRead)

    assert [each.is_approved for each in play(desk, venue, story)] == [True, False]


def test_accounts_come_and_go_while_it_runs() -> None:
    """A new one is subscribed and caught up with; one that is gone is neither streamed nor traded for any more."""
    desk = desk_of()
    venue = venue_of(desk, {"main": MAIN})

    async def story(listener: Listener) -> None:
        desk.answers["userFillsByTime"] = lambda frame: [fill(NOW + 1_000)] if frame["user"] == BOB else []
        venue.serve({"main": MAIN, "sub": SUB})
        await listener.wait(3_000)
        assert [event.account for event in listener.of(OwnFills)] == ["sub"]
        assert "sub" in {event.account for event in listener.of(SignerRead)}
        venue.serve({"sub": SUB})
        await listener.wait(1_000)
        for channel in ("userFills", "orderUpdates"):
            gone = [each for each in desk.net.hearing(channel).asked("unsubscribe") if each["type"] == channel]
            assert [each["user"] for each in gone] == [ALICE]
        desk.net.hearing("userFills").say(fills_message(fill(NOW + 9_000), user=ALICE))
        before = len(listener.of(BudgetRead))
        await listener.wait(300_000)
        assert [event.account for event in listener.of(BudgetRead)[before:]] == ["sub"]
        assert [event.account for event in listener.of(OwnFills)] == ["sub"]
        (told,) = await venue.execute(leverage("main", FIRST, NOW + 7))
        assert told.outcome is ActionOutcome.REFUSED  # type: ignore[union-attr]

    play(desk, venue, story)


def test_another_signer_changes_nothing_else() -> None:
    """The account goes on being streamed; the new signer is asked for at once."""
    desk = desk_of()
    venue = venue_of(desk, {"main": MAIN})

    async def story(listener: Listener) -> list[str]:
        for signer in (SECOND, SECOND, FIRST):
            venue.serve({"main": VenueAccount(address=ALICE, signer=signer.address)})
            await listener.wait(1_000)
        assert not desk.net.hearing("userFills").asked("unsubscribe")
        return [each.signer for each in listener.of(SignerRead)]

    assert play(desk, venue, story) == [
        FIRST.address,
        SECOND.address,
        FIRST.address,
    ]


def test_what_is_listed_late_is_fetched_with_a_second_look() -> None:
    """A fill from before the stream that the exchange shows a second later than it happened."""
    desk = desk_of()
    late = fill(NOW + 1)
    desk.answers["userFillsByTime"] = lambda _: [late] if desk.clock.now_ms() > NOW + 1_000 else []

    async def story(listener: Listener) -> list[Any]:
        return [each.time for event in listener.of(OwnFills) for each in event.fills]

    assert play(desk, venue_of(desk, {"main": MAIN}), story) == [NOW + 1]


def test_without_a_stream_what_happens_is_fetched_every_minute() -> None:
    """The exchange streams no more users: that is told once, and nothing is missed."""
    desk = desk_of()
    refusal = {"channel": "error", "data": "Cannot track more than 10 total users."}
    desk.net.hear = lambda socket, frame: (
        socket.say(refusal) if frame["method"] == "subscribe" else polite(socket, frame)
    )

    async def story(listener: Listener) -> list[Any]:
        await listener.wait(60_000)
        desk.answers["userFillsByTime"] = [fill(NOW + 62_000), fill(NOW + 63_000, px="?")]
        await listener.wait(120_000)
        told = [event.text for event in listener.of(Notice)]
        assert len([text for text in told if "Cannot track more" in text]) == 1
        return [each.time for event in listener.of(OwnFills) for each in event.fills]

    assert play(desk, venue_of(desk, {"main": MAIN}), story) == [NOW + 62_000]
