"""Curves of equity, minute by minute."""

from fadearena.api.exports.columns import Choice, Row, Rows, Table, decimal, text, time
from fadearena.api.exports.scope import Scope, Sources
from fadearena.model.curve import by_time
from fadearena.model.units import MINUTE_MS, EpochMs, Usd
from fadearena.ports.archive import CurveQuery
from fadearena.ports.read_store import LogQuery

_POINTS_MAX = 20_000
"""So many points at most are asked for at once."""


async def _equity(sources: Sources, scope: Scope) -> Rows:
    series, span = await _series(sources, scope), await _span(sources, scope)
    if not series or span is None:
        return
    start, last = span[0] - span[0] % MINUTE_MS, span[1]
    step = max(_POINTS_MAX // len(series), 1) * MINUTE_MS
    while start <= last:
        end = min(start + step - 1, last)
        query = CurveQuery(series=series, since=start, until=end, step_ms=MINUTE_MS)
        curves = await sources.archive.curves(query)
        yield [_point(at, series, usd) for at, step in by_time(curves) for series, usd in step.items()]
        start = end + 1


async def _series(sources: Sources, scope: Scope) -> tuple[str, ...]:
    """Return the series of the settings' accounts and bots, or of one bot."""
    view = await sources.records.settings()
    policy = None if view is None else view.policy
    accounts = () if policy is None or scope.bot is not None else policy.accounts
    bots = () if policy is None else tuple(bot.id for bot in policy.bots if scope.bot in {None, bot.id})
    ours = (f"account:{account.id}" for account in accounts)
    return (*ours, *(f"{kind}:{bot}" for bot in bots for kind in ("bot", "mirror")))


async def _span(sources: Sources, scope: Scope) -> tuple[EpochMs, EpochMs] | None:
    """Return from when to when anything was recorded, within the scope; None before there was anything."""
    position = await sources.records.position()
    first = await sources.records.log(LogQuery(limit=1))
    last = await sources.records.log(LogQuery(after=max(position.record_seq - 1, 0), limit=1))
    if not first.records or not last.records:
        return None
    start, end = first.records[0].time, last.records[0].time
    start = start if scope.since is None else max(start, scope.since)
    return start, end if scope.until is None else min(end, scope.until)


def _point(at: EpochMs, series: str, usd: Usd | None) -> Row:
    kind, _, name = series.partition(":")
    return (at, kind, name, usd)


EQUITY = Table(
    name="equity",
    says="Curves of equity, the last value of each minute: of the accounts and bots that the settings have now.",
    choice=Choice.BOT,
    columns=(
        time("time", "The minute's beginning."),
        text("kind", "account: ours; bot: the followed wallet's; mirror: what we earned by following it."),
        text("id", "The account's or the bot's id."),
        decimal("usd", "Equity, or of a mirror the net PnL, USD; empty where it was not known."),
    ),
    rows=_equity,
)
