"""The beginning of an installation: a `.env` file, and the first settings."""

import os
from collections.abc import Collection, Mapping
from decimal import Decimal
from pathlib import Path

import msgspec

from fadearena.bootstrap.places import Places
from fadearena.bootstrap.seed import default_policy
from fadearena.bootstrap.upkeep import seed
from fadearena.config import Config, variable
from fadearena.model.error import InvalidInput
from fadearena.model.ids import Address, BotId
from fadearena.model.policy import AccountPolicy, Policy
from fadearena.model.units import Usd

_HEAD = "# Written by `fadearena init`. Every variable, with its meaning: docs/configuration.md, or .env.example.\n"


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    """
    What people decide before the first start; None for no limit.

    `account` is theirs at the exchange, for which `signer` is to sign; None for a made-up one, on paper only.
    """

    bots: Collection[BotId]
    multiplier: Decimal
    exposure_cap_usd: Usd | None = None
    daily_loss_usd: Usd | None = None
    account: Address | None = None
    signer: Address | None = None


def known_bots() -> tuple[BotId, ...]:
    """Return the bots that can be chosen."""
    return tuple(bot.id for bot in default_policy().bots)


def followed_bots() -> tuple[BotId, ...]:
    """Return the bots that are followed where nobody chooses."""
    return tuple(bot.id for bot in default_policy().bots if bot.enabled)


def policy_of(choices: Choices) -> Policy:
    """
    Return the first settings.

    Raises:
        InvalidInput: A bot is unknown, or a number is out of its range; one sentence for each.
    """
    if strangers := sorted(set(choices.bots) - set(known_bots())):
        raise InvalidInput(f"no bot is called {', '.join(strangers)}: choose from {', '.join(known_bots())}")
    default = default_policy()
    bots = tuple(
        msgspec.structs.replace(bot, enabled=bot.id in choices.bots, leverage_multiplier=choices.multiplier)
        for bot in default.bots
    )
    policy = msgspec.structs.replace(
        default,
        bots=bots,
        accounts=_accounts(default.accounts, choices),
        global_exposure_cap=choices.exposure_cap_usd,
        daily_loss_limit=choices.daily_loss_usd,
    )
    if problems := policy.problems():
        raise InvalidInput("; ".join(problems))
    return policy


def _accounts(default: tuple[AccountPolicy, ...], choices: Choices) -> tuple[AccountPolicy, ...]:
    if choices.account is None:
        return default
    signer = choices.signer or choices.account
    return tuple(msgspec.structs.replace(each, address=choices.account, signer=signer) for each in default)


def write_env(file: Path, values: Mapping[str, object]) -> None:
    """
    Write settings of a process, readable by us alone, by field of `Config`; what is None is left out.

    Raises:
        InvalidInput: The file cannot be written.
    """
    assert set(values) <= set(Config.model_fields)  # noqa: S101 - fields, not what people typed
    lines = [f"{variable(field)}={value}\n" for field, value in values.items() if value is not None]
    beside = file.with_name(file.name + ".new")
    try:
        beside.unlink(missing_ok=True)
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
            opened.write(_HEAD + "".join(lines))
        beside.replace(file)
    except OSError as error:
        raise InvalidInput(f"{file} cannot be written ({error.strerror}): work in a directory of yours") from error


async def begin(places: Places, choices: Choices) -> bool:
    """
    Make the tables and set the first settings; tell whether they were set, or some were there already.

    Raises:
        InvalidInput: A choice is out of its range, or the data directory belongs to another network.
        LeaseLost: A worker is running there.
        StorageError: The databases cannot be used.
    """
    return await seed(places, policy_of(choices))
