"""The kinds of columns that the read store has, the same in meaning on SQLite and PostgreSQL."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Integer, Text, TypeDecorator
from sqlalchemy.engine import Dialect
from sqlalchemy.types import NUMERIC, TypeEngine

from fadearena.kit import decimals

NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""Only INTEGER is SQLite's own row number, and it has 64 bits there."""


class Exact(TypeDecorator[Decimal]):
    """A decimal that comes back as it went in."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return what the column is in this database."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else NUMERIC())

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:  # noqa: ANN401  # text or number
        """Return what is stored."""
        if value is None:
            return None
        return decimals.plain(value) if dialect.name == "sqlite" else decimals.normalise(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:  # noqa: ANN401, ARG002  # as above
        """Return what was stored."""
        return None if value is None else Decimal(value)


TEXT = Text()
EXACT = Exact()
FLAG = Boolean()


def columns(kind: TypeEngine[Any], *names: str) -> Iterator[Column[Any]]:
    """Return columns that always hold something."""
    return (Column(name, kind, nullable=False) for name in names)


def maybe(kind: TypeEngine[Any], *names: str) -> Iterator[Column[Any]]:
    """Return columns that may hold nothing."""
    return (Column(name, kind) for name in names)


def keys(kind: TypeEngine[Any], *names: str) -> Iterator[Column[Any]]:
    """Return columns of the primary key."""
    return (Column(name, kind, primary_key=True, autoincrement=False) for name in names)
