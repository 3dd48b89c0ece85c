"""Orders that a complete reading shows at rest: ours should not be there, those of others are shown and left alone."""

from fadearena.core.engine.placing import cancel_resting
from fadearena.core.engine.turn import Turn
from fadearena.core.latches import ALL, LatchKind
from fadearena.core.state import AccountMemory
from fadearena.model.event import AccountRead
from fadearena.model.ids import AccountId, Cloid

_NAMED_MAX = 10


def on_read(turn: Turn, event: AccountRead, account: AccountMemory) -> None:
    """Cancel an order of ours that has ended here and rests there; tell once of each that is not ours."""
    state = turn.state
    if state.latches.has(ALL, LatchKind.FLATTEN):  # everything is cancelled anyhow
        return
    books = (state.books[event.account, coin] for coin in account.coins)
    stops = {stop.cloid: stop for memory in books for stop in memory.stops}
    foreign = list[str]()
    for order in event.orders:
        cloid = order.cloid or ""
        ours, stop = state.orders.get(cloid), stops.get(cloid)
        if ours is not None and ours.status.is_settled:
            _cancel(turn, event.account, cloid, ours.terms.asset_id)
        elif stop is not None and not stop.status.is_alive and event.time > stop.shown_from:
            _cancel(turn, event.account, cloid, stop.asset_id)
        elif ours is None and stop is None and order.order_id > account.foreign_to:
            foreign.append(f"{order.coin} {order.order_id}")
    if foreign:
        account.foreign_to = max(order.order_id for order in event.orders)
        names = ", ".join(foreign[:_NAMED_MAX]) + (" ..." if len(foreign) > _NAMED_MAX else "")
        text = f"{len(foreign)} orders rest that are not ours, and are left alone: {names}"
        turn.alert("info", "foreign_order", event.account, text)


def _cancel(turn: Turn, account: AccountId, cloid: Cloid, asset_id: int) -> None:
    turn.alert("critical", "order", cloid, "it has ended here and rests there; it is cancelled")
    cancel_resting(turn, account, asset_id, cloid=cloid)
