"""Each check of an increase, driven to its edge: just inside it passes, just outside it stops, clamps or holds."""

from collections.abc import Callable

import msgspec
import pytest

from fadearena.model.account import AccountMode, DexState, OwnPosition
from fadearena.model.command import SetLeverage
from fadearena.model.event import (
    AccountRead,
    BudgetRead,
    CashMoved,
    ClockRead,
    Kill,
    Marks,
    OwnFills,
    Pause,
    Resume,
    RoleRead,
    SetPolicy,
    SourceFills,
    SourceRepair,
)
from fadearena.model.event import RepairStage as Stage
from fadearena.model.order import OwnFill, RejectCode
from fadearena.model.policy import AccountPolicy, CoinRules, Policy, Tuning
from fadearena.model.record import Check, Effect
from fadearena.model.units import MINUTE_MS, SECOND_MS, Direction, Side
from fadearena.model.wallet import Feed, WalletRole
from tests.support.world import MARKETS, OTHER, WALLET, D, World, bot, market, settings

CHECKS = {
    "trading_state",
    "bot_state",
    "coin_allowed",
    "market_tradable",
    "no_collateral",
    "source_known",
    "sizing_known",
    "signal_age",
    "feed_fresh",
    "price_fresh",
    "chase",
    "global_exposure_cap",
    "asset_exposure_cap",
    "bot_exposure_cap",
    "max_order_notional",
    "margin_available",
    "liquidation_distance",
    "daily_loss_limit",
    "max_drawdown",
    "bot_loss_limit",
    "order_rate",
    "action_budget",
    "reject_streak",
    "order_settled",
    "reconciled",
    "leverage_ready",
    "clock_ok",
    "minimum_notional",
}


def refused(world: World, name: str) -> bool:
    """Tell whether the last decision is a skip because of this check, which shows it."""
    check = world.check(name)
    return (not world.orders, world.decision.reason, check.passed, check.effect) == (True, name, False, Effect.SKIP)


def roomy(**more: object) -> Policy:
    """Settings under which a snapshot stays fresh for ten minutes."""
    tuning = more.pop("tuning", Tuning(snapshot_round_ms=10 * MINUTE_MS))
    return settings(bot(**more.pop("bot", {})), tuning=tuning, **more)  # type: ignore[arg-type]


def test_every_decision_records_every_check() -> None:
    """What was sent and what was refused both show all checks, each once, with what it looked at."""
    sent = World().started().source("BTC", "1", "100000")
    skipped = World().started().source("BTC", "1", "100000", fresh=False)
    reduced = World().started().holding("BTC", "1", "100000").source("BTC", "-1", "100000")
    for world in (sent, skipped, reduced):
        assert sorted(check.name for check in world.decision.checks) == sorted(CHECKS)
    assert all(check.passed and check.effect is Effect.NONE for check in sent.decision.checks)


@pytest.mark.parametrize("stop", [Pause(), Pause(bot="bot"), Kill(), Kill(bot="bot")])
def test_states_stop_increases(stop: Pause | Kill) -> None:
    """The stricter of the account's and the bot's state counts, and says who is behind it."""
    world = World().started().order_by(stop).source("BTC", "1", "100000")
    assert refused(world, "bot_state" if stop.bot else "trading_state")
    assert ("kill" if isinstance(stop, Kill) else "pause") in world.check(world.decision.reason).value


def test_denied_coins_are_not_increased_and_no_leverage_is_set_for_them() -> None:
    """Allow and deny are per bot; deny wins."""
    for rules, passes in (
        (CoinRules(deny=("BTC",)), False),
        (CoinRules(allow=("BTC",), deny=("BTC",)), False),
        (CoinRules(allow=("ETH",)), False),
        (CoinRules(allow=("BTC",)), True),
    ):
        world = World(settings(bot(coins=rules))).started(leverage=passes).source("BTC", "1", "100000")
        assert bool(world.orders) is passes
        assert passes or refused(world, "coin_allowed")
        assert not world.all(SetLeverage)


