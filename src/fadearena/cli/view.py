"""
The live view of the demo: bots and us side by side, the last decisions, both equities, the age of the data.

`Scene` collects what is shown from the record log: prices are those of the last fills, profits those of the last
minute. `frame` draws it for a width and a height.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from fadearena.model.ids import BotId, Coin
from fadearena.model.policy import BotPolicy
from fadearena.model.record import (
    BotPerformance,
    BotTrade,
    Decision,
    EquityPoint,
    FillKind,
    FollowUpdate,
    MyFill,
    Outcome,
    SleeveUpdate,
)
from fadearena.model.units import SECOND_MS, ZERO, Direction, EpochMs, Price, Size, Usd
from fadearena.ports.read_store import BotView, LoggedRecord

_KEPT = 50
_WIDE = 110
_NARROW_NAME = 13
_CHROME_LINES = 7
_AIRY = 28
_WIDE_COLUMN, _NARROW_COLUMN = 9, 7
_FRAME_COLUMNS = 18  # what the columns beside names and coins take
_OTHERS = "others"
_LONG, _SHORT = "cyan", "magenta"  # positions; green and red are money's
_COLOURS = {Outcome.EXECUTE: "green", Outcome.SKIP: "yellow", Outcome.HOLD: "cyan"}


class Where(NamedTuple):
    """Where the page is, and the operator's password if it was made for this run."""

    url: str
    password: str = ""


class Scene:
    """
    What is to be seen, kept up to date record by record.

    `before` is the last journal entry before this run.
    """

    def __init__(self, bots: Sequence[BotPolicy], speed: Decimal, before: int = 0, where: Where | None = None) -> None:
        self.bots = tuple(bot.id for bot in bots)
        self.directions: dict[BotId, Direction] = {bot.id: bot.direction for bot in bots}
        self.speed = speed
        self.where = where
        self.now: EpochMs = 0
        self.events = 0
        self.counts = dict.fromkeys(Outcome, 0)
        self.theirs: dict[tuple[BotId, Coin], Size] = {}
        self.ours: dict[tuple[BotId, Coin], SleeveUpdate] = {}
        self.prices: dict[Coin, Price] = {}
        self.priced: EpochMs = 0
        self.heard: EpochMs = 0
        self.equity: dict[str, Usd] = {}
        self.profits: dict[BotId, Usd] = {}
        self.decisions: deque[tuple[EpochMs, Decision]] = deque(maxlen=_KEPT)
        self._before = before

    def stand(self, sources: Iterable[FollowUpdate], sleeves: Iterable[SleeveUpdate], bots: Iterable[BotView]) -> None:
        """Begin with how things stand."""
        self.theirs |= {(one.bot, one.coin): one.position for one in sources}
        self.ours |= {(one.bot, one.coin): one for one in sleeves}
        self.profits |= {one.id: one.performance.net for one in bots if one.performance is not None}

    def add(self, logged: LoggedRecord) -> None:
        """Take one record in."""
        self.now, self.events = logged.time, logged.journal_seq - self._before
        match logged.record:
            case BotTrade(coin=coin, price=price):
                self.heard = logged.time
                self._note_price(coin, price, logged.time)
            case MyFill(kind=FillKind.ORDER, coin=coin, price=price):
                self._note_price(coin, price, logged.time)
            case FollowUpdate(bot=bot, coin=coin, position=position):
                self.theirs[bot, coin] = position
            case SleeveUpdate(bot=bot, coin=coin) as sleeve:
                self.ours[bot, coin] = sleeve
            case BotPerformance(bot=bot, net=net):
                self.profits[bot] = net
            case EquityPoint(series=series, usd=usd) if usd is not None:
                self.equity[series] = usd
            case Decision(outcome=outcome) as decision:
                self.counts[outcome] += 1
                self.decisions.appendleft((logged.time, decision))
            case _:
                pass

    def sum_of(self, kind: str) -> Usd | None:
        """Return the equity of all series of a kind, `account` or `bot`; None before all bots' were read."""
        found = [usd for series, usd in self.equity.items() if series.startswith(f"{kind}:")]
        least = len(self.bots) if kind == "bot" else 1
        return sum(found, start=ZERO) if found and len(found) >= least else None

    def _note_price(self, coin: Coin, price: Price, time: EpochMs) -> None:
        self.prices[coin], self.priced = price, time


def frame(scene: Scene, start_equity: Usd, width: int, height: int) -> RenderableType:
    """Draw a scene. Where there is room, empty lines part the blocks."""
    gap = [Text()] if height >= _AIRY else []
    lines = max(3, height - _CHROME_LINES - len(_places(scene)) - 2 * len(scene.bots) - 3 * len(gap))
    return Group(
        _head(scene, start_equity),
        *gap,
        _positions(scene, width),
        *gap,
        Text("last decisions", style="bold"),
        _decisions(scene, lines),
        *gap,
        _foot(scene),
    )


def _head(scene: Scene, start_equity: Usd) -> RenderableType:
    return Group(
        Text.assemble(
            ("FadeArena demo ", "bold"),
            (f"{_clock(scene.now)} UTC x{scene.speed:f}", "cyan"),
            f"  {scene.events} events, ",
            (f"{scene.counts[Outcome.EXECUTE]} executed", "green"),
            ", ",
            (f"{scene.counts[Outcome.SKIP]} skipped", "yellow"),
        ),
        Text.assemble("equity: ours ", *_equity(scene, start_equity), "  the bots' ", _read(scene.sum_of("bot"))),
        *_places(scene),
    )


