"""
Which parts a state has, and how a state is put together from them.

1. A key is `kind`, `kind/name` or `kind/name/name`. Names are escaped, so that any text may be one.
2. Rows of `WATCHED` tables are changed in place. Those of all others never are, they are only replaced.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

import msgspec

from fadearena.core.follow import Follow
from fadearena.core.latches import Latch, LatchKind
from fadearena.core.lifecycle import Order
from fadearena.core.state.account import AccountMemory, Seen
from fadearena.core.state.memory import BookMemory, BotMemory, Letter, Sleeve, State
from fadearena.model.error import InvalidInput
from fadearena.model.ids import BotId, Cloid
from fadearena.model.instrument import Instrument
from fadearena.model.market import Quote
from fadearena.model.policy import BotPolicy, Policy

WATCHED: dict[str, Any] = {
    "accounts": AccountMemory,
    "books": BookMemory,
    "orders": Order,
    "letters": Letter,
    "bots": BotMemory,
    "follows": Follow,
    "sleeves": Sleeve,
}
"""Tables whose rows are changed in place, and what their rows are."""
_FLAT: dict[str, Any] = {
    "instruments": Instrument,
    "quotes": Quote,
    "wakes": int,
    "labels": int,
    "nonces": int,
    "adopted": int,
    "off_target": int,
}
"""Tables whose rows are only replaced."""
_WHOLE = ("meta", "policy", "retired")
"""What is one part."""
_LOOK_UPS = ("bot_policies", "account_policies", "wallets", "enabled", "guarded", "leverages")


class _Settings(msgspec.Struct, frozen=True):
    """Settings without their bots, which are parts of their own, and the order of those."""

    policy: Policy
    order: list[BotId]


_ENCODER = msgspec.json.Encoder(order="sorted")
_DECODERS = {
    kind: msgspec.json.Decoder(form)
    for kind, form in {
        **WATCHED,
        **_FLAT,
        "latches": dict[LatchKind, Latch],
        "fills": int,
        "payments": int,
        "bot-policies": BotPolicy,
        "meta": dict[str, Any],
        "policy": _Settings,
        "retired": list[Cloid],
    }.items()
}
_META = tuple(
    name for name in State.__struct_fields__ if name not in {*WATCHED, *_FLAT, *_WHOLE, *_LOOK_UPS, "latches"}
)
"""Everything that is small, in one part."""


def key_of(kind: str, key: str | tuple[str, ...]) -> str:
    """Return the key of the part that holds a row; `kind` is the beginning of the key, empty where the row is all."""
    names = map(_escaped, (key,) if isinstance(key, str) else key)
    return "/".join((kind, *names) if kind else names)


def _escaped(name: str) -> str:
    """Return a name as it stands in a key."""
    return name.replace("%", "%25").replace("/", "%2F") if "%" in name or "/" in name else name


def _unescaped(name: str) -> str:
    return name.replace("%2F", "/").replace("%25", "%")


def writer_of(kind: str) -> Callable[[Any], bytes]:
    """Return what writes the rows of a watched table."""
    return _account_text if kind == "accounts" else _ENCODER.encode


def _account_text(account: AccountMemory) -> bytes:
    """Return an account without the executions and payments that it has seen: each of them is a part of its own."""
    fills, payments = Seen(horizon=account.fills.horizon), Seen(horizon=account.payments.horizon)
    return _ENCODER.encode(msgspec.structs.replace(account, fills=fills, payments=payments))


def copied_text(row: object) -> bytes:
    """Return a row of a table that was copied; what is one part was written when it was copied."""
    return row if isinstance(row, bytes) else _ENCODER.encode(row)


def settings_text(policy: Policy) -> bytes:
    """Return the text of the settings without their bots, each of which is a part of its own."""
    order = [bot.id for bot in policy.bots]
    return _ENCODER.encode(_Settings(msgspec.structs.replace(policy, bots=()), order))


def wholes_of(state: State) -> dict[str, bytes]:
    """Return what is one part each, settings aside: everything that is small, and the orders that may be forgotten."""
    small = {name: getattr(state, name) for name in _META}
    return {"meta": _ENCODER.encode(small), "retired": _ENCODER.encode(state.retired)}


def picture_of(state: State) -> dict[str, Mapping[Any, Any]]:
    """Return the tables whose rows are only replaced, as they are now, by the beginning of their keys."""
    picture: dict[str, Mapping[Any, Any]] = {name: dict(getattr(state, name)) for name in _FLAT}
    picture["latches"] = dict(state.latches.by_scope)
    picture["bot-policies"] = state.bot_policies
    for account, memory in dict.items(state.accounts):
        picture[key_of("fills", account)] = dict(memory.fills.keys)
        picture[key_of("payments", account)] = dict(memory.payments.keys)
    return picture


def assemble(parts: Iterable[tuple[str, bytes]]) -> State:
    """
    Return the state that a full cut, with the cuts after it laid over it, shows.

    Raises:
        InvalidInput: A part is missing, unknown, or cannot be read.
    """
    kinds: dict[str, dict[Any, Any]] = {kind: {} for kind in _DECODERS}
    for text, payload in parts:
        kind, *names = text.split("/")
        if kind not in kinds:
            _unusable(text, "these rules know no such part")
        try:
            value = _DECODERS[kind].decode(payload)
        except msgspec.MsgspecError as error:
            _unusable(text, str(error))
        key = tuple(map(_unescaped, names))
        kinds[kind][key[0] if len(key) == 1 else key] = value
    for kind in _WHOLE:
        if not kinds[kind]:
            _unusable(kind, "it is missing")
    return _put_together(kinds)


def _put_together(kinds: dict[str, dict[Any, Any]]) -> State:
    state = msgspec.convert(kinds["meta"][()], type=State, str_keys=True)
    for name in (*WATCHED, *_FLAT):
        setattr(state, name, kinds[name])
    state.retired = kinds["retired"][()]
    settings: _Settings = kinds["policy"][()]
    bots = tuple(kinds["bot-policies"][bot] for bot in settings.order)
    state.set_policy(msgspec.structs.replace(settings.policy, bots=bots))
    for held in kinds["latches"].values():
        for latch in held.values():
            state.latches.set(latch)
    for (account, key), time in kinds["fills"].items():
        state.accounts[account].fills.keys[key] = time
    for (account, key), time in kinds["payments"].items():
        state.accounts[account].payments.keys[key] = time
    return state


def _unusable(text: str, why: str) -> NoReturn:
    raise InvalidInput(f"part {text!r} of a snapshot: {why}; restore a backup, or begin from an older snapshot")
