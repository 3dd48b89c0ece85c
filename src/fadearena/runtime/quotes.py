"""The newest prices of every coin: kept here, never journaled by themselves, attached to the events that use them."""

import msgspec

from fadearena.model.ids import Coin
from fadearena.model.market import FundingRate, OrderBook, Quote
from fadearena.model.units import EpochMs
from fadearena.ports.market_feed import MarketNews


class QuoteBoard:
    """Remembers the last quote of each coin: at most one for every market that exists."""

    def __init__(self) -> None:
        self._quotes: dict[Coin, Quote] = {}

    def __len__(self) -> int:
        return len(self._quotes)

    def take(self, news: MarketNews) -> None:
        """Take prices; what they do not tell, or tell of an earlier time, stays as it was, with its age."""
        match news:
            case Quote():
                before = self._quotes.get(news.coin)
                self._quotes[news.coin] = news if before is None else _merged(before, news)
            case OrderBook():
                if news.bids and news.asks:
                    bid, ask = news.bids[0].price, news.asks[0].price
                    self.take(Quote(coin=news.coin, bid=bid, ask=ask, touch_time=news.time))
            case FundingRate():
                pass

    def quote(self, coin: Coin, _now: EpochMs) -> Quote | None:
        """Return the prices of a coin as they were told last, with their age; None where nobody told any."""
        return self._quotes.get(coin)


def _merged(before: Quote, news: Quote) -> Quote:
    has_mark = news.mark is not None and news.mark_time >= before.mark_time
    has_touch = (news.bid is not None or news.ask is not None) and news.touch_time >= before.touch_time
    if has_mark and has_touch and news.oracle is not None:
        return news
    mark, touch = news if has_mark else before, news if has_touch else before
    return msgspec.structs.replace(
        news,
        mark=mark.mark,
        mark_time=mark.mark_time,
        bid=touch.bid,
        ask=touch.ask,
        touch_time=touch.touch_time,
        oracle=before.oracle if news.oracle is None else news.oracle,
    )
