"""
Actions as the exchange hashes them: keys in its order, numbers in its form.

1. What is signed is the MessagePack form of these dicts, in which order counts; nothing is left to whoever sends them.
2. An absent option is an absent key, never null and never false.
3. Source: the exchange's documentation of the exchange endpoint, and its Python SDK.
"""

from decimal import Decimal
from typing import Literal, TypeAlias

from fadearena.kit.decimals import plain
from fadearena.model.error import InvalidInput
from fadearena.model.ids import Address, Cloid, address
from fadearena.model.order import OrderTerms
from fadearena.model.units import EpochMs, Price, Quantity, Side

Action: TypeAlias = dict[str, object]
Tif: TypeAlias = Literal["Ioc", "Gtc", "Alo"]

_DECIMALS_MAX = 8
_NAME_MAX = 16
SIGNATURE_CHAIN_ID = "0x66eee"
"""Named in user-signed actions; any chain will do, this is the one that the SDK names."""


def wire_number(number: Decimal) -> str:
    """
    Return a price or size as it is hashed: plain digits, no trailing zeros.

    Raises:
        InvalidInput: It is negative, no number, or has more than eight decimals.
    """
    if not number.is_finite() or number < 0:
        raise InvalidInput(f"{number} is no price or size")
    text = plain(number)
    if len(text.partition(".")[2]) > _DECIMALS_MAX:
        raise InvalidInput(f"{text} has more than {_DECIMALS_MAX} decimals")
    return text


def limit_order(
    asset_id: int,
    side: Side,
    quantity: Quantity,
    limit: Price,
    *,
    cloid: Cloid | None = None,
    reduce_only: bool = False,
    tif: Tif = "Ioc",
) -> Action:
    """
    Return one limit order, for `order`.

    Raises:
        InvalidInput: A number cannot be written.
    """
    wired: Action = {
        "a": asset_id,
        "b": side is Side.BUY,
        "p": wire_number(limit),
        "s": wire_number(quantity),
        "r": reduce_only,
        "t": {"limit": {"tif": tif}},
    }
    return wired if cloid is None else wired | {"c": cloid.lower()}


def order_of(terms: OrderTerms, cloid: Cloid) -> Action:
    """
    Return the IOC order of our terms, for `order`.

    Raises:
        InvalidInput: A number cannot be written.
    """
    return limit_order(
        terms.asset_id, terms.side, terms.quantity, terms.limit, cloid=cloid, reduce_only=terms.reduce_only
    )


def stop_order(asset_id: int, side: Side, quantity: Quantity, *, trigger: Price, limit: Price, cloid: Cloid) -> Action:
    """
    Return one stop, for `order`: reduce-only, triggered by the mark, and at the market within `limit`.

    Raises:
        InvalidInput: A number cannot be written.
    """
    wired = limit_order(asset_id, side, quantity, limit, cloid=cloid, reduce_only=True)
    return wired | {"t": {"trigger": {"isMarket": True, "triggerPx": wire_number(trigger), "tpsl": "sl"}}}


def order(*orders: Action) -> Action:
    """Return the action that places orders, independent of each other."""
    return {"type": "order", "orders": list(orders), "grouping": "na"}


def cancel(*cancels: tuple[int, int]) -> Action:
    """Return the action that cancels orders by (asset id, order id)."""
    return {"type": "cancel", "cancels": [{"a": asset_id, "o": order_id} for asset_id, order_id in cancels]}


def cancel_by_cloid(*cancels: tuple[int, Cloid]) -> Action:
    """Return the action that cancels orders by (asset id, cloid)."""
    wired = [{"asset": asset_id, "cloid": cloid.lower()} for asset_id, cloid in cancels]
    return {"type": "cancelByCloid", "cancels": wired}


def set_leverage(asset_id: int, leverage: int, *, is_cross: bool) -> Action:
    """Return the action that sets a coin's leverage and margin mode."""
    return {"type": "updateLeverage", "asset": asset_id, "isCross": is_cross, "leverage": leverage}


def schedule_cancel(at_ms: EpochMs | None) -> Action:
    """Return the action that has all orders of an account cancelled at some time; with None, not any more."""
    return {"type": "scheduleCancel"} if at_ms is None else {"type": "scheduleCancel", "time": at_ms}


def noop() -> Action:
    """Return the action that does nothing but use its nonce up."""
    return {"type": "noop"}


def approve_agent(
    agent: Address, name: str, nonce: int, *, mainnet: bool, valid_until: EpochMs | None = None
) -> Action:
    """
    Return the user-signed action by which a master lets an agent trade; the envelope bears the same nonce.

    Args:
        agent: The agent's address; one that was ever used before must not be used again.
        name: 1 to 16 characters; an agent of the same name is replaced.
        nonce: The time, in milliseconds.
        mainnet: Which network.
        valid_until: When the approval ends, at most 180 days ahead; None leaves it to the exchange.

    Raises:
        InvalidInput: Address or name are not possible.
    """
    if not 1 <= len(name) <= _NAME_MAX:
        raise InvalidInput(f"{name!r} is no name for an agent: use 1 to {_NAME_MAX} characters")
    return {
        "type": "approveAgent",
        "signatureChainId": SIGNATURE_CHAIN_ID,
        "hyperliquidChain": "Mainnet" if mainnet else "Testnet",
        "agentAddress": address(agent),
        "agentName": name if valid_until is None else f"{name} valid_until {valid_until}",
        "nonce": nonce,
    }
