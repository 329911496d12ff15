"""One address where somebody answered: what is known of it, and asking it step by step without asking twice."""

import asyncio
import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from auditor.model import Endpoint, Exchange, Method, Plan, Protocol, Sighting, Status, Transport
from auditor.net import is_owed
from auditor.run.again import Reader
from auditor.run.named import Named
from auditor.run.remember import Memory
from auditor.scope import address_number
from auditor.store.rows import DAMAGE, counted

logger = logging.getLogger(__name__)

_MANY_PORTS = 12
_NEARLY_ALL = 2 / 3
"""A host with this share of all tried ports open, and at least so many, accepts everything: a tarpit."""

_UNANSWERED = 2
"""After so many unanswered questions in a row an endpoint is left alone."""

_ENDLESS = 6
"""A device whose last answers, so many of them, were all cut off by the deadline, is asked no further."""
_NOISE = 2
"""After so many such answers, none of which even began as its protocol does, it is a trap."""
_DRIPPED = 256
_BEGINNINGS = (b"HTTP/", b"RTSP/")


@dataclass(slots=True)
class Target:
    """Where somebody answered. `ports` grow while the network is swept."""

    site: str
    address: str
    ports: set[tuple[Transport, int]] = field(default_factory=set)
    mac: str | None = None
    granted: bool = True
    seen: datetime | None = None
    memory: Memory = field(default_factory=Memory)
    reader: Reader = field(default_factory=Reader)
    put: dict[tuple[Endpoint, str], list[tuple[Plan, list[Exchange]]]] = field(default_factory=dict)
    """Questions put to their end by this process, (endpoint, probe): by which plan, and what was said."""
    named: tuple[Named, ...] = ()
    """What it names of itself and is asked for."""
    heeded: set[int] = field(default_factory=set)
    """TCP ports that no sweep found: asked because it names them."""
    is_nobodys: bool = False
    """All else was asked and nothing points to any maker."""
    owed: dict[tuple[object, ...], str] = field(default_factory=dict)
    """Questions withheld for reasons of our own and not put since, with the reason; kept when all else is forgotten."""
    closed: bool = False
    """Nothing more will be found at it; what is still to be asked is asked now."""
    is_done: bool = False
    news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def subject(self) -> str:
        """The name under which its exchanges are filed."""
        return f"{self.site}/{self.address}"

    @property
    def number(self) -> tuple[int, int]:
        """Its address as (IP version, number)."""
        return address_number(self.address)

    def sight(self, sighting: Sighting) -> bool:
        """Take in a sighting; tell whether it is worth asking something now."""
        before = len(self.ports)
        self.seen = max(self.seen or sighting.at, sighting.at)
        if sighting.mac and (self.mac is None or sighting.method == Method.ARP):
            self.mac = sighting.mac  # who answers by ARP now outweighs what was told before
        if sighting.port is not None:
            self.ports.add((sighting.transport, sighting.port))
        if sighting.exchange is not None:
            self.memory.keep(sighting.exchange)
        if len(self.ports) > before or sighting.exchange is not None:
            self.news.set()
            return True
        return False

    def close(self) -> None:
        """State that nothing more will be found at this address."""
        self.closed = True
        self.news.set()

    def heed(self, exchange: Exchange) -> None:
        """Take note of a question that was withheld for a reason of our own, or was put after all."""
        name = (exchange.endpoint, exchange.probe, exchange.request)
        if exchange.status is not Status.WITHHELD:
            self.owed.pop(name, None)
        elif is_owed(exchange.detail):
            self.owed[name] = exchange.detail

    def finish(self) -> None:
        """State that it has been asked to its end, and forget what it said: that is in the store."""
        self.is_done = self.closed = True
        self.memory, self.reader = Memory(), Reader()
        self.named = ()
        self.put.clear()

    def open_ports(self) -> tuple[int, ...]:
        """Return the TCP ports that accepted a connection, in order."""
        return tuple(sorted(port for transport, port in self.ports if transport is not Transport.UDP))

    def said_at(self, port: int) -> tuple[Exchange, ...]:
        """Return what was said at one TCP port before any login, in order."""
        return tuple(
            one
            for one in self.memory.exchanges
            if one.endpoint.port == port
            and one.endpoint.transport is not Transport.UDP
            and one.protocol is not Protocol.OBSERVED
            and not one.is_after_login
        )

    def is_tarpit(self, tried: int) -> bool:
        """Tell whether it accepts nearly every one of the ports tried."""
        return len(set(self.open_ports()) - self.heeded) >= max(_MANY_PORTS, _NEARLY_ALL * tried)

    def is_dripping(self) -> bool:
        """Tell whether its last answers never came to an end."""
        said = [
            one
            for one in self.memory.exchanges
            if one.status is Status.ANSWERED and one.endpoint.transport is not Transport.UDP
        ]
        last = said[-_ENDLESS:]
        if len(last) == _ENDLESS and all(is_endless(one) for one in last):
            return True
        return len(said) >= _NOISE and all(is_noise(one) for one in said)

    def state(self) -> tuple[int, int]:
        """Return what changes whenever more is known of it."""
        return len(self.memory), len(self.ports)

    @property
    def is_left(self) -> bool:
        """Whether there is a device that was not asked to its end."""
        return self.has_anything() and not self.is_done

    def has_anything(self) -> bool:
        """Tell whether there is a device to speak of: an open port or a word; a mere refusal is none."""
        return bool(self.ports) or any(
            one.status in {Status.ANSWERED, Status.GARBLED} for one in self.memory.exchanges
        )

    def presence_ports(self) -> tuple[tuple[str, int], ...]:
        """Return (transport, port) pairs that answered, TLS where a handshake came about."""
        spoken = {
            (one.endpoint.transport.value, one.endpoint.port)
            for one in self.memory.exchanges
            if one.status in {Status.ANSWERED, Status.GARBLED} and one.endpoint.port
        }
        found = {(transport.value, port) for transport, port in self.ports}
        tls = {port for transport, port in spoken if transport == "tls"}
        plain = {
            (transport, port) for transport, port in found | spoken if port not in tls or transport == "udp"
        }
        return tuple(sorted(plain | {("tls", port) for port in tls}))


