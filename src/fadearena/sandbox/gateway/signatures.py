"""
Who signed: the exchange knows only what it recovers.

1. A wrong hash is never noticed as such: it recovers an address that nobody knows.
2. Everything is derived here from the texts of the standard (EIP-712), nothing is taken from the client's code.
"""

from typing import Literal

import msgspec
from coincurve import PublicKey
from tiny_keccak import keccak256

from fadearena.model.ids import Address
from fadearena.sandbox.gateway.actions import Envelope, Signature
from fadearena.sandbox.gateway.owners import ApproveAgent, UsdClassTransfer, UserSetAbstraction, UserSigned
from fadearena.sandbox.gateway.packing import packed

Chain = Literal["Mainnet", "Testnet"]
"""The two networks; they differ in nothing but the letter and the word that are signed."""

_SOURCES: dict[Chain, bytes] = {"Mainnet": b"a", "Testnet": b"b"}
_WORD = 32
_RECOVERY_IDS = {27: 0, 28: 1}
_DOMAIN_TYPE = keccak256(b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
_AGENT_TYPE = keccak256(b"Agent(string source,bytes32 connectionId)")
_L1_CHAIN = 1337


class Unrecoverable(Exception):
    """No key made this signature."""


def signer_of(envelope: Envelope, chain: Chain) -> Address:
    """
    Return the address whose key signed.

    Raises:
        Unrecoverable: No key made this signature.
    """
    if isinstance(envelope.action, UserSigned):
        digest = _user_signed_digest(envelope.action, chain)
    else:
        digest = _l1_digest(envelope, chain)
    return recovered(digest, envelope.signature)


def action_hash(envelope: Envelope) -> bytes:
    """Return the hash that an action is known by: of its packed fields, its nonce, for whom and how long."""
    tail = envelope.nonce.to_bytes(8, "big")
    tail += b"\x00" if envelope.vault_address is None else b"\x01" + bytes.fromhex(envelope.vault_address[2:])
    if envelope.expires_after is not None:
        tail += b"\x00" + envelope.expires_after.to_bytes(8, "big")
    return keccak256(packed(msgspec.to_builtins(envelope.action)) + tail)


def recovered(digest: bytes, signature: Signature) -> Address:
    """
    Return the address whose key signed a digest.

    Raises:
        Unrecoverable: No key made this signature.
    """
    try:
        numbers = bytes.fromhex(_padded(signature.r) + _padded(signature.s))
        recovery = _RECOVERY_IDS[signature.v]
        key = PublicKey.from_signature_and_message(numbers + bytes((recovery,)), digest, hasher=None)
    except (ValueError, KeyError) as error:
        raise Unrecoverable("Unable to recover signer.") from error
    return "0x" + keccak256(key.format(compressed=False)[1:])[12:].hex()


def _l1_digest(envelope: Envelope, chain: Chain) -> bytes:
    struct = keccak256(_AGENT_TYPE + keccak256(_SOURCES[chain]) + action_hash(envelope))
    return keccak256(b"\x19\x01" + _domain(b"Exchange", _L1_CHAIN) + struct)


def _user_signed_digest(action: UserSigned, chain: Chain) -> bytes:
    domain = _domain(b"HyperliquidSignTransaction", int(action.signature_chain_id, 16))
    return keccak256(b"\x19\x01" + domain + keccak256(b"".join(_fields(action, chain))))


def _fields(action: UserSigned, chain: Chain) -> list[bytes]:
    """Return the hash of the type and the encoded fields of an action, as EIP-712 orders them."""
    network, nonce = keccak256(chain.encode()), _word(action.nonce)
    match action:
        case ApproveAgent():
            kind = "ApproveAgent(string hyperliquidChain,address agentAddress,string agentName,uint64 nonce)"
            agent = _word(int(action.agent_address, 16))
            fields = [network, agent, _text(action.agent_name or ""), nonce]
        case UserSetAbstraction():
            kind = "UserSetAbstraction(string hyperliquidChain,address user,string abstraction,uint64 nonce)"
            fields = [network, _word(int(action.user, 16)), _text(action.abstraction), nonce]
        case UsdClassTransfer():
            kind = "UsdClassTransfer(string hyperliquidChain,string amount,bool toPerp,uint64 nonce)"
            fields = [network, _text(action.amount), _word(int(action.to_perp)), nonce]
        case _:
            kind = (
                "SendAsset(string hyperliquidChain,string destination,string sourceDex,string destinationDex,"
                "string token,string amount,string fromSubAccount,uint64 nonce)"
            )
            texts = (action.destination, action.source_dex, action.destination_dex, action.token)
            more = (action.amount, action.from_sub_account)
            fields = [network, *map(_text, texts + more), nonce]
    return [keccak256(f"HyperliquidTransaction:{kind}".encode()), *fields]


def _domain(name: bytes, chain_id: int) -> bytes:
    return keccak256(_DOMAIN_TYPE + keccak256(name) + keccak256(b"1") + _word(chain_id) + _word(0))


def _word(number: int) -> bytes:
    return number.to_bytes(_WORD, "big")


def _text(text: str) -> bytes:
    return keccak256(text.encode())


def _padded(number: str) -> str:
    return number.removeprefix("0x").zfill(2 * _WORD)
