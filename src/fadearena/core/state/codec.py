"""The canonical text of a state: equal states have equal bytes, and nothing is lost on the way back."""

from typing import Any

import msgspec

from fadearena.core.state.memory import State

_ENCODER = msgspec.json.Encoder(order="sorted")
_PAIRED = ("follows", "sleeves", "books", "off_target")
"""Tables whose keys are pairs: written as rows, since a key in JSON is a text."""
_LOOK_UPS = ("bot_policies", "account_policies", "wallets", "enabled", "guarded", "leverages")
"""Not written: they follow from the settings."""


def encode(state: State) -> bytes:
    """Return the canonical text of a state: equal states have equal bytes."""
    return _ENCODER.encode(_plain(state))


def decode(text: bytes) -> State:
    """Return the state that `encode` wrote."""
    raw = msgspec.json.decode(text)
    for name in _PAIRED:
        raw[name] = {tuple(row[0]): row[1] for row in raw[name]}
    state = msgspec.convert(raw, type=State, str_keys=True)
    state.set_policy(state.policy)
    return state


def _plain(state: State) -> dict[str, Any]:
    raw: dict[str, Any] = msgspec.structs.asdict(state)
    for name in _LOOK_UPS:
        del raw[name]
    for name in _PAIRED:
        raw[name] = sorted(([list(key), value] for key, value in dict.items(raw[name])), key=lambda row: row[0])
    return raw
