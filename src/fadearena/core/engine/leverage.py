"""Leverage and margin mode of a book: set while it is flat, read back, and left alone while a position is open."""

from fadearena.core.engine.placing import spend_action
from fadearena.core.engine.turn import Turn
from fadearena.core.engine.valuation import wanted_leverage
from fadearena.core.state import BookMemory
from fadearena.model.command import ReadLeverage, SetLeverage
from fadearena.model.ids import BookKey
from fadearena.model.instrument import Instrument
from fadearena.model.units import SECOND_MS

RETRY_MS = 5 * SECOND_MS


def is_ready(turn: Turn, key: BookKey, memory: BookMemory) -> bool:
    """Tell whether a book's leverage is as wanted; with a position open it is enough that it is known."""
    if memory.leverage.value is None:
        return False
    if memory.book.position:
        return True
    return memory.leverage.value == wanted_leverage(turn.state, *key) and (
        memory.leverage.is_cross == wants_cross(turn, key)
    )


def wants_cross(turn: Turn, key: BookKey) -> bool:
    """Tell whether a book should use cross margin: always, unless the market forbids it."""
    instrument = turn.state.instruments.get(key[1])
    return instrument is None or instrument.is_cross


def prepare(turn: Turn, key: BookKey, memory: BookMemory) -> None:
    """Have a flat book's leverage and margin mode set if they are not as wanted; of an open one only read."""
    leverage, instrument = memory.leverage, turn.state.instruments.get(key[1])
    if instrument is None or memory.open or is_ready(turn, key, memory):
        return
    if turn.now - max(leverage.requested, leverage.failed) <= RETRY_MS:
        return
    if memory.book.position:
        turn.commands.append(ReadLeverage(account=key[0], coin=key[1]))
    elif not _set(turn, key, memory, instrument):
        return
    leverage.requested = turn.now
    turn.wake(f"decide:{key[0]}:{key[1]}", turn.now + RETRY_MS + 1)


def _set(turn: Turn, key: BookKey, memory: BookMemory, instrument: Instrument) -> bool:
    """Send the action; not while the address's budget is kept for exits."""
    state, leverage = turn.state, memory.leverage
    account, left = state.account_policies[key[0]], state.accounts[key[0]].actions_left
    if left is not None and left < state.policy.tuning.actions_reserve:
        return False
    leverage.wanted = wanted_leverage(state, *key)
    leverage.wanted_cross = wants_cross(turn, key)
    turn.commands.append(
        SetLeverage(
            account=key[0],
            signer=account.signer,
            coin=key[1],
            asset_id=instrument.asset_id,
            leverage=leverage.wanted,
            is_cross=leverage.wanted_cross,
            nonce=turn.next_nonce(account.signer),
            expires_after=turn.now + state.policy.tuning.order_life_ms,
        )
    )
    spend_action(turn, key[0])
    return True
