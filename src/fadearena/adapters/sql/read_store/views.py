"""How things stand, read from the tables: one function for each question, with as few statements as rows allow."""

from functools import cache

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from fadearena.adapters.sql import tables
from fadearena.adapters.sql.statements import filled
from fadearena.model.order import OrderStatus
from fadearena.model.policy import BotPolicy, Policy
from fadearena.model.record import (
    BotPerformance,
    DeadLetter,
    FollowUpdate,
    OrderUpdate,
    Record,
    ShadowFill,
    SleeveUpdate,
)
from fadearena.model.trading import TradingState
from fadearena.model.units import ZERO, Usd
from fadearena.ports.pairs import OrderPair, PairQuery
from fadearena.ports.read_store import (
    AccountView,
    BotView,
    EquityQuery,
    EquityRow,
    Grain,
    LatchView,
    LetterView,
    LoggedRecord,
    LogPage,
    LogQuery,
    OrderView,
    Position,
    SettingsView,
    SystemView,
)

_ENDED = tuple(status.value for status in OrderStatus if status.is_settled)
_AT_ONCE = 500
_RECORD = msgspec.json.Decoder(Record)
_POLICY = msgspec.json.Decoder(Policy)
_BOTS = msgspec.json.Decoder(tuple[BotPolicy, ...])


def position(connection: Connection) -> Position:
    """Return how far everything is in."""
    row = connection.execute(sa.select(tables.projection)).one_or_none()
    return Position() if row is None else Position(journal_seq=row.journal_seq, record_seq=row.record_seq)


def log(connection: Connection, query: LogQuery) -> LogPage:
    """Return a part of the log."""
    event = tables.system_event.c
    columns = sa.select(event.record_seq, event.journal_seq, event.time, event.payload)
    part = columns.where(event.record_seq > query.after).order_by(event.record_seq).limit(query.limit + 1)
    if query.kinds:  # each kind by its index and up to the limit: all of them at once would be sorted first
        parts = [part.where(event.kind == kind).subquery() for kind in sorted(set(query.kinds))]
        united = sa.union_all(*(sa.select(one) for one in parts)).subquery()
        part = sa.select(united).order_by(united.c.record_seq).limit(query.limit + 1)
    found = connection.execute(part).all()
    page = tuple(
        LoggedRecord(record_seq=number, journal_seq=seq, time=time, record=_RECORD.decode(payload))
        for number, seq, time, payload in found[: query.limit]
    )
    return LogPage(records=page, next_after=page[-1].record_seq if len(found) > query.limit else None)


def settings(connection: Connection) -> SettingsView | None:
    """Return the settings in force; None before any were set."""
    row = connection.execute(sa.select(tables.settings)).one_or_none()
    if row is None:
        return None
    texts = connection.execute(sa.select(tables.bot.c.policy).order_by(tables.bot.c.place)).scalars()
    bots = _BOTS.decode(f"[{','.join(texts)}]")
    policy = msgspec.structs.replace(_POLICY.decode(row.policy), bots=bots)
    return SettingsView(policy=policy, actor=row.actor, changed=row.changed)


def system(connection: Connection) -> SystemView:
    """Return how things stand."""
    row = connection.execute(sa.select(tables.system_status)).one_or_none()
    found = {} if row is None else row._asdict()
    known = {name: value for name, value in found.items() if name != "id" and value is not None}
    latches = tuple(
        sorted((filled(LatchView, row) for row in connection.execute(sa.select(tables.latch))), key=_by_scope)
    )
    return SystemView(state=_strictest(_states(connection), "all"), latches=latches, **known)


def bots(connection: Connection) -> tuple[BotView, ...]:
    """Return the bots of the settings, in their order."""
    states = _states(connection)
    return tuple(
        BotView(
            id=row.id,
            name=row.name,
            wallet=row.wallet,
            enabled=row.enabled,
            state=_strictest(states, "all", f"account:{row.account}", f"bot:{row.id}"),
            performance=None if row.bot is None else filled(BotPerformance, row),
            performance_time=row.time,
        )
        for row in connection.execute(_bots())
    )


@cache
def _bots() -> sa.Executable:
    bot, performance = tables.bot, tables.bot_performance
    both = bot.outerjoin(performance, performance.c.bot == bot.c.id)
    shown = bot.c.id, bot.c.name, bot.c.wallet, bot.c.enabled, bot.c.account
    return sa.select(*shown, performance).select_from(both).order_by(bot.c.place)


def accounts(connection: Connection) -> tuple[AccountView, ...]:
    """Return the accounts of the settings, in their order."""
    states = _states(connection)
    return tuple(
        AccountView(
            id=row.id,
            address=row.address,
            state=_strictest(states, "all", f"account:{row.id}"),
            equity=row.usd,
            equity_time=row.read,
        )
        for row in connection.execute(_accounts())
    )


