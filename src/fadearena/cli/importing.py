"""
Many bots at once: what a list asks for beside what is there already, and the worker told in parts.

1. Nobody is traded on by a list alone: bots come in as watched only, unless `--enable` is said, and a bot that the list
   itself calls disabled stays so then, too.
2. A wallet that is in the roster already stays as it is, unless `--update` is said; its id stays in any case.
3. A line that cannot be used is left out and named; the others go on.
4. The worker takes parts of `PART` bots, each as a whole or not at all. What came of each is told.
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from fadearena.bootstrap.client import Client
from fadearena.cli.errors import fail, say
from fadearena.cli.exit_codes import ExitCode
from fadearena.cli.forms import changed
from fadearena.cli.lists import BadLine, BotList, Listed, read_list
from fadearena.cli.ordering import OrderReport, report_of, why_not
from fadearena.cli.output import Advance, print_json, show
from fadearena.cli.session import actor, with_client
from fadearena.model.error import InvalidInput
from fadearena.model.event import ChangeBots
from fadearena.model.ids import Address, BotId, slug, slug_from
from fadearena.model.policy import BotPolicy, Policy
from fadearena.ports.control import ControlEntry, ControlState

PART = 100
"""Bots in one command: few enough that a worker decides on them within milliseconds, and delays nothing else."""
_FIXED = frozenset({"id", "name", "wallet", "enabled"})
_SAID_LINES = 20
_HEAD, _TAIL = 8, 4


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """How bots of a list are taken in: `sets` are KEY=VALUE texts that hold for all of them."""

    sets: tuple[str, ...] = ()
    enable: bool = False
    update: bool = False
    dry_run: bool = False


class Plan(msgspec.Struct, kw_only=True):
    """What a list comes to: bots that are new or change, and how many wallets stay as they are."""

    put: list[BotPolicy] = []
    added: int = 0
    updated: int = 0
    left: int = 0


class PartReport(OrderReport, frozen=True, kw_only=True, rename="camel"):
    """What became of one part, of so many bots."""

    bots: int


class ImportReport(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What `bots import --json` prints; `added` and `updated` are what was asked for, `done` counts what was done."""

    added: int
    updated: int
    left: int
    done: int
    is_enabled: bool
    dry_run: bool
    parts: tuple[PartReport, ...]
    bad_lines: tuple[BadLine, ...]


def import_bots(file: Path, terms: Terms, data_dir: Path | None, *, as_json: bool) -> None:
    """Take in the bots of a file."""
    take_in(read_list(file), terms, data_dir, as_json=as_json)


def take_in(found: BotList, terms: Terms, data_dir: Path | None, *, as_json: bool) -> None:
    """Take in the bots of a list, tell what came of it, and end with its exit code."""
    plan, entries = with_client(data_dir, lambda client: order(client, found, terms))
    parts = [_part(entry) for entry in entries]
    report = ImportReport(
        added=plan.added,
        updated=plan.updated,
        left=plan.left,
        done=sum(part.bots for part in parts if part.state is ControlState.ACCEPTED),
        is_enabled=terms.enable,
        dry_run=terms.dry_run,
        parts=tuple(parts),
        bad_lines=tuple(sorted(found.bad, key=lambda bad: bad.line)),
    )
    if as_json:
        print_json(report)
    else:
        show(*_told(report))
    _end(report, found, entries)


async def order(client: Client, found: BotList, terms: Terms) -> tuple[Plan, Sequence[ControlEntry]]:
    """
    Have the worker take in the bots of a list, one part on top of the other, up to the first that is not accepted.

    Raises:
        InvalidInput: There are no settings, or all of it together is not allowed.
        StorageError: The stores cannot be used.
    """
    policy = (await client.settings()).policy
    plan = plan_of(policy, found, terms)
    entries: list[ControlEntry] = []
    if terms.dry_run:
        return plan, entries
    with Advance("bots") as bar:
        for begin in range(0, len(plan.put), PART):
            bar.see(begin, len(plan.put))
            part = tuple(plan.put[begin : begin + PART])
            action = ChangeBots(put=part, expected_version=policy.version + len(entries))
            entries.append(await client.order(action, actor()))
            if entries[-1].state is not ControlState.ACCEPTED:
                break
    return plan, entries


def plan_of(policy: Policy, found: BotList, terms: Terms) -> Plan:
    """
    Return what a list comes to beside these settings; a line that does not fit is left out of the list.

    Raises:
        InvalidInput: What holds for all bots cannot be set, or all of it together is not allowed.
    """
    account = policy.accounts[0].id if policy.accounts else "main"
    template = changed(BotPolicy(id="bot", name="bot", wallet="", account=account), terms.sets, fixed=_FIXED)
    planner = _Planner(policy, template, terms)
    for listed in found.listed:
        try:
            planner.take(listed)
        except InvalidInput as error:
            found.leave_out(listed.line, error)
    plan = planner.plan
    new = policy.with_bots(plan.put)
    if new.risks_beside(policy):
        raise InvalidInput("in live trading no bot comes without a cap: give --set exposureCap=USD")
    if problems := new.problems():
        raise InvalidInput("; ".join(problems[:_SAID_LINES]))
    return plan


