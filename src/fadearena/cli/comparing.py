"""Live against paper, as a table or as JSON."""

import asyncio
import re
from datetime import UTC, datetime
from decimal import Context, Decimal
from pathlib import Path

import typer

from fadearena.adapters.sql.migrations import current
from fadearena.adapters.sql.read_store import open_read_store
from fadearena.bootstrap.parity import Compared, Made, Parity, Spread, parity_of
from fadearena.bootstrap.places import places_of
from fadearena.cli.output import moment, print_json, show, table
from fadearena.cli.session import configured
from fadearena.kit.clock import SystemClock
from fadearena.model.error import InvalidInput
from fadearena.model.policy import Mode
from fadearena.model.units import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, EpochMs
from fadearena.ports.pairs import OrderPair, PairQuery

_UNITS = {"m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS}
_FIGURES = Context(prec=7)
_AGO = re.compile(r"(\d{1,6})([mhd])")


def parity(since: str | None, bot: str | None, coin: str | None, data_dir: Path | None, *, as_json: bool) -> None:
    """
    Compare live orders with their shadows.

    Raises:
        InvalidInput: Nothing was traded live yet.
        StorageError: The read store cannot be used.
    """
    query = PairQuery(since=moment_of(since, SystemClock().now_ms()), bot=bot, coin=coin)
    found = asyncio.run(_pairs(data_dir, query))
    compared = parity_of(found)
    if as_json:
        print_json(compared)
        return
    _show(compared)
    if len(found) == query.limit:
        show(f"only the newest {query.limit} orders were compared: say --since to choose others")


def moment_of(text: str | None, now: EpochMs, option: str = "--since") -> EpochMs:
    """
    Return since when: so long ago, or a day.

    Raises:
        typer.BadParameter: It is neither.
    """
    if text is None:
        return 0
    ago = _AGO.fullmatch(text)
    if ago is not None:
        return now - int(ago[1]) * _UNITS[ago[2]]
    try:
        day = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{option} {text}: write 12h, 7d or a day as 2026-11-22") from None
    return int((day if day.tzinfo else day.replace(tzinfo=UTC)).timestamp() * SECOND_MS)


async def _pairs(data_dir: Path | None, query: PairQuery) -> tuple[OrderPair, ...]:
    config, _ = configured(data_dir)
    places = places_of(config, Mode.LIVE)
    if current(places.read, "read") is None:
        raise InvalidInput(
            f"nothing was traded live yet in {places.data_dir}: parity compares live orders with what simulation would "
            "have paid for them"
        )
    async with open_read_store(places.read) as store:
        return await store.records.pairs(query)


def _show(found: Parity) -> None:
    show(
        f"{found.orders} orders: {found.compared} filled by both, {found.only_live} by live only, "
        f"{found.only_paper} by paper only, {found.neither} by neither, {found.unshadowed} without a shadow",
    )
    if found.compared:
        rows = table("", "bps, + is worse for live", "mean", "median", "p95")
        for name, spread in (("price", found.price_bps), ("fee", found.fee_bps), ("both", found.total_bps)):
            rows.add_row(name, *_numbers(spread))
        show(rows, f"live paid {found.cost_usd:+.2f} USD more than paper for what both filled")
    if found.live_only_usd or found.paper_only_usd:
        show(f"filled by live only: {found.live_only_usd:.2f} USD, by paper only: {found.paper_only_usd:.2f} USD")
    if found.worst:
        rows = table(f"the {len(found.worst)} worst, bps", "order", "live", "paper", "price", "fee", "both")
        for one in found.worst:
            rows.add_row(*_row(one))
        show(rows)


def _row(one: Compared) -> tuple[str, ...]:
    differences = map(_signed, (one.price_bps, one.fee_bps, one.total_bps))
    order = f"{moment(one.time)}  {one.side} {one.coin} {one.bot or ''}"
    return (order.rstrip(), _made(one.live), _made(one.paper), *differences)


def _made(made: Made) -> str:
    if made.price is None:
        return ""
    price = _FIGURES.plus(made.price).normalize()
    return f"{made.quantity:f} @ {price:f}"


def _numbers(spread: Spread) -> tuple[str, ...]:
    return tuple(map(_signed, (spread.mean, spread.median, spread.p95)))


def _signed(bps: Decimal | None) -> str:
    return "" if bps is None else f"{bps:+.2f}"