@cache
def _accounts() -> sa.Executable:
    account, point = tables.account, tables.equity_snapshot
    newest = point.alias()
    series = sa.literal("account:").concat(account.c.id)
    is_minute = point.c.grain == Grain.MINUTE.value
    last = (
        sa.select(sa.func.max(newest.c.time))
        .where(newest.c.series == series, newest.c.grain == Grain.MINUTE.value)
        .scalar_subquery()
    )
    return (
        sa.select(account.c.id, account.c.address, point.c.usd, point.c.read)
        .select_from(account.outerjoin(point, sa.and_(point.c.series == series, is_minute, point.c.time == last)))
        .order_by(account.c.place)
    )


def sleeves(connection: Connection) -> tuple[SleeveUpdate, ...]:
    """Return all sleeves that hold or want something, by bot and coin."""
    table = tables.sleeve
    found = connection.execute(sa.select(table).where(sa.or_(table.c.size != ZERO, table.c.target != ZERO)))
    return tuple(sorted((filled(SleeveUpdate, row) for row in found), key=_by_bot))


def sources(connection: Connection) -> tuple[FollowUpdate, ...]:
    """Return what is known of the bots' own positions where it is not zero, by bot and coin."""
    table = tables.source_position
    found = connection.execute(sa.select(table).where(table.c.position != ZERO))
    return tuple(sorted((filled(FollowUpdate, row) for row in found), key=_by_bot))


def orders(connection: Connection, limit: int) -> tuple[OrderView, ...]:
    """Return orders, the newest first, at most `limit`."""
    table = tables.my_trade
    found = connection.execute(sa.select(table).order_by(table.c.record_seq.desc()).limit(limit))
    return tuple(OrderView(order=filled(OrderUpdate, row), created=row.created, changed=row.changed) for row in found)


def pairs(connection: Connection, query: PairQuery) -> tuple[OrderPair, ...]:
    """Return orders that ended, the newest first, each with what simulation would have made of it."""
    order = tables.my_trade.c
    asked = sa.select(tables.my_trade).where(order.created >= query.since, order.status.in_(_ENDED))
    if query.bot is not None:
        asked = asked.where(order.bot == query.bot)
    if query.coin is not None:
        asked = asked.where(order.coin == query.coin)
    found = connection.execute(asked.order_by(order.record_seq.desc()).limit(query.limit)).all()
    fees: dict[str, Usd] = {}
    shadows: dict[str, ShadowFill] = {}
    cloids = [row.cloid for row in found]
    for part in (cloids[n : n + _AT_ONCE] for n in range(0, len(cloids), _AT_ONCE)):
        fill, shadow = tables.my_fill.c, tables.shadow_fill
        for cloid, fee in connection.execute(sa.select(fill.cloid, fill.fee).where(fill.cloid.in_(part))):
            fees[cloid] = fees.get(cloid, ZERO) + fee  # summed up here: SQLite keeps exact numbers as texts
        for row in connection.execute(sa.select(shadow).where(shadow.c.cloid.in_(part))):
            shadows[row.cloid] = filled(ShadowFill, row)
    return tuple(
        OrderPair(
            order=filled(OrderUpdate, row),
            created=row.created,
            fee=fees.get(row.cloid, ZERO),
            shadow=shadows.get(row.cloid),
        )
        for row in found
    )


def letters(connection: Connection) -> tuple[LetterView, ...]:
    """Return the dead letters that are open, the oldest first."""
    table = tables.dead_letter
    found = connection.execute(sa.select(table).where(table.c.state == "open").order_by(table.c.record_seq))
    return tuple(LetterView(letter=filled(DeadLetter, row), changed=row.changed) for row in found)


def equity(connection: Connection, query: EquityQuery) -> tuple[EquityRow, ...]:
    """Return a part of a curve, oldest first."""
    point = tables.equity_snapshot.c
    asked = sa.select(point.time, point.usd).where(
        point.series == query.series, point.grain == query.grain.value, point.time >= query.since
    )
    if query.until is not None:
        asked = asked.where(point.time <= query.until)
    found = connection.execute(asked.order_by(point.time).limit(query.limit))
    return tuple(EquityRow(time=time, usd=usd) for time, usd in found)


def _states(connection: Connection) -> dict[str, TradingState]:
    """Return the state of every scope that is not active."""
    return {scope: TradingState(state) for scope, state in connection.execute(sa.select(tables.trading_state))}


def _strictest(states: dict[str, TradingState], *scopes: str) -> str:
    found = (states.get(scope, TradingState.ACTIVE) for scope in scopes)
    return max(found, key=lambda state: state.severity).value


def _by_bot(update: SleeveUpdate | FollowUpdate) -> tuple[str, str]:
    return update.bot, update.coin  # sorted here: databases have their own order of texts


def _by_scope(latch: LatchView) -> tuple[str, str]:
    return latch.scope, latch.latch
