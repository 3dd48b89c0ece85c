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
