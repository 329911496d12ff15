"""What a run will do: its options, its network cut into pieces, and the questions an open port is worth."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from types import ModuleType

from auditor import probes
from auditor.discovery import all_methods, default_ports
from auditor.model import Endpoint, Method, Transport
from auditor.scope import SWEEP_LIMIT_V6, Scope, Site, address_text

CHUNK = 64 * 256
"""Addresses swept before the next are begun; what a killed run may have to sweep again at most."""

_FIRST = ("tls", "http_root")
"""Asked before the other questions of a port, since their answers say whether the others make sense."""

_UNCLAIMED = ("http_root", "rtsp")
"""Asked on an open port that no probe counts among its own."""


@dataclass(frozen=True, slots=True)
class Audit:
    """The options of a run; what may be touched, and how fast, is in the scope alone."""

    ports: tuple[int, ...] = ()
    """TCP ports to sweep; empty means the list in fingerprints/ports.yaml."""
    thorough: bool = False
    port_shift: int = 0
    device_seconds: float = 180.0
    """Time one device may take; what is not asked by then is withheld."""
    device_requests: int = 150
    total_seconds: float | None = None
    """Time the run may take; then it ends and can be resumed."""
    waits: bool = True
    """Outside the scope's time windows: wait for the next one, instead of ending."""
    engine: str = "native"
    """Who asks: this program, or `nmap`."""

    def text(self) -> str:
        """Spell what decides which questions are asked, so that a resumed run asks the same."""
        deciding = {
            name: value
            for name, value in asdict(self).items()
            if name in {"ports", "thorough", "port_shift", "device_requests"}
        }
        if self.engine != "native":
            deciding["engine"] = self.engine
        return json.dumps(deciding, sort_keys=True)

    @property
    def swept_ports(self) -> tuple[int, ...]:
        """The TCP ports that will be tried."""
        return self.ports or tuple(port.number for port in default_ports())


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a site's network that is swept in one go; the first of a site also asks its segments."""

    site: str
    ranges: tuple[tuple[int, int, int], ...]
    """(IP version, first, last) in order."""
    is_first: bool = False

    @property
    def targets(self) -> tuple[str, ...]:
        """The ranges as a scope is narrowed to them."""
        return tuple(
            f"{address_text(version, first)}-{address_text(version, last)}"
            for version, first, last in self.ranges
        )

    @property
    def name(self) -> str:
        """What the run's log calls it."""
        return f"{self.site} {','.join(self.targets)}"

    def __len__(self) -> int:
        return sum(last - first + 1 for _, first, last in self.ranges)

    def holds(self, version: int, number: int) -> bool:
        """Tell whether an address is in it."""
        return any(version == one and first <= number <= last for one, first, last in self.ranges)


def chunks(scope: Scope, at: datetime, size: int = CHUNK, *, site: str | None = None) -> Iterator[Chunk]:
    """Cut one site, or all, into pieces at borders of /24. A site with nothing to sweep is one empty piece."""
    for one in scope.sites:
        if site in {None, one.name}:
            yield from _chunks(scope, one, at, size)


def _chunks(scope: Scope, site: Site, at: datetime, size: int) -> Iterator[Chunk]:
    waiting: list[tuple[int, int, int]] = []
    first, room = True, size
    for piece in _pieces(scope, site.name, at):
        count = piece[2] - piece[1] + 1
        if count > room and waiting:
            yield Chunk(site.name, _joined(waiting), first)
            first, waiting, room = False, [], size
        waiting.append(piece)
        room -= count
    if waiting or first:
        yield Chunk(site.name, _joined(waiting), first)


def _pieces(scope: Scope, site: str, at: datetime) -> Iterator[tuple[int, int, int]]:
    for part in scope.granted(site, at).intervals:
        if part.version == 6 and part.last - part.first + 1 > SWEEP_LIMIT_V6:
            continue
        step = 4096
        for start in range(part.first - part.first % step, part.last + 1, step):
            yield part.version, max(start, part.first), min(start + step - 1, part.last)


def _joined(pieces: list[tuple[int, int, int]]) -> tuple[tuple[int, int, int], ...]:
    joined: list[tuple[int, int, int]] = []
    for version, first, last in pieces:
        if joined and joined[-1][0] == version and joined[-1][2] + 1 == first:
            joined[-1] = (version, joined[-1][1], last)
        else:
            joined.append((version, first, last))
    return tuple(joined)


def name_of(module: ModuleType) -> str:
    """Return what a probe or discovery method is called: the name of its file."""
    return module.__name__.rpartition(".")[2]


def methods(allowed: frozenset[Method]) -> tuple[ModuleType, ...]:
    """Return the ways of finding devices that are allowed."""
    return tuple(module for module in all_methods() if module.METHOD in allowed)


@cache
def probe_named(name: str) -> ModuleType:
    """Return the probe in the file of this name; KeyError where there is none."""
    return {name_of(module): module for module in probes.all_probes()}[name]


@cache
def claimed(round_: int) -> dict[int, tuple[ModuleType, ...]]:
    """Return the probes of a round that count a TCP port among their own, in the order of asking."""
    by_port: dict[int, list[ModuleType]] = {}
    for module in probes.all_probes():
        for port in module.PORTS if round_ == module.ROUND else ():
            if getattr(module, "TRANSPORT", Transport.TCP) is not Transport.UDP:
                by_port.setdefault(port, []).append(module)
    return {port: tuple(sorted(modules, key=_turn)) for port, modules in by_port.items()}


def _turn(module: ModuleType) -> tuple[int, str]:
    name = name_of(module)
    return (_FIRST.index(name) if name in _FIRST else len(_FIRST), name)


@dataclass(frozen=True, slots=True)
class Question:
    """One probe to put to one endpoint."""

    probe: ModuleType
    endpoint: Endpoint


def questions(
    address: str, port: int, allowed: frozenset[Method], *, round_: int = 1
) -> tuple[Question, ...]:
    """Return what the number of an open TCP port makes worth asking, in order; run/agenda.py goes by what it says."""
    modules = claimed(round_).get(port)
    if modules is None:
        modules = _unclaimed(port, round_)
    return tuple(
        Question(module, Endpoint(address, port, probes.transport(module, port)))
        for module in modules
        if module.METHOD in allowed
    )


@cache
def _unclaimed(port: int, round_: int) -> tuple[ModuleType, ...]:
    """A port that no first question counts among its own may be any service's: web and RTSP are tried."""
    if port in claimed(1):
        return ()
    if round_ > 1:
        return claimed(round_).get(80, ())
    return tuple(probe_named(name) for name in _UNCLAIMED)


def datagram_questions(address: str, allowed: frozenset[Method]) -> tuple[Question, ...]:
    """Return what every device is asked by UDP, whether or not a port is known to be open."""
    return tuple(
        Question(module, Endpoint(address, port, Transport.UDP))
        for module in _by_datagram()
        if module.METHOD in allowed
        for port in module.PORTS
    )


@cache
def _by_datagram() -> tuple[ModuleType, ...]:
    return tuple(
        module
        for module in probes.all_probes()
        if getattr(module, "TRANSPORT", Transport.TCP) is Transport.UDP
    )
