"""`/metrics`: one text of the process that is asked, of how things stand, and of the worker."""

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.parser import text_string_to_metric_families

from fadearena.adapters.memory.read_store import MemoryReadStore
from fadearena.api.metrics.lag import LagWatch
from fadearena.api.metrics.standing import NAMED_MAX
from fadearena.kit.exposition import text_of
from fadearena.model.error import StorageUnavailable
from fadearena.model.policy import BotPolicy
from fadearena.model.record import BotPerformance, DeadLetter, EquityPoint, SettingsChange, TradingStateChange
from fadearena.ports.heartbeat import Beat
from fadearena.ports.read_store import Position, SystemView
from tests.support.api import Answer, ApiRoom, api_room, in_room
from tests.support.entries import Writer
from tests.support.shown import sleeve
from tests.support.world import D, bot, settings

OPENMETRICS = "application/openmetrics-text;version=1.0.0"


def worker() -> str:
    """Return what a worker measured: something that it counted, and something of the moment."""
    registry = CollectorRegistry()
    Counter("fadearena_events", "Events.", ["kind"], registry=registry).labels("marks").inc(7)
    Gauge("fadearena_exposure_usd", "Exposure.", registry=registry).set(500)
    return text_of(registry)


def values(answer: Answer) -> dict[str, float]:
    """Return all samples of an answer, by name and labels as they are written."""
    assert answer.status == 200
    return {
        sample.name + ("{" + ",".join(sample.labels.values()) + "}" if sample.labels else ""): sample.value
        for family in text_string_to_metric_families(answer.body.decode())
        for sample in family.samples
    }


def performance(bot_id: str, **fields: object) -> BotPerformance:
    """Return what a bot brought us."""
    known = {"win_rate": None, "slippage_bps": None, "reaction_ms": None, "tracking_error": None, **fields}
    zero = D(0)
    return BotPerformance(
        bot=bot_id,
        round_trips=1,
        net=D("12.5"),
        day_net=D(-3),
        fees=zero,
        funding=zero,
        fills=1,
        traded_usd=zero,
        crossed_saved_usd=zero,
        **known,  # type: ignore[arg-type]  # of the right types
    )


def test_a_running_worker_is_told_of_with_the_rest() -> None:
    """Its own numbers stand beside those of the process that is asked."""

    async def story(room: ApiRoom) -> Answer:
        await room.beat(metrics=worker())
        return await room.get("/metrics")

    answer = in_room(story)
    found = values(answer)
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert found["fadearena_worker_up"] == 1
    assert found["fadearena_exposure_usd"] == 500
    assert found["fadearena_events_total{marks}"] == 7
    assert found["fadearena_processes{worker}"] == 1


def test_a_silent_worker_is_not_shown_as_new() -> None:
    """What it counted stays; what it said of the moment does not, and its age is told."""

    async def story(room: ApiRoom) -> Answer:
        await room.beat(metrics=worker())
        room.clock.move_by(60_000)
        return await room.get("/metrics")

    found = values(in_room(story))
    assert found["fadearena_worker_up"] == 0
    assert found["fadearena_worker_heartbeat_age_seconds"] == 60
    assert found["fadearena_events_total{marks}"] == 7
    assert "fadearena_exposure_usd" not in found


def test_without_a_worker_nothing_is_made_up() -> None:
    """There is no age of what never was, and no equity."""

    async def story(room: ApiRoom) -> Answer:
        return await room.get("/metrics")

    found = values(in_room(story))
    assert found["fadearena_worker_up"] == 0
    assert "fadearena_worker_heartbeat_age_seconds" not in found
    assert not [name for name in found if name.startswith(("fadearena_account", "fadearena_bot_", "fadearena_last"))]


def test_how_things_stand_is_told() -> None:
    """State, kill switch, stops, dead letters, equity, and the bots because of which something is held."""

    async def story(room: ApiRoom) -> Answer:
        policy = settings(bot("grok-4"), bot("idle", wallet="0x" + "e" * 40))
        change = TradingStateChange(scope="all", state="halted", latch="kill", is_set=True, actor="ann", reason="r")
        letter = DeadLetter(id="l", state="open", kind="k", subject="s", error="e", attempts=1)
        told = performance("grok-4", slippage_bps=D(5), reaction_ms=1_500, tracking_error=D("0.01"))
        await room.tell(SettingsChange(version=1, actor="ann", policy=policy), change, letter)
        await room.tell(EquityPoint(series="account:main", usd=D(900)), told, performance("idle"))
        await room.tell(sleeve("grok-4", size="1"))
        return await room.get("/metrics")

    found = values(in_room(story))
    assert found["fadearena_trading_state{halted}"] == 1
    assert found["fadearena_trading_state{active}"] == 0
    assert found["fadearena_kill_switch"] == 1
    assert found["fadearena_latches{kill}"] == 1
    assert found["fadearena_dead_letters_open"] == 1
    assert found["fadearena_account_equity_usd{main}"] == 900
    assert found["fadearena_bot_net_usd{grok-4}"] == 12.5
    assert found["fadearena_bot_slippage_ratio{grok-4}"] == 0.0005
    assert found["fadearena_bot_reaction_seconds{grok-4}"] == 1.5
    assert found["fadearena_tracking_error_ratio_max"] == 0.01
    assert found["fadearena_bots{yes}"] == 2
    assert not [name for name in found if "idle" in name]


