"""The auditor against servers nobody here wrote, in a network namespace made for it: our emulator cannot share their quirks.

avahi (mDNS) and snmpd (SNMP) from Debian, WSDiscovery (WS-Discovery) and ssdpy (SSDP) from PyPI, rtsp-streaming-server
(RTSP) from npm. What cannot be installed is skipped with its reason.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from auditor import probes
from auditor.intake import transcript

pytestmark = [
    pytest.mark.peers,
    pytest.mark.netns,
    pytest.mark.slow,
    pytest.mark.xdist_group("peers"),
    pytest.mark.skipif(
        os.geteuid() != 0 or shutil.which("ip") is None, reason="namespaces need root and `ip`"
    ),
]

ROOT = Path(__file__).resolve().parents[2]
THERE, HERE = f"peer-there-{os.getpid()}", f"peer-here-{os.getpid()}"
ADDRESS, OWN = "10.88.0.2", "10.88.0.1"
SCOPE = f"""
schema_version = 1
[authorisation]
reference = "TEST"
issued_by = "a test in a namespace"
contact = "nobody@example.org"
valid_from = 2020-01-01T00:00:00Z
valid_until = 2100-01-01T00:00:00Z
[[site]]
name = "bench"
owner = "the test"
networks = ["{ADDRESS}/32"]
interfaces = ["eth0"]
[methods]
allow = ["tcp-sweep", "sadp", "dhip", "dahua-5050", "ws-discovery", "ssdp", "mdns", "multicast", "http", "tls", "rtsp", "onvif", "banners", "sdk", "snmp"]
"""
RTSP = """
const { default: Server } = require("rtsp-streaming-server");
new Server({serverPort: 554, clientPort: 8554, rtpPortStart: 10000, rtpPortCount: 100}).start();
"""
WSD = """
import time
from wsdiscovery import QName, Scope
from wsdiscovery.publishing import ThreadedWSPublishing
peer = ThreadedWSPublishing()
peer.start()
peer.publishService(
    types=[QName("http://www.onvif.org/ver10/network/wsdl", "NetworkVideoTransmitter")],
    scopes=[Scope("onvif://www.onvif.org/name/Peerless"), Scope("onvif://www.onvif.org/hardware/PL-7")],
    xAddrs=["http://10.88.0.2:80/onvif/device_service"],
)
time.sleep(600)
"""
SSDP = """
from ssdpy import SSDPServer
SSDPServer("uuid:peer-0001::upnp:rootdevice", device_type="upnp:rootdevice", location="http://10.88.0.2:80/desc.xml", address="10.88.0.2").serve_forever()
"""
AVAHI = "[server]\nhost-name=peerless\nenable-dbus=no\nuse-ipv6=no\n"
SERVICE = """<?xml version="1.0" standalone='no'?>
<service-group><name>Peerless PL-7</name><service><type>_rtsp._tcp</type><port>554</port></service></service-group>
"""


def _installed(program: str, package: str) -> bool:
    if shutil.which(program) is None and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        words = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", package]
        subprocess.run(words, env=environment, capture_output=True, check=False, timeout=300)
    return shutil.which(program) is not None


def _python(folder: Path, *packages: str) -> bool:
    words = [sys.executable, "-m", "pip", "install", "-q", "--target", str(folder), *packages]
    return subprocess.run(words, capture_output=True, check=False, timeout=300).returncode == 0


def _npm(folder: Path, package: str) -> bool:
    if shutil.which("npm") is None:
        return False
    folder.mkdir()
    words = ["npm", "install", "--silent", "--no-audit", "--no-fund", package]
    return subprocess.run(words, cwd=folder, capture_output=True, check=False, timeout=300).returncode == 0


def _segment() -> None:
    for line in (
        f"netns add {THERE}",
        f"netns add {HERE}",
        f"-n {HERE} link add eth0 type veth peer name eth0 netns {THERE}",
        *(
            f"-n {name} {rest}"
            for name, address in ((THERE, ADDRESS), (HERE, OWN))
            for rest in (
                "link set lo up",
                f"address add {address}/29 brd + dev eth0",
                "link set eth0 up",
                "route add 224.0.0.0/4 dev eth0",
            )
        ),
    ):
        subprocess.run(["ip", *line.split()], check=True)


def _servers(folder: Path) -> Mapping[str, list[str]]:
    """Install what can be installed and say how each server is started."""
    found: dict[str, list[str]] = {}
    if _python(folder / "wsd", "WSDiscovery"):
        found["wsd"] = [sys.executable, "-c", WSD]
    if _python(folder / "ssdp", "ssdpy"):
        found["ssdp"] = [sys.executable, "-c", SSDP]
    if _npm(folder / "npm", "rtsp-streaming-server"):
        found["rtsp"] = ["node", "-e", RTSP]
    if _installed("snmpd", "snmpd"):
        (folder / "snmpd.conf").write_text("agentAddress udp:161\nsysDescr Peerless PL-7\n", encoding="utf-8")
        found["snmp"] = [
            "snmpd",
            "-f",
            "-Lo",
            "-C",
            "-c",
            str(folder / "snmpd.conf"),
            "-p",
            str(folder / "snmpd.pid"),
        ]
    if _installed("avahi-daemon", "avahi-daemon"):
        (folder / "avahi.conf").write_text(AVAHI, encoding="utf-8")
        inside = f"mount -t tmpfs none /run && mount --bind {folder}/services /etc/avahi/services"
        (folder / "services").mkdir()
        (folder / "services" / "peer.service").write_text(SERVICE, encoding="utf-8")
        daemon = f"avahi-daemon -f {folder}/avahi.conf --no-drop-root --no-chroot --no-rlimits"
        found["mdns"] = ["unshare", "--mount", "sh", "-c", f"{inside} && exec {daemon}"]
    return found


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Mapping[str, set[str]]]]:
    """One audit of all peers at once: by protocol, what was observed."""
    folder = tmp_path_factory.mktemp("peers")
    started: dict[str, subprocess.Popen[bytes]] = {}
    servers = _servers(folder)
    try:
        _segment()
        for name, words in servers.items():
            path = str(folder / name)
            started[name] = subprocess.Popen(
                ["ip", "netns", "exec", THERE, *words],
                cwd=folder / "npm" if name == "rtsp" else folder,
                env={**os.environ, "PYTHONPATH": path},
                stdout=(folder / f"{name}.log").open("wb"),
                stderr=subprocess.STDOUT,
            )
        time.sleep(6)
        (folder / "scope.toml").write_text(SCOPE, encoding="utf-8")
        auditor = [*("ip", "netns", "exec", HERE), sys.executable, "-m", "auditor.cli"]
        for words in (
            ["scan", "--scope", "scope.toml", "--db", "a.sqlite"],
            ["export", "transcript", "--db", "a.sqlite", "-o", "t.jsonl"],
        ):
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            ended = subprocess.run(
                [*auditor, *words],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=240,
            )
            assert ended.returncode == 0, ended.stderr[-2000:]
        seen: dict[str, dict[str, set[str]]] = {
            name: {} for name, server in started.items() if server.poll() is None
        }
        for heard in transcript.read(folder / "t.jsonl").devices:
            for exchange in heard.exchanges:
                for pair in probes.read(exchange):
                    seen.setdefault(exchange.protocol.value, {}).setdefault(pair.field, set()).add(pair.value)
        yield seen
    finally:
        for server in started.values():
            server.terminate()
            try:
                server.wait(5)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait(5)
        for name in (HERE, THERE):
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)


def _of(observed: Mapping[str, Mapping[str, set[str]]], protocol: str) -> Mapping[str, set[str]]:
    if protocol not in observed:
        pytest.skip(f"the {protocol} server could not be installed or started here")
    return observed[protocol]


def test_ws_discovery_of_others_is_read(observed: Mapping[str, Mapping[str, set[str]]]) -> None:
    seen = _of(observed, "wsd")
    assert seen["onvif.scope.name"] == {"Peerless"}
    assert seen["onvif.scope.hardware"] == {"PL-7"}
    assert any("NetworkVideoTransmitter" in value for value in seen["onvif.types"])


def test_ssdp_of_others_is_read(observed: Mapping[str, Mapping[str, set[str]]]) -> None:
    seen = _of(observed, "ssdp")
    assert any("http://10.88.0.2:80/desc.xml" in value for values in seen.values() for value in values), seen


def test_rtsp_of_others_is_read_and_no_stream_is_asked_for(
    observed: Mapping[str, Mapping[str, set[str]]],
) -> None:
    seen = _of(observed, "rtsp")
    assert any(field.startswith("rtsp.") for field in seen), seen
    assert any("DESCRIBE" in value for values in seen.values() for value in values), seen


def test_snmp_of_others_is_read_without_a_community(observed: Mapping[str, Mapping[str, set[str]]]) -> None:
    seen = _of(observed, "snmp")
    assert seen["snmp.engine_enterprise"] == {"8072"}, "Net-SNMP's number at IANA"


def test_mdns_of_others_is_read(observed: Mapping[str, Mapping[str, set[str]]]) -> None:
    seen = _of(observed, "mdns")
    assert any("Peerless PL-7" in value for value in seen["mdns.instance"]), seen
