"""
Whom to follow: the exchange's leaderboard, kept for a while in the data directory, and ranked.

ROI of a tiny account says nothing, and a wallet that does not trade cannot be followed. So there are least values, and
who did not trade for a week is left out; how many were is told.
"""

import asyncio
import hashlib
import heapq
from collections.abc import Iterable
from pathlib import Path
from typing import TypeGuard

import msgspec

from fadearena.adapters.hyperliquid.leaderboard import (
    LEADERBOARD_URLS,
    SANDBOX_PATH,
    Advance,
    BadRow,
    fetch,
    read,
)
from fadearena.bootstrap.places import Places
from fadearena.config import Config, Network, variable
from fadearena.kit.clock import Clock
from fadearena.model.error import InvalidInput, VenueError, VenueProtocolError
from fadearena.model.leaderboard import Measure, Trader, Window
from fadearena.model.units import MINUTE_MS, EpochMs, Usd

FRESH_MS = 10 * MINUTE_MS
"""The exchange makes the file anew every few minutes; for so long nobody asks for it again."""
_BAD_ROWS_KEPT = 100
_NS_PER_MS = 1_000_000


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked for: the first `limit` by `by` in `window`, of those that are large and busy enough."""

    window: Window = Window.WEEK
    by: Measure = Measure.PNL
    min_value: Usd = Usd(5_000)
    min_turnover: Usd = Usd(10_000)
    with_idle: bool = False
    limit: int = 20


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """A leaderboard that was fetched `age_ms` ago; `trouble` is why no newer one could be had."""

    file: Path
    age_ms: EpochMs
    trouble: str | None = None


class Ranking(msgspec.Struct, kw_only=True):
    """
    The first ones, and what became of the other rows.

    `rows` counts all; `poor`, `calm` and `idle` those that were left out for their account value, their turnover or
    because they did not trade for a week; `bad` those that could not be read, of which `bad_rows` are the first.
    """

    traders: tuple[Trader, ...] = ()
    rows: int = 0
    poor: int = 0
    calm: int = 0
    idle: int = 0
    bad: int = 0
    bad_rows: list[BadRow] = []


async def leaderboard(config: Config, places: Places, clock: Clock, advance: Advance) -> Board:
    """
    Return the network's leaderboard: the one that is kept, a new one where that is old, the old one where that fails.

    Raises:
        InvalidInput: The network has none, or it cannot be kept.
        VenueUnavailable: It cannot be had, and none is kept.
        VenueProtocolError: It is too large to be one, and none is kept.
    """
    url = _url(config, places.network)
    name = hashlib.blake2b(url.encode(), digest_size=4).hexdigest()
    file = places.data_dir / f"leaderboard-{name}.json"
    age = _age(file, clock)
    if age is not None and age < FRESH_MS:
        return Board(file=file, age_ms=age)
    try:
        places.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        await fetch(url, file, advance)
    except OSError as error:
        raise InvalidInput(f"{places.data_dir} cannot be made ({error.strerror}): give --data-dir") from error
    except VenueError as error:
        if age is None:
            raise
        return Board(file=file, age_ms=age, trouble=str(error))
    return Board(file=file, age_ms=0)


async def rank(board: Board, wish: Wish) -> Ranking:
    """
    Return the first ones of a leaderboard.

    Raises:
        InvalidInput: The file cannot be read.
        VenueProtocolError: It is no leaderboard, or none of its rows can be read; it is forgotten then.
    """
    try:
        return await asyncio.to_thread(lambda: ranked(read(board.file), wish))
    except VenueProtocolError:
        board.file.unlink(missing_ok=True)
        raise


def ranked(rows: Iterable[Trader | BadRow], wish: Wish) -> Ranking:
    """
    Return the first ones of these rows; of equal ones the first stays first.

    Raises:
        VenueProtocolError: None of the rows can be read.
    """
    found = Ranking()

    def fitting() -> Iterable[Trader]:
        for row in rows:
            found.rows += 1
            if _fits(row, wish, found):
                yield row

    found.traders = tuple(heapq.nlargest(wish.limit, fitting(), key=lambda trader: trader.by(wish.by, wish.window)))
    if found.rows and found.bad == found.rows:
        raise VenueProtocolError(f"no row of the leaderboard can be read (the first: {found.bad_rows[0].reason})")
    return found


def _fits(row: Trader | BadRow, wish: Wish, found: Ranking) -> TypeGuard[Trader]:
    """Tell whether a row is one of those that are compared; count why not."""
    if isinstance(row, BadRow):
        found.bad += 1
        if len(found.bad_rows) < _BAD_ROWS_KEPT:
            found.bad_rows.append(row)
    elif row.value < wish.min_value:
        found.poor += 1
    elif row.windows[wish.window].turnover < wish.min_turnover:
        found.calm += 1
    elif not wish.with_idle and not row.windows[Window.WEEK].turnover:
        found.idle += 1
    else:
        return True
    return False


def _url(config: Config, network: Network) -> str:
    if config.leaderboard_url is not None:
        return config.leaderboard_url
    if network is Network.SANDBOX:
        return config.sandbox_url + SANDBOX_PATH
    if network in LEADERBOARD_URLS:
        return LEADERBOARD_URLS[network]
    raise InvalidInput(
        f"the network {network} has no leaderboard: add wallets that you know with `fadearena bots add` or "
        f"`fadearena bots import`, or say where one is with {variable('leaderboard_url')}"
    )


def _age(file: Path, clock: Clock) -> EpochMs | None:
    """Return how long ago a file was fetched; None where there is none, or where the clock went back since."""
    try:
        age = clock.now_ms() - file.stat().st_mtime_ns // _NS_PER_MS
    except OSError:
        return None
    return age if age >= 0 else None
