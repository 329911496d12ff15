"""1,000 emulated devices on loopback, fully identified, beside nmap -sV with scripts on 50 of them."""

import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from auditor.store.newest import NOT_PUT

NETWORK, PART = "127.78.0.0/21", "127.78.0.0/26"
COUNT, NMAP_COUNT = 1000, 50
PORTS = "21,22,23,80,81,88,443,554,6060,7681,8000,8080,8443,8554,8899,9010,9020,10554,34567,37777"
SCRIPTS = "http-title,http-server-header,http-favicon,rtsp-methods,ssl-cert"


@contextmanager
def town(out: Path, count: int) -> Iterator[list[dict[str, object]]]:
    """Start the lab with so many devices and yield who is where."""
    ready, journal = out / "ready.json", out / "sensor.jsonl"
    ready.unlink(missing_ok=True)
    journal.unlink(missing_ok=True)
    lab = subprocess.Popen(
        [
            *(sys.executable, "-m", "lab.cli", "up", "--network", NETWORK, "--count", str(count)),
            *("--port-shift", "0", "--journal", str(journal), "--ready-file", str(ready), "--tag", "polite"),
        ],
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(2400):
            if ready.exists() or lab.poll() is not None:
                break
            time.sleep(0.05)
        yield json.loads(ready.read_text(encoding="utf-8"))["devices"]
    finally:
        lab.send_signal(signal.SIGTERM)
        lab.wait(timeout=30)


NMAP_PATIENCE = 300
"""Seconds nmap is given; when it is not done by then its rate is at most what is said."""


def nmap_seconds(addresses: list[str], out: Path) -> tuple[float, bool]:
    """Return how long nmap took for these addresses, and whether it came to its end."""
    command = ["nmap", "-n", "-Pn", "-sT", "-sV", "-p", PORTS, "--script", SCRIPTS, *addresses]
    began = time.monotonic()
    try:
        subprocess.run(command, cwd=out, stdout=subprocess.DEVNULL, check=True, timeout=NMAP_PATIENCE)
    except subprocess.TimeoutExpired:
        return time.monotonic() - began, False
    return time.monotonic() - began, True


def timed(command: list[str], cwd: Path) -> tuple[float, float]:
    """Run a command and return its seconds and its peak memory in MB."""
    began = time.monotonic()
    child = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in {0, 1}:
        raise SystemExit(f"{' '.join(command[:6])} … ended with {child.returncode}")
    return time.monotonic() - began, usage.ru_maxrss / 1024


def questions(database: Path) -> int:
    """Return how many questions were put to the devices, whatever came of them; ports tried and datagrams to groups apart."""
    with closing(sqlite3.connect(database)) as connection:
        row = connection.execute(
            "SELECT count(*) FROM exchange WHERE source = 'live' AND protocol <> 'observed'"
            f" AND status NOT IN ({', '.join('?' for _ in NOT_PUT)}) AND (transport <> 'udp' OR probe = 'snmp')",
            [one.value for one in NOT_PUT],
        ).fetchone()
    return int(row[0])


def run(out: Path) -> dict[str, object]:
    """Measure both in one run and give the ratio."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    database = out / "bench.sqlite"
    for leftover in out.glob("bench.sqlite*"):
        leftover.unlink()
    with town(out, COUNT) as devices:
        addresses = [str(one["address"]) for one in devices]
        (out / "targets.txt").write_text("\n".join(addresses) + "\n", encoding="utf-8")
        command = [sys.executable, "-m", "auditor.cli", "scan", "-iL", "targets.txt", "--db", database.name]
        seconds, peak = timed(command, out)
        result: dict[str, object] = {
            "devices": len(devices),
            "seconds": round(seconds, 1),
            "devices_per_second": round(len(devices) / seconds, 1),
            "peak_mb": round(peak),
            "questions_a_device": round(questions(database) / len(devices), 2),
        }
        if shutil.which("nmap") is None:
            return {**result, "nmap": "not installed: no ratio (Debian: apt-get install nmap)"}
        took, is_done = nmap_seconds(addresses[:NMAP_COUNT], out)
    rate = NMAP_COUNT / took
    return {
        **result,
        "nmap_devices_per_second": round(rate, 2),
        "nmap": "done"
        if is_done
        else f"stopped after {NMAP_PATIENCE} s: its rate is at most this, the ratio at least",
        "times_nmap": round(len(devices) / seconds / rate, 1),
    }
