"""What is wrong with what a worker sees: stale feeds, a rate budget that is used up, bots that do not trade."""

from collections.abc import Sequence

from fadearena.bootstrap.idling import ADVICE
from fadearena.bootstrap.outlook import Outlook
from fadearena.config import variable
from fadearena.model.finding import Finding, Level
from fadearena.model.units import SECOND_MS, EpochMs
from fadearena.ports.sightings import FeedState, FeedStatus, RateUse, Sight

_FRESH_MS = 15 * SECOND_MS
_FULL_PERCENT = 95
_NAMED_MAX = 10


def examine_sight(outlook: Outlook) -> Sequence[Finding]:
    """Make all checks of what a worker sees that runs."""
    sight = outlook.sight
    if sight is None or outlook.age_ms > _FRESH_MS:
        text = (
            "the worker never showed what it sees"
            if sight is None
            else f"they were seen {_seconds(outlook.age_ms)} ago"
        )
        advice = "a worker that has just started needs some seconds; else read its log"
        return (Finding(check="feeds", level=Level.WARN, text=text, advice=advice),)
    rate = () if sight.rate is None else (_rate(sight.rate, sight.now),)
    return (_feeds(sight), _wallets(outlook, sight), *rate, _idle(outlook))


def _feeds(sight: Sight) -> Finding:
    ill = [_illness(feed, sight.now) for feed in sight.feeds if feed.state is FeedState.STALE or feed.refused]
    if ill:
        advice = (
            "what needs them waits, and they are tried again by themselves; look at the network and the worker's log"
        )
        return Finding(check="feeds", level=Level.WARN, text="; ".join(ill), advice=advice)
    named = [f"{feed.name} {feed.state}" for feed in sight.feeds]
    return Finding(check="feeds", level=Level.OK, text=", ".join(named) or "there is nothing that could fall silent")


def _illness(feed: FeedStatus, now: EpochMs) -> str:
    refused = ", ".join(feed.refused[:_NAMED_MAX])
    if feed.state is FeedState.STALE:
        since = "was never heard" if feed.heard is None else f"is stale, heard last {_seconds(now - feed.heard)} ago"
        told = f"{feed.name} {since} ({feed.confirmed} of {feed.wanted} confirmed)"
        return f"{told}, refused: {refused}" if refused else told
    return f"of {feed.name} was refused: {refused}"


def _wallets(outlook: Outlook, sight: Sight) -> Finding:
    never = outlook.wallets - outlook.read
    text = f"{outlook.wallets} in sight, {never} of them never read"
    had_round = any(feed.round_ms is not None for feed in sight.feeds)
    if never and had_round:
        advice = (
            "that is so for a while after a start, or after wallets were added: 1,000 of them take some 10 minutes; "
            "if it stays so, the worker's log says why"
        )
        return Finding(check="wallets", level=Level.WARN, text=text, advice=advice)
    return Finding(check="wallets", level=Level.OK, text=text)


def _rate(rate: RateUse, now: EpochMs) -> Finding:
    text = f"the worker used {rate.used} of {rate.per_minute} in the last minute, {rate.waiting} requests wait"
    paused = [lane.lane for lane in rate.lanes if lane.paused_until is not None and lane.paused_until > now]
    if paused:
        text += f"; paused since the exchange refused: {', '.join(paused)}"
        advice = (
            "a worker that was started anew shares the limit with itself for a minute, that is over soon; else other "
            f"programs at this address do: end them, or set {variable('weight_per_minute')} to what is left for us"
        )
        return Finding(check="rate budget", level=Level.WARN, text=text, advice=advice)
    if rate.used * 100 >= rate.per_minute * _FULL_PERCENT:
        advice = "where that lasts, wallets are read less often: follow fewer of them"
        return Finding(check="rate budget", level=Level.WARN, text=text, advice=advice)
    return Finding(check="rate budget", level=Level.OK, text=text)


def _idle(outlook: Outlook) -> Finding:
    if outlook.idle:
        more = f" and {len(outlook.idle) - _NAMED_MAX} more" if len(outlook.idle) > _NAMED_MAX else ""
        named = ", ".join(bot.bot for bot in outlook.idle[:_NAMED_MAX])
        text = f"no trade for a week or longer: {named}{more}"
        return Finding(check="idle bots", level=Level.WARN, text=text, advice=ADVICE)
    text = "no followed bot is known to be idle"
    return Finding(
        check="idle bots", level=Level.OK, text=f"{text}; {outlook.unknown} not known yet" if outlook.unknown else text
    )


def _seconds(ms: EpochMs) -> str:
    return f"{ms // SECOND_MS} s"
