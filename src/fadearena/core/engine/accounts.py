"""Readings of our accounts: equity, positions against our sum, leverage, funding, deposits."""

from fadearena.core import ledger
from fadearena.core.engine import booking, flatten, limits, resting, sources, stop_orders
from fadearena.core.engine.turn import Turn
from fadearena.core.engine.unknown import conclude_all, unexplained
from fadearena.core.engine.valuation import mark_of, move_pool, pool_of, revalue
from fadearena.core.equity import believe
from fadearena.core.latches import ALL, LatchKind
from fadearena.core.reconcile import QUIET_MS, Verdict, compare, is_drift
from fadearena.core.state import AccountMemory, BookMemory
from fadearena.model.account import AccountMode, equity_of
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
from fadearena.model.ids import BookKey, Coin
from fadearena.model.order import ActionKind, ActionOutcome
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
    _take_mode(turn, event, account)
    positions = {p.coin: (p.size, p.entry) for dex in event.dexs for p in dex.positions}
    sizes = {coin: size for coin, (size, _) in positions.items()}
    account.is_read, account.awaits_positions, account.read_time = True, False, event.time
    if first:
        _adopt(turn, event, account, positions)
    turn.all_clear("account", event.account)
    _reconcile(turn, event, account, sizes)
    resting.on_read(turn, event, account)
    stop_orders.on_read(turn, event, account)
    _take_equity(turn, event, account)
    conclude_all(turn, event.account)
    flatten.on_read(turn, event, account, sizes)
    turn.dirty.update((event.account, coin) for coin in account.coins)
    limits.watch_tracking(turn, event.account)
    turn.wake(f"reconcile:{event.account}", turn.now + state.policy.tuning.reconcile_ms)


def _take_mode(turn: Turn, event: AccountRead, account: AccountMemory) -> None:
    """Pool the account's money by its mode; in one that is not understood nobody knows what it is worth."""
    account.purse.is_readable = event.mode is not AccountMode.UNKNOWN
    if event.mode in {account.mode, AccountMode.UNKNOWN}:
        return
    account.mode = event.mode
    for coin in account.coins:
        move_pool(turn.state, (event.account, coin), turn.state.books[event.account, coin])
    account.purse.pool_anew(_main_pool(event))


def _main_pool(event: AccountRead) -> str:
    return "token:0" if event.mode.is_pooled else "dex:"


def on_unreadable(turn: Turn, event: AccountUnreadable) -> None:
    """Note that an account could not be read; what was known stays known, and it is read again."""
    if event.account in turn.state.accounts:
        turn.alert_once("warning", "account", event.account, f"the account could not be read: {event.reason}")
        turn.wake(f"reconcile:{event.account}", turn.now + _RETRY_MS)


def on_leverage(turn: Turn, event: LeverageRead) -> None:
    """Take the leverage that the exchange holds for a book."""
    if event.account not in turn.state.accounts:
        return
    memory = turn.book(event.account, event.coin)
    leverage = memory.leverage
    if leverage.requested and (event.leverage, event.is_cross) != (leverage.wanted, leverage.wanted_cross):
        leverage.failed = turn.now
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
    if account is not None and account.is_read and account.payments.take(f"funding:{event.key}", event.time):
        turn.book(event.account, event.coin)
        booking.book_funding(turn, event)


def on_cash(turn: Turn, event: CashMoved) -> None:
    """Book a deposit or withdrawal once: it is no profit, and moves the high-water mark."""
    account = turn.state.accounts.get(event.account)
    if account is None or not account.is_read or not account.payments.take(f"cash:{event.key}", event.time):
        return
    if event.usd < 0 or event.time > account.purse.reading.time:  # else the reading has lifted the mark already
        turn.state.peak.shift(event.usd)
    held = account.purse.take_cash(pool_of(turn.state, event.account, ""), event.usd, event.time)
    turn.records.append(CashBooked(account=event.account, usd=event.usd, reason="deposit or withdrawal"))
    booking.book_cash(turn, event.account, held, booking.HELD_ALREADY)


def on_budget(turn: Turn, event: BudgetRead) -> None:
    """Note how many signed actions the exchange still allows."""
    account = turn.state.accounts.get(event.account)
    if account is not None:
        account.actions_left = event.actions_left


