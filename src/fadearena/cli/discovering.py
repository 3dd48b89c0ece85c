"""The command `bots discover`: the exchange's leaderboard, ranked, beside the roster; shown, written down, taken in."""

import asyncio
import csv
import io
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
from rich.table import Table

from fadearena.bootstrap.client import Client
from fadearena.bootstrap.discovery import Board, Ranking, Wish, leaderboard, rank
from fadearena.cli.errors import say
from fadearena.cli.importing import Terms, take_in
from fadearena.cli.lists import FIGURES, BotList, Listed
from fadearena.cli.output import Advance, columns, print_json, show, span, table
from fadearena.cli.session import configured, places, with_client
from fadearena.kit.clock import SystemClock
from fadearena.kit.decimals import plain
from fadearena.model.error import InvalidInput, StorageError
from fadearena.model.ids import Address
from fadearena.model.leaderboard import Measure, Trader, Window
from fadearena.model.policy import BotPolicy
from fadearena.model.units import MINUTE_MS

_WIDE = 105
"""From so many columns on addresses are shown in full."""
_HEAD, _TAIL = 6, 4
_UNITS = (("B", Decimal(10**9)), ("M", Decimal(10**6)), ("k", Decimal(10**3)))
_MANY = 100
_DIGITS = 3
"""So many count, of a thousandth of the next unit: 999,998 is 1.0M."""
_SAID_ROWS = 3
_COLUMNS = ("wallet", "value", "PnL", "ROI", "turnover", "who")
_WINDOWS = {
    Window.DAY: "in the last day",
    Window.WEEK: "in the last week",
    Window.MONTH: "in the last month",
    Window.ALL: "of all time",
}
_MEASURES = {Measure.VALUE: "account value", Measure.PNL: "PnL", Measure.ROI: "ROI", Measure.TURNOVER: "turnover"}


class DiscoverRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The options of the command."""

    window: Window
    by: Measure
    min_value: Decimal
    min_turnover: Decimal
    with_idle: bool
    limit: int
    add: int | None
    sets: tuple[str, ...]
    enable: bool
    out: Path | None
    as_json: bool


def discover(request: DiscoverRequest, data_dir: Path | None) -> None:
    """Rank the leaderboard, show it or write it down, and take the first ones in where that is wanted."""
    roster = _roster(data_dir)
    board, ranking = asyncio.run(_rank(request, len(roster), data_dir))
    if board.trouble is not None:
        say(f"{board.trouble}; this is the one of {span(board.age_ms)} ago")
    traders = ranking.traders[: request.limit]
    if request.out is not None:
        _write(request.out, traders, request.window)
    if request.as_json and request.add is None:
        print_json(_report(board, ranking, roster, request))
    elif not request.as_json:
        if traders:
            show(_table(traders, roster, request))
        show(*_summary(board, ranking, request))
    if request.add is not None:
        _take_in(ranking.traders, roster, request, data_dir)


async def _rank(request: DiscoverRequest, known: int, data_dir: Path | None) -> tuple[Board, Ranking]:
    """Rank as many as are to be shown, or to be taken in beside those that are known."""
    config, where = configured(data_dir)
    wish = Wish(
        window=request.window,
        by=request.by,
        min_value=request.min_value,
        min_turnover=request.min_turnover,
        with_idle=request.with_idle,
        limit=max(request.limit, 0 if request.add is None else request.add + known),
    )
    with Advance("leaderboard") as bar:
        board = await leaderboard(config, where, SystemClock(), bar.see)
    return board, await rank(board, wish)


def _roster(data_dir: Path | None) -> dict[Address, BotPolicy]:
    """Return the bots that there are, by wallet; none where nothing was set up yet."""

    async def work(client: Client) -> dict[Address, BotPolicy]:
        return {bot.wallet: bot for bot in (await client.settings()).policy.bots}

    if not places(data_dir).mode_file.exists():
        return {}
    try:
        return with_client(data_dir, work)
    except (StorageError, InvalidInput) as error:
        say(f"the roster is not known ({error})")
        return {}


def _take_in(
    traders: Sequence[Trader], roster: dict[Address, BotPolicy], request: DiscoverRequest, data_dir: Path | None
) -> None:
    """Take in the first ones that are not in the roster yet, as a list of them would be."""
    found = BotList(file="leaderboard")
    for place, trader in enumerate(traders, 1):
        if trader.wallet not in roster and len(found.listed) < (request.add or 0):
            found.listed.append(Listed(line=place, wallet=trader.wallet, name=trader.name))
    take_in(found, Terms(sets=request.sets, enable=request.enable), data_dir, as_json=request.as_json)


def _write(file: Path, traders: Sequence[Trader], window: Window) -> None:
    """
    Write a list that `bots import` takes; nothing that is there is replaced.

    Raises:
        InvalidInput: The file is there already, or cannot be written.
    """
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("address", "name", *FIGURES))
    for place, trader in enumerate(traders, 1):
        found = trader.windows[window]
        figures = (trader.value, found.pnl, found.roi, found.turnover)
        rows.writerow((trader.wallet, trader.name or "", place, *map(plain, figures)))
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text.getvalue())
    except FileExistsError as error:
        raise InvalidInput(f"{file} is there already: give another name") from error
    except OSError as error:
        raise InvalidInput(f"{file} cannot be written ({error.strerror}): give another place") from error


def _report(
    board: Board, ranking: Ranking, roster: dict[Address, BotPolicy], request: DiscoverRequest
) -> dict[str, Any]:
    """Return what `bots discover --json` prints."""
    return {
        "window": request.window,
        "by": request.by,
        "ageMs": board.age_ms,
        "trouble": board.trouble,
        "rows": ranking.rows,
        "leftOut": {"value": ranking.poor, "turnover": ranking.calm, "idle": ranking.idle, "unreadable": ranking.bad},
        "badRows": msgspec.to_builtins(ranking.bad_rows),
        "traders": [
            {
                "rank": place,
                "address": trader.wallet,
                "name": trader.name,
                "accountValue": plain(trader.value),
                "pnl": plain(trader.windows[request.window].pnl),
                "roi": plain(trader.windows[request.window].roi),
                "turnover": plain(trader.windows[request.window].turnover),
                "bot": _bot(roster.get(trader.wallet)),
            }
            for place, trader in enumerate(ranking.traders[: request.limit], 1)
        ],
    }


def _bot(bot: BotPolicy | None) -> dict[str, Any] | None:
    return None if bot is None else {"id": bot.id, "enabled": bot.enabled}


def _table(traders: Sequence[Trader], roster: dict[Address, BotPolicy], request: DiscoverRequest) -> Table:
    rows = table(f"the leaderboard by {_MEASURES[request.by]}; {_WINDOWS[request.window]}, in USD", "#", *_COLUMNS)
    is_wide = columns() >= _WIDE
    for place, trader in enumerate(traders, 1):
        found, wallet = trader.windows[request.window], trader.wallet
        rows.add_row(
            str(place),
            wallet if is_wide else f"{wallet[:_HEAD]}..{wallet[-_TAIL:]}",
            short(trader.value),
            short(found.pnl),
            percent(found.roi),
            short(found.turnover),
            _who(trader, roster.get(wallet)),
        )
    return rows


def _who(trader: Trader, bot: BotPolicy | None) -> str:
    """Return the bot of the roster, or what the account calls itself."""
    if bot is None:
        return trader.name or ""
    return f"{bot.id}, {'followed' if bot.enabled else 'watched'}"


def _summary(board: Board, ranking: Ranking, request: DiscoverRequest) -> list[str]:
    least = (
        (ranking.poor, f"below {request.min_value:,.0f} USD of account value"),
        (ranking.calm, f"below {request.min_turnover:,.0f} USD of turnover {_WINDOWS[request.window]}"),
        (ranking.idle, "without a trade this week"),
        (ranking.bad, "unreadable"),
    )
    left_out = ", ".join(f"{count:,} {why}" for count, why in least if count)
    age = "fetched now" if board.age_ms < MINUTE_MS else f"fetched {span(board.age_ms)} ago"
    lines = [f"{ranking.rows:,} accounts, {age}" + (f"; left out: {left_out}" if left_out else "")]
    lines += [f"row {bad.row} cannot be read: {bad.reason}" for bad in ranking.bad_rows[:_SAID_ROWS]]
    if request.out is not None:
        lines.append(f"written to {request.out}: `fadearena bots import {request.out}` takes it in")
    elif request.add is None:
        if columns() < _WIDE:
            lines.append("addresses in full: --out, --json, or a terminal of 105 columns")
        lines.append("next: --add N takes in the first N that are new, to be watched; --out FILE writes a list to edit")
    return lines


def percent(ratio: Decimal) -> str:
    """Return a ratio in percent; what rounds to nothing has no sign."""
    return f"{ratio * 100:z.1f}%"


def short(usd: Decimal) -> str:
    """Return an amount with two or three digits and a unit, as in 48.9M."""
    for unit, size in _UNITS:
        number = usd / size
        if round(abs(number), _DIGITS) >= 1:
            return f"{number:.{0 if round(abs(number), 1) >= _MANY else 1}f}{unit}"
    return f"{usd:z.0f}"
