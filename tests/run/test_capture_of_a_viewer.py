"""The town while people work there and nobody audits: what tcpdump recorded names the same makers and firmware."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from scapy.layers.inet import IP, TCP, UDP
from scapy.utils import PcapReader

from lab.persona import persona_files
from lab.persona import read as persona
from lab.town import read_town

ROOT = Path(__file__).resolve().parents[2]
VIEWER = Path(__file__).with_name("a_viewer.py")
PLAN = read_town("municipality")
RECORD = """
set -eu
tcpdump -Z root -i any -U -s 0 -w town.pcap 'net 10.77.0.0/16' 2>tcpdump.log &
TCPDUMP=$!
sleep 2
timeout 120 "$PYTHON" "$@"
sleep 1
kill -INT $TCPDUMP
wait $TCPDUMP
"""
READ = """
ip -s -j link show lo > before.json
"$PYTHON" -m auditor.cli import pcap town.pcap --no-scope --site town --db read.sqlite
ip -s -j link show lo > after.json
"""

pytestmark = [
    pytest.mark.netns,
    pytest.mark.slow,
    pytest.mark.skipif(
        os.geteuid() != 0 or not all(shutil.which(name) for name in ("ip", "tcpdump", "unshare", "timeout")),
        reason="needs root, ip, tcpdump, timeout and unshare",
    ),
]


def run(folder: Path, words: list[str], packages: Path | None = None) -> str:
    path = f"{packages}:{ROOT}" if packages else str(ROOT)
    done = subprocess.run(
        words, cwd=folder, check=False, capture_output=True, text=True, timeout=400,
        env={**os.environ, "PYTHONPATH": path, "PYTHON": sys.executable},
    )  # fmt: skip
    if "unshare failed" in done.stderr or "network namespaces need" in done.stderr:
        pytest.skip("this kernel gives no namespaces")
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of the town, and what was read of it in a namespace of its own."""
    made = tmp_path_factory.mktemp("viewer")
    packages = made / "packages"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--target", str(packages), "WSDiscovery", "ssdpy"]
    if subprocess.run(pip, capture_output=True, check=False, timeout=300).returncode != 0:
        pytest.skip("WSDiscovery and ssdpy cannot be installed here")
    (made / "record.sh").write_text(RECORD, encoding="utf-8")
    addresses = [one.address for one in PLAN.residents]
    words = ["bash", "record.sh", str(VIEWER), "heard.json", *addresses]
    run(made, [sys.executable, "-m", "lab.cli", "netns", "--", *words], packages)
    run(made, ["unshare", "--net", "bash", "-c", READ])
    return made


@pytest.fixture(scope="module")
def told(folder: Path) -> dict[str, dict[str, str]]:
    """By address, what the recording was found to say."""
    words = [sys.executable, "-m", "auditor.cli", "devices", "--db", "read.sqlite", "--jsonl"]
    found: dict[str, dict[str, str]] = {}
    for line in run(folder, words).splitlines():
        one = json.loads(line)
        claims = {name: one[name]["value"] for name in ("maker", "firmware") if one.get(name)}
        found[one["address"]] = claims
    return found


def spoke(folder: Path) -> set[str]:
    """Return who said anything at all above TCP or UDP, as scapy and not our own reader sees it."""
    with PcapReader(str(folder / "town.pcap")) as packets:
        return {
            packet[IP].src
            for packet in packets
            if IP in packet and any(kind in packet and bytes(packet[kind].payload) for kind in (TCP, UDP))
        }


def truth() -> dict[str, tuple[str | None, str | None]]:
    personas = {path.stem: path for path in persona_files()}
    stated = {one.address: persona(personas[one.persona]).truth for one in PLAN.residents}
    return {address: (one.maker, one.firmware) for address, one in stated.items()}


def test_reading_sent_nothing(folder: Path) -> None:
    sent = [
        json.loads((folder / name).read_text(encoding="utf-8"))[0]["stats64"]["tx"]["packets"]
        for name in ("before.json", "after.json")
    ]
    assert sent == [0, 0]


def test_every_device_that_spoke_has_its_maker(folder: Path, told: dict[str, dict[str, str]]) -> None:
    true = truth()
    heard = spoke(folder) & true.keys()
    assert len(heard) >= 25
    differing = {
        address: (true[address][0], told.get(address, {}).get("maker"))
        for address in sorted(heard)
        if told.get(address, {}).get("maker") != true[address][0]
    }
    assert differing == {}


def test_every_firmware_that_was_announced_is_known(folder: Path, told: dict[str, dict[str, str]]) -> None:
    heard = json.loads((folder / "heard.json").read_text(encoding="utf-8"))
    announced = {
        address: firmware
        for address, (_maker, firmware) in truth().items()
        if firmware and any(firmware.split(" ")[0] in text for text in heard.get(address, ()))
    }
    assert len(announced) >= 10
    assert {address: told.get(address, {}).get("firmware") for address in announced} == announced


def test_the_account_of_the_player_is_nowhere_in_the_database(folder: Path) -> None:
    assert b"lab-operator" in (folder / "town.pcap").read_bytes(), "the player did log in"
    kept = (folder / "read.sqlite").read_bytes()
    assert b"only-in-the-lab-7" not in kept
    assert b"lab-operator" not in kept
