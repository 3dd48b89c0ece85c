"""What a long round of the collector left is not looked through again."""

import gc

import pytest

from fadearena.kit.collector import Collector, short_rounds


@pytest.mark.parametrize(("generation", "takes_s", "frozen"), [(2, 0.006, 1), (2, 0.004, 0), (1, 0.006, 0)])
def test_only_what_a_long_full_round_left_is_set_aside(generation: int, takes_s: float, frozen: int) -> None:
    """Short rounds, and those over young things only, may come again."""
    now, times = [0.0], list[int]()
    told = Collector(0.005, clock=lambda: now[0], set_aside=lambda: times.append(1))
    told("start", {"generation": generation})
    now[0] += takes_s
    told("stop", {"generation": generation})
    assert len(times) == frozen


def test_rounds_are_watched_as_long_as_the_block_lasts() -> None:
    """Afterwards the collector is as it was."""
    before = list(gc.callbacks)
    with short_rounds():
        assert len(gc.callbacks) == len(before) + 1
    assert gc.callbacks == before
