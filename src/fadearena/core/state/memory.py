"""What is remembered between two events: the tables. Whatever could grow without end has a limit, written beside it."""

from collections import Counter

import msgspec

from fadearena.core.equity import Peak, Purse, Reading
from fadearena.core.follow import Follow
from fadearena.core.latches import Latches
from fadearena.core.ledger import Book
from fadearena.core.lifecycle import Order
from fadearena.core.reconcile import Watch
from fadearena.core.stats import BotStats
from fadearena.core.target import Anchor
from fadearena.model.account import AccountMode
from fadearena.model.ids import AccountId, Address, BookKey, BotId, Cloid, Coin, Dex, SleeveKey
from fadearena.model.instrument import Instrument
from fadearena.model.market import Quote
from fadearena.model.order import OwnFill
from fadearena.model.policy import AccountPolicy, BotPolicy, Policy
from fadearena.model.units import ZERO, EpochMs, Price, Quantity, Ratio, Size, Usd
from fadearena.model.wallet import WalletRole

RETIRED_ORDERS_MAX = 10_000
LABELS_MAX = 10_000
FILL_KEYS_MAX = 10_000
LETTERS_MAX = 1_000
SPOT_KEYS_MAX = 256
QUARANTINED_MAX = 100


class DexView(msgspec.Struct, kw_only=True):
    """
    What snapshots of a (wallet, dex) told: `reads` complete ones, the newest at `time`, received at `received`.

    `missed` are coins that were found to have moved by the first reading after an outage.
    """

    time: EpochMs = 0
    received: EpochMs = 0
    reads: int = 0
    requested: EpochMs = 0
    failed: EpochMs = 0
    missed: list[Coin] = []


class BotMemory(msgspec.Struct, kw_only=True):
    """
    What is remembered of a bot beside its coins.

    `since` is when it was switched on, `last_read` when its wallet was last read or heard. `reserved` is the notional
    of its increases in flight. `profit` and `gross` sum its sleeves' PnL and notional; they are kept only for bots
    that have a limit on them. `missed_since` is from when on fills may be missing that a start asked for; 0 for none.
    """

    since: EpochMs = 0
    role: WalletRole | None = None
    equity: Reading = msgspec.field(default_factory=Reading)
    coins: list[Coin] = []
    views: dict[Dex, DexView] = {}
    last_read: EpochMs = 0
    is_repairing: bool = False
    missed_since: EpochMs = 0
    is_orphaned: bool = False
    silence_probed: bool = False
    silence_alerted: bool = False
    spot_keys: list[str] = []
    reserved: Usd = ZERO
    profit: Usd = ZERO
    gross: Usd = ZERO
    stats: BotStats = msgspec.field(default_factory=BotStats)


class Growth(msgspec.Struct, kw_only=True):
    """
    The permission to increase that a grown |followed| gave.

    `source_time` is when the source traded. `needs_reference` is False for a join, which follows no fill.
    """

    source_time: EpochMs
    received: EpochMs
    attempts: int = 0
    needs_reference: bool = True


class Sleeve(msgspec.Struct, kw_only=True):
    """
    What is decided for one (bot, coin). Size and cost stand in the book.

    `unmatched` and `unmatched_usd` sum the source's fills that we have not matched yet. `said` is the last outcome
    that was recorded. `trip_base` is the sleeve's net PnL when it was last flat.
    """

    account: AccountId
    target: Size = ZERO
    anchor: Anchor | None = None
    growth: Growth | None = None
    unmatched: Quantity = ZERO
    unmatched_usd: Usd = ZERO
    implied_price: Price | None = None
    is_emergency: bool = False
    failed: int = 0
    retry_at: EpochMs = 0
    streak: int = 0
    paused_until: EpochMs = 0
    said: str = ""
    trip_base: Usd = ZERO
    counted_profit: Usd = ZERO
    counted_gross: Usd = ZERO
    skips: dict[str, int] = {}

    @property
    def reference(self) -> Price | None:
        """Volume-weighted price of the source's fills that we have not matched yet; None without one."""
        return self.unmatched_usd / self.unmatched if self.unmatched else self.implied_price


class Leverage(msgspec.Struct, kw_only=True):
    """Leverage and margin mode of a book: as read from the exchange, and what was asked for."""

    value: int | None = None
    is_cross: bool = True
    wanted: int | None = None
    wanted_cross: bool = True
    requested: EpochMs = 0
    failed: EpochMs = 0


class BookMemory(msgspec.Struct, kw_only=True):
    """
    What is remembered of one (account, coin).

    `valued` is the price at which its position stands in the pool's sums; `counted_*` are its shares of the kept
    sums. `open` are its unsettled orders, `wanting` the bots whose sleeve may want something, `limited` those of whose
    PnL and notional a sum is kept.
    """

    book: Book = msgspec.field(default_factory=Book)
    watch: Watch = msgspec.field(default_factory=Watch)
    leverage: Leverage = msgspec.field(default_factory=Leverage)
    bots: list[BotId] = []
    wanting: list[BotId] = []
    limited: list[BotId] = []
    open: list[Cloid] = []
    held_fills: list[OwnFill] = []
    valued: Price | None = None
    pool: str = ""
    counted_holdings: Usd = ZERO
    counted_initial: Usd = ZERO
    counted_maintenance: Usd = ZERO
    counted_gross: Usd = ZERO
    last_fill: EpochMs = 0
    last_settled: EpochMs = 0
    flatten_failed: int = 0
    residue_retry_at: EpochMs = 0
    quote_asked: EpochMs = 0
    quote_failed: bool = False