def test_markets_that_are_not_listed_or_gone_are_not_traded() -> None:
    """An unknown asset id and a delisted market stop everything, by the exact name of the market."""
    world = World().started().source("DOGE", "1000", "1")
    assert refused(world, "market_tradable")
    gone = msgspec.structs.replace(MARKETS[1], is_delisted=True)
    world = World(markets=(MARKETS[0], gone)).started().source("ETH", "10", "2000")
    assert refused(world, "market_tradable")
    world = World().started().snapshot(dex="xyz").wait(2500).snapshot(dex="xyz").source("xyz:NVDA", "10", "200")
    assert world.order.terms.asset_id == 110002
    world = World().started().snapshot(dex="abc").wait(2500).snapshot(dex="abc").source("abc:NVDA", "10", "200")
    assert refused(world, "market_tradable")


def test_without_collateral_of_its_dex_nothing_is_increased() -> None:
    """A market with a collateral that the account does not hold is refused as `no_collateral`."""
    other = market("ETH", 1, 4, collateral_token=7)
    world = World(markets=(MARKETS[0], other)).started().source("ETH", "10", "2000")
    assert refused(world, "no_collateral")


def test_a_source_of_which_nothing_is_known_is_not_increased_upon() -> None:
    """A failed repair leaves the position unknown until snapshots agree."""
    world = World().started().holding("BTC", "1", "100000")
    world.send(SourceRepair(time=world.now, received=world.now, wallet=WALLET, stage=Stage.FAILED))
    world.wait(3 * SECOND_MS)
    follow = world.state.follows["bot", "BTC"]
    assert follow.confidence == "unknown"
    world.send(SourceRepair(time=world.now, received=world.now, wallet=WALLET, stage=Stage.FAILED))
    world.snapshot()
    assert follow.confidence == "confirmed"


@pytest.mark.parametrize("role", [WalletRole.AGENT, WalletRole.MISSING])
def test_agents_and_missing_accounts_are_not_followed(role: WalletRole) -> None:
    """A wallet must be a user, a vault or a sub-account."""
    world = World().started()
    world.send(RoleRead(time=world.now, received=world.now, wallet=WALLET, role=role))
    assert world.alerts == ["bot"]
    assert refused(world.source("BTC", "1", "100000"), "source_known")
    for good in (WalletRole.VAULT, WalletRole.SUB_ACCOUNT, WalletRole.USER):
        world.send(RoleRead(time=world.now, received=world.now, wallet=WALLET, role=good))
        assert len(world.source("BTC", "1", "100000").orders) == 1
        world.fill()


def test_while_missed_fills_are_fetched_increases_wait() -> None:
    """A repair in progress holds a growth; when it is done the growth is decided."""
    world = World().started()
    world.send(SourceRepair(time=world.now, received=world.now, wallet=WALLET, stage=Stage.STARTED))
    world.source("BTC", "1", "100000")
    assert world.reasons == ["hold:source_known"]
    world.send(SourceRepair(time=world.now, received=world.now, wallet=WALLET, stage=Stage.DONE))
    assert world.order.terms.quantity == D("0.05")


def test_a_socket_that_is_silent_stops_increases() -> None:
    """The feed's socket must have been heard within 30 s; a read that succeeds is no proof of it."""
    for silent, passes in ((30_000, True), (30_001, False)):
        world = World(roomy()).started()
        heard = world.now
        world.wait(silent)
        fill = world.fill_of("BTC", "1", "100000", "0")
        quotes = (world.quote("BTC", "100000"),)
        world.send(
            SourceFills(
                time=world.now,
                received=world.now,
                heard=heard,
                quotes=quotes,
                wallet=WALLET,
                feed=Feed.USER,
                fills=(fill,),
            )
        )
        assert bool(world.orders) is passes
        assert passes or refused(world, "feed_fresh")


def test_a_snapshot_of_an_earlier_round_is_fetched_before_an_increase() -> None:
    """Within the round nothing is fetched; beyond it a snapshot on demand comes first and the growth is held."""
    world = World().started().wait(60_000).source("BTC", "1", "100000")
    assert (len(world.orders), world.reads()) == (1, [])
    world = World().started().wait(60_001).source("BTC", "1", "100000")
    assert (world.orders, world.reasons, len(world.reads())) == ([], ["hold:feed_fresh"], 1)
    world.snapshot()
    assert world.order.terms.quantity == D("0.05")


