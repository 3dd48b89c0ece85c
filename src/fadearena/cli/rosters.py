"""The roster as it stands: `bots list` and `bots show`, with what is in sight of each bot's wallet."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
from rich.table import Table

from fadearena.bootstrap.client import Client
from fadearena.bootstrap.idling import ADVICE
from fadearena.cli.output import moment, print_json, show, span, table
from fadearena.cli.session import with_client
from fadearena.kit.clock import SystemClock
from fadearena.kit.decimals import plain
from fadearena.model.error import InvalidInput
from fadearena.model.policy import BotPolicy, Sizing
from fadearena.model.policy.form import form_of, rows_of
from fadearena.model.record import SleeveUpdate
from fadearena.model.units import EpochMs
from fadearena.ports.read_store import BotView
from fadearena.ports.sightings import Sighting, is_idle, quiet_ms

_PAGE = 50


class ListRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which bots are listed; all of `enabled`, `held` and `idle` that are set have to be so."""

    enabled: bool = False
    held: bool = False
    idle: bool = False
    limit: int | None = None
    page: int = 1
    as_json: bool = False


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A bot with all that is known of it; `now` is the exchange's time, None where no worker ever told."""

    bot: BotPolicy
    view: BotView | None
    sighting: Sighting | None
    sleeves: tuple[SleeveUpdate, ...]
    now: EpochMs | None

    @property
    def is_held(self) -> bool:
        """Whether we hold something because of it."""
        return any(sleeve.size for sleeve in self.sleeves)

    @property
    def is_idle(self) -> bool:
        """Whether it is known not to have traded for a week."""
        return self.now is not None and is_idle(self.sighting, self.now)

    @property
    def state(self) -> str:
        """The state of trading because of it; of one that is not enabled whether there is still something to close."""
        if not self.bot.enabled:
            return "closing" if self.is_held else "watched"
        return self.view.state if self.view else ""

    @property
    def last_trade(self) -> str:
        """How long ago it traded, as people read it; empty where nobody knows."""
        quiet = None if self.now is None else quiet_ms(self.sighting, self.now)
        if self.sighting is None or quiet is None:
            return ""
        return ("over " if self.sighting.last_trade is None else "") + span(quiet) + (", idle" if self.is_idle else "")


def bots(request: ListRequest, data_dir: Path | None) -> None:
    """List the bots."""
    version, members = with_client(data_dir, _members)
    wanted = [member for member in members if _is_wanted(member, request)]
    limit = request.limit or (len(wanted) if request.as_json else _PAGE)
    begin = (request.page - 1) * limit
    if request.as_json:
        shown = [_form(member) for member in wanted[begin : begin + limit]]
        print_json({"version": version, "total": len(wanted), "bots": shown})
        return
    wanted.sort(key=lambda member: not (member.bot.enabled or member.is_held))
    page = wanted[begin : begin + limit]
    if page:
        show(_table(page))
    show(*_summary(members, wanted, begin, len(page), request))


def bot(name: str, data_dir: Path | None, *, as_json: bool) -> None:
    """Show one bot."""
    members = with_client(data_dir, _members)[1]
    member = next((member for member in members if name in {member.bot.id, member.bot.wallet}), None)
    if member is None:
        raise InvalidInput(f"there is no bot {name}: `fadearena bots list` shows those that there are")
    if as_json:
        print_json(_form(member) | {"sleeves": [form_of(sleeve) for sleeve in member.sleeves]})
        return
    rows = table("", "setting", "value")
    for setting, value in rows_of(form_of(member.bot, without=frozenset({"id"}))):
        rows.add_row(setting, value)
    show(f"{member.bot.id}: {member.state}", rows, *_in_sight(member))
    if held := _positions(member):
        positions = table("", "coin", "theirs", "entry", "ours", "target")
        for row in held:
            positions.add_row(*row)
        show(positions)


async def _members(client: Client) -> tuple[int, list[Member]]:
    """Return the version of the settings, and all bots in their order."""
    policy = (await client.settings()).policy
    views = {view.id: view for view in await client.records.bots()}
    sleeves: dict[str, list[SleeveUpdate]] = {}
    for sleeve in await client.records.sleeves():
        sleeves.setdefault(sleeve.bot, []).append(sleeve)
    sightings = {sighting.wallet: sighting for sighting in await client.sightings.wallets()}
    sight = await client.sightings.sight()
    now = None if sight is None else sight.now + max(SystemClock().now_ms() - sight.time, 0)
    members = [
        Member(
            bot=bot,
            view=views.get(bot.id),
            sighting=sightings.get(bot.wallet),
            sleeves=tuple(sleeves.get(bot.id, ())),
            now=now,
        )
        for bot in policy.bots
    ]
    return policy.version, members


