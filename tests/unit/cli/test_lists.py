"""Lists of bots as people and programs write them."""

import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fadearena.bootstrap.seed import default_policy
from fadearena.cli.lists import BotList, Listed, read_list
from fadearena.model.error import InvalidInput
from fadearena.model.policy.form import form_of
from tests.support.leaderboards import wallet

MIXED = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
"""An address with its checksum, from the text of EIP-55."""


def listed(directory: Path, text: str | bytes) -> BotList:
    """Return what a file of this content lists."""
    file = directory / "bots"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_list(file)


def test_a_text_has_an_address_on_each_line(tmp_path: Path) -> None:
    """A name may follow; comments and blank lines say nothing, nor do a byte order mark and the ends of lines."""
    text = f"\ufeff# mine\r\n\r\n{wallet(1)}\r\n  {MIXED},  Good One \n{MIXED.upper().replace('X', 'x')} # noted\n"
    found = listed(tmp_path, text)
    assert found.bad == []
    assert found.listed == [
        Listed(line=3, wallet=wallet(1)),
        Listed(line=4, wallet=MIXED.lower(), name="Good One"),
        Listed(line=5, wallet=MIXED.lower()),
    ]


def test_a_mistyped_address_is_told_by_its_line(tmp_path: Path) -> None:
    """Too short, no address at all, or one whose checksum does not fit; the others are read."""
    text = f"0x12\nhello world\n{MIXED[:-1]}D\n{wallet(1)} A\x1b[31m\n{wallet(2)}"
    found = listed(tmp_path, text)
    assert [each.line for each in found.listed] == [5]
    assert [(bad.file, bad.line) for bad in found.bad] == [(str(tmp_path / "bots"), n) for n in (1, 2, 3, 4)]
    assert "is mistyped" in found.bad[2].reason
    assert "cannot be shown" in found.bad[3].reason


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_has_fields_of_bots(tmp_path: Path, delimiter: str) -> None:
    """Columns go by their names, in any order; an empty cell says nothing; figures for people are passed over."""
    header = ["Name", "address", "ID", "leverageMultiplier", "enabled", "coins.deny", "pnl"]
    row = ['"A, the first; of them"', wallet(1), "a", "0.1", "FALSE", '"DOGE,XRP"', "7"]
    found = listed(
        tmp_path, "# ranked\n" + "\n".join(delimiter.join(cells) for cells in (header, row, ["", wallet(2)]))
    )
    assert found.bad == []
    assert found.listed == [
        Listed(
            line=3,
            wallet=wallet(1),
            id="a",
            name="A, the first; of them",
            is_enabled=False,
            fields=("leverageMultiplier=0.1", "coins.deny=DOGE,XRP"),
        ),
        Listed(line=4, wallet=wallet(2)),
    ]


def test_a_bad_row_of_csv_takes_no_other_with_it(tmp_path: Path) -> None:
    """A quote that is not closed, too many cells, no address, no switch."""
    rows = [f'{wallet(1)},"x', f"{wallet(2)},x,true,4", ",x,", f"{wallet(4)},x,perhaps", f"{wallet(5)},x"]
    found = listed(tmp_path, "address,name,enabled\n" + "\n".join(rows))
    assert [each.line for each in found.listed] == [6]
    assert [bad.line for bad in found.bad] == [2, 3, 4, 5]
    reasons = ("cannot be read as CSV", "4 cells for 3 columns", "it has no address", "'perhaps'")
    assert all(reason in bad.reason for reason, bad in zip(reasons, found.bad, strict=True))


def test_what_bots_list_prints_is_a_list(tmp_path: Path) -> None:
    """Settings are taken over, what became of them is not; on one line or many, as an object or its parts."""
    bot = default_policy().bots[0]
    form = form_of(bot) | {"state": "active", "performance": {"net": "1"}, "sighting": None}
    texts = [json.dumps({"version": 1, "bots": [form]}), json.dumps([form], indent=2), json.dumps(form)]
    for text in texts:
        (found,) = listed(tmp_path, text).listed
        assert (found.wallet, found.id, found.name, found.is_enabled) == (bot.wallet, bot.id, bot.name, True)
        assert "leverageMultiplier=0.05" in found.fields
        assert "exposureCap=null" in found.fields
        assert not any(field.startswith(("state", "performance", "sighting")) for field in found.fields)


