"""What the exchange says of an order is understood as it is meant, and never as more than it says."""

import json
from typing import Any

import msgspec
import pytest

from fadearena.adapters.hyperliquid import codec, wire
from fadearena.model.error import VenueProtocolError
from fadearena.model.order import ActionOutcome, Filled, Found, Refused, RejectCode, Resting

TRADED = {"filled": {"totalSz": "0.020", "avgPx": "1891.4", "oid": 77}}
RESTS = {"resting": {"oid": 78, "cloid": "0x06c60000000000000000000000003f5a"}}
NO_MATCH = {"error": "Order could not immediately match against any resting orders. asset=0"}
FOUND: dict[str, Any] = {
    "coin": "ETH",
    "side": "A",
    "limitPx": "3960.7",
    "sz": "0.0",
    "origSz": "0.0025",
    "oid": 379,
    "timestamp": 1_755_857_910_772,
    "reduceOnly": False,
}


def reply(*statuses: object, kind: str = "order") -> wire.ExchangeReply:
    """Return a reply with these statuses."""
    return decoded({"status": "ok", "response": {"type": kind, "data": {"statuses": statuses}}})


def decoded(raw: object) -> wire.ExchangeReply:
    """Decode a reply."""
    return msgspec.json.decode(json.dumps(raw), type=wire.ExchangeReply)


def found(status: str, **changes: object) -> wire.OrderStatus:
    """Return what a look-up says of an order in a state."""
    state = {"order": FOUND | changes, "status": status, "statusTimestamp": 1}
    return msgspec.json.decode(json.dumps({"status": "order", "order": state}), type=wire.OrderStatus)


def test_each_order_has_its_answer() -> None:
    """Filled, resting and refused, in the order of the orders; a partial execution is told by its size alone."""
    filled, resting, refused = codec.order_answers(reply(TRADED, RESTS, NO_MATCH), count=3)
    assert isinstance(filled, Filled)
    assert (str(filled.quantity), str(filled.average_price), filled.order_id) == ("0.02", "1891.4", 77)
    assert resting == Resting(order_id=78)
    assert refused == Refused(code=RejectCode.NO_MATCH, text=NO_MATCH["error"])


def test_a_refusal_of_the_whole_refuses_each() -> None:
    """A text at the top, or one error for a batch of several, is the answer to all of its orders."""
    text = "Insufficient margin to place order."
    whole = decoded({"status": "err", "response": text})
    for each in (whole, reply({"error": text})):
        assert codec.order_answers(each, count=3) == (Refused(code=RejectCode.MARGIN, text=text),) * 3


def test_a_duplicate_nonce_is_told_as_one() -> None:
    """Whether the order ran is not known then: the core asks; of a noop it is the proof that the nonce was used."""
    used = decoded({"status": "err", "response": "Invalid nonce: duplicate nonce 5"})
    (answer,) = codec.order_answers(used)
    assert isinstance(answer, Refused)
    assert answer.code is RejectCode.NONCE
    assert codec.action_outcome(used).outcome is ActionOutcome.DUPLICATE_NONCE


@pytest.mark.parametrize(
    "odd",
    [
        reply(),
        reply(TRADED),
        reply(TRADED, RESTS, NO_MATCH),
        reply(TRADED, "waitingForFill"),
        reply(TRADED, "success"),
        reply(TRADED, {}),
        reply(TRADED, {"filled": TRADED["filled"] | {"totalSz": "0.0"}}),
        reply(TRADED, {"filled": TRADED["filled"] | {"avgPx": "x"}}),
        decoded({"status": "ok", "response": {"type": "default"}}),
        decoded({"status": "ok", "response": {"type": "order", "data": "0x0"}}),
    ],
)
def test_what_does_not_answer_both_orders_answers_none(odd: wire.ExchangeReply) -> None:
    """A reply that cannot be matched with its orders leaves their outcome unknown."""
    with pytest.raises(VenueProtocolError):
        codec.order_answers(odd, count=2)


@pytest.mark.parametrize(
    "done", [decoded({"status": "ok", "response": {"type": "default"}}), reply("success", kind="cancel")]
)
def test_actions_are_accepted(done: wire.ExchangeReply) -> None:
    """A noop or a leverage by `default`, a cancel by `success`."""
    assert codec.action_outcome(done).outcome is ActionOutcome.ACCEPTED


def test_a_cancel_that_came_too_late_is_refused() -> None:
    """With the text, which usually means that the order was filled."""
    text = "Order was never placed, already canceled, or filled. asset=173"
    outcome = codec.action_outcome(reply({"error": text}, kind="cancel"))
    assert (outcome.outcome, outcome.text) == (ActionOutcome.REFUSED, text)


@pytest.mark.parametrize("done", ["waitingForTrigger", RESTS, TRADED])
def test_a_stop_is_accepted_once_it_waits(done: object) -> None:
    """On the book, for its trigger, or because that came at once; then its fills tell the rest."""
    assert codec.stop_outcome(reply(done)).outcome is ActionOutcome.ACCEPTED


@pytest.mark.parametrize(
    ("refusal", "outcome"),
    [
        (reply({"error": "Invalid TP/SL price. asset=0"}), ActionOutcome.REFUSED),
        (decoded({"status": "err", "response": "Too many open orders"}), ActionOutcome.REFUSED),
        (decoded({"status": "err", "response": "Invalid nonce: duplicate nonce 5"}), ActionOutcome.DUPLICATE_NONCE),
    ],
)
def test_a_stop_that_is_refused_is_told_why(refusal: wire.ExchangeReply, outcome: ActionOutcome) -> None:
    """By itself, or with the whole action."""
    told = codec.stop_outcome(refusal)
    assert told.outcome is outcome
    assert told.text


