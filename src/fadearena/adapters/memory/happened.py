"""What the archive in memory is made of: the log of records, and when what they tell of happened."""

from collections.abc import Iterator
from typing import TypeVar

import msgspec

from fadearena.model.event import OwnFills
from fadearena.model.ids import Cloid, Coin
from fadearena.model.record import BotTrade, FundingBooked, MyFill, OrderUpdate, Record
from fadearena.model.units import EpochMs
from fadearena.ports.archive import LoggedOrder, Mark
from fadearena.ports.journal import JournalEntry
from fadearena.ports.read_store import LoggedRecord, OrderView

Kind = TypeVar("Kind", bound=msgspec.Struct)


class Happened:
    """What was projected so far."""

    def __init__(self) -> None:
        self.log: list[LoggedRecord] = []
        self.times: dict[int, EpochMs] = {}
        self.orders: dict[Cloid, LoggedOrder] = {}
        self.marks: dict[Coin, Mark] = {}

    def take(self, entry: JournalEntry) -> None:
        """Take the next entry in."""
        for quote in entry.event.quotes:
            known = self.marks.get(quote.coin)
            if quote.mark is not None and (known is None or quote.mark_time > known.time):
                self.marks[quote.coin] = Mark(coin=quote.coin, price=quote.mark, time=quote.mark_time)
        first = entry.record_seq - len(entry.records) + 1
        for number, record in enumerate(entry.records, first):
            logged = LoggedRecord(record_seq=number, journal_seq=entry.seq, time=entry.received, record=record)
            self.log.append(logged)
            self.times[number] = _time_of(entry, record)
            if isinstance(record, OrderUpdate):
                known_order = self.orders.get(record.cloid)
                created = entry.received if known_order is None else known_order.view.created
                seq = number if known_order is None else known_order.record_seq
                view = OrderView(order=record, created=created, changed=entry.received)
                self.orders[record.cloid] = LoggedOrder(record_seq=seq, view=view)

    def of(self, kind: type[Kind]) -> Iterator[tuple[LoggedRecord, Kind]]:
        """Yield the records of one kind, the oldest first."""
        return ((logged, logged.record) for logged in self.log if isinstance(logged.record, kind))


def _time_of(entry: JournalEntry, record: Record) -> EpochMs:
    """Return when what a record tells of happened."""
    match record:
        case BotTrade(time=time):
            return time
        case MyFill(key=key) if isinstance(entry.event, OwnFills):
            executed = {fill.key: fill.time for fill in entry.event.fills}
            return executed.get(key.rpartition(":")[0], entry.event.time)
        case MyFill() | FundingBooked():
            return entry.event.time
        case _:
            return entry.received
