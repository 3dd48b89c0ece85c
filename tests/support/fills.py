"""Fills as the exchange writes them, in one line."""

import json
from pathlib import Path

WALLET = "0x" + "a" * 40


def row(**changes: object) -> dict[str, object]:
    """Return a fill as `userFills` gives it, with changes; None leaves a field out."""
    fill: dict[str, object] = {
        "coin": "ETH",
        "px": "2000.0",
        "sz": "1.0",
        "side": "B",
        "time": 1_790_000_000_000,
        "startPosition": "0.0",
        "dir": "Open Long",
        "closedPnl": "0.0",
        "hash": "0x00",
        "oid": 7,
        "crossed": True,
        "fee": "0.9",
        "tid": 11,
        "feeToken": "USDC",
        "twapId": None,
    }
    fill |= changes
    return {name: value for name, value in fill.items() if name == "twapId" or value is not None}


def chain(*steps: tuple[int, str, str], coin: str = "ETH", start: str = "0") -> list[dict[str, object]]:
    """Return fills that follow one another: (ms, signed size, price) each."""
    rows: list[dict[str, object]] = []
    position = float(start)
    for number, (time, size, price) in enumerate(steps):
        signed = float(size)
        rows.append(
            row(
                coin=coin,
                time=time,
                sz=size.lstrip("-"),
                px=price,
                side="B" if signed > 0 else "A",
                startPosition=f"{position:g}",
                tid=1_000 + number,
            )
        )
        position += signed
    return rows


def write(file: Path, rows: list[dict[str, object]]) -> Path:
    """Write fills to a file, one a line."""
    file.write_text("".join(json.dumps(fill) + "\n" for fill in rows))
    return file
