"""The lab's devices asked live while tcpdump records: the recording alone tells the same, with no packet sent."""

import json
import os
import random
import re
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
RING = """
"$PYTHON" -m auditor.cli import pcap ring-*.pcap --no-scope --site loopback --db ring.sqlite 2>said.txt
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


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of a scan, and what was read of it in a namespace of its own."""
    made = tmp_path_factory.mktemp("town")
    alone(SCRIPT, made)
    alone(READ, made)
    return made


def test_a_recording_of_a_scan_tells_what_the_scan_told(folder: Path) -> None:
    sent = [
        json.loads((folder / name).read_text())[0]["stats64"]["tx"]["packets"]
        for name in ("before.json", "after.json")
    ]
    assert sent == [0, 0]
    live, read = told(folder, "live.sqlite"), told(folder, "read.sqlite")
    spoken = {device: claims for device, claims in live.items() if any(claims.values())}
    assert len(spoken) >= 15
    differing = {
        device: (claims, read.get(device)) for device, claims in spoken.items() if read.get(device) != claims
    }
    assert differing == {}


def in_vxlan(frame: bytes) -> bytes:
    """Return a frame as the mirror of a virtual network carries it."""
    inner = (
        b"\xc3\x50\x12\xb5" + (16 + len(frame)).to_bytes(2, "big") + b"\0\0" + b"\x08\0\0\0\0\0\x4d\0" + frame
    )
    ip = (
        b"\x45\0"
        + (20 + len(inner)).to_bytes(2, "big")
        + b"\0\0\0\0\x40\x11\0\0"
        + bytes((198, 51, 100, 1, 198, 51, 100, 2))
    )
    return b"\x02\0\0\0\x0a\x01\x02\0\0\0\x0a\x02\x08\0" + ip + inner


def cut_up(whole: Path, files: int, lost: float, seed: int) -> int:
    """Write a capture's packets in VXLAN into so many files beside it, but for a share that is lost; return how many."""
    data, packets, at = whole.read_bytes(), [], 24
    while at + 16 <= len(data):
        size = int.from_bytes(data[at + 8 : at + 12], "little")
        packets.append((data[at : at + 8], data[at + 16 : at + 16 + size]))
        at += 16 + size
    chance = random.Random(seed)
    each = -(-len(packets) // files)
    dropped = 0
    for number in range(files):
        out = bytearray(data[:24])
        for when, frame in packets[number * each : (number + 1) * each]:
            if chance.random() < lost:
                dropped += 1
                continue
            wrapped = in_vxlan(frame)
            out += when + len(wrapped).to_bytes(4, "little") * 2 + wrapped
        out[16:20] = (1_048_576).to_bytes(4, "little")
        (whole.parent / f"ring-{number:02}.pcap").write_bytes(out)
    return dropped


def test_ring_files_in_a_tunnel_with_losses_tell_the_same_makers_and_what_is_missing(folder: Path) -> None:
    dropped = cut_up(folder / "town.pcap", 9, 0.01, seed=11)
    assert dropped > 20
    alone(RING, folder)
    whole, ring = told(folder, "read.sqlite"), told(folder, "ring.sqlite")
    makers = {device: claims["maker"] for device, claims in whole.items() if claims["maker"]}
    assert len(makers) >= 15
    assert {device: ring.get(device, {}).get("maker") for device in makers} == makers
    wrong = {
        (device, name): (value, whole[device][name])
        for device, claims in ring.items()
        for name, value in claims.items()
        if value and value != whole[device][name]
    }
    assert wrong == {}, "what is lost makes less known, and nothing else"
    said = (folder / "said.txt").read_text(encoding="utf-8")
    assert "conversations: " in said
    assert re.search(r"ring-0\d\.pcap: conversations: \d+ gaps?, \d+ bytes? not in the file", said)
