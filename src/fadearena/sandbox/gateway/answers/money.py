"""Funding payments, and money that moved otherwise, as they are shown."""

import msgspec

from fadearena.sandbox.exchange.trading import ZERO_HASH
from fadearena.sandbox.gateway.answers.trades import USDC
from fadearena.sandbox.gateway.texts import shown
from fadearena.sandbox.listing import FIRST_DEX
from fadearena.sandbox.nouns import Payment, Transfer

USDC_TOKEN = "USDC:0x6d1e7cde53ba9467b783cb7c530ce054"  # noqa: S105 - a coin


class FundingRow(msgspec.Struct, rename="camel"):
    """A funding payment, as listeners are told; paid is below zero."""

    time: int
    coin: str
    usdc: str
    szi: str
    funding_rate: str
    n_samples: None = None


class _FundingDelta(msgspec.Struct, rename="camel"):
    coin: str
    usdc: str
    szi: str
    funding_rate: str
    n_samples: None = None
    type: str = "funding"


class LedgerRow(msgspec.Struct):
    """Money that moved, and how."""

    time: int
    hash: str
    delta: object


def funding_row(payment: Payment) -> FundingRow:
    """Show a payment to who listens."""
    return FundingRow(payment.time, payment.coin, shown(payment.usd), shown(payment.size), shown(payment.rate, 10))


def funding_history_row(payment: Payment) -> LedgerRow:
    """Show a payment to who asks."""
    delta = _FundingDelta(payment.coin, shown(payment.usd), shown(payment.size), shown(payment.rate, 10))
    return LedgerRow(payment.time, ZERO_HASH, delta)


def ledger_row(transfer: Transfer) -> LedgerRow:
    """Show money that moved."""
    return LedgerRow(transfer.time, transfer.hash, {"type": transfer.kind, **_details(transfer)})


def _details(transfer: Transfer) -> dict[str, object]:
    usd = shown(abs(transfer.usd))
    giver, taker = transfer.user, transfer.other or transfer.user
    if transfer.usd > 0:
        giver, taker = taker, giver
    match transfer.kind:
        case "accountClassTransfer":
            return {"usdc": usd, "toPerp": transfer.destination == FIRST_DEX}
        case "subAccountTransfer":
            return {"usdc": usd, "user": giver, "destination": taker}
        case "send":
            return {
                "user": giver,
                "destination": taker,
                "sourceDex": transfer.source,
                "destinationDex": transfer.destination,
                "token": USDC,
                "amount": usd,
                "usdcValue": usd,
                "fee": "0.0",
                "nativeTokenFee": "0.0",
                "nonce": transfer.time,
                "feeToken": "",
            }
        case "liquidation":
            return {
                "liquidatedNtlPos": usd,
                "accountValue": shown(transfer.value or transfer.usd, 6),
                "leverageType": "Cross" if transfer.is_cross else "Isolated",
                "liquidatedPositions": [{"coin": coin, "szi": shown(size)} for coin, size in transfer.closed],
            }
        case _:
            return {"usdc": usd}
