"""
Stage 7: executions -> sleeves, residue, external; realised PnL, fees, funding.

1. A book's position is always the sum of its parts; only `_trade` changes a part.
2. Whoever is given a change gets its cost: nothing is created or lost between parts.
3. Foreign fills are booked by what they did, and never undone.
"""

from typing import NamedTuple, TypeAlias

import msgspec

from fadearena.model.funding import payment
from fadearena.model.ids import BotId
from fadearena.model.instrument import Instrument
from fadearena.model.position import trade
from fadearena.model.record import FillKind, PartKind
from fadearena.model.units import ZERO, Price, Quantity, Ratio, Size, Usd, sign

Where: TypeAlias = tuple[PartKind, BotId | None]


class Part(msgspec.Struct, kw_only=True, gc=False):
    """One part of a book at average cost, with what it earned (`realised` gross of `fees`)."""

    size: Size = ZERO
    cost: Usd = ZERO
    realised: Usd = ZERO
    fees: Usd = ZERO
    funding: Usd = ZERO

    def value(self, mark: Price) -> Usd:
        """Return realised + unrealised - fees + funding at a mark."""
        return self.realised - self.fees + self.funding + self.size * mark - self.cost

    def profit(self, mark: Price | None) -> Usd | None:
        """Return realised + unrealised - fees + funding; None where an open part has no mark."""
        if mark is None:
            return None if self.size else self.value(ZERO)
        return self.value(mark)


class Book(msgspec.Struct, kw_only=True):
    """All parts of one (account, coin). `position`, `long` and `short` are kept sums."""

    sleeves: dict[BotId, Part] = {}
    residue: Part = msgspec.field(default_factory=Part)
    external: Part = msgspec.field(default_factory=Part)
    position: Size = ZERO
    long: Size = ZERO
    short: Size = ZERO

    @property
    def loose(self) -> Size:
        """External and residue together."""
        return self.external.size + self.residue.size

    @property
    def gross(self) -> Quantity:
        """|external + residue| + the sleeves' absolute sizes: what caps count."""
        return abs(self.loose) + self.long - self.short

    @property
    def worst(self) -> Quantity:
        """The largest position that un-netting could leave: max(|E + L|, |E + S|, |E + L + S|)."""
        return worst_of(self.loose, self.long, self.short)

    def sleeve(self, bot: BotId) -> Part:
        """Return the part of a bot, made if there is none."""
        part = self.sleeves.get(bot)
        if part is None:
            part = self.sleeves[bot] = Part()
        return part

    def size_of(self, bot: BotId) -> Size:
        """Return the size of a bot's sleeve, zero if it never had one."""
        part = self.sleeves.get(bot)
        return part.size if part else ZERO

    def parts(self) -> list[tuple[PartKind, BotId | None, Part]]:
        """Return all parts, sleeves by bot first."""
        return [
            *((PartKind.SLEEVE, bot, self.sleeves[bot]) for bot in sorted(self.sleeves)),
            (PartKind.RESIDUE, None, self.residue),
            (PartKind.EXTERNAL, None, self.external),
        ]


