"""In namespaces with no way out: who is on the segment, found by asking and by listening alone."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from auditor.discovery import arp as discovery_arp
from auditor.model import Grant
from auditor.net.frames import ADVICE
from auditor.net.neighbours import Answer
from auditor.scope import Refusal, read_text
from tests.intake import speech

ROOT = Path(__file__).resolve().parents[2]
HERE, THERE = f"arp-here-{os.getpid()}", f"arp-there-{os.getpid()}"
MAC = "58:50:ed:00:00:0a"
OTHER = "58:50:ed:00:00:0b"
SCOPE = """
schema_version = 1
[authorisation]
reference = "T"
issued_by = "a test"
contact = "nobody@example.org"
valid_from = 2020-01-01T00:00:00Z
valid_until = 2100-01-01T00:00:00Z
[[site]]
name = "town"
networks = ["192.0.2.0/28", "2001:db8::/124"]
interfaces = ["veth-here"]
[[exclude]]
reason = "a pump"
address = "192.0.2.5"
"""
PLAY = """
import sys, time
from pathlib import Path
from scapy.utils import rdpcap
import socket
mouth = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
mouth.bind(("veth-there", 0))
for frame in rdpcap(sys.argv[1]):
    mouth.send(bytes(frame))
    time.sleep(0.01)
"""
HEAR = """
import socket, sys
ear = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
ear.bind(("veth-there", 0))
mac = bytes.fromhex(sys.argv[1].replace(":", ""))
with open(sys.argv[2], "w", buffering=1) as heard:
    print("ready", flush=True)
    while True:
        frame = ear.recv(65535)
        if frame[:6] == mac:
            print(frame.hex(), file=heard)
