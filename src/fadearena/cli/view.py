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
_CHROME_LINES = 7
_AIRY = 28
_LONG, _SHORT = "cyan", "magenta"  # positions; green and red are money's
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
    """Draw a scene; `equity` is ours now. Where there is room, empty lines part the blocks."""
    gap = [Text()] if height >= _AIRY else []
    lines = max(3, height - _CHROME_LINES - 2 * len(scene.bots) - 3 * len(gap))
    return Group(
        _head(scene, equity, start_equity),
        *gap,
        _positions(scene, width),
        *gap,
        Text("last decisions", style="bold"),
        _decisions(scene, lines),
        *gap,
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
    """Two rows a bot, in USD: what it holds and what we hold because of it; ours of all bots below."""
    rows = Table(box=None, padding=(0, 1, 0, 0), header_style="dim", expand=False)
    is_wide = width >= _WIDE
    longest = max(map(len, scene.bots), default=0)
    rows.add_column("USD", no_wrap=True, width=longest if is_wide else min(longest, _NARROW_NAME))
    rows.add_column("", no_wrap=True)
    for coin in scene.coins:
        rows.add_column(coin, justify="right", no_wrap=True, min_width=9 if is_wide else 7)
    rows.add_column("our PnL", justify="right", no_wrap=True, min_width=8)
    for bot in scene.bots:
        theirs = [_usd(scene.theirs.get((bot, coin), ZERO), scene.marks.get(coin)) for coin in scene.coins]
        rows.add_row(bot, Text("holds", style="dim"), *(_money(usd, "+,.0f") for usd in theirs), "")
        ours = [_ours(scene, bot, coin) for coin in scene.coins]
        rows.add_row("", str(scene.directions[bot]), *(_position(usd) for usd in ours), _profit(scene.profit(bot)))
    net = [sum((_ours(scene, bot, coin) for bot in scene.bots), start=ZERO) for coin in scene.coins]
    total = sum(map(scene.profit, scene.bots), start=ZERO)
    rows.add_row("we hold", "net", *map(_position, net), _profit(total), style="bold")
    return rows


def _decisions(scene: Scene, lines: int) -> Table:
    rows = Table(box=None, padding=(0, 1, 0, 0), show_header=False, expand=False)
    for justify in ("left", "left", "left", "left", "right", "left"):
        rows.add_column(justify=justify, no_wrap=True, overflow="ellipsis")
    for time, decision in list(scene.decisions)[:lines]:
        rows.add_row(
            Text(_clock(time), style="dim"),
            Text(decision.outcome, style=_COLOURS[decision.outcome]),
            decision.bot or "-",
            decision.coin,
            f"{decision.delta:+f}",
            Text(decision.reason, style="dim"),
        )
    return rows


def _ours(scene: Scene, bot: BotId, coin: Coin) -> Usd:
    sleeve = scene.ours.get((bot, coin))
    return ZERO if sleeve is None else _usd(sleeve.size, scene.marks.get(coin))


def _money(usd: Usd, form: str, style: str = "") -> Text:
    return Text(format(usd, form), style=style) if usd else Text("-", style="dim")


def _position(usd: Usd) -> Text:
    return _money(usd, "+,.1f", _LONG if usd > 0 else _SHORT)


def _profit(usd: Usd) -> Text:
    return Text(f"{usd:+,.2f}", style=_sign_style(usd))


def _usd(size: Size, mark: Price | None) -> Usd:
    return ZERO if mark is None else size * mark


def _sign_style(usd: Usd) -> str:
    return "green" if usd > 0 else "red" if usd < 0 else "dim"


def _clock(time: EpochMs) -> str:
    return datetime.fromtimestamp(time / SECOND_MS, UTC).strftime("%H:%M:%S")


def _age(now: EpochMs, then: EpochMs) -> str:
    return f"{(now - then) / SECOND_MS:.1f} s" if then else "none"
