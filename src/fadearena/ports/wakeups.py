"""The door through which processes hear at once that something was committed, without looking all the time."""

from enum import StrEnum
from typing import Protocol

from fadearena.model.units import EpochMs


class Topic(StrEnum):
    """What was committed: entries of the journal, their projection, a command of a person or a question."""

    JOURNAL = "journal"
    RECORDS = "records"
    CONTROL = "control"


class Wakeups(Protocol):
    """Wakes who waits: a courtesy. One may be missing or too many, so whoever waits also looks by himself."""

    async def wait(self, topic: Topic, at_most_ms: EpochMs) -> None:
        """
        Return once something was committed since the last wait for it ended, or after `at_most_ms`.

        Where the database is known to tell of everything it may be five times as long, so that nobody asks in vain.
        """
        ...

    def wake(self, topic: Topic) -> None:
        """Wake those in this process who wait for it; the database tells other processes by itself, where it can."""
        ...