class _Planner:
    """Takes in one line after the other."""

    def __init__(self, policy: Policy, template: BotPolicy, terms: Terms) -> None:
        self.plan = Plan()
        self._template = template
        self._terms = terms
        self._accounts = {account.id for account in policy.accounts}
        self._ours = {a.address for a in policy.accounts} | {a.signer for a in policy.accounts}
        self._roster = {bot.wallet: bot for bot in policy.bots}
        self._ids = {bot.id for bot in policy.bots}
        self._lines: dict[Address, int] = {}
        self._counts: dict[BotId, int] = {}

    def take(self, listed: Listed) -> None:
        """
        Take in one bot.

        Raises:
            InvalidInput: It cannot be one, or not beside the others.
        """
        wallet, before = listed.wallet, self._roster.get(listed.wallet)
        if wallet in self._lines:
            raise InvalidInput(f"{wallet} stands in line {self._lines[wallet]} already")
        if wallet in self._ours:
            raise InvalidInput(f"{wallet} is an account or signer of our own")
        if before is None:
            bot = self._judged(listed, self._new(listed))
            self._ids.add(bot.id)
            self.plan.added += 1
        elif not self._terms.update or (bot := self._judged(listed, self._changed(listed, before))) == before:
            self._lines[wallet] = listed.line
            self.plan.left += 1
            return
        else:
            self.plan.updated += 1
        self._lines[wallet] = listed.line
        self.plan.put.append(bot)

    def _new(self, listed: Listed) -> BotPolicy:
        if listed.id is not None and slug(listed.id) in self._ids:
            raise InvalidInput(f"there is a bot {listed.id} already, with another wallet")
        bot = listed.id or self._free_id(listed)
        enabled = self._terms.enable and listed.is_enabled is not False
        return msgspec.structs.replace(
            self._template, id=bot, name=listed.name or bot, wallet=listed.wallet, enabled=enabled
        )

    def _changed(self, listed: Listed, before: BotPolicy) -> BotPolicy:
        enabled = before.enabled or self._terms.enable
        return msgspec.structs.replace(
            before, name=listed.name or before.name, enabled=enabled and listed.is_enabled is not False
        )

    def _judged(self, listed: Listed, bot: BotPolicy) -> BotPolicy:
        """Return the bot with the fields of its line, and before them all what the command line says."""
        bot = changed(bot, (*listed.fields, *self._terms.sets), fixed=_FIXED)
        problems = bot.problems()
        if bot.account not in self._accounts:
            problems.append(f"account {bot.account} does not exist")
        if problems:
            raise InvalidInput("; ".join(problems))
        return bot

    def _free_id(self, listed: Listed) -> BotId:
        """Return an id that is free: made from the name, or from both ends of the address."""
        wallet = listed.wallet
        wanted = slug_from(listed.name or "") or f"{wallet[:_HEAD]}-{wallet[-_TAIL:]}"
        found = wanted
        while found in self._ids:
            self._counts[wanted] = self._counts.get(wanted, 1) + 1
            found = f"{wanted}-{self._counts[wanted]}"
        return found


def _part(entry: ControlEntry) -> PartReport:
    bots = len(entry.action.put) if isinstance(entry.action, ChangeBots) else 0
    return PartReport(bots=bots, **msgspec.structs.asdict(report_of(entry)))


def _told(report: ImportReport) -> list[str]:
    """Return what came of a list, in sentences; why something was not done is told elsewhere."""
    lines = []
    is_done = report.done == report.added + report.updated
    if report.dry_run:
        lines.append(f"{_count(report.added, 'bot')} would be added, {report.updated} changed; nothing was done")
    elif is_done and report.done:
        entries = _range(report.parts[0].journal_seq, report.parts[-1].journal_seq)
        lines.append(f"{_count(report.added, 'bot')} added, {report.updated} changed, journal {entries}")
    if report.left:
        noun = "wallet is" if report.left == 1 else "wallets are"
        lines.append(f"{report.left} {noun} in the roster already, and left alone: --update changes such bots")
    if report.added and not report.is_enabled and (is_done or report.dry_run):
        lines.append(
            "bots that are new are only watched: their positions are kept in sight, nothing is traded because of them; "
            "`fadearena bots enable ID...` follows them"
        )
    return lines


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _range(first: int | None, last: int | None) -> str:
    return f"entry {first}" if first == last else f"entries {first} to {last}"


def _end(report: ImportReport, found: BotList, entries: Sequence[ControlEntry]) -> None:
    """Name what was left out, and end with the exit code of the worst."""
    for bad in report.bad_lines[:_SAID_LINES]:
        say(f"{bad.file}:{bad.line}: {bad.reason}")
    if len(report.bad_lines) > _SAID_LINES:
        say(f"and {len(report.bad_lines) - _SAID_LINES} more bad lines; --json lists them all")
    wanted = report.added + report.updated
    if report.parts and report.done < wanted:
        sentence, code = why_not(entries[-1])
        rest = f"{report.done} of {wanted} bots are done, import the list again for the rest; " if report.done else ""
        fail(rest + sentence, code)
    if report.bad_lines and not wanted and not report.left:
        fail(f"{found.file} has no line that can be used: nothing was done", ExitCode.UNUSABLE_INPUT)
    if report.bad_lines:
        fail(f"{_count(len(report.bad_lines), 'line')} left out: mend and import again", ExitCode.PARTLY_BAD_INPUT)
