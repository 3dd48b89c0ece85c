"""From an approved intent to a durable order: label, cloid, nonce, and the memory of it."""

from bisect import bisect_right
from collections.abc import Iterable

from fadearena.core import risk
from fadearena.core.engine.turn import Turn
from fadearena.core.engine.valuation import mark_of, reserve
from fadearena.core.lifecycle import Order
from fadearena.core.state import LABELS_MAX, State
from fadearena.model.command import CancelOrder
from fadearena.model.ids import AccountId, Address, BotId, Cloid, cloid_of, order_label
from fadearena.model.order import OrderIdentity, OrderTerms
from fadearena.model.record import OrderUpdate
from fadearena.model.units import MINUTE_MS, ZERO, EpochMs, Price


def place(
    turn: Turn, verdict: risk.Verdict, terms: OrderTerms, source: tuple[Price | None, EpochMs] = (None, 0)
) -> Order:
    """
    Release an order: its command is durable with this event, before anything is sent.

    Args:
        turn: The present turn.
        verdict: The approval.
        terms: What is asked of the venue.
        source: The price and time of the source's own trade, for slippage and reaction time.
    """
    identity = next_identity(turn, terms.account, terms.asset_id, terms.bot)
    turn.commands.append(risk.place(verdict, terms, identity))
    order = Order(
        terms=terms,
        identity=identity,
        created=turn.now,
        source_price=source[0],
        source_time=source[1],
        reserve_price=max(terms.limit, mark_of(turn.state, terms.coin) or ZERO),
    )
    remember(turn, order)
    show(turn, order)
    return order


def next_identity(turn: Turn, account: AccountId, asset_id: int, bot: BotId | None = None) -> OrderIdentity:
    """Return the label, cloid and nonce of the next order for a bot, or of none."""
    state = turn.state
    policy = state.account_policies[account]
    wallet = policy.address if bot is None else state.bot_policies[bot].wallet
    label = next_label(state, wallet, turn.event.time, asset_id)
    return OrderIdentity(
        cloid=cloid_of(label),
        label=label,
        signer=policy.signer,
        nonce=turn.next_nonce(policy.signer),
        expires_after=turn.now + state.policy.tuning.order_life_ms,
    )


def remember(turn: Turn, order: Order) -> None:
    """Count an order as released: in its book, in what is in flight, and in the traffic of the last minute."""
    state, (account, coin), cloid = turn.state, order.book, order.identity.cloid
    state.orders[cloid] = order
    turn.book(account, coin).open.append(cloid)
    flying = state.accounts[account].flying
    if coin not in flying:
        flying.append(coin)
        flying.sort()
    spend_action(turn, account)
    state.sent_times.append(turn.now)
    reserve(state, order)


def next_label(state: State, wallet: Address, timestamp: EpochMs, asset_id: int) -> str:
    """Return a label that was never used, counting all orders of this (wallet, timestamp, asset)."""
    key = f"{wallet}-{timestamp}-{asset_id}"
    count = state.labels.get(key)
    if count is None:
        count = state.labels_total if timestamp <= state.labels_horizon else 0
    _count(state, key, count)
    return order_label(wallet, timestamp, asset_id, count)


def note_label(state: State, label: str) -> None:
    """Count a label that was given out elsewhere, so that it is never given out again."""
    key, _, number = label.partition("-")[2].rpartition(".")
    if int(number) >= state.labels.get(key, 0):
        _count(state, key, int(number))


def _count(state: State, key: str, count: int) -> None:
    state.labels[key] = count + 1
    state.labels_total = max(state.labels_total, count) + 1
    if len(state.labels) > LABELS_MAX:
        by_age = sorted((int(old.split("-")[1]), old) for old in state.labels)
        for time, old in by_age[: LABELS_MAX // 2]:
            del state.labels[old]
            state.labels_horizon = max(state.labels_horizon, time)


def in_flight(state: State, accounts: Iterable[AccountId]) -> list[Order]:
    """Return the unsettled orders of accounts, by account and coin."""
    books = (state.books[account, coin] for account in sorted(accounts) for coin in state.accounts[account].flying)
    return [state.orders[cloid] for memory in books for cloid in memory.open]


def cancel_resting(
    turn: Turn, account: AccountId, asset_id: int, *, cloid: Cloid | None = None, order_id: int | None = None
) -> None:
    """Cancel an order at rest: one of ours by its cloid, any other by the venue's id."""
    signer = turn.state.account_policies[account].signer
    turn.commands.append(
        CancelOrder(
            account=account,
            signer=signer,
            cloid=cloid,
            order_id=order_id,
            asset_id=asset_id,
            nonce=turn.next_nonce(signer),
            expires_after=turn.now + turn.state.policy.tuning.order_life_ms,
        )
    )


def spend_action(turn: Turn, account: str) -> None:
    """Count one signed action against the address's budget, where it is known."""
    memory = turn.state.accounts[account]
    if memory.actions_left is not None:
        memory.actions_left -= 1


def show(turn: Turn, order: Order) -> None:
    """Record where an order stands."""
    terms, identity = order.terms, order.identity
    turn.records.append(
        OrderUpdate(
            cloid=identity.cloid,
            label=identity.label,
            account=terms.account,
            bot=terms.bot,
            coin=terms.coin,
            side=terms.side,
            quantity=terms.quantity,
            limit=terms.limit,
            reduce_only=terms.reduce_only,
            purpose=terms.purpose,
            status=order.status,
            filled=order.booked,
            average_price=order.average_price,
            reason=order.reason,
        )
    )


def orders_last_minute(turn: Turn) -> int:
    """Return how many orders were released in the last minute, forgetting older ones."""
    times = turn.state.sent_times
    horizon = turn.now - MINUTE_MS
    del times[: bisect_right(times, horizon)]
    return len(times)
