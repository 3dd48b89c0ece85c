"""Money that came and went: funding, deposits, withdrawals, transfers."""

import msgspec
from msgspec import UNSET, UnsetType

from fadearena.adapters.hyperliquid import wire
from fadearena.adapters.hyperliquid.codec.numbers import moment, number
from fadearena.model.account import AccountMode
from fadearena.model.error import VenueProtocolError
from fadearena.model.event import CashMoved, FundingPaid
from fadearena.model.ids import AccountId, Address
from fadearena.model.units import ZERO, EpochMs, Usd

_SPOT = "spot"
_USDC = "USDC"
_NOT_CASH = frozenset(
    {"liquidation", "rewardsClaim", "cStakingTransfer", "borrowLend", "spotGenesis", "deployGasAuction"}
)
"""Part of trading, or of tokens that are no collateral here."""


def funding_paid(row: wire.Funding | wire.UserFunding, account: AccountId, received: EpochMs) -> FundingPaid | None:
    """
    Return an hour's funding; None where nothing was paid.

    The oracle price on which it was paid is not told: it follows from payment, size and rate.

    Raises:
        VenueProtocolError: A number cannot be read, or money was paid without a size or rate.
    """
    delta = row.delta if isinstance(row, wire.Funding) else row
    time, usd, rate = moment(row.time), number("usdc", delta.usdc), number("fundingRate", delta.fundingRate)
    if not usd:
        return None
    base = abs(number("szi", delta.szi) * rate)
    if not base:
        raise VenueProtocolError(f"funding of {delta.coin} at {time}: {usd} paid without a size or rate")
    return FundingPaid(
        time=time,
        received=received,
        key=f"{time}:{account}:{delta.coin}",
        account=account,
        coin=delta.coin,
        usd=usd,
        rate=rate,
        oracle=abs(usd) / base,
    )


def cash_moved(
    update: wire.LedgerUpdate, account: AccountId, wallet: Address, mode: AccountMode, received: EpochMs
) -> CashMoved | None:
    """
    Return what a ledger update added to an account of ours, which trades as `wallet`; None where that is nothing.

    What counts is what the account's equity counts: the balances of all dexs, and of a pooled account the USDC in
    spot too. A move between two of these is nothing but its fee.

    Raises:
        VenueProtocolError: It is of a kind that is not known here, or a number cannot be read.
    """
    usd = _change(update.delta, wallet, mode)
    if not usd:
        return None
    time = moment(update.time)
    key = f"{time}:{account}:{update.hash}:{update.delta.type}:{usd}"
    return CashMoved(time=time, received=received, key=key, account=account, usd=usd)


def _change(delta: wire.LedgerDelta, wallet: Address, mode: AccountMode) -> Usd:
    match delta.type:
        case "deposit" | "vaultDistribution":
            return _amount("usdc", delta.usdc)
        case "withdraw" | "vaultCreate" | "vaultDeposit":
            return -_amount("usdc", delta.usdc) - _fee(delta)
        case "vaultWithdraw":
            return _amount("netWithdrawnUsd", delta.netWithdrawnUsd)
        case "accountClassTransfer":
            usd = ZERO if mode.is_pooled else _amount("usdc", delta.usdc)
            return usd if delta.toPerp else -usd
        case "internalTransfer" | "subAccountTransfer":
            return _moved(delta, wallet, _amount("usdc", delta.usdc))
        case "spotTransfer":
            is_counted = mode.is_pooled and _is_usdc(delta)
            return _moved(delta, wallet, _amount("amount", delta.amount)) if is_counted else ZERO
        case "send":
            return _sent(delta, wallet, mode)
        case kind if kind in _NOT_CASH:
            return ZERO
        case kind:
            raise VenueProtocolError(f"ledger: {kind!r} is not known; whether it moved cash has to be looked up")


def _sent(delta: wire.LedgerDelta, wallet: Address, mode: AccountMode) -> Usd:
    """Return what a move between dexs or users added; in a pooled account other tokens than USDC do not count."""
    if mode.is_pooled and not _is_usdc(delta):
        return ZERO
    usd = _amount("amount", delta.amount) if _is_usdc(delta) else _amount("usdcValue", delta.usdcValue)
    if not mode.is_pooled and delta.sourceDex == _SPOT:
        delta = msgspec.structs.replace(delta, user=UNSET)
    if not mode.is_pooled and delta.destinationDex == _SPOT:
        delta = msgspec.structs.replace(delta, destination=UNSET)
    return _moved(delta, wallet, usd)


def _moved(delta: wire.LedgerDelta, wallet: Address, usd: Usd) -> Usd:
    """Return what a move between users added to one of them; the sender pays the fee."""
    change = ZERO
    if delta.destination and delta.destination.lower() == wallet:
        change += usd
    if delta.user and delta.user.lower() == wallet:
        change -= usd + _fee(delta)
    return change


def _amount(name: str, text: str | UnsetType | None) -> Usd:
    if text is UNSET or text is None:
        raise VenueProtocolError(f"ledger: {name} is missing")
    return number(name, text)


def _fee(delta: wire.LedgerDelta) -> Usd:
    is_usdc = not delta.feeToken or delta.feeToken == _USDC
    return number("fee", delta.fee) if delta.fee and is_usdc else ZERO


def _is_usdc(delta: wire.LedgerDelta) -> bool:
    return delta.token is not UNSET and delta.token.partition(":")[0] == _USDC