def test_only_so_many_bots_are_named() -> None:
    """However many hold something."""
    names = [f"bot-{number:03}" for number in range(NAMED_MAX + 5)]

    def wallet(number: int) -> BotPolicy:
        return bot(names[number], wallet=f"0x{number:040x}")

    async def story(room: ApiRoom) -> Answer:
        policy = settings(*map(wallet, range(len(names))))
        await room.tell(SettingsChange(version=1, actor="ann", policy=policy))
        await room.tell(*(performance(name) for name in names), *(sleeve(name, size="1") for name in names))
        return await room.get("/metrics")

    found = values(in_room(story))
    assert len([name for name in found if name.startswith("fadearena_bot_net_usd")]) == NAMED_MAX
    assert found["fadearena_sleeves_held"] == len(names)


def test_the_asker_may_have_openmetrics() -> None:
    """As Prometheus asks for it."""

    async def story(room: ApiRoom) -> Answer:
        return await room.get("/metrics", headers={"accept": OPENMETRICS})

    answer = in_room(story)
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.body.endswith(b"# EOF\n")


def test_the_tables_are_read_once_in_a_while() -> None:
    """Two who ask at once have them read once; who lives is looked at each time."""

    async def story(room: ApiRoom) -> list[Answer]:
        await room.beat(metrics=worker())
        found = [await room.get("/metrics")]
        await room.tell(sleeve("grok-4", size="1"))
        for _ in range(2):
            room.clock.move_by(2_500)
            found.append(await room.get("/metrics"))
        return found

    first, second, third = map(values, in_room(story))
    assert [one["fadearena_sleeves_held"] for one in (first, second, third)] == [0, 0, 1]
    assert [one["fadearena_worker_up"] for one in (first, second, third)] == [1, 0, 0]


class _Away(MemoryReadStore):
    """A read store that cannot be read."""

    async def system(self) -> SystemView:
        """Fail."""
        raise StorageUnavailable("away")

    async def position(self) -> Position:
        """Fail."""
        raise StorageUnavailable("away")


def test_a_database_that_is_away_is_told() -> None:
    """The process itself is measured all the same."""

    async def story(room: ApiRoom) -> Answer:
        object.__setattr__(room.doors, "records", _Away(room.control))
        return await room.get("/metrics")

    found = values(in_room(story))
    assert found["fadearena_database_up"] == 0
    assert "fadearena_worker_up" not in found


def test_nobody_without_a_role_may_ask() -> None:
    """401, as everywhere."""

    async def story(room: ApiRoom) -> Answer:
        return await room.get("/metrics")

    assert in_room(story, api_room(role=None)).status == 401


def beat(seq: int, time: int) -> Beat:
    """Return a worker's heartbeat."""
    return Beat(process="worker", pid=7, time=time, status="running", mode="simulation", journal_seq=seq)


def test_lag_is_counted_from_when_an_entry_was_known_of() -> None:
    """It ends once that entry is shown; a worker that counts anew after a restore begins anew here, too."""
    watch = LagWatch()
    assert (watch.see(None, Position(), 0).entries, watch.see(beat(5, 1_000), Position(journal_seq=5), 1_000).ms) == (
        0,
        0,
    )
    behind = watch.see(beat(9, 2_000), Position(journal_seq=6), 2_000)
    assert (behind.entries, behind.ms) == (3, 0)
    still = watch.see(beat(12, 6_000), Position(journal_seq=7), 7_000)
    assert (still.entries, still.ms) == (5, 5_000)
    nearly = watch.see(beat(12, 6_500), Position(journal_seq=10), 7_500)
    assert (nearly.entries, nearly.ms) == (2, 1_500)
    assert watch.see(beat(3, 9_000), Position(journal_seq=3), 9_000).ms == 0


def test_readiness_is_the_databases_and_the_lags() -> None:
    """Ready while what is shown is so now; 503 with a sentence where it is not, and alive in any case."""

    async def story(room: ApiRoom) -> list[int]:
        room.writer = Writer()
        await room.beat(journal_seq=0)
        found = [(await room.get("/readyz")).status]
        await room.beat(journal_seq=5)
        found.append((await room.get("/readyz")).status)
        room.clock.move_by(11_000)
        late = await room.get("/readyz")
        assert "5 entries" in late.json["detail"]
        found.append(late.status)
        object.__setattr__(room.doors, "records", _Away(room.control))
        found.append((await room.get("/readyz")).status)
        return [*found, (await room.get("/healthz")).status]

    assert in_room(story, api_room(role=None)) == [200, 200, 503, 503, 200]
