"""A queue of questions on wallets, in memory."""

from collections.abc import Sequence

from fadearena.model.ids import Address
from fadearena.model.units import EpochMs
from fadearena.ports.inquiries import A_MINUTE, KEPT_MS, WalletLook


class MemoryInquiries:
    """Keeps each question for a minute."""

    def __init__(self) -> None:
        self._asked: dict[int, tuple[EpochMs, Address]] = {}
        self._waiting: list[int] = []
        self._answers: dict[int, WalletLook] = {}
        self._last = 0

    async def ask(self, wallet: Address, now: EpochMs) -> int | None:
        """Queue a question on a wallet, and return its number; None where too many were asked within the minute."""
        self._drop_old(now)
        if len(self._asked) >= A_MINUTE:
            return None
        self._last += 1
        self._asked[self._last] = now, wallet
        self._waiting.append(self._last)
        return self._last

    async def answer_to(self, inquiry: int) -> WalletLook | None:
        """Return the answer; None while there is none."""
        return self._answers.get(inquiry)

    async def take(self, now: EpochMs) -> Sequence[tuple[int, Address]]:
        """Take the questions that wait, the oldest first."""
        self._drop_old(now)
        taken, self._waiting = self._waiting, []
        return tuple((inquiry, self._asked[inquiry][1]) for inquiry in taken)

    async def answer(self, inquiry: int, look: WalletLook) -> None:
        """Answer a question, if it is still known."""
        if inquiry in self._asked:
            self._answers[inquiry] = look

    def _drop_old(self, now: EpochMs) -> None:
        for inquiry in [number for number, (asked, _) in self._asked.items() if asked <= now - KEPT_MS]:
            del self._asked[inquiry]
            self._answers.pop(inquiry, None)
            if inquiry in self._waiting:
                self._waiting.remove(inquiry)
