"""
What must hold after every event, computed from nothing: sums, parts, limits.

Run by tests, the demo and `replay`; a worker can afford it now and then.
"""

from fadearena.core.engine.stop_orders import alive
from fadearena.core.engine.valuation import leverage_of, pool_name
from fadearena.core.state import STOPS_MAX, State
from fadearena.core.stop_order import StopStatus
from fadearena.kit.decimals import exact_arithmetic
from fadearena.model.ids import BotId, Cloid
from fadearena.model.margin import maintenance_margin
from fadearena.model.units import ZERO, Ratio, Usd, sign

_TOLERANCE = Ratio("0.000001")


def violations(state: State) -> list[str]:
    """Return what does not hold, one sentence each; empty when all is well."""
    with exact_arithmetic():
        return [*_parts(state), *_sums(state), *_equity(state), *_orders(state), *_stops(state), *_signs(state)]


def _parts(state: State) -> list[str]:
    """The position of a book is the sum of its parts, exactly, in whole lots."""
    found: list[str] = []
    for (account, coin), memory in state.books.items():
        book, instrument = memory.book, state.instruments.get(coin)
        total = sum((part.size for _, _, part in book.parts()), start=ZERO)
        if total != book.position:
            found.append(f"{account} {coin}: the parts sum up to {total}, the book holds {book.position}")
        long = sum((max(part.size, ZERO) for part in book.sleeves.values()), start=ZERO)
        short = sum((min(part.size, ZERO) for part in book.sleeves.values()), start=ZERO)
        if (long, short) != (book.long, book.short):
            found.append(f"{account} {coin}: long {long} and short {short} sleeves, kept {book.long} and {book.short}")
        for kind, bot, part in book.parts():
            name = f"{account} {coin} {bot or kind}"
            if instrument is not None and instrument.floor(part.size) != part.size:
                found.append(f"{name}: {part.size} is not in whole lots of {instrument.lot}")
            if not part.size and abs(part.cost) > _TOLERANCE:
                found.append(f"{name}: flat, but with a cost of {part.cost}")
    return found


def _sums(state: State) -> list[str]:
    """What is kept of exposure and margins is what the books add up to."""
    exposure, pools = ZERO, dict[tuple[str, str], list[Usd]]()
    for (account, coin), memory in state.books.items():
        mark, instrument = memory.valued or ZERO, state.instruments.get(coin)
        worst = memory.book.worst * mark
        exposure += memory.book.gross * mark
        sums = pools.setdefault((account, pool_name(state, account, instrument, coin)), [ZERO, ZERO, ZERO])
        sums[0] += memory.book.position * mark
        sums[1] += worst / leverage_of(state, account, coin, memory) if worst else ZERO
        sums[2] += maintenance_margin(worst, instrument.margin_tiers) if worst and instrument else ZERO
    rows = [("exposure", exposure, state.exposure)]
    for (account, name), (holdings, initial, maintenance) in pools.items():
        pool = state.accounts[account].purse.pool(name)
        rows += [
            (f"{account} {name}: holdings", holdings, pool.holdings),
            (f"{account} {name}: initial margin", initial, pool.initial),
            (f"{account} {name}: maintenance margin", maintenance, pool.maintenance),
        ]
    rows += _bot_sums(state)
    reserved = sum((o.remaining * o.reserve_price for o in state.orders.values() if o.is_increase), start=ZERO)
    rows.append(("reserved", reserved, state.reserved))
    return [f"{what} is {true}, kept {kept}" for what, true, kept in rows if abs(true - kept) > _TOLERANCE]


