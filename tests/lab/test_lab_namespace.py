"""The real ports in a namespace of the lab's own, with no way out."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INSIDE = """
import json, os, socket
devices = json.load(open(os.environ["AUDITOR_LAB_READY"]))["devices"]
with socket.create_connection((devices[0]["address"], 80), 5) as web:
    web.sendall(b"GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
    first = web.recv(1000).decode("latin-1").split("\\r\\n")[0]
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
    try:
        out.connect(("192.0.2.1", 9))
        way = "open"
    except OSError:
        way = "none"
print(json.dumps({"first": first, "way": way, "interfaces": [name for _, name in socket.if_nameindex()]}))
"""


def test_lab_and_command_share_real_ports_and_nothing_else(tmp_path: Path) -> None:
    ended = subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "lab",
                "shell",
                "--count",
                "3",
                "--journal",
                str(tmp_path / "sensor.jsonl"),
            ),
            *("--", sys.executable, "-c", INSIDE),
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if "does not let you have a network namespace" in ended.stderr:
        pytest.skip("this kernel gives no unprivileged namespaces")
    assert ended.returncode == 0, ended.stderr
    seen = json.loads(ended.stdout)
    assert seen["first"].startswith("HTTP/1.")
    assert seen["way"] == "none"
    assert set(seen["interfaces"]) <= {
        "lo",
        "tunl0",
        "sit0",
        "gre0",
        "gretap0",
        "erspan0",
        "ip_vti0",
        "ip6_vti0",
        "ip6tnl0",
        "ip6gre0",
    }
    assert (tmp_path / "sensor.jsonl").read_text(encoding="utf-8").count('"request"') >= 1
