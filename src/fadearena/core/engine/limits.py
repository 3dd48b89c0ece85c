"""Limits that latch: daily loss, drawdown, a bot's loss; protection of positions near liquidation; alerts."""

from fadearena.core.engine import flatten, performance, sources, summary
from fadearena.core.engine.facts import bot_loss_of
from fadearena.core.engine.turn import Turn
from fadearena.core.engine.valuation import asset_exposure, mark_of, pool_of
from fadearena.core.latches import ALL, LatchKind, bot_scope
from fadearena.core.state import BookMemory, Day
from fadearena.core.target import cut
from fadearena.model.ids import AccountId, BookKey, BotId, SleeveKey
from fadearena.model.margin import distance_ratio, liquidation_price
from fadearena.model.policy import OnBreach
from fadearena.model.record import FundingBooked, MyFill
from fadearena.model.units import DAY_MS, MINUTE_MS, ONE, SECOND_MS, ZERO, Ratio, Usd, day_start, sign

TRACKING_MS = MINUTE_MS
_CLEARLY = Ratio("0.9")
_LOSSY = (MyFill, FundingBooked)


def turn_day(turn: Turn) -> None:
    """Begin a new day at 00:00 UTC: new bases, and the end of a daily loss."""
    state = turn.state
    if turn.now < state.day_end:
        return
    if state.day_end:
        summary.tell(turn)
    state.today = Day()
    today = day_start(turn.now)
    state.day_end = today + DAY_MS
    for account in state.accounts.values():
        account.purse.turn_day(today)
    performance.begin_days_of_bots(turn, "0")
    ended = state.latches.due(turn.now)
    for latch in ended:
        turn.end_latch(latch.scope, latch.kind, "core", "a new day began")
    for policy in state.policy.bots if ended else ():
        sources.look_again(turn, policy.id)


def watch(turn: Turn) -> None:
    """
    Set the latches of limits that are breached now; where no money moved they cannot be.

    Accounts that were never read hold nothing of ours; they do not keep the limits from binding.
    """
    state, policy = turn.state, turn.state.policy
    if not turn.is_money_moved:
        return
    purses = [memory.purse for _, memory in sorted(state.accounts.items())]
    if policy.daily_loss_limit is not None and not state.latches.has(ALL, LatchKind.DAILY_LOSS):
        results = (purse.day_result() for purse in purses)
        profit = sum((result for result in results if result is not None), start=ZERO)
        _near(turn, "daily_loss_limit", -profit, policy.daily_loss_limit)
        if profit <= -policy.daily_loss_limit:
            text = f"{profit:.2f} USD since 00:00 UTC, the limit is {policy.daily_loss_limit}"
            _breach(turn, ALL, LatchKind.DAILY_LOSS, text, day_start(turn.now) + DAY_MS)
    _near(turn, "global_exposure_cap", state.exposure + state.reserved, policy.global_exposure_cap)
    totals = [purse.total for purse in purses if purse.total is not None]
    if not totals:
        return
    drawdown = state.peak.see(sum(totals, start=ZERO))
    _near(turn, "max_drawdown", drawdown, policy.max_drawdown)
    if policy.max_drawdown is not None and drawdown >= policy.max_drawdown:
        text = f"{drawdown:.4f} below the peak of {state.peak.usd}, the limit is {policy.max_drawdown}"
        _breach(turn, ALL, LatchKind.DRAWDOWN, text)


def watch_books(turn: Turn) -> None:
    """Look at the books whose price came, and at bots with a limit after something was booked for them."""
    state = turn.state
    for quote in turn.event.quotes if turn.is_money_moved else ():
        for account in sorted(state.account_policies):
            memory = state.books.get((account, quote.coin))
            if memory is not None and memory.counted_gross:
                if (account, quote.coin) in turn.repriced:
                    for bot in memory.limited:
                        if memory.book.sleeves[bot].size:
                            _watch_bot(turn, bot)
                _protect(turn, (account, quote.coin), memory)
    _watch_assets(turn)
    booked = {record.bot for record in turn.records if isinstance(record, _LOSSY)}
    for bot in sorted(bot for bot in booked if bot in state.bot_policies):
        _watch_bot(turn, bot)


def _watch_bot(turn: Turn, bot: BotId) -> None:
    state = turn.state
    policy, memory, share = state.bot_policies[bot], state.bots[bot], state.policy.alerts.limit_ratio or ONE
    used, cap = memory.gross + memory.reserved, policy.exposure_cap
    if cap is not None and (state.told or used >= share * cap):  # of very many bots most are far away
        _near(turn, f"bot_exposure_cap {bot}", used, cap)
    if policy.loss_limit is None:
        return
    loss = bot_loss_of(turn, bot)
    if state.told or loss >= share * policy.loss_limit:
        _near(turn, f"bot_loss_limit {bot}", loss, policy.loss_limit)
    if loss >= policy.loss_limit:
        text = f"{bot} lost {loss:.2f} USD since its last resume, the limit is {policy.loss_limit}"
        _breach(turn, bot_scope(bot), LatchKind.BOT_LOSS, text)


