"""
The crowd: thousands of traders who meet each other at the mark, so many times a second.

1. What happens is a trade of the exchange like any other: both sides are booked, charged, told and remembered. What is
   left out is the book: nobody of the crowd leaves an order there.
2. Each trades a few coins, never holds more than a part of its money in one, and is flat in one now and then.
3. Each keeps its last fills only, so that all together need room for so many and no more.
"""

from bisect import bisect
from decimal import Decimal
from itertools import accumulate

import msgspec

from fadearena.adapters.sim.arena.traders import START_USD, chance, wallet_of
from fadearena.model.error import InvalidInput
from fadearena.model.ids import Coin
from fadearena.model.units import SECOND_MS, ZERO, EpochMs, Price, Quantity, Side, Usd
from fadearena.sandbox.exchange.funds import Funds
from fadearena.sandbox.exchange.packed import PackedFills
from fadearena.sandbox.exchange.state import Account
from fadearena.sandbox.exchange.trading import MAKER, Deal, Floor, Party
from fadearena.sandbox.listing import Asset

TEMPERAMENT = "crowd"
_FILLS_KEPT = 500_000
_FILLS_AT_LEAST, _FILLS_AT_MOST = 100, 2_000
_COINS = (2, 8)
_WORTHS = (1, 1, 1, 2, 2, 5, 10, 50)
_POOLED_EVERY = 5
_PARTS = 20
_LATE_MS = SECOND_MS
_US = 1_000
_BY_MAKER, _CLOSING = 0.1, 0.2
_AT_LEAST = 3
_NEWCOMERS = 20
_TRADES_A_TURN = 20


class CrowdOptions(msgspec.Struct, frozen=True):
    """How many they are, and how often two of them meet."""

    traders: int = 0
    trades_per_second: Decimal = ZERO


class Member(msgspec.Struct):
    """One of the crowd, and the money with which it began on each dex that it trades on."""

    name: str
    account: Account
    start_usd: Usd

    @property
    def most_usd(self) -> Usd:
        """What it dares to hold of one coin."""
        return self.start_usd / _PARTS


class _Coin(msgspec.Struct, frozen=True):
    """A coin with those who trade it."""

    asset: Asset
    lot: Quantity
    members: list[Member]


