"""Readings of our accounts: equity, positions against our sum, leverage, funding, deposits."""

from fadearena.core import ledger
from fadearena.core.engine import booking, flatten, limits, orders, sources
from fadearena.core.engine.fills import is_new
from fadearena.core.engine.turn import Turn
from fadearena.core.engine.valuation import mark_of, move_pool, pool_of, revalue, total_equity
from fadearena.core.equity import believe
from fadearena.core.reconcile import QUIET_MS, Verdict, compare, is_drift
from fadearena.core.state import AccountMemory, BookMemory
from fadearena.model.account import equity_of
from fadearena.model.command import ReadAccount, ReadLeverage, ReadOwnFills
from fadearena.model.event import (
    AccountRead,
    AccountUnreadable,
    ActionAnswered,
    BudgetRead,
    CashMoved,
    DirectlyFlattened,
    FundingPaid,
    LeverageRead,
)
from fadearena.model.ids import AccountId, BookKey, Coin
from fadearena.model.order import ActionKind, ActionOutcome, OrderStatus
from fadearena.model.policy import Repair
from fadearena.model.record import CashBooked, Drift, EquityPoint
from fadearena.model.units import SECOND_MS, ZERO, Price, Size, Usd

_RETRY_MS = 10 * SECOND_MS
_AGAIN_MS = QUIET_MS + 1


def on_read(turn: Turn, event: AccountRead) -> None:
    """Take a complete reading of an account."""
    state = turn.state
    account = state.accounts.get(event.account)
    if account is None or event.time < account.read_time:
        return
    first = not account.is_read
    if account.mode is not event.mode:
        account.mode = event.mode
        for coin in account.coins:
            move_pool(state, (event.account, coin), state.books[event.account, coin])
    positions = {p.coin: (p.size, p.entry) for dex in event.dexs for p in dex.positions}
    account.is_read, account.read_time = True, event.time
    if first:
        _adopt(turn, event.account, positions)
    _reconcile(turn, event, account, {coin: size for coin, (size, _) in positions.items()})
    _take_equity(turn, event, account)
    flatten.on_read(turn, event, account, {coin: size for coin, (size, _) in positions.items()})
    for coin in account.coins:
        memory = state.books[event.account, coin]
        for cloid in list(memory.open):
            if state.orders[cloid].status is OrderStatus.UNKNOWN:
                orders.conclude(turn, state.orders[cloid])
        if memory.todo and (first or state.settling):
            turn.dirty.add((event.account, coin))
    limits.watch_tracking(turn, event.account)
    turn.wake(f"reconcile:{event.account}", turn.now + state.policy.tuning.reconcile_ms)


def on_unreadable(turn: Turn, event: AccountUnreadable) -> None:
    """Note that an account could not be read; what was known stays known, and it is read again."""
    if event.account in turn.state.accounts:
        turn.alert("warning", "account", event.account, f"the account could not be read: {event.reason}")
        turn.wake(f"reconcile:{event.account}", turn.now + _RETRY_MS)


def on_leverage(turn: Turn, event: LeverageRead) -> None:
    """Take the leverage that the exchange holds for a book."""
    if event.account not in turn.state.accounts:
        return
    memory = turn.book(event.account, event.coin)
    leverage = memory.leverage
    leverage.value, leverage.is_cross, leverage.requested = event.leverage, event.is_cross, 0
    revalue(turn.state, (event.account, event.coin), memory)
    turn.dirty.add((event.account, event.coin))


def on_leverage_answer(turn: Turn, event: ActionAnswered) -> None:
    """Read leverage back after it was set; a refusal is shown and tried again later."""
    memory = turn.state.books.get((event.account, event.subject))
    if memory is None:
        return
    if event.outcome in {ActionOutcome.ACCEPTED, ActionOutcome.UNKNOWN}:
        turn.commands.append(ReadLeverage(account=event.account, coin=event.subject))
        return
    memory.leverage.requested, memory.leverage.failed = 0, turn.now
    turn.alert("warning", ActionKind.LEVERAGE, event.subject, f"leverage could not be set: {event.text}")
    turn.dirty.add((event.account, event.subject))


def on_funding(turn: Turn, event: FundingPaid) -> None:
    """Book an hour's funding once."""
    account = turn.state.accounts.get(event.account)
    if account is not None and is_new(account, f"funding:{event.key}", event.time):
        turn.book(event.account, event.coin)
        booking.book_funding(turn, (event.account, event.coin), event.usd, event.oracle, event.rate)


def on_cash(turn: Turn, event: CashMoved) -> None:
    """Book a deposit or withdrawal once: it is no profit, and moves the high-water mark."""
    account = turn.state.accounts.get(event.account)
    if account is None or not is_new(account, f"cash:{event.key}", event.time):
        return
    purse = account.purse
    pool_of(turn.state, event.account, "").pay(-event.usd)
    if purse.reading.confirmed is not None:
        purse.deposits += event.usd
        purse.day_deposits += event.usd
        turn.state.peak.shift(event.usd)
    turn.records.append(CashBooked(account=event.account, usd=event.usd, reason="deposit or withdrawal"))


def on_budget(turn: Turn, event: BudgetRead) -> None:
    """Note how many signed actions the exchange still allows."""
    account = turn.state.accounts.get(event.account)
    if account is not None:
        account.actions_left = event.actions_left


def on_direct_flatten(turn: Turn, event: DirectlyFlattened) -> None:
    """Adopt orders that the emergency way out sent, and fetch their fills."""
    account = turn.state.accounts.get(event.account)
    if account is not None:
        for cloid in event.cloids:
            turn.state.adopted[cloid] = turn.now
        turn.commands.append(ReadOwnFills(account=event.account, since=account.fills_to))
        turn.commands.append(ReadAccount(account=event.account))


