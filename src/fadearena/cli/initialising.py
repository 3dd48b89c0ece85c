"""The command `init`: asks what has to be decided before the first start, and writes it down."""

import asyncio
import os
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import msgspec
import typer

from fadearena.bootstrap import agents
from fadearena.bootstrap.idling import ADVICE
from fadearena.bootstrap.places import places_of
from fadearena.bootstrap.setup import Choices, begin, followed_bots, known_bots, policy_of, write_env
from fadearena.cli import options
from fadearena.cli.errors import say
from fadearena.cli.output import print_json, show
from fadearena.config import Config, Network, load, variable
from fadearena.kit import log
from fadearena.model.error import InvalidInput, VenueError
from fadearena.model.ids import address

T = TypeVar("T")
ENV_FILE = Path(".env")
_NONE = "none"
_SILENT = "their seasons are over, and they have been silent since December 2025"


class InitRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The options of the command; None is asked for, or the default where nobody can be asked."""

    network: str | None
    data_dir: Path | None
    database_url: str | None
    equity: Decimal | None
    bots: str | None
    multiplier: Decimal | None
    exposure_cap: Decimal | None
    daily_loss: Decimal | None
    account: str | None
    yes: bool
    force: bool
    as_json: bool


def init(request: InitRequest) -> None:
    """Ask, write `.env`, make the tables and set the first settings."""
    log.configure("warning")
    ask = _Asking(is_silent=request.yes or not sys.stdin.isatty())
    _may_write(ask, force=request.force)
    values = _settings_of(request, ask)
    choices = _choices_of(request, ask, Network(str(values["network"])))
    policy_of(choices)
    config = load(ENV_FILE.with_name("no-such-file"), **values)
    if choices.account is not None:
        choices = msgspec.structs.replace(choices, signer=agents.new_key(config))
    is_set = asyncio.run(begin(places_of(config), choices))
    write_env(ENV_FILE, values)
    _tell(config, choices, is_set=is_set, as_json=request.as_json)


class _Asking:
    """Asks people on a terminal, one question after the other; takes the defaults where nobody can answer."""

    def __init__(self, *, is_silent: bool) -> None:
        self._is_silent = is_silent

    def confirm(self, question: str) -> bool:
        """Ask for a yes; silence is a no."""
        return not self._is_silent and typer.confirm(question, default=False, err=True)

    def ask(self, question: str, default: str, read: Callable[[str], T]) -> T:
        """Ask until the answer can be read."""
        while True:
            text = default if self._is_silent else typer.prompt(question, default=default, err=True)
            try:
                return read(text.strip())
            except (InvalidInput, typer.BadParameter, ValueError) as error:
                if self._is_silent:
                    raise
                say(str(error))


def _may_write(ask: _Asking, *, force: bool) -> None:
    if ENV_FILE.exists() and not force and not ask.confirm(f"{ENV_FILE.absolute()} is there already. Replace it?"):
        raise InvalidInput(f"{ENV_FILE.absolute()} is there already, and was left as it is: --force replaces it")


def _settings_of(request: InitRequest, ask: _Asking) -> dict[str, str | Path | None]:
    """Return the settings of the processes, by field."""
    networks = ", ".join(Network)
    given = request.network
    network = _network(given) if given else ask.ask(f"Network ({networks})", Network.MAINNET, _network)
    default = Config.model_fields["data_dir"].get_default(call_default_factory=True)
    data_dir = request.data_dir or ask.ask("Data directory", str(default), Path)
    url = request.database_url or ask.ask("PostgreSQL URL (none: SQLite files there)", _NONE, _optional(str))
    equity = request.equity or ask.ask("USD of the paper account", "10000", options.usd)
    return {
        "network": network,
        "sandbox_url": _sandbox_url() if network == Network.SANDBOX else None,
        "data_dir": data_dir.expanduser().absolute(),
        "database_url": url,
        "paper_equity_usd": str(equity),
    }


def _sandbox_url() -> str | None:
    """Return where the sandbox listens, if somebody said so: the next shell shall know it, too."""
    return os.environ.get(variable("sandbox_url"))


def _choices_of(request: InitRequest, ask: _Asking, network: Network) -> Choices:
    """Return what the first settings are made of."""
    if request.bots is None:
        say(f"bots that are known: {', '.join(known_bots())}")
        if network is Network.MAINNET:
            say(f"{_SILENT}: they show how it works, and others can be followed later")
    bots = _ids(request.bots) if request.bots else ask.ask("Bots to fade", ",".join(followed_bots()), _ids)
    multiplier = request.multiplier or ask.ask("Our size per unit of theirs", "0.05", options.multiplier)
    cap = request.exposure_cap or ask.ask("Most exposure in USD, all bots together", _NONE, _optional(options.usd))
    loss = request.daily_loss or ask.ask("Loss of a day in USD that stops us", _NONE, _optional(options.usd))
    account = request.account and address(request.account.lower())
    if network is not Network.ARENA and account is None:
        account = ask.ask("Account at the exchange, 0x.. (none: simulate only)", _NONE, _optional(address))
    return Choices(bots=bots, multiplier=multiplier, exposure_cap_usd=cap, daily_loss_usd=loss, account=account)


def _network(text: str) -> Network:
    try:
        return Network(text)
    except ValueError:
        raise InvalidInput(f"{text!r} is no network: choose from {', '.join(Network)}") from None


def _ids(text: str) -> tuple[str, ...]:
    found = tuple(each.strip() for each in text.split(",") if each.strip())
    if strangers := sorted(set(found) - set(known_bots())):
        raise InvalidInput(f"no bot is called {', '.join(strangers)}: choose from {', '.join(known_bots())}")
    return found


def _optional(read: Callable[[str], T]) -> Callable[[str], T | None]:
    return lambda text: None if text in {"", _NONE} else read(text)


def _tell(config: Config, choices: Choices, *, is_set: bool, as_json: bool) -> None:
    if as_json:
        told = {"envFile": str(ENV_FILE.absolute()), "dataDir": str(config.data_dir), "settingsSet": is_set}
        print_json(told | ({"signer": choices.signer} if choices.signer else {}))
        return
    settings = "the first settings are in force" if is_set else "there were settings already: they stay as they are"
    sandbox = "`fadearena sandbox` in another terminal, then " if config.network is Network.SANDBOX else ""
    show(f"wrote {ENV_FILE.absolute()}; data are kept in {config.data_dir}; {settings}")
    if choices.account is not None and choices.signer is not None:
        show(*_about_agent(config, choices.account, choices.signer, is_set=is_set))
    show(f"next: {sandbox}`fadearena doctor`, then `fadearena up`, and `fadearena status` in another terminal")
    if config.network is Network.MAINNET:
        show(
            f"the bots are those of Alpha Arena: {_SILENT}, so nothing will happen because of them. {ADVICE}; "
            "while a worker runs, `--add N` takes some of them in, and `fadearena bots enable ID...` follows them"
        )
    if config.network is Network.TESTNET:
        show(
            "the bots are those of Alpha Arena, which never traded on the testnet: `fadearena bots add` and "
            "`fadearena bots import` take wallets that do"
        )


def _about_agent(config: Config, account: str, signer: str, *, is_set: bool) -> list[str]:
    """Say what the key is that was made, and what its approval takes; on a sandbox it is given at once."""
    lines = [f"a key was made in {config.key_path}: {signer} shall sign for {account}, and cannot withdraw anything"]
    if not is_set:
        lines.append(
            f"the settings name another account: `fadearena accounts set main address={account} signer={signer}`"
        )
    if config.network is not Network.SANDBOX:
        how = agents.how_to_approve(config.network, signer, account)
        return [*lines, f"to trade live later (on testnet first): {how}; docs/live.md goes on from there"]
    try:
        asyncio.run(agents.approve_on_sandbox(config, account, signer, deposit=str(config.paper_equity_usd)))
    except VenueError as error:
        return [*lines, f"it is not approved yet ({error}): `fadearena keys rotate main` does it once a worker runs"]
    return [*lines, f"the sandbox approved it, and {account} has {config.paper_equity_usd} USD more"]
