"""The WebSocket's benchmark counts what it should."""

import pytest
from msgspec.structs import replace
from websockets.frames import Frame, Opcode

from benchmarks.stream import QUICK, measure
from benchmarks.stream_client import Reader

_HEAD = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"


@pytest.mark.parametrize("step", [11, 1_000, 1_000_000])
def test_records_are_heard_however_the_socket_cuts_them(step: int) -> None:
    """Of every size of frame; what is no record is passed over."""
    sizes = {4: 10, 5: 300, 6: 66_000}
    texts = ['{"type":"hello","seq":3,"data":{}}']
    texts += [f'{{"type":"alert","seq":{seq},"data":"{"x" * size}"}}' for seq, size in sizes.items()]
    sent = _HEAD + b"".join(Frame(Opcode.TEXT, text.encode()).serialize(mask=False) for text in texts)
    reader = Reader()
    for start in range(0, len(sent), step):
        reader.data_received(sent[start : start + step])
    assert list(reader.seqs) == [4, 5, 6]
    assert len(reader.times) == 3


@pytest.mark.slow
def test_a_small_load_is_measured() -> None:
    """Over real processes and sockets: each client hears everything once."""
    result = measure(replace(QUICK[0], clients=5, sleepers=1, seconds=0.5))
    assert (result.received, result.lost, result.repeated, result.cut) == (25, 0, 0, 0)
    assert result.sleepers_closed == 0
