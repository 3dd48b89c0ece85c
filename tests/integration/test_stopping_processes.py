"""The ways to stop that need processes: a rehearsal on a worker that trades, and closing past dead databases."""

from pathlib import Path

import pytest

from fadearena.cli.exit_codes import ExitCode
from fadearena.model.ids import Address
from tests.support.command import NETWORK
from tests.support.command import fadearena as run
from tests.support.edge import MASTER
from tests.support.edge_box import at_work, busy_policy, leaders_trading, live_box
from tests.support.processes import started
from tests.support.waiting import until

pytestmark = pytest.mark.slow
HELD = 4


def test_a_rehearsal_goes_on_afterwards(tmp_path: Path) -> None:
    """In simulation the whole of it is done and measured; trading goes on; in between it is refused."""
    directory = tmp_path / "data"
    refused = run("kill", "--rehearse", "--data-dir", directory)
    assert refused.code == ExitCode.USAGE
    with started(directory, "up") as up:
        up.until("order_sent")
        found = run("kill", "--flatten", "--rehearse", "--data-dir", directory, "--json")
        assert found.code == ExitCode.OK, found.err
        assert found.report["passed"]
        assert found.report["flatMs"] >= 2_000
        assert run("status", "--data-dir", directory, "--json").report["tradingState"] == "active"
        up.until("order_sent")
        assert run("kill", "--data-dir", directory).code == ExitCode.OK
        assert run("kill", "--flatten", "--rehearse", "--data-dir", directory).code == ExitCode.UNUSABLE_INPUT


def test_everything_is_closed_without_a_database(tmp_path: Path) -> None:
    """While a worker lives it is refused; once the databases are gone it closes everything, by the accounts' file."""
    with live_box(tmp_path, busy_policy()) as box:
        settings = box.settings
        direct = ("flatten", "--direct", "--confirm", "FLATTEN", "--data-dir", box.directory, "--json")
        with at_work(box) as up, leaders_trading(box, 20):
            until(lambda: len(box.held()) >= HELD)
            refused = run(*direct, settings=settings)
            assert (refused.code, "kill --flatten" in refused.err) == (ExitCode.LEASE_LOST, True)
            unwanted = run(*direct[:2], "--confirm", "yes", *direct[4:], settings=settings)
            assert unwanted.code in {ExitCode.REFUSED, ExitCode.LEASE_LOST}
            up.process.process.kill()
            up.process.process.wait()
        assert box.held()
        for file in box.places.home.glob("*.db*"):
            file.unlink()
        done = run(*direct, settings=settings)
        assert done.code == ExitCode.OK, done.err
        assert done.report["isFlat"]
        assert box.held() == {}
        assert (box.places.home / "direct-flatten.json").stat().st_size >= 1


def test_only_live_has_something_to_close_directly(tmp_path: Path) -> None:
    """In simulation it is refused, and says what closes paper."""
    ended = run("flatten", "--direct", "--data-dir", tmp_path, settings={NETWORK: "sandbox"})
    assert ended.code == ExitCode.UNUSABLE_INPUT
    assert "kill --flatten" in ended.err
    assert run("flatten", "--data-dir", tmp_path).code == ExitCode.USAGE


def test_accounts_by_options_need_their_signers(tmp_path: Path) -> None:
    """Options that do not belong together are told before anything is asked."""
    ours: Address = MASTER.address
    with live_box(tmp_path, busy_policy()) as box:
        direct = ("flatten", "--direct", "--data-dir", box.directory)
        ended = run(*direct, "--account", ours, settings=box.settings)
        assert (ended.code, "--signer" in ended.err) == (ExitCode.UNUSABLE_INPUT, True)
        ended = run(*direct, "--vault", ours, settings=box.settings)
        assert (ended.code, "--vault" in ended.err) == (ExitCode.UNUSABLE_INPUT, True)
        stranger = "0x" + "77" * 20
        ended = run(*direct, "--account", ours, "--signer", stranger, "--confirm", "FLATTEN", settings=box.settings)
        assert (ended.code, stranger in ended.err) == (ExitCode.UNUSABLE_INPUT, True)