def test_rows_of_json_are_told_by_their_lines(tmp_path: Path) -> None:
    """Also by their place, where many stand on one line; numbers are taken as they are written."""
    text = f'{{"bots": [\n{{"wallet": "{wallet(1)}", "share": 0.10}}, "0x12",\n "{wallet(2)}", 5, "{wallet(3)}"]}}'
    found = listed(tmp_path, text)
    assert [(each.line, each.wallet, each.fields) for each in found.listed] == [
        (2, wallet(1), ("share=0.10",)),
        (3, wallet(2), ()),
        (3, wallet(3), ()),
    ]
    assert [(bad.line, bad.reason.partition(":")[0]) for bad in found.bad] == [(2, "bot 2"), (3, "bot 4")]


def test_json_lines(tmp_path: Path) -> None:
    """A bot or an address on each line; fields that nobody knows are told with what is near."""
    rows = [
        json.dumps({"walletAddress": wallet(1), "id": None, "coins": {"allow": ["BTC"], "deny": []}}),
        json.dumps({"walletAddress": wallet(2), "levrageMultiplier": "1"}),
        json.dumps({"walletAddress": wallet(3), "coins": {"allow": []}}),
        json.dumps(wallet(4)),
        "{",
    ]
    found = listed(tmp_path, "\n".join(rows))
    assert [(each.line, each.fields) for each in found.listed] == [(1, ("coins.allow=BTC", "coins.deny=")), (4, ())]
    reasons = ("the nearest is leverageMultiplier", "coins.allow names no coin", "cannot be read as JSON")
    assert [bad.line for bad in found.bad] == [2, 3, 5]
    assert all(reason in bad.reason for reason, bad in zip(reasons, found.bad, strict=True))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "lists nothing"),
        ("# only\n\n# comments\n", "lists nothing"),
        (b"\xff\xfe0", "is no text in UTF-8"),
        ("address,multiplierLeverag\n", "'multiplierLeverag' is no field of a bot: the nearest is"),
        ("address,wallet\n", "two columns walletAddress"),
    ],
)
def test_what_is_no_list_is_told(tmp_path: Path, text: str | bytes, sentence: str) -> None:
    """Nothing of it is taken."""
    with pytest.raises(InvalidInput, match=sentence):
        listed(tmp_path, text)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """It is not there, or it is a directory."""
    for file in (tmp_path / "away", tmp_path):
        with pytest.raises(InvalidInput, match="cannot be read"):
            read_list(file)


LINE = st.one_of(
    st.text(max_size=60),
    st.builds(lambda n, rest: wallet(n) + rest, st.integers(0, 2**160 - 1), st.text(max_size=20)),
    st.sampled_from(
        ["address,name", '{"bots":[', "[" * 2_000, '{"wallet":5}', '"', "a,b,c", '{"coins":null}', "[]", "5"]
    ),
)


@settings(max_examples=40)
@given(lines=st.lists(LINE, max_size=8))
@example(lines=['{"walletAddress": "' + wallet(1) + '", "enabled": ' + "9" * 5_000 + "}"])
@example(lines=['{"a":' * 3_000])
def test_junk_is_told_and_never_more(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    """Whatever a file holds, a line is read, left out by its number, or says nothing; or the whole is told."""
    try:
        found = listed(tmp_path_factory.getbasetemp(), "\n".join(lines).encode(errors="replace"))
    except InvalidInput:
        return
    assert all(each.line >= 1 and each.wallet.startswith("0x") for each in found.listed)
    assert all(bad.line >= 1 and bad.reason for bad in found.bad)
