"""Signatures are byte for byte what the exchange expects, and a key is never shown."""

import copy
import json
import pickle
import traceback
from decimal import Decimal
from random import Random
from typing import Any

import msgspec
import pytest
from eth_account import Account
from hyperliquid.utils import signing as sdk
from hyperliquid.utils.types import Cloid
from tiny_keccak import keccak256

from fadearena.adapters.hyperliquid import actions, signing
from fadearena.model.error import InvalidInput
from fadearena.model.units import Side
from tests.support.vectors import K1, K2, KEYS, Vector, vectors

NOOP = actions.noop()
NONCE = 1_763_600_000_128
TIFS: tuple[actions.Tif, ...] = ("Ioc", "Gtc", "Alo")
L1_VECTORS = [vector for vector in vectors() if not vector.is_user_signed]
APPROVALS = [vector for vector in vectors() if vector.action["type"] == "approveAgent"]


def numbers(signature: Any) -> tuple[int, int, int]:
    """Return r, s and v as integers: the official SDK leaves leading zeros out."""
    return int(signature["r"], 16), int(signature["s"], 16), signature["v"]


@pytest.mark.parametrize("vector", L1_VECTORS, ids=lambda vector: vector.name)
def test_published_vectors_of_l1_actions(vector: Vector) -> None:
    """Bytes, connection id and signature of each are as published; r and s have all their digits."""
    tail: Any = {
        "nonce": vector.nonce,
        "vault_address": vector.vault_address,
        "expires_after": vector.expires_after,
    }
    assert msgspec.msgpack.encode(vector.action).hex() == vector.packed
    assert "0x" + signing.connection_id(vector.action, **tail).hex() == vector.connection_id
    signature = signing.sign_action(vector.action, key=KEYS[vector.key], mainnet=vector.is_mainnet, **tail)
    assert numbers(signature) == numbers(vector.signature)
    assert len(signature["r"]) == len(signature["s"]) == 66


@pytest.mark.parametrize("vector", APPROVALS, ids=lambda vector: vector.name)
def test_published_vectors_of_agent_approvals(vector: Vector) -> None:
    """The approval that we make is the published one, and so is its signature."""
    asked = vector.action
    name, _, until = asked["agentName"].partition(" valid_until ")
    action = actions.approve_agent(
        asked["agentAddress"],
        name,
        vector.nonce,
        mainnet=vector.is_mainnet,
        valid_until=int(until) if until else None,
    )
    assert action == asked
    assert numbers(signing.Signer(KEYS[vector.key]).sign_agent_approval(action)) == numbers(vector.signature)


