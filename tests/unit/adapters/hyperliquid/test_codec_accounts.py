"""Accounts: modes, equity, leverage, roles, funding and cash; and the prices of markets."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from fadearena.adapters.hyperliquid import codec, wire
from fadearena.model.account import AccountMode
from fadearena.model.error import VenueProtocolError
from fadearena.model.wallet import WalletRole
from tests.support.fills import WALLET

OTHER = "0x" + "b" * 40
STANDARD, UNIFIED = AccountMode.STANDARD, AccountMode.UNIFIED
TIME = 1_767_654_000_068


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("disabled", STANDARD),
        ("default", STANDARD),
        ("dexAbstraction", STANDARD),
        ("unifiedAccount", UNIFIED),
        ("portfolioMargin", AccountMode.PORTFOLIO_MARGIN),
        ("somethingNew", AccountMode.UNKNOWN),
    ],
)
def test_every_mode_is_known_or_unknown(text: str, mode: AccountMode) -> None:
    """A mode that is new pools collateral in a way that nobody here knows."""
    assert codec.account_mode(text) is mode


def spot(**totals: str) -> wire.SpotState:
    """Return balances of USDC, of another token, and of an outcome."""
    tokens: dict[str, Any] = {"USDC": 0, "HYPE": 150, "outcome": msgspec.UNSET}
    return wire.SpotState(
        balances=tuple(wire.SpotBalance(coin=coin, token=tokens[coin], total=total) for coin, total in totals.items())
    )


@pytest.mark.parametrize(
    ("mode", "state", "equity"),
    [
        (STANDARD, spot(USDC="5"), None),
        (AccountMode.UNKNOWN, spot(USDC="5"), None),
        (UNIFIED, spot(USDC="5.50", HYPE="2"), "5.5"),
        (UNIFIED, spot(USDC="5.50", outcome="100.0"), "5.5"),
        (UNIFIED, spot(), "0"),
        (AccountMode.PORTFOLIO_MARGIN, spot(USDC="-5", HYPE="0.0"), "-5"),
        (AccountMode.PORTFOLIO_MARGIN, spot(USDC="5", HYPE="2"), None),
    ],
)
def test_spot_tells_the_equity_of_pooled_accounts_only(
    mode: AccountMode, state: wire.SpotState, equity: str | None
) -> None:
    """Other tokens are collateral with portfolio margin: what they are worth is not told, so nothing is."""
    told = codec.spot_equity(state, mode)
    assert (None if told is None else str(told)) == equity


def test_leverage_is_read_with_its_mode() -> None:
    """Isolated margin is not cross."""
    active = wire.ActiveAsset(user=WALLET, coin="X", leverage=wire.Leverage(type="isolated", value=3))
    read = codec.leverage_read(active, "main", now=7)
    assert (read.account, read.coin, read.leverage, read.is_cross, read.time) == ("main", "X", 3, False, 7)


def test_a_new_margin_mode_is_an_error() -> None:
    """Whether it is cross or isolated is what orders are sized by."""
    active = wire.ActiveAsset(user=WALLET, coin="X", leverage=wire.Leverage(type="portfolio", value=3))
    with pytest.raises(VenueProtocolError):
        codec.leverage_read(active, "main", now=7)


def test_roles() -> None:
    """Each role of an address is known; a new one is an error."""
    for role in WalletRole:
        assert codec.wallet_role(wire.UserRole(role=role.value)) is role
    with pytest.raises(VenueProtocolError):
        codec.wallet_role(wire.UserRole(role="oracle"))


@pytest.mark.parametrize(
    ("cap", "used", "surplus", "left"),
    [(10_000, 1, None, 9_999), (10_000, 10_500, 600, 100), (10_000, 20_000, 0, 0)],
)
def test_actions_left(cap: int, used: int, surplus: int | None, left: int) -> None:
    """What was reserved counts; less than none there is not."""
    limit = wire.RateLimit(
        cumVlm="0.0",
        nRequestsUsed=used,
        nRequestsCap=cap,
        nRequestsSurplus=msgspec.UNSET if surplus is None else surplus,
    )
    assert codec.actions_left(limit) == left


def funding(**changes: Any) -> wire.Funding:
    """Return an hour's funding with changes."""
    delta = {"coin": "xyz:XYZ100", "usdc": "2.378343", "szi": "-15.0", "fundingRate": "0.00000625", "nSamples": None}
    return wire.Funding(time=TIME, delta=wire.FundingDelta(**{**delta, **changes}))


def test_funding_has_its_sign_and_gives_back_the_oracle_price() -> None:
    """A short received; payment = size x oracle price x rate; both feeds tell it under one key."""
    paid = codec.funding_paid(funding(), "main", received=9)
    assert paid is not None
    assert (paid.usd, paid.rate) == (Decimal("2.378343"), Decimal("0.00000625"))
    assert paid.oracle == Decimal("2.378343") / (15 * Decimal("0.00000625"))
    assert (paid.time, paid.received) == (TIME, 9)
    pushed = wire.UserFunding(time=TIME, coin="xyz:XYZ100", usdc="2.378343", szi="-15.0", fundingRate="0.00000625")
    assert codec.funding_paid(pushed, "main", received=9) == paid


def test_an_hour_without_a_payment_is_nothing() -> None:
    """As where the rate was zero."""
    assert codec.funding_paid(funding(usdc="0.0", fundingRate="0.0"), "main", received=9) is None


@pytest.mark.parametrize("changes", [{"szi": "0.0"}, {"fundingRate": "0.0"}, {"usdc": "much"}])
def test_impossible_funding_is_an_error(changes: dict[str, str]) -> None:
    """Money for no position, or at no rate."""
    with pytest.raises(VenueProtocolError):
        codec.funding_paid(funding(**changes), "main", received=9)


