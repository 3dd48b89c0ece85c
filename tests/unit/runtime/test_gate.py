"""The gate lets out what latches allow, closes before a stop is journaled, and opens by the journal only."""

import pytest

from fadearena.core.latches import ALL, Latch, Latches, LatchKind, account_scope, bot_scope
from fadearena.model.command import BurnNonce, CancelOrder, PlaceStop, ScheduleCancel, SetLeverage
from fadearena.model.order import Purpose
from fadearena.model.trading import TradingState
from fadearena.model.units import Side
from fadearena.ports.venue import SignedCommand
from fadearena.runtime.gate import Gate
from tests.support.room import order
from tests.support.world import AGENT, D

BURN = BurnNonce(account="main", signer=AGENT, cloid="c", nonce=1)
CANCEL = CancelOrder(account="main", signer=AGENT, cloid="c", asset_id=1, nonce=2, expires_after=9)
LEVERAGE = SetLeverage(
    account="main", signer=AGENT, coin="ETH", asset_id=1, leverage=3, is_cross=True, nonce=3, expires_after=9
)
STOP = PlaceStop(
    account="main",
    signer=AGENT,
    coin="ETH",
    asset_id=1,
    side=Side.SELL,
    quantity=D(1),
    trigger=D(3_800),
    limit=D(3_000),
    cloid="s",
    label="x",
    nonce=4,
    expires_after=9,
)
SCHEDULE = ScheduleCancel(account="main", signer=AGENT, at_ms=99, nonce=5, expires_after=9)
KIND_OF = {
    TradingState.REDUCING: LatchKind.PAUSE,
    TradingState.HALTED: LatchKind.KILL,
    TradingState.FLATTENING: LatchKind.FLATTEN,
}


def latched(**states: TradingState) -> Latches:
    """Return latches that bring scopes into states; `all` is everything, any other name a bot or an account."""
    latches = Latches()
    for name, state in states.items():
        scope = {"all": ALL, "main": account_scope("main")}.get(name, bot_scope("grok-4"))
        if state is not TradingState.ACTIVE:
            latches.set(Latch(scope=scope, kind=KIND_OF[state], actor="ann", since=1))
    return latches


def opened(**states: TradingState) -> Gate:
    """Return an open gate that follows these states."""
    gate = Gate()
    gate.follow(latched(**states))
    gate.open()
    return gate


def passing(gate: Gate, bot: str | None = "grok-4") -> set[Purpose]:
    """Return the purposes for which an order may leave."""
    unowned = {Purpose.FLATTEN, Purpose.RESIDUE}
    return {
        purpose
        for purpose in Purpose
        if gate.refusal(order(purpose=purpose, bot=None if purpose in unowned else bot)) is None
    }


REDUCES = {Purpose.REDUCE, Purpose.PROTECT, Purpose.RESIDUE}


@pytest.mark.parametrize("scope", ["all", "main"])
@pytest.mark.parametrize(
    ("state", "may_leave"),
    [
        (TradingState.ACTIVE, {Purpose.INCREASE, *REDUCES}),
        (TradingState.REDUCING, REDUCES),
        (TradingState.HALTED, set()),
        (TradingState.FLATTENING, {Purpose.FLATTEN}),
    ],
)
def test_state_of_everything_or_the_account_says_what_may_leave(
    scope: str, state: TradingState, may_leave: set[Purpose]
) -> None:
    """Increases only while active, reduces also while reducing, nothing while halted, closes only while flattening."""
    assert passing(opened(**{scope: state})) == may_leave


@pytest.mark.parametrize(
    ("state", "may_leave"),
    [
        (TradingState.ACTIVE, {Purpose.INCREASE, *REDUCES}),
        (TradingState.REDUCING, REDUCES),
        (TradingState.HALTED, {Purpose.RESIDUE}),
        (TradingState.FLATTENING, REDUCES),
    ],
)
def test_state_of_a_bot_concerns_its_own_orders(state: TradingState, may_leave: set[Purpose]) -> None:
    """A halted bot sends nothing, one that is being closed reduces; others go on."""
    gate = opened(grok=state)
    assert passing(gate) == may_leave
    assert passing(gate, bot="qwen3-max") == {Purpose.INCREASE, *REDUCES}


