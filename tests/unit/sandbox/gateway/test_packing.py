"""Actions as bytes: the same as everybody else's MessagePack."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fadearena.sandbox.gateway.packing import packed

leaves = st.booleans() | st.integers(-(1 << 63), (1 << 64) - 1) | st.text(max_size=300)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=20) | st.dictionaries(st.text(max_size=40), inner, max_size=20)
)


@given(values)
def test_equal_to_another_packer(value: object) -> None:
    """Whatever an action can hold is packed as another library packs it."""
    assert packed(value) == msgspec.msgpack.encode(value)


@pytest.mark.parametrize("count", [15, 16, 255, 256, 65_535, 65_536])
def test_lengths_take_the_shortest_form(count: int) -> None:
    """Texts, lists and maps at each border of a shorter form are packed as another library packs them."""
    for value in ("x" * count, [0] * count, {str(n): n for n in range(count)}):
        assert packed(value) == msgspec.msgpack.encode(value)


def test_absent_keys_are_left_out() -> None:
    """A key without a value is not part of what is hashed."""
    assert packed({"type": "scheduleCancel", "time": None}) == packed({"type": "scheduleCancel"})


def test_only_what_actions_hold() -> None:
    """Fractions and numbers beyond 64 bits cannot stand in an action."""
    with pytest.raises(TypeError, match="float"):
        packed({"p": 1.5})
    with pytest.raises(OverflowError):
        packed(1 << 64)
