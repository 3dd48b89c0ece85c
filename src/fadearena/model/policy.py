"""What operators have set: bots, accounts, limits. A policy is replaced as a whole, never edited."""

from collections.abc import Callable
from enum import StrEnum

import msgspec

from fadearena.model.error import InvalidInput
from fadearena.model.ids import AccountId, Address, BotId, Coin, address, slug
from fadearena.model.units import MINUTE_MS, SECOND_MS, Bps, Direction, EpochMs, Ratio, Usd


class Mode(StrEnum):
    """Which venue a process plugs in."""

    SIMULATION = "simulation"
    LIVE = "live"


class Sizing(StrEnum):
    """How the ratio of an anchor is found."""

    MULTIPLIER = "multiplier"
    EQUITY = "equity"
    NOTIONAL = "notional"


class StartPolicy(StrEnum):
    """What happens with positions that a bot holds when following starts."""

    FOLLOW_CHANGES = "follow_changes"
    IGNORE_UNTIL_FLAT = "ignore_until_flat"
    JOIN = "join"
    JOIN_IF_BETTER = "join_if_better"


class OnBreach(StrEnum):
    """What a breached loss limit does."""

    STOP = "stop"
    FLATTEN = "flatten"


class Repair(StrEnum):
    """What happens with a drift that was found."""

    ALERT = "alert"
    AUTO = "auto"


_MAX_MULTIPLIER = Ratio(10)
_MAX_BPS = Bps(5000)


def _positive(problems: list[str], name: str, value: Usd | None) -> None:
    if value is not None and value <= 0:
        problems.append(f"{name} must be positive or null")


def _well_formed(problems: list[str], parse: Callable[[str], str], text: str) -> None:
    try:
        normal = parse(text)
    except InvalidInput as error:
        problems.append(str(error))
    else:
        if normal != text:
            problems.append(f"{text!r} must be written {normal!r}")


class CoinRules(msgspec.Struct, frozen=True, kw_only=True):
    """Which coins a bot is followed in; `deny` wins."""

    allow: tuple[Coin, ...] | None = None
    deny: tuple[Coin, ...] = ()

    def permits(self, coin: Coin) -> bool:
        """Tell whether increases in this coin are wanted."""
        return coin not in self.deny and (self.allow is None or coin in self.allow)


class BotPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """One followed wallet. Caps and limits are USD, None = unlimited."""

    id: BotId
    name: str
    wallet: Address
    enabled: bool = True
    direction: Direction = Direction.FADE
    sizing: Sizing = Sizing.MULTIPLIER
    leverage_multiplier: Ratio = Ratio("0.05")
    notional_usd: Usd | None = None
    share: Ratio | None = None
    exposure_cap: Usd | None = None
    loss_limit: Usd | None = None
    max_leverage: int | None = None
    orphan_after_ms: EpochMs | None = None
    start_policy: StartPolicy = StartPolicy.FOLLOW_CHANGES
    account: AccountId = "main"
    coins: CoinRules = CoinRules()

    @property
    def is_limited(self) -> bool:
        """Whether there is a limit on what all its sleeves together hold or lose."""
        return self.exposure_cap is not None or self.loss_limit is not None

    def problems(self) -> list[str]:
        """Return what is wrong with it, one sentence each, naming the field."""
        found: list[str] = []
        _well_formed(found, slug, self.id)
        _well_formed(found, address, self.wallet)
        if not 0 < self.leverage_multiplier <= _MAX_MULTIPLIER:
            found.append(f"leverageMultiplier must be > 0 and <= {_MAX_MULTIPLIER}")
        if self.sizing is Sizing.NOTIONAL and self.notional_usd is None:
            found.append("notionalUsd is needed for sizing by notional")
        for name, value in (
            ("notionalUsd", self.notional_usd),
            ("exposureCap", self.exposure_cap),
            ("lossLimit", self.loss_limit),
            ("orphanAfterMs", None if self.orphan_after_ms is None else Usd(self.orphan_after_ms)),
        ):
            _positive(found, name, value)
        if self.share is not None and not 0 < self.share <= 1:
            found.append("share must be > 0 and <= 1")
        if self.max_leverage is not None and self.max_leverage < 1:
            found.append("maxLeverage must be at least 1 or null")
        return found


class AccountPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """One account of ours. `signer` is whoever signs for it: master key or agent; sub-accounts may share one."""

    id: AccountId
    address: Address
    signer: Address
    max_leverage: int = 5
    taker_rate: Ratio = Ratio("0.00045")

    def problems(self) -> list[str]:
        """Return what is wrong with it, one sentence each, naming the field."""
        found: list[str] = []
        _well_formed(found, slug, self.id)
        _well_formed(found, address, self.address)
        _well_formed(found, address, self.signer)
        if self.max_leverage < 1:
            found.append("maxLeverage must be at least 1")
        if not -1 < self.taker_rate < 1:
            found.append("takerRate must be a ratio")
        return found


