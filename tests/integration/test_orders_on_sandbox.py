"""Orders over their socket on a sandbox: faults at every step, stops, schedules, several accounts and their signers."""

from decimal import Decimal
from typing import Any

import pytest

from fadearena.adapters.hyperliquid import codec, wire
from fadearena.adapters.hyperliquid.limits import Lane
from fadearena.adapters.hyperliquid.venue import VenueAccount
from fadearena.model.account import AccountMode
from fadearena.model.command import (
    BurnNonce,
    CancelOrder,
    PlaceStop,
    QueryOrder,
    ReadAccount,
    ReadOwnFills,
    ScheduleCancel,
)
from fadearena.model.error import OutcomeUnknown, VenueProtocolError
from fadearena.model.event import ActionAnswered, OrderFound, OwnFills, SignerRead
from fadearena.model.order import ActionKind, ActionOutcome, Filled, Found, Refused, RejectCode
from fadearena.model.units import HOUR_MS, MINUTE_MS, Side
from fadearena.sandbox.gateway.faults import Answer, Fault, Garble, Hang, Reset, Silence, Twice
from tests.support.hyperliquid import Listener
from tests.support.venue_play import AGENT, MASTER, NAMELESS, START_MS, Play, play

FUNDED = Decimal(50_000)
OTHER = "0x" + "77" * 20


def stop(stage: Play, number: int, trigger: Decimal, account: str = "main") -> PlaceStop:
    """Return a stop that sells half an ether."""
    return PlaceStop(
        account=account,
        signer=AGENT.address,
        coin="ETH",
        asset_id=1,
        side=Side.SELL,
        quantity=Decimal("0.5"),
        trigger=trigger,
        limit=trigger * Decimal("0.9"),
        cloid=f"0x{number:032x}",
        label="stop",
        nonce=START_MS + 500_000 + number,
        expires_after=stage.clock.now_ms() + 5_000,
    )


def schedule(stage: Play, at_ms: int | None, nonce: int) -> ScheduleCancel:
    """Return the order to cancel all orders of the master at some time."""
    return ScheduleCancel(
        account="main",
        signer=AGENT.address,
        at_ms=at_ms,
        nonce=START_MS + 600_000 + nonce,
        expires_after=stage.clock.now_ms() + 5_000,
    )


@pytest.mark.parametrize(
    ("fault", "is_done"),
    [
        (Reset(action="order"), True),
        (Reset(action="order", done=False), False),
        (Hang(action="order"), True),
        (Hang(action="order", done=False), False),
        (Answer(status=502, action="order", done=True), True),
        (Answer(status=502, action="order"), False),
        (Answer(status=429, action="order", done=True), True),
        (Answer(status=429, action="order"), False),
        (Garble(action="order"), True),
    ],
    ids=lambda value: f"{type(value).__name__}{getattr(value, 'status', '')}" if isinstance(value, Fault) else None,
)
def test_an_order_without_an_answer_ran_at_most_once_and_is_settled(fault: Fault, *, is_done: bool) -> None:
    """Over the socket: the outcome is unknown; the noop, the updates and the look-up agree on what became of it."""

    async def story(stage: Play) -> None:
        async with Listener(aiter(stage.venue), stage.clock) as listener:
            await listener.wait(2_000)
            order = await stage.order("ETH", "0.5")
            stage.gateway.inflict(fault)
            with pytest.raises((OutcomeUnknown, VenueProtocolError)):
                await stage.execute(order)
            cloid = order.identity.cloid
            burn = BurnNonce(account="main", signer=AGENT.address, cloid=cloid, nonce=order.identity.nonce)
            burnt = await stage.execute(burn)
            assert burnt.outcome is (ActionOutcome.DUPLICATE_NONCE if is_done else ActionOutcome.ACCEPTED)
            await listener.wait(15_000)
            found = await stage.venue.execute(QueryOrder(account="main", cloid=cloid))
            read = await stage.execute(ReadOwnFills(account="main", since=START_MS))
            told = listener.of(OrderFound)
        assert sum(fill.quantity for fill in read.fills) == (Decimal("0.5") if is_done else 0)
        assert isinstance(found[-1], OrderFound)
        assert found[-1].found is (Found.FILLED if is_done else Found.NOT_FOUND)
        assert [(each.cloid, each.found, each.quantity) for each in told] == (
            [(cloid, Found.FILLED, Decimal("0.5"))] * len(told) if is_done else []
        )
        assert told or not is_done or isinstance(fault, Reset | Garble)  # these lose the socket, and the update with it
        assert stage.exchange_client.carried["fallback"] == 0

    play(story)


def test_an_order_leaves_over_the_socket_and_a_second_answer_is_nobodys() -> None:
    """It is told by its answer and its fills, and by nothing else."""

    async def story(stage: Play) -> None:
        async with Listener(aiter(stage.venue), stage.clock) as listener:
            await listener.wait(2_000)
            stage.gateway.inflict(Twice())
            for quantity in ("0.5", "0.25"):
                assert isinstance((await stage.execute(await stage.order("ETH", quantity))).answer, Filled)
            await listener.wait(5_000)
            fills = [fill for event in listener.of(OwnFills) for fill in event.fills]
            assert sum(fill.quantity for fill in fills) == Decimal("0.75")
            assert listener.of(OrderFound) == []
        assert stage.exchange_client.carried == {"socket": 2, "http": 0, "fallback": 0}

    play(story)


