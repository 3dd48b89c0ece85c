"""
The live view of the demo: bots and us side by side, the last decisions, both equities, the age of the data.

`Scene` collects what is shown from journal entries; `frame` draws it for a width and a height.
"""

from collections import deque
from datetime import UTC, datetime
from decimal import Decimal

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from fadearena.model.event import SourceEquity, SourceFills
from fadearena.model.ids import BotId, Coin
from fadearena.model.policy import Policy
from fadearena.model.record import Decision, FollowUpdate, Outcome, SleeveUpdate
from fadearena.model.units import SECOND_MS, ZERO, Direction, EpochMs, Price, Size, Usd
from fadearena.ports.journal import JournalEntry

_KEPT = 50
_WIDE = 110
_NARROW_NAME = 13
_CHROME_LINES = 6
_COLOURS = {Outcome.EXECUTE: "green", Outcome.SKIP: "yellow", Outcome.HOLD: "cyan"}


class Scene:
    """What is to be seen, kept up to date entry by entry."""

    def __init__(self, policy: Policy, coins: tuple[Coin, ...], speed: Decimal) -> None:
        self.bots = tuple(bot.id for bot in policy.bots)
        self.directions: dict[BotId, Direction] = {bot.id: bot.direction for bot in policy.bots}
        self.coins = coins
        self.speed = speed
        self.now: EpochMs = 0
        self.events = 0
        self.counts = dict.fromkeys(Outcome, 0)
        self.theirs: dict[tuple[BotId, Coin], Size] = {}
        self.ours: dict[tuple[BotId, Coin], SleeveUpdate] = {}
        self.marks: dict[Coin, Price] = {}
        self.marked: EpochMs = 0
        self.heard: EpochMs = 0
        self.bots_equity: dict[BotId, Usd] = {}
        self.decisions: deque[tuple[EpochMs, Decision]] = deque(maxlen=_KEPT)
        self._wallets = {bot.wallet: bot.id for bot in policy.bots}

    def add(self, entry: JournalEntry) -> None:
        """Take one step in."""
        event = entry.event
        self.now = event.received
        self.events += 1
        for quote in event.quotes:
            if quote.mark is not None:
                self.marks[quote.coin] = quote.mark
                self.marked = max(self.marked, quote.mark_time)
        if isinstance(event, SourceFills):
            self.heard = event.received
        if isinstance(event, SourceEquity) and event.wallet in self._wallets:
            self.bots_equity[self._wallets[event.wallet]] = sum(event.dex_values, start=ZERO)
        for record in entry.records:
            match record:
                case FollowUpdate(bot=bot, coin=coin, position=position):
                    self.theirs[bot, coin] = position
                case SleeveUpdate(bot=bot, coin=coin):
                    self.ours[bot, coin] = record
                case Decision(outcome=outcome):
                    self.counts[outcome] += 1
                    self.decisions.appendleft((self.now, record))
                case _:
                    pass

    def profit(self, bot: BotId) -> Usd:
        """Return what we have made of a bot, net of fees, at the marks."""
        total = ZERO
        for (owner, coin), sleeve in self.ours.items():
            if owner == bot:
                total += sleeve.realised - sleeve.fees + sleeve.funding
                total += sleeve.size * self.marks.get(coin, ZERO) - sleeve.cost
        return total


def frame(scene: Scene, equity: Usd, start_equity: Usd, width: int, height: int) -> RenderableType:
    """Draw a scene; `equity` is ours now."""
    lines = max(3, height - _CHROME_LINES - 2 * len(scene.bots))
    return Group(
        _head(scene, equity, start_equity),
        _positions(scene, width),
        _decisions(scene, lines, width),
        _foot(scene),
    )


def _head(scene: Scene, equity: Usd, start_equity: Usd) -> RenderableType:
    ours = equity - start_equity
    bots = sum(scene.bots_equity.values(), start=ZERO)
    return Group(
        Text.assemble(
            ("FadeArena demo ", "bold"),
            (f"{_clock(scene.now)} UTC x{scene.speed:f}", "cyan"),
            f"  {scene.events} events, ",
            (f"{scene.counts[Outcome.EXECUTE]} executed", "green"),
            ", ",
            (f"{scene.counts[Outcome.SKIP]} skipped", "yellow"),
        ),
        Text.assemble(
            "equity: ours ",
            (f"{equity:,.2f}", "bold"),
            (f" ({ours:+,.2f})", _sign_style(ours)),
            f"  the bots' {bots:,.2f}" if bots else "  the bots' not read yet",
        ),
    )


def _foot(scene: Scene) -> Text:
    ages = f"age of data: marks {_age(scene.now, scene.marked)}, fills {_age(scene.now, scene.heard)}"
    return Text(f"{ages}   Ctrl-C ends the demo", style="dim")


def _positions(scene: Scene, width: int) -> Table:
    rows = Table(box=None, padding=(0, 1, 0, 0), header_style="dim", expand=False)
    is_wide = width >= _WIDE
    longest = max(map(len, scene.bots), default=0)
    rows.add_column("bot", no_wrap=True, width=longest if is_wide else min(longest, _NARROW_NAME))
    rows.add_column("", no_wrap=True)
    for coin in scene.coins:
        rows.add_column(f"{coin} $", justify="right", no_wrap=True, min_width=9 if is_wide else 7)
    rows.add_column("our PnL", justify="right", no_wrap=True, min_width=8)
    for bot in scene.bots:
        theirs = [_usd(scene.theirs.get((bot, coin), ZERO), scene.marks.get(coin)) for coin in scene.coins]
        sizes = [scene.ours[bot, coin].size if (bot, coin) in scene.ours else ZERO for coin in scene.coins]
        ours = [_usd(size, scene.marks.get(coin)) for size, coin in zip(sizes, scene.coins, strict=True)]
        rows.add_row(bot, Text("holds", style="dim"), *(Text(f"{usd:+,.0f}" if usd else "-") for usd in theirs), "")
        profit = scene.profit(bot)
        rows.add_row(
            "",
            Text(scene.directions[bot], style="bold"),
            *(Text(f"{usd:+,.1f}" if usd else "-", style=_sign_style(usd)) for usd in ours),
            Text(f"{profit:+,.2f}", style=_sign_style(profit)),
        )
    return rows


def _decisions(scene: Scene, lines: int, width: int) -> Table:
    rows = Table(box=None, padding=(0, 1, 0, 0), header_style="dim", expand=False)
    is_wide = width >= _WIDE
    rows.add_column("last decisions", no_wrap=True)
    rows.add_column("", no_wrap=True, max_width=None if is_wide else _NARROW_NAME + 5)
    for _ in range(3):
        rows.add_column("", no_wrap=True)
    rows.add_column("", no_wrap=True, overflow="ellipsis")
    for time, decision in list(scene.decisions)[:lines]:
        rows.add_row(
            _clock(time),
            decision.bot or "-",
            decision.coin,
            Text(decision.outcome, style=_COLOURS[decision.outcome]),
            f"{decision.delta:+f}",
            Text(decision.reason, style="dim"),
        )
    return rows


def _usd(size: Size, mark: Price | None) -> Usd:
    return ZERO if mark is None else size * mark


def _sign_style(usd: Usd) -> str:
    return "green" if usd > 0 else "red" if usd < 0 else "dim"


def _clock(time: EpochMs) -> str:
    return datetime.fromtimestamp(time / SECOND_MS, UTC).strftime("%H:%M:%S")


def _age(now: EpochMs, then: EpochMs) -> str:
    return f"{(now - then) / SECOND_MS:.1f} s" if then else "none"
