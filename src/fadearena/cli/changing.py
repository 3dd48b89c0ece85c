"""Changes of the settings: read, changed, and handed to the worker with the version that was read."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from fadearena.bootstrap.client import Client
from fadearena.bootstrap.policies import account_of
from fadearena.cli.forms import changed
from fadearena.cli.ordering import tell
from fadearena.cli.output import print_json, show, table
from fadearena.cli.session import actor, with_client
from fadearena.model.error import InvalidInput
from fadearena.model.event import ChangeBots, SetPolicy
from fadearena.model.policy import AccountPolicy, BotPolicy, Policy
from fadearena.model.policy.form import form_of
from fadearena.model.typed import typed_address
from fadearena.ports.control import ControlEntry

_FIXED = frozenset({"id"})
_NUMBERED = re.compile(r"^bots\[(\d+)\]\.")
"""How settings name a bot; people know it by its id."""


def set_settings(fields: Sequence[str], data_dir: Path | None, *, expected_version: int | None, as_json: bool) -> None:
    """Change some settings."""
    _change(lambda policy: changed(policy, fields), data_dir, as_json=as_json, expected_version=expected_version)


def add_bot(bot: str, fields: Sequence[str], data_dir: Path | None, *, as_json: bool) -> None:
    """Add a bot at the end."""

    def choose(policy: Policy) -> ChangeBots:
        if any(known.id == bot for known in policy.bots):
            raise InvalidInput(f"there is a bot {bot} already: change it with `fadearena bots set {bot}`")
        account = policy.accounts[0].id if policy.accounts else "main"
        return ChangeBots(put=(_bot(BotPolicy(id=bot, name=bot, wallet="", account=account), fields),))

    _change_bots(choose, data_dir, as_json=as_json)


def set_bots(bots: Sequence[str], fields: Sequence[str], data_dir: Path | None, *, as_json: bool) -> None:
    """Change fields of bots: of all of them, or of none."""
    if not fields:
        raise InvalidInput("nothing to change: give KEY=VALUE")

    def choose(policy: Policy) -> ChangeBots:
        return ChangeBots(put=tuple(_bot(bot, fields) for bot in _find(policy, bots)))

    _change_bots(choose, data_dir, as_json=as_json)


def remove_bots(bots: Sequence[str], data_dir: Path | None, *, as_json: bool) -> None:
    """Remove bots: all of them, or none."""

    def choose(policy: Policy) -> ChangeBots:
        return ChangeBots(drop=tuple(bot.id for bot in _find(policy, bots)))

    _change_bots(choose, data_dir, as_json=as_json)


def list_accounts(data_dir: Path | None, *, as_json: bool) -> None:
    """List our accounts."""
    policy = with_client(data_dir, lambda client: client.settings()).policy
    if as_json:
        print_json({"accounts": form_of(policy.accounts)})
        return
    shown = table("our accounts", "id", "address", "signer", "sub-account or vault", "most leverage")
    for each in policy.accounts:
        is_vault = "yes" if each.is_vault else "no"
        shown.add_row(each.id, each.address, each.signer, is_vault, str(each.max_leverage))
    show(shown)


def add_account(account: str, fields: Sequence[str], data_dir: Path | None, *, as_json: bool) -> None:
    """Add an account at the end."""

    def change(policy: Policy) -> Policy:
        if any(known.id == account for known in policy.accounts):
            raise InvalidInput(f"there is an account {account} already: `fadearena accounts set {account}` changes it")
        new = _account(AccountPolicy(id=account, address="", signer=""), fields)
        return msgspec.structs.replace(policy, accounts=(*policy.accounts, new))

    _change(change, data_dir, as_json=as_json)


def set_account(account: str, fields: Sequence[str], data_dir: Path | None, *, as_json: bool) -> None:
    """Change fields of an account."""
    if not fields:
        raise InvalidInput("nothing to change: give KEY=VALUE")

    def change(policy: Policy) -> Policy:
        account_of(policy, account)
        accounts = (_account(each, fields) if each.id == account else each for each in policy.accounts)
        return msgspec.structs.replace(policy, accounts=tuple(accounts))

    _change(change, data_dir, as_json=as_json)


def remove_account(account: str, data_dir: Path | None, *, as_json: bool) -> None:
    """Remove an account."""

    def change(policy: Policy) -> Policy:
        gone = account_of(policy, account)
        return msgspec.structs.replace(policy, accounts=tuple(each for each in policy.accounts if each is not gone))

    _change(change, data_dir, as_json=as_json)


def _account(account: AccountPolicy, fields: Sequence[str]) -> AccountPolicy:
    new = changed(account, fields, fixed=_FIXED)
    return msgspec.structs.replace(new, address=new.address.lower(), signer=new.signer.lower())


def _bot(bot: BotPolicy, fields: Sequence[str]) -> BotPolicy:
    new = changed(bot, fields, fixed=_FIXED)
    return new if new.wallet == bot.wallet else msgspec.structs.replace(new, wallet=typed_address(new.wallet))


def _find(policy: Policy, bots: Sequence[str]) -> Sequence[BotPolicy]:
    """Return the bots of these ids, each once."""
    known = {bot.id: bot for bot in policy.bots}
    if strangers := [bot for bot in dict.fromkeys(bots) if bot not in known]:
        raise InvalidInput(f"there is no bot {', '.join(strangers)}: `fadearena bots list` shows those that there are")
    return [known[bot] for bot in dict.fromkeys(bots)]


def _change_bots(choose: Callable[[Policy], ChangeBots], data_dir: Path | None, *, as_json: bool) -> None:
    async def work(client: Client) -> ControlEntry:
        policy = (await client.settings()).policy
        action = choose(policy)
        _check(policy, policy.with_bots(action.put, action.drop))
        return await client.order(msgspec.structs.replace(action, expected_version=policy.version), actor())

    tell(with_client(data_dir, work), as_json=as_json)


def _change(
    change: Callable[[Policy], Policy],
    data_dir: Path | None,
    *,
    as_json: bool,
    expected_version: int | None = None,
) -> None:
    async def work(client: Client) -> ControlEntry:
        policy = (await client.settings()).policy
        new = change(policy)
        _check(policy, new)
        version = policy.version if expected_version is None else expected_version
        return await client.order(SetPolicy(policy=new, expected_version=version), actor())

    tell(with_client(data_dir, work), as_json=as_json)


def _check(old: Policy, new: Policy) -> None:
    if problems := new.problems() or new.risks_beside(old):
        raise InvalidInput(
            "; ".join(_NUMBERED.sub(lambda found: f"{new.bots[int(found[1])].id}: ", each) for each in problems)
        )
