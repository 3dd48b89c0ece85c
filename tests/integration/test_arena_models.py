"""The sign test of the product: what the models of Alpha Arena made, a fade of them loses, and the other way round."""

import json
from decimal import Decimal as D
from itertools import pairwise, product
from pathlib import Path

import pytest

from fadearena.bootstrap.replay import RecordedBot, ReplayPlan, made_up_wallet, replay_run
from fadearena.model.units import Direction
from fadearena.runtime.summary import CoinSummary, by_bot
from tests.support.nof1 import LOTS, as_fills, gross, round_trips, write
from tests.support.recorded import ROOT, needs_recorded

MODELS = ("grok-4", "deepseek-chat-v3.1", "claude-sonnet-4-5", "qwen3-max")
MINIMUM = D("10.50")
DEAD_BAND = D("0.02")


def _meta(folder: Path) -> Path:
    universe = [
        {"name": coin, "szDecimals": -int(lot.as_tuple().exponent), "maxLeverage": 40, "marginTableId": 40}
        for coin, lot in LOTS.items()
    ]
    file = folder / "meta.json"
    file.write_text(json.dumps({"universe": universe, "marginTables": [], "collateralToken": 0}))
    return file


def _replayed(model: str, folder: Path, multiplier: D, direction: Direction) -> dict[str, CoinSummary]:
    rows = round_trips(ROOT / "nof1" / f"trades_{model}.jsonl")
    bot = RecordedBot(id=model, wallet=made_up_wallet(model), file=write(rows, folder / f"{model}.jsonl"))
    run = replay_run(
        ReplayPlan(
            bots=(bot,),
            direction=direction,
            multiplier=multiplier,
            equity=D(1_000_000),
            half_spread_bps=D(0),
            meta=_meta(folder),
        )
    )
    tally = run.finish()
    return dict(by_bot(run.backtest.state, tally)[0].coins)


def _slack(model: str, coins: dict[str, CoinSummary], multiplier: D) -> D:
    """Return what rounding to the lot, and where a skip is listed the skipped rest, can make of the PnL at most."""
    rows = round_trips(ROOT / "nof1" / f"trades_{model}.jsonl")
    total = D(0)
    for coin, seen in coins.items():
        fills = [(D(f["px"]), D(f["startPosition"])) for f in as_fills(rows) if f["coin"] == coin]
        for (price, _), (next_price, held) in pairwise(fills):
            off = LOTS[coin]
            if seen.skips:
                off += max(MINIMUM / price, DEAD_BAND * abs(held) * multiplier)
            total += off * abs(next_price - price)
    return total


@needs_recorded
@pytest.mark.parametrize(
    ("model", "multiplier"),
    [
        ("grok-4", D("0.05")),
        *(
            pytest.param(model, multiplier, marks=pytest.mark.slow)
            for model, multiplier in product(MODELS, (D("0.05"), D(1)))
            if (model, multiplier) != ("grok-4", D("0.05"))
        ),
    ],
)
def test_a_fade_earns_what_the_model_lost(model: str, multiplier: D, tmp_path: Path) -> None:
    """
    Gross PnL of a fade is minus the model's gross PnL x multiplier, within lot rounding and listed skips.

    At multiplier 1 every size is in whole lots: where nothing is skipped it is the exact inverse.
    """
    coins = _replayed(model, tmp_path, multiplier, Direction.FADE)
    rows = round_trips(ROOT / "nof1" / f"trades_{model}.jsonl")
    theirs = gross(rows)
    ours = sum((D(coin.realised_pnl) for coin in coins.values()), start=D(0))
    assert abs(ours + theirs * multiplier) <= _slack(model, coins, multiplier)
    assert ours * theirs < 0
    assert {coin.sleeve for coin in coins.values()} == {"0"}
    if multiplier == 1:
        clean = [coin for coin, seen in coins.items() if not seen.skips]
        assert clean
        for coin in clean:
            assert D(coins[coin].realised_pnl) == -gross([row for row in rows if row["symbol"] == coin])


@needs_recorded
@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_a_copy_earns_what_the_model_earned(model: str, tmp_path: Path) -> None:
    """Gross PnL of a copy has the sign of the model's own."""
    coins = _replayed(model, tmp_path, D("0.05"), Direction.COPY)
    theirs = gross(round_trips(ROOT / "nof1" / f"trades_{model}.jsonl"))
    ours = sum((D(coin.realised_pnl) for coin in coins.values()), start=D(0))
    assert abs(ours - theirs * D("0.05")) <= _slack(model, coins, D("0.05"))
    assert ours * theirs > 0
