"""From movements in a book to money, sums, sleeves, statistics and records."""

from bisect import insort

from fadearena.core import ledger
from fadearena.core.engine.targets import target_of
from fadearena.core.engine.turn import Turn
from fadearena.core.engine.valuation import mark_of, parts_of, pool_of, revalue
from fadearena.core.ledger import Movement
from fadearena.core.lifecycle import Order
from fadearena.core.target import cut
from fadearena.model.event import FundingPaid
from fadearena.model.fee import taker_rate
from fadearena.model.ids import BookKey, BotId, Cloid
from fadearena.model.order import OwnFill
from fadearena.model.record import CashBooked, FillKind, FundingBooked, MyFill, SleeveUpdate
from fadearena.model.units import ZERO, Price, Quantity, Usd, side_of

_FOREIGN = frozenset({FillKind.OPERATOR, FillKind.LIQUIDATION, FillKind.ADL, FillKind.SETTLEMENT, FillKind.STOP})
HELD_ALREADY = "the last reading held it already"
_INTERNAL = frozenset({FillKind.CROSS, FillKind.DUST})


def settle_moves(
    turn: Turn,
    key: BookKey,
    moves: list[Movement],
    fill_key: str,
    cloid: Cloid | None = None,
    *,
    saved: Usd = ZERO,
    fee: Usd = ZERO,
    fee_due: Usd = ZERO,
) -> None:
    """
    Carry movements of one book into cash, kept sums, sleeves and records.

    `saved` is what a crossing saved each side, `fee` what was charged for the movements, `fee_due` the fee that
    is still to be reported for them.
    """
    memory, flow = turn.state.books[key], ZERO
    if not moves:
        return
    turn.traded.add(key[0])
    for n, move in enumerate(moves):
        flow += move.change * move.price
        _show_move(turn, key, move, f"{fill_key}:{n}", cloid, (ZERO if n else fee, saved))
        if move.bot is not None:
            _after_sleeve(turn, key, move.bot, move, fee_due)
    if moves[0].kind not in _INTERNAL:
        pool_of(turn.state, key[0], key[1]).pay(flow)
    revalue(turn.state, key, memory, moves[-1].price, [move.bot for move in moves])
    if memory.wanting:
        turn.dirty.add(key)


def _show_move(
    turn: Turn, key: BookKey, move: Movement, fill_key: str, cloid: Cloid | None, money: tuple[Usd, Usd]
) -> None:
    turn.records.append(
        MyFill(
            key=fill_key,
            kind=move.kind,
            account=key[0],
            coin=key[1],
            part=move.part,
            bot=move.bot,
            side=side_of(move.change),
            quantity=abs(move.change),
            price=move.price,
            fee=money[0],
            realised=move.realised,
            cloid=cloid,
            saved=money[1],
        )
    )


def _after_sleeve(turn: Turn, key: BookKey, bot: BotId, move: Movement, fee_due: Usd) -> None:
    """Scale what was cut from outside, count a round trip, and show the sleeve."""
    memory, sleeve = turn.state.books[key], turn.sleeve(bot, key[1])
    if move.kind in _FOREIGN and sleeve.anchor is not None:
        cut(sleeve.anchor, move.before, move.after)
        sleeve.target, sleeve.growth = target_of(turn, bot, key[1], sleeve), None
    if move.after == 0:
        part = memory.book.sleeve(bot)
        net = part.realised - part.fees + part.funding - fee_due
        turn.state.bots[bot].stats.see_round_trip(net - sleeve.trip_base)
        sleeve.trip_base = net
    wants_work(turn, key, bot)
    show_sleeve(turn, key, bot)


def wants_work(turn: Turn, key: BookKey, bot: BotId) -> None:
    """Note whether a sleeve is off its target, and have its book looked at."""
    memory, sleeve = turn.state.books[key], turn.state.sleeves[(bot, key[1])]
    if memory.book.size_of(bot) != sleeve.target:
        turn.state.off_target.setdefault((bot, key[1]), turn.now)
        if bot not in memory.wanting:
            insort(memory.wanting, bot)
        turn.dirty.add(key)
        return
    turn.state.off_target.pop((bot, key[1]), None)
    if bot in memory.wanting:
        memory.wanting.remove(bot)
    sleeve.is_emergency, sleeve.growth, sleeve.said = False, None, ""
    if sleeve.target:
        sleeve.unmatched, sleeve.unmatched_usd, sleeve.implied_price = ZERO, ZERO, None