def _places(scene: Scene) -> tuple[Text, ...]:
    if scene.where is None or not scene.where.url:
        return ()
    login = f"   operator's password {scene.where.password}" if scene.where.password else ""
    return (Text(f"page {scene.where.url}/{login}", style="dim", no_wrap=True, overflow="fold"),)


def _equity(scene: Scene, start_equity: Usd) -> tuple[str | tuple[str, str], ...]:
    ours = scene.sum_of("account")
    if ours is None:
        return (_read(None),)
    won = ours - start_equity
    return (f"{ours:,.2f}", "bold"), (f" ({won:+,.2f})", _sign_style(won))


def _read(usd: Usd | None) -> str:
    return "not read yet" if usd is None else f"{usd:,.2f}"


def _foot(scene: Scene) -> Text:
    ages = f"age of data: prices {_age(scene.now, scene.priced)}, fills {_age(scene.now, scene.heard)}"
    return Text(f"{ages}   Ctrl-C ends the demo", style="dim")


def _positions(scene: Scene, width: int) -> Table:
    """Two rows a bot, in USD: what it holds and what we hold because of it; ours of all bots below."""
    rows = Table(box=None, padding=(0, 1, 0, 0), header_style="dim", expand=False)
    is_wide = width >= _WIDE
    longest = max(map(len, scene.bots), default=0)
    named = longest if is_wide else min(longest, _NARROW_NAME)
    column = _WIDE_COLUMN if is_wide else _NARROW_COLUMN
    columns = _columns(scene, width - named - _FRAME_COLUMNS, column)
    rows.add_column("USD", no_wrap=True, width=named)
    rows.add_column("", no_wrap=True)
    for name in columns:
        rows.add_column(name, justify="right", no_wrap=True, min_width=column)
    rows.add_column("our PnL", justify="right", no_wrap=True, min_width=8)
    for bot in scene.bots:
        theirs = [sum((_theirs(scene, bot, coin) for coin in coins), start=ZERO) for coins in columns.values()]
        rows.add_row(bot, Text("holds", style="dim"), *(_money(usd, "+,.0f") for usd in theirs), "")
        ours = [sum((_ours(scene, bot, coin) for coin in coins), start=ZERO) for coins in columns.values()]
        rows.add_row("", str(scene.directions[bot]), *(_position(usd) for usd in ours), _profit(scene.profits.get(bot)))
    net = [
        sum((_ours(scene, bot, coin) for bot in scene.bots for coin in coins), start=ZERO) for coins in columns.values()
    ]
    total = sum(scene.profits.values(), start=ZERO) if scene.profits else None
    rows.add_row("we hold", "net", *map(_position, net), _profit(total), style="bold")
    return rows


def _columns(scene: Scene, room: int, least: int) -> dict[str, tuple[Coin, ...]]:
    """Return the coins by column: in the order in which they came up, the smallest together where room is short."""
    coins = list(dict.fromkeys(coin for _, coin in (*scene.theirs, *scene.ours)))
    by_value = sorted(coins, key=lambda coin: -_gross(scene, coin))

    def taken(count: int) -> int:
        names = [*by_value[:count], *([_OTHERS] if count < len(coins) else [])]
        return sum(max(len(name), least) + 1 for name in names)

    count = next((count for count in range(len(coins), 0, -1) if taken(count) <= room), 0)
    shown = set(by_value[:count])
    columns: dict[str, tuple[Coin, ...]] = {coin: (coin,) for coin in coins if coin in shown}
    if rest := tuple(coin for coin in coins if coin not in shown):
        columns[_OTHERS] = rest
    return columns


def _gross(scene: Scene, coin: Coin) -> Usd:
    return sum((abs(_theirs(scene, bot, coin)) for bot in scene.bots), start=ZERO)


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


def _theirs(scene: Scene, bot: BotId, coin: Coin) -> Usd:
    return _usd(scene.theirs.get((bot, coin), ZERO), scene.prices.get(coin))


def _ours(scene: Scene, bot: BotId, coin: Coin) -> Usd:
    sleeve = scene.ours.get((bot, coin))
    return ZERO if sleeve is None else _usd(sleeve.size, scene.prices.get(coin))


def _money(usd: Usd, form: str, style: str = "") -> Text:
    return Text(format(usd, form), style=style) if usd else Text("-", style="dim")


def _position(usd: Usd) -> Text:
    return _money(usd, "+,.1f", _LONG if usd > 0 else _SHORT)


def _profit(usd: Usd | None) -> Text:
    return Text("-", style="dim") if usd is None else Text(f"{usd:+,.2f}", style=_sign_style(usd))


def _usd(size: Size, mark: Price | None) -> Usd:
    return ZERO if mark is None else size * mark


def _sign_style(usd: Usd) -> str:
    return "green" if usd > 0 else "red" if usd < 0 else "dim"


def _clock(time: EpochMs) -> str:
    return datetime.fromtimestamp(time / SECOND_MS, UTC).strftime("%H:%M:%S")


def _age(now: EpochMs, then: EpochMs) -> str:
    return f"{(now - then) / SECOND_MS:.1f} s" if then else "none"
