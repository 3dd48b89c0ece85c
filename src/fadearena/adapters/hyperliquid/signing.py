"""
Signatures, byte for byte as the exchange expects them.

1. What is hashed is the canonical form that the exchange rebuilds from the body: whatever cannot be canonical is
   refused here, for the exchange would only name a stranger's address.
2. A key is shown by nothing: not by `repr`, not by an error, not by pickling.
3. Constants: EIP-712 hashes of fixed texts, derived in the tests; their sources are the exchange's Python SDK and its
   documentation. Signatures are deterministic (RFC 6979) with a low s, r and s in 64 digits.
"""

import re
from typing import NoReturn, TypedDict

import msgspec
from coincurve import PrivateKey
from tiny_keccak import keccak256

from fadearena.adapters.hyperliquid.actions import SIGNATURE_CHAIN_ID
from fadearena.model.error import InvalidInput
from fadearena.model.ids import Address, address
from fadearena.model.units import EpochMs

_L1_HEAD = bytes.fromhex("1901d79297fcdf2ffcd4ae223d01edaa2ba214ff8f401d7c9300d995d17c82aa4040")
"""0x1901 and the domain separator of L1 actions: `Exchange`, version 1, chain 1337, contract 0."""
_USER_HEAD = bytes.fromhex("1901feb1393ca4412a4ca577bd51d04f0a77033514c602f4d0a11490fb95f7428df6")
"""The same of user-signed actions: `HyperliquidSignTransaction`, version 1, chain 0x66eee, contract 0."""
_AGENT = bytes.fromhex("26f05c2f7239b6983075e58321292d77b3aa173d19b27257ac96ab362570f508")
_MAINNET = bytes.fromhex("3ac225168df54212a25c1c01fd35bebfea408fdac2e31ddd6f80a4bbf9a5f1cb")
_TESTNET = bytes.fromhex("b5553de315e0edf504d9150af82dafa5c4667fa618ed0a6f19c69b41166c5510")
_APPROVE_AGENT = bytes.fromhex("4464abf6148f115d79362d98320081aa2ae8a5c840083cb65820bffc21394378")

_KEY = re.compile(r"(?:0x)?([0-9a-fA-F]{64})")
_HEX = re.compile(r"0[xX](?:[0-9a-fA-F]{32}|[0-9a-fA-F]{40})")
_NUMBER = re.compile(r"(?:0|[1-9][0-9]*)(?:\.[0-9]*[1-9])?")
_CLOID = re.compile(r"0x[0-9a-f]{32}")
_FORMS = {"p": _NUMBER, "s": _NUMBER, "triggerPx": _NUMBER, "c": _CLOID, "cloid": _CLOID}
"""What the texts under these keys have to look like."""
_UINT64_END = 1 << 64
_WORD = 32
_ENCODER = msgspec.msgpack.Encoder()


class Signature(TypedDict):
    """A signature as it is sent."""

    r: str
    s: str
    v: int


class Signer:
    """A key that signs, and its address; the key cannot be read from it by accident."""

    __slots__ = ("_key", "address")

    def __init__(self, key: str) -> None:
        """
        Take a private key in hex.

        Raises:
            InvalidInput: It is none; the message does not repeat it.
        """
        self._key = _private_key(key)
        self.address: Address = _address_of(self._key)

    def __repr__(self) -> str:
        return f"Signer({self.address})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a signer is not copied or stored: its key would be in it")

    def sign(
        self,
        action: dict[str, object],
        nonce: int,
        *,
        mainnet: bool,
        vault_address: str | None = None,
        expires_after: EpochMs | None = None,
    ) -> Signature:
        """
        Sign an L1 action.

        Raises:
            InvalidInput: The action cannot be canonical.
        """
        connection = connection_id(action, nonce, vault_address, expires_after)
        struct = keccak256(_AGENT + (_MAINNET if mainnet else _TESTNET) + connection)
        return _sign(self._key, keccak256(_L1_HEAD + struct))

    def sign_agent_approval(self, action: dict[str, object]) -> Signature:
        """
        Sign an action made by `actions.approve_agent`, as its master.

        Raises:
            InvalidInput: It is no such action.
        """
        return _sign(self._key, keccak256(_USER_HEAD + _approval_struct(action)))


