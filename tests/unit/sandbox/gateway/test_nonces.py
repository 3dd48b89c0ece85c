"""The nonces that signers have used."""

import pytest

from fadearena.model.units import DAY_MS
from fadearena.sandbox.gateway.nonces import BadNonce, Nonces

NOW = 1_763_600_000_000
ANNE, BOB = "0x" + "a" * 40, "0x" + "b" * 40


def test_each_nonce_once() -> None:
    """A nonce is taken once from each signer, in any order."""
    nonces = Nonces()
    for nonce in (NOW, NOW - 5, NOW + 5):
        nonces.use(ANNE, nonce, NOW)
    nonces.use(BOB, NOW, NOW)
    with pytest.raises(BadNonce, match=f"Invalid nonce: duplicate nonce {NOW - 5}"):
        nonces.use(ANNE, NOW - 5, NOW)


@pytest.mark.parametrize(("nonce", "why"), [(NOW - 2 * DAY_MS, "too low"), (NOW + DAY_MS, "too high")])
def test_only_near_the_present(nonce: int, why: str) -> None:
    """Two days before and one day after the present nothing is taken any more."""
    with pytest.raises(BadNonce, match=f"nonce {why} {nonce}"):
        Nonces().use(ANNE, nonce, NOW)


def test_the_hundred_highest_are_the_floor() -> None:
    """Below the hundred highest a fresh nonce is too low, and a used one still a duplicate."""
    nonces = Nonces()
    nonces.use(ANNE, NOW - 200, NOW)
    for nonce in range(NOW, NOW + 100):
        nonces.use(ANNE, nonce, NOW)
    with pytest.raises(BadNonce, match=f"nonce too low {NOW - 100} < {NOW}"):
        nonces.use(ANNE, NOW - 100, NOW)
    with pytest.raises(BadNonce, match="duplicate"):
        nonces.use(ANNE, NOW - 200, NOW)
    nonces.use(ANNE, NOW + 101, NOW)


def test_memory_outlives_a_restart() -> None:
    """What was used before a dump is used after it."""
    nonces = Nonces()
    nonces.use(ANNE, NOW, NOW)
    with pytest.raises(BadNonce, match="duplicate"):
        Nonces(nonces.dump()).use(ANNE, NOW, NOW)
