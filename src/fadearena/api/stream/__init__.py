"""
The WebSocket `/ws`: every record as a message, to every client, in order; slow clients harm nobody.

One follower reads the log for all clients of a process, so that it does not matter which process made a record.
"""

from fadearena.api.stream.asking import MESSAGE_BYTES
from fadearena.api.stream.delivery import Room
from fadearena.api.stream.stream import PATH, Stream, Views, with_stream

__all__ = ["MESSAGE_BYTES", "PATH", "Room", "Stream", "Views", "with_stream"]
