"""
Texts with which the exchange refuses, as codes of ours.

1. Texts are known by how they begin: what follows is an asset, a number, an address.
2. A text that is not known here is `OTHER`: refused, not tried again, and shown to people. So are those that our
   orders do not meet, which are known all the same.
3. Sources: the exchange's documentation of error responses, and texts seen in recorded answers.
"""

from fadearena.model.error import OutcomeUnknown
from fadearena.model.order import RejectCode


class SlowDown(OutcomeUnknown):
    """The exchange asks us to be slower (429); nothing promises that it did not do what it was asked."""


_L1_ERROR = "L1 error: "
_DUPLICATE_NONCE = "Invalid nonce: duplicate nonce"

_CODES: dict[RejectCode, tuple[str, ...]] = {
    RejectCode.TICK: ("Price must be divisible by tick size", "Order has invalid price", "Invalid TP/SL price"),
    RejectCode.LOT: ("Order has invalid size", "Order has zero size"),
    RejectCode.MINIMUM_NOTIONAL: ("Order must have minimum value of",),
    RejectCode.MARGIN: (
        "Insufficient margin to place order",
        "Insufficient spot balance",
        "(Spot-only) Order has insufficient spot balance to trade",
        "Order has insufficient spot balance to trade",
    ),
    RejectCode.REDUCE_ONLY: ("Reduce only order would increase position",),
    RejectCode.NO_MATCH: ("Order could not immediately match against any resting orders",),
    RejectCode.NO_LIQUIDITY: ("No liquidity available for market order",),
    RejectCode.OPEN_INTEREST: (
        "Order would increase open interest",
        "Order rejected due to price more aggressive than oracle while at open interest cap",
    ),
    RejectCode.PRICE_BAND: (
        "Order price too far from oracle",
        "Price too far from oracle",
        "Order price cannot be more than",
    ),
    RejectCode.MARGIN_TIER: ("Order would cause position to exceed margin tier limit at current leverage",),
    RejectCode.HALTED: ("Trading is halted",),
    RejectCode.POST_ONLY_PERIOD: ("Only post-only orders allowed immediately after a network upgrade",),
    RejectCode.SIGNER: (
        "User or API Wallet",
        "Must deposit before performing actions",
        "Unable to recover signer",
        "Vault not registered",
        "User has pending agent removal",
        "Extra agent already used",
        "Agent valid_until already expired",
        "Too many extra agents",
    ),
    RejectCode.NONCE: ("Invalid nonce",),
    RejectCode.EXPIRED: ("Action already expired",),
    RejectCode.RATE: (
        "Too many cumulative requests sent",
        "Too many open orders",
        "Signed action over weight limit",
        "Too many scheduled cancels triggered for the day",
    ),
    RejectCode.LEVERAGE: (
        "Invalid leverage value",
        "Cannot switch leverage type with open position",
        "Cross margin is not allowed for this asset",
        "Cross position does not have sufficient margin available to decrease leverage",
        "Isolated position does not have",
        "Position does not use isolated margin",
        "Update to isolated margin cannot be zero",
        "Cannot update margin for empty position",
    ),
    RejectCode.ALREADY_DONE: (
        "Order was never placed, already canceled, or filled",
        "Cannot modify canceled or filled order",
    ),
    RejectCode.OTHER: (
        "Post only order would have immediately matched",
        "Builder fee has not been approved",
        "Insufficient delegatable balance for priority order",
        "Order action has different asset classes",
        "Orders are empty",
        "Order value too large",
        "Placing trigger orders",
        "Cannot set scheduled cancel time until enough volume traded",
        "Action disabled when unified account is active",
        "Agent can only send asset to same user or their sub-accounts",
    ),
}
_BY_PREFIX = tuple((prefix, code) for code, prefixes in _CODES.items() for prefix in prefixes)
_NEW_TIERS = "Manually set leverage to acknowledge new margin tiers"


def code_of(text: str) -> RejectCode:
    """Return our code of a text, whether it refuses one order or a whole action."""
    text = text.removeprefix(_L1_ERROR)
    if _NEW_TIERS in text:
        return RejectCode.LEVERAGE
    return next((code for prefix, code in _BY_PREFIX if text.startswith(prefix)), RejectCode.OTHER)


def is_known(text: str) -> bool:
    """Tell whether a text is one of those that the exchange is known to say."""
    text = text.removeprefix(_L1_ERROR)
    return _NEW_TIERS in text or any(text.startswith(prefix) for prefix, _ in _BY_PREFIX)


def is_duplicate_nonce(text: str) -> bool:
    """Tell whether a text says that this nonce was used before: what was sent with it then has been processed."""
    return text.removeprefix(_L1_ERROR).startswith(_DUPLICATE_NONCE)
