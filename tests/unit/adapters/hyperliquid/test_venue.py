"""Signed actions on our accounts: each is sent once, and answered as it was."""

from decimal import Decimal

import pytest

from fadearena.kit.clock import ManualClock
from fadearena.model.command import (
    BurnNonce,
    CancelOrder,
    PlaceOrder,
    ReadAccount,
    SetLeverage,
)
from fadearena.model.error import OutcomeUnknown, VenueProtocolError, VenueRefused, VenueUnavailable
from fadearena.model.event import (
    ActionAnswered,
    OrderAnswered,
)
from fadearena.model.order import (
    ActionOutcome,
    Filled,
    OrderIdentity,
    OrderTerms,
    Purpose,
    Refused,
    RejectCode,
    Resting,
)
from fadearena.model.units import Side
from fadearena.ports.venue import VenueCommand
from tests.support.hyperliquid import ALICE, BOB, BROKEN, NOW, Desk, meta
from tests.support.hyperliquid_venue import CLOID, SIGNER, done

METAS = {"": meta("BTC"), "xyz": meta("xyz:NVDA")}
LEVERAGE = {"user": ALICE, "coin": "BTC", "leverage": {"type": "isolated", "value": 7, "rawUsd": "0.0"}}
TERMS = OrderTerms(
    account="main",
    coin="BTC",
    asset_id=0,
    side=Side.BUY,
    quantity=Decimal("0.50"),
    limit=Decimal(101),
    reduce_only=False,
    purpose=Purpose.INCREASE,
    bot=None,
    residue_quantity=Decimal(0),
)
IDENTITY = OrderIdentity(
    cloid=CLOID, label="fadearena-x", signer=SIGNER.address, nonce=NOW + 1, expires_after=NOW + 5_000
)
PLACE = PlaceOrder(terms=TERMS, identity=IDENTITY)
BURN = BurnNonce(account="main", signer=SIGNER.address, cloid=CLOID, nonce=NOW + 1)
CANCEL = CancelOrder(
    account="sub", signer=SIGNER.address, order_id=12, asset_id=3, nonce=NOW + 2, expires_after=NOW + 5_000
)
SET = SetLeverage(
    account="main",
    signer=SIGNER.address,
    coin="BTC",
    asset_id=0,
    leverage=7,
    is_cross=False,
    nonce=NOW + 3,
    expires_after=NOW + 5_000,
)


def accepted(*statuses: object, kind: str = "order") -> dict[str, object]:
    """Return a reply with a status for each order or cancel."""
    return {"status": "ok", "response": {"type": kind, "data": {"statuses": list(statuses)}}}


def refused(text: str) -> dict[str, object]:
    """Return a reply that refuses an action as a whole."""
    return {"status": "err", "response": text}


DEFAULT = {"status": "ok", "response": {"type": "default"}}


def test_an_order_is_sent_once_with_its_own_nonce_deadline_and_canonical_numbers() -> None:
    """IOC, by cloid, for the master itself: nobody is named as a vault."""
    desk = Desk(ManualClock(NOW), order=accepted({"filled": {"totalSz": "0.2", "avgPx": "100.9", "oid": 5}}))
    told = done(desk, PLACE)
    assert isinstance(told, OrderAnswered)
    assert told.answer == Filled(quantity=Decimal("0.2"), average_price=Decimal("100.9"), order_id=5)
    (body,) = [frame for _, path, frame in desk.net.asked if path == "/exchange"]
    assert (body["nonce"], body["expiresAfter"], body["vaultAddress"]) == (NOW + 1, NOW + 5_000, None)
    assert body["action"] == {
        "type": "order",
        "orders": [{"a": 0, "b": True, "p": "101", "s": "0.5", "r": False, "t": {"limit": {"tif": "Ioc"}}, "c": CLOID}],
        "grouping": "na",
    }


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        (accepted({"resting": {"oid": 6}}), Resting(order_id=6)),
        (
            accepted({"error": "Order must have minimum value of $10. asset=0"}),
            Refused(code=RejectCode.MINIMUM_NOTIONAL, text="Order must have minimum value of $10. asset=0"),
        ),
        (
            refused("Invalid nonce: duplicate nonce 7"),
            Refused(code=RejectCode.NONCE, text="Invalid nonce: duplicate nonce 7"),
        ),
        (
            (422, b"Failed to deserialize"),
            Refused(code=RejectCode.OTHER, text="/exchange answered 422: Failed to deserialize"),
        ),
    ],
)
def test_a_clear_no_is_an_answer(reply: object, answer: object) -> None:
    """At each of the levels at which the exchange refuses, also where it did not understand the request."""
    told = done(Desk(ManualClock(NOW), order=lambda _: reply), PLACE)
    assert told.answer == answer


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (BROKEN, OutcomeUnknown),
        ((429, b"null"), OutcomeUnknown),
        ((200, b"<html>"), VenueProtocolError),
        (accepted("waitingForFill"), VenueProtocolError),
        (VenueUnavailable("no connection"), VenueUnavailable),
        (OutcomeUnknown("no answer"), OutcomeUnknown),
    ],
)
def test_an_order_without_a_clear_answer_is_never_sent_again(reply: object, error: type[Exception]) -> None:
    """The obstacle says what is certain; there is one request, whatever came back."""
    desk = Desk(ManualClock(NOW), order=lambda _: reply)
    with pytest.raises(error):
        done(desk, PLACE)
    assert len([path for _, path, _ in desk.net.asked if path == "/exchange"]) == 1


