"""What watched wallets do."""

from enum import StrEnum

from fadearena.model.account import AccountMode
from fadearena.model.event.header import Header
from fadearena.model.ids import Address, Dex
from fadearena.model.units import EpochMs, Usd
from fadearena.model.wallet import Feed, SourceFill, SourcePosition, WalletRole


class SourceFills(Header, frozen=True, kw_only=True, gc=False, tag="source-fills"):
    """One message's fills of one wallet."""

    wallet: Address
    feed: Feed
    fills: tuple[SourceFill, ...]


class SourceSnapshot(Header, frozen=True, kw_only=True, gc=False, tag="source-snapshot"):
    """All positions of a wallet on one dex, read completely; `time` is the exchange's."""

    wallet: Address
    dex: Dex
    positions: tuple[SourcePosition, ...]


class SourceEquity(Header, frozen=True, kw_only=True, gc=False, tag="source-equity"):
    """A wallet's balances, complete over all dexs."""

    wallet: Address
    mode: AccountMode
    dex_values: tuple[Usd, ...] = ()
    spot: Usd | None = None


class SourceUnreadable(Header, frozen=True, kw_only=True, gc=False, tag="source-unreadable"):
    """A read of a wallet failed or was incomplete; what was known stays known, with its age."""

    wallet: Address
    reason: str
    dex: Dex | None = None


class RepairStage(StrEnum):
    """Where the repair of a wallet's history stands."""

    STARTED = "started"
    DONE = "done"
    FAILED = "failed"


class SourceRepair(Header, frozen=True, kw_only=True, gc=False, tag="source-repair"):
    """
    Missed fills of a wallet are being fetched (after a reconnect or a gap), were, or could not be.

    `since` is from when on; None is from as far back as anybody asked for. `is_answer` says that it is what became of a
    question of ours, and not of a hole that a feed noticed.
    """

    wallet: Address
    stage: RepairStage
    since: EpochMs | None = None
    is_answer: bool = False


class SnapshotRound(Header, frozen=True, kw_only=True, gc=False, tag="snapshot-round"):
    """How long one round of snapshots of all followed wallets takes at present, as the rate budget allows."""

    length_ms: EpochMs


class RoleRead(Header, frozen=True, kw_only=True, gc=False, tag="role-read"):
    """What a wallet is to the exchange."""

    wallet: Address
    role: WalletRole
