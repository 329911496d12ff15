"""A scan ended in mid-course, or begun where it lacks something: what is heard is kept, and --resume asks the rest once."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.reliability.seat import Devices, Ended, Seat, serving, soundness, until
from tests.reliability.witness import Outcome, Witness

pytestmark = pytest.mark.slow

BASE = "127.34.4"
FAKETIME = next(iter(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)
SCOPE = f"""schema_version = 1
[authorisation]
reference = "Order 11"
issued_by = "the town"
contact = "audit@town.example"
valid_from = 2020-01-01T00:00:00Z
valid_until = 2099-01-01T00:00:00Z
[[site]]
name = "hall"
networks = ["{BASE}.0/29"]
"""


@pytest.fixture
def devices() -> Iterator[Devices]:
    with serving(BASE) as served:
        yield served


def is_under_way(devices: Devices) -> bool:
    """Tell whether every device was asked something, and is not done."""
    return len(devices.heard) >= 4


def asked_twice(devices: Devices) -> int:
    """Return how many questions a device was put more than once."""
    return sum(count - 1 for count in Counter(devices.heard).values())


def resumed(seat: Seat, devices: Devices, *, most_twice: int) -> str:
    """Take the run up and say what comes of it; nobody is asked again what was answered and kept."""
    ended = seat.here(*devices.scan("--resume"))
    assert asked_twice(devices) <= most_twice
    return f"`scan --resume`: {ended.how}; {seat.left()}; what was answered is not asked again"


SIGNALS = {
    "kill -9": signal.SIGKILL,
    "Ctrl-C": signal.SIGINT,
    "terminated": signal.SIGTERM,
    "terminal closed": signal.SIGHUP,
}


@pytest.mark.parametrize("name", SIGNALS)
def test_a_scan_ended_by_a_signal_is_taken_up(
    seat: Seat, reliability: Witness, devices: Devices, name: str
) -> None:
    process = seat.start(*devices.scan("--json"))
    until(lambda: is_under_way(devices))
    process.send_signal(SIGNALS[name])
    ended = seat.end(process)
    (state,) = json_states(seat)
    left = f"{soundness(seat.db)}; run {state}"
    # What was under way when it ended was heard by nobody; a kill may also cost what was not yet written.
    then = resumed(seat, devices, most_twice=9 if name == "kill -9" else 3)
    last = ended.err.splitlines()[-1:] if ended.err else []
    said = Ended(ended.code, "", "".join(last), seat.folder).said
    reliability.saw(name, Outcome(f"`scan`: {ended.how}", said, left, then))


def json_states(seat: Seat) -> list[str]:
    return [
        json.loads(line)["state"]
        for line in seat.here("runs", "--db", "a.sqlite", "--jsonl").out.splitlines()
    ]


def test_a_scan_outlives_the_shell_that_began_it(seat: Seat, reliability: Witness, devices: Devices) -> None:
    words = (sys.executable, "-m", "auditor.cli", *devices.scan("--json"))
    line = '"$@" > out 2> err & echo $!; wait'
    shell = subprocess.Popen(
        ["sh", "-c", line, "sh", *words], cwd=seat.folder, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert shell.stdout is not None
    scan = int(shell.stdout.readline())
    until(lambda: is_under_way(devices))
    shell.kill()
    shell.wait()
    until(
        lambda: not Path(f"/proc/{scan}").exists() or "State:\tZ" in Path(f"/proc/{scan}/status").read_text()
    )
    summary = json.loads((seat.folder / "out").read_text())
    reliability.saw(
        "parent killed",
        Outcome(f"`scan`: goes on to its end; run {summary['state']}", "", seat.left(), "nothing to do"),
    )


def test_a_scan_under_nohup_outlives_its_terminal(seat: Seat, reliability: Witness, devices: Devices) -> None:
    process = seat.start(*devices.scan("--json"), before=("nohup",))
    until(lambda: is_under_way(devices))
    process.send_signal(signal.SIGHUP)
    ended = seat.end(process)
    reliability.saw(
        "terminal closed, nohup",
        Outcome(f"`scan`: goes on to its end; {ended.how}", "", seat.left(), "nothing to do"),
    )


def test_a_run_that_is_alive_is_not_taken_by_another_process(
    seat: Seat, reliability: Witness, devices: Devices
) -> None:
    process = seat.start(*devices.scan("--json"))
    until(lambda: is_under_way(devices))
    process.send_signal(signal.SIGSTOP)  # one that stands still is alive, too
    time.sleep(0.3)  # what was on its way has arrived
    before = len(devices.heard)
    second = seat.auditor(*devices.scan("--resume"))
    assert len(devices.heard) == before
    process.send_signal(signal.SIGCONT)
    first = seat.end(process)
    # What stood unanswered while it stood still is asked once more.
    assert asked_twice(devices) <= 3
    reliability.saw(
        "two processes, one run",
        Outcome(f"the second: {second.how}", second.said, seat.left(), f"the second asks nobody; the first goes on: {first.how}"),
    )  # fmt: skip


def test_two_runs_into_one_database_at_a_time(seat: Seat, reliability: Witness, devices: Devices) -> None:
    halves = [seat.start(*devices.scan("--json", network=one)) for one in (f"{BASE}.0/31", f"{BASE}.2/31")]
    until(lambda: is_under_way(devices))
    between = seat.imported()
    ended = [seat.end(one) for one in halves]
    assert asked_twice(devices) == 0
    codes = " and ".join(one.how for one in ended)
    reliability.saw(
        "two processes, one database",
        Outcome(f"the scans: {codes}; the import: {between.how}", "", f"{soundness(seat.db)}; {seat.left()}", "nothing to do"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "most"), [("too few descriptors to begin", 20), ("descriptors for the start alone", 36)]
)
def test_few_descriptors(seat: Seat, reliability: Witness, devices: Devices, name: str, most: int) -> None:
    words = ("prlimit", f"--nofile={most}:{most}")
    ended = seat.auditor(*devices.scan("--json"), before=words)
    left = seat.left() if seat.db.exists() else "no database"
    more = () if ended.code == 0 or not seat.db.exists() else ("--resume",)
    again = seat.here(*devices.scan(*more))
    then = f"`scan{' --resume' if more else ''}` with more: {again.how}; {seat.left()}"
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > most
    reliability.saw(name, Outcome(f"`scan`: {ended.how}", ended.said, left, then))


# Clocks.


@pytest.mark.skipif(FAKETIME is None, reason="needs faketime (Debian: faketime)")
@pytest.mark.parametrize(
    ("name", "jump"),
    [
        ("clock set back", -timedelta(days=3)),
        ("clock set forward", timedelta(days=3)),
        ("clock set beyond the authorisation", timedelta(days=365 * 90)),
    ],
)
def test_a_clock_that_jumps_in_mid_run(
    seat: Seat, reliability: Witness, devices: Devices, name: str, jump: timedelta
) -> None:
    (seat.folder / "scope.toml").write_text(SCOPE, encoding="utf-8")
    clock = seat.folder / "clock"
    clock.write_text("+0\n")
    words = devices.scan("--scope", "scope.toml", "--json", "--no-wait", network=f"{BASE}.1-6")
    process = seat.start(
        *words, LD_PRELOAD=str(FAKETIME), FAKETIME_TIMESTAMP_FILE=str(clock), FAKETIME_NO_CACHE="1",
        FAKETIME_DONT_FAKE_MONOTONIC="1", DONT_FAKE_MONOTONIC="1",
    )  # fmt: skip
    until(lambda: is_under_way(devices) or process.poll() is not None)
    assert process.poll() is None, process.communicate()
    began = time.monotonic()
    clock.write_text(f"{jump.total_seconds():+.0f}\n")
    ended = seat.end(process)
    assert time.monotonic() - began < 20, "a jump is no time that passed"
    left = seat.left()
    reading = seat.auditor("devices", "--db", "a.sqlite")
    then = f"`devices` by the right clock: {reading.how}: `{reading.said}`"
    if ended.code == 4:
        again = seat.here(*words, "--resume")
        then = f"by the right clock, `scan --resume`: {again.how}; {seat.left()}"
    assert asked_twice(devices) <= 3
    reliability.saw(name, Outcome(f"`scan`: {ended.how}", ended.said, left, then))
