"""Who signed, as the sandbox finds out: by its own reading of the standard, from the bytes that were posted."""

import json
from typing import Any

import msgspec
import pytest

from fadearena.sandbox.gateway import signatures
from fadearena.sandbox.gateway.actions import Envelope
from fadearena.sandbox.gateway.signatures import Chain, Unrecoverable
from tests.support.vectors import ADDRESSES, Vector, vectors

V1 = vectors()[0]


def signer(vector: Vector, **changed: object) -> str:
    """Recover the signer of a vector, with some of its parts changed."""
    chain: Chain = "Mainnet" if vector.is_mainnet else "Testnet"
    return signatures.signer_of(read({**vector.envelope, **changed}), chain)


def read(body: dict[str, Any]) -> Envelope:
    """Read a posted body."""
    return msgspec.json.decode(json.dumps(body), type=Envelope)


def with_order(**changed: object) -> dict[str, Any]:
    """Return the first vector's action with its order changed."""
    return {**V1.action, "orders": [{**V1.action["orders"][0], **changed}]}


@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: f"{vector.name} {vector.what}")
def test_reference_vectors_name_their_signer(vector: Vector) -> None:
    """Every signature of the reference leads back to the key that made it."""
    assert signer(vector) == ADDRESSES[vector.key]


@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: vector.name)
def test_another_network_names_a_stranger(vector: Vector) -> None:
    """The same bytes recover somebody else on the other network."""
    other: Chain = "Testnet" if vector.is_mainnet else "Mainnet"
    assert signatures.signer_of(read(vector.envelope), other) != ADDRESSES[vector.key]


@pytest.mark.parametrize(
    "action",
    [
        with_order(p="91234.0"),
        with_order(p="091234.000"),
        with_order(c="0xFADE00000000000000000000000000A1"),
        with_order(c="fade00000000000000000000000000a1"),
        {**V1.action, "builder": None},
        {**V1.action, "somethingNew": 1},
        dict(reversed(V1.action.items())),
    ],
    ids=["zeros", "zeros in front", "case", "no 0x", "null", "unknown key", "order of keys"],
)
def test_canonical_form_is_what_counts(action: dict[str, Any]) -> None:
    """However a body writes the same action, it is hashed in one form."""
    assert signer(V1, action=action) == ADDRESSES["K1"]


@pytest.mark.parametrize(
    "changed",
    [
        {"action": with_order(s="0.00126")},
        {"action": with_order(c=None)},
        {"action": with_order(r=True)},
        {"nonce": V1.nonce + 1},
        {"vaultAddress": ADDRESSES["K2"]},
        {"expiresAfter": V1.nonce},
    ],
    ids=["size", "no cloid", "reduce-only", "nonce", "vault", "expiry"],
)
def test_what_was_not_signed_names_a_stranger(changed: dict[str, Any]) -> None:
    """A body that differs from what was signed recovers an address that nobody knows."""
    assert signer(V1, **changed) not in ADDRESSES.values()


@pytest.mark.parametrize(
    "broken", [{"r": "0x0", "s": "0x0", "v": 27}, {"r": "0xzz", "s": "0x1", "v": 27}, {"r": "0x1", "s": "0x1", "v": 5}]
)
def test_no_key_made_this(broken: dict[str, Any]) -> None:
    """A signature that no key can have made is refused as such."""
    with pytest.raises(Unrecoverable, match="Unable to recover signer"):
        signer(V1, signature=broken)


@pytest.mark.parametrize(
    "changed",
    [
        {"p": 91234},
        {"p": "9e4"},
        {"p": "-1"},
        {"p": ""},
        {"p": "NaN"},
        {"s": "0.123456789"},
        {"a": -1},
        {"c": "0xfade"},
        {"t": {}},
        {"t": {"limit": {"tif": "Fok"}}},
    ],
    ids=str,
)
def test_wrong_fields_are_not_even_hashed(changed: dict[str, Any]) -> None:
    """A field of the wrong form stops a request before its signature is looked at."""
    with pytest.raises(msgspec.ValidationError):
        read({**V1.envelope, "action": with_order(**changed)})
