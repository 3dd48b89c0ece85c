"""Labels: none is ever used twice, also after old ones were forgotten."""

from fadearena.core.engine.placing import next_label
from fadearena.core.state import LABELS_MAX, State

WALLET = "0x" + "a1" * 20


def test_orders_of_one_wallet_time_and_asset_are_counted() -> None:
    """The count goes up for the same three, and begins anew for any other."""
    state = State()
    labels = [next_label(state, WALLET, time, asset) for time, asset in ((5, 1), (5, 1), (6, 1), (5, 2), (5, 1))]
    assert [label.partition(f"{WALLET}-")[2] for label in labels] == ["5-1.0", "5-1.1", "6-1.0", "5-2.0", "5-1.2"]


def test_a_forgotten_label_is_never_made_again() -> None:
    """Beyond the limit the older half is forgotten; what is as old as they were counts on from all labels ever."""
    state = State()
    made = {next_label(state, WALLET, time, 1) for time in range(LABELS_MAX + 1)}
    assert len(state.labels) <= LABELS_MAX // 2 + 1
    again = {next_label(state, WALLET, time, 1) for time in range(0, LABELS_MAX, 97)}
    assert not made & again