def moved(mode: AccountMode, kind: str, **fields: Any) -> str | None:
    """Return what a ledger update added to the account."""
    update = wire.LedgerUpdate(time=TIME, hash="0xab", delta=wire.LedgerDelta(type=kind, **fields))
    event = codec.cash_moved(update, "main", WALLET, mode, received=9)
    return None if event is None else str(event.usd)


OUT: dict[str, Any] = {"user": WALLET, "destination": OTHER, "fee": "1.0"}
IN: dict[str, Any] = {"user": OTHER, "destination": WALLET.upper().replace("X", "x"), "fee": "1.0"}
OWN: dict[str, Any] = {"user": WALLET, "destination": WALLET, "fee": "0.0"}
USDC: dict[str, Any] = {"token": "USDC:0x6d1e7cde53ba9467b783cb7c530ce054", "amount": "25.0", "feeToken": ""}
HYPE: dict[str, Any] = {"token": "HYPE", "amount": "1.0", "usdcValue": "40.0", "feeToken": "HYPE"}


@pytest.mark.parametrize(
    ("kind", "fields", "standard", "unified"),
    [
        ("deposit", {"usdc": "5.0"}, "5", "5"),
        ("withdraw", {"usdc": "5.0", "fee": "1.0"}, "-6", "-6"),
        ("accountClassTransfer", {"usdc": "5.0", "toPerp": True}, "5", None),
        ("accountClassTransfer", {"usdc": "5.0", "toPerp": False}, "-5", None),
        ("internalTransfer", {"usdc": "5.0", **OUT}, "-6", "-6"),
        ("internalTransfer", {"usdc": "5.0", **IN}, "5", "5"),
        ("subAccountTransfer", {"usdc": "5.0", "user": WALLET, "destination": OTHER}, "-5", "-5"),
        ("send", {**USDC, **OUT, "sourceDex": "", "destinationDex": ""}, "-26", "-26"),
        ("send", {**USDC, **IN, "sourceDex": "", "destinationDex": "xyz"}, "25", "25"),
        ("send", {**USDC, **IN, "sourceDex": "", "destinationDex": "spot"}, None, "25"),
        ("send", {**USDC, **OWN, "sourceDex": "", "destinationDex": "xyz"}, None, None),
        ("send", {**USDC, **OWN, "sourceDex": "spot", "destinationDex": ""}, "25", None),
        ("send", {**USDC, **OWN, "sourceDex": "", "destinationDex": "spot"}, "-25", None),
        ("send", {**HYPE, **OUT, "sourceDex": "abcd", "destinationDex": "spot"}, "-40", None),
        ("spotTransfer", {**USDC, **OUT}, None, "-26"),
        ("spotTransfer", {**HYPE, **IN}, None, None),
        ("vaultDeposit", {"usdc": "5.0", "vault": OTHER}, "-5", "-5"),
        ("vaultCreate", {"usdc": "5.0", "vault": OTHER, "fee": "1.0"}, "-6", "-6"),
        ("vaultWithdraw", {"netWithdrawnUsd": "5.0", "vault": OTHER}, "5", "5"),
        ("vaultDistribution", {"usdc": "5.0", "vault": OTHER}, "5", "5"),
        ("liquidation", {"liquidatedNtlPos": "5.0"}, None, None),
        ("rewardsClaim", {"amount": "5.0"}, None, None),
    ],
)
def test_what_enters_or_leaves_an_account_is_cash(
    kind: str, fields: dict[str, Any], standard: str | None, unified: str | None
) -> None:
    """What counts is what the account's equity counts, which depends on how it pools; a sender pays the fee."""
    assert (moved(STANDARD, kind, **fields), moved(UNIFIED, kind, **fields)) == (standard, unified)


@pytest.mark.parametrize(("kind", "fields"), [("somethingNew", {"usdc": "5.0"}), ("deposit", {}), ("send", OUT)])
def test_a_ledger_update_that_is_not_understood_is_an_error(kind: str, fields: dict[str, Any]) -> None:
    """It may have moved cash, so it is not passed over."""
    with pytest.raises(VenueProtocolError):
        moved(STANDARD, kind, **fields)


def context(**changes: Any) -> wire.AssetContext:
    """Return a market's context with changes."""
    return wire.AssetContext(
        **{"funding": "0.0000125", "oraclePx": "10.0", "markPx": "10.10", "midPx": "10.2", **changes}
    )


def test_a_context_is_mark_and_oracle() -> None:
    """As heard then; the touch is not in it, its middle is."""
    quote = codec.context_quote("X", context(), heard=5)
    assert (str(quote.mark), quote.mark_time, str(quote.oracle)) == ("10.1", 5, "10")
    assert (quote.bid, quote.ask, quote.touch_time) == (None, None, 0)
    assert codec.context_mid(context()) == Decimal("10.2")
    rate = codec.funding_rate("X", context())
    assert rate is not None
    assert (rate.rate, rate.oracle) == (Decimal("0.0000125"), Decimal(10))


def test_a_dead_market_has_no_price() -> None:
    """A price of zero is not known, never zero."""
    quote = codec.context_quote("X", context(markPx="0.0", oraclePx="0.0"), heard=5)
    assert (quote.mark, quote.mark_time, quote.oracle) == (None, 0, None)
    assert codec.funding_rate("X", context(oraclePx="0.0")) is None
    assert codec.context_mid(context(midPx=None)) is None
    with pytest.raises(VenueProtocolError):
        codec.context_quote("X", context(markPx="-1"), heard=5)