class Slippage(msgspec.Struct, frozen=True, kw_only=True):
    """How far from the touch an order may trade, in bps."""

    entry_bps: Bps = Bps(50)
    reduce_bps: Bps = Bps(100)
    emergency_bps: Bps = Bps(300)
    flatten_max_bps: Bps = Bps(2000)
    chase_bps: Bps = Bps(50)

    def problems(self) -> list[str]:
        """Return what is wrong with it, one sentence each, naming the field."""
        found = [
            f"slippage.{name} must be > 0 and <= 5000"
            for name, value in (
                ("entryBps", self.entry_bps),
                ("reduceBps", self.reduce_bps),
                ("emergencyBps", self.emergency_bps),
                ("flattenMaxBps", self.flatten_max_bps),
                ("chaseBps", self.chase_bps),
            )
            if not 0 < value <= _MAX_BPS
        ]
        if not self.reduce_bps <= self.emergency_bps <= self.flatten_max_bps:
            found.append("slippage must grow: reduceBps <= emergencyBps <= flattenMaxBps")
        return found


class Tuning(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers of the rules that are seldom changed; the defaults are the rules' own."""

    minimum_usd: Usd = Usd("10.50")
    dead_band: Ratio = Ratio("0.02")
    max_attempts: int = 3
    coalesce_ms: int = 0
    provisional_max: int = 256
    snapshot_round_ms: int = MINUTE_MS
    snapshots_per_minute: int = 30
    orders_per_minute: int = 120
    actions_reserve: int = 1000
    reject_streak: int = 5
    reject_pause_ms: int = 5 * MINUTE_MS
    liquidation_distance: Ratio = Ratio("0.15")
    protect_distance: Ratio = Ratio("0.05")
    equity_jump: Ratio = Ratio("0.30")
    drift: Ratio = Ratio("0.01")
    tracking_error: Ratio = Ratio("0.02")
    order_life_ms: int = 5 * SECOND_MS
    reconcile_ms: int = 30 * SECOND_MS

    def problems(self) -> list[str]:
        """Return what is wrong with it, one sentence each, naming the field."""
        may_be_zero = {"coalesce_ms", "dead_band"}
        return [
            f"tuning.{name} must be {'at least 0' if name in may_be_zero else 'positive'}"
            for name, value in msgspec.structs.asdict(self).items()
            if value < 0 or (value == 0 and name not in may_be_zero)
        ]


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """All settings. `version` grows by one with each accepted change."""

    version: int = 1
    mode: Mode = Mode.SIMULATION
    bots: tuple[BotPolicy, ...] = ()
    accounts: tuple[AccountPolicy, ...] = ()
    global_exposure_cap: Usd | None = None
    daily_loss_limit: Usd | None = None
    max_drawdown: Ratio | None = None
    max_order_notional: Usd | None = None
    asset_exposure_caps: dict[Coin, Usd] = {}
    on_breach: OnBreach = OnBreach.STOP
    max_signal_age_ms: int = MINUTE_MS
    slippage: Slippage = Slippage()
    repair: Repair = Repair.ALERT
    tuning: Tuning = Tuning()

    def problems(self) -> list[str]:
        """Return what is wrong with the settings, one sentence each, naming the field."""
        found = [f"bots[{n}].{text}" for n, bot in enumerate(self.bots) for text in bot.problems()]
        found += [f"accounts[{n}].{text}" for n, account in enumerate(self.accounts) for text in account.problems()]
        found += self.slippage.problems() + self.tuning.problems()
        for name, value in (
            ("globalExposureCap", self.global_exposure_cap),
            ("dailyLossLimit", self.daily_loss_limit),
            ("maxOrderNotional", self.max_order_notional),
            *((f"assetExposureCaps.{coin}", cap) for coin, cap in self.asset_exposure_caps.items()),
        ):
            _positive(found, name, value)
        if self.max_drawdown is not None and not 0 < self.max_drawdown < 1:
            found.append("maxDrawdown must be > 0 and < 1")
        if self.max_signal_age_ms <= 0:
            found.append("maxSignalAgeMs must be positive")
        return found + self._roster_problems()

    def gaps_for_real_money(self) -> list[str]:
        """Return the limits without which real money is not put at risk."""
        gaps = [
            name
            for name, value in (
                ("globalExposureCap", self.global_exposure_cap),
                ("dailyLossLimit", self.daily_loss_limit),
            )
            if value is None
        ]
        return gaps + [f"bots[{n}].exposureCap" for n, bot in enumerate(self.bots) if bot.exposure_cap is None]

    def _roster_problems(self) -> list[str]:
        found: list[str] = []
        accounts = {account.id for account in self.accounts}
        ours = {a.address for a in self.accounts} | {a.signer for a in self.accounts}
        ids: set[BotId] = set()
        wallets: set[Address] = set()
        for n, bot in enumerate(self.bots):
            if bot.id in ids:
                found.append(f"bots[{n}].id {bot.id} is used twice")
            if bot.wallet in wallets:
                found.append(f"bots[{n}].walletAddress {bot.wallet} belongs to another bot")
            if bot.wallet in ours:
                found.append(f"bots[{n}].walletAddress {bot.wallet} is an account or signer of our own")
            if bot.account not in accounts:
                found.append(f"bots[{n}].account {bot.account} does not exist")
            ids.add(bot.id)
            wallets.add(bot.wallet)
        if len(accounts) < len(self.accounts):
            found.append("accounts must have different ids")
        if len({account.address for account in self.accounts}) < len(self.accounts):
            found.append("accounts must have different addresses: one is no two")
        return found
