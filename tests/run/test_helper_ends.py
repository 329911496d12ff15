"""A helper that sends for us ends when we may send no longer, however that comes about; what it did not finish is not counted."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from auditor.cli import run as command
from auditor.model import Run
from auditor.store import Store
from tests.run import stand_in_nmap

ROOT = Path(__file__).resolve().parents[2]
NETWORK = "127.37.10.0/23"
SCOPE = """schema_version = 1
[authorisation]
reference = "Order 11"
issued_by = "the town"
contact = "audit@town.example"
valid_from = 2020-01-01T00:00:00Z
valid_until = {until}
[methods]
allow = ["nmap"]
[[site]]
name = "hall"
networks = ["127.37.12.0/28"]
"""


@dataclass(frozen=True)
class Stage:
    """A folder with a stand-in for nmap that comes before any other."""

    folder: Path

    @property
    def env(self) -> dict[str, str]:
        return {
            **os.environ, "PYTHONPATH": str(ROOT), "STAND_IN": str(self.folder), "TMPDIR": str(self.folder / "tmp"),
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
        }  # fmt: skip

    @property
    def db(self) -> Path:
        return self.folder / "a.sqlite"

    def words(self, *more: str) -> tuple[str, ...]:
        return ("scan", "--engine", "nmap", "--db", str(self.db), *(more or (NETWORK,)))

    def make_endless(self) -> None:
        (self.folder / "endless").touch()

    def make_finite(self) -> None:
        (self.folder / "endless").unlink()

    def calls(self) -> list[dict[str, Any]]:
        try:
            return [json.loads(line) for line in (self.folder / "calls").read_text().splitlines()]
        except FileNotFoundError:
            return []

    def run(self) -> Run:
        with Store.open(self.db) as store:
            return store.run()

    def leftovers(self) -> list[Path]:
        return list((self.folder / "tmp").iterdir())


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    made = Stage(tmp_path)
    for name in ("bin", "tmp"):
        (tmp_path / name).mkdir()
    nmap = tmp_path / "bin" / "nmap"
    nmap.write_text(f'#!/bin/sh\nexec {sys.executable} -S {stand_in_nmap.__file__} "$@"\n')
    nmap.chmod(0o755)
    for name, value in made.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    return made


def until(what: Callable[[], bool], seconds: float = 15.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.02)
    return what()


def is_alive(process: int) -> bool:
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    return False


@contextmanager
def scanning(stage: Stage, *more: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Yield a scan under way, in a process group of its own as a terminal makes them, and the number of its nmap."""
    words = (sys.executable, "-m", "auditor.cli", *stage.words(*more))
    stage.make_endless()
    with subprocess.Popen(
        words, env=stage.env, stderr=subprocess.PIPE, text=True, process_group=0
    ) as process:
        try:
            assert until(lambda: bool(stage.calls()))
            yield process, int(stage.calls()[0]["process"])
        finally:
            process.kill()


def guard_of(helper: int) -> int:
    return int(Path(f"/proc/{helper}/stat").read_text().rpartition(")")[2].split()[1])


def assert_not_counted(run: Run, state: str) -> None:
    """Hold a run to this: of what was not finished nothing is swept, silent or fine."""
    assert (run.state, run.complete) == (state, False)
    assert run.coverage is not None
    assert (run.coverage.swept, run.coverage.silent) == (0, 0)
    assert sum(one.addresses for one in run.coverage.withheld) == run.coverage.granted


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_whole_group_ends_nmap_by_us_and_counts_nothing(stage: Stage, number: int) -> None:
    with scanning(stage) as (process, helper):
        os.killpg(process.pid, number)
        _, said = process.communicate(timeout=15)
        assert until(lambda: not is_alive(helper), 2)
    assert process.returncode == 130, said
    assert not (stage.folder / "signals").exists(), "a terminal's signal is not for nmap"
    assert_not_counted(stage.run(), "stopped")
    assert "512 addresses: not asked to the end" in said
    assert stage.leftovers() == []


