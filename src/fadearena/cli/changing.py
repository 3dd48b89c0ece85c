"""Changes of the settings: read, changed, and handed to the worker with the version that was read."""

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from fadearena.bootstrap.client import Client
from fadearena.bootstrap.policies import account_of, risks_added
from fadearena.cli.forms import changed, form_of
from fadearena.cli.ordering import tell
from fadearena.cli.output import print_json, show, table
from fadearena.cli.session import actor, with_client
from fadearena.model.error import InvalidInput
from fadearena.model.event import SetPolicy
from fadearena.model.policy import AccountPolicy, BotPolicy, Policy
from fadearena.ports.control import ControlEntry

_FIXED = frozenset({"id"})


def set_settings(fields: Sequence[str], data_dir: Path | None, *, expected_version: int | None, as_json: bool) -> None:
    """Change some settings."""
    _change(lambda policy: changed(policy, fields), data_dir, as_json=as_json, expected_version=expected_version)


def add_bot(bot: str, fields: Sequence[str], data_dir: Path | None, *, as_json: bool) -> None:
    """Add a bot at the end."""

    def change(policy: Policy) -> Policy:
        if any(known.id == bot for known in policy.bots):
            raise InvalidInput(f"there is a bot {bot} already: change it with `fadearena bots set {bot}`")
        account = policy.accounts[0].id if policy.accounts else "main"
        new = changed(BotPolicy(id=bot, name=bot, wallet="", account=account), fields, fixed=_FIXED)
        new = msgspec.structs.replace(new, wallet=new.wallet.lower())
        return msgspec.structs.replace(policy, bots=(*policy.bots, new))

    _change(change, data_dir, as_json=as_json)


def set_bot(bot: str, fields: Sequence[str], data_dir: Path | None, *, as_json: bool) -> None:
    """Change fields of a bot."""
    if not fields:
        raise InvalidInput("nothing to change: give KEY=VALUE")

    def change(policy: Policy) -> Policy:
        _find(policy, bot)
        bots = (changed(b, fields, fixed=_FIXED) if b.id == bot else b for b in policy.bots)
        return msgspec.structs.replace(policy, bots=tuple(bots))

    _change(change, data_dir, as_json=as_json)


def remove_bot(bot: str, data_dir: Path | None, *, as_json: bool) -> None:
    """Remove a bot."""

    def change(policy: Policy) -> Policy:
        gone = _find(policy, bot)
        return msgspec.structs.replace(policy, bots=tuple(b for b in policy.bots if b is not gone))

    _change(change, data_dir, as_json=as_json)


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


def _find(policy: Policy, bot: str) -> BotPolicy:
    for known in policy.bots:
        if known.id == bot:
            return known
    raise InvalidInput(f"there is no bot {bot}: `fadearena bots list` shows those that there are")


def _change(
    change: Callable[[Policy], Policy],
    data_dir: Path | None,
    *,
    as_json: bool,
    expected_version: int | None = None,
) -> None:
    async def work(client: Client) -> ControlEntry:
        view = await client.settings()
        new = change(view.policy)
        if problems := new.problems() or risks_added(view.policy, new):
            raise InvalidInput("; ".join(problems))
        version = view.policy.version if expected_version is None else expected_version
        return await client.order(SetPolicy(policy=new, expected_version=version), actor())

    tell(with_client(data_dir, work), as_json=as_json)
