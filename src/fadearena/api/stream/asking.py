"""
What clients say: `subscribe` and `unsubscribe`.

1. What cannot be understood is an error that says why; nothing else comes of it.
2. The first `subscribe` that names channels stands in place of all channels, later ones add; `unsubscribe` takes away.
"""

from collections.abc import Sequence
from typing import Annotated, Final, TypeAlias

import msgspec

from fadearena.api.stream.messages import CHANNELS
from fadearena.model.units import EpochMs

MESSAGE_BYTES: Final = 16_384
_Channels: TypeAlias = Annotated[list[str], msgspec.Meta(max_length=100)]
_Number: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class Refused(Exception):
    """A message that is not followed. `code` is for programs, the text for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Subscribe(
    msgspec.Struct, frozen=True, kw_only=True, tag="subscribe", tag_field="type", forbid_unknown_fields=True
):
    """
    What is wanted from now on; with `since` also everything after that record.

    `timestamp` is that of the message with the number `since`: it proves that the client means this log.
    """

    channels: _Channels | None = None
    since: _Number | None = None
    timestamp: EpochMs | None = None


class Unsubscribe(
    msgspec.Struct, frozen=True, kw_only=True, tag="unsubscribe", tag_field="type", forbid_unknown_fields=True
):
    """What is not wanted any more; everything where no channel is named."""

    channels: _Channels | None = None


Asked: TypeAlias = Subscribe | Unsubscribe
_READ: Final[msgspec.json.Decoder[Asked]] = msgspec.json.Decoder(Asked)


def read(given: str | bytes) -> Asked:
    """
    Return what a client said.

    Raises:
        Refused: It cannot be understood, or names a channel that does not exist.
    """
    if len(given) > MESSAGE_BYTES:
        raise Refused("malformed", f"a message may have at most {MESSAGE_BYTES} bytes")
    try:
        asked = _READ.decode(given)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(
            "malformed", f'say {{"type": "subscribe", "channels": ["bot-trade"], "since": 1234}}: {error}'
        ) from None
    check_channels(asked.channels)
    return asked


def check_channels(channels: Sequence[str] | None) -> None:
    """
    Refuse names that are no channels.

    Raises:
        Refused: One of them is none.
    """
    unknown = sorted(set(channels or ()) - CHANNELS)
    if unknown:
        raise Refused(
            "unknown_channel", f"there is no channel {unknown[0][:100]!r}; there are {', '.join(sorted(CHANNELS))}"
        )
