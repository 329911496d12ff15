"""nmap in our place, as the asked see it: the lab's sensor finds nothing an audit may not do."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from auditor.model import Protocol
from auditor.store import Store

ROOT = Path(__file__).resolve().parents[2]
NETWORK = "127.77.0.0/27"
# Asked together: file and shell ports, pages over TLS, recorders and a camera.
PERSONAS = (
    "huawei-huawei-switch-s5700",
    "brother-nobrand-hl-l5100dn-printer",
    "mikrotik-nobrand-router-6.49.7-routeros",
    "dahua-dahua-dhi-nvr5232-ei-5.001.0000000.2.r",
    "hikvision-hikvision-ds-7608nxi-i2-8p-s-v4.62.210",
    "dahua-dahua-ipc-hdw5421s-2.400.0.8",
)
SCRIPT = """
set -eu
ip link set lo up
"$PYTHON" -m lab up --network "$NETWORK" $PERSONAS --port-shift 0 --ready-file ready.json --journal sensor.jsonl &
LAB=$!
for i in $(seq 120); do test -s ready.json && break; sleep 0.5; done
"$PYTHON" -m auditor.cli scan "$NETWORK" --engine nmap --db a.sqlite --host-timeout 45s
kill $LAB
wait
"""

pytestmark = [
    pytest.mark.netns,
    pytest.mark.slow,
    pytest.mark.skipif(
        os.geteuid() != 0 or not all(shutil.which(name) for name in ("ip", "nmap", "unshare")),
        reason="needs root, ip, nmap and unshare",
    ),
]


def run(folder: Path, *words: str) -> str:
    only = " ".join(f"--only {one}" for one in PERSONAS)
    done = subprocess.run(
        words, cwd=folder, check=False, capture_output=True, text=True, timeout=400,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHON": sys.executable, "NETWORK": NETWORK, "PERSONAS": only},
    )  # fmt: skip
    if "unshare failed" in done.stderr:
        pytest.skip("this kernel gives no namespaces")
    assert done.returncode in {0, 1}, done.stderr[-3000:]
    return done.stdout


def test_what_nmap_asks_keeps_the_rules_of_conduct_and_still_reads_certificates(tmp_path: Path) -> None:
    run(tmp_path, "unshare", "--net", "bash", "-c", SCRIPT)
    verdict = json.loads(
        run(
            tmp_path,
            sys.executable,
            "-m",
            "lab.cli",
            "conduct",
            "sensor.jsonl",
            "--json",
            "--granted",
            NETWORK,
        )
    )
    assert verdict["devices"] == len(PERSONAS)
    assert verdict["alarms"] == []
    assert verdict["clean"]
    heard = (tmp_path / "sensor.jsonl").read_text(encoding="utf-8").lower()
    assert "starttls" not in heard
    assert "auth tls" not in heard
    said = run(tmp_path, sys.executable, "-m", "auditor.cli", "devices", "--db", "a.sqlite", "--jsonl")
    devices = [json.loads(line) for line in said.splitlines()]
    assert len(devices) == len(PERSONAS)
    with Store.open(tmp_path / "a.sqlite") as store:
        protocols = {one.protocol for device in store.devices() for one in device.exchanges}
    assert Protocol.TLS in protocols, "certificates are read all the same"