def _bot_sums(state: State) -> list[tuple[str, Usd, Usd]]:
    """Return what bots have in flight, and those with a limit hold and earned, anew and as it is kept."""
    flying: dict[BotId | None, Usd] = {}
    listed = (state.orders.get(cloid) for memory in state.books.values() for cloid in memory.open)
    for order in listed:
        if order is not None and order.is_increase:
            bot_id = order.terms.bot
            flying[bot_id] = flying.get(bot_id, ZERO) + order.remaining * order.reserve_price
    rows: list[tuple[str, Usd, Usd]] = []
    for bot, memory in state.bots.items():
        rows.append((f"{bot}: reserved", flying.get(bot, ZERO), memory.reserved))
        if not state.bot_policies[bot].is_limited:
            continue
        profit = gross = ZERO
        for coin in memory.coins:
            book = state.books[state.bot_policies[bot].account, coin]
            part = book.book.sleeves.get(bot)
            if part is not None and book.valued is not None:
                profit, gross = profit + part.value(book.valued), gross + abs(part.size) * book.valued
        rows += [(f"{bot}: profit", profit, memory.profit), (f"{bot}: gross", gross, memory.gross)]
    return rows


def _equity(state: State) -> list[str]:
    """Sum of (realised + unrealised - fees + funding) = change of equity - net deposits, within 1e-6 of notional."""
    found: list[str] = []
    for account, memory in state.accounts.items():
        purse = memory.purse
        if purse.opening is None or purse.total is None:
            continue
        profit = notional = ZERO
        for coin in memory.coins:
            book = state.books[account, coin]
            profit += book.book.position * (book.valued or ZERO)
            notional += book.book.gross * (book.valued or ZERO)
            for _, _, part in book.book.parts():
                profit += part.realised - part.fees + part.funding - part.cost
        expected = purse.opening + purse.deposits + purse.adjusted + profit
        if abs(expected - purse.total) > _TOLERANCE * max(notional, Usd(1)):
            found.append(f"{account}: equity {purse.total}, by its parts {expected}")
    return found


def _orders(state: State) -> list[str]:
    """Every unsettled order is known to its book, at most one of them increases, and what was executed is booked."""
    found: list[str] = []
    listed: list[Cloid] = []
    for (account, coin), memory in state.books.items():
        listed += memory.open
        increases = [c for c in memory.open if c in state.orders and state.orders[c].is_increase]
        if len(increases) > 1:
            found.append(f"{account} {coin}: {len(increases)} unsettled increases")
    unsettled = sorted(cloid for cloid, order in state.orders.items() if not order.status.is_settled)
    if sorted(listed) != unsettled:
        found.append(f"orders {unsettled} are unsettled, the books list {sorted(listed)}")
    for account, kept in state.accounts.items():
        flying = [coin for coin in kept.coins if state.books[account, coin].open]
        if flying != kept.flying:
            found.append(f"{account}: orders are in flight in {flying}, kept {kept.flying}")
    for cloid, order in state.orders.items():
        executed = max(order.answered, order.filled)
        if order.booked != executed:
            found.append(f"order {cloid}: {executed} was executed, {order.booked} is booked")
    return found


def _stops(state: State) -> list[str]:
    """A book waits for one stop at most, those that rest stay few, and none is taken for an order."""
    found: list[str] = []
    for (account, coin), memory in state.books.items():
        living = alive(memory)
        waiting = [stop.cloid for stop in living if stop.status is StopStatus.PENDING]
        if len(waiting) > 1:
            found.append(f"{account} {coin}: {len(waiting)} stops wait for an answer")
        if len(memory.stops) > max(STOPS_MAX, len(living)):
            found.append(f"{account} {coin}: {len(memory.stops)} stops are remembered")
        found += [
            f"{account} {coin}: stop {stop.cloid} is an order, too"
            for stop in memory.stops
            if stop.cloid in state.orders
        ]
        found += [
            f"{account} {coin}: stop {stop.cloid} covers {stop.covered} of {stop.quantity}"
            for stop in memory.stops
            if not ZERO <= stop.covered <= stop.quantity
        ]
    return found


def _signs(state: State) -> list[str]:
    """A target has the sign that the direction gives to what is followed."""
    found: list[str] = []
    for (bot, coin), sleeve in state.sleeves.items():
        follow, anchor = state.follows.get((bot, coin)), sleeve.anchor
        if follow is None or anchor is None or not sleeve.target:
            continue
        if sign(sleeve.target) != anchor.direction.sign * sign(follow.followed):
            found.append(f"{bot} {coin}: target {sleeve.target} for followed {follow.followed}")
    return found
