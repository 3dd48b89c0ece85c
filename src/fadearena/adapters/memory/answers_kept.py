"""Answers that were given, in memory."""

import msgspec

from fadearena.ports.answers_kept import KEPT_MS, KeptAnswer


class MemoryAnswers:
    """Keeps answers by key."""

    def __init__(self) -> None:
        self._kept: dict[str, KeptAnswer] = {}

    async def begin(self, answer: KeptAnswer) -> KeptAnswer:
        """Take a key where it may be taken, and return what stands there then."""
        there = self._kept.setdefault(answer.key, answer)
        if there.may_be_taken(answer):
            there = self._kept[answer.key] = there.taken(answer)
        return there

    async def finish(self, answer: KeptAnswer) -> None:
        """Keep the answer, if this holder still holds the key; old keys go."""
        if self._is_held(answer):
            self._kept[answer.key] = answer
        before = answer.created - KEPT_MS
        self._kept = {key: kept for key, kept in self._kept.items() if kept.created > before}

    async def let_go(self, answer: KeptAnswer) -> None:
        """Let the next one who comes with the same request hold the key."""
        if self._is_held(answer):
            self._kept[answer.key] = msgspec.structs.replace(answer, until=0)

    async def forget(self, answer: KeptAnswer) -> None:
        """Free the key for any request."""
        if self._is_held(answer):
            del self._kept[answer.key]

    def _is_held(self, answer: KeptAnswer) -> bool:
        there = self._kept.get(answer.key)
        return there is not None and there.holder == answer.holder
