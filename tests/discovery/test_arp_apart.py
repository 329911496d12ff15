"""A scan that asks by ARP through the program apart: with the right for it alone, without it, and when it ends early."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.net.frames import PROGRAM
from tests.apart.cable import Cable, cable

ROOT = Path(__file__).resolve().parents[2]
MAC = "58:50:ed:00:00:0a"
FOUND = "town/192.0.2.12"
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
networks = ["192.0.2.0/28"]
interfaces = ["veth-here"]
"""
WITHOUT = ("setpriv", "--securebits=+noroot,+noroot_locked", "--inh-caps=-all", "--ambient-caps=-all")
"""Of root's rights no capability is left, nor got back by starting a program that has none of its own."""

pytestmark = [
    pytest.mark.netns,
    pytest.mark.slow,
    pytest.mark.skipif(
        os.geteuid() != 0 or not all(shutil.which(name) for name in ("ip", "setpriv")),
        reason="needs root, ip and setpriv",
    ),
]


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Cable]:
    """A segment with one device that answers nothing but ARP."""
    (tmp_path / "scope.toml").write_text(SCOPE, encoding="utf-8")
    with cable() as made:
        made.up(made.there, "192.0.2.12/28", mac=MAC)
        made.up(made.here, "192.0.2.1/28")
        yield made


def scan(
    at: Cable, folder: Path, *more: str, frames: str = "", before: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    words = ["scan", "--scope", str(folder / "scope.toml"), "--db", str(folder / "a.sqlite"), *more]
    return subprocess.run(
        ["ip", "netns", "exec", at.here, *before, sys.executable, "-m", "auditor.cli", *words],
        check=False, capture_output=True, text=True, timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT), "AUDITOR_FRAMES": frames},
    )  # fmt: skip


def devices(folder: Path) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-m", "auditor.cli", "devices", "--db", str(folder / "a.sqlite"), "--jsonl"],
        check=True, capture_output=True, text=True, timeout=60, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    return {one["device"]: one["mac"]["value"] for one in map(json.loads, done.stdout.splitlines())}