def is_left_alone(said: Iterable[Exchange]) -> bool:
    """Tell whether an endpoint speaks something else, or its last questions went unanswered or were answered without end."""
    unanswered = 0
    for one in said:
        if one.status is Status.GARBLED or is_noise(one):
            return True
        if one.status in {Status.SILENT, Status.REFUSED} or is_endless(one):
            # A port that keeps its peace until spoken to is no sign of anything.
            unanswered += one.protocol is not Protocol.SDK
        else:
            unanswered = 0
    return unanswered >= _UNANSWERED


def is_endless(exchange: Exchange) -> bool:
    """Tell whether an answer was still coming when its deadline cut it off."""
    return exchange.status is Status.ANSWERED and exchange.detail.startswith("deadline of")


def is_noise(exchange: Exchange) -> bool:
    """Tell whether an answer was still coming when it was cut off, and holds nothing of the protocol asked.

    A server that sends a page without a head is not meant: it has said something by then.
    """
    reply = exchange.reply
    spoken = exchange.protocol in {Protocol.HTTP, Protocol.ONVIF, Protocol.RTSP}
    dripped = len(reply) < _DRIPPED and b"<" not in reply and not reply.startswith(_BEGINNINGS)
    return spoken and dripped and is_endless(exchange)


def sighting_text(sighting: Sighting) -> str:
    """Spell a sighting for the run's log."""
    return json.dumps(
        {
            "method": sighting.method,
            "port": sighting.port,
            "transport": sighting.transport.value,
            "mac": sighting.mac,
            "granted": sighting.granted,
        }
    )


def sighting_of(subject: str, at: datetime, text: str) -> Sighting | None:
    """Read a sighting from the run's log; None, with a warning, where it is damaged."""
    try:
        found = json.loads(text)
        port, mac = found["port"], found["mac"]
        return Sighting(
            address=subject.rpartition("/")[2],
            method=str(found["method"]),
            at=at,
            port=None if port is None else counted(port),
            transport=Transport(found["transport"]),
            mac=None if mac is None else str(mac),
            granted=found["granted"] is True,
        )
    except DAMAGE as error:
        logger.warning(
            "the log's line about who answered at %s cannot be read and is passed over: %s", subject, error
        )
        return None


def in_order(targets: Iterable[Target]) -> Iterator[Target]:
    """Yield targets by site and address, whatever order they were found in."""
    yield from sorted(targets, key=lambda one: (one.site, one.number))
