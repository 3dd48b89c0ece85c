"""
From wants to at most one order a book.

Order of work: crossings of opposite wants, reduces, increases; each by tracking error, then by bot. A book with an
order in flight waits; beside an unknown order only reduce-only orders of at most the live position are sent.
"""

from fadearena.core import sizing
from fadearena.core.engine.crossing import cross_one
from fadearena.core.engine.facts import Want
from fadearena.core.engine.increases import try_increase
from fadearena.core.engine.reduces import try_reduce
from fadearena.core.engine.residue import try_residue
from fadearena.core.engine.saying import say
from fadearena.core.engine.turn import Turn
from fadearena.core.sizing import Move
from fadearena.core.state import BookMemory
from fadearena.model.ids import BookKey, BotId
from fadearena.model.order import OrderStatus
from fadearena.model.record import Outcome
from fadearena.model.trading import TradingState


def decide_book(turn: Turn, key: BookKey) -> None:
    """Look at one book and release at most one order."""
    state, memory = turn.state, turn.state.books[key]
    if not memory.wanting and not memory.book.residue.size:
        return
    if not state.started or state.settling or not state.accounts[key[0]].is_read:
        return
    if turn.trading_state(key[0]) is TradingState.FLATTENING:
        return
    beside_unknown = bool(memory.open)
    if not all(state.orders[cloid].status is OrderStatus.UNKNOWN for cloid in memory.open):
        return
    wants, crossed = wants_of(turn, key, memory), set[tuple[BotId, BotId]]()
    while wants and not beside_unknown and cross_one(turn, wants, crossed):
        wants = wants_of(turn, key, memory)
    if _reduce_one(turn, wants) or beside_unknown:
        return
    for want in wants_of(turn, key, memory):
        growth = want.sleeve.growth
        if want.step.move is Move.INCREASE and growth is not None and try_increase(turn, want, growth):
            return
    if memory.book.residue.size:
        try_residue(turn, key, memory)


def _reduce_one(turn: Turn, wants: list[Want]) -> bool:
    for want in wants:
        if want.step.move is Move.REDUCE and try_reduce(turn, want):
            want.memory.quote_asked, want.memory.quote_failed = 0, False
            return True
    return False


def wants_of(turn: Turn, key: BookKey, memory: BookMemory) -> list[Want]:
    """Return the sleeves of a book that want something now, the largest tracking error first."""
    wants = list[Want]()
    for want in [want for bot in memory.wanting if (want := _want_of(turn, key, memory, bot)) is not None]:
        if want.step.move is Move.INCREASE and want.sleeve.growth is None:
            memory.wanting.remove(want.bot)
            say(turn, want, Outcome.SKIP, "waits_for_growth")
        else:
            wants.append(want)
    return sorted(wants, key=lambda want: (-abs(want.step.delta), want.bot))


def _want_of(turn: Turn, key: BookKey, memory: BookMemory, bot: BotId) -> Want | None:
    """Return what a bot's sleeve wants; None where it is on its target."""
    state, sleeve = turn.state, turn.state.sleeves[bot, key[1]]
    step = sizing.next_step(memory.book.size_of(bot), sleeve.target)
    policy, of_bot = state.bot_policies[bot], state.bots[bot]
    return (
        None
        if step is None
        else Want(key=key, memory=memory, bot=bot, policy=policy, bot_memory=of_bot, sleeve=sleeve, step=step)
    )