def test_constants_are_hashes_of_their_texts() -> None:
    """Every constant follows from the texts of EIP-712 that it stands for."""
    domain = keccak256(b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")

    def head(name: bytes, chain_id: int) -> bytes:
        words = (domain, keccak256(name), keccak256(b"1"), chain_id.to_bytes(32, "big"), bytes(32))
        return b"\x19\x01" + keccak256(b"".join(words))

    assert head(b"Exchange", 1337) == signing._L1_HEAD
    assert head(b"HyperliquidSignTransaction", int(actions.SIGNATURE_CHAIN_ID, 16)) == signing._USER_HEAD
    assert keccak256(b"Agent(string source,bytes32 connectionId)") == signing._AGENT
    assert (keccak256(b"a"), keccak256(b"b")) == (signing._MAINNET, signing._TESTNET)
    approval = b"(string hyperliquidChain,address agentAddress,string agentName,uint64 nonce)"
    assert keccak256(b"HyperliquidTransaction:ApproveAgent" + approval) == signing._APPROVE_AGENT


def a_cloid(rng: Random) -> str:
    """Return any client order id."""
    return f"0x{rng.getrandbits(128):032x}"


def an_asset(rng: Random) -> int:
    """Return the id of a perpetual of the exchange's own dex or of a builder's."""
    return rng.choice([0, 1, 5, 127, 128, 255, 256, 110_002, 199_999])


def an_order(rng: Random) -> tuple[dict[str, object], Any]:
    """Return an order as we write it and as the SDK writes it."""
    asset, side, cloid = an_asset(rng), rng.choice(list(Side)), a_cloid(rng) if rng.random() < 0.8 else None
    price = Decimal(rng.randint(1, 99_999)).scaleb(rng.randint(-6, 1))
    size = Decimal(rng.randint(1, 10**6)).scaleb(-rng.randint(0, 5))
    reduce_only, tif = rng.random() < 0.5, rng.choice(TIFS)
    ours = actions.limit_order(asset, side, size, price, cloid=cloid, reduce_only=reduce_only, tif=tif)
    request: Any = {
        "coin": "X",
        "is_buy": side is Side.BUY,
        "sz": float(size),
        "limit_px": float(price),
        "order_type": {"limit": {"tif": tif}},
        "reduce_only": reduce_only,
        "cloid": None if cloid is None else Cloid.from_str(cloid),
    }
    return ours, sdk.order_request_to_order_wire(request, asset)


def a_stop(rng: Random) -> tuple[dict[str, object], Any]:
    """Return a stop as we write it and as the SDK writes it."""
    asset, side, cloid = an_asset(rng), rng.choice(list(Side)), a_cloid(rng)
    trigger, limit = (Decimal(rng.randint(1, 99_999)).scaleb(rng.randint(-6, 1)) for _ in range(2))
    size = Decimal(rng.randint(1, 10**6)).scaleb(-rng.randint(0, 5))
    request: Any = {
        "coin": "X",
        "is_buy": side is Side.BUY,
        "sz": float(size),
        "limit_px": float(limit),
        "order_type": {"trigger": {"isMarket": True, "triggerPx": float(trigger), "tpsl": "sl"}},
        "reduce_only": True,
        "cloid": Cloid.from_str(cloid),
    }
    ours = actions.stop_order(asset, side, size, trigger=trigger, limit=limit, cloid=cloid)
    return ours, sdk.order_request_to_order_wire(request, asset)


def an_action(rng: Random) -> tuple[dict[str, object], Any]:
    """Return any action that we send, as we make it and as the SDK makes it."""
    asset = an_asset(rng)
    match rng.randrange(8):
        case 0:
            return actions.noop(), {"type": "noop"}
        case 1:
            oid = rng.getrandbits(rng.choice([7, 20, 38, 50]))
            return actions.cancel((asset, oid)), {"type": "cancel", "cancels": [{"a": asset, "o": oid}]}
        case 2:
            cloids = [a_cloid(rng) for _ in range(rng.randint(1, 20))]
            cancels = [{"asset": asset, "cloid": Cloid.from_str(cloid).to_raw()} for cloid in cloids]
            ours = actions.cancel_by_cloid(*((asset, cloid) for cloid in cloids))
            return ours, {"type": "cancelByCloid", "cancels": cancels}
        case 3:
            leverage, is_cross = rng.randint(1, 50), rng.random() < 0.5
            theirs = {"type": "updateLeverage", "asset": asset, "isCross": is_cross, "leverage": leverage}
            return actions.set_leverage(asset, leverage, is_cross=is_cross), theirs
        case 4:
            at_ms = rng.choice([None, NONCE + rng.randint(5_000, 10**9)])
            theirs = {"type": "scheduleCancel"} | ({} if at_ms is None else {"time": at_ms})
            return actions.schedule_cancel(at_ms), theirs
        case 5:
            ours, theirs = a_stop(rng)
            return actions.order(ours), sdk.order_wires_to_order_action([theirs], None)
        case _:
            pairs = [an_order(rng) for _ in range(rng.choice([1, 1, 1, 2, 15, 16, 39]))]
            wires = [theirs for _, theirs in pairs]
            return actions.order(*(ours for ours, _ in pairs)), sdk.order_wires_to_order_action(wires, None)


def test_a_thousand_random_actions_are_signed_as_the_official_sdk_signs_them() -> None:
    """Orders, stops, batches, cancels and all else, for sub-accounts and with an end: same bytes, same signature."""
    rng = Random(1)
    wallets = {key: Account.from_key(key) for key in KEYS.values()}
    for number in range(1_000):
        ours, theirs = an_action(rng)
        assert msgspec.msgpack.encode(ours) == msgspec.msgpack.encode(theirs)
        key, mainnet, nonce = rng.choice(list(wallets)), rng.random() < 0.5, NONCE + number
        vault = f"0x{rng.getrandbits(160):040x}" if rng.random() < 0.3 else None
        expires = nonce + 15_000 if rng.random() < 0.5 else None
        signature = signing.sign_action(
            ours, key=key, nonce=nonce, mainnet=mainnet, vault_address=vault, expires_after=expires
        )
        assert numbers(signature) == numbers(
            sdk.sign_l1_action(wallets[key], theirs, vault, nonce, expires, mainnet)
        ), f"action {number}"


def test_the_address_is_the_keys() -> None:
    """With 0x or without, in capitals or not: the same key, and the address that other software derives."""
    for key in KEYS.values():
        expected = Account.from_key(key).address.lower()
        assert signing.Signer(key).address == signing.Signer(key[2:].upper()).address == expected


def test_the_case_of_a_vault_is_harmless() -> None:
    """It is hashed as bytes, so a checksummed address signs the same."""
    vault = "0x53967664FfeE8da779734F0D701C294e18Cb0451"
    assert signing.connection_id(NOOP, 1, vault) == signing.connection_id(NOOP, 1, vault.lower())


@pytest.mark.parametrize(
    "bad",
    [
        {"type": "order", "px": 1.5},
        {"type": "order", "orders": [{"c": None}]},
        {"type": "order", "orders": [{"p": "91234.0"}]},
        {"type": "order", "orders": [{"s": "1e-5"}]},
        {"type": "order", "orders": [{"s": "-1"}]},
        {"type": "order", "orders": ({"p": Decimal(1)},)},
        {"type": "order", "orders": [{"c": "fade00000000000000000000000000a1"}]},
        {"type": "order", "builder": {"b": "0x1234567890ABCDEF1234567890abcdef12345678"}},
        {"type": "cancelByCloid", "cancels": [{"cloid": "0xFADE00000000000000000000000000A1"}]},
        {"type": "cancel", "cancels": [{"o": 1 << 64}]},
        {1: "order"},
    ],
    ids=str,
)
def test_what_is_not_canonical_is_refused(bad: Any) -> None:
    """The exchange would hash it otherwise and name a stranger's address; here the reason is named."""
    with pytest.raises(InvalidInput):
        signing.sign_action(bad, key=K1, nonce=1, mainnet=True)


@pytest.mark.parametrize("tail", [{"nonce": -1}, {"nonce": 1 << 64}, {"expires_after": -1}, {"vault_address": "0x1"}])
def test_an_impossible_tail_is_refused(tail: dict[str, Any]) -> None:
    """Nonce and end fit into 64 bits, a vault is an address."""
    with pytest.raises(InvalidInput):
        signing.sign_action(NOOP, key=K1, mainnet=True, **{"nonce": 1, **tail})


@pytest.mark.parametrize(
    "change",
    [{"type": "withdraw3"}, {"nonce": "1"}, {"hyperliquidChain": "Moon"}, {"signatureChainId": "0xa4b1"}],
)
def test_only_approvals_of_agents_are_signed_by_a_user(change: dict[str, object]) -> None:
    """Nothing that moves money away can be signed with what is here."""
    action = actions.approve_agent("0x" + "a" * 40, "fade-1", 1, mainnet=True) | change
    with pytest.raises(InvalidInput):
        signing.Signer(K1).sign_agent_approval(action)


@pytest.mark.parametrize("key", ["", "0x", "0x12", K1 + "0", "0x" + "0" * 64, "0x" + "f" * 64, "zz" * 32])
def test_what_is_no_key_is_refused_without_being_shown(key: str) -> None:
    """Neither the message nor the traceback repeats what was given as a key."""
    with pytest.raises(InvalidInput) as caught:
        signing.Signer(key)
    shown = "".join(traceback.format_exception(caught.value))
    assert len(key) < 10 or key.removeprefix("0x") not in shown


def test_a_key_is_shown_by_nothing() -> None:
    """Not by repr, str or format, and a signer is neither copied nor pickled."""
    signer = signing.Signer(K2)
    for shown in (repr(signer), str(signer), f"{signer}", repr([signer])):
        assert K2[2:] not in shown
        assert signer.address in shown
    for take in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="its key would be in it"):
            take(signer)
    with pytest.raises(TypeError) as caught:
        json.dumps(signer)
    assert K2[2:] not in str(caught.value)
