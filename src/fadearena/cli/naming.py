"""Which bot a file of fills belongs to: its id and wallet, found in the file's name."""

from collections.abc import Iterable
from pathlib import Path

from fadearena.bootstrap.replay import RecordedBot, made_up_wallet, owner_of
from fadearena.model.error import InvalidInput
from fadearena.model.ids import address, slug_from

_SUFFIXES = {".gz", ".jsonl", ".ndjson", ".json", ".txt"}


def recorded_bots(files: Iterable[Path]) -> tuple[RecordedBot, ...]:
    """
    Return a bot for each file.

    Its id is the name made a slug. Its wallet is an address in the name, else the one that its first fill names,
    else made up. Of files with one name the second becomes `NAME-2`, and so on.
    """
    bots: list[RecordedBot] = []
    taken: set[str] = set()
    for file in files:
        slug, count = slug_of(file), 1
        while (bot := slug if count == 1 else f"{slug}-{count}") in taken:
            count += 1
        taken.add(bot)
        bots.append(RecordedBot(id=bot, wallet=address_in(file) or owner_of(file) or made_up_wallet(bot), file=file))
    return tuple(bots)


def slug_of(file: Path) -> str:
    """Return a file's name without its suffixes as an id: a-z 0-9 . _ - only."""
    return slug_from(_stem(file)) or "bot"


def address_in(file: Path) -> str | None:
    """Return the wallet address that a file's name holds; None if it holds none."""
    stem = _stem(file).lower()
    at = stem.find("0x")
    while at >= 0:
        try:
            return address(stem[at : at + 42])
        except InvalidInput:
            at = stem.find("0x", at + 1)
    return None


def _stem(file: Path) -> str:
    while file.suffix.lower() in _SUFFIXES:
        file = file.with_suffix("")
    return file.name
