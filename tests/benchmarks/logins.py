"""Seconds for an audit of 200 emulated devices with the owner's account, at the wire's pace: the lab runs on the same machine."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from auditor.store import Access, Store

SCOPE = """schema_version = 1
[authorisation]
reference = "BENCH"
issued_by = "bench"
contact = "bench@example.org"
valid_from = 2020-01-01T00:00:00Z
valid_until = 2099-01-01T00:00:00Z
[[site]]
name = "bench"
networks = ["127.213.0.0/24"]
[methods]
allow = ["tcp-sweep", "http", "tls", "onvif", "credentials"]
[pace]
packets_per_second = 20000
packets_per_second_subnet = 20000
packets_per_second_host = 200
requests_per_second_host = 20
"""
CREDENTIALS = (
    '[[entry]]\nname = "bench"\nsite = "bench"\nuser = "lab-operator"\npassword = "only-in-the-lab-7"\n'
)


def run(out: Path) -> dict[str, object]:
    """Audit the devices with the owner's account; the lab runs on the same processors."""
    count, ready, secret, db = 200, out / "logins-ready.json", out / "credentials.toml", out / "logins.sqlite"
    for old in (ready, secret, db):
        old.unlink(missing_ok=True)
    (out / "logins-scope.toml").write_text(SCOPE, encoding="utf-8")
    secret.touch(0o600)
    secret.write_text(CREDENTIALS, encoding="utf-8")
    shift = "0" if os.geteuid() == 0 else "20000"
    lab = [
        sys.executable,
        "-m",
        "lab",
        "up",
        "--network",
        "127.213.0.0/24",
        "--count",
        str(count),
        "--tag",
        "polite",
    ]
    lab += ["--elsewhere", "127.213.255.1", "--ready-file", str(ready), "--port-shift", shift]
    scan = [
        sys.executable,
        "-m",
        "auditor.cli",
        "scan",
        "--scope",
        str(out / "logins-scope.toml"),
        "--db",
        str(db),
    ]
    scan += ["--credentials", str(secret), "--port-shift", shift]
    with subprocess.Popen(lab, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as town:
        try:
            while not ready.exists() and town.poll() is None:
                time.sleep(0.1)
            began = time.monotonic()
            done = subprocess.run(scan, capture_output=True, check=False)
            seconds = time.monotonic() - began
        finally:
            town.terminate()
    with Store.open(db, Access.READ) as store:
        found = store.run()
        outcomes = Counter(json.loads(event.text)["outcome"] for event in store.events(found.id, "login"))
        audited = (found.ended - found.started).total_seconds() if found.ended else 0.0
        behind = sum("#" in device.key for device in store.devices(found.id, with_bytes=False))
    return {
        "devices": count,
        "logged_in": outcomes["accepted"],
        "cameras_behind_recorders": behind,
        "audit_seconds": round(audited, 1),
        "with_start_judging_and_end_seconds": round(seconds, 1),
        "exit_code": done.returncode,
    }
