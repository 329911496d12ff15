"""The town in network namespaces: real segments, a router between them, no way out, nothing left."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lab.emulator import wall_clock
from lab.town import PlanError, read_town
from lab.town.segments import segments

ROOT = Path(__file__).resolve().parents[2]
PLAN = read_town("municipality")
AT_THE_STATION = """
import json, socket
ASKED = b"<Probe><Uuid>A</Uuid><Types>inquiry</Types></Probe>"
def search(own, to):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((own, 0))
        sock.settimeout(2)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(own))
        sock.sendto(ASKED, (to, 37020))
        heard = set()
        try:
            while True:
                heard.add(sock.recvfrom(65535)[1][0])
        except TimeoutError:
            return sorted(heard)
def way(address):
    try:
        socket.create_connection((address, 80), 2).close()
        return "open"
    except OSError as error:
        return type(error).__name__
print(json.dumps({
    "hall": search("10.77.1.60", "239.255.255.250"),
    "traffic": search("10.77.3.60", "255.255.255.255"),
    "recorder": way("10.77.2.10"),
    "out": way("192.0.2.1"),
    "neighbours": open("/proc/net/arp").read(),
}))
"""
ACROSS = """
import socket
with socket.create_connection(("10.77.3.21", 80), 5) as web:
    web.sendall(b"GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
    print(web.recv(100).split(b"\\r\\n")[0].decode(), web.getsockname()[0])
try:
    socket.create_connection(("192.0.2.1", 80), 2)
except OSError:
    print("no way out")
"""
needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("ip") is None, reason="network namespaces need root and `ip`"
)


def _namespaces() -> set[str]:
    listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
    return {line.split()[0] for line in listed.splitlines()}


@needs_root
@pytest.mark.netns
@pytest.mark.slow
def test_the_town_has_segments_a_router_and_no_way_out(tmp_path: Path) -> None:
    ours = f"lab{os.getpid()}-"
    with segments(PLAN, tmp_path / "sensor", clock=wall_clock) as up:
        assert up.station.startswith(ours)
        words = up.command(sys.executable, "-c", AT_THE_STATION)
        said = json.loads(
            subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout
        )
        gate = up.station.replace("station", "hall-lobby")
        across = subprocess.run(
            ["ip", "netns", "exec", gate, sys.executable, "-c", ACROSS],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout.splitlines()
        subprocess.run(
            up.command(sys.executable, "-m", "lab", "station", PLAN.id, "--once"),
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=True,
        )
    hall = {one.address for one in PLAN.networks[0].residents}
    assert len(said["hall"]) >= 5
    assert set(said["hall"]) <= hall, "a group reaches one segment only"
    assert set(said["traffic"]) <= {one.address for one in PLAN.networks[2].residents}
    assert "10.77.3.10" in said["traffic"]
    assert said["recorder"] == "open"
    assert said["out"] == "OSError", "the network is unreachable"
    assert re.search(r"10\.77\.2\.10 .*3c:ef:8c:05:4f:2a", said["neighbours"]), "the MAC is the persona's"
    assert across == ["HTTP/1.1 200 OK 10.77.1.21", "no way out"], "the router stands between the networks"
    assert 'interfaces = ["eth1"]' in (tmp_path / "scope.toml").read_text(encoding="utf-8")
    assert (tmp_path / "sensor" / "hall-lobby.jsonl").read_text(encoding="utf-8").count('"sadp"') >= 1
    assert not [name for name in _namespaces() if name.startswith(ours)], "nothing is left behind"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may have namespaces")
def test_without_root_the_reason_is_said(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="need root"), segments(PLAN, tmp_path, clock=wall_clock):
        pass
