"""Records made up for tests of what is shown."""

from decimal import Decimal

from fadearena.model.order import OrderStatus, Purpose
from fadearena.model.policy import AccountPolicy, BotPolicy, Policy
from fadearena.model.record import (
    Alert,
    BotPerformance,
    BotTrade,
    CashBooked,
    DeadLetter,
    Decision,
    Drift,
    EquityPoint,
    FillKind,
    FollowUpdate,
    FundingBooked,
    Gap,
    MyFill,
    OrderUpdate,
    Outcome,
    PartKind,
    PositionChange,
    Record,
    SettingsChange,
    ShadowFill,
    SleeveUpdate,
    StopUpdate,
    TradingStateChange,
)
from fadearena.model.units import Side
from fadearena.model.wallet import Feed

D = Decimal
LONG = D("1234567890123456.789012345678")
"""As many digits as a decimal has here."""


def bot_policy(bot: str, number: int = 1, account: str = "main") -> BotPolicy:
    """Return a bot with a wallet of its own."""
    return BotPolicy(id=bot, name=bot.upper(), wallet=f"0x{number:040x}", account=account)


def settings(*bots: BotPolicy, version: int = 1, accounts: tuple[str, ...] = ("main",)) -> SettingsChange:
    """Return settings with these bots and accounts."""
    ours = tuple(
        AccountPolicy(id=name, address=f"0x{n:040x}", signer=f"0x{n:040x}") for n, name in enumerate(accounts, 900)
    )
    return SettingsChange(version=version, actor="ann", policy=Policy(version=version, bots=bots, accounts=ours))


def latch(scope: str, kind: str, state: str, *, is_set: bool = True) -> TradingStateChange:
    """Return that a latch was set or ended, after which the scope has `state`."""
    return TradingStateChange(scope=scope, state=state, latch=kind, is_set=is_set, actor="ann", reason="so")


def order(cloid: str, status: OrderStatus = OrderStatus.PENDING, filled: str = "0") -> OrderUpdate:
    """Return an order as it stands."""
    return OrderUpdate(
        cloid=cloid,
        label=f"label {cloid}",
        account="main",
        bot="a",
        coin="BTC",
        side=Side.SELL,
        quantity=D("0.5"),
        limit=D("100.1"),
        reduce_only=True,
        purpose=Purpose.REDUCE,
        status=status,
        filled=D(filled),
        average_price=D("100.25") if D(filled) else None,
        reason="why",
    )


def shadow(cloid: str, quantity: str = "0.5", price: str | None = "100.2") -> ShadowFill:
    """Return what paper would have made of an order."""
    return ShadowFill(
        cloid=cloid,
        account="main",
        coin="BTC",
        side=Side.SELL,
        quantity=D(quantity),
        price=None if price is None else D(price),
        fee=D("0.0225"),
        reason="" if price else "no match",
    )


def sleeve(bot: str, coin: str = "BTC", size: str = "0", target: str = "0") -> SleeveUpdate:
    """Return a sleeve as it stands."""
    return SleeveUpdate(
        bot=bot,
        account="main",
        coin=coin,
        size=D(size),
        cost=D("-3.5"),
        target=D(target),
        ratio=D("0.05"),
        realised=LONG,
        fees=D("0.000000000000000000000001"),
        funding=D("-0.1"),
    )


def follow(bot: str, coin: str = "BTC", position: str = "0") -> FollowUpdate:
    """Return what is known of a source position."""
    return FollowUpdate(
        bot=bot,
        coin=coin,
        confidence="confirmed",
        position=D(position),
        baseline=D(0),
        followed=D(position),
        entry=D("99.5") if D(position) else None,
    )


def performance(bot: str, net: str = "1.5") -> BotPerformance:
    """Return what a bot brought us."""
    return BotPerformance(
        bot=bot,
        round_trips=3,
        win_rate=D(1) / D(4),
        net=D(net),
        day_net=D("-0.5"),
        fees=D("0.25"),
        funding=D("0E+1"),
        fills=9,
        traded_usd=LONG,
        crossed_saved_usd=D(0),
        slippage_bps=None,
        reaction_ms=120,
        tracking_error=D("0.001"),
    )


def letter(name: str, state: str = "open") -> DeadLetter:
    """Return a dead letter."""
    return DeadLetter(id=name, state=state, kind="input", subject="tape", error="no JSON", attempts=1, excerpt="{")


def one_of_each() -> tuple[Record, ...]:
    """Return a record of every kind of which only the log, or only a table of what happened, tells."""
    return (
        BotTrade(
            bot="a",
            wallet="0x1",
            feed=Feed.TAPE,
            key="k",
            coin="BTC",
            time=5,
            side=Side.BUY,
            price=D("1E+3"),
            quantity=D("0.10"),
            start_position=None,
            is_followed=True,
        ),
        PositionChange(bot="a", coin="BTC", before=D(1), after=D(-1), reason="r"),
        Gap(bot="a", coin="BTC", expected=D(1), reported=D(2)),
        Decision(
            bot=None, account="main", coin="BTC", outcome=Outcome.SKIP, reason="r", delta=D(1), target=D(0), sleeve=LONG
        ),
        MyFill(
            key="k",
            kind=FillKind.CROSS,
            account="main",
            coin="BTC",
            part=PartKind.RESIDUE,
            bot=None,
            side=Side.BUY,
            quantity=D(1),
            price=LONG,
            fee=D("-0.01"),
            realised=D(0),
        ),
        FundingBooked(account="main", coin="BTC", bot=None, usd=D("-0.000001")),
        CashBooked(account="main", usd=D("1E-24"), reason="adjusted"),
        Drift(account="main", coin="BTC", ours=D(1), theirs=D(2), is_open=True),
        Alert(level="critical", category="drift", subject="main", text="look"),
        EquityPoint(series="bot:a", usd=None),
        shadow("0x2"),
        StopUpdate(
            cloid="0x3",
            label="l",
            account="main",
            coin="BTC",
            side=Side.SELL,
            quantity=D(1),
            trigger=D("9E+4"),
            status="resting",
        ),
    )
