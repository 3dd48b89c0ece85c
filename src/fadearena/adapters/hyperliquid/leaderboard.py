"""
The exchange's leaderboard: a large static file, undocumented, of which nothing is promised.

1. It is fetched in pieces into a file, which takes its place whole or not at all.
2. It is read row by row; a row that cannot be read is told and left out, and takes no other with it.
3. It serves people who choose whom to follow. No worker asks for it, and it costs nothing of the rate budget.
"""

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Final

import aiohttp
import msgspec

from fadearena.adapters.hyperliquid.codec.numbers import number
from fadearena.adapters.hyperliquid.wire.leaderboard import Leaderboard, LeaderboardRow, WindowPerformance
from fadearena.model.error import InvalidInput, VenueError, VenueProtocolError, VenueUnavailable
from fadearena.model.ids import address
from fadearena.model.leaderboard import Performance, Trader, Window

LEADERBOARD_URLS: Final[Mapping[str, str]] = MappingProxyType(
    {"mainnet": "https://stats-data.hyperliquid.xyz/Mainnet/leaderboard"}
)
"""Where the file is, by name of the network; a sandbox has it under `SANDBOX_PATH`, the testnet has none."""
SANDBOX_PATH: Final = "/Mainnet/leaderboard"
BYTES_MAX: Final = 256 * 1024 * 1024

_CONNECT_S: Final = 5.0
_SILENCE_S: Final = 15.0
_WHOLE_S: Final = 300.0
_CHUNK_BYTES: Final = 256 * 1024
_OK: Final = 200
_LONGEST_NAME: Final = 40
_LONGEST_REASON: Final = 120

Advance = Callable[[int, int | None], None]
"""Is told how many bytes have come, and of how many; None where that is not known."""


_WINDOWS = {"day": Window.DAY, "week": Window.WEEK, "month": Window.MONTH, "allTime": Window.ALL}


class BadRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row that cannot be read, counted from 1, and why."""

    row: int
    reason: str


async def fetch(url: str, file: Path, advance: Advance) -> None:
    """
    Fetch the leaderboard into a file.

    Raises:
        VenueUnavailable: It cannot be had at present; the file is as it was.
        VenueProtocolError: It is far larger than a leaderboard.
        InvalidInput: The file cannot be written.
    """
    beside = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        with beside.open("wb") as opened:
            await _receive(url, opened, advance)
        beside.replace(file)
    except (aiohttp.ClientError, TimeoutError) as error:  # a timeout is an OSError, too
        said = str(error) or type(error).__name__
        raise VenueUnavailable(f"the leaderboard at {url} cannot be had ({said}): try again later") from error
    except OSError as error:
        raise InvalidInput(f"{file} cannot be written ({error.strerror}): mend that, or give --data-dir") from error
    finally:
        beside.unlink(missing_ok=True)


def read(file: Path) -> Iterator[Trader | BadRow]:
    """
    Return its rows, each read when it is asked for; only the file itself is held in memory.

    Raises:
        InvalidInput: The file cannot be read.
        VenueProtocolError: It is no leaderboard.
    """
    try:
        board = msgspec.json.decode(file.read_bytes(), type=Leaderboard)
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read ({error.strerror}): remove it, and ask again") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise VenueProtocolError(f"what was fetched as the leaderboard is none ({error})") from error
    return (_read_row(n, row) for n, row in enumerate(board.leaderboardRows, 1))


async def _receive(url: str, opened: BinaryIO, advance: Advance) -> None:
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_S, sock_read=_SILENCE_S)
    headers = {"User-Agent": "fadearena"}
    async with (
        asyncio.timeout(_WHOLE_S),
        aiohttp.ClientSession(timeout=timeout, headers=headers, trust_env=False) as session,
        session.get(url, allow_redirects=False) as answer,
    ):
        if answer.status != _OK:
            raise VenueUnavailable(f"{url} answers {answer.status} instead of the leaderboard: try again later")
        total = None if "Content-Encoding" in answer.headers else answer.content_length
        received = 0
        async for chunk in answer.content.iter_chunked(_CHUNK_BYTES):
            received += len(chunk)
            if received > BYTES_MAX:
                raise VenueProtocolError(f"{url} sends more than {BYTES_MAX} bytes: this is no leaderboard")
            opened.write(chunk)
            advance(received, total)


def _read_row(n: int, raw: msgspec.Raw) -> Trader | BadRow:
    try:
        return _trader(msgspec.json.decode(raw, type=LeaderboardRow))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, InvalidInput, VenueError) as error:
        return BadRow(row=n, reason=str(error)[:_LONGEST_REASON])


def _trader(row: LeaderboardRow) -> Trader:
    windows = {_WINDOWS[name]: _performance(name, found) for name, found in row.windowPerformances if name in _WINDOWS}
    if missing := [name for name, window in _WINDOWS.items() if window not in windows]:
        raise VenueProtocolError(f"windowPerformances: no {', '.join(missing)}")
    return Trader(
        wallet=address(row.ethAddress),
        name=_name(row.displayName),
        value=number("accountValue", row.accountValue),
        windows=windows,
    )


def _performance(name: str, found: WindowPerformance) -> Performance:
    return Performance(
        pnl=number(f"{name}.pnl", found.pnl),
        roi=number(f"{name}.roi", found.roi),
        turnover=number(f"{name}.vlm", found.vlm),
    )


def _name(text: str | None) -> str | None:
    """Return what somebody calls himself as it can be shown: printable, on one line, not too long."""
    shown = "".join(c for c in " ".join((text or "").split()) if c.isprintable())
    return shown[:_LONGEST_NAME].strip() or None
