"""
What must hold after every event, computed from nothing: sums, parts, limits.

Run by tests, the demo and `replay`; a worker can afford it now and then.
"""

from fadearena.core.engine.valuation import leverage_of, pool_name
from fadearena.core.state import BookMemory, State
from fadearena.kit.decimals import exact_arithmetic
from fadearena.model.margin import maintenance_margin
from fadearena.model.units import ZERO, Ratio, Usd, sign

_TOLERANCE = Ratio("0.000001")


def violations(state: State) -> list[str]:
    """Return what does not hold, one sentence each; empty when all is well."""
    with exact_arithmetic():
        return [*_parts(state), *_sums(state), *_equity(state), *_orders(state), *_signs(state)]


def _parts(state: State) -> list[str]:
    found: list[str] = []
    for (account, coin), memory in state.books.items():
        book = memory.book
        total = sum((part.size for _, _, part in book.parts()), start=ZERO)
        if total != book.position:
            found.append(f"{account} {coin}: the parts sum up to {total}, the book holds {book.position}")
        long = sum((max(part.size, ZERO) for part in book.sleeves.values()), start=ZERO)
        short = sum((min(part.size, ZERO) for part in book.sleeves.values()), start=ZERO)
        if (long, short) != (book.long, book.short):
            found.append(f"{account} {coin}: long {long} and short {short} sleeves, kept {book.long} and {book.short}")
        instrument = state.instruments.get(coin)
        for bot, part in book.sleeves.items():
            if instrument is not None and instrument.floor(part.size) != part.size:
                found.append(f"{bot} {coin}: {part.size} is not in whole lots of {instrument.lot}")
            if not part.size and abs(part.cost) > _TOLERANCE:
                found.append(f"{bot} {coin}: flat, but with a cost of {part.cost}")
    return found


def _sums(state: State) -> list[str]:
    found: list[str] = []
    exposure, pools = ZERO, dict[tuple[str, str], list[Usd]]()
    for (account, coin), memory in state.books.items():
        mark = memory.valued or ZERO
        exposure += memory.book.gross * mark
        name = pool_name(state, account, state.instruments.get(coin), coin)
        sums = pools.setdefault((account, name), [ZERO, ZERO, ZERO])
        worst, instrument = memory.book.worst * mark, state.instruments.get(coin)
        sums[0] += memory.book.position * mark
        sums[1] += worst / leverage_of(state, account, coin, memory) if worst else ZERO
        sums[2] += maintenance_margin(worst, instrument.margin_tiers) if worst and instrument else ZERO
    if exposure != state.exposure:
        found.append(f"exposure is {exposure}, kept {state.exposure}")
    for (account, name), (holdings, initial, maintenance) in pools.items():
        pool = state.accounts[account].purse.pool(name)
        for what, true, kept in (
            ("holdings", holdings, pool.holdings),
            ("initial margin", initial, pool.initial),
            ("maintenance margin", maintenance, pool.maintenance),
        ):
            if abs(true - kept) > _TOLERANCE:
                found.append(f"{account} {name}: {what} {true}, kept {kept}")
    reserved = sum((o.remaining * o.reserve_price for o in state.orders.values() if o.is_increase), start=ZERO)
    if reserved != state.reserved:
        found.append(f"reserved is {reserved}, kept {state.reserved}")
    return found


def _equity(state: State) -> list[str]:
    """Sum of (realised + unrealised - fees + funding) = change of equity - net deposits, within 1e-6 of notional."""
    found: list[str] = []
    for account, memory in state.accounts.items():
        purse = memory.purse
        if purse.opening is None or purse.equity is None:
            continue
        profit = notional = ZERO
        for coin in memory.coins:
            book = state.books[account, coin]
            profit += book.book.position * (book.valued or ZERO)
            notional += book.book.gross * (book.valued or ZERO)
            for _, _, part in book.book.parts():
                profit += part.realised - part.fees + part.funding - part.cost
        expected = purse.opening + purse.deposits + purse.adjusted + profit
        if abs(expected - purse.equity) > _TOLERANCE * max(notional, Usd(1)):
            found.append(f"{account}: equity {purse.equity}, by its parts {expected}")
    return found


def _orders(state: State) -> list[str]:
    found: list[str] = []
    for (account, coin), memory in state.books.items():
        increases = [c for c in memory.open if state.orders[c].is_increase]
        if len(increases) > 1:
            found.append(f"{account} {coin}: {len(increases)} unsettled increases")
        found += _unsettled(state, memory)
    return found


def _unsettled(state: State, memory: BookMemory) -> list[str]:
    return [
        f"order {c} is open, but {state.orders[c].status}" for c in memory.open if state.orders[c].status.is_settled
    ]


def _signs(state: State) -> list[str]:
    """A target has the sign that the direction gives to what is followed."""
    found: list[str] = []
    for (bot, coin), sleeve in state.sleeves.items():
        follow, anchor = state.follows.get((bot, coin)), sleeve.anchor
        if follow is None or anchor is None or not sleeve.target or not follow.followed:
            continue
        if sign(sleeve.target) != anchor.direction.sign * sign(follow.followed):
            found.append(f"{bot} {coin}: target {sleeve.target} for followed {follow.followed}")
    return found
