"""`fadearena replay`: what it prints, and what it says of bad input."""

import gzip
import json
from decimal import Decimal
from pathlib import Path

import pytest

from fadearena.cli.exit_codes import ExitCode
from tests.support.command import fadearena
from tests.support.fills import chain, row, write

START = 1_790_000_000_000
STRANGER = "0x" + "b" * 40
ROUND_TRIP = chain(
    (START, "20", "2000"), (START + 5_000, "20", "2010"), (START + 9_000, "-40", "2100"), (START + 9_500, "-20", "2100")
)


def fills_file(folder: Path, name: str = "leader.jsonl") -> Path:
    """Return a file with four good fills: +20, +40, flat, -20."""
    return write(folder / name, ROUND_TRIP)


def test_report_says_what_became_of_every_coin(tmp_path: Path) -> None:
    """The JSON report bears all fields, decimals as texts, and the inverse of what the bot holds."""
    ended = fadearena("replay", fills_file(tmp_path), "--json")
    assert ended.code == ExitCode.OK, ended.err
    (bot,) = ended.report["bots"]
    assert bot["bot"] == "leader"
    coin = bot["coins"]["ETH"]
    assert coin["sourcePosition"] == coin["followed"] == "-20"
    assert coin["baseline"] == coin["residue"] == "0"
    assert coin["sleeve"] == coin["target"] == "1"
    assert Decimal(coin["realisedPnl"]) < 0 < Decimal(coin["fees"])
    assert coin["fills"] == coin["orders"] == 4
    assert coin["skips"] == {}
    assert ended.report["badLines"] == []
    assert ended.report["drift"] == {}
    assert len(ended.report["journalHash"]) == 64


def test_every_run_has_the_same_fingerprint(tmp_path: Path) -> None:
    """Two runs of the same input have one journal hash; another multiplier has another."""
    file = fills_file(tmp_path)
    one, same, other = (
        fadearena("replay", file, "--json", "--multiplier", x).report["journalHash"] for x in ("0.05", "0.05", "0.06")
    )
    assert one == same
    assert one != other


def test_copy_holds_the_same_and_earns_the_opposite(tmp_path: Path) -> None:
    """`--direction copy` turns the sign of sleeve and gross PnL; without spread they mirror each other."""
    file = fills_file(tmp_path)
    fade, copy = (
        fadearena("replay", file, "--json", "--direction", way, "--half-spread-bps", "0").report["bots"][0]["coins"][
            "ETH"
        ]
        for way in ("fade", "copy")
    )
    assert (copy["sleeve"], fade["sleeve"]) == ("-1", "1")
    assert Decimal(copy["realisedPnl"]) == -Decimal(fade["realisedPnl"])


def test_equity_is_the_start_plus_net_pnl(tmp_path: Path) -> None:
    """`--equity` is what the account starts with; the end differs from it by the net PnL exactly."""
    report = fadearena("replay", fills_file(tmp_path), "--json", "--equity", "5000").report
    assert report["startEquity"] == "5000"
    assert Decimal(report["equity"]) - 5_000 == Decimal(report["totals"]["netPnl"])


def test_skips_are_listed_by_reason(tmp_path: Path) -> None:
    """What is too small for the exchange is not traded, and the report says why."""
    file = write(tmp_path / "small.jsonl", chain((START, "0.5", "10"), (START + 2_000, "0.5", "10")))
    coin = fadearena("replay", file, "--json", "--multiplier", "1").report["bots"][0]["coins"]["ETH"]
    assert (coin["sleeve"], coin["orders"]) == ("0", 0)
    assert coin["skips"]["below_minimum"] >= 1


def test_newest_first_and_gzip_give_the_same_decisions(tmp_path: Path) -> None:
    """A file as the API sends it (newest first), compressed or not, replays like the sorted one."""
    plain = fadearena("replay", fills_file(tmp_path), "--json").report
    turned = tmp_path / "b" / "leader.jsonl.gz"
    turned.parent.mkdir()
    turned.write_bytes(gzip.compress("".join(json.dumps(r) + "\n" for r in reversed(ROUND_TRIP)).encode()))
    again = fadearena("replay", turned, "--json").report
    assert again["journalHash"] == plain["journalHash"]


