"""Errors say what the caller may do next; retry is decided by type, never by text."""


class FadeArenaError(Exception):
    """Base of all errors that FadeArena raises on purpose."""


class InvalidInput(FadeArenaError):
    """A caller broke a documented rule; fix the input."""


class InvariantBroken(FadeArenaError):
    """The books no longer add up; stop and look before anything else is sent."""


class VenueError(FadeArenaError):
    """Something went wrong between us and the venue."""


class VenueUnavailable(VenueError):
    """Nothing was sent; it is safe to try again."""


class OutcomeUnknown(VenueError):
    """It was sent and no answer came; ask by cloid before anything else."""


class VenueRefused(VenueError):
    """A clear no, with the venue's reason as a code of ours."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text


class VenueProtocolError(VenueError):
    """The venue answered something that cannot be read; stop the account."""


class StorageError(FadeArenaError):
    """Something went wrong between us and a database."""


class StorageUnavailable(StorageError):
    """A write may or may not have become durable: recover from what is stored before anything else is done."""


class StorageOutdated(StorageError):
    """The tables are of another version of the program: `fadearena db upgrade` brings them up to date."""


class LeaseLost(StorageError):
    """Another worker holds the lease: this one must stop, nothing that it decides may leave."""


class JournalCorrupt(StorageError):
    """Entry `seq` of the journal cannot be read or applied; somebody has to look, and may skip it."""

    def __init__(self, seq: int, text: str) -> None:
        super().__init__(
            f"journal entry {seq} {text}: restore a backup, or leave it out with `fadearena journal skip {seq}`; "
            f"where it can be read, `fadearena journal show {seq}` shows it"
        )
        self.seq = seq


class AlertUndelivered(FadeArenaError):
    """A destination did not take a message; it may be tried again."""
