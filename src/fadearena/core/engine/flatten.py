"""
Closing everything, or one bot.

Flattening all closes what the exchange shows, ours or not, in every dex of every account, and goes on until two
complete readings at least two seconds apart, newer than the last settlement and fill, show nothing.
"""

from fadearena.core import ledger, pricing, risk
from fadearena.core.engine import booking, orders, sources
from fadearena.core.engine.placing import place
from fadearena.core.engine.turn import Turn
from fadearena.core.engine.valuation import mark_of
from fadearena.core.latches import ALL, LatchKind, bot_scope
from fadearena.core.state import AccountMemory
from fadearena.model.command import ReadAccount, ReadBook
from fadearena.model.event import AccountRead
from fadearena.model.ids import BookKey, Coin
from fadearena.model.order import OrderTerms, Purpose
from fadearena.model.trading import TradingState
from fadearena.model.units import SECOND_MS, ZERO, Size, side_of

ROUND_MS = 2 * SECOND_MS


def begin(turn: Turn, scope: str, actor: str, reason: str) -> None:
    """Kill, and close everything in a scope (`all` or one bot's)."""
    turn.set_latch(scope, LatchKind.KILL, actor, reason)
    turn.set_latch(scope, LatchKind.FLATTEN, actor, reason)
    if scope != ALL:
        bot = scope.partition(":")[2]
        retarget_bot(turn, bot)
        finish_bots(turn)
        return
    stop_in_flight(turn)
    for account in turn.state.accounts.values():
        account.flat_since, account.is_flat = None, False
    for key in sorted(turn.state.books):
        memory = turn.state.books[key]
        memory.flatten_failed = 0
        if memory.book.position:
            _close(turn, key, memory.book.position)
    read_all(turn)


def read_all(turn: Turn) -> None:
    """Read every account, and come back."""
    for account in sorted(turn.state.accounts):
        turn.commands.append(ReadAccount(account=account))
    turn.wake("flatten", turn.now + ROUND_MS)


def stop_in_flight(turn: Turn) -> None:
    """Burn the nonce of every order in flight, so that what has not run never will."""
    for memory in (turn.state.books[key] for key in sorted(turn.state.books)):
        for cloid in list(memory.open):
            order = turn.state.orders[cloid]
            if not order.is_burnt:
                orders.doubt(turn, order, "a stop came while it was in flight")


def on_read(turn: Turn, event: AccountRead, account: AccountMemory, positions: dict[Coin, Size]) -> None:
    """Close what a complete reading still shows; note whether it shows nothing."""
    state = turn.state
    if not state.latches.has(ALL, LatchKind.FLATTEN):
        return
    is_zero = not any(positions.values())
    is_newer = event.time > max(account.last_fill, account.last_settled)
    in_flight = any(state.books[event.account, coin].open for coin in account.coins)
    if not is_zero or not is_newer or in_flight:
        account.flat_since, account.is_flat = None, False
        for coin, size in sorted(positions.items()):
            if size and not state.books[event.account, coin].open:
                _close(turn, (event.account, coin), size)
        return
    if account.flat_since is None:
        account.flat_since = event.time
    elif event.time >= account.flat_since + ROUND_MS:
        account.is_flat = True
    if all(other.is_flat for other in state.accounts.values()):
        _finish(turn)


def finish_bots(turn: Turn) -> None:
    """End the flatten of bots whose sleeves are zero; they stay halted until released."""
    state = turn.state
    for policy in state.policy.bots:
        scope = bot_scope(policy.id)
        if not state.latches.has(scope, LatchKind.FLATTEN):
            continue
        memory = state.bots[policy.id]
        books = [state.books[policy.account, coin] for coin in memory.coins]
        if not any(b.book.size_of(policy.id) for b in books) and not _in_flight(turn, policy.id, policy.account):
            turn.end_latch(scope, LatchKind.FLATTEN, "core", "its sleeves are zero")
            turn.alert("info", "flatten", policy.id, "closed; it stays halted until it is released")


def retarget_bot(turn: Turn, bot: str) -> None:
    """Compute all targets of a bot anew."""
    policy = turn.state.bot_policies[bot]
    for coin in turn.state.bots[bot].coins:
        sources.retarget(turn, policy, coin)


def _in_flight(turn: Turn, bot: str, account: str) -> bool:
    books = (turn.state.books[account, coin] for coin in turn.state.bots[bot].coins)
    return any(turn.state.orders[cloid].terms.bot == bot for memory in books for cloid in memory.open)


def _close(turn: Turn, key: BookKey, size: Size) -> None:
    """Send a reduce-only close of a position, at a cap that doubles with each failure."""
    state, memory = turn.state, turn.state.books[key]
    instrument, quote = state.instruments.get(key[1]), state.quotes.get(key[1])
    verdict = risk.judge_close(turn.trading_state(key[0]), instrument, abs(size))
    if instrument is None or not verdict.quantity:
        turn.alert("critical", "flatten", key[1], f"a position of {size} cannot be closed: {verdict.reason}")
        return
    bps = pricing.flatten_bps(state.policy.slippage, memory.flatten_failed)
    limit = pricing.reduce_limit(instrument, quote, side_of(-size), bps)
    if pricing.is_stale(quote, turn.now):
        turn.commands.append(ReadBook(coin=key[1]))
    if limit is None:
        turn.alert("critical", "flatten", key[1], "a position cannot be closed yet: no price is known")
        return
    terms = OrderTerms(
        account=key[0],
        coin=key[1],
        asset_id=instrument.asset_id,
        side=side_of(-size),
        quantity=abs(size),
        limit=limit,
        reduce_only=True,
        purpose=Purpose.FLATTEN,
        bot=None,
        residue_quantity=ZERO,
    )
    place(turn, verdict, terms)


def _finish(turn: Turn) -> None:
    """Book every part to zero and end the flatten: confirmed flat, halted until released."""
    for key in sorted(turn.state.books):
        memory, mark = turn.state.books[key], mark_of(turn.state, key[1])
        price = mark if mark is not None else memory.valued
        if price is not None:
            moves = ledger.close_all(memory.book, price)
            booking.settle_moves(turn, key, moves, f"flat:{turn.state.seq}:{key[1]}")
    for account in turn.state.accounts.values():
        account.flat_since, account.is_flat = None, False
    turn.end_latch(ALL, LatchKind.FLATTEN, "core", "confirmed flat")
    turn.alert("info", "flatten", ALL, "confirmed flat; it stays halted until it is released")


def is_flattening(turn: Turn) -> bool:
    """Tell whether everything is being closed."""
    return turn.state.latches.state(ALL) is TradingState.FLATTENING
