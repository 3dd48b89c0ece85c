"""
The door to answers that were given: the same request with the same key gets the same answer, and acts once.

1. Who begins a key holds it until `until`. If he dies, whoever comes with the same request afterwards holds it, and
   finds out first what became of it: `created` stays, so that both hand on the same command.
2. A key is forgotten a day after it was begun first.
"""

from typing import Final, Protocol

import msgspec

from fadearena.model.units import DAY_MS, EpochMs

KEPT_MS: Final = DAY_MS


class KeptAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """
    A request with a key, and what was answered; `status` is None while it is being carried out.

    `request` tells requests apart. `holder` names who carries it out, and is waited for until `until`.
    """

    key: str
    request: bytes
    holder: str
    created: EpochMs
    until: EpochMs
    status: int | None = None
    media_type: str = ""
    body: bytes = b""

    def may_be_taken(self, by: "KeptAnswer") -> bool:
        """Tell whether somebody else may carry out this request, or its key is free again."""
        is_free = by.created >= self.created + KEPT_MS
        return is_free or (self.status is None and self.request == by.request and by.created >= self.until)

    def taken(self, by: "KeptAnswer") -> "KeptAnswer":
        """Return what stands there once it was taken by somebody else."""
        if by.created >= self.created + KEPT_MS:
            return by
        return msgspec.structs.replace(self, holder=by.holder, until=by.until)


class AnswersKept(Protocol):
    """Keeps answers by key. Every method may raise `StorageUnavailable`."""

    async def begin(self, answer: KeptAnswer) -> KeptAnswer:
        """Take a key where it may be taken, and return what stands there then: with this holder, or another one."""
        ...

    async def finish(self, answer: KeptAnswer) -> None:
        """Keep the answer, if this holder still holds the key; keys that were begun more than a day before go."""
        ...

    async def let_go(self, answer: KeptAnswer) -> None:
        """Let the next one who comes with the same request hold the key: its outcome is not known yet."""
        ...

    async def forget(self, answer: KeptAnswer) -> None:
        """Free the key for any request: this one came to nothing."""
        ...
