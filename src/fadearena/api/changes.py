"""What settings come to once a part of them was changed, and what is wrong with that, in the asker's own numbering."""

import re
from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from fadearena.api.schemas.changes import NewBot, SettingsUpdate
from fadearena.api.schemas.partial import Given
from fadearena.model.error import InvalidInput
from fadearena.model.event import ChangeBots, OperatorAction, SetPolicy
from fadearena.model.ids import BotId
from fadearena.model.policy import BotPolicy, Policy
from fadearena.model.typed import typed_address

S = TypeVar("S", bound=msgspec.Struct)
_BOT = re.compile(r"^bots\[(\d+)\]\.")
_NOT_SET = frozenset({"mode", "version", "confirm", "bots"})


class Wrong(Exception):
    """Settings cannot become these; `errors` say why, one sentence each, naming the field."""

    def __init__(self, errors: Sequence[str]) -> None:
        super().__init__("; ".join(errors))
        self.errors = tuple(errors)


def changed_policy(old: Policy, asked: SettingsUpdate) -> Policy:
    """
    Return settings with a part of them changed; mode and version stay as they were.

    Raises:
        Wrong: They cannot become these.
    """
    given = asked.given()
    bots = _changed_bots(old, asked) if "bots" in given else ()
    new = _changed(old, {name: value for name, value in given.items() if name not in _NOT_SET}).with_bots(bots)
    _check(old, new, [bot.id for bot in bots])
    return new


def action_of(old: Policy, new: Policy) -> OperatorAction | None:
    """Return the command that brings settings from the one to the other; None where they are the same."""
    before = {bot.id: bot for bot in old.bots}
    put = tuple(bot for bot in new.bots if before.get(bot.id) != bot)
    if msgspec.structs.replace(new, bots=old.bots) != old:
        return SetPolicy(policy=new, expected_version=old.version)
    return ChangeBots(put=put, expected_version=old.version) if put else None


def new_bot(policy: Policy, asked: NewBot) -> BotPolicy:
    """
    Return a bot that joins these settings; of what was not given the defaults hold.

    Raises:
        Wrong: It cannot be followed so.
    """
    account = policy.accounts[0].id if policy.accounts else "main"
    bot = _bot(BotPolicy(id=asked.id, name=asked.id, wallet="", account=account), asked, "")
    _check_bot(policy, bot)
    return bot


def changed_bot(policy: Policy, bot: BotPolicy, asked: Given) -> BotPolicy:
    """
    Return a bot with a part of its settings changed.

    Raises:
        Wrong: It cannot become this one.
    """
    new = _bot(bot, asked, "")
    _check_bot(policy, new)
    return new


def _changed_bots(old: Policy, asked: SettingsUpdate) -> tuple[BotPolicy, ...]:
    known = {bot.id: bot for bot in old.bots}
    errors = [
        f"bots[{n}].id {bot.id} is not known: POST /api/bots adds bots"
        for n, bot in enumerate(asked.bots)
        if bot.id not in known
    ]
    ids = [bot.id for bot in asked.bots]
    errors += [f"bots[{n}].id {bot} is given twice" for n, bot in enumerate(ids) if bot in ids[:n]]
    if errors:
        raise Wrong(errors)
    return tuple(_bot(known[bot.id], bot, f"bots[{n}].") for n, bot in enumerate(asked.bots))


def _bot(bot: BotPolicy, asked: Given, where: str) -> BotPolicy:
    new = _changed(bot, asked.given())
    if new.wallet == bot.wallet:
        return new
    try:
        return msgspec.structs.replace(new, wallet=typed_address(new.wallet))
    except InvalidInput as error:
        raise Wrong([f"{where}walletAddress: {error}"]) from error


def _changed(whole: S, given: dict[str, Any]) -> S:
    """Return a whole with these fields in the place of its own; parts and maps are changed in their turn."""
    fields = {name: _merged(getattr(whole, name), value) for name, value in given.items()}
    return msgspec.structs.replace(whole, **fields)


def _merged(present: Any, value: Any) -> Any:  # noqa: ANN401 - a field of any type
    if isinstance(present, msgspec.Struct):
        return _changed(present, value.given())
    if isinstance(present, dict):
        return {name: item for name, item in (present | value).items() if item is not None}
    return value


def _check(old: Policy, new: Policy, named: Sequence[BotId]) -> None:
    """
    Refuse settings that are wrong; a bot is called by its place among those that were named, others by their ids.

    Raises:
        Wrong: They are.
    """
    if problems := new.problems() or new.risks_beside(old):

        def called(found: re.Match[str]) -> str:
            bot = new.bots[int(found[1])].id
            return f"bots[{named.index(bot)}]." if bot in named else f"bot {bot}: "

        raise Wrong([_BOT.sub(called, each) for each in problems])


def _check_bot(policy: Policy, bot: BotPolicy) -> None:
    """
    Refuse a bot that is wrong by itself or beside the others.

    Raises:
        Wrong: It is.
    """
    try:
        _check(policy, policy.with_bots([bot]), [bot.id])
    except Wrong as error:
        raise Wrong([each.removeprefix("bots[0].") for each in error.errors]) from None
