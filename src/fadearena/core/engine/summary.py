"""What a day brought, told at its end."""

from datetime import UTC, datetime

from fadearena.core.engine.booking import net_of
from fadearena.core.engine.performance import ROUND
from fadearena.core.engine.turn import Turn
from fadearena.model.policy import BotPolicy
from fadearena.model.units import DAY_MS, SECOND_MS, ZERO, Usd

_BOTS_MAX = 20


def tell(turn: Turn) -> None:
    """Tell equity, what the day brought, and what each bot did; before the next day's bases are taken."""
    state = turn.state
    if not state.policy.alerts.daily_summary or not any(memory.is_read for memory in state.accounts.values()):
        return
    day = datetime.fromtimestamp((state.day_end - DAY_MS) // SECOND_MS, UTC).date().isoformat()
    purses = [memory.purse for _, memory in sorted(state.accounts.items())]
    equity, net = (
        _money(values) for values in ([purse.equity for purse in purses], [purse.day_profit() for purse in purses])
    )
    today = state.today
    head = (
        f"equity {equity} USD, net {net}, fees {today.fees:.2f}, funding {today.funding:.2f}, {today.fills} executions"
    )
    turn.alert("info", "daily_summary", day, "\n".join([head, *_bots(turn)]))


def _money(values: list[Usd | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{sum(known, start=ZERO):.2f}" if len(known) == len(values) else "unknown"


def _bots(turn: Turn) -> list[str]:
    """Return a line for each bot that did something; of very many only for the first."""
    lines, room = list[str](), ROUND
    for policy in turn.state.policy.bots:
        room -= 1 + len(turn.state.bots[policy.id].coins)
        if room <= 0 or len(lines) == _BOTS_MAX:
            return [*lines, "more bots: `fadearena bots list`"]
        lines += _line(turn, policy)
    return lines


def _line(turn: Turn, policy: BotPolicy) -> list[str]:
    memory = turn.state.bots[policy.id]
    net, fills = net_of(turn, policy.id) - memory.stats.day_base, memory.stats.fills - memory.stats.day_fills
    if not memory.coins or not (net or fills):
        return []
    return [f"{policy.id}: net {net:.2f}, {fills} executions"]
