"""A scan at the default pace on loopback: the fragile unit stays up, the sensor's rates fit the caps."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab.persona import all_personas
from lab.sensor import EventKind, judge, read_journal

ROOT = Path(__file__).resolve().parents[2]
FRAGILE = next(one for one in all_personas() if one.quirks.fragile_rate)
OTHERS = ("hikvision-hikvision-ds-2cd2385g1-i-v5.6.2", "dahua-dahua-dh-ipc-hdw1230t2-a-2.860.100z000.0.r")


SCOPE = """\
schema_version = 1
[authorisation]
reference = "TEST"
issued_by = "a test on loopback"
contact = "nobody@example.org"
valid_from = 2020-01-01T00:00:00Z
valid_until = 2100-01-01T00:00:00Z
[[site]]
name = "test"
owner = "the test"
networks = ["127.82.0.0/29"]
"""
"""Without `[pace]`: the default one."""


@pytest.mark.slow
def test_a_scan_at_the_default_pace_leaves_the_fragile_unit_standing(tmp_path: Path) -> None:
    (tmp_path / "scope.toml").write_text(SCOPE, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    only = [word for name in (FRAGILE.id, *OTHERS) for word in ("--only", name)]
    with (tmp_path / "lab.log").open("wb") as log:
        lab = subprocess.Popen(
            [
                *(
                    sys.executable,
                    "-m",
                    "lab",
                    "up",
                    "--network",
                    "127.82.0.0/29",
                    "--port-shift",
                    "20000",
                    *only,
                ),
                *("--elsewhere", "127.82.255.1", "--ready-file", "ready.json", "--journal", "sensor.jsonl"),
            ],
            cwd=tmp_path,
            env=environment,
            stderr=log,
        )
    try:
        for _ in range(600):
            if (tmp_path / "ready.json").exists():
                break
            assert lab.poll() is None, (tmp_path / "lab.log").read_text(encoding="utf-8")
            try:
                lab.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
        scan = subprocess.run(
            [
                *(sys.executable, "-m", "auditor.cli", "scan", "--scope", "scope.toml"),
                *("--port-shift", "20000", "--db", "a.sqlite", "--jsonl"),
            ],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert scan.returncode == 0, scan.stderr[-2000:]
    finally:
        lab.terminate()
        lab.wait(20)
    lines = [json.loads(line) for line in scan.stdout.splitlines()]
    found = {line["model"]["value"] for line in lines if line.get("model")}
    assert FRAGILE.truth.model in found, scan.stderr[-2000:]
    events = list(read_journal(tmp_path / "sensor.jsonl"))
    assert not [event for event in events if event.kind is EventKind.REBOOT]
    verdict = judge(events, granted=["127.82.0.0/29"])
    assert verdict.clean, verdict.alarms[:5]
    assert verdict.devices == 3
    assert 1 <= verdict.rates.requests_host <= 3, "2 a second, and both ends of a second may hold one"
    assert verdict.rates.contacts_host <= 40
