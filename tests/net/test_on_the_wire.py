"""In network namespaces with no way out, a packet capture shows what really left: rates, and to whom."""

import json
import os
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HERE, THERE = f"aud-here-{os.getpid()}", f"aud-there-{os.getpid()}"
TOTAL, HOST = 150.0, 10.0

pytestmark = [
    pytest.mark.netns,
    pytest.mark.slow,
    pytest.mark.skipif(
        os.geteuid() != 0 or not shutil.which("ip") or not shutil.which("tcpdump"),
        reason="needs root, ip and tcpdump",
    ),
]

DEVICES = '''
import asyncio, socket, sys

REPLY = b"""HTTP/1.1 302 Found\\r\\nLocation: http://10.77.2.9/\\r\\nContent-Length: 0\\r\\n\\r\\n"""

async def web(reader, writer):
    await reader.read(1000)
    writer.write(REPLY)
    writer.close()

def sadp(sock, mouth):
    payload, origin = sock.recvfrom(2000)
    uuid = payload.split(b"<Uuid>")[1].split(b"</Uuid>")[0]
    mouth.sendto(b"<ProbeMatch><Uuid>" + uuid + b"</Uuid><DeviceSN>X</DeviceSN><MAC>58-50-ed-00-00-01</MAC>"
                 b"<IPv4Address>10.77.2.9</IPv4Address></ProbeMatch>", origin)

async def main():
    loop = asyncio.get_running_loop()
    for number in range(10, 16):
        await asyncio.start_server(web, f"10.77.1.{number}", 80)
    group = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    group.bind(("239.255.255.250", 37020))
    group.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton("239.255.255.250") + socket.inet_aton("10.77.1.1"))
    stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    stranger.bind(("10.77.2.9", 0))
    loop.add_reader(group, sadp, group, stranger)
    everybody = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    everybody.bind(("255.255.255.255", 37020))
    loop.add_reader(everybody, sadp, everybody, stranger)
    print("up", flush=True)
    await asyncio.sleep(120)

asyncio.run(main())
'''

AUDIT = """
import asyncio, json, sys
from datetime import UTC, datetime
from pathlib import Path
from auditor.discovery import sadp, tcp_sweep
from auditor.model import Endpoint, Pace, Protocol
from auditor.net import Budget, Network, Stop
from auditor.scope import read_text
from auditor.wire import http

scope = read_text(Path(sys.argv[1]).read_text(), source="test")
total, host = float(sys.argv[2]), float(sys.argv[3])
network = Network(scope.pace, user_agent="auditor/test", stop=Stop(), clock=lambda: datetime.now(UTC))

async def device(address, seen):
    grant = scope.admit(address, at=datetime.now(UTC))
    line = network.line(grant, Endpoint(address, 80), Budget())
    for _ in range(4):
        seen.append((await line.exchange(b"GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n", probe="t", protocol=Protocol.HTTP,
                                         done=http.is_complete)).status)

async def main():
    field = network.field(scope, ports=(80, 554, 8000))
    sighted = []
    async def look(method):
        async for one in method.discover(field):
            sighted.append(one)
    await asyncio.gather(look(tcp_sweep), look(sadp))
    seen = []
    found = sorted({one.address for one in sighted if one.port == 80})
    await asyncio.gather(*(device(address, seen) for address in found))
    print(json.dumps({"web": found, "answered": seen.count("answered"), "notes": field.notes,
                      "outside": sorted({one.address for one in sighted if not one.granted})}))

asyncio.run(main())
"""

SCOPE = f"""
schema_version = 1

[authorisation]
reference = "test"
issued_by = "test"
contact = "test@example.net"
valid_from = 2020-01-01T00:00:00Z
valid_until = 2090-01-01T00:00:00Z

[[site]]
name = "lab"
networks = ["10.77.1.0/26"]
interfaces = ["veth-here"]

[[exclude]]
address = "10.77.1.12"
reason = "fragile"

[pace]
packets_per_second = {TOTAL}
packets_per_second_subnet = {TOTAL}
packets_per_second_host = {HOST}
requests_per_second_host = 2
"""


def run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)