class Seen(msgspec.Struct, kw_only=True):
    """
    Which executions or payments were booked already, by key with their time.

    Beyond `FILL_KEYS_MAX` the older half is forgotten; what is older than `horizon` counts as booked.
    """

    keys: dict[str, EpochMs] = {}
    horizon: EpochMs = 0

    def take(self, key: str, time: EpochMs) -> bool:
        """Tell whether something was not booked yet, and remember it."""
        if key in self.keys or time < self.horizon:
            return False
        self.keys[key] = time
        if len(self.keys) > FILL_KEYS_MAX:
            self.horizon = sorted(self.keys.values())[FILL_KEYS_MAX // 2]
            self.keys = {key: time for key, time in self.keys.items() if time >= self.horizon}
        return True


class AccountMemory(msgspec.Struct, kw_only=True):
    """
    What is remembered of an account of ours.

    `flying` are the coins with unsettled orders. `awaits_positions` and `awaits_fills` say that they were not read
    completely since the last start. `fills_to` is up to when our fills are known without a hole,
    `flat_since` when a complete reading first showed nothing while everything is being closed, `flat_to` the newest
    such reading.
    """

    mode: AccountMode = AccountMode.UNKNOWN
    purse: Purse = msgspec.field(default_factory=Purse)
    coins: list[Coin] = []
    flying: list[Coin] = []
    is_read: bool = False
    awaits_positions: bool = True
    awaits_fills: bool = True
    read_time: EpochMs = 0
    fills_to: EpochMs = 0
    last_fill: EpochMs = 0
    last_settled: EpochMs = 0
    actions_left: int | None = None
    flat_since: EpochMs | None = None
    flat_to: EpochMs = 0
    fills: Seen = msgspec.field(default_factory=Seen)
    payments: Seen = msgspec.field(default_factory=Seen)


class Letter(msgspec.Struct, kw_only=True):
    """One dead letter: what no retry can mend. `seq` tells the older of two."""

    kind: str
    subject: str
    error: str
    bot: BotId | None = None
    coin: Coin | None = None
    state: str = "open"
    attempts: int = 1
    excerpt: str = ""
    seq: int = 0


class State(msgspec.Struct, kw_only=True):
    """
    Everything. Keys of `follows` and `sleeves` are (bot, coin), of `books` (account, coin).

    `exposure` and `reserved` are kept sums: gross notional of all books, and of increases in flight. `oldest_mark`
    is not newer than the mark of any coin that is held; None while nobody looked. `quarantined` are the events that
    were set aside, each by the number of the entry that says so.
    """

    seq: int = 0
    now: EpochMs = 0
    policy: Policy = msgspec.field(default_factory=Policy)
    control_id: int = 0
    started: bool = False
    settling: bool = False
    day_end: EpochMs = 0
    latches: Latches = msgspec.field(default_factory=Latches)
    clock_offset_ms: int | None = None
    clock_spread_ms: int | None = None
    heard: EpochMs | None = None
    instruments: dict[Coin, Instrument] = {}
    quotes: dict[Coin, Quote] = {}
    bots: dict[BotId, BotMemory] = {}
    follows: dict[SleeveKey, Follow] = {}
    sleeves: dict[SleeveKey, Sleeve] = {}
    accounts: dict[AccountId, AccountMemory] = {}
    books: dict[BookKey, BookMemory] = {}
    orders: dict[Cloid, Order] = {}
    retired: list[Cloid] = []
    adopted: dict[Cloid, EpochMs] = {}
    nonces: dict[Address, int] = {}
    labels: dict[str, int] = {}
    labels_total: int = 0
    labels_horizon: EpochMs = 0
    sent_times: list[EpochMs] = []
    snapshot_times: list[EpochMs] = []
    wakes: dict[str, EpochMs] = {}
    off_target: dict[SleeveKey, EpochMs] = {}
    peak: Peak = msgspec.field(default_factory=Peak)
    exposure: Usd = ZERO
    reserved: Usd = ZERO
    oldest_mark: EpochMs | None = None
    letters: dict[str, Letter] = {}
    quarantined: dict[int, str] = {}
    bot_policies: dict[BotId, BotPolicy] = {}
    account_policies: dict[AccountId, AccountPolicy] = {}
    wallets: dict[Address, BotId] = {}
    enabled: dict[AccountId, int] = {}

    def set_policy(self, policy: Policy) -> None:
        """Take over settings, and the look-ups that follow from them."""
        self.policy = policy
        self.bot_policies = {bot.id: bot for bot in policy.bots}
        self.account_policies = {account.id: account for account in policy.accounts}
        self.wallets = {bot.wallet: bot.id for bot in policy.bots}
        self.enabled = dict(Counter(bot.account for bot in policy.bots if bot.enabled))

    def share_of(self, bot: BotPolicy) -> Ratio:
        """Return the default share of a bot: 1 / number of the account's enabled bots."""
        return Ratio(1) / max(1, self.enabled.get(bot.account, 0))