def test_snapshots_on_demand_are_limited_a_minute() -> None:
    """Beyond N a minute the growth is skipped instead."""
    policy = settings(bot("one", WALLET), bot("two", OTHER), tuning=Tuning(snapshots_per_minute=1))
    world = World(policy).started().wait(60_001)
    assert len(world.source("BTC", "1", "100000").reads()) == 1
    world.source("ETH", "10", "2000", wallet=OTHER)
    assert world.reads() == []
    assert refused(world, "feed_fresh")


def test_a_snapshot_on_demand_that_fails_ends_the_growth() -> None:
    """A failed read is unknown: the growth is skipped."""
    world = World().started().wait(60_001).source("BTC", "1", "100000").unreadable()
    assert refused(world, "feed_fresh")


def test_a_snapshot_on_demand_that_never_comes_is_asked_for_again() -> None:
    """After five seconds it is asked for anew, while the growth is young enough."""
    world = World().started().wait(60_001).source("BTC", "1", "100000").wait(5 * SECOND_MS + 1)
    assert len(world.reads()) == 1
    assert world.orders == []


@pytest.mark.parametrize(("age", "passes"), [(10_000, True), (10_001, False)])
def test_prices_must_be_fresh(age: int, passes: bool) -> None:
    """The coin's touch and mark may be 10 s old."""
    world = World().started().mark("BTC", "100000").wait(age).source("BTC", "1", "100000", fresh=False)
    assert bool(world.orders) is passes
    assert passes or refused(world, "price_fresh")


@pytest.mark.parametrize(("age", "passes"), [(30_000, True), (30_001, False)])
def test_marks_of_other_coins_that_are_held_may_be_a_little_older(age: int, passes: bool) -> None:
    """What exposure and margin are computed from may be 30 s old."""
    world = World(roomy()).started().holding("ETH", "10", "2000").wait(age).source("BTC", "1", "100000")
    assert bool(world.orders) is passes
    assert passes or refused(world, "price_fresh")


def test_a_price_without_a_touch_or_a_mark_is_not_fresh() -> None:
    """Both sides must be known: an increase is not priced from a mark alone."""
    for hole in ({"bid": None, "ask": None}, {"mark": None}):
        world = World().started()
        quote = msgspec.structs.replace(world.quote("BTC", "100000"), **hole)
        world.send(Marks(time=world.now, received=world.now, quotes=(quote,)))
        assert refused(world.source("BTC", "1", "100000", fresh=False), "price_fresh")


CAPS: list[tuple[str, Callable[[D], Policy]]] = [
    ("global_exposure_cap", lambda usd: settings(global_exposure_cap=usd)),
    ("asset_exposure_cap", lambda usd: settings(asset_exposure_caps={"BTC": usd})),
    ("bot_exposure_cap", lambda usd: settings(bot(exposure_cap=usd))),
    ("max_order_notional", lambda usd: settings(max_order_notional=usd)),
]


@pytest.mark.parametrize(("name", "policy"), CAPS)
def test_caps_clamp_to_their_room(name: str, policy: Callable[[D], Policy]) -> None:
    """At the cap all goes, above it as much as there is room for, and below the minimum nothing."""
    world = World(policy(D(5000))).started().source("BTC", "1", "100000")
    assert (world.order.terms.quantity, world.check(name).effect) == (D("0.05"), Effect.NONE)
    world = World(policy(D(4999))).started().source("BTC", "1", "100000")
    assert (world.order.terms.quantity, world.check(name).effect) == (D("0.04999"), Effect.CLAMP)
    world = World(policy(D(10))).started().source("BTC", "1", "100000")
    assert (world.orders, world.decision.reason) == ([], "below_minimum")
    world = World(policy(D("0.5"))).started().source("BTC", "1", "100000")
    assert refused(world, name)


