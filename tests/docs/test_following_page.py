"""The numbers of docs/following.md are those of the code."""

from pathlib import Path

from fadearena.adapters.hyperliquid.limits import KEPT, SHARES, Lane
from fadearena.adapters.hyperliquid.limits.weights import weight_of
from fadearena.adapters.hyperliquid.wallet_feed import WalletOptions
from fadearena.model.units import MINUTE_MS, SECOND_MS

PAGE = " ".join(Path("docs/following.md").read_text(encoding="utf-8").split())
PER_MINUTE = 1_200
WALLETS, DEXS = 1_000, 2


def test_rhythms_are_told_as_they_are() -> None:
    """How often wallets are read, and of how many users streams are taken."""
    options = WalletOptions()
    pace = options.pace(PER_MINUTE)
    weight = weight_of("clearinghouseState")
    assert f"{pace} readings a minute of {PER_MINUTE:,} weight: each weighs {weight}" in PAGE
    assert f"at most {100 * pace * weight // PER_MINUTE} % of the weight" in PAGE
    assert f"followed is read every {options.period_ms // SECOND_MS} s" in PAGE
    assert f"watched every {options.watched_ms // SECOND_MS} s" in PAGE
    assert f"looked for at first and every {options.round_ms // MINUTE_MS} minutes" in PAGE
    assert f"{KEPT} % of the weight is kept for readings" in PAGE
    assert f"streams {options.streams_max} users for an address" in PAGE


def test_the_arithmetic_of_a_start_is_right() -> None:
    """How long a start with 1,000 wallets takes at best, and what its fullest minute weighs."""
    pace = WalletOptions().pace(PER_MINUTE)
    assert f"{WALLETS:,} / {pace} = {WALLETS / pace:.1f} min" in PAGE
    whole = (2 * WALLETS + 2 * WALLETS * (DEXS - 1)) / pace
    assert f"(2 x {WALLETS:,} + 2 x {WALLETS:,}) / {pace} = {whole:.1f} min" in PAGE
    assert f"Each more dex adds 2 x {WALLETS:,} / {pace} = {2 * WALLETS / pace:.1f} min" in PAGE
    share = SHARES[Lane.REPAIR]
    assert f"{PER_MINUTE:,} x {share} % = {PER_MINUTE * share // 100}" in PAGE
