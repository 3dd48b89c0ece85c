"""Tables of exports: their columns, with units, and where their rows come from."""

from collections.abc import AsyncGenerator, Callable, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

import msgspec

from fadearena.api.exports.scope import Scope, Sources

Value: TypeAlias = str | int | bool | Decimal | None
Row: TypeAlias = tuple[Value, ...]
Rows: TypeAlias = AsyncGenerator[Sequence[Row], None]
"""Rows in parts of about a thousand."""


class Cell(StrEnum):
    """What a column holds; a time is milliseconds UTC."""

    TEXT = "text"
    COUNT = "count"
    FLAG = "flag"
    DECIMAL = "decimal"
    TIME = "time"


class Column(msgspec.Struct, frozen=True):
    """A column: its name, what it holds, and what that means, with its unit."""

    name: str
    cell: Cell
    says: str


class Choice(StrEnum):
    """What an export can be limited to: a span of time, with a bot, and a coin too; or a year."""

    BOT_AND_COIN = "bot-and-coin"
    BOT = "bot"
    YEAR = "year"


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """An export: what it is, what it can be limited to, its columns, and what yields its rows."""

    name: str
    says: str
    choice: Choice
    columns: tuple[Column, ...]
    rows: Callable[[Sources, Scope], Rows]


def text(name: str, says: str) -> Column:
    """Return a column of words."""
    return Column(name, Cell.TEXT, says)


def decimal(name: str, says: str) -> Column:
    """Return a column of exact decimals."""
    return Column(name, Cell.DECIMAL, says)


def count(name: str, says: str) -> Column:
    """Return a column of whole numbers."""
    return Column(name, Cell.COUNT, says)


def flag(name: str, says: str) -> Column:
    """Return a column of true and false."""
    return Column(name, Cell.FLAG, says)


def time(name: str, says: str) -> Column:
    """Return a column of times."""
    return Column(name, Cell.TIME, says)


BOT = text("botId", "The bot; empty where it belongs to none.")
ACCOUNT = text("account", "Our account.")
ASSET = text("asset", "The market, as `BTC` or `dex:COIN`.")
SIDE = text("side", "buy or sell.")
NUMBER = count("seq", "The record's number in the log.")