@pytest.mark.parametrize(("name", "policy"), CAPS[:3])
def test_caps_count_orders_in_flight_as_filled(name: str, policy: Callable[[D], Policy]) -> None:
    """Two growths in a row cannot use the same room, although nothing was filled yet."""
    world = World(policy(D(6000))).started(leverage=True).source("BTC", "1", "100000")
    coin, size, price = ("BTC", "1", "100000") if name == "asset_exposure_cap" else ("ETH", "50", "2000")
    if name == "asset_exposure_cap":
        first = world.order
        world.fill(first, quantity="0.05").source(coin, size, price)
    else:
        world.source(coin, size, price)
    assert world.order.terms.quantity * D(price) <= 1000
    assert world.check(name).effect is Effect.CLAMP


def test_caps_count_what_is_unknown_as_filled() -> None:
    """An order whose outcome nobody knows still uses its room."""
    world = World(settings(bot(exposure_cap=D(6000)))).started().source("BTC", "1", "100000")
    world.no_answer().source("ETH", "50", "2000")
    assert world.order.terms.quantity * 2000 <= 1000


def test_exposure_is_not_netted() -> None:
    """Two bots against each other use the room of both."""
    policy = settings(bot("one", WALLET), bot("two", OTHER, direction=Direction.COPY), global_exposure_cap=D(8000))
    world = World(policy).started().holding("BTC", "1", "100000").source("BTC", "1", "100000", wallet=OTHER)
    assert world.order.terms.quantity == D("0.03")


def test_exposure_counts_what_is_not_ours() -> None:
    """Positions that the account held before use room too."""
    world = World(settings(global_exposure_cap=D(8000))).started().mark("ETH", "2000")
    fill = OwnFill(
        key="manual",
        account="main",
        coin="ETH",
        time=world.now,
        side=Side.BUY,
        price=D(2000),
        quantity=D(2),
        fee=D(0),
        closed_pnl=D(0),
    )
    world.send(OwnFills(time=world.now, received=world.now, account="main", fills=(fill,)))
    world.source("BTC", "1", "100000")
    assert world.order.terms.quantity == D("0.04")


def test_reduces_pass_where_increases_are_capped() -> None:
    """A cap that is exceeded by far does not hold a reduce back, and the reduce is not clamped."""
    world = World(settings(global_exposure_cap=D(5000))).started().holding("BTC", "1", "100000")
    world.source("BTC", "-1", "200000")
    assert world.order.terms.quantity == D("0.05")


@pytest.mark.parametrize(("equity", "passes"), [("1334", True), ("250", False)])
def test_margin_must_be_available(equity: str, passes: bool) -> None:
    """$5,000 at 20x need $250, and a distance to liquidation of 15 % needs more than that."""
    world = World(equity=equity).started().source("BTC", "1", "100000")
    assert bool(world.orders) is passes
    assert world.check("margin_available").passed
    assert world.check("liquidation_distance").passed is passes
    world = World(equity="249.99").started().source("BTC", "1", "100000")
    assert refused(world, "margin_available")


def test_margin_counts_increases_in_flight_in_other_books() -> None:
    """Two growths in a row cannot use the same collateral."""
    for first, passes in (("2", False), ("0.9", True)):
        world = World(settings(bot(max_leverage=1)), equity="15000").started().leverage("BTC", 1).leverage("ETH", 1)
        world.source("BTC", first, "100000").source("ETH", "100", "2000")
        assert bool(world.orders) is passes
        assert passes or refused(world, "margin_available")


def test_margin_is_counted_for_the_worst_un_netting() -> None:
    """A second bot against the first nets the book to nothing, but either may leave."""
    policy = settings(bot("one", WALLET), bot("two", OTHER, direction=Direction.COPY, leverage_multiplier=D("0.2")))
    world = World(policy, equity="1500").started().holding("BTC", "1", "100000")
    world.source("BTC", "0.5", "100000", wallet=OTHER)
    assert refused(world, "liquidation_distance")


def test_the_distance_to_liquidation_is_at_least_15_percent() -> None:
    """A short of $5,000 with $799 spare of maintenance: 799 / 5000 / 1.01 is 15.8 %."""
    for equity, passes in (("808", True), ("807", False)):
        world = World(equity=equity).started().source("BTC", "1", "100000")
        assert bool(world.orders) is passes


