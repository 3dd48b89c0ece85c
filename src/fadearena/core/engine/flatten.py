"""
Closing everything, or one bot.

Flattening all closes what the exchange shows, ours or not, in every dex of every account, cancels every order that
rests, and goes on until two complete readings at least two seconds apart, newer than the last settlement and fill,
show nothing.
"""

from fadearena.core import ledger, pricing, risk
from fadearena.core.engine import booking, sources, stop_orders
from fadearena.core.engine.facts import usable_quote
from fadearena.core.engine.placing import cancel_resting, in_flight, place
from fadearena.core.engine.turn import Turn
from fadearena.core.engine.unknown import doubt
from fadearena.core.engine.valuation import mark_of
from fadearena.core.latches import ALL, LatchKind, bot_scope
from fadearena.core.state import AccountMemory, BookMemory
from fadearena.model.account import OpenOrder
from fadearena.model.command import ReadAccount, ReadBook
from fadearena.model.event import AccountRead
from fadearena.model.ids import AccountId, BookKey, BotId, Coin
from fadearena.model.order import OrderStatus, OrderTerms, Purpose
from fadearena.model.units import MINUTE_MS, SECOND_MS, ZERO, Size, side_of

ROUND_MS = 2 * SECOND_MS


def begin(turn: Turn, scope: str, actor: str, reason: str) -> None:
    """Kill, and close everything in a scope (`all` or one bot's); a second order only looks again at once."""
    turn.set_latch(scope, LatchKind.KILL, actor, reason)
    is_new = turn.set_latch(scope, LatchKind.FLATTEN, actor, reason)
    if scope != ALL:
        bot = scope.partition(":")[2]
        stop_in_flight(turn, bot)
        retarget_bot(turn, bot)
        finish_bots(turn)
        return
    if is_new:
        stop_in_flight(turn)
        for account in turn.state.accounts.values():
            account.flat_since = None
        for key, memory in sorted(turn.state.books.items()):
            memory.flatten_failed = 0
            if memory.book.position:
                _close(turn, key, memory, memory.book.position)
    read_all(turn)


def read_all(turn: Turn) -> None:
    """Read every account, and come back."""
    for account in sorted(turn.state.accounts):
        turn.commands.append(ReadAccount(account=account))
    turn.wake("flatten", turn.now + ROUND_MS)


def on_wake(turn: Turn) -> None:
    """Go on closing; tell each minute that it is not done yet."""
    latch = turn.state.latches.by_scope.get(ALL, {}).get(LatchKind.FLATTEN)
    if latch is None:
        return
    minutes = (turn.now - latch.since) // MINUTE_MS
    if minutes > (turn.now - latch.since - ROUND_MS) // MINUTE_MS:
        turn.alert("critical", "flatten", ALL, f"not confirmed flat after {minutes} min: {_what_is_left(turn)}")
    read_all(turn)


def _what_is_left(turn: Turn) -> str:
    """Name what stands between us and flat."""
    left = [
        f"{account} {coin} {memory.watch.theirs or memory.book.position}"
        for (account, coin), memory in sorted(turn.state.books.items())
        if memory.watch.theirs or memory.book.position or memory.open or memory.held_fills
    ]
    unread = [f"{name} was never read" for name, account in sorted(turn.state.accounts.items()) if not account.is_read]
    return ", ".join([*left, *unread]) or "two readings that show nothing are still to come"


def stop_in_flight(turn: Turn, bot: BotId | None = None) -> None:
    """Burn the nonce of every order in flight (of one bot, or of all), so that what has not run never will."""
    for order in in_flight(turn.state, turn.state.accounts):
        if bot in {None, order.terms.bot}:
            doubt(turn, order, "a stop came while it was in flight")


def on_read(turn: Turn, event: AccountRead, account: AccountMemory, positions: dict[Coin, Size]) -> None:
    """Close what a complete reading still shows; note whether it shows nothing."""
    state = turn.state
    if not state.latches.has(ALL, LatchKind.FLATTEN):
        return
    for order in event.orders:
        _cancel(turn, event.account, order)
    for coin, size in sorted(positions.items()):
        memory = state.books[event.account, coin]
        if size and _may_close(turn, memory):
            _close(turn, (event.account, coin), memory, size)
    if event.orders or any(positions.values()) or not _is_newer(account, event.time):
        account.flat_since = None
        return
    if account.flat_since is None or not _is_newer(account, account.flat_since):
        account.flat_since = event.time
    account.flat_to = event.time
    if all(_is_flat(turn, each) for each in state.accounts):
        _finish(turn)


