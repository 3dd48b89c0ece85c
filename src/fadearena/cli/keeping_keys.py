"""What the commands of `keys` do."""

import asyncio
import sys
from pathlib import Path

import msgspec
import typer
from pydantic import SecretStr

from fadearena.bootstrap import agents
from fadearena.bootstrap.client import Client
from fadearena.bootstrap.places import Places, places_of
from fadearena.bootstrap.policies import account_of
from fadearena.cli.errors import say
from fadearena.cli.ordering import tell
from fadearena.cli.output import print_json, show, table
from fadearena.cli.session import actor, with_client
from fadearena.config import Config, Network, load
from fadearena.kit import log
from fadearena.model.error import InvalidInput, StorageError
from fadearena.model.policy import Policy
from fadearena.model.units import MINUTE_MS


def new(data_dir: Path | None, *, as_json: bool) -> None:
    """Make a key, and say how to approve it."""
    config, places = _begin(data_dir)
    agent = agents.new_key(config)
    if as_json:
        print_json({"address": agent})
        return
    show(
        f"the key of {agent} is kept; nobody else can see it, and it can do nothing yet",
        agents.how_to_approve(places.network, agent, None),
        f"then: fadearena accounts set main address=YOUR-ACCOUNT signer={agent}",
    )


def add(data_dir: Path | None, *, as_json: bool) -> None:
    """Take a key from people or from standard input."""
    config, _ = _begin(data_dir)
    if sys.stdin.isatty():
        text = typer.prompt("Private key (it is not shown)", hide_input=True, err=True)
    else:
        text = sys.stdin.readline()
    _tell(f"the key of {(address := agents.add_key(config, SecretStr(text)))} is kept", address, as_json=as_json)


def list_keys(data_dir: Path | None, *, as_json: bool) -> None:
    """List whose keys are there."""
    config, places = _begin(data_dir)
    found = agents.agents_of(config, _policy(places, data_dir))
    if as_json:
        print_json({"keys": found})
        return
    shown = table("keys", "address", "signs for")
    for each in found:
        shown.add_row(each.address, ", ".join(each.accounts) or "no account")
    show(shown if found else "there is no key: `fadearena keys new` makes one")


def remove(address: str, data_dir: Path | None, *, as_json: bool) -> None:
    """Forget a key."""
    config, places = _begin(data_dir)
    gone = agents.remove_key(config, address, _policy(places, data_dir))
    _tell(f"the key of {gone} is forgotten; remove the agent on the exchange's page, too", gone, as_json=as_json)


def rotate(account: str, data_dir: Path | None, *, minutes: int, as_json: bool) -> None:
    """Give an account a new signer."""
    config, places = _begin(data_dir)
    policy = with_client(data_dir, _settings)
    present = account_of(policy, account)
    agent = agents.new_key(config)
    renewed = msgspec.structs.replace(present, signer=agent)
    if places.network is Network.SANDBOX:
        asyncio.run(agents.approve_on_sandbox(config, present.address, agent))
    else:
        say(agents.how_to_approve(places.network, agent, present.address))
    asyncio.run(agents.wait_for_approval(config, places.network, renewed, minutes * MINUTE_MS, say))
    entry = with_client(data_dir, lambda client: agents.name_signer(client, account, agent, actor()))
    if not as_json:
        show(
            f"{agent} signs for {account} from now on; the key of {present.signer} stays until `fadearena keys remove`"
        )
    tell(entry, as_json=as_json)


async def _settings(client: Client) -> Policy:
    return (await client.settings()).policy


def _begin(data_dir: Path | None) -> tuple[Config, Places]:
    config = load(data_dir=data_dir)
    log.configure("warning", config.log_format)
    return config, places_of(config)


def _policy(places: Places, data_dir: Path | None) -> Policy | None:
    """Return the settings in force; None before the first start, or where they cannot be read."""
    if not places.mode_file.exists():
        return None
    try:
        return with_client(data_dir, _settings)
    except (InvalidInput, StorageError) as error:
        say(f"what the keys are for cannot be told: {error}")
        return None


def _tell(sentence: str, address: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"address": address})
    else:
        show(sentence)