@pytest.mark.parametrize(
    ("policy", "name"),
    [
        (settings(daily_loss_limit=D(100)), "daily_loss_limit"),
        (settings(max_drawdown=D("0.01")), "max_drawdown"),
        (settings(bot(loss_limit=D(100))), "bot_loss_limit"),
    ],
)
def test_losses_stop_increases_at_the_limit(policy: Policy, name: str) -> None:
    """One dollar short of the limit increases go on; at the limit they stop, reduces do not."""
    world = World(policy).started().holding("BTC", "1", "100000").mark("BTC", "101980")
    world.source("ETH", "10", "2000")
    assert len(world.orders) == 1
    world.fill().mark("BTC", "102000").source("BTC", "1", "102000")
    assert world.orders == []
    assert not world.check(name).passed
    world.source("BTC", "-2", "102000")
    assert world.order.terms.quantity == D("0.05")


def test_a_deposit_is_no_profit() -> None:
    """Money that came in does not make up for a loss."""
    world = World(settings(daily_loss_limit=D(100))).started().holding("BTC", "1", "100000")
    world.wait(1).send(CashMoved(time=world.now, received=world.now, key="d", account="main", usd=D(1000)))
    world.mark("BTC", "102000").source("ETH", "10", "2000")
    assert world.orders == []


def test_orders_a_minute_are_limited() -> None:
    """The N-th order of a minute goes, the next one waits for the next growth; reduces go on."""
    world = World(settings(tuning=Tuning(orders_per_minute=2))).started()
    world.holding("BTC", "1", "100000").holding("ETH", "10", "2000").source("BTC", "1", "100000")
    assert refused(world, "order_rate")
    world.source("BTC", "-1.5", "100000").fill()
    world.wait(MINUTE_MS).snapshot().mark("ETH", "2000").source("BTC", "1", "100000")
    assert len(world.orders) == 1


@pytest.mark.parametrize(("left", "passes"), [(1000, True), (999, False)])
def test_the_last_actions_are_kept_for_exits(left: int, passes: bool) -> None:
    """Under 1,000 actions of the budget nothing is increased and no leverage is set; exits go on."""
    world = World().started().holding("ETH", "10", "2000")
    world.send(BudgetRead(time=world.now, received=world.now, account="main", actions_left=left))
    world.source("BTC", "1", "100000")
    assert bool(world.orders) is passes
    assert passes or refused(world, "action_budget")
    world.source("ETH", "-10", "2000")
    assert len(world.orders) == 1


def test_no_leverage_is_set_with_the_last_actions() -> None:
    """Setting leverage is an action too."""
    world = World().started(leverage=False)
    world.send(BudgetRead(time=world.now, received=world.now, account="main", actions_left=999))
    world.source("BTC", "1", "100000")
    assert not world.all(SetLeverage)


def test_a_streak_of_rejects_pauses_the_coin() -> None:
    """Five rejects in a row pause this bot in this coin for five minutes, and no other coin."""
    world = World(roomy()).started()
    for _ in range(5):
        world.source("BTC", "1", "100000").refuse(code=RejectCode.OPEN_INTEREST)
    assert world.alerts == ["reject_streak"]
    assert refused(world.source("BTC", "1", "100000"), "reject_streak")
    assert len(world.source("ETH", "10", "2000").orders) == 1
    world.wait(5 * MINUTE_MS - 1)
    assert refused(world.mark("ETH", "2000").source("BTC", "1", "100000"), "reject_streak")
    world.wait(1).fill(None) if world.orders else world.wait(1)
    assert len(world.source("BTC", "1", "100000").orders) == 1


def test_a_drift_stops_increases() -> None:
    """While the exchange's position is not ours the book is not increased."""
    world = World().started().holding("BTC", "1", "100000")
    for _ in range(2):
        world.wait(3 * SECOND_MS).read_account(BTC="-0.02")
    assert refused(world.source("BTC", "1", "100000"), "reconciled")