def _is_wanted(member: Member, request: ListRequest) -> bool:
    return not (
        (request.enabled and not member.bot.enabled)
        or (request.held and not member.is_held)
        or (request.idle and not member.is_idle)
    )


def _form(member: Member) -> dict[str, Any]:
    """Return a bot as JSON has it: its settings, and what became of them."""
    sighting = None
    if member.sighting is not None and member.now is not None:
        sighting = form_of(member.sighting, without=frozenset({"wallet"})) | {
            "quietMs": quiet_ms(member.sighting, member.now),
            "isIdle": member.is_idle,
        }
    form: dict[str, Any] = form_of(member.bot)
    return form | {
        "state": member.view.state if member.view else None,
        "performance": form_of(member.view.performance) if member.view else None,
        "sighting": sighting,
    }


def _table(members: Sequence[Member]) -> Table:
    """Return a table of what there is to say: a column in which nothing stands is left out."""
    rows = [_row(member) for member in members]
    said = [name for name in rows[0] if any(row[name] for row in rows)]
    made = table("", *said)
    for row in rows:
        made.add_row(*(row[name] for name in said))
    return made


def _row(member: Member) -> dict[str, str]:
    brought = member.view.performance if member.view else None
    return {
        "bot": member.bot.id,
        "state": member.state,
        "how": _how(member.bot),
        "cap USD": _money(member.bot.exposure_cap),
        "last trade": member.last_trade,
        "fills": str(brought.fills) if brought else "",
        "net USD": _money(brought.net) if brought else "",
    }


def _how(bot: BotPolicy) -> str:
    match bot.sizing:
        case Sizing.MULTIPLIER:
            return f"{bot.direction} {plain(bot.leverage_multiplier)}"
        case Sizing.EQUITY:
            return f"{bot.direction} by equity"
        case Sizing.NOTIONAL:
            return f"{bot.direction} {_money(bot.notional_usd)} USD"


def _summary(
    members: Sequence[Member], wanted: Sequence[Member], begin: int, count: int, request: ListRequest
) -> list[str]:
    followed, idle = (_count(members, lambda m: m.bot.enabled), _count(members, lambda m: m.is_idle))
    lines = [f"{len(members):,} bots: {followed:,} followed, {len(members) - followed:,} not; {idle:,} idle"]
    if not count and members:
        lines.append("none of them is here: look at --page" if wanted else "none of them is as asked for")
    elif begin or count < len(wanted):
        more = f": --page {request.page + 1} shows the next ones" if begin + count < len(wanted) else ""
        lines.append(f"these are {begin + 1:,} to {begin + count:,} of {len(wanted):,}{more}")
    if idle:
        lines.append(f"idle ones did not trade for a week: {ADVICE}")
    return lines


def _count(members: Sequence[Member], is_so: Callable[[Member], bool]) -> int:
    return sum(map(is_so, members))


def _in_sight(member: Member) -> list[str]:
    """Return what is known of a bot's wallet, and how old that is."""
    seen, now = member.sighting, member.now
    if seen is None or now is None:
        return ["nothing is known of its wallet yet: a worker that runs looks at it"]

    def ago(time: EpochMs | None) -> str:
        return "never" if time is None else f"{span(max(now - time, 0))} ago"

    if seen.last_trade is not None:
        traded = f"last trade {ago(seen.last_trade)}, {moment(seen.last_trade)}"
    else:
        traded = "no trade is known" + (f" since {moment(seen.quiet_since)}" if seen.quiet_since else "")
    by = f" by {seen.feed}" if seen.feed else ""
    lines = [traded, f"heard of {ago(seen.heard)}{by}; all positions read {ago(seen.read)}"]
    if seen.equity is not None:
        lines.append(f"equity {_money(seen.equity)} USD, read {ago(seen.equity_time)}")
    return [*lines, f"it is idle: {ADVICE}"] if member.is_idle else lines


def _positions(member: Member) -> list[tuple[str, ...]]:
    """Return the coins in which it or we hold something."""
    theirs = {position.coin: position for position in member.sighting.positions} if member.sighting else {}
    ours = {sleeve.coin: sleeve for sleeve in member.sleeves}
    rows: list[tuple[str, ...]] = []
    for coin in sorted({*theirs, *ours}):
        position, sleeve = theirs.get(coin), ours.get(coin)
        rows.append(
            (
                coin,
                plain(position.size) if position else "",
                plain(position.entry) if position and position.entry is not None else "",
                plain(sleeve.size) if sleeve else "",
                plain(sleeve.target) if sleeve else "",
            )
        )
    return rows


def _money(usd: Decimal | None) -> str:
    return "" if usd is None else f"{usd:.2f}"
