"""The judge of the wire: from everything a host sent, what went where it may not, when it may not, or too fast.

What the program sends is told from what the kernel sends by itself (acknowledgements, farewells, repetitions, ARP):
both are counted, apart from each other.
"""

import ipaddress
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tests.conduct.frames import QUESTIONS, Kind, Packet

STOPPING = 2.0
"""Seconds that ending may take, docs/architecture.md section 5."""
_OWN_WORDS = frozenset({Kind.HOST, Kind.ARP_ANSWER})
"""What a host says because it is on a segment, whether or not anybody audits."""
_UNBIDDEN = frozenset({Kind.ICMP, Kind.CLOSE})
"""What a kernel answers to whoever sends it something: not chosen by the program."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a scope allows, in the judge's own words."""

    networks: tuple[str, ...]
    excluded: tuple[str, ...] = ()
    excluded_macs: tuple[str, ...] = ()
    spans: tuple[tuple[float, float], ...] = ((float("-inf"), float("inf")),)
    """The stretches of time in which sending is allowed, in seconds since 1970; a stop ends the last one."""
    segment: bool = False
    """Whether groups, broadcast and ARP are allowed."""
    resolves: tuple[str, ...] = ()
    """Addresses that the kernel itself must find by ARP to send at all: own routers."""


@dataclass(frozen=True, slots=True)
class Rates:
    """The most within any one second: to a host, to a /24 (IPv6: /64), in all."""

    host: int = 0
    subnet: int = 0
    total: int = 0
    busiest: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the judge saw."""

    packets: int
    outside: tuple[Packet, ...]
    """To addresses that no network holds."""
    excluded: tuple[Packet, ...]
    excluded_macs: tuple[Packet, ...]
    late: tuple[Packet, ...]
    """Sent outside the stretches of time, the seconds of stopping behind each left out."""
    late_farewells: tuple[Packet, ...]
    """As late, by the kernel."""
    unbidden: tuple[Packet, ...]
    """Answers of the kernel to strangers who sent something."""
    all: Rates
    """Everything sent by TCP and UDP, single addresses."""
    questions: Rates
    acks: Rates
    arp: Rates
    again: Rates
    """Segments the kernel repeated, SYN among them."""
    requests_host: int
    """Conversations in which something was said, begun within one second with one host."""
    syns_again: int = 0
    kinds: Mapping[Kind, int] = field(default_factory=dict)

    @property
    def trespasses(self) -> tuple[Packet, ...]:
        """Everything that should not have been sent at all."""
        return (*self.outside, *self.excluded, *self.excluded_macs, *self.late)


def judge(packets: Iterable[Packet], bounds: Bounds) -> Verdict:
    """Judge what a host sent, in any order."""
    sent = sorted(packets, key=lambda one: one.at)
    places = [(_where(one, bounds), one) for one in sent]
    kinds = Counter(one.kind for one in sent)
    late = [one for one in sent if one.kind not in _OWN_WORDS and _is_late(one.at, bounds.spans)]
    single = [
        one
        for place, one in places
        if place != "group" and one.kind not in _OWN_WORDS | {Kind.ARP, Kind.ICMP}
    ]
    return Verdict(
        packets=len(sent),
        outside=tuple(one for place, one in places if place == "outside"),
        excluded=tuple(one for place, one in places if place == "excluded"),
        excluded_macs=tuple(_to_excluded_macs(sent, bounds)),
        late=tuple(one for one in late if one.kind in QUESTIONS),
        late_farewells=tuple(one for one in late if one.kind not in QUESTIONS),
        unbidden=tuple(one for place, one in places if place == "unbidden"),
        all=_rates(single),
        questions=_rates(one for one in single if one.kind in QUESTIONS),
        acks=_rates(one for one in single if one.kind is Kind.ACK),
        arp=_rates(one for one in sent if one.kind is Kind.ARP),
        again=_rates(one for one in single if one.kind in {Kind.SYN_AGAIN, Kind.DATA_AGAIN}),
        requests_host=_rates(_begun(single)).host,
        syns_again=kinds[Kind.SYN_AGAIN],
        kinds=kinds,
    )


def _where(one: Packet, bounds: Bounds) -> str:
    """Return `inside`, `group`, or what is wrong with the place a packet goes to."""
    if one.kind in _OWN_WORDS:
        return "group"
    to = ipaddress.ip_address(one.to)
    if to.is_multicast or (one.to_mac == "ff:ff:ff:ff:ff:ff" and one.kind is not Kind.ARP):
        return "group" if bounds.segment else "outside"
    if one.kind is Kind.ARP and one.to in bounds.resolves:
        return "inside"
    if _is_in(to, bounds.excluded):
        return "excluded"
    if _is_in(to, bounds.networks):
        return "inside"
    return "unbidden" if one.kind in _UNBIDDEN else "outside"


def _is_in(address: ipaddress.IPv4Address | ipaddress.IPv6Address, networks: Sequence[str]) -> bool:
    return any(address in ipaddress.ip_network(one) for one in networks)


def _to_excluded_macs(sent: Iterable[Packet], bounds: Bounds) -> Iterator[Packet]:
    macs = {one.lower() for one in bounds.excluded_macs}
    return (one for one in sent if one.to_mac in macs and one.kind not in _OWN_WORDS)


def _is_late(at: float, spans: Sequence[tuple[float, float]]) -> bool:
    return not any(begin <= at <= end + STOPPING for begin, end in spans)


def _begun(packets: Iterable[Packet]) -> Iterator[Packet]:
    """Yield the first that is said in each conversation."""
    seen: set[tuple[str, int, str, int]] = set()
    for one in packets:
        key = (one.source, one.source_port, one.to, one.port)
        if one.kind is Kind.SYN:
            seen.discard(key)
        if one.kind is Kind.DATA and key not in seen:
            seen.add(key)
            yield one


def _rates(packets: Iterable[Packet]) -> Rates:
    hosts: dict[str, list[float]] = defaultdict(list)
    subnets: dict[str, list[float]] = defaultdict(list)
    total: list[float] = []
    for one in packets:
        hosts[one.to].append(one.at)
        subnets[_subnet(one.to)].append(one.at)
        total.append(one.at)
    busiest = max(hosts, key=lambda name: most_in_a_second(hosts[name]), default="")
    return Rates(
        host=most_in_a_second(hosts.get(busiest, ())),
        subnet=max(map(most_in_a_second, subnets.values()), default=0),
        total=most_in_a_second(total),
        busiest=busiest,
    )


def _subnet(address: str) -> str:
    length = 64 if ":" in address else 24
    return str(ipaddress.ip_network(f"{address}/{length}", strict=False))


def most_in_a_second(times: Iterable[float]) -> int:
    """Return how many of some moments, in their order, lie within any one second."""
    within: deque[float] = deque()
    most = 0
    for at in times:
        within.append(at)
        while at - within[0] >= 1.0:
            within.popleft()
        most = max(most, len(within))
    return most
