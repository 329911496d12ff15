"""A line to one endpoint of one device: one connection per exchange, one exchange at a time."""

import asyncio
import socket  # noqa: TID251 - net owns the sockets
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from auditor.model import Endpoint, Exchange, Grant, Method, Plan, Protocol, Status, Transport
from auditor.net.budget import Budget
from auditor.net.door import SYN_DEADLINE, Door, NotSentError, Passage
from auditor.net.kernel import Gauge
from auditor.net.lateness import Lateness
from auditor.net.links import NO_LINK, Links
from auditor.net.listening import listen
from auditor.net.pace import PaceKeeper, Tempo
from auditor.net.resolution import Resolution
from auditor.net.stop import Bounded, Stop
from auditor.net.stream import NotTlsError, Plain, Stream, Tls
from auditor.net.talk import Talk
from auditor.net.trust import UNTRUSTED, Trust, fingerprint
from auditor.wire import tls as wire_tls
from auditor.wire.sieve import Sift

_METHOD = {
    Protocol.HTTP: Method.HTTP,
    Protocol.ONVIF: Method.ONVIF,
    Protocol.RTSP: Method.RTSP,
    Protocol.TLS: Method.TLS,
    Protocol.SSH: Method.BANNERS,
    Protocol.TELNET: Method.BANNERS,
    Protocol.FTP: Method.BANNERS,
    Protocol.SDK: Method.SDK,
    Protocol.SNMP: Method.SNMP,
}
"""What a grant must allow for a line to speak a protocol; the others are not spoken over lines."""

_HEARING_OUT = 0.5
"""Seconds for what a server still says behind a handshake that failed."""
_TRIES = 3
"""Of a connection to a port that is known to be open: a packet may have been lost."""
_WEB_PORTS = {(80, Transport.TCP), (443, Transport.TLS)}


@dataclass(frozen=True, slots=True)
class Office:
    """What all lines of a network share."""

    door: Door
    keeper: PaceKeeper
    stop: Stop
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    connections: asyncio.Semaphore
    lateness: Lateness
    links: Links = field(default_factory=Links)
    resolution: Resolution = field(default_factory=Resolution)


@dataclass(frozen=True, slots=True)
class Confidence:
    """A request that holds a login: what goes on the wire, and what may be kept of the answer."""

    sent: bytes = field(repr=False)
    sift: Sift = field(repr=False)
    trust: Trust | None = None
    """Where the login is readable inside TLS: to which certificates it may be sent."""


