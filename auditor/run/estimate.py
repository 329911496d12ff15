"""What a scan would send, before it sends anything: a pure function of the scope and the options."""

import math
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from auditor.fingerprint import pages
from auditor.model import Method
from auditor.run.foreseen_logins import Asking, foreseen_logins, login_requests
from auditor.run.named import MOST_PORTS
from auditor.run.plan import Audit, datagram_questions, methods, name_of, questions
from auditor.scope import Credentials, Scope

SYN_BYTES = 60
"""IPv4 header and a SYN with the options Linux sends."""
UDP_HEADERS = 28

DATAGRAMS = {
    Method.SADP: (2, 160),
    Method.DHIP: (1, 130),
    Method.DAHUA_5050: (1, 32),
    Method.WS_DISCOVERY: (2, 640),
    Method.SSDP: (2, 160),
    Method.MDNS: (1, 122),
}
"""Requests each address is sent at most, and bytes of the longest. A test holds them to what discovery sends."""

_SAMPLED_ABOVE = 16
_SAMPLE = 23 * 5
"""Packets a /24 costs when it is only sampled: the addresses and ports of discovery/tcp_sweep.py."""
REQUESTS = {"onvif": 5, "rtsp": 2, "tls": 2}
"""Probes that put more than one request to a port; the pages are counted from their list."""

_REQUEST_PACKETS = 8
_REQUEST_BYTES = 700
"""Of one TCP request with its connection, ours alone; from captures on loopback."""


@dataclass(frozen=True, slots=True)
class Sending:
    """One kind of thing that would be sent."""

    what: str
    """Discovery method, or probe."""
    method: Method
    addresses: int
    ports: tuple[int, ...]
    packets: int
    """At most."""
    bytes: int
    """At most, IP headers included."""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What finding devices would send in all, and what each device found would be asked."""

    addresses: int
    excluded: int
    too_large: tuple[str, ...]
    interfaces: tuple[str, ...]
    discovery: tuple[Sending, ...]
    each_device: tuple[Sending, ...]
    """For a device with every port open, which none has: `addresses` is 1."""
    seconds: float
    """Of discovery, at the set pace, when nobody slows it down."""
    requests_most: int
    """Requests to one device, logins included, that are never exceeded, whatever ports it names and whatever they speak."""
    seconds_most: float
    """The same for the time that one device may take."""
    named_ports: int
    """Ports a device may name of itself that are asked beside these, at most."""
    seconds_each_device: float
    """Where every one of its ports speaks what its number stands for; logins included where accounts are given."""
    sampled: bool
    """Networks are sampled first, so that empty ones cost far less than is said here."""
    logins: tuple[Asking, ...] = ()
    """What a device would be asked with the owner's account, where the scope allows it."""
    has_accounts: bool = False
    """Accounts were given; without them nothing of `logins` is sent."""

    @property
    def packets(self) -> int:
        """Packets of discovery, at most."""
        return sum(one.packets for one in self.discovery)

    @property
    def bytes(self) -> int:
        """Bytes of discovery, at most."""
        return sum(one.bytes for one in self.discovery)

    @property
    def requests_login(self) -> int:
        """Requests to one device with the owner's account, at most."""
        return login_requests(self.logins)

    @property
    def requests_each_device(self) -> int:
        """Requests to one device that had all these ports open, each speaking what its number stands for."""
        return sum(one.packets for one in self.each_device) // _REQUEST_PACKETS


def estimate(scope: Scope, audit: Audit, at: datetime, *, credentials: Credentials | None = None) -> Estimate:
    """Say what a scan under this scope with these options and accounts would send, and how long that takes."""
    addresses = scope.count(at=at)
    found = tuple(_discovery(scope, audit, addresses))
    each = tuple(_each_device(scope, audit))
    logins = foreseen_logins(scope.methods, credentials)
    requests = sum(one.packets for one in each) // _REQUEST_PACKETS
    requests += login_requests(logins) if credentials else 0
    blocks = math.ceil(addresses / 256)
    return Estimate(
        addresses=addresses,
        excluded=scope.excluded_count(at=at),
        too_large=scope.too_large(at=at),
        interfaces=tuple(sorted({name for site in scope.sites for name in scope.interfaces(site.name)})),
        discovery=found,
        each_device=each,
        requests_most=audit.device_requests,
        seconds_most=audit.device_seconds,
        named_ports=MOST_PORTS if each and not audit.ports else 0,
        seconds=_seconds(scope, sum(one.packets for one in found), blocks),
        seconds_each_device=min(audit.device_seconds, requests / scope.pace.requests_per_second_host),
        sampled=blocks > _SAMPLED_ABOVE and not audit.thorough,
        logins=logins,
        has_accounts=credentials is not None,
    )


def _discovery(scope: Scope, audit: Audit, addresses: int) -> list[Sending]:
    sendings = []
    for module in methods(scope.methods):
        if module.METHOD is Method.TCP_SWEEP:
            ports = audit.swept_ports
            packets = addresses * len(ports)
            sendings.append(
                Sending(name_of(module), module.METHOD, addresses, ports, packets, packets * SYN_BYTES)
            )
            continue
        requests, size = DATAGRAMS.get(module.METHOD, (1, 512))
        packets = addresses * requests
        sendings.append(
            Sending(name_of(module), module.METHOD, addresses, (), packets, packets * (size + UDP_HEADERS))
        )
    return sendings


def _each_device(scope: Scope, audit: Audit) -> list[Sending]:
    by_probe: dict[str, list[int]] = {}
    modules = {}
    for port in audit.swept_ports:
        for round_ in (1, 2):
            for question in questions("192.0.2.1", port, scope.methods, round_=round_):
                name = name_of(question.probe)
                modules[name] = question.probe
                by_probe.setdefault(name, []).append(port)
    for question in datagram_questions("192.0.2.1", scope.methods):
        name = name_of(question.probe)
        modules[name] = question.probe
        by_probe.setdefault(name, []).append(question.endpoint.port)
    return [
        Sending(
            name,
            modules[name].METHOD,
            1,
            tuple(sorted(set(ports))),
            len(set(ports)) * _requests(name) * _REQUEST_PACKETS,
            len(set(ports)) * _requests(name) * _REQUEST_BYTES,
            (modules[name].__doc__ or "").strip().partition("\n")[0],
        )
        for name, ports in sorted(by_probe.items())
    ]


def _requests(probe: str) -> int:
    """Return how many requests a probe puts to one port at most, one maker being suspected."""
    if probe != "http_pages":
        return REQUESTS.get(probe, 1)
    suspected = Counter(page.suspected for page in pages() if not page.challenge)
    for_everybody = suspected.pop("", 0)
    return for_everybody + max(suspected.values(), default=0)


def _seconds(scope: Scope, packets: int, blocks: int) -> float:
    """The total pace, or the pace per subnet where there are too few subnets to reach it."""
    pace = scope.pace
    at_once = min(32, max(1, blocks))
    rate = min(pace.packets_per_second, at_once * pace.packets_per_second_subnet)
    return packets / rate if packets else 0.0