def sign_action(
    action: dict[str, object],
    *,
    key: str,
    nonce: int,
    mainnet: bool,
    vault_address: str | None = None,
    expires_after: EpochMs | None = None,
) -> Signature:
    """
    Sign an L1 action with a key in hex, with or without 0x.

    Args:
        action: The action; its keys in canonical order, see `actions`.
        key: The private key of a master or of an agent.
        nonce: A time in milliseconds that this signer never used before.
        mainnet: Which network; the only place where it enters.
        vault_address: The sub-account or vault to act for; None for the signer's own account.
        expires_after: When the action ends; has to be the same in the envelope.

    Raises:
        InvalidInput: The key is none, or the action cannot be canonical.
    """
    signer = Signer(key)
    return signer.sign(action, nonce, mainnet=mainnet, vault_address=vault_address, expires_after=expires_after)


def connection_id(
    action: dict[str, object], nonce: int, vault_address: str | None = None, expires_after: EpochMs | None = None
) -> bytes:
    """
    Return the hash of an action with what it is sent with.

    Raises:
        InvalidInput: The action cannot be canonical, or a number does not fit into 64 bits.
    """
    _check(action)
    parts = [_ENCODER.encode(action), _uint64("nonce", nonce)]
    parts.append(b"\x00" if vault_address is None else b"\x01" + bytes.fromhex(address(vault_address)[2:]))
    if expires_after is not None:  # the flag is 00, and without a time there is no flag at all
        parts.append(b"\x00" + _uint64("expires_after", expires_after))
    return keccak256(b"".join(parts))


def _check(value: object) -> None:
    """Refuse what the exchange would write in another way than it was hashed."""
    match value:
        case bool():
            pass
        case int():
            if not -(_UINT64_END >> 1) <= value < _UINT64_END:
                raise InvalidInput(f"{value} does not fit into 64 bits")
        case str():
            if value != value.lower() and _HEX.fullmatch(value):
                raise InvalidInput(f"{value} is not in lower case: addresses and cloids are hashed so")
        case dict():
            for name, inner in value.items():
                if not isinstance(name, str):
                    raise InvalidInput(f"key {name!r} of an action is no text")
                _check(inner)
                if name in _FORMS and isinstance(inner, str) and not _FORMS[name].fullmatch(inner):
                    raise InvalidInput(
                        f"{name}: {inner!r} is not as the exchange writes it, and would be hashed wrongly"
                    )
        case list() | tuple():
            for inner in value:
                _check(inner)
        case None:
            raise InvalidInput("an action holds null: leave an absent option out")
        case _:
            raise InvalidInput(f"an action holds {value!r}: prices and sizes are texts, see `wire_number`")


def _approval_struct(action: dict[str, object]) -> bytes:
    match action:
        case {
            "type": "approveAgent",
            "signatureChainId": chain_id,
            "hyperliquidChain": ("Mainnet" | "Testnet") as network,
            "agentAddress": str() as agent,
            "agentName": str() as name,
            "nonce": int() as nonce,
        } if chain_id == SIGNATURE_CHAIN_ID:
            words = (
                keccak256(network.encode()),
                bytes.fromhex(address(agent)[2:]).rjust(_WORD, b"\x00"),
                keccak256(name.encode()),
                _uint64("nonce", nonce).rjust(_WORD, b"\x00"),
            )
            return keccak256(_APPROVE_AGENT + b"".join(words))
    raise InvalidInput("not an approval of an agent as `actions.approve_agent` makes it")


def _private_key(key: str) -> PrivateKey:
    found = _KEY.fullmatch(key.strip())
    try:
        if found is not None:
            return PrivateKey(bytes.fromhex(found[1]))
    except ValueError:  # zero, or beyond the curve's order
        pass
    raise InvalidInput("not a private key: 64 hex digits are needed, with or without 0x (they are not shown here)")


def _address_of(key: PrivateKey) -> Address:
    return "0x" + keccak256(key.public_key.format(compressed=False)[1:])[-20:].hex()


def _sign(key: PrivateKey, digest: bytes) -> Signature:
    signed = key.sign_recoverable(digest, hasher=None)
    return {"r": f"0x{signed[:32].hex()}", "s": f"0x{signed[32:64].hex()}", "v": 27 + signed[64]}


def _uint64(name: str, number: int) -> bytes:
    if not 0 <= number < _UINT64_END:
        raise InvalidInput(f"{name}: {number} does not fit into 64 bits")
    return number.to_bytes(8, "big")