def test_a_silent_socket_is_passed_over() -> None:
    """Nothing was heard for seconds, so that orders go over HTTP, and over the socket again once it is back."""

    async def story(stage: Play) -> list[Any]:
        counts = []
        async with Listener(aiter(stage.venue), stage.clock) as listener:
            await listener.wait(2_000)
            for is_silent in (True, False):
                stage.gateway.inflict(Silence(on=is_silent))
                await listener.wait(6_000 if is_silent else 60_000)
                assert isinstance((await stage.execute(await stage.order("ETH", "0.5"))).answer, Filled)
                counts.append(dict(stage.exchange_client.carried))
        return counts

    assert play(story) == [{"socket": 0, "http": 1, "fallback": 0}, {"socket": 1, "http": 1, "fallback": 0}]


def test_a_stop_rests_under_its_cloid_is_cancelled_and_trades_when_the_mark_gets_there() -> None:
    """It is no foreign order; its end is told, with the fills that bear its cloid; on the wrong side it is refused."""

    async def story(stage: Play) -> None:
        async with Listener(aiter(stage.venue), stage.clock) as listener:
            await listener.wait(2_000)
            order = await stage.order("ETH", "0.5")
            bought = (await stage.execute(order)).answer
            low = (bought.average_price * Decimal("0.95")).quantize(Decimal(1))
            first, second = stop(stage, 1, low), stop(stage, 2, low)
            wrong = stop(stage, 3, low + low)
            told = await stage.execute(wrong)
            assert (told.kind, told.outcome) == (ActionKind.STOP, ActionOutcome.REFUSED)
            for each in (first, second):
                told = await stage.execute(each)
                assert (told.subject, told.outcome) == (each.cloid, ActionOutcome.ACCEPTED)
            cancel = CancelOrder(
                account="main",
                signer=AGENT.address,
                cloid=second.cloid,
                asset_id=1,
                nonce=START_MS + 700_000,
                expires_after=stage.clock.now_ms() + 5_000,
            )
            assert (await stage.execute(cancel)).outcome is ActionOutcome.ACCEPTED
            resting = (await stage.execute(ReadAccount(account="main"))).orders
            assert [each.cloid for each in resting] == [first.cloid]
            stage.exchange.push_price("ETH", low - 5, 10_000)
            await listener.wait(10_000)
            assert (await stage.execute(ReadAccount(account="main"))).dexs[0].positions == ()
            ends = {each.cloid: each.found for each in listener.of(OrderFound)}
            assert ends == {
                wrong.cloid: Found.REJECTED,
                second.cloid: Found.CANCELLED,
                first.cloid: Found.FILLED,
            }
            sold = [fill for event in listener.of(OwnFills) for fill in event.fills if fill.side is Side.SELL]
            assert {fill.cloid for fill in sold} == {first.cloid}

    play(story)


def test_all_orders_are_cancelled_at_the_time_that_was_set() -> None:
    """Not by an account that traded too little; not before the time; not at all once it is disarmed."""

    async def story(stage: Play) -> None:
        async with Listener(aiter(stage.venue), stage.clock) as listener:
            await listener.wait(2_000)
            stage.exchange.count_volume(MASTER.address, Decimal(1_000_000))
            bought = (await stage.execute(await stage.order("ETH", "0.5"))).answer
            low = (bought.average_price * Decimal("0.5")).quantize(Decimal(1))
            assert (await stage.execute(stop(stage, 1, low))).outcome is ActionOutcome.ACCEPTED
            told: list[ActionAnswered] = []
            now = stage.clock.now_ms()
            for number, at_ms in enumerate((now + 30_000, None, now + 60_000)):
                told.append(await stage.execute(schedule(stage, at_ms, number)))
            assert {(each.subject, each.kind, each.outcome) for each in told} == {
                ("main", ActionKind.SCHEDULE, ActionOutcome.ACCEPTED)
            }
            await listener.wait(50_000)
            assert len((await stage.execute(ReadAccount(account="main"))).orders) == 1
            await listener.wait(15_000)
            assert (await stage.execute(ReadAccount(account="main"))).orders == ()
            assert [each.found for each in listener.of(OrderFound)] == [Found.CANCELLED]

    play(story)


def test_a_schedule_needs_volume() -> None:
    """The exchange says how much, and that is the answer."""

    async def story(stage: Play) -> ActionAnswered:
        told: ActionAnswered = await stage.execute(schedule(stage, None, 1))
        return told

    told = play(story)
    assert told.outcome is ActionOutcome.REFUSED
    assert told.text.startswith("Cannot set scheduled cancel time until enough volume traded")


