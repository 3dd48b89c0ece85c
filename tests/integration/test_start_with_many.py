"""A start with many wallets keeps to what the exchange allows an address, and knows all of them in time."""

import pytest

from fadearena.adapters.hyperliquid.limits import SHARES, Lane
from fadearena.adapters.hyperliquid.wallet_feed import WalletOptions
from fadearena.model.units import MINUTE_MS
from tests.support.start_play import start

PER_MINUTE = 1_200
PACE = WalletOptions().pace(PER_MINUTE)
PATIENCE = 1.5
"""Rounds and doubtful readings go on meanwhile, and the weight that roles and lists took is missing at first."""


def check(wallets: int, followed: int) -> None:
    """Start, and look at what it weighed and how long it took."""
    most_ms = int(PATIENCE * (2 * wallets + 2 * wallets) / PACE * MINUTE_MS) + 3 * MINUTE_MS
    begun = start(wallets, followed, most_ms)
    assert begun.refused == 0
    assert begun.most <= PER_MINUTE * SHARES[Lane.REPAIR] // 100
    assert begun.whole_ms is not None
    assert begun.once_ms is not None
    assert begun.once_ms <= PATIENCE * 2 * wallets / PACE * MINUTE_MS + MINUTE_MS
    assert begun.wrong == ()


def test_a_start_with_some_wallets_keeps_to_the_limits() -> None:
    """Every wallet is known on every dex, no minute is fuller than allowed, and nothing is refused."""
    check(40, 30)


@pytest.mark.slow
@pytest.mark.parametrize("followed", [1_000, 10])
def test_a_start_with_a_thousand_wallets_keeps_to_the_limits(followed: int) -> None:
    """The same with a thousand, followed or watched."""
    check(1_000, followed)
