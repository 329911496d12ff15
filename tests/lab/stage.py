"""Devices of the lab in service, and the auditor's real commands beside them, as a user would type them."""

import contextlib
import json
import os
import shlex
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab.emulator import wall_clock
from lab.sensor.event import Event, EventKind, read_journal
from lab.town import TownPlan, on_loopback, read_town, scope_text
from lab.town.segments import segments

ROOT = Path(__file__).resolve().parents[2]
SHIFT = 19_000
"""Added to every port where the kernel gives no namespace."""
PAPER = """schema_version = 1
[authorisation]
reference = "TEST"
issued_by = "test"
contact = "test@example.org"
valid_from = 2020-01-01T00:00:00Z
valid_until = 2099-01-01T00:00:00Z
"""
"""How a scope file begins that authorises a test; sites, methods and pace come after it."""
READABLE = frozenset({0, 1, 2, 4})
"""Exit codes with which a command may end that reads what a stopped run left; see docs/architecture.md section 6."""


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines on stdout."""
        return tuple(self.out.splitlines())

    def records(self) -> list[dict[str, Any]]:
        """Read stdout as JSON Lines."""
        return [json.loads(line) for line in self.lines]


@dataclass(frozen=True, slots=True)
class Stage:
    """A folder to work in, with scope.toml and audit.sqlite, from which the devices can be reached."""

    folder: Path
    journal: Path
    entered: tuple[str, ...] = ()
    """Words before every command, that take it to where the devices are."""
    shift: int = 0

    def command(self, *words: str) -> list[str]:
        """Return what starts the auditor with these words."""
        shifted = ("--port-shift", str(self.shift)) if self.shift and words[0] == "scan" else ()
        return [*self.entered, sys.executable, "-m", "auditor.cli", *words, *shifted]

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """Start the auditor, and leave it running."""
        return subprocess.Popen(
            self.command(*words),
            cwd=self.folder,
            env=environment(),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def try_out(self, *words: str) -> Said:
        """Run a command to its end, however it ends."""
        process = self.start(*words)
        out, err = process.communicate(timeout=600)
        return Said(process.returncode, out, err)

    def auditor(self, *words: str) -> Said:
        """Run a command that must succeed."""
        said = self.try_out(*words)
        assert said.code == 0, f"auditor {shlex.join(words)} ended with {said.code}:\n{said.out}\n{said.err}"
        return said

    def typed(self, line: str) -> Said:
        """Run a command as the program itself printed it."""
        program, *words = shlex.split(line)
        assert program == "auditor", line
        return self.auditor(*words)

    def asked(self, since: int = 0) -> Counter[tuple[str, str, int, str, str]]:
        """Count what the lab was asked over connections, by address and port, from the so-manieth event on."""
        return Counter(
            (one.address, one.transport, one.port - self.shift, one.protocol, without_login(one.request))
            for one in self.events()[since:]
            if one.kind is EventKind.REQUEST and one.transport != "udp"
        )

    def events(self) -> list[Event]:
        """Return everything the sensor has seen, when it has written it down."""
        time.sleep(0.8)  # the sensor's file is behind by half a second
        files = sorted(self.journal.glob("*.jsonl")) if self.journal.is_dir() else [self.journal]
        return [event for path in files for event in read_journal(path)]


def has_begun(db: Path) -> bool:
    """Tell whether the scan has written its run, so that there is one to resume."""
    if not db.exists():
        return False
    try:
        with sqlite3.connect(db) as connection:
            return bool(connection.execute("SELECT count(*) FROM run").fetchone()[0])
    except sqlite3.OperationalError:
        return False


def environment() -> dict[str, str]:
    """Return the environment of this checkout's own programs."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}


def without_login(request: str) -> str:
    """Leave out of a request what a login makes different each time, but not that there was one.

    A TLS greeting to a port without TLS is random for the greater part; only that it was one counts.
    """
    if request.startswith("\x16\x03"):
        return "TLS greeting"
    head = "authorization:"
    kept = [head if line.lower().startswith(head) else line for line in request.splitlines()]
    return "\n".join(line.partition("<wsse:UsernameToken")[0] for line in kept)


