"""The actions that only an account's own key can sign: no agent's, and not for a sub-account."""

from typing import Annotated, Literal, TypeAlias

import msgspec

from fadearena.sandbox.gateway import texts

Long = Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]
"""A whole number of 64 bits: an order id, a time, money in millionths."""
ChainId = Annotated[str, msgspec.Meta(pattern="^0x[0-9a-fA-F]{1,16}$")]


class _UserSigned(msgspec.Struct, rename="camel", kw_only=True):
    """What only the owner's own key can sign."""

    signature_chain_id: ChainId
    hyperliquid_chain: Literal["Mainnet", "Testnet"]
    nonce: Long


class ApproveAgent(_UserSigned, tag_field="type", tag="approveAgent", rename="camel", kw_only=True):
    """Let another key trade."""

    agent_address: str
    agent_name: str | None = None

    def __post_init__(self) -> None:
        self.agent_address = texts.address(self.agent_address)


class UserSetAbstraction(_UserSigned, tag_field="type", tag="userSetAbstraction", rename="camel", kw_only=True):
    """Choose the account mode of oneself or of a sub-account."""

    user: str
    abstraction: Literal["disabled", "unifiedAccount", "portfolioMargin"]

    def __post_init__(self) -> None:
        self.user = texts.address(self.user)


class UsdClassTransfer(_UserSigned, tag_field="type", tag="usdClassTransfer", rename="camel", kw_only=True):
    """Move money between spot and perps; the amount may end in ` subaccount:0x...`."""

    amount: str
    to_perp: bool


class SendAsset(_UserSigned, tag_field="type", tag="sendAsset", rename="camel", kw_only=True):
    """Move money between dexs, to oneself or to others."""

    destination: str
    source_dex: str
    destination_dex: str
    token: str
    amount: str
    from_sub_account: str

    def __post_init__(self) -> None:
        self.destination = texts.address(self.destination)


UserSigned: TypeAlias = ApproveAgent | UserSetAbstraction | UsdClassTransfer | SendAsset