def test_nmap_does_not_outlive_a_killed_scan_and_leaves_no_files(stage: Stage) -> None:
    with scanning(stage) as (process, helper):
        process.kill()
        process.wait()
        assert until(lambda: not is_alive(helper), 3)
        assert until(lambda: stage.leftovers() == [], 3)
    assert stage.run().state == "killed"


def test_nmap_does_not_outlive_its_guard(stage: Stage) -> None:
    with scanning(stage) as (process, helper):
        os.kill(guard_of(helper), signal.SIGKILL)
        assert until(lambda: not is_alive(helper), 3)
        _, said = process.communicate(timeout=15)
    assert process.returncode == 5
    assert "nmap did not finish" in said
    assert_not_counted(stage.run(), "partial")


def test_an_nmap_that_somebody_ended_has_not_finished(stage: Stage) -> None:
    with scanning(stage) as (process, helper):
        os.kill(helper, signal.SIGKILL)
        _, said = process.communicate(timeout=15)
    assert process.returncode == 5
    assert "signal 9" in said
    assert_not_counted(stage.run(), "partial")


@pytest.mark.slow
def test_nmap_does_not_go_on_while_the_scan_stands_still(stage: Stage) -> None:
    with scanning(stage) as (process, helper):
        process.send_signal(signal.SIGSTOP)
        assert until(lambda: not is_alive(helper), 8)
        process.send_signal(signal.SIGCONT)
        assert until(lambda: len(stage.calls()) == 2), "it is asked anew"
        assert stage.calls()[0]["addresses"] == stage.calls()[1]["addresses"]


def test_nmap_ends_before_the_authorisation_does(stage: Stage) -> None:
    over = datetime.now(tz=UTC) + timedelta(seconds=5)  # noqa: TID251  a test's clock
    (stage.folder / "scope.toml").write_text(SCOPE.format(until=f"{over:%Y-%m-%dT%H:%M:%SZ}"))
    stage.make_endless()
    assert command(stage.words("--scope", str(stage.folder / "scope.toml"))) == 4
    assert stage.calls()
    assert (stage.folder / "sent").stat().st_mtime < over.timestamp()
    assert_not_counted(stage.run(), "window closed")


def test_nmap_ends_with_the_time_set_for_the_run(stage: Stage) -> None:
    stage.make_endless()
    assert command(stage.words(NETWORK, "--max-time", "2s")) == 4
    assert stage.calls()
    assert_not_counted(stage.run(), "budget spent")


def test_a_run_by_nmap_is_taken_up_where_it_ended(stage: Stage) -> None:
    with scanning(stage) as (process, _):
        stage.make_finite()
        process.kill()
        process.wait()
    first = stage.calls()[0]["addresses"]
    (stage.folder / "slow").write_text(f"{first[0]} {first[9]}")
    assert command(stage.words(NETWORK, "--resume")) == 4
    calls = [call["addresses"] for call in stage.calls()[1:]]
    assert [len(call) for call in calls] == [256, 256], "what the killed one had begun is asked whole"
    run = stage.run()
    assert run.coverage is not None
    assert (run.state, run.coverage.swept) == ("partial", 510)
    (withheld,) = run.coverage.withheld
    assert (withheld.addresses, "--host-timeout" in withheld.reason) == (2, True)
    (stage.folder / "slow").unlink()
    assert command(stage.words(NETWORK, "--resume")) == 0
    assert stage.calls()[-1]["addresses"] == [first[0], first[9]], "only what was given up"
    assert stage.run().coverage == type(run.coverage)(512, 512, 0, 512)


def test_a_run_by_nmap_is_not_taken_up_by_another_engine(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.make_endless()
    assert command(stage.words(NETWORK, "--max-time", "1s")) == 4
    assert command(("scan", NETWORK, "--db", str(stage.db), "--resume")) == 2
    assert '"engine": "nmap"' in capsys.readouterr().err
