"""Answers of Hyperliquid that were kept in files, read strictly: what is odd is named, nothing is guessed."""

from decimal import Decimal

import msgspec
from msgspec import UNSET

from fadearena.adapters.hyperliquid import wire
from fadearena.adapters.hyperliquid.codec import instruments, source_fill
from fadearena.model.error import InvalidInput, VenueProtocolError
from fadearena.model.ids import Address, address, dex_of
from fadearena.model.instrument import Instrument
from fadearena.model.wallet import SourceFill

_RECORDED = msgspec.json.Decoder(wire.RecordedFill)
_META = msgspec.json.Decoder(wire.Meta)
_META_AND_CONTEXTS = msgspec.json.Decoder(tuple[wire.Meta, msgspec.Raw])


def recorded_fill(line: bytes, wallet: Address) -> SourceFill:
    """
    Read one line of a recorded file, strictly.

    Raises:
        InvalidInput: It is no fill, has a field that fills do not have, holds an impossible number, or is
            another wallet's.
    """
    try:
        fill = _RECORDED.decode(line)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"not a fill as userFills gives it: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"not readable as JSON: {error}") from error
    if not fill.coin:
        raise InvalidInput("coin is empty")
    if fill.user is not UNSET and address(fill.user) != wallet:
        raise InvalidInput(f"it is a fill of {fill.user.lower()}, not of {wallet}")
    try:
        return source_fill(fill, wallet)
    except VenueProtocolError as error:
        raise InvalidInput(str(error)) from error


def recorded_owner(line: bytes) -> Address | None:
    """Return the wallet that a recorded line names itself; None if it names none or cannot be read."""
    try:
        user = _RECORDED.decode(line).user
        return None if user is UNSET else address(user)
    except (msgspec.MsgspecError, UnicodeDecodeError, InvalidInput):
        return None


def recorded_meta(content: bytes, dex_index: int | None = None) -> tuple[Instrument, ...]:
    """
    Read the markets from a file that holds the answer to `meta` or `metaAndAssetCtxs`.

    A builder-deployed dex is taken as the first of them (index 1) unless `dex_index` says otherwise, with a
    deployer's fee scale of 1, for the answer tells neither.

    Raises:
        InvalidInput: It is no such answer.
    """
    try:
        is_pair = content.lstrip().startswith(b"[")
        meta = _META_AND_CONTEXTS.decode(content)[0] if is_pair else _META.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InvalidInput(f"not an answer to meta: {error}") from error
    is_builder = any(dex_of(asset.name) for asset in meta.universe)
    index = dex_index if dex_index is not None else int(is_builder)
    try:
        return instruments(meta, index, Decimal(1) if is_builder else None)
    except VenueProtocolError as error:
        raise InvalidInput(str(error)) from error
