"""What happens on accounts of ours, and readings of them."""

from fadearena.model.account import AccountMode, DexState, OpenOrder
from fadearena.model.event.header import Header
from fadearena.model.ids import AccountId, Address, Cloid, Coin
from fadearena.model.order import OwnFill
from fadearena.model.units import EpochMs, Price, Ratio, Usd


class OwnFills(Header, frozen=True, kw_only=True, gc=False, tag="own-fills"):
    """Executions on one account of ours. `is_complete_to` is set by a fetch that left nothing out up to then."""

    account: AccountId
    fills: tuple[OwnFill, ...]
    is_complete_to: EpochMs | None = None


class AccountRead(Header, frozen=True, kw_only=True, tag="account-read"):
    """An account of ours, read completely over all dexs, with all orders that rest; `time` is the exchange's."""

    account: AccountId
    mode: AccountMode
    dexs: tuple[DexState, ...]
    orders: tuple[OpenOrder, ...] = ()
    spot: Usd | None = None


class AccountUnreadable(Header, frozen=True, kw_only=True, gc=False, tag="account-unreadable"):
    """A read of an account failed or was incomplete."""

    account: AccountId
    reason: str


class LeverageRead(Header, frozen=True, kw_only=True, gc=False, tag="leverage-read"):
    """The leverage and margin mode that the exchange holds for a book."""

    account: AccountId
    coin: Coin
    leverage: int
    is_cross: bool


class FundingPaid(Header, frozen=True, kw_only=True, gc=False, tag="funding-paid"):
    """Hourly funding of a book: received (> 0) or paid (< 0)."""

    key: str
    account: AccountId
    coin: Coin
    usd: Usd
    rate: Ratio
    oracle: Price


class CashMoved(Header, frozen=True, kw_only=True, gc=False, tag="cash-moved"):
    """A deposit (> 0) or withdrawal (< 0)."""

    key: str
    account: AccountId
    usd: Usd


class BudgetRead(Header, frozen=True, kw_only=True, gc=False, tag="budget-read"):
    """How many signed actions the exchange still allows this address."""

    account: AccountId
    actions_left: int


class SignerRead(Header, frozen=True, kw_only=True, gc=False, tag="signer-read"):
    """
    Whether the exchange lets an account's signer sign for it, and until when.

    `valid_until` is None for a master key, and for an approval that names no end.
    """

    account: AccountId
    signer: Address
    is_approved: bool
    valid_until: EpochMs | None = None


class DirectlyFlattened(Header, frozen=True, kw_only=True, tag="directly-flattened"):
    """Orders that the emergency way out sent past the journal; their fills are our own flatten."""

    account: AccountId
    cloids: tuple[Cloid, ...]
