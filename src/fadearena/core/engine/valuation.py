"""
Kept sums: holdings and margins of pools, gross exposure.

Whatever changes a book's position or price calls `revalue`; nothing else touches the sums, and `invariants`
computes them again from nothing.
"""

from collections.abc import Iterable

from fadearena.core.engine.turn import Turn
from fadearena.core.equity import Pool
from fadearena.core.ledger import Part
from fadearena.core.lifecycle import Order
from fadearena.core.state import BookMemory, State
from fadearena.model.ids import AccountId, BookKey, BotId, Coin, dex_of
from fadearena.model.instrument import Instrument
from fadearena.model.margin import maintenance_margin
from fadearena.model.market import Quote
from fadearena.model.units import ZERO, Price, Usd


def pool_name(state: State, account: AccountId, instrument: Instrument | None, coin: Coin) -> str:
    """Return the pool that stands for a coin: its dex in standard mode, its collateral token when pooled."""
    token = instrument.collateral_token if instrument else 0
    if state.accounts[account].mode.is_pooled:
        return f"token:{token}"
    return f"dex:{dex_of(coin)}"


def pool_of(state: State, account: AccountId, coin: Coin) -> Pool:
    """Return the pool that stands for a coin, made if there is none."""
    purse, memory = state.accounts[account].purse, state.books.get((account, coin))
    known = memory.pool if memory is not None else ""
    return purse.pool(known or pool_name(state, account, state.instruments.get(coin), coin))


def leverage_of(state: State, account: AccountId, coin: Coin, memory: BookMemory) -> int:
    """Return the leverage at which a book's margin is counted: as read, else as wanted."""
    if memory.leverage.value is not None:
        return memory.leverage.value
    return wanted_leverage(state, account, coin)


def wanted_leverage(state: State, account: AccountId, coin: Coin) -> int:
    """Return min of the account's, the market's and the book's bots' maximum leverage."""
    limits = [state.account_policies[account].max_leverage]
    instrument = state.instruments.get(coin)
    if instrument:
        limits.append(instrument.max_leverage)
    limits += [
        most
        for bot, most in state.leverages.items()
        if (bot, coin) in state.sleeves and state.bot_policies[bot].account == account
    ]
    return min(limits)


def revalue(
    state: State,
    key: BookKey,
    memory: BookMemory,
    price: Price | None = None,
    touched: Iterable[BotId | None] = (),
) -> None:
    """
    Bring the kept sums up to a book's position and price.

    Args:
        state: Changed in place.
        key: The book.
        memory: Its memory.
        price: The price of a trade, for where no mark was ever known.
        touched: The bots whose part changed, if not only the price did; a part that is flat has no price.
    """
    account, coin = key
    quote = state.quotes.get(coin)
    mark = quote.mark if quote and quote.mark is not None else memory.valued or price
    if mark is None:
        return
    is_moved, changed = memory.valued != mark, frozenset(touched)
    memory.valued = mark
    book, instrument = memory.book, state.instruments.get(coin)
    pool = state.accounts[account].purse.pool(memory.pool or _assign(state, key, memory, instrument))
    holdings, gross, worst = book.position * mark, book.gross * mark, book.worst * mark
    initial = worst / leverage_of(state, account, coin, memory) if worst else ZERO
    maintenance = maintenance_of(state, coin, worst)
    pool.holdings += holdings - memory.counted_holdings
    pool.initial += initial - memory.counted_initial
    pool.maintenance += maintenance - memory.counted_maintenance
    state.exposure += gross - memory.counted_gross
    if gross and not memory.counted_gross and state.oldest_mark is not None:
        state.oldest_mark = min(state.oldest_mark, quote.mark_time if quote else 0)
    memory.counted_holdings, memory.counted_gross = holdings, gross
    memory.counted_initial, memory.counted_maintenance = initial, maintenance
    for bot in memory.limited if is_moved or changed else ():
        part = book.sleeves[bot]
        if (is_moved and part.size) or bot in changed:
            _count_sleeve(state, bot, coin, part, mark)


def _count_sleeve(state: State, bot: BotId, coin: Coin, part: Part, mark: Price) -> None:
    """Bring a bot's kept sums up to one of its sleeves."""
    memory, sleeve = state.bots[bot], state.sleeves[bot, coin]
    profit, gross = part.value(mark), abs(part.size) * mark
    memory.profit += profit - sleeve.counted_profit
    memory.gross += gross - sleeve.counted_gross
    sleeve.counted_profit, sleeve.counted_gross = profit, gross


def count_bots_anew(turn: Turn) -> None:
    """Begin the bots' kept sums anew, after their limits changed."""
    state = turn.state
    for bot in state.bots.values():
        bot.profit = bot.gross = ZERO
    for memory in state.books.values():
        memory.limited = []
    for (bot_id, coin), sleeve in sorted(state.sleeves.items()):
        sleeve.counted_profit = sleeve.counted_gross = ZERO
        turn.sum_up(bot_id, coin)
    for key, memory in sorted(state.books.items()):
        revalue(state, key, memory, touched=memory.limited)