def show_sleeve(turn: Turn, key: BookKey, bot: BotId) -> None:
    """Record a sleeve as it is now."""
    part, sleeve = turn.state.books[key].book.sleeve(bot), turn.state.sleeves[(bot, key[1])]
    turn.records.append(
        SleeveUpdate(
            bot=bot,
            account=key[0],
            coin=key[1],
            size=part.size,
            cost=part.cost,
            target=sleeve.target,
            ratio=sleeve.anchor.ratio if sleeve.anchor else None,
            realised=part.realised,
            fees=part.fees,
            funding=part.funding,
        )
    )


def book_fee(turn: Turn, key: BookKey, bot: BotId | None, fee: Usd) -> None:
    """Pay a fee from the book's pool, and charge it to whom it belongs."""
    if fee:
        memory = turn.state.books[key]
        turn.traded.add(key[0])
        turn.state.today.fees += fee
        ledger.charge(memory.book, bot, fee)
        pool_of(turn.state, *key).pay(fee)
        revalue(turn.state, key, memory, touched=[bot])


def book_correction(turn: Turn, order: Order, fill: OwnFill, covered: Quantity, guessed: Price) -> None:
    """Replace the price of the part of a fill that was booked by its answer's average, and show its fee."""
    key, bot, change = order.book, order.terms.bot, fill.side.signed(covered)
    memory = turn.state.books[key]
    paid, realised, part = ledger.correct(memory.book, bot, change, guessed, fill.price)
    pool_of(turn.state, *key).pay(paid)
    turn.traded.add(key[0])
    revalue(turn.state, key, memory, touched=[bot])
    turn.records.append(
        MyFill(
            key=f"{fill.key}:fix",
            kind=FillKind.CORRECTION,
            account=key[0],
            coin=key[1],
            part=part,
            bot=bot,
            side=fill.side,
            quantity=ZERO,
            price=fill.price,
            fee=fill.fee,
            realised=realised,
            cloid=order.identity.cloid,
        )
    )
    if bot is not None and (bot, key[1]) in turn.state.sleeves:
        show_sleeve(turn, key, bot)


def book_funding(turn: Turn, paid: FundingPaid) -> None:
    """Share an hour's funding among the parts of a book."""
    key = (paid.account, paid.coin)
    memory = turn.state.books[key]
    turn.state.today.funding += paid.usd
    shares = ledger.book_funding(memory.book, paid.usd, paid.oracle, paid.rate)
    for bot, share in shares:
        turn.records.append(FundingBooked(account=key[0], coin=key[1], bot=bot, usd=share))
        if bot is not None and (bot, key[1]) in turn.state.sleeves:
            show_sleeve(turn, key, bot)
    revalue(turn.state, key, memory, touched=[bot for bot, _ in shares])
    held = turn.state.accounts[key[0]].purse.receive(pool_of(turn.state, *key), paid.usd, paid.time)
    book_cash(turn, key[0], held, HELD_ALREADY)


def cross(turn: Turn, key: BookKey, buyer: BotId | None, seller: BotId | None, amount: tuple[Usd, Price]) -> None:
    """Exchange (quantity, price) between two sleeves, or with the residue, and show what that saved each side."""
    quantity, price = amount
    quote = turn.state.quotes.get(key[1])
    rate = turn.state.account_policies[key[0]].taker_rate
    instrument = turn.state.instruments.get(key[1])
    rate = rate if instrument is None else taker_rate(rate, instrument)
    half_spread = (quote.ask - quote.bid) / 2 if quote and quote.ask is not None and quote.bid is not None else ZERO
    saved = quantity * (half_spread + rate * price)
    moves = ledger.cross(turn.state.books[key].book, buyer, seller, quantity, price)
    settle_moves(turn, key, moves, f"cross:{turn.state.seq}:{len(turn.records)}", saved=saved)
    for bot in (buyer, seller):
        if bot is not None:
            turn.state.bots[bot].stats.crossed_saved_usd += saved


def to_dust(turn: Turn, key: BookKey, bot: BotId, price: Price) -> None:
    """Move a sleeve that is too small to be sent to the residue, at mark (`price` where there never was one)."""
    moves = ledger.to_dust(turn.state.books[key].book, bot, mark_of(turn.state, key[1]) or price)
    settle_moves(turn, key, moves, f"dust:{turn.state.seq}:{len(turn.records)}")


def book_cash(turn: Turn, account: str, usd: Usd, reason: str) -> None:
    """Show that money came or went without a trade."""
    if usd:
        turn.records.append(CashBooked(account=account, usd=usd, reason=reason))


def net_of(turn: Turn, bot: BotId) -> Usd:
    """Return a bot's PnL over its sleeves: realised + unrealised - fees + funding; an unknown mark counts at cost."""
    total = ZERO
    for coin, part in parts_of(turn, bot):
        profit = part.profit(mark_of(turn.state, coin))
        total += part.realised - part.fees + part.funding if profit is None else profit
    return total
