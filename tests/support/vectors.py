"""Signatures that the protocol's reference prints: actions, keys, and what the official SDK made of them."""

import json
from pathlib import Path
from typing import Any, NamedTuple

K1 = "0x00fd71afdccf6dc36c708e6c3c6e2a3f002b2b175adb5b723d40072b801a7668"
K2 = "0x83c89ce9f4ff115cafca86ba53aab475d8124fcb10886c76b2e7ac7324f4df1b"
KEYS = {"K1": K1, "K2": K2}
ADDRESSES = {
    "K1": "0xdc639c3c7a8dcaba859ce50ab920d30c2010e23c",
    "K2": "0x53967664ffee8da779734f0d701c294e18cb0451",
}
TIME = 1_763_600_000_000
"""A moment shortly before the nonces of all vectors."""


class Vector(NamedTuple):
    """One signed action; those that only an owner can sign bear their nonce inside. `packed`: its bytes, in hex."""

    name: str
    what: str
    key: str
    is_mainnet: bool
    action: dict[str, Any]
    nonce: int
    vault_address: str | None
    expires_after: int | None
    signature: dict[str, Any]
    is_user_signed: bool
    packed: str = ""
    connection_id: str = ""

    @property
    def envelope(self) -> dict[str, Any]:
        """The body that is posted."""
        return {
            "action": self.action,
            "nonce": self.nonce,
            "signature": self.signature,
            "vaultAddress": self.vault_address,
            "expiresAfter": self.expires_after,
        }


def vectors() -> list[Vector]:
    """Return all of them."""
    rows = json.loads(Path(__file__).with_name("vectors.json").read_text())
    return [
        Vector(
            name=row["name"],
            what=row["what"],
            key=row["key"],
            is_mainnet=row["net"] == "mainnet",
            action=row["action"],
            nonce=row.get("nonce", row["action"].get("nonce")),
            vault_address=row.get("vaultAddress"),
            expires_after=row.get("expiresAfter"),
            signature={part: row[part] for part in "rsv"},
            is_user_signed="nonce" not in row,
            packed=row.get("msgpack", ""),
            connection_id=row.get("connectionId", ""),
        )
        for row in rows
    ]