class Line:
    """The only way a probe reaches a device. Bound to the endpoint of a grant; cannot be pointed elsewhere."""

    __slots__ = (
        "_bound",
        "_budget",
        "_endpoint",
        "_gauge",
        "_grant",
        "_leaf",
        "_newest",
        "_office",
        "_serial",
        "_trace",
        "_trust",
        "plan",
    )

    def __init__(
        self,
        grant: Grant,
        endpoint: Endpoint,
        *,
        budget: Budget,
        plan: Plan,
        office: Office,
        serial: asyncio.Lock,
    ) -> None:
        if endpoint.address != grant.address:
            raise ValueError(f"endpoint {endpoint} is not at the granted address {grant.address}")
        self._grant = grant
        self._endpoint = endpoint
        self._budget = budget
        self._office = office
        self._serial = serial
        self._trace: list[Exchange] = []
        self._bound: Bounded | None = None
        self._newest = ssl.TLSVersion.TLSv1_3
        self._leaf = b""
        self._trust: Trust | None = None
        self._gauge: Gauge | None = None
        self.plan = plan

    @property
    def endpoint(self) -> Endpoint:
        """Where this line leads."""
        return self._endpoint

    @property
    def host(self) -> str:
        """The endpoint as a Host header names it: brackets for IPv6, the port unless it is the usual one."""
        address, port = self._endpoint.address, self._endpoint.port
        name = f"[{address}]" if ":" in address else address
        return name if (port, self._endpoint.transport) in _WEB_PORTS else f"{name}:{port}"

    @property
    def trace(self) -> tuple[Exchange, ...]:
        """Every exchange made on this line, in order."""
        return tuple(self._trace)

    @property
    def certificate(self) -> str:
        """The fingerprint of the certificate last shown here, in lower-case hexadecimal; empty where none was."""
        return fingerprint(self._leaf) if self._leaf else ""

    @property
    def rest(self) -> float:
        """Seconds between two requests to the device, at the pace granted and as it bears it."""
        return self._office.keeper.ease(self._grant) / self._grant.pace.requests_per_second_host

    def now(self) -> datetime:
        """Return the time by our clock."""
        return self._office.clock()

    async def exchange(
        self,
        request: bytes,
        *,
        probe: str,
        protocol: Protocol,
        done: Callable[[bytes], bool],
        limit: int = 262_144,
        deadline: float = 5.0,
        secret: Confidence | None = None,
    ) -> Exchange:
        """Connect, send the request (empty: just listen), read until `done`, `limit` bytes, the end or the deadline.

        `deadline` is in seconds and includes connecting, not waiting for our turn. Never raises for the network's
        moods; the status says what happened. `secret` says what is sent instead of the request that is recorded,
        and what is kept of the answer; it needs a grant for credentials.
        """
        sent = secret.sent if secret is not None else request

        async def converse(stream: Stream, talk: Talk) -> None:
            if isinstance(stream, Tls):
                await self._agree(stream, secret.trust if secret is not None else None)
            elif secret is not None and secret.trust is not None:
                raise NotSentError(f"{UNTRUSTED}none was shown")
            if sent:
                await stream.write(sent)
            self._spare()
            await listen(stream, talk, done, monotonic=self._office.monotonic, lateness=self._office.lateness)

        return await self._ask(
            request, probe, protocol, converse, limit=limit, deadline=deadline, secret=secret
        )

    async def _agree(self, stream: Tls, trust: Trust | None) -> None:
        """Shake hands and remember the certificate; NotSentError where a login may not be sent to who shows it."""
        try:
            await stream.handshake()
        except ssl.SSLCertVerificationError as error:
            raise NotSentError(f"{UNTRUSTED}{(error.verify_message or 'not verified').lower()}") from error
        chain = stream.chain()
        self._leaf = chain[0] if chain else b""
        if trust is not None and (why := trust.refusal(chain)):
            raise NotSentError(why)

    async def handshake(self, *, probe: str, deadline: float = 5.0) -> Exchange:
        """Agree on a TLS session and close; the reply is the evidence form of wire.tls: version, cipher, chain.

        A server that breaks off at a TLS 1.3 greeting is greeted once more without it. Where the handshake fails behind
        the certificates, the reply is the records as they came, which hold them, and the detail says why it failed.
        """

        async def converse(stream: Stream, talk: Talk) -> None:
            if not isinstance(stream, Tls):
                raise TypeError(f"{self._endpoint} is no TLS endpoint; make its line with Transport.TLS")
            self._spare()
            try:
                await stream.handshake()
            except OSError:
                try:
                    await stream.hear_out(_HEARING_OUT)
                finally:
                    self._keep_greeting(stream, talk)
                raise
            except BaseException:
                self._keep_greeting(stream, talk)
                raise
            talk.add(wire_tls.record(*stream.agreed, stream.chain()), self._office.monotonic())

        made = await self._ask(b"", probe, Protocol.TLS, converse, limit=262_144, deadline=deadline)
        if made.status is Status.REFUSED and self._newest is ssl.TLSVersion.TLSv1_3:
            self._newest = ssl.TLSVersion.TLSv1_2
            made = await self._ask(b"", probe, Protocol.TLS, converse, limit=262_144, deadline=deadline)
        return made

    def _keep_greeting(self, stream: Tls, talk: Talk) -> None:
        """Keep the records of a handshake that failed where they show a certificate; greet with less from now on."""
        shown = wire_tls.parse(stream.greeting)
        if shown is not None and shown.chain:
            talk.add(stream.greeting, self._office.monotonic())
            self._newest = ssl.TLSVersion.TLSv1_2

    async def _ask(
        self,
        request: bytes,
        probe: str,
        protocol: Protocol,
        converse: Callable[[Stream, Talk], Awaitable[None]],
        *,
        limit: int,
        deadline: float,
        secret: Confidence | None = None,
    ) -> Exchange:
        async with self._serial:
            talk, made = await self._once(
                request, probe, protocol, converse, limit=limit, deadline=deadline, secret=secret
            )
            if talk.is_ours and secret is None:
                _, made = await self._once(
                    request, probe, protocol, converse, limit=limit, deadline=deadline, may_repeat=False
                )
            return made

    async def _once(
        self,
        request: bytes,
        probe: str,
        protocol: Protocol,
        converse: Callable[[Stream, Talk], Awaitable[None]],
        *,
        limit: int,
        deadline: float,
        secret: Confidence | None = None,
        may_repeat: bool = True,
    ) -> tuple[Talk, Exchange]:
        """Put the question once and keep what came; of a silence that is our own the evidence says so."""
        self._trust = secret.trust if secret is not None else None
        talk = Talk(min(limit, max(0, self._budget.received)))
        at = self._office.clock()
        try:
            at = await self._hold(talk, protocol, converse, deadline, with_login=secret is not None)
        except NotSentError as error:
            talk.end(Status.WITHHELD, str(error))
        if secret is not None:
            talk.heard[:] = secret.sift(bytes(talk.heard))
        elif self._had_no_link(talk):
            talk.end(Status.WITHHELD, NO_LINK)
        elif may_repeat and talk.is_ours:
            talk.ask_again()
        made = talk.exchange(
            device=self._grant.device,
            probe=probe,
            protocol=protocol,
            endpoint=self._endpoint,
            request=request,
            at=at,
        )
        self._trace.append(made)
        return talk, made

    def _had_no_link(self, talk: Talk) -> bool:
        """Tell whether nobody was heard because our own link was down."""
        is_unheard = talk.outcome in {Status.SILENT, Status.REFUSED} and talk.began is not None
        return is_unheard and self._office.links.was_down(self._grant.address, talk.began or 0.0)

    async def _hold(
        self,
        talk: Talk,
        protocol: Protocol,
        converse: Callable[[Stream, Talk], Awaitable[None]],
        deadline: float,
        *,
        with_login: bool,
    ) -> datetime:
        """Have one conversation, and return when it began."""
        office, grant = self._office, self._grant
        method = _METHOD.get(protocol)
        if method is None:
            raise NotSentError(f"{protocol} is not spoken over a line")
        if with_login and not grant.allows(Method.CREDENTIALS):
            raise NotSentError(f"the scope does not allow {Method.CREDENTIALS}")
        self._check_budget()
        async with office.connections:
            passage = await office.door.to(grant, self._endpoint.port, method=method, tempo=Tempo.REQUEST)
            self._check_budget()
            talk.began = office.monotonic()
            self._budget.begin(talk.began)
            at = office.clock()
            try:
                await self._bounded(passage, talk, converse, min(deadline, self._budget.left(talk.began)))
            finally:
                self._budget.end(office.monotonic())
        self._budget.read(len(talk.heard))
        self._settle(talk)
        return at

    async def _bounded(
        self,
        passage: Passage,
        talk: Talk,
        converse: Callable[[Stream, Talk], Awaitable[None]],
        deadline: float,
    ) -> None:
        waiting = self._office.lateness.begin()
        began = self._office.monotonic()
        try:
            async with self._office.stop.bounded(deadline) as self._bound:
                stream = await self._open(passage)
                talk.connected = True
                try:
                    await converse(stream, talk)
                finally:
                    stream.close()
        except TimeoutError:
            now = self._office.monotonic()
            talk.late(min(deadline, round(now - began, 1)), now)
            if self._office.stop.is_set():
                talk.end(Status.WITHHELD, f"{self._office.stop.reason} while waiting for the answer")
        except (OSError, NotTlsError) as error:
            talk.failed(error)
        except NotSentError as error:
            talk.end(Status.WITHHELD, str(error))
        finally:
            talk.delay_of_ours = self._office.lateness.late_since(waiting)
            self._office.lateness.end()

    def _spare(self) -> None:
        """Let the question that is out now have its answer though we stop: thrown away, it would be asked again."""
        if self._bound is not None:
            self._bound.wait_out()

    async def _open(self, passage: Passage) -> Stream:
        if self._endpoint.transport is Transport.UDP:
            return Plain(passage, passage.connect_udp())
        sock = await self._connected(passage)
        self._gauge = Gauge(sock, self._office.keeper.meter(self._grant), self._office.monotonic)
        plain = Plain(passage, sock, self._gauge)
        if self._endpoint.transport is not Transport.TLS:
            return plain
        trust = self._trust
        authorities = trust.authorities if trust is not None and trust.is_by_authority else ""
        return Tls(plain, newest=self._newest, authorities=authorities)

    async def _connected(self, passage: Passage) -> socket.socket:
        """Connect, one SYN a try, each in its turn; TimeoutError when nobody answers the last one either."""
        for number in range(_TRIES):
            if number:
                await self._office.door.turn(self._grant, Tempo.PACKET)
            with suppress(TimeoutError):
                return await passage.connect(SYN_DEADLINE)
        raise TimeoutError

    def _settle(self, talk: Talk) -> None:
        """Tell the pace what this cost and how the host bears it."""
        keeper, grant = self._office.keeper, self._grant
        if self._gauge is not None:
            keeper.charge(grant, self._gauge.counted - 1, host=False)
            self._gauge = None
        if talk.delay is not None or not talk.connected:
            keeper.learn(grant, talk.delay)

    def _check_budget(self) -> None:
        reason = self._budget.refusal(self._office.monotonic())
        if reason is not None:
            raise NotSentError(reason)