@contextlib.contextmanager
def served(folder: Path, *words: str) -> Iterator[Stage]:
    """Serve devices by `auditor-lab up`, in a namespace with multicast where the kernel gives one."""
    folder.mkdir(parents=True, exist_ok=True)
    ready, journal = folder / "ready.json", folder / "sensor.jsonl"
    ready.unlink(missing_ok=True)
    up = [sys.executable, "-m", "lab", "up", *words, "--ready-file", str(ready), "--journal", str(journal)]
    for place in (("--namespace",), ("--port-shift", str(SHIFT))):
        with _running([*up, *place], folder) as lab:
            if not _is_ready(ready, lab):
                _, said = lab.communicate()
                if "does not let you have" in said or "could not be set up" in said:
                    continue
                pytest.fail(f"the lab did not start: {said}")
            entered = ("nsenter", "-t", str(lab.pid), "-U", "-n", "--preserve-credentials")
            yield (
                Stage(folder, journal, entered)
                if place == ("--namespace",)
                else Stage(folder, journal, shift=SHIFT)
            )
            return


@contextlib.contextmanager
def up_on_loopback(folder: Path, shift: str, *words: str) -> Iterator[None]:
    """Serve devices by `auditor-lab up` on loopback, every port shifted; the sensor's journal is in the folder."""
    ready, journal = folder / "ready.json", folder / "sensor.jsonl"
    ready.unlink(missing_ok=True)
    up = [sys.executable, "-m", "lab", "up", *words, "--port-shift", shift]
    with _running([*up, "--ready-file", str(ready), "--journal", str(journal)], folder) as lab:
        if not _is_ready(ready, lab):
            lab.kill()
            pytest.fail(f"the lab did not start: {lab.communicate()[1]}")
        yield


@contextlib.contextmanager
def _running(command: Sequence[str], folder: Path) -> Iterator["subprocess.Popen[str]"]:
    lab = subprocess.Popen(
        command, cwd=folder, env=environment(), text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        yield lab
    finally:
        if lab.poll() is None:
            lab.send_signal(signal.SIGTERM)
        lab.communicate(timeout=20)


def _is_ready(ready: Path, lab: "subprocess.Popen[str]") -> bool:
    for _ in range(600):
        if ready.exists() or lab.poll() is not None:
            break
        time.sleep(0.05)
    return ready.exists()


@contextlib.contextmanager
def town_on_loopback(town: str, month: int, folder: Path) -> Iterator[Stage]:
    """Serve a town as it is in one month on loopback; scope.toml in the folder grants its networks."""
    folder.mkdir(parents=True, exist_ok=True)
    plan = on_loopback(read_town(town)).in_month(month)
    write_scope(plan, folder)
    with served(folder / f"month-{month}", "--town", town, "--month", str(month)) as stage:
        yield Stage(folder, stage.journal, stage.entered, stage.shift)


@contextlib.contextmanager
def town_on_segments(town: str, month: int, folder: Path) -> Iterator[Stage]:
    """Serve a town in network namespaces: who is switched off is silent, and each site has multicast of its own."""
    plan = read_town(town).in_month(month)
    with segments(plan, folder / f"month-{month}", clock=wall_clock) as up:
        written = [sys.executable, "-m", "lab", "station", town, "--once"]
        subprocess.run(up.command(*written), cwd=folder, env=environment(), check=True, capture_output=True)
        _hasten(folder / "scope.toml")
        yield Stage(folder, up.journal, tuple(up.command()))


def write_scope(plan: TownPlan, folder: Path) -> None:
    """Write a town's scope, its pace quick enough for a test."""
    (folder / "scope.toml").write_text(scope_text(plan), encoding="utf-8")
    _hasten(folder / "scope.toml")


def _hasten(scope: Path) -> None:
    pace = "\n[pace]\nrequests_per_second_host = 20\npackets_per_second_host = 400\npackets_per_second_subnet = 2000\n"
    scope.write_text(scope.read_text(encoding="utf-8") + pace, encoding="utf-8")