def _watch_assets(turn: Turn) -> None:
    """Look at the coins with a cap of their own whose price or position changed."""
    caps = turn.state.policy.asset_exposure_caps
    if caps:
        moved = {record.coin for record in turn.records if isinstance(record, MyFill)}
        for coin in sorted(caps.keys() & (moved | {quote.coin for quote in turn.event.quotes})):
            _near(turn, f"asset_exposure_cap {coin}", asset_exposure(turn.state, coin), caps[coin])


def _near(turn: Turn, subject: str, used: Usd | Ratio, limit: Usd | Ratio | None) -> None:
    """Tell once that a limit comes near, until it is clearly further away again."""
    share = turn.state.policy.alerts.limit_ratio
    if limit is None or share is None:
        return
    if used >= share * limit:
        turn.alert_once("warning", "limit_near", subject, f"{used / limit:.0%} of the limit of {limit} is used")
    elif used < _CLEARLY * share * limit:
        turn.all_clear("limit_near", subject)


def watch_tracking(turn: Turn, account: AccountId) -> None:
    """Alert once where a sleeve is off its target by more than 2 % of equity for 60 s, until it is not any more."""
    state = turn.state
    equity = state.accounts[account].purse.equity
    if not equity or equity <= 0:
        return
    far = set[str]()
    for (bot, coin), since in sorted(state.off_target.items()):
        memory, mark = state.books.get((account, coin)), mark_of(state, coin)
        if memory is None or mark is None or bot not in memory.bots or turn.now - since < TRACKING_MS:
            continue
        off = abs(memory.book.size_of(bot) - state.sleeves[bot, coin].target) * mark / equity
        if off > state.policy.tuning.tracking_error:
            far.add(f"{bot} {coin}")
            text = f"{off:.4f} of equity for {(turn.now - since) // SECOND_MS} s"
            turn.alert_once("warning", "tracking_error", f"{bot} {coin}", text)
    for kind, _, subject in [told.partition(" ") for told in state.told]:
        sleeve = None if kind != "tracking_error" or subject in far else state.sleeves.get(_sleeve_of(subject))
        if sleeve is not None and sleeve.account == account:
            turn.all_clear(kind, subject)


def _sleeve_of(subject: str) -> SleeveKey:
    bot, _, coin = subject.partition(" ")
    return bot, coin


def profit_of(turn: Turn, account: AccountId) -> Usd:
    """Return realised + unrealised - fees + funding over all parts of an account, valued as its pools are."""
    total = ZERO
    for coin in turn.state.accounts[account].coins:
        memory = turn.state.books[account, coin]
        for _, _, part in memory.book.parts():
            total += part.realised - part.fees + part.funding - part.cost
        total += memory.counted_holdings
    return total


def _breach(turn: Turn, scope: str, kind: LatchKind, text: str, until_ms: int | None = None) -> None:
    if not turn.set_latch(scope, kind, "core", text, until_ms):
        return
    turn.alert("critical", kind, scope, text)
    if turn.state.policy.on_breach is OnBreach.FLATTEN:
        flatten.begin(turn, scope, "core", text)


def _protect(turn: Turn, key: BookKey, memory: BookMemory) -> None:
    """
    Halve the largest sleeve of a book whose mark came within 5 % of our liquidation price.

    Not again before the reduce that it asked for is done.
    """
    state, position, mark = turn.state, memory.book.position, memory.valued
    instrument, pool = state.instruments.get(key[1]), pool_of(state, *key)
    if not position or mark is None or instrument is None or pool.equity is None:
        return
    near, spare = state.policy.tuning.protect_distance, pool.equity - pool.maintenance
    if spare > 2 * near * abs(position) * mark:  # far away whatever the tier: what follows costs more
        return
    liquidation = liquidation_price(mark, position, spare, instrument.margin_tiers)
    if distance_ratio(mark, liquidation) > near:
        return
    bot = _largest(memory)
    if bot is None:
        return
    size, sleeve = memory.book.size_of(bot), state.sleeves[bot, key[1]]
    if sleeve.anchor is None or abs(sleeve.target) < abs(size) or sign(sleeve.target) != sign(size):
        return
    cut(sleeve.anchor, sleeve.target, instrument.floor(size / 2))
    sleeve.is_emergency, sleeve.growth = True, None
    sources.retarget(turn, state.bot_policies[bot], key[1])
    text = f"mark {mark} is within reach of liquidation at {liquidation}: {bot} is halved"
    turn.alert("critical", "protect", f"{key[0]} {key[1]}", text)


def _largest(memory: BookMemory) -> BotId | None:
    way = memory.book.position
    held = [(abs(part.size), bot) for bot, part in memory.book.sleeves.items() if part.size * way > 0]
    return max(held, key=lambda row: (row[0], row[1]))[1] if held else None
