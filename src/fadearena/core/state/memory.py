"""What is remembered between two events: the tables. Whatever could grow without end has a limit, written beside it."""

from collections import Counter
from collections.abc import Collection, Sequence

import msgspec

from fadearena.core.equity import Peak, Reading
from fadearena.core.follow import Follow
from fadearena.core.latches import Latches
from fadearena.core.ledger import Book
from fadearena.core.lifecycle import Order
from fadearena.core.reconcile import Watch
from fadearena.core.state.account import AccountMemory
from fadearena.core.stats import BotStats
from fadearena.core.stop_order import StopOrder
from fadearena.core.target import Anchor
from fadearena.model.ids import AccountId, Address, BookKey, BotId, Cloid, Coin, Dex, SleeveKey
from fadearena.model.instrument import Instrument
from fadearena.model.market import Quote
from fadearena.model.order import OwnFill
from fadearena.model.policy import AccountPolicy, BotPolicy, Policy
from fadearena.model.units import ZERO, EpochMs, Price, Quantity, Ratio, Size, Usd
from fadearena.model.wallet import WalletRole

RETIRED_ORDERS_MAX = 10_000
LABELS_MAX = 10_000
LETTERS_MAX = 1_000
STOPS_MAX = 8
SPOT_KEYS_MAX = 256
QUARANTINED_MAX = 100


class DexView(msgspec.Struct, kw_only=True):
    """
    What snapshots of a (wallet, dex) told: `reads` complete ones, the newest at `time`, received at `received`.

    `missed` are coins that were found to have moved by the first reading after an outage. `proven` is the time of the
    newest one that no missed fills were fetched beside: what it does not show was flat then. `is_stale` says that
    fills were missed since, which are not fetched yet, and that no reading agreed with what is believed either.
    """

    time: EpochMs = 0
    proven: EpochMs = 0
    received: EpochMs = 0
    reads: int = 0
    requested: EpochMs = 0
    failed: EpochMs = 0
    missed: list[Coin] = []
    is_stale: bool = False


class BotMemory(msgspec.Struct, kw_only=True):
    """
    What is remembered of a bot beside its coins.

    `since` is when it was switched on, `last_read` when its wallet was last read or heard. `reserved` is the notional
    of its increases in flight. `profit` and `gross` sum its sleeves' PnL and notional; they are kept only for bots
    that have a limit on them. `missed_since` is from when on fills may be missing that a start asked for; 0 for none.
    `fetches_late` says that nothing waits for them, `is_catching_up` that increases do, whatever shorter hole is mended
    beside; `is_holed` that a feed missed something and did not say yet that it is mended, `has_asked` that we asked for
    fills ourselves, since one did not fit. `heard` is when the feed that
    would tell of its wallet was heard last, `role_asked` when an increase last asked for its role.
    """

    since: EpochMs = 0
    role: WalletRole | None = None
    role_asked: EpochMs = 0
    heard: EpochMs | None = None
    equity: Reading = msgspec.field(default_factory=Reading)
    coins: list[Coin] = []
    views: dict[Dex, DexView] = {}
    last_read: EpochMs = 0
    is_repairing: bool = False
    missed_since: EpochMs = 0
    fetches_late: bool = False
    is_catching_up: bool = False
    is_holed: bool = False
    has_asked: bool = False
    is_orphaned: bool = False
    silence_probed: bool = False
    silence_alerted: bool = False
    spot_keys: list[str] = []
    reserved: Usd = ZERO
    profit: Usd = ZERO
    gross: Usd = ZERO
    stats: BotStats = msgspec.field(default_factory=BotStats)

    @property
    def misses_fills(self) -> bool:
        """Whether fills are still to be fetched: until they came, no snapshot proves anything."""
        return self.is_repairing or self.fetches_late or self.has_asked

    def stop_fetching(self) -> None:
        """Expect no fills that are fetched."""
        self.is_repairing = self.is_catching_up = self.is_holed = self.fetches_late = self.has_asked = False


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
    PnL and notional a sum is kept. `stops` are the newest stops of the book, alive or not; the last was sent at
    `stop_sent`.
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
    stops: list[StopOrder] = []
    stop_sent: EpochMs = 0


class Day(msgspec.Struct, kw_only=True):
    """What the present day brought in all accounts: executions of ours, what they cost, and funding."""

    fills: int = 0
    fees: Usd = ZERO
    funding: Usd = ZERO


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
    were set aside, each by the number of the entry that says so. `told` are the conditions that people were told of
    and that last, each with since when. `round_ms` is how long a round of snapshots takes, as the feed told it last.
    `guarded` are the accounts that want stops, `leverages` what bots with a limit of their own permit.
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
    round_ms: EpochMs = 0
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
    today: Day = msgspec.field(default_factory=Day)
    told: dict[str, EpochMs] = {}
    bot_policies: dict[BotId, BotPolicy] = {}
    account_policies: dict[AccountId, AccountPolicy] = {}
    wallets: dict[Address, BotId] = {}
    enabled: dict[AccountId, int] = {}
    guarded: list[AccountId] = []
    leverages: dict[BotId, int] = {}

    def set_policy(self, policy: Policy) -> None:
        """Take over settings, and the look-ups that follow from them."""
        self.policy = policy
        self.bot_policies = {bot.id: bot for bot in policy.bots}
        self.account_policies = {account.id: account for account in policy.accounts}
        self.wallets = {bot.wallet: bot.id for bot in policy.bots}
        self.enabled = dict(Counter(bot.account for bot in policy.bots if bot.enabled))
        self.leverages = {bot.id: bot.max_leverage for bot in policy.bots if bot.max_leverage is not None}
        self.guarded = sorted(account.id for account in policy.accounts if account.stop_distance is not None)

    def change_bots(self, put: Sequence[BotPolicy], drop: Collection[BotId]) -> None:
        """Put bots into the settings and drop others; the look-ups follow, at the cost of what changes."""
        before = self.bot_policies
        gone = [before[name] for name in drop] + [before[bot.id] for bot in put if bot.id in before]
        counts = Counter(self.enabled)
        counts.update(bot.account for bot in put if bot.enabled)
        counts.subtract(bot.account for bot in gone if bot.enabled)
        for bot in gone:
            self.wallets.pop(bot.wallet, None)
        self.wallets |= {bot.wallet: bot.id for bot in put}
        self.enabled = dict(+counts)
        self.policy = self.policy.with_bots(put, drop)
        after = dict(before) | {bot.id: bot for bot in put}  # anew: a picture of the state may hold the one before
        for name in drop:
            del after[name]
        self.bot_policies = after
        self.leverages = {name: most for name, most in self.leverages.items() if name in after}
        for bot in put:
            self.leverages.pop(bot.id, None)
            if bot.max_leverage is not None:
                self.leverages[bot.id] = bot.max_leverage

    @property
    def snapshot_round_ms(self) -> EpochMs:
        """How old a snapshot may be: as long as a round is meant to take, or takes where that is longer."""
        return max(self.policy.tuning.snapshot_round_ms, self.round_ms)

    def share_of(self, bot: BotPolicy) -> Ratio:
        """Return the default share of a bot: 1 / number of the account's enabled bots."""
        return Ratio(1) / max(1, self.enabled.get(bot.account, 0))