def test_three_accounts_with_two_signers_trade_side_by_side() -> None:
    """A master and its sub-account by a named agent, another master by one without a name: each in its own books."""

    async def story(stage: Play) -> None:
        _open_other(stage)
        async with Listener(aiter(stage.venue), stage.clock) as listener:
            await listener.wait(3_000)
            for account, signer, quantity in (
                ("main", AGENT, "0.5"),
                ("sub", AGENT, "0.3"),
                ("other", NAMELESS, "0.2"),
            ):
                order = await stage.order("ETH", quantity, account, signer=signer)
                assert isinstance((await stage.execute(order)).answer, Filled)
            await listener.wait(5_000)
            fills = [fill for event in listener.of(OwnFills) for fill in event.fills]
            truth = stage.exchange.truth().accounts
            for account, address, quantity in (
                ("main", MASTER.address, "0.5"),
                ("sub", stage.sub, "0.3"),
                ("other", OTHER, "0.2"),
            ):
                assert sum(fill.quantity for fill in fills if fill.account == account) == Decimal(quantity)
                assert truth[address].positions["ETH"].size == Decimal(quantity)
            told = {event.account: event for event in listener.of(SignerRead)}
            assert {name: each.is_approved for name, each in told.items()} == dict.fromkeys(
                ("main", "sub", "other"), True
            )
            assert told["main"].valid_until == told["sub"].valid_until is not None
            assert told["other"].valid_until is None

    play(story)


def test_an_agent_whose_time_is_over_is_refused_and_told() -> None:
    """The exchange does not know it any more: a refusal by its code, and a reading that says so."""

    async def story(stage: Play) -> None:
        _open_other(stage)
        stage.venue.serve({"other": VenueAccount(address=OTHER, signer=NAMELESS.address)})
        async with Listener(aiter(stage.venue), stage.clock) as listener:
            await listener.wait(MINUTE_MS)
            stage.exchange.approve_agent(OTHER, "0x" + "78" * 20, "", None)  # takes the place of the nameless one
            answer = (await stage.execute(await stage.order("ETH", "0.2", "other", signer=NAMELESS))).answer
            assert isinstance(answer, Refused)
            assert answer.code is RejectCode.SIGNER
            await listener.wait(5 * MINUTE_MS)
            assert [each.is_approved for each in listener.of(SignerRead)] == [True, False]

    play(story)


def test_an_approval_that_ends_is_told_by_its_time() -> None:
    """Until then it holds; the reading of the next hour says that it is over."""

    async def story(stage: Play) -> list[tuple[bool, int | None]]:
        until = stage.clock.now_ms() + HOUR_MS // 2
        stage.exchange.approve_agent(MASTER.address, NAMELESS.address, "short", until)
        stage.venue.serve({"main": VenueAccount(address=MASTER.address, signer=NAMELESS.address)})
        async with Listener(aiter(stage.venue), stage.clock) as listener:
            await listener.wait(HOUR_MS + MINUTE_MS)
            return [(each.is_approved, (each.valid_until or 0) - until) for each in listener.of(SignerRead)]

    assert play(story) == [(True, 0), (False, 0)]


def test_what_has_to_be_known_before_going_live_can_be_asked() -> None:
    """Agents and their ends, sub-accounts, roles and whose they are, mode, fees, and how many actions are left."""

    async def story(stage: Play) -> None:
        info, lane = stage.line.info, Lane.OWN
        (agent,) = await info.extra_agents(MASTER.address, lane=lane)
        assert (agent.name, agent.address) == ("fade-1", AGENT.address)
        assert agent.validUntil
        (sub,) = await info.sub_accounts(MASTER.address, lane=lane)
        assert (sub.subAccountUser, sub.master, sub.name) == (stage.sub, MASTER.address, "fade-a")
        assert await info.sub_accounts(stage.sub, lane=lane) == ()
        roles = [await info.role(user, lane=lane) for user in (MASTER.address, stage.sub, AGENT.address, OTHER)]
        assert [role.role for role in roles] == ["user", "subAccount", "agent", "missing"]
        assert roles[1].data == wire.RoleData(master=MASTER.address)
        assert roles[2].data == wire.RoleData(user=MASTER.address)
        assert codec.account_mode(await info.abstraction(MASTER.address, lane=lane)) is AccountMode.STANDARD
        assert (await info.fees(MASTER.address, lane=lane)).userCrossRate == "0.00045"
        assert codec.actions_left(await info.rate_limit(MASTER.address, lane=lane)) > 0

    play(story)


def _open_other(stage: Play) -> None:
    """Fund a second master, and have an agent without a name act for it."""
    stage.exchange.deposit(OTHER, FUNDED)
    stage.exchange.approve_agent(OTHER, NAMELESS.address, "", None)
    stage.venue.serve(
        {
            "main": VenueAccount(address=MASTER.address, signer=AGENT.address),
            "sub": VenueAccount(address=stage.sub, is_vault=True, signer=AGENT.address),
            "other": VenueAccount(address=OTHER, signer=NAMELESS.address),
        }
    )
