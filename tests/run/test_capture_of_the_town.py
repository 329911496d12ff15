"""The lab's devices asked live while tcpdump records: the recording alone tells the same, with no packet sent."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMPARED = ("maker", "brand", "kind", "model", "firmware", "serial")
SCRIPT = """
set -eu
ip link set lo up
"$PYTHON" -m lab up --network 127.77.0.0/25 --count 24 --port-shift 0 --ready-file ready.json --journal sensor.jsonl &
LAB=$!
for i in $(seq 120); do test -s ready.json && break; sleep 0.5; done
tcpdump -Z root -i lo -U -s 0 -w town.pcap net 127.77.0.0/25 2>tcpdump.log &
TCPDUMP=$!
sleep 1
"$PYTHON" -m auditor.cli scan 127.77.0.0/27 --db live.sqlite --host-timeout 30s
sleep 1
kill $TCPDUMP $LAB
wait
"""
READ = """
ip -s -j link show lo > before.json
"$PYTHON" -m auditor.cli import pcap town.pcap --no-scope --site loopback --db read.sqlite
ip -s -j link show lo > after.json
"""

pytestmark = [
    pytest.mark.netns,
    pytest.mark.slow,
    pytest.mark.skipif(
        os.geteuid() != 0 or not all(shutil.which(name) for name in ("ip", "tcpdump", "unshare")),
        reason="needs root, ip, tcpdump and unshare",
    ),
]


def alone(script: str, folder: Path) -> None:
    done = subprocess.run(
        ["unshare", "--net", "bash", "-c", script], cwd=folder, check=False, capture_output=True, text=True, timeout=300,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHON": sys.executable},
    )  # fmt: skip
    if "unshare failed" in done.stderr:
        pytest.skip("this kernel gives no namespaces")
    assert done.returncode == 0, done.stderr


def told(folder: Path, db: str) -> dict[str, dict[str, str | None]]:
    words = [sys.executable, "-m", "auditor.cli", "devices", "--db", db, "--jsonl"]
    said = subprocess.run(
        words,
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ).stdout
    devices = [json.loads(line) for line in said.splitlines()]
    return {one["device"]: {name: (one.get(name) or {}).get("value") for name in COMPARED} for one in devices}


def test_a_recording_of_a_scan_tells_what_the_scan_told(tmp_path: Path) -> None:
    alone(SCRIPT, tmp_path)
    alone(READ, tmp_path)
    sent = [
        json.loads((tmp_path / name).read_text())[0]["stats64"]["tx"]["packets"]
        for name in ("before.json", "after.json")
    ]
    assert sent == [0, 0]
    live, read = told(tmp_path, "live.sqlite"), told(tmp_path, "read.sqlite")
    spoken = {device: claims for device, claims in live.items() if any(claims.values())}
    assert len(spoken) >= 15
    differing = {
        device: (claims, read.get(device)) for device, claims in spoken.items() if read.get(device) != claims
    }
    assert differing == {}
