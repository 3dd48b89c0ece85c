"""What the command `mode` does."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import msgspec
import typer

from fadearena.bootstrap.mode_switch import ModeReport
from fadearena.bootstrap.places import Places, places_of
from fadearena.bootstrap.policies import some
from fadearena.bootstrap.switching import CannotLeave, Proposal, go, policy_in_force, propose
from fadearena.cli.errors import fail, say
from fadearena.cli.exit_codes import ExitCode
from fadearena.cli.output import print_json, show
from fadearena.cli.session import actor
from fadearena.config import Config, load
from fadearena.kit import log
from fadearena.kit.decimals import plain
from fadearena.model.error import InvalidInput
from fadearena.model.finding import Finding, Level, worst
from fadearena.model.ids import AccountId, BotId
from fadearena.model.policy import Mode, Policy
from fadearena.model.units import Usd
from fadearena.ports.modes import CONFIRMATION

_NONE = "no limit"


class ModeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which mode is wanted, what was typed to confirm it, and in whose name; with `is_check` nothing changes."""

    target: str | None
    confirm: str | None = None
    is_check: bool = False
    actor: str | None = None
    as_json: bool = False


def mode(request: ModeRequest, data_dir: Path | None) -> None:
    """Show the mode, or change it."""
    config = load(data_dir=data_dir)
    log.configure("error", config.log_format)
    places = places_of(config)
    if request.target is None:
        _show(config, places, as_json=request.as_json)
        return
    wanted = _mode(request.target)
    if not places.mode_file.exists():
        raise InvalidInput(f"nothing was set up in {places.data_dir} yet: begin with `fadearena init`")
    if request.is_check:
        _checked(config, places, request)
        return
    if places == places_of(config, wanted):
        _tell(places, changed=False, as_json=request.as_json)
        return
    policy = _confirmed(config, places, request) if wanted is Mode.LIVE else _simulated(places)
    try:
        active = asyncio.run(go(config, places, policy, request.actor or actor()))
    except CannotLeave as error:
        _give_up(places, request, ExitCode.REFUSED, str(error))
    _tell(active, changed=True, as_json=request.as_json)


def _checked(config: Config, places: Places, request: ModeRequest) -> None:
    """Make every check before live trading, and tell what was found."""
    if request.target != Mode.LIVE or places.mode is Mode.LIVE:
        raise InvalidInput("--check goes with `mode live` in simulation; in live trading use `fadearena doctor`")
    proposal = asyncio.run(propose(config, places))
    if request.as_json:
        print_json(ModeReport(mode=places.mode, changed=False, checks=tuple(proposal.findings)))
    else:
        show(*_lines(proposal.findings))
    if worst(proposal.findings) is Level.FAIL:
        fail("live trading would not begin: what failed has to be mended first", ExitCode.FAILED)


def _confirmed(config: Config, places: Places, request: ModeRequest) -> Policy:
    """Return the settings for live trading, once all is well and somebody said so."""
    say("looking at everything that has to be right; this takes some seconds, beside a worker up to a minute")
    proposal = asyncio.run(propose(config, places))
    for line in _lines(proposal.findings):
        say(line)
    if worst(proposal.findings) is Level.FAIL:
        sentence = "live trading does not begin: what failed has to be mended first, nothing was changed"
        _give_up(places, request, ExitCode.FAILED, sentence, proposal.findings)
    _show_limits(proposal)
    confirm = request.confirm
    if confirm is None and sys.stdin.isatty():
        confirm = typer.prompt(f"Orders will cost real money. Type {CONFIRMATION} to begin", err=True)
    if confirm != CONFIRMATION:
        _give_up(places, request, ExitCode.REFUSED, f'nothing was changed: say --confirm "{CONFIRMATION}"')
    return proposal.policy


def _give_up(
    places: Places, request: ModeRequest, code: ExitCode, sentence: str, findings: Sequence[Finding] = ()
) -> NoReturn:
    """Tell why the mode stays as it is, and end."""
    if request.as_json:
        print_json(ModeReport(mode=places.mode, changed=False, reasons=(sentence,), checks=tuple(findings)))
    fail(sentence, code)


def _simulated(places: Places) -> Policy:
    policy = asyncio.run(policy_in_force(places))
    return msgspec.structs.replace(policy, mode=Mode.SIMULATION)


def _show(config: Config, places: Places, *, as_json: bool) -> None:
    found = {"mode": places.mode, "network": places.network, "armed": config.live, "dataDir": str(places.data_dir)}
    if as_json:
        print_json(found)
        return
    armed = "armed for live trading" if config.live else "not armed for live trading"
    show(f"the mode is {places.mode}, on {places.network}; processes that start here are {armed}")


def _show_limits(proposal: Proposal) -> None:
    """Show on stderr what limits hold, and which of them were proposed just now."""
    policy = proposal.policy
    say(
        f"most exposure of all bots: {_usd(policy.global_exposure_cap)}; loss of a day: {_usd(policy.daily_loss_limit)}"
    )
    alike: dict[tuple[Usd | None, AccountId], list[BotId]] = {}
    for bot in policy.bots:
        if bot.enabled:
            alike.setdefault((bot.exposure_cap, bot.account), []).append(bot.id)
    for (cap, account), bots in alike.items():
        say(f"  {some(bots)}: at most {_usd(cap)}{' each' if len(bots) > 1 else ''}, on account {account}")
    if proposal.proposed:
        say(f"proposed where there was none: {', '.join(proposal.proposed)}")


def _usd(limit: Usd | None) -> str:
    return _NONE if limit is None else f"{plain(limit)} USD"


def _lines(findings: Sequence[Finding]) -> list[str]:
    return [
        f"{found.level:<5} {found.check}: {found.text}" + (f" ({found.advice})" if found.advice else "")
        for found in findings
    ]


def _tell(places: Places, *, changed: bool, as_json: bool) -> None:
    if as_json:
        print_json(ModeReport(mode=places.mode, changed=changed))
    elif changed:
        show(f"the mode is {places.mode} now; a worker and an API that run begin anew in it within some seconds")
    else:
        show(f"the mode is {places.mode} already")


def _mode(text: str) -> Mode:
    try:
        return Mode(text)
    except ValueError:
        raise InvalidInput(f"{text!r} is no mode: choose from {', '.join(Mode)}") from None
