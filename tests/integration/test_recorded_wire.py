"""Whatever Hyperliquid was recorded to say is decoded, and encodes to the same again: nothing is dropped or changed."""

import msgspec
import pytest

from fadearena.adapters.hyperliquid import codec, wire
from fadearena.adapters.hyperliquid.errors import code_of
from fadearena.model.event import CashMoved, FundingPaid
from fadearena.model.order import ActionOutcome, Found, Refused, RejectCode, Resting
from tests.support.fills import WALLET
from tests.support.recorded import (
    ROOT,
    all_answers,
    all_messages,
    answers,
    errors,
    messages,
    needs_recorded,
)
from tests.support.wire_forms import CHANNELS, INFO, assert_lossless

pytestmark = needs_recorded


def test_every_recorded_answer_is_read_without_loss() -> None:
    """Each info request has its shape, each signed action a reply, and none loses a field."""
    kinds = set()
    for answer in all_answers():
        kind = answer.request.get("type", "action")
        kinds.add(kind)
        assert_lossless(answer.response, wire.ExchangeReply if kind == "action" else INFO[str(kind)])
    assert len(kinds) == 29


def test_every_recorded_message_is_read_without_loss() -> None:
    """Each channel has its shape; all captures together hold thousands of messages."""
    count = 0
    for channel, data in all_messages():
        assert_lossless(data, CHANNELS[channel])
        count += 1
    assert count > 2_800


def test_recorded_fills_of_every_kind_are_read_without_loss() -> None:
    """Also a conversion of dust and a netting of vaults, which no market made."""
    assert_lossless((ROOT / "rest" / "user_fills_dust_conversion.json").read_bytes(), tuple[wire.RecordedFill, ...])


def test_the_shapes_are_needed_in_full() -> None:
    """A field that no shape names would be noticed."""
    with pytest.raises(AssertionError):
        assert_lossless(b'{"totalNetDeposit":"1.0","new":1}', wire.PerpDexStatus)


NO_REFUSALS = {"Already subscribed", "Cannot subscribe", "Failed to deserialize"}
NAMELESS = {
    "Cannot set scheduled cancel time",
    "Order value too large",
    "Placing trigger orders",
    "Post only order would",
}


def test_every_error_text_has_a_code() -> None:
    """All recorded and documented texts are told apart, but for a few that our orders cannot meet."""
    unknown = [text for text in errors() if code_of(text) is RejectCode.OTHER]
    assert {next(name for name in NO_REFUSALS | NAMELESS if text.startswith(name)) for text in unknown} == (
        NO_REFUSALS | NAMELESS
    )


def test_recorded_replies_are_answers() -> None:
    """Orders rested or were refused; cancels succeeded or came too late; a wrong signer is told."""
    kinds = set()
    for answer in all_answers():
        action = answer.request.get("action")
        if not isinstance(action, dict):
            continue
        reply = msgspec.json.decode(answer.response, type=wire.ExchangeReply)
        if action["type"] == "order":
            (order,) = codec.order_answers(reply)
            assert isinstance(order, Resting | Refused)
            kinds.add(order.code if isinstance(order, Refused) else "resting")
        else:
            outcome = codec.action_outcome(reply)
            kinds.add(outcome.outcome)
            is_refused = outcome.outcome is ActionOutcome.REFUSED
            assert code_of(outcome.text) is (RejectCode.ALREADY_DONE if is_refused else RejectCode.OTHER)
    assert kinds == {
        "resting",
        RejectCode.SIGNER,
        RejectCode.MINIMUM_NOTIONAL,
        ActionOutcome.ACCEPTED,
        ActionOutcome.REFUSED,
    }


