"""
Stage 7: executions -> sleeves, residue, external; realised PnL, fees, funding.

1. A book's position is always the sum of its parts; only `_trade` changes a part.
2. Whoever is given a change gets its cost: nothing is created or lost between parts.
3. Foreign fills are booked by what they did, and never undone.
"""

import msgspec

from fadearena.model.funding import payment
from fadearena.model.ids import BotId
from fadearena.model.instrument import Instrument
from fadearena.model.position import trade
from fadearena.model.record import FillKind, PartKind
from fadearena.model.units import ZERO, Price, Quantity, Ratio, Size, Usd, sign


class Part(msgspec.Struct, kw_only=True, gc=False):
    """One part of a book at average cost, with what it earned (`realised` gross of `fees`)."""

    size: Size = ZERO
    cost: Usd = ZERO
    realised: Usd = ZERO
    fees: Usd = ZERO
    funding: Usd = ZERO

    def profit(self, mark: Price | None) -> Usd | None:
        """Return realised + unrealised - fees + funding; None where an open part has no mark."""
        settled = self.realised - self.fees + self.funding
        if not self.size:
            return settled
        return None if mark is None else settled + self.size * mark - self.cost


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
        """|external| + |residue| + the sleeves' absolute sizes: what caps count."""
        return abs(self.external.size) + abs(self.residue.size) + self.long - self.short

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


def _trade(book: Book, kind: FillKind, where: tuple[PartKind, BotId | None], change: Size, price: Price) -> Movement:
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


_RESIDUE: tuple[PartKind, BotId | None] = (PartKind.RESIDUE, None)
_EXTERNAL: tuple[PartKind, BotId | None] = (PartKind.EXTERNAL, None)


def _sleeve(bot: BotId) -> tuple[PartKind, BotId | None]:
    return (PartKind.SLEEVE, bot)


def book_order(
    book: Book, bot: BotId | None, sleeve_change: Size, residue_change: Size, price: Price
) -> list[Movement]:
    """Book an execution of an order of ours: the sleeve's part and the part that closes residue."""
    moves: list[Movement] = []
    if sleeve_change and bot is not None:
        moves.append(_trade(book, FillKind.ORDER, _sleeve(bot), sleeve_change, price))
    if residue_change:
        moves.append(_trade(book, FillKind.ORDER, _RESIDUE, residue_change, price))
    return moves


def correct(book: Book, bot: BotId | None, change: Size, guessed: Price, price: Price) -> tuple[Usd, PartKind]:
    """
    Replace the price of an execution that was booked by its answer's average.

    What the part still holds of it changes its cost; what it released since, its realised PnL. Returns what the
    correction cost us (> 0: the true price was worse) and where it was booked.
    """
    extra = change * (price - guessed)
    part, name = (book.sleeve(bot), PartKind.SLEEVE) if bot is not None else (book.residue, PartKind.RESIDUE)
    if part.size and sign(part.size) == sign(change):
        part.cost += extra
    else:
        part.realised -= extra
    return extra, name


def charge(book: Book, bot: BotId | None, fee: Usd) -> None:
    """Book a fee to a sleeve, or to what belongs to no bot."""
    part = book.sleeve(bot) if bot is not None else book.external
    part.fees += fee


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

    A fill of q on a net position N closes the fraction q/|N| of every part, in whole lots. What that leaves over
    by rounding is taken from the largest parts of the position's sign, then by external.
    """
    net = book.position
    closing = min(abs(change), abs(net)) if sign(change) == -sign(net) else ZERO
    rest = change
    moves: list[Movement] = []
    if closing:
        for name, bot, part in book.parts():
            share = -instrument.floor(part.size * closing / abs(net))
            if share:
                moves.append(_trade(book, kind, (name, bot), share, price))
                rest -= share
        same = [(abs(p.size), name, bot) for name, bot, p in book.parts() if sign(p.size) == -sign(rest)]
        for held, name, bot in sorted(same, key=lambda row: (-row[0], row[1], row[2] or "")):
            bite = min(held, abs(rest)) * sign(rest)
            if bite:
                moves.append(_trade(book, kind, (name, bot), bite, price))
                rest -= bite
    if rest:
        moves.append(_trade(book, kind, _EXTERNAL, rest, price))
    return moves


def book_operator(book: Book, change: Size, price: Price, instrument: Instrument) -> list[Movement]:
    """
    Book a trade that a person made on the account.

    A reduction of the book takes external of that sign first, then residue, then the sleeves of that sign in
    proportion; an increase is external.
    """
    net = book.position
    left = min(abs(change), abs(net)) if sign(change) == -sign(net) else ZERO
    way = sign(change)
    taken: dict[tuple[PartKind, BotId | None], Quantity] = {}
    for where, part in ((_EXTERNAL, book.external), (_RESIDUE, book.residue)):
        if sign(part.size) == -way:
            taken[where] = min(abs(part.size), left)
            left -= taken[where]
    held = {bot: abs(part.size) for bot, part in sorted(book.sleeves.items()) if sign(part.size) == -way}
    total, wanted = sum(held.values(), start=ZERO), left
    for bot, size in held.items():
        taken[_sleeve(bot)] = instrument.floor(wanted * size / total)
        left -= taken[_sleeve(bot)]
    for bot in sorted(held, key=lambda bot: (-held[bot], bot)):
        more = min(held[bot] - taken[_sleeve(bot)], left)
        taken[_sleeve(bot)] += more
        left -= more
    moves = [_trade(book, FillKind.OPERATOR, where, way * size, price) for where, size in taken.items() if size]
    rest = change - way * sum(taken.values(), start=ZERO)
    if rest:
        moves.append(_trade(book, FillKind.OPERATOR, _EXTERNAL, rest, price))
    return moves


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