@pytest.fixture
def segment() -> Iterator[None]:
    """Two namespaces joined by one cable and to nothing else."""
    try:
        for name in (HERE, THERE):
            run("ip", "netns", "add", name)
        run(
            "ip",
            "link",
            "add",
            "veth-here",
            "netns",
            HERE,
            "type",
            "veth",
            "peer",
            "veth-there",
            "netns",
            THERE,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        for name in (HERE, THERE):
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)
        pytest.skip(f"no network namespaces here: {error}")
    try:
        for name, link, addresses in (
            (HERE, "veth-here", ("10.77.1.200/16",)),
            (
                THERE,
                "veth-there",
                ("10.77.1.1/16", "10.77.2.9/16", *(f"10.77.1.{n}/16" for n in range(10, 61))),
            ),
        ):
            for address in addresses:
                run("ip", "-n", name, "addr", "add", address, "dev", link)
            run("ip", "-n", name, "link", "set", "lo", "up")
            run("ip", "-n", name, "link", "set", link, "up")
        run("ip", "-n", THERE, "route", "add", "239.0.0.0/8", "dev", "veth-there")
        yield
    finally:
        for name in (HERE, THERE):
            run("ip", "netns", "del", name)


def inside(name: str, *words: str) -> list[str]:
    return ["ip", "netns", "exec", name, *words]


@dataclass(frozen=True)
class Packet:
    at: float
    source: str
    to: str
    protocol: int


def packets(capture: bytes) -> list[Packet]:
    """Read IPv4 packets of a pcap file with Ethernet framing."""
    found, position = [], 24
    while position + 16 <= len(capture):
        seconds, fraction, size, _ = struct.unpack_from("<IIII", capture, position)
        frame = capture[position + 16 : position + 16 + size]
        position += 16 + size
        if frame[12:14] == b"\x08\x00":
            source, to = (".".join(map(str, frame[start : start + 4])) for start in (26, 30))
            found.append(Packet(seconds + fraction / 1e6, source, to, frame[23]))
    return found


def most_in_a_second(times: list[float]) -> int:
    first, most = 0, 0
    for last, at in enumerate(times):
        while times[first] < at - 1:
            first += 1
        most = max(most, last - first + 1)
    return most


def test_rates_and_addresses_on_the_wire_are_as_granted(segment: None, tmp_path: Path) -> None:
    (tmp_path / "scope.toml").write_text(SCOPE, encoding="utf-8")
    capture = tmp_path / "wire.pcap"
    started = []
    try:
        devices = subprocess.Popen(
            inside(THERE, sys.executable, "-c", DEVICES), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        started.append(devices)
        assert devices.stdout is not None
        assert devices.stdout.readline() == b"up\n"
        dump = inside(HERE, "tcpdump", "-i", "veth-here", "-n", "-U", "-Z", "root", "-w", str(capture))
        started.append(subprocess.Popen(dump, stderr=subprocess.DEVNULL))
        time.sleep(1)
        audit = [sys.executable, "-c", AUDIT, str(tmp_path / "scope.toml"), str(TOTAL), str(HOST)]
        done = subprocess.run(
            inside(HERE, *audit), capture_output=True, timeout=100, check=False, text=True, cwd=ROOT
        )
        assert done.returncode == 0, done.stderr
        time.sleep(0.5)
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait()
    said = json.loads(done.stdout)
    assert said["web"] == [f"10.77.1.{n}" for n in (10, 11, 13, 14, 15)]
    assert said["answered"] == 5 * 4
    assert said["outside"] == ["10.77.2.9"]
    ours = [
        one
        for one in packets(capture.read_bytes())
        if one.source == "10.77.1.200" and one.protocol in {6, 17}
    ]
    contacted = {one.to for one in ours}
    allowed = {f"10.77.1.{n}" for n in range(64)} - {"10.77.1.12"} | {"239.255.255.250", "255.255.255.255"}
    assert len(ours) > 200
    assert contacted <= allowed, f"not granted: {sorted(contacted - allowed)}"
    assert {"239.255.255.250", "255.255.255.255"} <= contacted
    assert most_in_a_second([one.at for one in ours]) <= TOTAL + 3
    for address in contacted:
        assert most_in_a_second([one.at for one in ours if one.to == address]) <= HOST + 3, address