@pytest.mark.parametrize("odd", [reply(), reply("waitingForFill"), reply(RESTS, RESTS), reply({}), reply("success")])
def test_what_does_not_answer_a_stop_is_an_error(odd: wire.ExchangeReply) -> None:
    """Whether it rests is not known then."""
    with pytest.raises(VenueProtocolError):
        codec.stop_outcome(odd)


@pytest.mark.parametrize(
    "torn",
    [
        {"status": "ok", "response": "Invalid nonce: duplicate nonce 5"},
        {"status": "err", "response": {"type": "default"}},
    ],
)
def test_a_reply_that_contradicts_itself_is_no_answer(torn: dict[str, object]) -> None:
    """A yes that holds a refusal, and a no that holds a result."""
    for read in (codec.order_answers, codec.action_outcome, codec.stop_outcome):
        with pytest.raises(VenueProtocolError, match="a reply says"):
            read(decoded(torn))


def test_resting_orders_are_known_by_cloid() -> None:
    """In lower case; orders without one, too."""
    plain: dict[str, object] = {"coin": "BTC", "side": "B", "limitPx": "1.0", "sz": "1.0", "oid": 7, "timestamp": 1}
    rows = msgspec.convert([plain, plain | {"cloid": None}, plain | {"cloid": "0xAB"}], tuple[wire.OpenOrder, ...])
    assert [order.cloid for order in codec.open_orders(rows)] == [None, None, "0xab"]


@pytest.mark.parametrize("odd", [reply(kind="cancel"), reply("success", "success"), reply("waitingForTrigger")])
def test_what_does_not_answer_an_action_is_an_error(odd: wire.ExchangeReply) -> None:
    """Its outcome is unknown then."""
    with pytest.raises(VenueProtocolError):
        codec.action_outcome(odd)


CANCELLED = [
    "canceled",
    "marginCanceled",
    "vaultWithdrawalCanceled",
    "openInterestCapCanceled",
    "selfTradeCanceled",
    "reduceOnlyCanceled",
    "siblingFilledCanceled",
    "delistedCanceled",
    "liquidatedCanceled",
    "scheduledCancel",
    "outcomeSettledCanceled",
    "internalCancel",
    "somethingNewCanceled",
]
REJECTED = [
    "rejected",
    "tickRejected",
    "minTradeNtlRejected",
    "perpMarginRejected",
    "reduceOnlyRejected",
    "badAloPxRejected",
    "iocCancelRejected",
    "badTriggerPxRejected",
    "marketOrderNoLiquidityRejected",
    "positionIncreaseAtOpenInterestCapRejected",
    "positionFlipAtOpenInterestCapRejected",
    "tooAggressiveAtOpenInterestCapRejected",
    "openInterestIncreaseRejected",
    "insufficientSpotBalanceRejected",
    "oracleRejected",
    "perpMaxPositionRejected",
    "tooManyOpenOrdersRejected",
    "somethingNewRejected",
]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("open", Found.OPEN),
        ("triggered", Found.OPEN),
        ("filled", Found.FILLED),
        *((status, Found.CANCELLED) for status in CANCELLED),
        *((status, Found.REJECTED) for status in REJECTED),
    ],
)
def test_every_state_of_an_order_is_known(status: str, expected: Found) -> None:
    """What ends in a cancel or a rejection is final, also where the reason is new."""
    lookup = codec.looked_up(found(status, sz="0.0025"))
    assert (lookup.found, lookup.order_id) == (expected, 379)


def test_a_state_that_is_not_known_is_an_error() -> None:
    """It does not sound final, so nothing is concluded."""
    with pytest.raises(VenueProtocolError, match="halfway"):
        codec.looked_up(found("halfway"))
    with pytest.raises(VenueProtocolError):
        codec.looked_up(wire.OrderStatus(status="order"))


@pytest.mark.parametrize(
    ("status", "changes", "quantity"),
    [
        ("filled", {}, "0.0025"),
        ("filled", {"sz": "0.001"}, "0.0015"),
        ("filled", {"sz": "0.0025"}, None),
        ("filled", {"reduceOnly": True}, None),
        ("iocCancelRejected", {"sz": "0.0025"}, "0"),
        ("iocCancelRejected", {"sz": "0.001"}, None),
        ("canceled", {"sz": "0.0025"}, None),
        ("open", {"sz": "0.001"}, None),
    ],
)
def test_how_much_traded_is_told_only_where_it_is_certain(
    status: str, changes: dict[str, object], quantity: str | None
) -> None:
    """A reduce-only order may have been shrunk, and what is left of a cancelled one may not be told: fills tell."""
    told = codec.looked_up(found(status, **changes)).quantity
    assert (None if told is None else str(told)) == quantity


def test_a_rejection_of_which_a_part_is_missing_counts_as_cancelled() -> None:
    """So that its fills are waited for."""
    assert codec.looked_up(found("iocCancelRejected", sz="0.001")).found is Found.CANCELLED


def test_an_order_may_not_be_found() -> None:
    """Which proves nothing."""
    lookup = codec.looked_up(wire.OrderStatus(status="unknownOid"))
    assert (lookup.found, lookup.quantity, lookup.order_id) == (Found.NOT_FOUND, None, None)


def test_open_orders_are_known_by_coin_and_id() -> None:
    """Whoever placed them."""
    (order,) = codec.open_orders([msgspec.convert(FOUND, wire.OpenOrder)])
    assert (order.coin, order.order_id) == ("ETH", 379)