# --- equity


def _take_equity(turn: Turn, event: AccountRead, account: AccountMemory) -> None:
    purse, state = account.purse, turn.state
    usd = equity_of(event.mode, tuple(dex.value for dex in event.dexs), event.spot)
    if usd is None:
        turn.records.append(EquityPoint(series=f"account:{event.account}", usd=None))
        return
    if not believe(purse.reading, usd, event.time, purse.equity, state.policy.tuning.equity_jump):
        turn.wake(f"reconcile:{event.account}", turn.now + _AGAIN_MS)
        return
    if _is_racing(turn, event, account):
        return
    before = purse.opening
    if event.mode.is_pooled:
        off = purse.pool("token:0").settle(usd - _other_pools(account))
    else:
        off = sum((purse.pool(f"dex:{dex.dex}").settle(dex.value) for dex in event.dexs), start=ZERO)
    if before is None:
        purse.opening = usd - limits.profit_of(turn, event.account)
    else:
        purse.adjusted += off
        booking.book_cash(turn, event.account, off, "adjusted to a confirmed reading")
    if purse.day_open is None:
        purse.day_open = usd
    turn.records.append(EquityPoint(series=f"account:{event.account}", usd=purse.equity))
    total = total_equity(state)
    if total is not None:
        state.peak.see(total)
    for policy in state.policy.bots:
        if policy.account == event.account and before is None:
            sources.complete_anchors(turn, policy, state.bots[policy.id])


def _other_pools(account: AccountMemory) -> Usd:
    pools = account.purse.pools.items()
    return sum((p.equity for name, p in pools if name != "token:0" and p.equity is not None), start=ZERO)


def _is_racing(turn: Turn, event: AccountRead, account: AccountMemory) -> bool:
    """Tell whether a reading may lack an execution of ours; the very first is taken as it is."""
    if account.purse.opening is None:
        return False
    in_flight = any(turn.state.books[event.account, coin].open for coin in account.coins)
    return in_flight or event.time < account.last_fill + QUIET_MS


# --- positions


def _adopt(turn: Turn, account: AccountId, positions: dict[Coin, tuple[Size, Price | None]]) -> None:
    """Take over what the account held before us, as external."""
    for coin, (size, entry) in sorted(positions.items()):
        memory = turn.book(account, coin)
        mark = mark_of(turn.state, coin)
        price = entry if entry is not None else mark
        missing = size - memory.book.position
        if missing and price is not None:
            ledger.adopt_external(memory.book, missing, price)
            revalue(turn.state, (account, coin), memory, price)


def _reconcile(turn: Turn, event: AccountRead, account: AccountMemory, theirs: dict[Coin, Size]) -> None:
    for coin in sorted({*account.coins, *theirs}):
        memory = turn.book(event.account, coin)
        memory.watch.theirs, memory.watch.time = theirs.get(coin, ZERO), event.time
        if memory.open or memory.held_fills or event.time < memory.last_fill + QUIET_MS:
            if memory.book.position != memory.watch.theirs:
                turn.wake(f"reconcile:{event.account}", turn.now + _AGAIN_MS)
            continue
        _compare(turn, (event.account, coin), memory, event)


def _compare(turn: Turn, key: BookKey, memory: BookMemory, event: AccountRead) -> None:
    watch, ours, theirs = memory.watch, memory.book.position, memory.watch.theirs or ZERO
    instrument = turn.state.instruments.get(key[1])
    lot = instrument.lot if instrument else ZERO
    was = watch.is_drifting
    off = is_drift(ours, theirs, lot, turn.state.policy.tuning.drift)
    verdict = compare(watch, ours, theirs, event.time, is_off=off)
    if verdict is Verdict.READ_AGAIN:
        turn.wake(f"reconcile:{key[0]}", turn.now + _AGAIN_MS)
    if was is not watch.is_drifting:
        turn.records.append(Drift(account=key[0], coin=key[1], ours=ours, theirs=theirs, is_open=watch.is_drifting))
        turn.dirty.add(key)
    if verdict is not Verdict.DRIFTS:
        return
    if not was:
        turn.alert("critical", "drift", f"{key[0]} {key[1]}", f"the exchange holds {theirs}, our sum is {ours}")
    if turn.state.policy.repair is Repair.AUTO:
        _repair(turn, key, memory, event)


def _repair(turn: Turn, key: BookKey, memory: BookMemory, event: AccountRead) -> None:
    """Read our fills since the last agreed point once more; book what they leave over as an operator's trade."""
    watch = memory.watch
    if not watch.repair_asked or turn.state.accounts[key[0]].fills_to < watch.repair_asked:
        watch.repair_asked = watch.repair_asked or event.time
        turn.commands.append(ReadOwnFills(account=key[0], since=watch.agreed))
        turn.wake(f"reconcile:{key[0]}", turn.now + _AGAIN_MS)
    else:
        accept_drift(turn, key, memory)


def accept_drift(turn: Turn, key: BookKey, memory: BookMemory) -> bool:
    """Book the difference to the exchange's position as an operator's trade; tell whether that could be done."""
    watch = memory.watch
    instrument, mark = turn.state.instruments.get(key[1]), mark_of(turn.state, key[1])
    if not watch.is_drifting or watch.theirs is None or instrument is None or mark is None:
        return False
    change = watch.theirs - memory.book.position
    if change:
        moves = ledger.book_operator(memory.book, change, mark, instrument)
        booking.settle_moves(turn, key, moves, f"drift:{turn.state.seq}:{key[1]}")
    watch.is_drifting, watch.differs, watch.repair_asked = False, None, 0
    turn.records.append(
        Drift(account=key[0], coin=key[1], ours=memory.book.position, theirs=watch.theirs, is_open=False)
    )
    turn.dirty.add(key)
    return True
