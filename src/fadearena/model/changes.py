"""Which fields of the settings changed, by their names outside, with their values as people type them."""

from collections.abc import Iterable
from typing import TypeAlias

from fadearena.model.policy import AccountPolicy, BotPolicy, Policy
from fadearena.model.policy.form import form_of, rows_of
from fadearena.model.record import BotsChange, SettingsChange

Fields: TypeAlias = dict[str, dict[str, str]]
"""Every field with its value, by whose it is: `""` are the settings' own, then `bots.ID.` and `accounts.ID.`."""
_OWN = frozenset({"version", "bots", "accounts"})


def fields_of(policy: Policy) -> Fields:
    """Return every field of settings."""
    own = dict(rows_of(form_of(policy, without=_OWN)))
    return {"": own} | _of_each("bots", policy.bots) | _of_each("accounts", policy.accounts)


def fields_after(before: Fields, change: SettingsChange | BotsChange) -> Fields:
    """Return every field after a change; nothing where it is not known what the settings became."""
    if isinstance(change, SettingsChange):
        return {} if change.policy is None else fields_of(change.policy)
    gone = {f"bots.{bot}." for bot in change.dropped}
    kept = {group: rows for group, rows in before.items() if group not in gone}
    return kept | _of_each("bots", change.put)


def differences(before: Fields, after: Fields) -> dict[str, tuple[str | None, str | None]]:
    """Return the fields that differ with both values; None where there was, or is, no such field."""
    found: dict[str, tuple[str | None, str | None]] = {}
    for group in [*before, *(group for group in after if group not in before)]:
        old, new = before.get(group, {}), after.get(group, {})
        if old != new:
            names = [*old, *(name for name in new if name not in old)]
            found |= {name: (old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)}
    return found


def _of_each(kind: str, members: Iterable[BotPolicy | AccountPolicy]) -> Fields:
    groups = ((f"{kind}.{member.id}.", member) for member in members)
    return {group: dict(rows_of(form_of(member), group)) for group, member in groups}