def test_several_files_are_several_bots(tmp_path: Path) -> None:
    """Each file is a bot of its own on one account; files of one name get different ids."""
    (tmp_path / "b").mkdir()
    files = fills_file(tmp_path), fills_file(tmp_path / "b"), fills_file(tmp_path, "Other Bot.jsonl")
    report = fadearena("replay", *files, "--json").report
    assert [bot["bot"] for bot in report["bots"]] == ["leader", "leader-2", "other-bot"]
    assert report["totals"]["executes"] > 4


def test_meta_file_gives_the_lots(tmp_path: Path) -> None:
    """With a `meta` answer sizes are cut to its lots instead of those seen in the fills."""
    meta = tmp_path / "meta.json"
    universe = [{"name": "ETH", "szDecimals": 1, "maxLeverage": 25, "marginTableId": 25}]
    meta.write_text(json.dumps({"universe": universe}))
    file = write(tmp_path / "lots.jsonl", chain((START, "3.07", "2000")))
    ours = [
        fadearena("replay", file, "--json", "--multiplier", "1", *more).report["bots"][0]["coins"]["ETH"]["sleeve"]
        for more in ([], ["--meta", meta])
    ]
    assert ours == ["-3.07", "-3"]


def test_guessed_lots_that_are_too_large_are_told(tmp_path: Path) -> None:
    """Where a guessed lot alone leaves nothing to hold, stderr says so in one line; the report is as without."""
    file, meta = fills_file(tmp_path), tmp_path / "meta.json"
    short = ("replay", file, "--json", "--multiplier", "0.04")
    ended = fadearena(*short)
    assert ended.code == ExitCode.OK
    hint = "fadearena: ETH: lots of 1 were guessed from the file, targets below that are 0; "
    assert ended.err == f"{hint}give --meta\n"
    coin = ended.report["bots"][0]["coins"]["ETH"]
    assert (coin["followed"], coin["target"]) == ("-20", "0")
    for name, told in (("BTC", f"{hint}{meta} does not list the coin\n"), ("ETH", "")):
        listed = {"name": name, "szDecimals": 0, "maxLeverage": 25, "marginTableId": 25}
        meta.write_text(json.dumps({"universe": [listed]}))
        assert fadearena(*short, "--meta", meta).err == told
    assert fadearena("replay", file, "--json", "--multiplier", "0.05").err == ""
    flat = write(tmp_path / "flat.jsonl", ROUND_TRIP[:3])
    assert fadearena("replay", flat, "--json", "--multiplier", "0.04").err == ""


def test_people_see_tables(tmp_path: Path) -> None:
    """Without `--json` there is a table for each bot and the sums, without colours where it is no terminal."""
    ended = fadearena("replay", fills_file(tmp_path))
    assert ended.code == ExitCode.OK
    for text in ("leader", "ETH", "theirs", "followed", "realised", "equity 10000.00 ->", "journal "):
        assert text in ended.out
    assert "\x1b[" not in ended.out
    assert ended.err == ""


BAD_LINES = {
    "wrong type": ('{"coin": 1}', "coin"),
    "torn": ("{", "JSON"),
    "NaN": (json.dumps(row(px="NaN")), "NaN"),
    "infinite": (json.dumps(row(px="Infinity")), "Infinity"),
    "negative": (json.dumps(row(sz="-1")), "-1"),
    "zero": (json.dumps(row(sz="0")), "0"),
    "unknown field": (json.dumps(row(bogus=1)), "bogus"),
    "no time": (json.dumps(row(time="yesterday")), "time"),
    "no side": (json.dumps(row(side="C")), "side"),
    "another wallet": (json.dumps(row(user=STRANGER)), STRANGER),
    "no text": ("\xff\xfe", "JSON"),
}


@pytest.mark.parametrize(("line", "named"), BAD_LINES.values(), ids=BAD_LINES)
def test_bad_line_is_named_and_the_rest_is_replayed(line: str, named: str, tmp_path: Path) -> None:
    """A bad line is left out, told with file and line and what is wrong, and the exit code says so."""
    file = tmp_path / "leader.jsonl"
    good = [json.dumps(fill) for fill in ROUND_TRIP]
    file.write_bytes("\n".join([*good[:2], line, *good[2:]]).encode("latin-1"))
    ended = fadearena("replay", file, "--json")
    assert ended.code == ExitCode.PARTLY_BAD_INPUT
    (bad,) = ended.report["badLines"]
    assert (bad["file"], bad["line"]) == (str(file), 3)
    assert named in bad["reason"]
    assert f"fadearena: {file}:3: {bad['reason']}" in ended.err
    assert "1 bad line was left out" in ended.err
    assert ended.report["bots"][0]["coins"]["ETH"]["sourcePosition"] == "-20"
    assert "Traceback" not in ended.err


