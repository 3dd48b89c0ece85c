"""Fills that real wallets made are read without loss, and their positions chain."""

import json
from pathlib import Path

import msgspec
import pytest

from fadearena.adapters.hyperliquid import wire
from fadearena.adapters.hyperliquid.recorded import recorded_fill
from fadearena.adapters.sim.history import HistoryFeed
from fadearena.adapters.sim.listing import infer_instruments
from fadearena.adapters.sim.recording import Recording, read_recording
from fadearena.kit.clock import ManualClock
from fadearena.model.units import ZERO
from tests.support.fills import WALLET
from tests.support.recorded import ROOT, fill_files, lines, needs_recorded

pytestmark = needs_recorded
files = pytest.mark.parametrize("file", [pytest.param(file, id=file.stem) for file in fill_files()])
SELF_TRADER = "sdk_0xb7b6f3cea3f66bf525f5d8f965f6dbf6d9b017b2_2023"


def read(file: Path) -> Recording:
    """Read a file as some wallet's; the files do not say whose they are."""
    return read_recording(file, WALLET, recorded_fill)


@files
def test_every_line_encodes_to_itself(file: Path) -> None:
    """A fill that was decoded strictly encodes to the same JSON: no field and no digit is lost."""
    for line in lines(file):
        fill = msgspec.json.decode(line, type=wire.RecordedFill)
        assert json.loads(msgspec.json.encode(fill)) == json.loads(line)


@files
def test_every_fill_is_read_once(file: Path) -> None:
    """No line is bad, keys are unique, times rise, and each message is of one millisecond."""
    recording = read(file)
    fills = list(recording.fills())
    assert recording.bad_lines == ()
    assert len(fills) == sum(1 for _ in lines(file))
    assert len({fill.key for fill in fills}) == len(fills)
    times = [message[0].time for message in recording.messages]
    assert times == sorted(set(times))
    assert all(fill.time == message[0].time for message in recording.messages for fill in message)


@files
def test_positions_chain_in_the_order_read(file: Path) -> None:
    """Each fill begins where the coin's last one ended, but for the wallet that trades with itself."""
    ends: dict[str, object] = {}
    broken = 0
    for fill in read(file).fills():
        assert fill.start_position is not None
        broken += ends.get(fill.coin, fill.start_position) != fill.start_position
        ends[fill.coin] = fill.start_position + fill.change
    assert broken == 0 or file.stem == SELF_TRADER


@files
def test_played_wallet_ends_where_its_last_fills_end(file: Path) -> None:
    """The feed delivers every fill, with a price for each coin, and sizes fit the inferred lots."""
    recording = read(file)
    markets = {market.coin: market for market in infer_instruments(recording.fills())}
    feed = HistoryFeed([recording], ManualClock(), markets.values())
    delivered = 0
    while (event := feed.deliver()) is not None:
        delivered += len(event.fills)
        assert {quote.coin for quote in event.quotes} == {fill.coin for fill in event.fills}
        for fill in event.fills:
            assert markets[fill.coin].floor(fill.quantity) == fill.quantity
            assert markets[fill.coin].floor(fill.start_position or ZERO) == (fill.start_position or ZERO)
    assert delivered == sum(len(message) for message in recording.messages)


def test_liquidation_on_the_other_side_is_an_ordinary_fill() -> None:
    """A fill against a liquidated wallet is not forced for its counterparty, but is for its victim."""
    message = json.loads((ROOT / "ws" / "user_fill_liquidation_counterparty.json").read_bytes())
    (raw,) = message["data"]["fills"]
    line = json.dumps(raw).encode()
    assert recorded_fill(line, WALLET).forced is None
    assert recorded_fill(line, raw["liquidation"]["liquidatedUser"]).forced is not None


def test_spot_and_dust_fills_are_read() -> None:
    """Spot fills and a dust conversion pass through with their own coins."""
    rows = json.loads((ROOT / "rest" / "user_fills_dust_conversion.json").read_bytes())
    fills = [recorded_fill(json.dumps(raw).encode(), WALLET) for raw in rows]
    assert len(fills) == 5
    assert any(fill.coin.startswith("@") for fill in fills)
