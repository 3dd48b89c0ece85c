"""Nonces are judged as the exchange does."""

from fadearena.adapters.sim.nonces import Nonces, NonceVerdict
from fadearena.model.units import DAY_MS
from tests.support.paper import SIGNER

NOW = 1_790_000_000_000
OTHER = "0x" + "6" * 40


def test_nonce_is_fresh_once_per_signer() -> None:
    """A nonce is used up by one signer and stays fresh for another."""
    nonces = Nonces()
    assert nonces.use(SIGNER, NOW, NOW) is NonceVerdict.FRESH
    assert nonces.use(SIGNER, NOW, NOW) is NonceVerdict.DUPLICATE
    assert nonces.use(OTHER, NOW, NOW) is NonceVerdict.FRESH


def test_nonces_may_come_out_of_order_within_the_highest_hundred() -> None:
    """A nonce below the hundred highest is too low, one among them is fresh, a used one a duplicate."""
    nonces = Nonces()
    for step in range(100):
        assert nonces.use(SIGNER, NOW + 10 * step, NOW) is NonceVerdict.FRESH
    assert nonces.use(SIGNER, NOW - 1, NOW) is NonceVerdict.TOO_LOW
    assert nonces.use(SIGNER, NOW + 5, NOW) is NonceVerdict.FRESH
    assert nonces.use(SIGNER, NOW, NOW) is NonceVerdict.DUPLICATE
    assert nonces.use(SIGNER, NOW + 3, NOW) is NonceVerdict.TOO_LOW


def test_nonce_lies_near_the_present() -> None:
    """Two days back and a day ahead are out of the window, and are not used up."""
    nonces = Nonces()
    assert nonces.use(SIGNER, NOW - 2 * DAY_MS, NOW) is NonceVerdict.TOO_LOW
    assert nonces.use(SIGNER, NOW + DAY_MS, NOW) is NonceVerdict.TOO_HIGH
    assert nonces.use(SIGNER, NOW + DAY_MS - 1, NOW) is NonceVerdict.FRESH


def test_memory_of_used_nonces_is_bounded() -> None:
    """After many nonces the oldest is no longer a duplicate, but still too low."""
    nonces = Nonces()
    for step in range(10_001):
        nonces.use(SIGNER, NOW + step, NOW)
    assert nonces.use(SIGNER, NOW, NOW) is NonceVerdict.TOO_LOW
    assert nonces.use(SIGNER, NOW + 1, NOW) is NonceVerdict.DUPLICATE
