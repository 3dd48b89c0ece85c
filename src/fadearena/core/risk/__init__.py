"""
Stage 5: the only place where orders and stops are approved, clamped or refused, and where they are made.

1. Every check is evaluated and recorded, whatever the others said.
2. A check that cannot be evaluated fails for increases and passes for reduces.
3. A clamp makes an order smaller and never turns it around.
"""

from fadearena.core.risk.board import Board
from fadearena.core.risk.case import Cap, Case, MarginFacts, StopTerms, Verdict
from fadearena.core.risk.checks import OTHER_MARKS_MS, PRICE_MS, REDUCIBLE, is_tradable, judge_all
from fadearena.model.command import PlaceOrder, PlaceStop
from fadearena.model.error import InvariantBroken
from fadearena.model.instrument import Instrument
from fadearena.model.order import OrderIdentity, OrderTerms
from fadearena.model.trading import TradingState
from fadearena.model.units import ZERO, Price, Quantity, Usd

__all__ = [
    "OTHER_MARKS_MS",
    "REDUCIBLE",
    "Cap",
    "Case",
    "MarginFacts",
    "StopTerms",
    "Verdict",
    "judge",
    "judge_close",
    "judge_residue",
    "judge_stop",
    "place",
    "place_stop",
]


def place(verdict: Verdict, terms: OrderTerms, identity: OrderIdentity) -> PlaceOrder:
    """
    Make an order that was approved.

    Raises:
        InvariantBroken: it is larger than what was approved, residue that goes with a bot's order aside.
    """
    of_residue = ZERO if terms.bot is None else terms.residue_quantity
    if not verdict.quantity or terms.quantity - of_residue > verdict.quantity:
        raise InvariantBroken(f"an order of {terms.quantity} {terms.coin} where {verdict.quantity} was approved")
    return PlaceOrder(terms=terms, identity=identity)


def place_stop(verdict: Verdict, stop: StopTerms, identity: OrderIdentity) -> PlaceStop:
    """
    Make a stop that was approved.

    Raises:
        InvariantBroken: it is larger than what was approved.
    """
    if not verdict.quantity or stop.quantity > verdict.quantity:
        raise InvariantBroken(f"a stop of {stop.quantity} {stop.coin} where {verdict.quantity} was approved")
    return PlaceStop(
        account=stop.account,
        signer=identity.signer,
        coin=stop.coin,
        asset_id=stop.asset_id,
        side=stop.side,
        quantity=stop.quantity,
        trigger=stop.trigger,
        limit=stop.limit,
        cloid=identity.cloid,
        label=identity.label,
        nonce=identity.nonce,
        expires_after=identity.expires_after,
    )


def judge(case: Case) -> Verdict:
    """Evaluate all checks of one sleeve's increase or reduce."""
    board = Board(case.is_increase, case.quantity)
    judge_all(board, case)
    return board.verdict()


def judge_close(state: TradingState, instrument: Instrument | None, quantity: Quantity) -> Verdict:
    """Evaluate the checks of a close while flattening: only the state and the market count."""
    board = Board(is_increase=False, quantity=quantity)
    board.add("trading_state", state is TradingState.FLATTENING, state, stops_all=True)
    board.add("market_tradable", is_tradable(instrument), stops_all=True)
    return board.verdict()


def judge_residue(
    state: TradingState, instrument: Instrument | None, quantity: Quantity, price: Price, minimum: Usd | None
) -> Verdict:
    """Evaluate the checks of an order that only closes residue; without a `minimum` none counts."""
    board = Board(is_increase=False, quantity=quantity)
    board.add("trading_state", state in REDUCIBLE, state, stops_all=True)
    board.add("market_tradable", is_tradable(instrument), stops_all=True)
    passed = minimum is None or quantity * price >= minimum
    board.add("minimum_notional", passed, quantity * price, minimum or "none", stops_all=True)
    return board.verdict()


def judge_stop(
    state: TradingState,
    instrument: Instrument | None,
    quantity: Quantity,
    mark_age: int | None,
    actions_left: int | None,
    actions_reserve: int,
) -> Verdict:
    """Evaluate the checks of a stop. It can wait, so what cannot be evaluated stops it as it stops an increase."""
    board = Board(is_increase=True, quantity=quantity)
    board.add("trading_state", state in REDUCIBLE, state)
    board.add("market_tradable", is_tradable(instrument))
    board.add("price_fresh", mark_age is not None and mark_age <= PRICE_MS, mark_age, PRICE_MS)
    board.add("action_budget", actions_left is None or actions_left >= actions_reserve, actions_left, actions_reserve)
    return board.verdict()