def finish_bots(turn: Turn) -> None:
    """End the flatten of bots whose sleeves are zero; they stay halted until released."""
    state = turn.state
    for scope in list(state.latches.flattening):
        policy = state.bot_policies.get(scope.removeprefix(bot_scope("")))
        if policy is None:  # everything, or a bot that was removed
            continue
        books = [state.books[policy.account, coin] for coin in state.bots[policy.id].coins]
        flying = any(state.orders[cloid].terms.bot == policy.id for memory in books for cloid in memory.open)
        if not flying and not any(memory.book.size_of(policy.id) for memory in books):
            turn.end_latch(scope, LatchKind.FLATTEN, "core", "its sleeves are zero")
            turn.alert("info", "flatten", policy.id, "closed; it stays halted until it is released")


def retarget_bot(turn: Turn, bot: BotId) -> None:
    """Compute all targets of a bot anew."""
    policy = turn.state.bot_policies[bot]
    for coin in turn.state.bots[bot].coins:
        sources.retarget(turn, policy, coin)


def _is_newer(account: AccountMemory, time: int) -> bool:
    return time > max(account.last_fill, account.last_settled)


def _is_flat(turn: Turn, name: AccountId) -> bool:
    """Tell whether an account is confirmed flat: two readings, both newer than anything that happened, none open."""
    account = turn.state.accounts[name]
    books = [turn.state.books[name, coin] for coin in account.coins]
    if account.flat_since is None or any(memory.open or memory.held_fills for memory in books):
        return False
    if any(stop_orders.may_arrive(memory, account.flat_to) for memory in books):
        return False
    return _is_newer(account, account.flat_since) and account.flat_to >= account.flat_since + ROUND_MS


def _may_close(turn: Turn, memory: BookMemory) -> bool:
    """
    Tell whether another close may be sent.

    Beside an unknown order a reduce-only close of the live position is safe; a close that is unknown itself is
    waited for until its deadline.
    """
    for order in (turn.state.orders[cloid] for cloid in memory.open):
        if order.status is not OrderStatus.UNKNOWN:
            return False
        if order.terms.purpose is Purpose.FLATTEN and turn.now < order.verdict_from:
            return False
    return True


def _cancel(turn: Turn, account: AccountId, order: OpenOrder) -> None:
    """Cancel an order that rests, whoever placed it."""
    instrument = turn.state.instruments.get(order.coin)
    if instrument is None:
        turn.alert_once(
            "critical", "flatten", order.coin, f"order {order.order_id} cannot be cancelled: unknown market"
        )
    else:
        cancel_resting(turn, account, instrument.asset_id, order_id=order.order_id)


def _close(turn: Turn, key: BookKey, memory: BookMemory, size: Size) -> None:
    """Send a reduce-only close of a position, at a cap that doubles with each failure."""
    state = turn.state
    instrument, quote = state.instruments.get(key[1]), state.quotes.get(key[1])
    verdict = risk.judge_close(turn.trading_state(key[0]), instrument, abs(size))
    if instrument is None or not verdict.quantity:
        turn.alert_once("critical", "flatten", key[1], f"a position of {size} cannot be closed: {verdict.reason}")
        return
    bps = pricing.flatten_bps(state.policy.slippage, memory.flatten_failed)
    limit = pricing.reduce_limit(instrument, usable_quote(quote, turn.now), side_of(-size), bps)
    if pricing.is_stale(quote, turn.now):
        turn.commands.append(ReadBook(coin=key[1]))
    if limit is None:
        turn.alert_once("critical", "flatten", key[1], "a position cannot be closed yet: no price is known")
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
    for key, memory in sorted(turn.state.books.items()):
        mark = mark_of(turn.state, key[1])
        price = mark if mark is not None else memory.valued
        if price is not None:
            moves = ledger.close_all(memory.book, price)
            booking.settle_moves(turn, key, moves, f"flat:{turn.state.seq}:{key[1]}")
        turn.all_clear("flatten", key[1])
    turn.end_latch(ALL, LatchKind.FLATTEN, "core", "confirmed flat")
    turn.alert("info", "flatten", ALL, "confirmed flat; it stays halted until it is released")
