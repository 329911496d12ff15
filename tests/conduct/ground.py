"""The ground of a judged run: a namespace to scan from, cables to others with the devices in them, and a capture of each cable.

Nothing leads out. Whatever a run could wrongly contact exists behind a cable, so that a wrong packet has a way to go:
the scanning host has a default route.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

from tests.conduct.frames import Packet, read
from tests.lab.stage import ROOT, environment

NEEDS = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("ip") or not shutil.which("tcpdump"),
    reason="the judged runs need root, ip and tcpdump",
)
_SERIAL = count(1)


@dataclass(frozen=True, slots=True)
class Cable:
    """A segment: our address on it, who is there, and what more exists behind it. Addresses with prefix length."""

    own: str
    there: tuple[str, ...]
    further: tuple[str, ...] = ()
    """Addresses behind the first of those there, which is the router to them."""
    segment_size: int = 1500


@dataclass(slots=True)
class Ground:
    """What is up: namespaces by name, and the captures."""

    folder: Path
    here: str
    theirs: tuple[str, ...]
    own_macs: tuple[str, ...]
    _running: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def inside(self, name: str, *words: str) -> list[str]:
        """Return the command that runs another one in a namespace."""
        return ["ip", "netns", "exec", name, *words]

    def start(self, name: str, *words: str, cwd: Path | None = None) -> "subprocess.Popen[bytes]":
        """Start something in a namespace that is ended with the ground."""
        process = subprocess.Popen(
            self.inside(name, *words), cwd=cwd or self.folder, env=environment(), stderr=subprocess.DEVNULL
        )
        self._running.append(process)
        return process

    def scan(
        self, *words: str, seconds: float = 150, accounts: Path | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """Scan as a user would, and return how it ended."""
        own = ["-m", "auditor.cli", "scan", "--scope", "scope.toml", "--db", "a.sqlite", *words]
        return subprocess.run(
            self.inside(self.here, sys.executable, *own),
            cwd=self.folder, env=environment(), capture_output=True, text=True, timeout=seconds, check=False,
        )  # fmt: skip

    def add_neighbour(self, address: str, mac: str) -> None:
        """Put one more host on the first cable, with a hardware address of its own."""
        there = self.theirs[0]
        only_own = "echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore"
        subprocess.run(self.inside(there, "sh", "-c", only_own), check=True)
        _batch(
            there,
            f"link add link eth0 name other address {mac} type macvlan mode bridge",
            f"address add {address} dev other",
            "link set other up",
        )

    def sent(self, number: int = 0) -> list[Packet]:
        """Return what we sent on a cable; call it when the scan is over."""
        time.sleep(0.3)
        return list(read(self.folder / f"eth{number}.pcap", self.own_macs[number]))

    def end(self) -> None:
        """End what was started."""
        for process in reversed(self._running):
            process.terminate()
        for process in self._running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)


@contextlib.contextmanager
def ground(folder: Path, *cables: Cable) -> Iterator[Ground]:
    """Lay cables, capture them, and take everything away again; skips where the kernel gives no namespaces."""
    mark = f"jdg{os.getpid()}x{next(_SERIAL)}"
    names = [f"{mark}-here", *(f"{mark}-there{number}" for number in range(len(cables)))]
    macs = tuple(f"02:4a:00:00:{number:02x}:01" for number in range(len(cables)))
    up = Ground(folder, names[0], tuple(names[1:]), macs)
    try:
        for name in names:
            _ip("netns", "add", name)
        for number, cable in enumerate(cables):
            _lay(up, number, cable)
        for number in range(len(cables)):
            _record(up, number)
        yield up
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no network namespaces here: {error}")
    finally:
        up.end()
        for name in names:
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


def _lay(up: Ground, number: int, cable: Cable) -> None:
    there, eth = up.theirs[number], f"eth{number}"
    _ip("link", "add", eth, "netns", up.here, "address", up.own_macs[number], "type", "veth",
        "peer", "eth0", "netns", there)  # fmt: skip
    _batch(
        up.here,
        "link set lo up",
        f"address add {cable.own} brd + dev {eth}",
        f"link set {eth} gso_max_segs 1 up",
        *(
            f"route add default via {cable.there[0].partition('/')[0]} metric {number + 1}"
            for _ in cable.further[:1]
        ),
    )
    _batch(
        there,
        "link set lo up",
        *(f"address add {one} brd + dev eth0" for one in cable.there),
        *(f"address add {one} dev lo" for one in cable.further),
        # A segment as a cable carries it, not one of 64 KiB that the kernel hands over in one piece.
        f"link set eth0 mtu {cable.segment_size} gso_max_segs 1 up",
        "route add 224.0.0.0/4 dev eth0",
    )


def _record(up: Ground, number: int) -> None:
    path = up.folder / f"eth{number}.pcap"
    up.start(up.here, "tcpdump", "-i", f"eth{number}", "-n", "-U", "-s", "400", "-B", "8192", "-Z", "root",
             "-w", str(path))  # fmt: skip
    for _ in range(200):
        if path.exists() and path.stat().st_size >= 24:
            return
        time.sleep(0.02)
    pytest.fail("tcpdump did not begin")


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def _batch(namespace: str, *lines: str) -> None:
    subprocess.run(
        ["ip", "-n", namespace, "-batch", "-"],
        input="\n".join(lines).encode(),
        check=True,
        capture_output=True,
    )


def await_file(path: Path, seconds: float = 20) -> None:
    """Wait until somebody has written a file."""
    for _ in range(round(seconds / 0.05)):
        if path.exists():
            return
        time.sleep(0.05)
    pytest.fail(f"{path.name} was not written in time")


def lab_at(
    up: Ground, network: str, personas: Sequence[str], *, number: int = 0, interface: str, outside: str
) -> None:
    """Serve personas of the lab on a network behind a cable, at the lowest addresses of it."""
    only = [word for one in personas for word in ("--only", one)]
    ready = up.folder / f"ready{number}.json"
    up.start(
        up.theirs[number], sys.executable, "-m", "lab", "up", "--network", network, "--port-shift", "0", *only,
        "--interface", interface, "--elsewhere", outside, "--ready-file", str(ready),
        "--journal", str(up.folder / f"sensor{number}.jsonl"), cwd=ROOT,
    )  # fmt: skip
    await_file(ready, 40)