class Crowd:
    """
    Who of them meets whom, and when.

    Args:
        floor: Where they trade.
        funds: Where their money comes from.
        options: How many they are, and how often they meet.
    """

    def __init__(self, floor: Floor, funds: Funds, options: CrowdOptions) -> None:
        self._floor = floor
        self._funds = funds
        self._chance = chance(floor.books.seed, "crowd")
        self._coins = [self._coin(coin) for coin in floor.market.coins]
        self._weigh()
        self.members = [self._member(number, options.traders) for number in range(options.traders)]
        for one in self._coins:
            self._join(one, _AT_LEAST - len(one.members))
        self._turn = 0
        self.pace(options.trades_per_second)

    @property
    def next_due(self) -> EpochMs | None:
        """When the next two meet; None while they rest."""
        return None if self._due_us is None else self._due_us // _US

    def pace(self, trades_per_second: Decimal) -> None:
        """
        Let them meet so often from now on; 0 lets them rest. Where there is nobody, nobody meets.

        Raises:
            InvalidInput: It is no number of trades, or they are too few.
        """
        if not trades_per_second.is_finite() or trades_per_second < 0:
            raise InvalidInput(f"{trades_per_second} is no number of trades a second: 0, or more")
        if 0 < len(self.members) < _AT_LEAST:
            raise InvalidInput(f"{len(self.members)} traders are no crowd: name at least {_AT_LEAST} to let them trade")
        trades = bool(trades_per_second and self.members)
        self._every_us = int(SECOND_MS * _US / trades_per_second) if trades else 0
        self._due_us = self._floor.books.time * _US + self._every_us if trades else None

    def catch_up(self, now: EpochMs) -> None:
        """Leave out what is later than a second: nobody meets in the past."""
        if self._due_us is not None:
            self._due_us = max(self._due_us, (now - _LATE_MS) * _US)

    def welcome(self, coin: Coin) -> None:
        """Let some of them trade a coin that is new."""
        self._coins.append(self._coin(coin))
        self._weigh()
        self._join(self._coins[-1], max(_AT_LEAST, len(self.members) // _NEWCOMERS))

    def meet(self) -> None:
        """Let the next two meet."""
        if self._due_us is None:
            return
        self._due_us += self._every_us
        draw = self._chance.random
        one = self._coins[self._place()]
        count, mark = len(one.members), self._floor.mark(one.asset.coin)
        place = int(draw() * count)
        member, other = one.members[place], one.members[place - 1 - int(draw() * (count - 1))]
        size = member.account.size(one.asset.coin)
        if size and draw() < _CLOSING:
            side, quantity = (Side.SELL if size > 0 else Side.BUY), abs(size)
        else:
            side = self._side(member, size * mark)
            usd = member.most_usd * self._chance.randint(1, 20) / 40
            quantity = one.lot * max(1, int(usd / (mark * one.lot)))
        after = other.account.size(one.asset.coin) - side.sign * quantity
        by_maker = draw() < _BY_MAKER or abs(after) * mark > other.most_usd * 2
        account = self._floor.account(MAKER) if by_maker else other.account
        self._trade(one.asset, side, (mark, quantity), member.account, account)

    def in_turn(self) -> Member | None:
        """Return whose turn it is to be looked after, once in so many trades."""
        self._turn += 1
        place, is_between = divmod(self._turn, _TRADES_A_TURN)
        return None if is_between else self.members[place % len(self.members)]

    def refill(self, member: Member) -> None:
        """Give somebody who has lost half of its money that half again: nobody wins against the fees for ever."""
        for balance, cash in list(member.account.cash.items()):
            if cash < member.start_usd / 2:
                self._funds.deposit(member.account.address, member.start_usd / 2, balance)

    def _side(self, member: Member, worth: Usd) -> Side:
        if abs(worth) > member.most_usd:
            return Side.SELL if worth > 0 else Side.BUY
        return Side.BUY if self._chance.random() < 0.5 else Side.SELL  # noqa: PLR2004 - a coin is thrown

    def _trade(self, asset: Asset, side: Side, terms: tuple[Price, Quantity], member: Account, other: Account) -> None:
        floor, ids = self._floor, self._floor.books.take_order_id
        parties = (Party(member, ids()), Party(other, ids()))
        takes = self._chance.random() < 0.5 or other.address == MAKER  # noqa: PLR2004 - a coin is thrown
        taker, maker = parties if takes else parties[::-1]
        floor.trade(Deal(asset, side if takes else side.opposite, *terms, floor.new_hash()), taker, maker)

    def _coin(self, coin: Coin) -> _Coin:
        return _Coin(self._floor.asset(coin), self._floor.market.instruments[coin].lot, [])

    def _weigh(self) -> None:
        """Let the first coins trade more often than the last ones."""
        self._weights = list(accumulate(1 / (place + 10) for place in range(len(self._coins))))

    def _member(self, number: int, count: int) -> Member:
        draw, name = self._chance, f"{TEMPERAMENT}-{number + 1:05}"
        account = self._floor.account(wallet_of(f"sandbox/{name}"))
        account.name = name
        account.fills = PackedFills(account.address, self._floor.listed)
        account.fills_kept = min(max(_FILLS_KEPT // count, _FILLS_AT_LEAST), _FILLS_AT_MOST)
        if number % _POOLED_EVERY == 0:
            account.mode = "unifiedAccount"
        member = Member(name, account, START_USD * draw.choice(_WORTHS))
        for place in sorted({self._place() for _ in range(draw.randint(*_COINS))}):
            self._enter(member, self._coins[place])
        return member

    def _place(self) -> int:
        return bisect(self._weights, self._chance.random() * self._weights[-1])

    def _enter(self, member: Member, coin: _Coin) -> None:
        """Let somebody trade a coin, with money on its dex."""
        dex, account = coin.asset.dex, member.account
        coin.members.append(member)
        if account.pool(dex) not in account.cash:
            self._funds.deposit(account.address, member.start_usd, dex)

    def _join(self, coin: _Coin, count: int) -> None:
        """Let so many more trade a coin, as far as there are any."""
        known = {member.name for member in coin.members}
        others = [member for member in self.members if member.name not in known]
        for member in self._chance.sample(others, min(max(count, 0), len(others))):
            self._enter(member, coin)
