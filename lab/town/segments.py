"""A town in network namespaces: a bridge for each network, a namespace for each resident. Needs root and `ip`."""
# ruff: noqa: S603, S607 - fixed commands with words of our own, found where the system has them

import contextlib
import ipaddress
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lab.emulator import Clock
from lab.town.house import device, mac_of
from lab.town.model import Network, PlanError, TownPlan

START = 60.0
"""Seconds the devices may take to start."""


@dataclass(frozen=True, slots=True)
class Segments:
    """A town that is up in namespaces."""

    station: str
    """The namespace to work from; it has an interface in every network."""
    journal: Path
    """The folder with the sensor's files."""

    def command(self, *words: str) -> list[str]:
        """Return the command that runs another one at the station."""
        return ["ip", "netns", "exec", self.station, *words]


@contextlib.contextmanager
def segments(plan: TownPlan, journal: Path, *, clock: Clock) -> Iterator[Segments]:
    """Put a town up, and take it down again; PlanError says why that is impossible."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        raise PlanError("network namespaces need root and the `ip` command (Debian: iproute2)")
    journal.mkdir(parents=True, exist_ok=True)
    prefix = f"lab{os.getpid()}-"
    names = [prefix + name for name in ("hub", "router", "station", *(one.name for one in plan.residents))]
    servers: list[subprocess.Popen[bytes]] = []
    try:
        _ip("", *(f"netns add {name}" for name in names))
        _wire(plan, prefix, clock)
        for name in ("router", *(one.name for one in plan.residents)):
            (journal / f"{name}.ready").unlink(missing_ok=True)
            servers.append(_serve(plan, prefix, name, journal))
        _await(journal, [name.removeprefix(prefix) for name in names[3:]], servers)
        yield Segments(prefix + "station", journal)
    finally:
        for server in servers:
            server.terminate()
        for server in servers:
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(timeout=10)
        _ip("", *(f"netns delete {name}" for name in names), check=False)


def _serve(plan: TownPlan, prefix: str, name: str, journal: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [
            *("ip", "netns", "exec", prefix + name, sys.executable, "-m", "lab"),
            *("serve", plan.id, name, "--month", str(plan.month), "--journal", str(journal.resolve())),
        ],
        cwd=Path(__file__).resolve().parents[2],
    )


def _await(journal: Path, names: list[str], servers: list["subprocess.Popen[bytes]"]) -> None:
    deadline = time.monotonic() + START
    while not all((journal / f"{name}.ready").exists() for name in ("router", *names)):
        if any(server.poll() is not None for server in servers):
            raise PlanError("a device could not be started; the lines above say why")
        if time.monotonic() > deadline:
            raise PlanError(f"the devices did not start within {START:.0f} s")
        time.sleep(0.1)


def _ip(namespace: str, *lines: str, check: bool = True) -> None:
    """Run lines of `ip` at once, in a namespace or here."""
    where = ("-n", namespace) if namespace else ()
    force = () if check else ("-force",)
    ended = subprocess.run(
        ["ip", *where, *force, "-batch", "-"],
        input="\n".join(lines),
        text=True,
        capture_output=True,
        check=False,
    )
    if check and ended.returncode != 0:
        raise PlanError(f"ip says: {ended.stderr.strip()}")


def _wire(plan: TownPlan, prefix: str, clock: Clock) -> None:
    """Connect everybody to the bridge of their network; all bridges are in the hub, which has no other way."""
    hub = [f"link add br{number} up type bridge" for number in range(len(plan.networks))]
    for number, network in enumerate(plan.networks):
        legs = [
            *(("router", f"eth{number}", ""), ("station", f"eth{number}", "")),
            *((one.name, "eth0", mac_of(device(plan, one, clock=clock))) for one in network.residents),
        ]
        for place, (name, interface, mac) in enumerate(legs):
            # A router keeps its hardware address from one month to the next, as routers do.
            address = f" address {mac or _made_up(number, place)}"
            hub.append(
                f"link add v{number}x{place} up master br{number} type veth "
                f"peer name {interface}{address} netns {prefix}{name}"
            )
    _ip(prefix + "hub", *hub)
    for number, network in enumerate(plan.networks):
        _address(prefix, network, number)
    subprocess.run(
        ["ip", "netns", "exec", prefix + "router", "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"],
        check=True,
    )


def _address(prefix: str, network: Network, number: int) -> None:
    length = ipaddress.IPv4Network(network.cidr).prefixlen
    legs = [
        ("router", f"eth{number}", network.router, ""),
        ("station", f"eth{number}", network.station, ""),
        *((one.name, "eth0", one.address, network.gateway) for one in network.residents),
    ]
    for name, interface, address, gateway in legs:
        lines = [
            "link set lo up",
            f"address add {address}/{length} brd + dev {interface}",
            f"link set {interface} up",
        ]
        if gateway:
            lines.append(f"route add default via {gateway}")
        _ip(prefix + name, *lines)


def _made_up(number: int, place: int) -> str:
    """Return a locally administered hardware address for a leg of a network that states none."""
    return f"02:4c:{number >> 8:02x}:{number & 255:02x}:{place >> 8:02x}:{place & 255:02x}"