def count_bot_anew(turn: Turn, bot: BotId) -> None:
    """Begin one bot's kept sums anew, after its limits changed."""
    state, memory = turn.state, turn.state.bots[bot]
    memory.profit = memory.gross = ZERO
    for coin in memory.coins:
        sleeve = state.sleeves[bot, coin]
        sleeve.counted_profit = sleeve.counted_gross = ZERO
        key = (sleeve.account, coin)
        book = state.books[key]
        book.limited = [other for other in book.limited if other != bot]
        turn.sum_up(bot, coin)
        revalue(state, key, book, touched=[bot])


def maintenance_of(state: State, coin: Coin, notional: Usd) -> Usd:
    """Return the maintenance margin of a notional; zero while the market is not known."""
    instrument = state.instruments.get(coin)
    return maintenance_margin(notional, instrument.margin_tiers) if notional and instrument else ZERO


def _assign(state: State, key: BookKey, memory: BookMemory, instrument: Instrument | None) -> str:
    memory.pool = pool_name(state, key[0], instrument, key[1])
    return memory.pool


def move_pool(state: State, key: BookKey, memory: BookMemory) -> None:
    """Count a book in the pool where it belongs now, after the account's mode or the market was learnt."""
    account, coin = key
    name = pool_name(state, account, state.instruments.get(coin), coin)
    if memory.pool in {"", name}:
        memory.pool = name
        return
    old = state.accounts[account].purse.pool(memory.pool)
    old.holdings -= memory.counted_holdings
    old.initial -= memory.counted_initial
    old.maintenance -= memory.counted_maintenance
    new = state.accounts[account].purse.pool(name)
    new.holdings += memory.counted_holdings
    new.initial += memory.counted_initial
    new.maintenance += memory.counted_maintenance
    memory.pool = name


def take_quotes(turn: Turn) -> None:
    """Take over the prices that came with an event; an older price never replaces a newer one."""
    state = turn.state
    for quote in turn.event.quotes:
        known = state.quotes.get(quote.coin)
        merged = quote if known is None else _merge(known, quote)
        if merged == known:
            continue
        state.quotes[quote.coin] = merged
        for account in state.account_policies:
            memory = state.books.get((account, quote.coin))
            if memory is None:
                continue
            if memory.book.gross:
                turn.is_money_moved = True
                if memory.valued != merged.mark:
                    turn.repriced.add((account, quote.coin))
                    revalue(state, (account, quote.coin), memory)
            for order in (state.orders[cloid] for cloid in memory.open):
                order.reserve_price = max(order.terms.limit, merged.mark or ZERO)
                reserve(state, order)
            if memory.wanting or memory.book.residue.size:
                turn.dirty.add((account, quote.coin))


def _merge(old: Quote, new: Quote) -> Quote:
    """Take what is newer of each: mark (with its oracle) and touch."""
    newer_mark = new.mark is not None and new.mark_time >= old.mark_time
    newer_touch = new.touch_time >= old.touch_time and new.touch_time > 0
    if newer_mark and newer_touch and (new.oracle is not None or old.oracle is None):
        return new
    if not newer_mark and not newer_touch:
        return old
    mark, touch = (new if newer_mark else old), (new if newer_touch else old)
    return Quote(
        coin=old.coin,
        mark=mark.mark,
        mark_time=mark.mark_time,
        bid=touch.bid,
        ask=touch.ask,
        touch_time=touch.touch_time,
        oracle=mark.oracle if mark.oracle is not None else old.oracle,
    )


def reserve(state: State, order: Order) -> None:
    """Count what an increase in flight could still add to exposure."""
    reserved = order.remaining * order.reserve_price if order.is_increase else ZERO
    more, bot = reserved - order.reserved, order.terms.bot
    if more and bot is not None:
        state.reserved += more
        state.bots[bot].reserved += more
        order.reserved = reserved


def mark_of(state: State, coin: Coin) -> Price | None:
    """Return the last mark of a coin, None if there never was one."""
    quote = state.quotes.get(coin)
    return quote.mark if quote else None


def asset_exposure(state: State, coin: Coin) -> Usd:
    """Return the gross notional of a coin over all accounts, increases in flight included."""
    total = ZERO
    for account in state.account_policies:
        memory = state.books.get((account, coin))
        if memory is not None:
            total += memory.counted_gross
            total += sum((state.orders[cloid].reserved for cloid in memory.open), start=ZERO)
    return total


def parts_of(turn: Turn, bot: BotId) -> list[tuple[Coin, Part]]:
    """Return a bot's parts, by coin."""
    state = turn.state
    account = state.bot_policies[bot].account
    books = ((coin, state.books[account, coin].book) for coin in state.bots[bot].coins)
    return [(coin, book.sleeves[bot]) for coin, book in books if bot in book.sleeves]


def total_equity(state: State) -> Usd | None:
    """Return the equity of all accounts; None while one is not known."""
    total = ZERO
    for _, memory in sorted(state.accounts.items()):
        equity = memory.purse.equity
        if equity is None:
            return None
        total += equity
    return total if state.accounts else None
