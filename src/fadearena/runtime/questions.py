"""
Questions that wait to be asked: on our own accounts and prices, on wallets, and what has time.

Each kind has readers of its own, so that what waits long for the rate limit holds up nothing that is more urgent. A
question that waits already is not put twice: there are never more than things to know.
"""

from fadearena.model.command import Command


class Questions:
    """The questions of one kind, oldest first, and how many readers ask them."""

    def __init__(self, readers_max: int) -> None:
        self._readers_max = readers_max
        self._readers = 0
        self._waiting: dict[Command, int] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, command: Command, cause: int) -> None:
        """Let a question wait that entry `cause` of the journal leads to."""
        self._waiting.setdefault(command, cause)

    def take(self) -> tuple[Command, int] | None:
        """Return the oldest question with its cause; None where none waits."""
        if not self._waiting:
            return None
        command = next(iter(self._waiting))
        return command, self._waiting.pop(command)

    def clear(self) -> None:
        """Drop what waits."""
        self._waiting.clear()

    def hire(self) -> int:
        """Return how many readers have to begin, and count them in."""
        new = min(self._readers_max - self._readers, len(self._waiting))
        self._readers += new
        return new

    def leave(self) -> None:
        """Count a reader out."""
        self._readers -= 1
