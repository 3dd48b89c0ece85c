"""Orders made and signed: by the official SDK with the same elliptic curve library, and by us."""

from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any

from eth_account import Account
from hyperliquid.utils import signing as sdk
from hyperliquid.utils.types import Cloid

from benchmarks.timing import Cost, Group, Stopwatch, Work
from fadearena.adapters.hyperliquid import actions
from fadearena.adapters.hyperliquid.signing import Signer
from fadearena.model.units import Side

_KEY = "0x00fd71afdccf6dc36c708e6c3c6e2a3f002b2b175adb5b723d40072b801a7668"
"""The key of a published test vector."""
_NONCE = 1_763_600_000_000
_LIFE_MS = 15_000


def signatures(rounds: int, orders: int) -> Group:
    """Return the works that are compared; each round signs other orders."""
    rng = Random(1)
    return Group(
        title="an order made and signed",
        rounds=rounds,
        works={
            "official SDK, with coincurve": _signing(orders, rng, _by_sdk()),
            "FadeArena": _signing(orders, rng, _by_us()),
        },
    )


def _signing(orders: int, rng: Random, sign: Callable[[Decimal, int], object]) -> Work:
    def run() -> dict[str, Cost]:
        asked = [(Decimal(rng.randrange(10_000, 99_999)), _NONCE + number) for number in range(orders)]
        watch = Stopwatch()
        with watch.running():
            for price, nonce in asked:
                sign(price, nonce)
        return {"order": Cost(seconds=watch.seconds, count=orders)}

    return run


def _by_us() -> Callable[[Decimal, int], object]:
    signer, size = Signer(_KEY), Decimal("0.00125")

    def sign(price: Decimal, nonce: int) -> object:
        order = actions.limit_order(0, Side.BUY, size, price, cloid=f"0x{nonce:032x}")
        return signer.sign(actions.order(order), nonce, mainnet=True, expires_after=nonce + _LIFE_MS)

    return sign


def _by_sdk() -> Callable[[Decimal, int], object]:
    wallet = Account.from_key(_KEY)

    def sign(price: Decimal, nonce: int) -> object:
        request: Any = {
            "coin": "BTC",
            "is_buy": True,
            "sz": 0.00125,
            "limit_px": float(price),
            "order_type": {"limit": {"tif": "Ioc"}},
            "reduce_only": False,
            "cloid": Cloid.from_int(nonce),
        }
        action = sdk.order_wires_to_order_action([sdk.order_request_to_order_wire(request, 0)], None)
        return sdk.sign_l1_action(wallet, action, None, nonce, nonce + _LIFE_MS, is_mainnet=True)

    return sign