class Movement(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One part moved by `change` at `price`. `before` is its size until then."""

    kind: FillKind
    part: PartKind
    bot: BotId | None
    change: Size
    price: Price
    realised: Usd
    before: Size
    after: Size


def worst_of(loose: Size, long: Size, short: Size) -> Quantity:
    """Return the largest position that un-netting could leave."""
    return max(abs(loose + long), abs(loose + short), abs(loose + long + short))


def _trade(book: Book, kind: FillKind, where: Where, change: Size, price: Price) -> Movement:
    name, bot = where
    loose = book.residue if name is PartKind.RESIDUE else book.external
    part = loose if bot is None else book.sleeve(bot)
    before = part.size
    after, cost, realised = trade(before, part.cost, change, price)
    part.size, part.cost = after, cost
    part.realised += realised
    book.position += change
    if name is PartKind.SLEEVE:
        book.long += max(after, ZERO) - max(before, ZERO)
        book.short += min(after, ZERO) - min(before, ZERO)
    return Movement(
        kind=kind,
        part=name,
        bot=bot,
        change=change,
        price=price,
        realised=realised,
        before=before,
        after=after,
    )


_RESIDUE: Where = (PartKind.RESIDUE, None)
_EXTERNAL: Where = (PartKind.EXTERNAL, None)


def _sleeve(bot: BotId) -> Where:
    return (PartKind.SLEEVE, bot)


def book_order(
    book: Book, bot: BotId | None, sleeve_change: Size, residue_change: Size, price: Price
) -> list[Movement]:
    """Book an execution of an order of ours: the sleeve's part (of no bot: the residue's), and what closes residue."""
    owner = _RESIDUE if bot is None else _sleeve(bot)
    wanted = ((owner, sleeve_change), (_RESIDUE, residue_change))
    return [_trade(book, FillKind.ORDER, where, change, price) for where, change in wanted if change]


class Correction(NamedTuple):
    """What a corrected price cost (> 0: it was worse), how much of that is realised, and in which kind of part."""

    paid: Usd
    realised: Usd
    part: PartKind


def correct(book: Book, bot: BotId | None, change: Size, guessed: Price, price: Price) -> Correction:
    """
    Replace the price of an execution that was booked by its answer's average.

    What the part still holds of it changes its cost; what it released since, its realised PnL.
    """
    extra = change * (price - guessed)
    part, name = (book.sleeve(bot), PartKind.SLEEVE) if bot is not None else (book.residue, PartKind.RESIDUE)
    held = min(abs(part.size), abs(change)) if sign(part.size) == sign(change) else ZERO
    kept = extra * held / abs(change)
    part.cost += kept
    part.realised -= extra - kept
    return Correction(extra, kept - extra, name)


def charge(book: Book, bot: BotId | None, fee: Usd) -> None:
    """Book a fee to a sleeve, or to what belongs to no bot."""
    part = book.sleeve(bot) if bot is not None else book.external
    part.fees += fee


def forget(book: Book, bot: BotId) -> None:
    """Leave what a flat sleeve earned to external, when its bot goes for good."""
    part = book.sleeves.pop(bot, None)
    if part is not None:
        book.external.realised += part.realised - part.cost
        book.external.fees += part.fees
        book.external.funding += part.funding


def cross(book: Book, buyer: BotId | None, seller: BotId | None, quantity: Quantity, price: Price) -> list[Movement]:
    """Exchange `quantity` between two sleeves, or a sleeve and the residue (None), without an order."""
    return [
        _trade(book, FillKind.CROSS, _RESIDUE if buyer is None else _sleeve(buyer), quantity, price),
        _trade(book, FillKind.CROSS, _RESIDUE if seller is None else _sleeve(seller), -quantity, price),
    ]


def to_dust(book: Book, bot: BotId, mark: Price) -> list[Movement]:
    """Move a whole sleeve to the residue at mark."""
    size = book.size_of(bot)
    return [
        _trade(book, FillKind.DUST, _sleeve(bot), -size, mark),
        _trade(book, FillKind.DUST, _RESIDUE, size, mark),
    ]


def adopt_external(book: Book, change: Size, price: Price) -> Movement:
    """Take over what an account held before, or holds beyond our sum."""
    return _trade(book, FillKind.OPERATOR, _EXTERNAL, change, price)


def book_forced(book: Book, kind: FillKind, change: Size, price: Price, instrument: Instrument) -> list[Movement]:
    """
    Book a liquidation, deleveraging, settlement or our own flatten.

    A fill of q on a net position N closes the fraction q/|N| of every part, in whole lots. What does not reduce the
    position by our sum is external.
    """
    net = book.position
    closing = min(abs(change), abs(net)) if sign(change) == -sign(net) else ZERO
    held = {(name, bot): part.size for name, bot, part in book.parts() if part.size}
    taken = _apportion(held, closing * sign(net), abs(net), instrument) if closing else {}
    return _take(book, kind, {where: -size for where, size in taken.items()}, change, price)


def book_operator(book: Book, change: Size, price: Price, instrument: Instrument) -> list[Movement]:
    """
    Book a trade that a person made on the account.

    A reduction of the book takes external of that sign first, then residue, then the sleeves of that sign in
    proportion, in whole lots; an increase is external.
    """
    net, way = book.position, sign(change)
    left = min(abs(change), abs(net)) if way == -sign(net) else ZERO
    wanted: dict[Where, Size] = {}
    for where, part in ((_EXTERNAL, book.external), (_RESIDUE, book.residue)):
        if sign(part.size) == -way:
            wanted[where] = way * min(abs(part.size), left)
            left -= abs(wanted[where])
    held = {_sleeve(bot): part.size for bot, part in sorted(book.sleeves.items()) if sign(part.size) == -way}
    if left:
        whole = abs(sum(held.values(), start=ZERO))
        taken = _apportion(held, -way * left, whole, instrument)
        wanted |= {where: -size for where, size in taken.items()}
    return _take(book, FillKind.OPERATOR, wanted, change, price)


def _apportion(held: dict[Where, Size], amount: Size, whole: Quantity, instrument: Instrument) -> dict[Where, Size]:
    """
    Return the fraction |amount| / whole of each of `held`, in whole lots that sum up to `amount`.

    The lots that cutting leaves over go to those that lost most by it, one each.
    """
    exact = {where: size * abs(amount) / whole for where, size in held.items()}
    taken = {where: instrument.floor(share) for where, share in exact.items()}
    rest = amount - sum(taken.values(), start=ZERO)
    for where in sorted(held, key=lambda row: (-abs(exact[row] - taken[row]), row[0], row[1] or "")):
        if sign(held[where]) == sign(rest):
            step = instrument.lot * sign(rest)
            taken[where] += step
            rest -= step
    return taken


def _take(book: Book, kind: FillKind, wanted: dict[Where, Size], change: Size, price: Price) -> list[Movement]:
    """Move parts as wanted; what that leaves of the whole change is external."""
    moves = [_trade(book, kind, where, size, price) for where, size in wanted.items() if size]
    rest = change - sum(wanted.values(), start=ZERO)
    return [*moves, _trade(book, kind, _EXTERNAL, rest, price)] if rest else moves


def close_all(book: Book, mark: Price) -> list[Movement]:
    """Book every part to zero at mark, after the exchange was confirmed flat."""
    return [
        _trade(book, FillKind.FLATTEN, (name, bot), -part.size, mark) for name, bot, part in book.parts() if part.size
    ]


def book_funding(book: Book, usd: Usd, oracle: Price, rate: Ratio) -> list[tuple[BotId | None, Usd]]:
    """Share a book's funding: each sleeve by its size, the rest to external."""
    shares: list[tuple[BotId | None, Usd]] = []
    rest = usd
    for bot, part in sorted(book.sleeves.items()):
        if part.size:
            share = payment(part.size, oracle, rate)
            part.funding += share
            rest -= share
            shares.append((bot, share))
    if rest:
        book.external.funding += rest
        shares.append((None, rest))
    return shares