"""

in_namespaces = [
    pytest.mark.netns,
    pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("ip"), reason="needs root and ip"),
]


def run(*words: str, **more: str) -> str:
    return subprocess.run(
        words,
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT), **more},
    ).stdout


@pytest.fixture
def segment() -> Iterator[None]:
    """Two namespaces joined by one cable and to nothing else; ours keeps its peace of its own accord."""
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
        yield
    finally:
        for name in (HERE, THERE):
            run("ip", "netns", "del", name)


def up(name: str, link: str, *addresses: str) -> None:
    for address in addresses:
        extra = ("nodad",) if ":" in address else ()
        run("ip", "-n", name, "addr", "add", address, "dev", link, *extra)
    run("ip", "-n", name, "link", "set", "lo", "up")
    run("ip", "-n", name, "link", "set", link, "up")


def auditor(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["ip", "netns", "exec", HERE, sys.executable, "-m", "auditor.cli", *words],
        check=False, capture_output=True, text=True, timeout=120, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def devices(db: Path) -> dict[str, dict[str, object]]:
    said = auditor("devices", "--db", str(db), "--jsonl").stdout
    found = [json.loads(line) for line in said.splitlines()]
    return {str(one["device"]): one for one in found}


@pytest.mark.usefixtures("segment")
class TestOnASegment:
    pytestmark = in_namespaces

    def test_asking_finds_hosts_that_answer_nothing_else_and_no_excluded_one(self, tmp_path: Path) -> None:
        run("ip", "-n", THERE, "link", "set", "veth-there", "address", MAC)
        up(THERE, "veth-there", "192.0.2.3/28", "192.0.2.5/28", "192.0.2.9/28", "2001:db8::7/124")
        up(HERE, "veth-here", "192.0.2.1/28", "2001:db8::1/124")
        (tmp_path / "scope.toml").write_text(SCOPE, encoding="utf-8")
        db = tmp_path / "audit.sqlite"
        done = auditor(
            "scan", "--scope", str(tmp_path / "scope.toml"), "--db", str(db), "--methods", "arp", "-p", "9"
        )
        assert done.returncode == 0, done.stderr
        found = devices(db)
        assert set(found) == {"town/192.0.2.3"}, (
            done.stderr
        )  # one device: its addresses share the hardware address
        assert found["town/192.0.2.3"]["mac"]["value"] == MAC  # type: ignore[index]
        seen = auditor("show", "town/192.0.2.3", "--db", str(db), "--json").stdout
        assert "192.0.2.9" in seen
        assert "2001:db8::7" in seen
        assert "192.0.2.5" not in seen

    def test_who_is_excluded_by_hardware_address_gets_the_question_whose_it_is_and_nothing_else(
        self, tmp_path: Path
    ) -> None:
        run("ip", "-n", THERE, "link", "set", "veth-there", "address", MAC)
        up(THERE, "veth-there", "192.0.2.3/28", "192.0.2.9/28")
        up(HERE, "veth-here", "192.0.2.1/28")
        barred = f'{SCOPE}[[exclude]]\nreason = "dialysis ward"\nmac = "{MAC.upper()}"\n'
        (tmp_path / "scope.toml").write_text(barred.replace(', "2001:db8::/124"', ""), encoding="utf-8")
        db, heard = tmp_path / "audit.sqlite", tmp_path / "heard"
        words = ["ip", "netns", "exec", THERE, sys.executable, "-c", HEAR, MAC, str(heard)]
        with subprocess.Popen(words, stdout=subprocess.PIPE) as ear:
            assert ear.stdout is not None
            ear.stdout.readline()
            done = auditor("scan", "--scope", str(tmp_path / "scope.toml"), "--db", str(db), "-p", "9,80")
            ear.terminate()
        assert done.returncode == 0, done.stderr
        assert heard.read_text(encoding="utf-8").split() == []
        assert "cannot be known" not in done.stderr
        assert "withheld: 2 addresses: excluded by the scope, by hardware address" in done.stderr
        assert "not swept" not in done.stderr
        assert {one["granted"] for one in devices(db).values()} == {False}

    def test_where_nobody_can_ask_first_it_says_so(self, tmp_path: Path) -> None:
        up(THERE, "veth-there", "192.0.2.3/28")
        up(HERE, "veth-here", "192.0.2.1/28")
        barred = f'{SCOPE}[[exclude]]\nreason = "a ward"\nmac = "{MAC}"\n'
        (tmp_path / "scope.toml").write_text(
            barred.replace("192.0.2.0/28", '192.0.2.0/28", "198.51.100.4/30'), encoding="utf-8"
        )
        scan = (
            "scan",
            "--scope",
            str(tmp_path / "scope.toml"),
            "--db",
            str(tmp_path / "a.sqlite"),
            "-p",
            "9",
        )
        routed = auditor(*scan, "192.0.2.3", "198.51.100.5", "--methods", "arp")
        assert "that are on no segment the scope lets it ask by ARP before asking" in routed.stderr
        without = auditor(*scan, "192.0.2.3", "--methods", "ssdp")
        assert "where this run does not ask by ARP, before asking" in without.stderr

    def test_a_router_that_answers_for_everybody_is_taken_for_nobody(self, tmp_path: Path) -> None:
        up(THERE, "veth-there", *(f"192.0.2.{number}/28" for number in range(6, 13)))
        up(HERE, "veth-here", "192.0.2.1/28")
        (tmp_path / "scope.toml").write_text(SCOPE, encoding="utf-8")
        db = tmp_path / "audit.sqlite"
        done = auditor("scan", "--scope", str(tmp_path / "scope.toml"), "--db", str(db), "--methods", "arp")
        assert "as routers do" in done.stderr
        assert devices(db) == {}

    def test_listening_identifies_who_speaks_and_not_one_packet_is_sent(self, tmp_path: Path) -> None:
        for name in (HERE, THERE):
            run("ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1")
        up(THERE, "veth-there")
        up(HERE, "veth-here")
        said = [
            speech.arp(speech.RECORDER, speech.RECORDER_MAC),
            speech.datagram(speech.SADP, 37020),
            *speech.dhcp_talk(),
            *speech.talk(speech.OPTIONS, speech.OPTIONS_ANSWER, 554, server=speech.RECORDER),
            *speech.talk(b"GET / HTTP/1.1\r\n\r\n", speech.PAGE, 80),
            *speech.video(20),
        ]
        capture = speech.written(tmp_path / "said.pcap", said)
        db = tmp_path / "audit.sqlite"
        words = ["ip", "netns", "exec", HERE, sys.executable, "-m", "auditor.cli"]
        words += [
            "listen",
            "veth-here",
            "--seconds",
            "8s",
            "--promiscuous",
            "--no-scope",
            "--site",
            "town",
            "--db",
            str(db),
        ]
        before = sent()
        with subprocess.Popen(
            words, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
        ) as listening:
            for _ in range(4):  # again and again, since it may not listen yet
                run("ip", "netns", "exec", THERE, sys.executable, "-c", PLAY, str(capture))
            told = listening.communicate(timeout=60)[1]
        assert listening.returncode == 0, told
        assert "none sent" in told
        assert sent() == before == 0
        found = devices(db)
        camera, recorder = found[f"town/{speech.CAMERA}"], found[f"town/{speech.RECORDER}"]
        assert camera["maker"]["value"] == "hikvision"  # type: ignore[index]
        assert camera["firmware"]["value"] == "V5.6.2"  # type: ignore[index]
        assert recorder["mac"]["value"] == speech.RECORDER_MAC  # type: ignore[index]


class Segment:
    """A field that excludes one hardware address, for what needs no segment."""

    site = "town"
    stopped = False

    def admit(self, address: str, *, mac: str | None = None) -> Grant | Refusal:
        at = datetime(2026, 1, 1, tzinfo=UTC)
        return read_text(f'{SCOPE}[[exclude]]\nreason = "a ward"\nmac = "{MAC}"\n').admit(
            address, at=at, mac=mac
        )

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(("first", "second"), [(MAC, OTHER), (OTHER, MAC)])
def test_an_address_that_two_claim_is_left_alone_where_one_of_them_is_excluded(
    first: str, second: str
) -> None:
    sweep = discovery_arp._Sweep(cast("Any", Segment()))
    answer, rival = (Answer("192.0.2.3", mac, b"?", b"!") for mac in (first, second))
    sweep.contested = {"192.0.2.3": rival}
    seen = sweep._sighting(answer)
    assert (seen.granted, seen.mac) == (False, MAC), (
        "the one that is excluded is known, so that others hold off, too"
    )
    sweep.contested = {"192.0.2.3": Answer("192.0.2.3", "02:00:00:00:00:07", b"?", b"!")}
    free = sweep._sighting(Answer("192.0.2.3", OTHER, b"?", b"!"))
    assert (free.granted, free.mac) == (True, None), "of two claimants neither is the address's own"


def sent() -> int:
    """Return how many packets our end of the cable has sent."""
    (told,) = json.loads(run("ip", "-n", HERE, "-s", "-j", "link", "show", "veth-here"))
    return int(told["stats64"]["tx"]["packets"])


def test_without_the_right_to_it_the_advice_says_what_to_do() -> None:
    assert "sudo" in ADVICE
    assert "AUDITOR_FRAMES" in ADVICE
    assert "docs/rights.md" in ADVICE


def test_what_listens_has_no_call_that_sends() -> None:
    for path in ("net/ear.py", "run/listen.py", "run/imports.py", "cli/listen.py", "intake/capture.py"):
        text = (ROOT / "auditor" / path).read_text(encoding="utf-8")
        for call in (
            ".send",
            "sendto",
            "sendmsg",
            "sendall",
            ".connect",
            "ADD_MEMBERSHIP, socket",
            "os.write",
            "srp",
        ):
            assert call not in text, f"{path}: {call}"
