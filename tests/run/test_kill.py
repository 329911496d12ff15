"""kill -9 at any moment of a scan, then --resume: the same result as an undisturbed run, nothing asked twice."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.lab.stage import has_begun, up_on_loopback

MOMENTS = int(os.environ.get("AUDITOR_KILL_MOMENTS", "2"))
SHIFT = "22000"
# Addresses no other test uses, different in each process.
NETWORK = f"127.{101 + os.getpid() % 100}.{os.getpid() // 100 % 250}.0/27"

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Town:
    network: str
    folder: Path


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    with up_on_loopback(folder, SHIFT, "--network", NETWORK, "--count", "14"):
        yield Town(NETWORK, folder)


def scan(town: Town, db: Path, *more: str) -> list[str]:
    # A pace that makes the run last for seconds, so that a kill hits its middle.
    pace = ("--max-rate", "2000", "--max-rate-per-host", "20")
    words = ["scan", town.network, "--db", str(db), "--port-shift", SHIFT, *pace, "--json", *more]
    return [sys.executable, "-c", "from auditor.cli import main; main()", *words]


def finished(town: Town, db: Path, *more: str) -> dict[str, object]:
    ended = subprocess.run(scan(town, db, *more), capture_output=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr.decode()
    summary: dict[str, object] = json.loads(ended.stdout)
    return summary


def identities(db: Path) -> dict[str, object]:
    with sqlite3.connect(db) as connection:
        rows = connection.execute(
            "SELECT d.key, d.ports, c.name, c.value, c.certainty FROM claim c JOIN device d ON d.id = c.device"
            " WHERE c.role = 'held' AND c.name <> 'clock' ORDER BY d.key, c.name"
        ).fetchall()
    found: dict[str, object] = {}
    for key, ports, *claim in rows:
        kept = found.setdefault(key, {"ports": json.loads(ports), "claims": []})
        assert isinstance(kept, dict)
        kept["claims"].append(tuple(claim))
    return found


def asked_by_tcp(db: Path) -> Counter[tuple[object, ...]]:
    with sqlite3.connect(db) as connection:
        rows = connection.execute(
            "SELECT subject, probe, transport, port, request FROM exchange"
            " WHERE transport <> 'udp' AND status <> 'withheld'"
        )
        return Counter(tuple(row) for row in rows.fetchall())


@pytest.fixture(scope="module")
def undisturbed(town: Town) -> Path:
    db = town.folder / "undisturbed.sqlite"
    summary = finished(town, db)
    assert summary["complete"] is True
    return db


@pytest.mark.parametrize("moment", range(MOMENTS))
def test_a_killed_scan_resumes_to_the_same_result(town: Town, undisturbed: Path, moment: int) -> None:
    db = town.folder / f"killed-{moment}.sqlite"
    process = subprocess.Popen(scan(town, db), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(400):
        if has_begun(db):
            break
        time.sleep(0.05)
    time.sleep(random.uniform(0.3, 5.0))
    process.send_signal(signal.SIGKILL)
    process.wait()
    with sqlite3.connect(db) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        before = {row[0] for row in connection.execute("SELECT id FROM exchange")}
        # On a quick machine the kill may come when only the judging is left.
        is_over = connection.execute("SELECT complete FROM run").fetchone() == (1,)
    if process.returncode == -signal.SIGKILL and not is_over:
        summary = finished(town, db, "--resume")
        assert summary["complete"] is True
    with sqlite3.connect(db) as connection:
        after = {row[0] for row in connection.execute("SELECT id FROM exchange")}
        assert connection.execute("SELECT count(*) FROM run").fetchone()[0] == 1
    assert before <= after
    assert identities(db) == identities(undisturbed)
    # What one run asked of a port is what the other asked: nothing twice, nothing left out.
    assert asked_by_tcp(db) == asked_by_tcp(undisturbed)
