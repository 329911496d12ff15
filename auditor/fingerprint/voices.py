"""The replies of one address, sorted by the port they came from: each port a voice, and what that voice says."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from auditor.fingerprint.identify import Study, study
from auditor.fingerprint.marks import is_shared_mac, marks, own_realms
from auditor.model import Certainty, Exchange, Identity, Marks, Observation, Transport

_URL = re.compile(r"https?://(\[[0-9a-f:]+\]|[0-9.]+)(?::(\d{1,5}))?(?=[/\s]|$)", re.IGNORECASE)
_URL_FIELDS = frozenset({"onvif.xaddr", "ssdp.location", "http.location"})
_ANY_MAC = "mac"
"""The field of an address told by whatever means, of whichever interface."""
_NAMES = (
    ("sadp.ipv4_address", "sadp.http_port"),
    ("dhip.ipv4_address.ip_address", "dhip.http_port"),
    ("dahua_5050.address", "dahua_5050.http_port"),
    ("ssdp.result.ip_addr", "ssdp.result.http_port"),
)
"""Fields of one reply that together name an address and the port of its web server."""


@dataclass(frozen=True, slots=True)
class Voice:
    """What was said at one port, or by one of two devices that take turns at it."""

    port: int
    """0 for what came from no port."""
    turn: int
    """1; 2 and above for further devices that answer at the same port."""
    is_udp: bool
    observations: tuple[Observation, ...]
    exchanges: frozenset[str]
    study: Study
    marks: Marks
    realms: frozenset[str] = frozenset()
    """Realms in which it writes something of its own."""

    @property
    def macs(self) -> frozenset[tuple[str, str]]:
        """The MAC addresses it tells, each with the field that tells it: one device tells the same in the same field."""
        told = [one for one in (self.study.identity.claim("mac"),) if one]
        told += [one.against for one in self.study.identity.contradictions if one.name == "mac"]
        found = ((match.observation.field, one.value) for one in told for match in one.because)
        return frozenset((name, mac) for name, mac in found if name != _ANY_MAC and not is_shared_mac(mac))

    @property
    def maker(self) -> str:
        """The maker it claims, however surely."""
        return self.study.identity.value("maker") or ""

    @property
    def is_telling(self) -> bool:
        """Whether it says of itself, and surely enough, who made it, which model it is or which one of them."""
        return bool(self.port and (self.marks.maker or self.marks.model or self.marks.serial or self.realms))

    @property
    def place(self) -> tuple[bool, int, int]:
        """Sort key: TCP before UDP, by number of port."""
        return self.is_udp, self.port, self.turn

    @property
    def named(self) -> frozenset[int]:
        """The ports at its own address that it says are its own."""
        return frozenset(_named(self.observations))


def voice(
    device: str,
    observations: Iterable[Observation],
    exchanges: Iterable[str] = (),
    *,
    port: int = 0,
    turn: int = 1,
    is_udp: bool = False,
) -> Voice:
    """Make a voice of what was said, and identify whose it would be if it were all."""
    seen = tuple(observations)
    found = study(device, seen)
    names = frozenset(exchanges) | {one.exchange.id for one in seen}
    return Voice(port, turn, is_udp, seen, names, found, marks(found.identity, seen), own_realms(seen))


def voices(
    device: str, observations: Iterable[Observation], exchanges: Iterable[Exchange]
) -> tuple[Voice, ...]:
    """Sort what an address said by port; a port at which makers take turns gives a voice for each of them."""
    said: dict[tuple[bool, int], list[Observation]] = {}
    names: dict[tuple[bool, int], set[str]] = {}
    for one in exchanges:
        names.setdefault(_place(one), set()).add(one.id)
    for seen in observations:
        said.setdefault(_place(seen.exchange), []).append(seen)
    found: list[Voice] = []
    for is_udp, port in sorted(names.keys() | said.keys()):
        place = is_udp, port
        whole = voice(device, said.get(place, ()), names.get(place, ()), port=port, is_udp=is_udp)
        found += _turns(device, whole) if port and not is_udp else (whole,)
    return tuple(found)


def sure_makers(identity: Identity) -> frozenset[str]:
    """Return every maker claimed more than tentatively, those that stand against the one held included."""
    held = identity.claim("maker")
    told = [
        *(one.against for one in identity.contradictions if one.name == "maker"),
        *((held,) if held else ()),
    ]
    return frozenset(one.value for one in told if one.certainty is not Certainty.TENTATIVE)


def _place(exchange: Exchange) -> tuple[bool, int]:
    return exchange.endpoint.transport is Transport.UDP, exchange.endpoint.port


def _turns(device: str, whole: Voice) -> tuple[Voice, ...]:
    """Return the voices of one port: several where single exchanges name makers of which two are sure."""
    makers = sure_makers(whole.study.identity)
    if len(makers) < 2:
        return (whole,)
    replies: dict[str, list[Observation]] = {}
    for seen in whole.observations:
        replies.setdefault(seen.exchange.id, []).append(seen)
    heard = [voice(device, seen) for seen in replies.values()]
    turns: dict[str, list[Voice]] = {}
    for one in sorted(heard, key=_moment):
        if one.maker in makers:
            turns.setdefault(one.maker, []).append(one)
    if len([maker for maker, said in turns.items() if maker in _sure(device, said)]) < 2:
        return (whole,)
    for one in heard:
        if one.maker not in makers:
            nearest = max(
                turns.values(), key=lambda said: max(len(one.marks.traits & by.marks.traits) for by in said)
            )
            nearest.append(one)
    found = [
        voice(device, (seen for one in said for seen in one.observations), port=whole.port, turn=number)
        for number, said in enumerate(turns.values(), start=1)
    ]
    spoken = frozenset().union(*(one.exchanges for one in found))
    first = voice(
        device, found[0].observations, found[0].exchanges | (whole.exchanges - spoken), port=whole.port
    )
    return (first, *found[1:])


def _sure(device: str, said: Iterable[Voice]) -> frozenset[str]:
    return sure_makers(study(device, (seen for one in said for seen in one.observations)).identity)


def _moment(one: Voice) -> tuple[str, str]:
    exchange = one.observations[0].exchange
    return exchange.at.isoformat() if exchange.at else "", exchange.id


def _named(observations: Iterable[Observation]) -> Iterator[int]:
    replies: dict[str, dict[str, str]] = {}
    for seen in observations:
        address = seen.exchange.endpoint.address
        replies.setdefault(seen.exchange.id, {})[seen.field] = seen.value
        if seen.field in _URL_FIELDS:
            for host, port in _URL.findall(seen.value):
                if host.strip("[]") == address:
                    yield int(port) if port else 443 if seen.value.startswith("https") else 80
    addresses = {seen.exchange.id: seen.exchange.endpoint.address for seen in observations}
    for name, reply in replies.items():
        for host, port in _NAMES:
            if reply.get(host) == addresses[name] and reply.get(port, "").isdigit():
                yield int(reply[port][:5])