def test_recorded_orders_are_looked_up() -> None:
    """Filled, not found, cancelled, and IOC orders that met nobody, of which it is certain that nothing traded."""
    found = [
        codec.looked_up(msgspec.json.decode(answer.response, type=wire.OrderStatus))
        for answer in answers("orderStatus")
    ]
    assert {each.found for each in found} == {Found.FILLED, Found.NOT_FOUND}
    states = msgspec.json.decode(answers("historicalOrders")[0].response, type=tuple[wire.OrderState, ...])
    for state in states:
        lookup = codec.looked_up(wire.OrderStatus(status="order", order=state))
        is_rejected = state.status == "iocCancelRejected"
        assert lookup.found is (Found.REJECTED if is_rejected else Found.CANCELLED)
        assert lookup.quantity == (0 if is_rejected else None)
        assert lookup.order_id == state.order.oid


def test_recorded_contexts_are_prices() -> None:
    """Every market of every dex has a mark, an oracle price and an hourly rate."""
    (data,) = messages("allDexsAssetCtxs")
    by_dex = dict(msgspec.json.decode(data, type=wire.AllDexsContexts).ctxs)
    assert {"", "xyz"} <= set(by_dex)
    for context in (context for contexts in by_dex.values() for context in contexts):
        quote = codec.context_quote("X", context, heard=7)
        assert quote.mark is not None
        assert quote.oracle is not None
        assert quote.mark_time == 7
        rate = codec.funding_rate("X", context)
        assert rate is not None
        assert abs(rate.rate) < 1
        assert (codec.context_mid(context) is None) is (context.midPx is None)


def test_recorded_funding_and_ledger_are_money() -> None:
    """Funding gives back its oracle price; deposits and moves from perps to spot are cash, what spot does is not."""
    paid = [
        codec.funding_paid(row, "main", received=1)
        for answer in answers("userFunding")
        for row in msgspec.json.decode(answer.response, type=tuple[wire.Funding, ...])
    ]
    assert len(paid) > 200
    for event in paid:
        assert isinstance(event, FundingPaid)
        assert event.oracle > 0
    rows = [
        row
        for answer in answers("userNonFundingLedgerUpdates")
        for row in msgspec.json.decode(answer.response, type=tuple[wire.LedgerUpdate, ...])
    ]
    wallet = "0x2ba553d9f990a3b66b03b2dc0d030dfc1c061036"
    moved = [codec.cash_moved(row, "main", wallet, codec.account_mode("disabled"), received=1) for row in rows]
    assert [str(event.usd) for event in moved if isinstance(event, CashMoved)] == [
        "2703997.4500000002",
        "-12",
        "-2684105.0099999998",
        "1099994.98",
    ]


def test_recorded_accounts_are_read() -> None:
    """Role, allowance, leverage and spot balance of recorded accounts."""
    (role,) = (msgspec.json.decode(answer.response, type=wire.UserRole) for answer in answers("userRole"))
    assert codec.wallet_role(role).may_be_followed
    (limit,) = (msgspec.json.decode(answer.response, type=wire.RateLimit) for answer in answers("userRateLimit"))
    assert codec.actions_left(limit) == 170_043_731_737 - 36_589_831_368
    (active,) = (msgspec.json.decode(answer.response, type=wire.ActiveAsset) for answer in answers("activeAssetData"))
    leverage = codec.leverage_read(active, "main", now=1)
    assert (leverage.coin, leverage.leverage, leverage.is_cross) == ("HYPE", 10, True)
    (spot,) = (msgspec.json.decode(each.response, type=wire.SpotState) for each in answers("spotClearinghouseState"))
    assert str(codec.spot_equity(spot, codec.account_mode("unifiedAccount"))) == "19.9969993"
    assert codec.spot_equity(spot, codec.account_mode("portfolioMargin")) is None


def test_a_liquidation_is_the_victims() -> None:
    """The recorded other side of a liquidation is an ordinary fill to us."""
    (data,) = messages("user")
    fills = msgspec.json.decode(data, type=wire.UserEvents).fills
    assert fills is not msgspec.UNSET
    (fill,) = fills
    assert codec.own_fill(fill, "main", WALLET).forced is None
    assert codec.own_fill(fill, "main", "0x360878d351f05975e25f1807a27895e1e5e004fb").forced is not None
