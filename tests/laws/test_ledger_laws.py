"""Laws of the ledger: money is neither made nor lost, parts add up to the book, everything is in whole lots."""

from collections.abc import Callable
from decimal import Decimal as D

from hypothesis import given
from hypothesis import strategies as st

from fadearena.core.ledger import (
    Book,
    Movement,
    adopt_external,
    book_forced,
    book_funding,
    book_operator,
    book_order,
    charge,
    close_all,
    correct,
    cross,
    to_dust,
)
from fadearena.model.record import FillKind, PartKind
from fadearena.model.units import sign
from tests.support.books import lots, sizes

MARKET = lots(2)
BOTS = ("a", "b", "c")
FORCED = (FillKind.LIQUIDATION, FillKind.ADL, FillKind.SETTLEMENT, FillKind.FLATTEN)

lot_counts = st.integers(-500, 500).filter(bool)
amounts = lot_counts.map(lambda n: D(n) / 100)
prices = st.integers(1, 100_000).map(lambda n: D(n) / 10)
fees = st.integers(-50, 500).map(lambda n: D(n) / 1000)
bots = st.sampled_from(BOTS)
owners = st.sampled_from((*BOTS, None))


class Bank:
    """A book, and the cash that its movements cost: what an exchange would hold."""

    def __init__(self) -> None:
        self.book = Book()
        self.cash = D(0)

    def trade(self, moves: list[Movement], *, external: bool = True) -> None:
        """Pay for movements; those without an order must be worth nothing together."""
        flow = sum((move.change * move.price for move in moves), start=D(0))
        assert external or flow == 0
        self.cash -= flow

    def profit(self, mark: D) -> D:
        """What all parts earned together."""
        parts = (part.profit(mark) for _, _, part in self.book.parts())
        return sum((profit for profit in parts if profit is not None), start=D(0))

    def worth(self, mark: D) -> D:
        """Cash and position at mark: what equity changed by."""
        return self.cash + self.book.position * mark

    def holds(self, mark: D) -> None:
        """Check what must hold after every step."""
        book = self.book
        assert sum((part.size for _, _, part in book.parts()), start=D(0)) == book.position
        assert book.long == sum((p.size for p in book.sleeves.values() if p.size > 0), start=D(0))
        assert book.short == sum((p.size for p in book.sleeves.values() if p.size < 0), start=D(0))
        assert all(MARKET.floor(part.size) == part.size for _, _, part in book.parts())
        assert abs(self.profit(mark) - self.worth(mark)) <= D("1e-18")


Deed = Callable[[Bank], None]


def an_order(bot: str | None, change: D, dust: D, price: D, fee: D) -> Deed:
    """Execute an order of a bot that also closes residue."""

    def act(bank: Bank) -> None:
        bank.trade(book_order(bank.book, bot, change, dust, price))
        charge(bank.book, bot, fee)
        bank.cash -= fee

    return act


def a_guess(bot: str | None, change: D, guess: D, price: D) -> Deed:
    """Execute an order at its answer's price, and learn the true one later."""

    def act(bank: Bank) -> None:
        bank.trade(book_order(bank.book, bot, change, D(0), guess))
        done = correct(bank.book, bot, change, guess, price)
        bank.cash -= done.paid
        assert done.paid == change * (price - guess)

    return act


def a_crossing(buyer: str | None, seller: str, quantity: D, price: D) -> Deed:
    """Exchange between two parts."""
    return lambda bank: bank.trade(cross(bank.book, buyer, seller, abs(quantity), price), external=False)


def dust(bot: str, price: D) -> Deed:
    """Move a sleeve to the residue."""
    return lambda bank: bank.trade(to_dust(bank.book, bot, price), external=False)


def an_operator(change: D, price: D) -> Deed:
    """Let a person trade on the account."""
    return lambda bank: bank.trade(book_operator(bank.book, change, price, MARKET))


def a_holding(change: D, price: D) -> Deed:
    """Take over what was there before."""
    return lambda bank: bank.trade([adopt_external(bank.book, change, price)])


def a_force(kind: FillKind, change: D, price: D) -> Deed:
    """Let the exchange close something."""
    return lambda bank: bank.trade(book_forced(bank.book, kind, change, price, MARKET))


def a_flatten(price: D) -> Deed:
    """Book everything to zero."""
    return lambda bank: bank.trade(close_all(bank.book, price))


def an_hour(usd: D, oracle: D, rate: D) -> Deed:
    """Pay an hour's funding."""

    def act(bank: Bank) -> None:
        shares = book_funding(bank.book, usd, oracle, rate / 1000)
        assert sum((share for _, share in shares), start=D(0)) == usd
        bank.cash += usd

    return act


