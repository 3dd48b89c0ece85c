"""Turns the round trips of the Alpha Arena models into fills, in the form of `userFills`."""

import json
from collections.abc import Iterator
from decimal import Decimal as D
from pathlib import Path
from typing import Any

LOTS = {"BTC": D("0.00001"), "ETH": D("0.0001"), "SOL": D("0.01"), "BNB": D("0.001"), "XRP": D(1), "DOGE": D(1)}


def round_trips(file: Path) -> list[dict[str, Any]]:
    """Return the closed round trips of one model, with exact quantities in whole lots."""
    rows = [json.loads(line, parse_float=D) for line in file.read_text().splitlines()]
    for row in rows:
        lot = LOTS[row["symbol"]]
        row["quantity"] = (D(row["quantity"]) / lot).to_integral_value() * lot
    return rows


def gross(rows: list[dict[str, Any]]) -> D:
    """Return what the model itself made, before fees: quantity x (exit - entry)."""
    return sum((r["quantity"] * (D(r["exit_price"]) - D(r["entry_price"])) for r in rows), start=D(0))


def as_fills(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield both legs of every round trip as fills, oldest first, chained by `startPosition`."""
    legs = sorted(
        (leg for n, row in enumerate(rows) for leg in ((n, "entry", row), (n, "exit", row))),
        key=lambda leg: (_time(leg), leg[1] == "entry", leg[0]),
    )
    held: dict[str, D] = {}
    for n, kind, row in legs:
        change = row["quantity"] if kind == "entry" else -row["quantity"]
        coin = row["symbol"]
        start = held.get(coin, D(0))
        held[coin] = start + change
        yield {
            "coin": coin,
            "px": str(row[f"{kind}_price"]),
            "sz": format(abs(change), "f"),
            "side": "B" if change > 0 else "A",
            "time": _time((n, kind, row)),
            "startPosition": format(start, "f"),
            "dir": "",
            "closedPnl": "0",
            "hash": "0x" + "0" * 64,
            "oid": row[f"{kind}_oid"],
            "crossed": True,
            "fee": "0",
            "tid": 2 * n + (kind == "exit"),
            "feeToken": "USDC",
            "twapId": None,
        }


def write(rows: list[dict[str, Any]], file: Path) -> Path:
    """Write a model's fills to a file, one a line."""
    file.write_text("".join(json.dumps(fill) + "\n" for fill in as_fills(rows)))
    return file


def _time(leg: tuple[int, str, dict[str, Any]]) -> int:
    return int(D(leg[2][f"{leg[1]}_time"]) * 1000)
