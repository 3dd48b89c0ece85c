"""Markets and books for tests of single stages, which need no engine."""

from decimal import Decimal as D

from fadearena.core.ledger import Book, Movement, adopt_external, book_order
from fadearena.model.instrument import Instrument
from fadearena.model.margin import MarginTier


def lots(decimals: int, leverage: int = 50) -> Instrument:
    """Return a market with this many decimals of size, and one margin tier."""
    tiers = (MarginTier(D(0), leverage),)
    return Instrument(coin="BTC", asset_id=0, size_decimals=decimals, max_leverage=leverage, margin_tiers=tiers)


def book_of(external: str = "0", residue: str = "0", price: str = "100", **sleeves: str) -> Book:
    """Return a book whose parts were all opened at `price`."""
    made = Book()
    for bot, size in sleeves.items():
        book_order(made, bot, D(size), D(0), D(price))
    book_order(made, None, D(0), D(residue), D(price))
    if D(external):
        adopt_external(made, D(external), D(price))
    return made


def sizes(made: Book) -> dict[str, D]:
    """Return what is not flat in a book, by part."""
    return {bot or kind: part.size for kind, bot, part in made.parts() if part.size}


def changes(moves: list[Movement]) -> dict[str, D]:
    """Return by how much each part moved."""
    return {move.bot or move.part: move.change for move in moves}