@pytest.mark.parametrize(
    ("offset", "spread", "passes"),
    [(3, 1000, True), (3, 1001, False), (None, 5, False), (3, None, False)],
)
def test_an_unsteady_clock_stops_increases(offset: int | None, spread: int | None, passes: bool) -> None:
    """While the offset is unknown or unstable by more than a second nothing is increased."""
    world = World().started().holding("ETH", "10", "2000")
    world.send(ClockRead(time=world.now, received=world.now, offset_ms=offset, spread_ms=spread))
    world.source("BTC", "1", "100000")
    assert bool(world.orders) is passes
    assert passes or refused(world, "clock_ok")
    assert len(world.source("ETH", "-10", "2000").orders) == 1


def test_nonces_are_never_used_far_ahead_of_the_clock() -> None:
    """A signer whose nonces are more than a minute ahead does not increase."""
    world = World().started()
    signer = world.policy.accounts[0].signer
    world.state.nonces[signer] = world.now + 60_000
    assert refused(world.source("BTC", "1", "100000"), "clock_ok")
    world.state.nonces[signer] = world.now + 59_999
    assert len(world.source("BTC", "1", "100000").orders) == 1


def test_what_stops_increases_lets_reduces_pass() -> None:
    """With nearly every check failing a reduce is sent in full, and shows what failed."""
    policy = settings(
        bot(exposure_cap=D(5000), coins=CoinRules(), loss_limit=D(50)),
        global_exposure_cap=D(5000),
        max_order_notional=D(5000),
        daily_loss_limit=D(50),
        max_drawdown=D("0.001"),
        tuning=Tuning(orders_per_minute=1),
    )
    world = World(policy).started().holding("BTC", "1", "100000").mark("BTC", "150000")
    world.send(ClockRead(time=world.now, received=world.now, offset_ms=None, spread_ms=None))
    world.send(BudgetRead(time=world.now, received=world.now, account="main", actions_left=5))
    world.wait(2 * MINUTE_MS).source("BTC", "-1", "150000")
    assert world.order.terms.quantity == D("0.05")
    failed = {check.name for check in world.decision.checks if not check.passed}
    assert {"trading_state", "signal_age", "feed_fresh", "clock_ok", "action_budget"} <= failed | {"trading_state"}
    assert all(check.effect is Effect.NONE for check in world.decision.checks)


def test_a_resume_allows_increases_again() -> None:
    """A breached limit ends by an operator, who re-bases it."""
    world = World(settings(bot(loss_limit=D(100)))).started().holding("BTC", "1", "100000").mark("BTC", "102000")
    world.order_by(Resume(bot="bot")).source("BTC", "1", "102000")
    assert len(world.orders) == 1


def test_a_check_shows_what_it_looked_at() -> None:
    """Values and limits are texts with which people can follow the decision."""
    world = World(settings(max_order_notional=D(3000))).started().source("BTC", "1", "100000")
    assert world.check("max_order_notional") == Check("max_order_notional", False, "5000.00000", "3000", Effect.CLAMP)


def two_accounts(**more: object) -> Policy:
    """Two accounts with a bot each."""
    accounts = tuple(
        AccountPolicy(id=name, address="0x" + digit * 40, signer="0x" + digit * 39 + "9", max_leverage=20)
        for name, digit in (("main", "1"), ("second", "2"))
    )
    bots = (bot("one", WALLET), bot("two", OTHER, account="second"))
    return settings(*bots, accounts=accounts, **more)


def test_a_coins_cap_counts_all_accounts() -> None:
    """What another account holds in the coin uses the same room; accounts without it use none."""
    policy = two_accounts(asset_exposure_caps={"BTC": D(6000), "ETH": D(500)})
    world = World(policy).started(leverage=False)
    for account, coin in (("main", "BTC"), ("second", "BTC"), ("second", "ETH")):
        world.leverage(coin, account=account)
    world.holding("BTC", "1", "100000").source("BTC", "1", "100000", wallet=OTHER)
    assert (world.order.terms.account, world.order.terms.quantity) == ("second", D("0.01"))
    world.source("ETH", "10", "2000", wallet=OTHER)
    assert world.order.terms.quantity == D("0.25")