def test_many_bad_lines_are_counted(tmp_path: Path) -> None:
    """On stderr the first twenty are named and the rest is counted; JSON lists them all."""
    file = tmp_path / "leader.jsonl"
    file.write_text("\n".join([json.dumps(ROUND_TRIP[0]), *["{"] * 30]))
    ended = fadearena("replay", file, "--json")
    assert len(ended.report["badLines"]) == 30
    assert ended.err.count("\n") == 22
    assert "and 10 more bad lines" in ended.err


def unusable(folder: Path, kind: str) -> Path:
    """Return a path that cannot be replayed."""
    file = folder / ("fills.jsonl.gz" if kind in {"no gzip", "torn gzip"} else "fills.jsonl")
    match kind:
        case "missing":
            pass
        case "directory":
            file.mkdir()
        case "empty":
            file.write_text("")
        case "no gzip":
            file.write_text(json.dumps(row()))
        case "torn gzip":
            file.write_bytes(gzip.compress(json.dumps(row()).encode())[:40])
        case "array":
            file.write_text(json.dumps([row(), row()]))
        case "mixed order":
            write(file, [row(time=START), row(time=START + 9), row(time=START + 5)])
        case _:
            file.write_text("no fill\nat all\n")
    return file


@pytest.mark.parametrize(
    "kind", ["missing", "directory", "empty", "no gzip", "torn gzip", "array", "mixed order", "no fills"]
)
def test_unusable_file_ends_with_one_sentence(kind: str, tmp_path: Path) -> None:
    """What cannot be replayed at all is told in one line that names the file and what to do."""
    file = unusable(tmp_path, kind)
    ended = fadearena("replay", file, "--json")
    assert ended.code == ExitCode.UNUSABLE_INPUT
    assert ended.out == ""
    assert ended.err.startswith("fadearena: ")
    assert str(file) in ended.err
    assert ended.err.count("\n") == 1


def test_two_files_of_one_wallet_are_refused(tmp_path: Path) -> None:
    """One wallet is one bot: two files whose names hold the same address cannot be replayed together."""
    files = [fills_file(tmp_path, f"{name}_{STRANGER}.jsonl") for name in ("a", "b")]
    ended = fadearena("replay", *files)
    assert ended.code == ExitCode.UNUSABLE_INPUT
    assert "one wallet" in ended.err


def test_address_in_the_name_is_the_wallet(tmp_path: Path) -> None:
    """Fills that bear a user are of the wallet in the file's name, or else bad lines."""
    rows = [row(user=STRANGER.upper().replace("0X", "0x"))]
    mine = fadearena("replay", write(tmp_path / f"x_{STRANGER.upper()}.jsonl", rows), "--json")
    assert mine.code == ExitCode.OK, mine.err
    other = fadearena("replay", write(tmp_path / f"x_0x{'c' * 40}.jsonl", rows), "--json")
    assert other.code == ExitCode.UNUSABLE_INPUT
    assert STRANGER in other.err


def test_user_of_the_first_fill_is_the_wallet_where_the_name_holds_none(tmp_path: Path) -> None:
    """Fills that bear a user are one wallet's: the first names it, and a fill of another is a bad line."""
    rows = [row(user=STRANGER), row(user="0x" + "c" * 40, time=1_790_000_000_001)]
    ended = fadearena("replay", write(tmp_path / "leader.jsonl", rows), "--json")
    assert ended.code == ExitCode.PARTLY_BAD_INPUT
    (bad,) = ended.report["badLines"]
    assert bad["line"] == 2


@pytest.mark.parametrize("content", [None, "{}", "[", "[1, 2]"])
def test_bad_meta_file_is_named(content: str | None, tmp_path: Path) -> None:
    """A meta file that is missing or no meta answer ends with a sentence that names it."""
    meta = tmp_path / "meta.json"
    if content is not None:
        meta.write_text(content)
    ended = fadearena("replay", fills_file(tmp_path), "--meta", meta)
    assert ended.code == ExitCode.UNUSABLE_INPUT
    assert ended.err.startswith(f"fadearena: {meta}")
    assert ended.err.count("\n") == 1
