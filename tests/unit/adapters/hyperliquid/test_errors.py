"""Texts of the exchange have codes of ours."""

import pytest

from fadearena.adapters.hyperliquid.errors import code_of, is_duplicate_nonce, is_known
from fadearena.model.order import RejectCode

TEXTS = [
    ("Price must be divisible by tick size.", RejectCode.TICK),
    ("Order has invalid price.", RejectCode.TICK),
    ("Invalid TP/SL price.", RejectCode.TICK),
    ("Order has invalid size.", RejectCode.LOT),
    ("Order has zero size.", RejectCode.LOT),
    ("Order must have minimum value of $10.", RejectCode.MINIMUM_NOTIONAL),
    ("Order must have minimum value of 10 USDC.", RejectCode.MINIMUM_NOTIONAL),
    ("Insufficient margin to place order.", RejectCode.MARGIN),
    ("(Spot-only) Order has insufficient spot balance to trade", RejectCode.MARGIN),
    ("Insufficient spot balance", RejectCode.MARGIN),
    ("Reduce only order would increase position.", RejectCode.REDUCE_ONLY),
    ("Order could not immediately match against any resting orders.", RejectCode.NO_MATCH),
    ("No liquidity available for market order.", RejectCode.NO_LIQUIDITY),
    ("Order would increase open interest while open interest is capped", RejectCode.OPEN_INTEREST),
    (
        "Order rejected due to price more aggressive than oracle while at open interest cap",
        RejectCode.OPEN_INTEREST,
    ),
    ("Order would increase open interest too quickly", RejectCode.OPEN_INTEREST),
    ("Order price too far from oracle", RejectCode.PRICE_BAND),
    ("Price too far from oracle", RejectCode.PRICE_BAND),
    ("Order price cannot be more than 80% away from the reference price", RejectCode.PRICE_BAND),
    ("Order would cause position to exceed margin tier limit at current leverage", RejectCode.MARGIN_TIER),
    ("Only post-only orders allowed immediately after a network upgrade", RejectCode.POST_ONLY_PERIOD),
    ("Too many open orders", RejectCode.RATE),
    ("Trading is halted.", RejectCode.HALTED),
    ("Cross margin is not allowed for this asset.", RejectCode.LEVERAGE),
    ("Order was never placed, already canceled, or filled.", RejectCode.ALREADY_DONE),
    ("Cannot modify canceled or filled order", RejectCode.ALREADY_DONE),
    ("User or API Wallet 0x281abb829ea0b0291ceaa3b14b5b5d893070e8d5 does not exist.", RejectCode.SIGNER),
    ("Must deposit before performing actions. User: 0x281abb829ea0b0291ceaa3b14b5b5d893070e8d5", RejectCode.SIGNER),
    ("Unable to recover signer.", RejectCode.SIGNER),
    ("Vault not registered: 0x281abb829ea0b0291ceaa3b14b5b5d893070e8d5", RejectCode.SIGNER),
    ("Invalid nonce: duplicate nonce 5", RejectCode.NONCE),
    ("Invalid nonce: nonce too low 5 < 6", RejectCode.NONCE),
    ("Action already expired", RejectCode.EXPIRED),
    ("Too many cumulative requests sent (10001 > 10000) for cumulative volume traded $0.0.", RejectCode.RATE),
    ("Signed action over weight limit of 200.", RejectCode.RATE),
    ("Invalid leverage value", RejectCode.LEVERAGE),
    ("Cannot switch leverage type with open position.", RejectCode.LEVERAGE),
    ("Tiers of X changed. Manually set leverage to acknowledge new margin tiers. Then go on.", RejectCode.LEVERAGE),
    ("Cross position does not have sufficient margin available to decrease leverage.", RejectCode.LEVERAGE),
    ("Isolated position does not have sufficient margin available to decrease leverage.", RejectCode.LEVERAGE),
    ("Position does not use isolated margin.", RejectCode.LEVERAGE),
    ("Update to isolated margin cannot be zero.", RejectCode.LEVERAGE),
    ("Cannot update margin for empty position.", RejectCode.LEVERAGE),
    ("Invalid nonce: nonce too high 9 > 6", RejectCode.NONCE),
    ("Too many scheduled cancels triggered for the day. Try again tomorrow.", RejectCode.RATE),
    ("User has pending agent removal", RejectCode.SIGNER),
    ("Extra agent already used.", RejectCode.SIGNER),
    ("Agent valid_until already expired.", RejectCode.SIGNER),
    ("Too many extra agents for cumulative volume traded. Current limit is 3", RejectCode.SIGNER),
    ("Cannot set scheduled cancel time until enough volume traded. Required: $1000000. Traded: $5.", RejectCode.OTHER),
    ("Orders are empty.", RejectCode.OTHER),
    ("Order action has different asset classes", RejectCode.OTHER),
    ("Builder fee has not been approved", RejectCode.OTHER),
    ("Insufficient delegatable balance for priority order", RejectCode.OTHER),
    ("Action disabled when unified account is active", RejectCode.OTHER),
    ("Agent can only send asset to same user or their sub-accounts.", RejectCode.OTHER),
    ("Placing trigger orders is not possible now.", RejectCode.OTHER),
    ("Post only order would have immediately matched, bbo was 1@2.", RejectCode.OTHER),
    ("Order value too large. Max is $5000000.", RejectCode.OTHER),
]
NEVER_HEARD = ("Something that was never heard of", "", "Order", "insufficient margin to place order")


@pytest.mark.parametrize(("text", "code"), TEXTS, ids=[text[:40] for text, _ in TEXTS])
def test_a_text_has_its_code_however_it_is_dressed(text: str, code: RejectCode) -> None:
    """Bare, with the asset behind it, and with the prefix that some actions get."""
    assert code_of(text) is code_of(f"{text} asset=173") is code_of(f"L1 error: {text}") is code


@pytest.mark.parametrize("text", NEVER_HEARD)
def test_a_text_that_is_not_known_is_a_refusal_of_its_own(text: str) -> None:
    """It is no crash and no guess; one that is known says so even where no code of ours fits it."""
    assert code_of(text) is RejectCode.OTHER
    assert not is_known(text)
    assert all(is_known(known) and is_known(f"L1 error: {known} asset=1") for known, _ in TEXTS)


def test_every_code_has_a_text() -> None:
    """No code of ours is without one."""
    assert {code for _, code in TEXTS} == set(RejectCode)


def test_a_duplicate_nonce_is_told_from_one_out_of_range() -> None:
    """Only the first proves that something with this nonce was processed."""
    assert is_duplicate_nonce("Invalid nonce: duplicate nonce 5")
    assert is_duplicate_nonce("L1 error: Invalid nonce: duplicate nonce 5")
    assert not is_duplicate_nonce("Invalid nonce: nonce too low 5 < 6")