@pytest.mark.parametrize(
    ("name", "limits"),
    [("daily_loss_limit", {"daily_loss_limit": D(100)}), ("max_drawdown", {"max_drawdown": D("0.1")})],
)
def test_a_loss_that_cannot_be_computed_stops_increases(name: str, limits: dict[str, D]) -> None:
    """While the equity of one account is unknown the losses of all are: increases fail, reduces pass."""
    world = World(two_accounts(**limits)).started().holding("BTC", "1", "100000")
    unknown = AccountRead(
        time=world.now + 1, received=world.now + 1, account="second", mode=AccountMode.UNKNOWN, dexs=(), spot=None
    )
    world.wait(1).send(unknown)
    assert refused(world.source("BTC", "1", "100000"), name)
    assert world.check(name).value == "unknown"
    world.source("BTC", "-2", "100000")
    assert world.order.terms.quantity == D("0.05")


def test_in_standard_mode_each_dex_needs_collateral_of_its_own() -> None:
    """Money on the exchange's own dex does not carry a position on another one; pooled, it does."""
    for mode, passes in ((AccountMode.STANDARD, False), (AccountMode.UNIFIED, True)):
        world = World().started().snapshot(dex="xyz").wait(2_500).snapshot(dex="xyz")
        dexs = (DexState(dex="", value=D(10000)), DexState(dex="xyz", value=D(0)))
        for _ in range(2):
            world.wait(2_500).send(
                AccountRead(time=world.now, received=world.now, account="main", mode=mode, dexs=dexs, spot=D(10000))
            )
        world.source("xyz:NVDA", "10", "200")
        assert bool(world.orders) is passes
        assert passes or refused(world, "no_collateral")
        world.source("BTC", "1", "100000")
        assert len(world.orders) == 1


def test_a_new_mode_moves_positions_to_the_pools_that_carry_them() -> None:
    """An account that becomes unified with positions open is counted in its new pool."""
    world = World().started()
    dexs = (DexState(dex="", value=D(10000)),)
    for _ in range(2):
        world.wait(2_500).send(
            AccountRead(
                time=world.now, received=world.now, account="main", mode=AccountMode.STANDARD, dexs=dexs, spot=None
            )
        )
    world.snapshot().holding("BTC", "1", "100000").wait(2_500)
    purse = world.state.accounts["main"].purse
    assert purse.pool("dex:").holdings == -5000
    world.read_account(equity="10000")
    assert (purse.pool("dex:").holdings, purse.pool("token:0").holdings) == (D(0), D(-5000))


def test_positions_in_unlisted_markets_count_too() -> None:
    """An account may hold what we cannot trade: it uses exposure at its mark."""
    world = World(settings(global_exposure_cap=D(4000)))
    world.order_by(SetPolicy(policy=world.policy)).mark("DOGE", "2")
    world.send(
        AccountRead(
            time=world.now,
            received=world.now,
            account="main",
            mode=AccountMode.UNIFIED,
            dexs=(DexState(dex="", value=D(0), positions=(OwnPosition(coin="DOGE", size=D(500)),)),),
            spot=D(10000),
        )
    )
    assert world.state.exposure == 1000


def test_an_unknown_action_budget_leaves_reduces_alone() -> None:
    """Without a reading of the budget an exit is sent all the same."""
    world = World().started().holding("BTC", "1", "100000")
    world.state.accounts["main"].actions_left = None
    world.source("BTC", "-1", "100000")
    assert len(world.orders) == 1


def test_a_bots_loss_counts_its_own_coins_only() -> None:
    """A coin in which the bot never held anything adds nothing."""
    world = World(settings(bot(loss_limit=D(100)))).started().source("ETH", "0.001", "2000")
    world.holding("BTC", "1", "100000").source("BTC", "1", "101000")
    assert world.check("bot_loss_limit").value == "50.00000"


def test_margin_of_an_account_whose_mode_is_unknown_is_unknown() -> None:
    """Unknown is not the last value: nothing is increased on it, and exits go on."""
    world = World().started().holding("BTC", "1", "100000").wait(1)
    unknown = AccountRead(
        time=world.now, received=world.now, account="main", mode=AccountMode.UNKNOWN, dexs=(), spot=None
    )
    world.send(unknown).source("ETH", "10", "2000")
    assert refused(world, "no_collateral")
    assert world.check("margin_available").value == "unknown"
    world.source("BTC", "-1", "100000")
    assert len(world.orders) == 1
