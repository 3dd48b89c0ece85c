"""`settings history` names the fields that changed, whether settings changed as a whole or bots in part."""

import msgspec

from fadearena.bootstrap.seed import default_policy
from fadearena.cli.showing import changes_of
from fadearena.model.record import BotsChange, Record, SettingsChange
from fadearena.model.units import Ratio
from fadearena.ports.read_store import LoggedRecord

POLICY = default_policy()
KNOWN, GONE = POLICY.bots[0], POLICY.bots[1]


def logged(*records: Record) -> list[LoggedRecord]:
    """Return records as the log gives them out."""
    return [LoggedRecord(record_seq=n, journal_seq=n, time=n, record=each) for n, each in enumerate(records, 1)]


def test_each_change_names_the_fields_that_are_others_since() -> None:
    """A new bot has all its fields, one that went has none left; what stayed as it was is not named."""
    larger = msgspec.structs.replace(KNOWN, leverage_multiplier=Ratio("0.2"))
    new = msgspec.structs.replace(KNOWN, id="new", wallet="0x" + "ab" * 20)
    capped = msgspec.structs.replace(POLICY.with_bots((larger, new), (GONE.id,)), max_order_notional=Ratio(50))
    first, second, third = changes_of(
        logged(
            SettingsChange(version=1, actor="seed", policy=POLICY),
            BotsChange(version=2, actor="ann", put=(larger, new), dropped=(GONE.id,)),
            SettingsChange(version=3, actor="bob", policy=capped),
        )
    )
    assert (first["version"], first["changes"]) == (1, {})
    assert second["changes"][f"bots.{KNOWN.id}.leverageMultiplier"] == (str(KNOWN.leverage_multiplier), "0.2")
    named = {name.split(".")[1] for name in second["changes"]}
    assert named == {KNOWN.id, GONE.id, "new"}
    assert all(after is None for name, (_, after) in second["changes"].items() if f".{GONE.id}." in name)
    assert list(third["changes"]) == ["maxOrderNotional"]
