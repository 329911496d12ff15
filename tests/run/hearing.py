"""What a persona says when it is asked as a scan asks, by the product's own questions and without a network."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache

from auditor import fingerprint
from auditor.discovery import dahua_5050, dhip, mdns, sadp, ssdp, ws_discovery
from auditor.model import Endpoint, Exchange, Grant, Plan, Protocol, Status, Transport
from auditor.net import Budget, Stop
from auditor.run.asking import Asker
from auditor.run.gate import Gate
from auditor.run.plan import Audit
from auditor.run.target import Target
from auditor.scope import loopback
from auditor.wire import tls
from lab.emulator import Device
from lab.emulator.certificates import make
from lab.persona import Listener, Persona, read
from lab.persona import Transport as Carrier
from lab.persona.facts import fill
from lab.persona.read import FOLDER

EPOCH = datetime(2026, 9, 1, 12, tzinfo=UTC)
"""When everything is said; who keeps it gives it the time of the run."""
SITE = "loopback"


@dataclass(frozen=True, slots=True)
class Words:
    """Everything one device said, at the address it was asked at, in order."""

    persona: str
    said: tuple[Exchange, ...]

    def at(self, address: str, moment: datetime, *, site: str, shift: int = 0) -> tuple[Exchange, ...]:
        """Return the same words as if said elsewhere and at another time; `shift` is added to every port forwarded."""
        return tuple(
            replace(
                one,
                device=f"{site}/{address}",
                endpoint=replace(one.endpoint, address=address, port=one.endpoint.port + shift),
                at=moment + ((one.at or EPOCH) - EPOCH),
                id="",
            )
            for one in self.said
        )


@cache
def words(persona: str, *, firmware: str = "", build_date: str = "", copy: int = 0) -> Words:
    """Ask a persona everything a scan asks before login; with a firmware, as if it had been updated to that."""
    made = read(FOLDER / f"{persona}.yaml")
    if firmware:
        made = replace(made, truth=replace(made.truth, firmware=firmware, build_date=build_date))
    return Words(persona, asyncio.run(_asked(made, copy)))


async def _asked(persona: Persona, copy: int) -> tuple[Exchange, ...]:
    address = "127.125.7.7"
    home = Device(persona, address, clock=EPOCH.timestamp, copy=copy)
    said: list[Exchange] = []
    clock = _Clock()

    def keep(target: Target, exchange: Exchange) -> None:
        target.memory.keep(exchange)
        said.append(exchange)

    def fault(_: str, trace: str) -> None:
        raise AssertionError(trace)

    target = Target(SITE, address)
    target.ports.update(
        (Transport.TCP, one.port) for one in persona.listens if one.transport is not Carrier.UDP
    )
    target.close()
    gate = Gate(loopback().narrow(targets=[address]), Stop(), clock, None, False, lambda _: None)
    plan = Plan(pages=fingerprint.pages())
    asker = Asker(gate, _Network(home, clock), Audit(), plan, keep, fault)  # type: ignore[arg-type]
    for exchange in _announced(home, clock, target.subject):
        keep(target, exchange)
    await asker.ask_ports(target, Budget())
    await asker.conclude(target, Budget())
    return tuple(one for one in said if one.status is not Status.WITHHELD)


def _announced(home: Device, clock: Callable[[], datetime], subject: str) -> Iterator[Exchange]:
    """Put the discovery questions; who does not answer these has said nothing, as in a sweep."""
    questions = (
        dahua_5050.question(), dhip.question(), mdns.question(), sadp.question("F1F1F1F1", "F2F2F2F2"),
        ssdp.question(), ws_discovery.question(("urn:uuid:f1", "urn:uuid:f2")),
    )  # fmt: skip
    for question in questions:
        for listener in home.persona.listens:
            if listener.transport is Carrier.UDP and listener.port == question.port:
                for request in question.requests:
                    for reply in home.hear(listener, request).replies:
                        yield Exchange(
                            subject, str(question.method), question.protocol,
                            Endpoint(home.address, question.port, Transport.UDP), request, reply,
                            Status.ANSWERED if question.read(reply) else Status.GARBLED, clock(),
                        )  # fmt: skip


@dataclass(slots=True)
class _Clock:
    """A tenth of a second passes with every look."""

    now: datetime = EPOCH

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=100)
        return self.now


@dataclass(slots=True)
class _Network:
    """Stands where the asker expects a network: every line leads to the one device."""

    home: Device
    clock: Callable[[], datetime]

    def line(self, grant: Grant, endpoint: Endpoint, budget: Budget, plan: Plan) -> "_Line":
        return _Line(self.home, self.clock, endpoint, plan, grant.device)


@dataclass(slots=True)
class _Line:
    """Stands where a probe expects a line; the persona answers at once."""

    home: Device
    clock: Callable[[], datetime]
    endpoint: Endpoint
    plan: Plan
    device: str
    trace: list[Exchange] = field(default_factory=list)

    @property
    def host(self) -> str:
        return f"{self.endpoint.address}:{self.endpoint.port}"

    async def exchange(
        self,
        request: bytes,
        *,
        probe: str,
        protocol: Protocol,
        done: object,
        limit: int = 262_144,
        deadline: float = 5.0,
    ) -> Exchange:
        listener = self._listener()
        if listener is None:
            return self._kept(request, b"", probe, protocol, Status.REFUSED)
        if listener.transport is Carrier.TLS and self.endpoint.transport is not Transport.TLS:
            return self._kept(request, b"", probe, protocol, Status.SILENT)
        greeting = self.home.greet(listener)
        reply = greeting + b"".join(self.home.hear(listener, request).replies if request else ())
        if not reply or self.home.persona.quirks.silent:
            return self._kept(request, b"", probe, protocol, Status.SILENT)
        return self._kept(request, reply[:limit], probe, protocol, Status.ANSWERED)

    async def handshake(self, *, probe: str, deadline: float = 5.0) -> Exchange:
        listener = self._listener()
        if listener is None or listener.certificate is None:
            return self._kept(b"", b"", probe, Protocol.TLS, Status.REFUSED)
        text = make(listener.certificate, lambda name: fill(name, self.home.facts.get, "certificate"))
        pem = text.partition(b"-----BEGIN PRIVATE KEY")[0]
        handshake = tls.parse(pem)
        assert handshake is not None
        record = tls.record("TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256", handshake.chain)
        return self._kept(b"", record, probe, Protocol.TLS, Status.ANSWERED)

    def _listener(self) -> Listener | None:
        is_udp = self.endpoint.transport is Transport.UDP
        return next(
            (
                one
                for one in self.home.persona.listens
                if one.port == self.endpoint.port and (one.transport is Carrier.UDP) is is_udp
            ),
            None,
        )

    def _kept(self, request: bytes, reply: bytes, probe: str, protocol: Protocol, status: Status) -> Exchange:
        made = Exchange(self.device, probe, protocol, self.endpoint, request, reply, status, self.clock())
        self.trace.append(made)
        return made
