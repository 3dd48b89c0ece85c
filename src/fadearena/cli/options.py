"""Options that several commands share, and values of options: texts that become numbers, or a sentence why not."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from fadearena.kit.decimals import parse

Supervised = Annotated[bool, typer.Option("--supervised", hidden=True, help="End when standard input ends.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line of stdout.")]
DataDir = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="The data directory, instead of FADEARENA_DATA_DIR or the default."),
]
Host = Annotated[
    str | None,
    typer.Option(metavar="HOST", help="Where the API listens, instead of FADEARENA_HOST or 127.0.0.1."),
]
Port = Annotated[
    int | None,
    typer.Option(
        min=0, max=65_535, metavar="P", help="Its port, instead of FADEARENA_PORT or 4800; 0 is any free one."
    ),
]
Bot = Annotated[str | None, typer.Option(metavar="ID", help="Only this bot; without it everything.")]

_MOST_MULTIPLIER = Decimal(10)
_MOST_BPS = Decimal(5_000)


def multiplier(text: str) -> Decimal:
    """Read a multiplier: above 0, at most 10."""
    number = _number(text)
    if not 0 < number <= _MOST_MULTIPLIER:
        raise typer.BadParameter(f"{text} must be above 0 and at most {_MOST_MULTIPLIER}")
    return number


def usd(text: str) -> Decimal:
    """Read an amount of money above 0."""
    number = _number(text)
    if number <= 0:
        raise typer.BadParameter(f"{text} must be above 0")
    return number


def usd_or_zero(text: str) -> Decimal:
    """Read an amount of money, 0 at least."""
    number = _number(text)
    if number < 0:
        raise typer.BadParameter(f"{text} must be 0 or more")
    return number


def bps(text: str) -> Decimal:
    """Read basis points: 0 to 5,000."""
    number = _number(text)
    if not 0 <= number <= _MOST_BPS:
        raise typer.BadParameter(f"{text} must be 0 to {_MOST_BPS}")
    return number


def speed(text: str) -> Decimal:
    """Read simulated seconds per second: above 0, at most 100,000."""
    number = _number(text)
    if not 0 < number <= 100_000:  # noqa: PLR2004 - a bound against a slip of the finger
        raise typer.BadParameter(f"{text} must be above 0 and at most 100000")
    return number


def pace(text: str) -> Decimal:
    """Read trades a second: 0 to 10,000."""
    number = _number(text)
    if not 0 <= number <= 10_000:  # noqa: PLR2004 - what no machine reaches
        raise typer.BadParameter(f"{text} must be at least 0 and at most 10000")
    return number


def _number(text: str) -> Decimal:
    try:
        return parse(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