deeds = st.one_of(
    st.builds(an_order, owners, amounts, st.one_of(st.just(D(0)), amounts), prices, fees),
    st.builds(a_guess, owners, amounts, prices, prices),
    st.builds(a_crossing, owners, bots, amounts, prices),
    st.builds(dust, bots, prices),
    st.builds(an_operator, amounts, prices),
    st.builds(a_holding, amounts, prices),
    st.builds(a_force, st.sampled_from(FORCED), amounts, prices),
    st.builds(a_flatten, prices),
    st.builds(an_hour, fees, prices, fees),
)


@given(st.lists(deeds, max_size=25), prices)
def test_money_is_conserved_and_parts_add_up_to_the_book(history: list[Deed], mark: D) -> None:
    """Whatever happens to a book, its parts earned what cash and position gained, and add up to the position."""
    bank = Bank()
    for deed in history:
        deed(bank)
        bank.holds(mark)


def built(external: D, residue: D, sleeves: list[D]) -> Book:
    """Return a book of these sizes, opened at 100."""
    book = Book()
    for bot, size in zip(BOTS, sleeves, strict=True):
        book_order(book, bot, size, D(0), D(100))
    book_order(book, None, D(0), residue, D(100))
    adopt_external(book, external, D(100))
    return book


some = st.integers(-300, 300).map(lambda n: D(n) / 100)
books = st.builds(built, some, some, st.lists(some, min_size=3, max_size=3))


@given(books, st.integers(1, 100), st.sampled_from(FORCED))
def test_a_forced_fill_closes_its_fraction_of_every_part(book: Book, percent: int, kind: FillKind) -> None:
    """A forced fill of q on a net position N takes q/|N| of every part, to less than one lot, and nothing else."""
    net, before = book.position, sizes(book)
    change = -MARKET.floor(net * percent / 100)
    book_forced(book, kind, change, D(90), MARKET)
    after = sizes(book)
    for part, size in before.items():
        left = after.pop(part, D(0))
        exact = size + size * change / net if net else size
        assert abs(left - exact) < MARKET.lot
        assert abs(left) <= abs(size)
        assert sign(left) in {0, sign(size)}
    assert (after, book.position) == ({}, net + change)


@given(books, amounts)
def test_an_operator_trade_never_flips_nor_grows_a_sleeve(book: Book, change: D) -> None:
    """A manual trade takes sleeves towards zero at most to zero, only those that it reduces, and only for the rest."""
    net, before, loose = book.position, sizes(book), (book.external.size, book.residue.size)
    moves = book_operator(book, change, D(90), MARKET)
    assert book.position == net + change
    reduction = min(abs(change), abs(net)) if sign(change) == -sign(net) else D(0)
    spare = sum((abs(size) for size in loose if sign(size) == -sign(change)), start=D(0))
    cut = sum((abs(move.change) for move in moves if move.part is PartKind.SLEEVE), start=D(0))
    assert cut == max(D(0), reduction - spare)
    for move in moves:
        if move.part is not PartKind.EXTERNAL:
            assert sign(move.before) == -sign(change)
            assert sign(move.after) in {0, sign(move.before)}
            assert abs(move.after) < abs(move.before)
    untouched = {bot for bot in BOTS if sign(before.get(bot, D(0))) != -sign(change)}
    assert all(book.size_of(bot) == before.get(bot, D(0)) for bot in untouched)


@given(books, amounts)
def test_an_operator_reduction_takes_sleeves_in_proportion(book: Book, change: D) -> None:
    """Every sleeve of the sign that is reduced keeps the same share of itself, to less than one lot."""
    held = {bot: book.size_of(bot) for bot in BOTS if sign(book.size_of(bot)) == -sign(change)}
    total = sum(held.values(), start=D(0))
    moves = book_operator(book, change, D(90), MARKET)
    cut = sum((move.change for move in moves if move.part is PartKind.SLEEVE), start=D(0))
    for bot, size in held.items():
        assert abs(book.size_of(bot) - (size + size * cut / total)) < MARKET.lot


@given(books)
def test_gross_is_never_less_than_any_un_netting(book: Book) -> None:
    """No exits of some sleeves can leave more than the worst case, nor the worst case more than the gross sum."""
    left = [book.loose, book.position, *(book.position - part.size for part in book.sleeves.values())]
    assert max(abs(size) for size in left) <= book.gross
    assert abs(book.position) <= book.worst <= book.gross