def on_direct_flatten(turn: Turn, event: DirectlyFlattened) -> None:
    """Adopt orders that the emergency way out sent, and fetch their fills; it stays halted until released."""
    account = turn.state.accounts.get(event.account)
    if account is not None:
        turn.set_latch(ALL, LatchKind.KILL, "operator", f"{event.account} was closed past the journal")
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
    if _is_racing(event, account):
        return
    if not believe(purse.reading, usd, event.time, purse.total, state.policy.tuning.equity_jump):
        turn.wake(f"reconcile:{event.account}", turn.now + _AGAIN_MS)
        return
    if purse.opening is None:
        _open(turn, event, account, usd)
    else:
        off = _settle_pools(event, account, usd)
        purse.adjusted += off
        booking.book_cash(turn, event.account, off, "adjusted to a confirmed reading")
    if purse.day_open is None:
        purse.rebase_day(usd)
    turn.records.append(EquityPoint(series=f"account:{event.account}", usd=purse.equity))


def _open(turn: Turn, event: AccountRead, account: AccountMemory, usd: Usd) -> None:
    """Take the very first equity of an account; its money lifts the high-water mark as a deposit does."""
    state = turn.state
    _settle_pools(event, account, usd)
    known = account.purse.deposits + account.purse.adjusted
    account.purse.open(usd - known - limits.profit_of(turn, event.account))
    if state.peak.usd is None:
        state.peak.rebase(usd)
    else:
        state.peak.shift(usd)
    for policy in state.policy.bots:
        if policy.account == event.account:
            sources.complete_anchors(turn, policy, state.bots[policy.id])


def _settle_pools(event: AccountRead, account: AccountMemory, usd: Usd) -> Usd:
    """Set every pool right by a confirmed reading; return by how much our sum was off."""
    purse = account.purse
    if not event.mode.is_pooled:
        return sum((purse.pool(f"dex:{dex.dex}").settle(dex.value) for dex in event.dexs), start=ZERO)
    others = [pool.equity for name, pool in purse.pools.items() if name != "token:0"]
    return purse.pool("token:0").settle(usd - sum((value for value in others if value is not None), start=ZERO))


def _is_racing(event: AccountRead, account: AccountMemory) -> bool:
    """Tell whether a reading may lack an execution of ours; the very first is taken as it is."""
    if account.purse.opening is None:
        return False
    return bool(account.flying) or event.time < account.last_fill + QUIET_MS


# --- positions


def _adopt(
    turn: Turn, event: AccountRead, account: AccountMemory, positions: dict[Coin, tuple[Size, Price | None]]
) -> None:
    """Take over what the account held before us, as external; what was paid and traded until now is in it."""
    account.fills_to = account.fills.horizon = account.payments.horizon = event.time
    account.awaits_fills = False
    turn.commands.append(ReadOwnFills(account=event.account, since=event.time))
    for coin, (size, entry) in sorted(positions.items()):
        memory = turn.book(event.account, coin)
        price = entry if entry is not None else mark_of(turn.state, coin)
        if price is not None:
            ledger.adopt_external(memory.book, size, price)
            revalue(turn.state, (event.account, coin), memory, price)


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
    account = turn.state.accounts[key[0]]
    if not watch.repair_asked or account.fills_to < watch.repair_asked:
        watch.repair_asked = watch.repair_asked or event.time
        turn.commands.append(ReadOwnFills(account=key[0], since=min(watch.agreed, account.fills_to)))
        turn.wake(f"reconcile:{key[0]}", turn.now + _AGAIN_MS)
    else:
        accept_drift(turn, key, memory)


def accept_drift(turn: Turn, key: BookKey, memory: BookMemory) -> bool:
    """Book the difference to the exchange's position as an operator's trade; tell whether that could be done."""
    watch = memory.watch
    instrument, mark = turn.state.instruments.get(key[1]), mark_of(turn.state, key[1])
    if not watch.is_drifting or instrument is None or mark is None:
        return False
    if unexplained(memory) != watch.drift:  # something moved since two readings agreed on it: read again first
        return False
    moves = ledger.book_operator(memory.book, watch.drift, mark, instrument)
    booking.settle_moves(turn, key, moves, f"drift:{turn.state.seq}:{key[1]}")
    watch.is_drifting, watch.drift, watch.differs, watch.repair_asked = False, ZERO, None, 0
    ours = memory.book.position
    turn.records.append(Drift(account=key[0], coin=key[1], ours=ours, theirs=ours, is_open=False))
    turn.dirty.add(key)
    conclude_all(turn, key[0])
    return True