def interpreter_of_its_own(folder: Path) -> Path:
    """Make the copy of this Python that docs/rights.md speaks of, which has the right to packet sockets."""
    python = folder / "its-own" / "bin" / "auditor-frames-python"
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder / "its-own")}))
    for one in (python.parent, packages):
        one.mkdir(parents=True)
    shutil.copy(Path(sys.executable).resolve(), python)
    home = Path(sys.executable).resolve().parent
    (folder / "its-own" / "pyvenv.cfg").write_text(f"home = {home}\n", encoding="utf-8")
    (packages / "ours.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    given = subprocess.run(["setcap", "cap_net_raw+ep", str(python)], check=False, capture_output=True)
    if given.returncode:
        pytest.skip("files here cannot have capabilities")
    return python


@pytest.mark.skipif(not shutil.which("setcap"), reason="needs setcap")
def test_the_scan_needs_no_right_where_the_program_alone_has_it(at: Cable, tmp_path: Path) -> None:
    frames = shlex.join((str(interpreter_of_its_own(tmp_path)), "-I", str(PROGRAM)))
    done = scan(at, tmp_path, "--methods", "arp", frames=frames, before=WITHOUT)
    assert done.returncode == 0, done.stderr
    assert "CAP_NET_RAW" not in done.stderr
    assert devices(tmp_path) == {FOUND: MAC}


def test_without_the_right_it_says_what_to_do_and_goes_on(at: Cable, tmp_path: Path) -> None:
    done = scan(at, tmp_path, "--methods", "arp", before=WITHOUT)
    assert done.returncode == 0, done.stderr
    assert "asking veth-here by ARP was left out: it needs CAP_NET_RAW" in done.stderr
    assert "AUDITOR_FRAMES" in done.stderr


def test_listening_without_the_right_ends_in_5_and_says_what_to_do(at: Cable, tmp_path: Path) -> None:
    words = ["listen", "veth-here", "--seconds", "1s", "--no-scope", "--db", str(tmp_path / "a.sqlite")]
    done = subprocess.run(
        ["ip", "netns", "exec", at.here, *WITHOUT, sys.executable, "-m", "auditor.cli", *words],
        check=False, capture_output=True, text=True, timeout=60, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 5, done.stderr
    assert "AUDITOR_FRAMES" in done.stderr
    assert "auditor import pcap" in done.stderr


def test_what_it_did_not_ask_when_it_ended_is_withheld_and_asked_when_the_run_is_taken_up(
    at: Cable, tmp_path: Path
) -> None:
    few = f'sed -u 3q | exec {shlex.join((sys.executable, "-P", str(PROGRAM)))} "$@"'
    first = scan(at, tmp_path, "--methods", "arp", frames=shlex.join(("sh", "-c", few, "x")))
    assert first.returncode == 4, first.stderr
    assert "not sent by this machine: auditor-frames ended" in first.stderr
    assert devices(tmp_path) == {}
    second = scan(at, tmp_path, "--methods", "arp", "--resume")
    assert second.returncode == 0, second.stderr
    assert devices(tmp_path) == {FOUND: MAC}


def received(at: Cable) -> int:
    """Return how many IP packets came to the device so far."""
    table = subprocess.run(
        ["ip", "netns", "exec", at.there, "cat", "/proc/net/snmp"], check=True, capture_output=True, text=True, timeout=60
    ).stdout  # fmt: skip
    names, values = (line.split() for line in table.splitlines() if line.startswith("Ip:"))
    return int(values[names.index("InReceives")])


@pytest.mark.parametrize(
    ("frames", "before", "said"),
    [
        ("/nonexistent/auditor-frames", (), "/nonexistent/auditor-frames cannot be started"),
        ("", WITHOUT, "AUDITOR_FRAMES"),
    ],
    ids=["cannot be started", "has no right"],
)
def test_where_an_excluded_hardware_address_cannot_be_told_nobody_is_sent_anything(
    at: Cable, tmp_path: Path, frames: str, before: tuple[str, ...], said: str
) -> None:
    barred = f'{SCOPE}[[exclude]]\nreason = "a ward"\nmac = "{MAC}"\n'
    (tmp_path / "scope.toml").write_text(barred, encoding="utf-8")
    came = received(at)
    done = scan(
        at, tmp_path, "--methods", "arp,tcp-sweep,http,sadp", "-p", "80", frames=frames, before=before
    )
    assert done.returncode == 4, done.stderr
    assert said in done.stderr
    assert "not sent by this machine" in done.stderr
    assert received(at) == came
    assert devices(tmp_path) == {}
    (tmp_path / "scope.toml").write_text(barred.replace(MAC, "02:00:00:00:00:09"), encoding="utf-8")
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(tmp_path / "scope.toml", other)
    free = scan(at, other, "--methods", "arp,tcp-sweep,http,sadp", "-p", "80")
    assert free.returncode == 0, free.stderr
    assert received(at) > came
    assert devices(other) == {FOUND: MAC}


MUTE = """
import socket, time
ears = socket.create_server(("192.0.2.12", 80))
print("ready", flush=True)
time.sleep(100)
"""


def test_a_run_taken_up_sends_nobody_anything_before_arp_has_told_who_is_excluded_now(
    at: Cable, tmp_path: Path
) -> None:
    late = "02:00:00:00:00:77"
    barred = f'{SCOPE}[[exclude]]\nreason = "a ward"\nmac = "{late}"\n'
    (tmp_path / "scope.toml").write_text(barred, encoding="utf-8")
    words = ["ip", "netns", "exec", at.there, sys.executable, "-c", MUTE]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as device:
        assert device.stdout is not None
        assert device.stdout.readline() == "ready\n"
        first = scan(at, tmp_path, "--methods", "arp,tcp-sweep,http", "-p", "80", "--max-time", "6s")
        assert first.returncode == 4, first.stderr
        assert received(at) > 0
        for link, name, value in (
            ("veth-there", at.there, ("address", late)),
            ("veth-here", at.here, ("arp", "on")),
        ):
            subprocess.run(["ip", "-n", name, "link", "set", link, *value], check=True, timeout=60)
        subprocess.run(["ip", "-n", at.here, "neigh", "flush", "dev", "veth-here"], check=True, timeout=60)
        came = received(at)
        second = scan(at, tmp_path, "--methods", "arp,tcp-sweep,http", "-p", "80", "--resume")
        device.kill()
    assert second.returncode == 0, second.stderr
    assert received(at) == came


def test_a_granted_segment_that_cannot_be_asked_is_left_alone_where_a_hardware_address_is_excluded(
    at: Cable, tmp_path: Path
) -> None:
    """An interface with IPv6 alone: its neighbours are not asked for, and so not known."""
    for name, link, address in (
        (at.here, "veth-here", "fd98::1/64"),
        (at.there, "veth-there", "fd98::10/64"),
    ):
        subprocess.run(
            ["ip", "-n", name, "addr", "flush", "dev", link, "scope", "global"], check=True, timeout=60
        )
        subprocess.run(
            ["ip", "-n", name, "addr", "add", address, "dev", link, "nodad"], check=True, timeout=60
        )
    only6 = SCOPE.replace("192.0.2.0/28", "fd98::10-fd98::1f")
    (tmp_path / "scope.toml").write_text(
        f'{only6}[[exclude]]\nreason = "a ward"\nmac = "{MAC}"\n', encoding="utf-8"
    )
    came = received6(at)
    done = scan(at, tmp_path, "--methods", "arp,tcp-sweep,http", "-p", "80")
    assert done.returncode == 4, done.stderr
    assert "whom the scope excludes by hardware address only ARP can tell" in done.stderr
    assert received6(at) == came


def received6(at: Cable) -> int:
    """Return how many TCP segments came to the device so far: IPv6 itself is never silent."""
    table = subprocess.run(
        ["ip", "netns", "exec", at.there, "cat", "/proc/net/snmp"], check=True, capture_output=True, text=True, timeout=60
    ).stdout  # fmt: skip
    names, values = (line.split() for line in table.splitlines() if line.startswith("Tcp:"))
    return int(values[names.index("InSegs")])