def test_strictest_of_bot_and_everything_counts() -> None:
    """A bot that is being closed sends nothing while everything is halted."""
    assert passing(opened(all=TradingState.HALTED, grok=TradingState.FLATTENING)) == set()
    assert passing(opened(all=TradingState.REDUCING, grok=TradingState.FLATTENING)) == REDUCES


def test_noop_and_cancel_always_leave_unless_shut() -> None:
    """What makes things safer is never held back by a stop."""
    gate = opened(all=TradingState.HALTED)
    assert gate.refusal(BURN) is None
    assert gate.refusal(CANCEL) is None
    gate.shut("the worker is recovering")
    assert gate.refusal(BURN) == gate.refusal(CANCEL) == "the worker is recovering"


@pytest.mark.parametrize("command", [LEVERAGE, STOP, SCHEDULE], ids=["leverage", "stop", "schedule"])
def test_what_is_no_order_does_not_leave_while_halted_or_flattening(command: SignedCommand) -> None:
    """Leverage is set and stops are placed while nothing, or only increases, are stopped."""
    passes = {state: opened(all=state).refusal(command) is None for state in TradingState}
    assert [state for state, passed in passes.items() if passed] == [TradingState.ACTIVE, TradingState.REDUCING]


def test_new_gate_is_shut() -> None:
    """Before the first recovery nothing that is signed leaves."""
    gate = Gate()
    assert gate.refusal(order()) == gate.refusal(BURN) == "the worker is starting"
    gate.open()
    assert gate.refusal(order()) is None


def test_stop_closes_before_it_is_journaled_and_a_refused_one_opens_again() -> None:
    """What leaves is decided by the journal; a stop that is under way to it counts as accepted."""
    gate = opened()
    gate.stop(7, ALL, TradingState.HALTED)
    assert gate.refusal(order()) == "a stop came first: halted"
    gate.follow(Latches())
    assert gate.refusal(order()) == "a stop came first: halted"
    gate.journaled(7)
    assert gate.refusal(order()) is None


def test_accepted_stop_stays_by_its_latch() -> None:
    """Once it is journaled the latch keeps the gate closed, until one is journaled that ends it."""
    gate = opened()
    gate.stop(7, ALL, TradingState.HALTED)
    gate.follow(latched(all=TradingState.HALTED))
    gate.journaled(7)
    assert passing(gate) == set()
    gate.follow(Latches())
    assert Purpose.INCREASE in passing(gate)


def test_stop_of_one_bot_closes_for_that_bot() -> None:
    """Others go on."""
    gate = opened()
    gate.stop(7, bot_scope("grok-4"), TradingState.HALTED)
    assert gate.refusal(order()) == "a stop came first: halted"
    assert gate.refusal(order(bot="qwen3-max")) is None


def test_one_journaled_stop_does_not_open_for_another_of_its_key() -> None:
    """Stops without a number are told apart by their order."""
    gate = opened()
    gate.stop(0, ALL, TradingState.HALTED)
    gate.stop(0, ALL, TradingState.HALTED)
    gate.journaled(0)
    assert gate.refusal(order()) == "a stop came first: halted"
    gate.journaled(0)
    assert gate.refusal(order()) is None
    gate.journaled(0)


def test_flatten_goes_on_while_another_stop_is_under_way() -> None:
    """A kill on top of a flatten does not keep its closes back."""
    gate = opened(all=TradingState.FLATTENING)
    gate.stop(7, ALL, TradingState.HALTED)
    gate.hold("file", TradingState.HALTED)
    assert passing(gate) == {Purpose.FLATTEN}


def test_hold_outlives_every_release_and_recovery() -> None:
    """It is ended by whoever began it, not by the journal."""
    gate = opened()
    gate.hold("deaf", TradingState.REDUCING)
    gate.follow(Latches())
    gate.forget_stops()
    assert passing(gate) == REDUCES
    assert gate.ordered(ALL) is TradingState.ACTIVE
    gate.let_go("deaf")
    gate.let_go("deaf")
    assert Purpose.INCREASE in passing(gate)


def test_forgotten_stops_are_told_anew() -> None:
    """After a recovery only what still waits closes the gate."""
    gate = opened()
    gate.stop(7, ALL, TradingState.HALTED)
    gate.forget_stops()
    assert gate.refusal(order()) is None