def test_an_order_that_cannot_be_signed_never_left() -> None:
    """Without a key for its signer nothing is sent, and that is certain."""
    desk = Desk(ManualClock(NOW))
    identity = OrderIdentity(cloid=CLOID, label="x", signer=BOB, nonce=NOW, expires_after=NOW + 5_000)
    with pytest.raises(VenueUnavailable, match="nothing was sent: there is no key"):
        done(desk, PlaceOrder(terms=TERMS, identity=identity))
    assert not [path for _, path, _ in desk.net.asked if path == "/exchange"]


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (DEFAULT, ActionOutcome.ACCEPTED),
        (refused("Invalid nonce: duplicate nonce 7"), ActionOutcome.DUPLICATE_NONCE),
        (refused("User or API Wallet 0x0 does not exist."), ActionOutcome.REFUSED),
    ],
)
def test_a_noop_tells_whether_its_nonce_was_free(reply: object, outcome: ActionOutcome) -> None:
    """It bears the order's nonce, and no deadline."""
    desk = Desk(ManualClock(NOW), noop=lambda _: reply)
    told = done(desk, BURN)
    assert isinstance(told, ActionAnswered)
    assert (told.subject, told.outcome) == (CLOID, outcome)
    assert (desk.net.asked[-1][2]["nonce"], desk.net.asked[-1][2]["expiresAfter"]) == (NOW + 1, None)


def test_a_cancel_for_a_sub_account_names_it() -> None:
    """By the exchange's id or by cloid, with the sub-account as the one for whom it acts."""
    already = {"error": "Order was never placed, already canceled, or filled. asset=3"}
    desk = Desk(ManualClock(NOW), cancel=accepted(already, kind="cancel"), cancelByCloid=accepted("success"))
    told = done(desk, CANCEL)
    assert (told.subject, told.outcome) == ("12", ActionOutcome.REFUSED)
    body = desk.net.asked[-1][2]
    assert (body["vaultAddress"], body["action"]["cancels"]) == (BOB, [{"a": 3, "o": 12}])
    by_cloid = CancelOrder(
        account="sub", signer=SIGNER.address, cloid=CLOID, asset_id=3, nonce=NOW + 9, expires_after=NOW + 5_000
    )
    assert done(desk, by_cloid).outcome is ActionOutcome.ACCEPTED


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [(DEFAULT, ActionOutcome.ACCEPTED), (refused("Invalid leverage value"), ActionOutcome.REFUSED)],
)
def test_leverage_that_was_set_is_answered_and_not_guessed(reply: object, outcome: ActionOutcome) -> None:
    """What the exchange holds then is asked for by who wants to know."""
    told = done(Desk(ManualClock(NOW), updateLeverage=lambda _: reply), SET)
    assert isinstance(told, ActionAnswered)
    assert (told.subject, told.outcome) == ("BTC", outcome)


def test_an_account_that_is_not_ours_is_refused() -> None:
    """A name without an address cannot be read."""
    with pytest.raises(VenueRefused, match="add it to the settings"):
        done(Desk(ManualClock(NOW)), ReadAccount(account="other"))


@pytest.mark.parametrize("command", [BURN, CANCEL, SET])
def test_an_action_that_was_not_understood_is_refused(command: VenueCommand) -> None:
    """A 422 comes before anything is done: a clear no, of which the text is kept."""
    told = done(Desk(ManualClock(NOW)), command)
    assert isinstance(told, ActionAnswered)
    assert told.outcome is ActionOutcome.REFUSED
    assert "no such type" in told.text


def test_a_cancel_that_names_no_order_never_left() -> None:
    """Neither cloid nor id: there is nothing to cancel."""
    nothing = CancelOrder(account="main", signer=SIGNER.address, asset_id=3, nonce=NOW, expires_after=NOW + 5_000)
    with pytest.raises(VenueUnavailable, match="neither cloid nor order id"):
        done(Desk(ManualClock(NOW)), nothing)
